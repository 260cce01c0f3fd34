/**
 * # Evaluating from the command line
 *
 * `evaluate` measures a saved model on data, or two beside each other. What is measured depends on the kind of the model; {@linkcode KINDS} lists
 * the kinds.
 *
 * @module
 */

import { type Command, defineCommand, flag, flagOf, number, text } from "../arguments.ts";
import { DataError, quote, UsageError } from "../errors.ts";
import { classifierKind } from "../evaluation/classifier.ts";
import { languageModelKind } from "../evaluation/language_model.ts";
import type { EvaluatedKind, EvaluateValues } from "../evaluation/kind.ts";
import { readModel } from "../models.ts";

/** What can be evaluated. */
const KINDS: readonly EvaluatedKind[] = [classifierKind, languageModelKind];

/** `evaluate`. */
export const command: Command = defineCommand({
  operands: "FOLDER [OTHER]",
  maxOperands: 2,
  details: [
    "A classifier: accuracy, precision and recall, the confusion matrix, on lines of label, tab and text; without --data on the reviews kept",
    "apart where it learned those that come with the code. With OTHER both are compared on the same texts.",
    "A language model: perplexity per token, and bits per character and byte of a text.",
  ],
  options: {
    data: text("FILE", "What to measure on"),
    draws: number("N", "How often texts are drawn again to compare two models [1000]", {
      min: 1,
      max: 1_000_000,
      whole: true,
    }),
    errors: number("N", "Wrong answers to show [0]", { min: 0, max: 1_000_000, whole: true }),
    seed: number("N", "Where random numbers come from [1]", { min: 0, max: 2 ** 31, whole: true }),
    json: flag("Write JSON"),
  },
  async run(values, [folder, other]) {
    if (!folder) throw new UsageError("Cannot evaluate without a model: name its folder");
    const kind = await kindOf(folder);
    if (other !== undefined && await kindOf(other) !== kind) {
      throw new DataError(`Cannot compare ${quote(folder)} with ${quote(other)}: they are models of different kinds`);
    }
    checkGiven(kind, values, other);
    await kind.evaluate(folder, other, values);
  },
});

/** The kind of the model in a folder. */
async function kindOf(folder: string): Promise<EvaluatedKind> {
  for (const kind of KINDS) if (await kind.holds(folder)) return kind;
  // What is damaged or not there says so itself.
  await readModel(folder);
  throw new DataError(
    `Cannot evaluate ${quote(folder)}: it must be ${KINDS.map(({ name }) => name).join(" or ")}`,
  );
}

/** Refuses options that this kind does not read. */
function checkGiven({ name, reads }: EvaluatedKind, values: EvaluateValues, other: string | undefined): void {
  for (const [option, value] of Object.entries(values)) {
    if (value === undefined || value === false || (reads as readonly string[]).includes(option)) continue;
    throw new UsageError(`Cannot use ${flagOf(option)} with ${name}: it has no effect there`);
  }
  for (const option of ["draws", "seed"] as const) {
    if (values[option] !== undefined && other === undefined && name === classifierKind.name) {
      throw new UsageError(`Cannot use ${flagOf(option)} without a second model: nothing is drawn`);
    }
  }
}
