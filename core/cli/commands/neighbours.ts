/**
 * # Asking word vectors from the command line
 *
 * `neighbours` says which words are nearest to a word, and answers analogies, with vectors that `train word2vec` or another program has saved.
 *
 * @module
 */

import { analogy, type Neighbour, neighbours, type WordVectors } from "../../02_words/word2vec/mod.ts";
import { closest } from "../../engine/options.ts";
import { padEnd } from "../../engine/printing.ts";
import { type Command, defineCommand, flag, number, text } from "../arguments.ts";
import { DataError, escapeControl, quote, UsageError } from "../errors.ts";
import { line } from "../terminal.ts";
import { loadWordVectors } from "../word_vectors.ts";

/** `neighbours`. */
export const command: Command = defineCommand({
  operands: "WORD…",
  maxOperands: 1000,
  details: [
    "With --analogy three words are a question: female mom male asks what is to male as mom is to female. Its words are no answers;",
    "--with-question lets them be. The model is a folder of train word2vec, or a file in the text format of word2vec.",
  ],
  options: {
    model: text("PATH", "Vectors of words: a folder, or a file", "models/word2vec"),
    count: number("N", "Most answers", { min: 1, max: 10_000, whole: true }, 10),
    analogy: flag("Read three words as a question"),
    withQuestion: flag("Let words of the question be answers"),
    json: flag("Write a line of JSON for each answer"),
  },
  async run(values, words) {
    if (words.length === 0) throw new UsageError("Cannot find neighbours without a word");
    if (values.analogy && words.length !== 3) {
      throw new UsageError(
        `Cannot use --analogy with ${words.length} words: three are needed, such as female mom male`,
      );
    }
    if (values.withQuestion && !values.analogy) throw new UsageError("Cannot use --with-question without --analogy");
    const vectors = await loadWordVectors(values.model), { count } = values;
    const known = words.map((word) => knownWord(vectors, word, values.model));
    if (values.analogy) {
      const [from, to, other] = known as [string, string, string];
      const found = analogy(vectors, [from, to, other], { count, excludeQuestion: !values.withQuestion });
      return show(`${to} − ${from} + ${other}`, found, values.json);
    }
    known.forEach((word, i) => {
      if (i > 0 && !values.json) line();
      show(word, neighbours(vectors, word, { count }), values.json);
    });
  },
});

/** A word as the vectors have it: as it was typed, or in lower case. */
function knownWord(vectors: WordVectors, word: string, model: string): string {
  const found = [word, word.toLowerCase()].find((one) => vectors.has(one));
  if (found !== undefined) return found;
  const near = closest(word.toLowerCase(), vectors.words);
  throw new DataError(
    `Cannot find ${quote(word, 40)} in ${quote(model)}: ${
      near === undefined ? `it has ${vectors.size} other words` : `did you mean ${escapeControl(near)}`
    }`,
  );
}

/** Prints answers, the nearest first. */
function show(asked: string, found: readonly Neighbour[], json: boolean): void {
  if (json) {
    for (const { word, cosine } of found) line(JSON.stringify({ asked, word, cosine: Number(cosine.toPrecision(6)) }));
    return;
  }
  line(escapeControl(asked));
  const shown = found.map(({ word }) => escapeControl(word)),
    width = Math.max(...shown.map(({ length }) => length), 0) + 2;
  found.forEach(({ cosine }, i) => line(`  ${padEnd(shown[i]!, width)}${cosine.toFixed(3)}`));
}
