/**
 * # Training word2vec from the command line
 *
 * `train word2vec` learns vectors of the words of a text and saves them in the text format that gensim and other programs read. `neighbours` asks them.
 *
 * @module
 */

import { contextModels, neighbours, trainWord2vec } from "../../02_words/word2vec/mod.ts";
import { Random } from "../../engine/random.ts";
import { chineseEnglish } from "../../corpora/chinese_english.ts";
import { count, duration, ProgressLine } from "../../host/terminal.ts";
import { choice, type Command, defineCommand, flag, number, text } from "../arguments.ts";
import { interruption } from "../device.ts";
import { escapeControl } from "../errors.ts";
import { makeFolder, readText } from "../files.ts";
import { refuseHeld, VECTORS_FILE } from "../model_kinds.ts";
import { line, sayNext, standardOutput } from "../terminal.ts";
import { saveWordVectors, sentencesOf, type VectorTokens } from "../word_vectors.ts";

const TOKENS: readonly VectorTokens[] = ["words", "characters"];

/** `train word2vec`. */
export const command: Command = defineCommand({
  operands: "",
  maxOperands: 0,
  details: [
    "Words are taken in lower case, without signs; a sentence ends at . ! ? or an empty line. Without --data it reads the English",
    "sentences that come with the code. The folder holds vectors.txt, in the text format of word2vec, which gensim reads.",
  ],
  options: {
    data: text("FILE", "A text of at most a gibibyte, UTF-8"),
    model: choice(Object.keys(contextModels), "Who predicts whom", "skip-gram"),
    tokens: choice(TOKENS, "What gets a vector", "words"),
    hiddenSize: number("N", "Numbers of a vector", { min: 1, max: 4096, whole: true }, 100),
    window: number("N", "Most words of a window on either side", { min: 1, max: 100, whole: true }, 5),
    negatives: number("N", "Words drawn against each predicted one", { min: 1, max: 100, whole: true }, 5),
    epochs: number("N", "Passes over the text", { min: 1, max: 10_000, whole: true }, 5),
    minCount: number("N", "How often a word must occur to get a vector", { min: 1, max: 1_000_000, whole: true }, 5),
    threshold: number(
      "X",
      "Fraction of the text from which on a word is thinned out; 0 for none",
      { min: 0, max: 1 },
      0.001,
    ),
    learningRate: number("X", "Length of the first steps; that of the model unless given", { above: 0, max: 10 }),
    seed: number("N", "Where chance starts", { min: 0, max: 2 ** 53 - 1, whole: true }, 1),
    out: text("FOLDER", "Where to save", "models/word2vec"),
    replace: flag("Replace the vectors that the folder holds"),
  },
  async run({ data, model, tokens, negatives, seed, out, replace, ...settings }) {
    await refuseHeld(out, VECTORS_FILE, replace);
    const progress = new ProgressLine(standardOutput), { signal, stop } = interruption();
    try {
      const pieces = data === undefined
        ? [chineseEnglish().training.map(({ target }) => target).join("\n\n")]
        : await readText(data);
      const sentences = sentencesOf(pieces, tokens), words = sentences.reduce((sum, { length }) => sum + length, 0);
      line(`Text: ${count(words)} words in ${count(sentences.length)} sentences`);
      const started = performance.now();
      const { vectors, losses } = await trainWord2vec(sentences, new Random(seed), {
        ...settings,
        model: contextModels[model]!,
        numNegatives: negatives,
        signal,
        onProgress: ({ done, epoch, words, loss }) => {
          const speed = words / Math.max(1e-3, (performance.now() - started) / 1000);
          progress.update(
            `epoch ${epoch} of ${settings.epochs}  ${Math.round(100 * done)} %  loss ${loss.toFixed(3)}  ${
              count(Math.round(speed))
            } words/s`,
          );
        },
      });
      progress.finish();
      await makeFolder(out);
      const { learningRate = contextModels[model]!.learningRate, ...others } = settings;
      const recipe = { model, tokens, ...others, negatives, learningRate, seed, data: data ?? "" };
      await saveWordVectors(out, vectors, { recipe, measured: { loss: losses.at(-1)!, words } });
      const seconds = (performance.now() - started) / 1000;
      line(`Vectors: ${count(vectors.size)} words of ${vectors.width} numbers, loss ${losses.at(-1)!.toFixed(3)}`);
      line(
        `Trained in ${duration(seconds)}, ${
          count(Math.round(words * settings.epochs / Math.max(1e-3, seconds)))
        } words a second; ` +
          `saved in ${escapeControl(out)}`,
      );
      const asked = vectors.words.find((word) => word.length > 3) ?? vectors.words[0]!;
      line(
        `Nearest to ${escapeControl(asked)}: ${
          neighbours(vectors, asked, { count: 5 }).map(({ word }) => escapeControl(word)).join(", ")
        }`,
      );
      sayNext("ask for others", "neighbours", asked, "--model", out);
    } finally {
      stop();
    }
  },
});
