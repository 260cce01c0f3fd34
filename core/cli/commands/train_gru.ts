/**
 * # Training a GRU from the command line
 *
 * @module
 */

import { gru } from "../../03_language_models/lstm/language_model.ts";
import type { Command } from "../arguments.ts";
import { recurrentCommand } from "../recurrent.ts";

/** `train gru`. */
export const command: Command = recurrentCommand(gru);
