/**
 * # Training an LSTM from the command line
 *
 * @module
 */

import { lstm } from "../../03_language_models/lstm/language_model.ts";
import type { Command } from "../arguments.ts";
import { recurrentCommand } from "../recurrent.ts";

/** `train lstm`. */
export const command: Command = recurrentCommand(lstm);
