/**
 * # Training a recurrent network from the command line
 *
 * @module
 */

import { elman } from "../../03_language_models/lstm/language_model.ts";
import type { Command } from "../arguments.ts";
import { recurrentCommand } from "../recurrent.ts";

/** `train rnn`. */
export const command: Command = recurrentCommand(elman);
