/**
 * # Training a decoder-only model from the command line
 *
 * `train lm` learns to continue a text. By default the tokens are characters and the layout is
 * small enough for a laptop.
 *
 * @module
 */

import { positionSchemes } from "../../04_attention/positions/mod.ts";
import { readPart } from "../../engine/part.ts";
import { choice, type Command } from "../arguments.ts";
import { kind } from "../kinds/decoder_only.ts";
import { trainingCommand } from "../language_model.ts";
import { POSITION_WORDS } from "../recipes.ts";
import { numbersOf } from "../training.ts";

/** `train lm`: sizes that are small enough for a laptop, and widely used to compare implementations. */
export const command: Command = trainingCommand({
  word: "lm",
  details: [],
  sizes: { hiddenSize: 128, numLayers: 4, numHeads: 4 },
  kind,
  options: { positions: choice(POSITION_WORDS, `How positions enter [${POSITION_WORDS[0]}]`) },
  layout: (vocabSize, recipe) => ({
    vocabSize,
    ...recipe["positions"] !== undefined && { positions: readPart("positions", recipe["positions"], positionSchemes) },
    ...numbersOf(recipe, ["contextLength", "hiddenSize", "numLayers", "numHeads", "dropout"]),
  }),
});
