/**
 * # Texts at each temperature
 *
 * **Question.** At which temperature is a text of a trained model most like the texts that it has learned?
 *
 * **Idea.** A Transformer that has learned the plays of Shakespeare goes on after lines that it never saw: the same prompts, the same
 * random numbers, one temperature at a time. Kept are how surprising the texts are to the model, how much they repeat, how many of their
 * words do not exist, and the first of them.
 *
 * ```sh
 * deno run -A mod.ts train lm --data input.txt --vocab-size 500 --context-length 256 --hidden-size 128 --num-layers 4 --num-heads 4 --batch-size 8 --steps 700 --learning-rate 0.003 --out models/lm
 * deno run -A docs/runs/temperature.ts --data input.txt --model models/lm
 * ```
 *
 * @module
 */

import { record } from "./run.ts";
import { type TextsRun, textsUnder } from "./texts_under_rules.ts";

/** The temperatures that are tried. */
export const TEMPERATURES = [0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.4];

if (import.meta.main) {
  await record<TextsRun & { readonly temperatures: readonly number[] }>({
    name: "temperature",
    summary: "Write texts at each temperature, and record what they are like.",
    origin:
      "Tiny Shakespeare, parts of plays by William Shakespeare, as Andrej Karpathy's char-rnn has them (data/tinyshakespeare)",
    licence: "public domain",
    files: { model: "A language model that `train lm` saved" },
    make: async (path, { model }) => ({
      temperatures: TEMPERATURES,
      ...await textsUnder(
        path,
        model!,
        TEMPERATURES.map((temperature) => ({ name: String(temperature), rules: { temperature }, draws: true })),
      ),
    }),
  });
}
