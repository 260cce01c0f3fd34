/**
 * # Training recurrent models from the command line
 *
 * `train rnn`, `train lstm` and `train gru` are one command with three kinds of networks.
 *
 * @module
 */

import type { Recurrence } from "../03_language_models/lstm/language_model.ts";
import type { Command } from "./arguments.ts";
import { trainingCommand } from "./language_model.ts";
import { kind } from "./kinds/recurrent.ts";
import { numbersOf } from "./training.ts";

/**
 * The command that trains one kind.
 *
 * @param recurrence how a state follows from the one before
 */
export function recurrentCommand(recurrence: Recurrence): Command {
  return trainingCommand({
    word: recurrence.word,
    details: ["A recurrent model reads one token after the other; --context-length says how far back training looks."],
    sizes: { hiddenSize: 256, numLayers: 1 },
    kind,
    layout: (vocabSize, recipe) => ({
      vocabSize,
      recurrence,
      ...numbersOf(recipe, ["hiddenSize", "numLayers", "dropout"]),
    }),
  });
}
