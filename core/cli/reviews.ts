/**
 * # Texts with labels, to train a classifier
 *
 * A file of the user, or the reviews that come with the code. Only training and evaluation load those.
 *
 * @module
 */

import { splitExamples } from "../01_introduction/evaluation.ts";
import { sentiment, SENTIMENTS } from "../corpora/sentiment.ts";
import { Random } from "../engine/random.ts";
import { type LabelledCorpus, type LANGUAGES, readLabelled } from "./classifiers.ts";
import { DataError, quote } from "./errors.ts";
import { named } from "./files.ts";

/**
 * The texts of a file, or the reviews that come with the code where the path is empty.
 *
 * Of a file a fifth is kept apart to choose on, and a fifth to judge by.
 *
 * Equal texts come into the same part.
 *
 * @throws {DataError} if the file cannot be used
 */
export async function readClassified(
  { data, language, seed }: {
    readonly data: string;
    readonly language: typeof LANGUAGES[number];
    readonly seed: number;
  },
): Promise<LabelledCorpus> {
  if (data === "") return { ...sentiment(language), labels: SENTIMENTS };
  const examples = await readLabelled(data), labels = [...new Set(examples.map(({ label }) => label))].sort();
  if (labels.length < 2) {
    throw new DataError(
      `Cannot train on ${named(data)}: all texts have the label ${quote(labels[0]!)}, and two are needed`,
    );
  }
  const different = new Set(examples.map(({ text }) => text)).size;
  if (different < 10) {
    throw new DataError(`Cannot train on ${different} different texts: at least 10 are needed`);
  }
  return { ...splitExamples(examples, new Random(seed), { group: ({ text }) => text }), labels };
}
