/**
 * # Counting n-grams from the command line
 *
 * `train ngram` counts the n-grams of a text and saves a model of them, which `generate` continues texts with. It takes seconds where a network
 * takes hours.
 *
 * @module
 */

import type { Tokenizer } from "../../02_words/before_tokens/tokenizer.ts";
import { trainWordLevel } from "../../02_words/before_tokens/word_level.ts";
import { trainBytePairEncoding } from "../../02_words/byte_pair_encoding/mod.ts";
import { measureScores, score } from "../../03_language_models/autoregressive.ts";
import { smoothings, trainNGrams } from "../../03_language_models/n_grams/mod.ts";
import { count, duration, ProgressLine } from "../../host/terminal.ts";
import { choice, type Command, defineCommand, flag, number, text } from "../arguments.ts";
import { interruption } from "../device.ts";
import { DataError, escapeControl, quote, UsageError } from "../errors.ts";
import { makeFolder, named, writeFile } from "../files.ts";
import { givenTokenizer, readPieces, sayHowToContinue, textOptions } from "../learned_text.ts";
import { ARPA_FILE, refuseHeld } from "../model_kinds.ts";
import { bytesOfLines, linesOf, type NGramNotes, saveNGrams } from "../ngrams.ts";
import { line, standardOutput } from "../terminal.ts";
import { tokensOf } from "../tokenizers.ts";

/** Where a model is saved. */
const FOLDER = "models/ngram";

const TOKENS = ["characters", "bytes", "words"] as const;

/** Learns the vocabulary of the first nine tenths. */
async function learnVocabulary(
  text: string,
  tokens: typeof TOKENS[number],
  vocabSize: number | undefined,
  minCount: number,
  signal: AbortSignal,
): Promise<Tokenizer> {
  if (tokens === "words") return await trainWordLevel([text], { minFrequency: minCount, vocabSize, signal });
  return await trainBytePairEncoding([text], { vocabSize: vocabSize ?? "alphabet", level: tokens, signal });
}

/** `train ngram`. */
export const command: Command = defineCommand({
  operands: "",
  maxOperands: 0,
  details: [
    "The last tenth of the text is kept apart to measure the perplexity. Without --data it counts the English sentences that",
    "come with the code. The folder holds an ARPA file, which KenLM and SRILM read; --arpa writes one elsewhere as well.",
    `Methods of smoothing: ${Object.keys(smoothings).join(", ")}.`,
  ],
  options: {
    ...textOptions,
    order: number("N", "Tokens that a probability depends on, the predicted one included", {
      min: 1,
      max: 32,
      whole: true,
    }, 5),
    smoothing: text(
      "METHOD",
      "How unseen n-grams get a probability, by one of the methods above",
      "modified-kneser-ney",
    ),
    tokens: choice(TOKENS, "What tokens are made of [characters]"),
    vocabSize: number("N", "Tokens of the vocabulary; characters or bytes alone, or all words, unless given", {
      min: 5,
      max: 65_536,
      whole: true,
    }),
    minCount: number("N", "How often a word must occur to be known, with --tokens words [1]", {
      min: 1,
      max: 1_000_000,
      whole: true,
    }),
    out: text("FOLDER", "Where to save", FOLDER),
    arpa: text("FILE", "Writes the model there as well"),
    replace: flag("Replace the model that the folder holds"),
  },
  async run(values) {
    const { data, order, smoothing, tokens = "characters", vocabSize, minCount, out, arpa, replace } = values;
    const given = await givenTokenizer(values, ["tokens", "vocabSize", "minCount"]);
    if (!Object.hasOwn(smoothings, smoothing)) {
      throw new UsageError(
        `Cannot use --smoothing ${quote(smoothing)}: it must be one of ${Object.keys(smoothings).join(", ")}`,
      );
    }
    if (minCount !== undefined && tokens !== "words") {
      throw new UsageError(`Cannot use --min-count with --tokens ${tokens}: only words are counted one by one`);
    }
    if (tokens === "bytes" && vocabSize !== undefined && vocabSize < 260) {
      throw new UsageError(`Cannot use --vocab-size ${vocabSize} with --tokens bytes: it must be at least 260`);
    }
    await refuseHeld(out, ARPA_FILE, replace);
    const started = performance.now(), progress = new ProgressLine(standardOutput);
    const { signal, stop } = interruption();
    try {
      const whole = (await readPieces(data)).join(""), border = borderOf(whole, data);
      const training = whole.slice(0, border);
      const vocabulary = given ?? await learnVocabulary(training, tokens, vocabSize, minCount ?? 1, signal);
      const learned = Int32Array.from(vocabulary.encode(training));
      const heldOut = Int32Array.from(vocabulary.encode(whole.slice(border)));
      if (learned.length === 0 || heldOut.length < 2) {
        throw new DataError(
          `Cannot train on ${named(data ?? "")}: ${count(learned.length + heldOut.length)} tokens are too few`,
        );
      }
      line(
        `Text: ${count(learned.length)} tokens to count, ${count(heldOut.length)} kept apart, ` +
          `${count(vocabulary.vocabSize)} different`,
      );
      const model = await trainNGrams(learned, {
        order,
        vocabSize: vocabulary.vocabSize,
        smoothing: smoothings[smoothing]!(),
        signal,
        onProgress: (done) => progress.update(`counting ${Math.round(100 * done)} %`),
      });
      progress.finish();
      const found = measureScores(await score(model, heldOut, { signal }));
      const notes: NGramNotes = {
        format: "heed n-gram model 1",
        tokens: tokensOf(vocabulary),
        smoothing,
        data: data ?? "",
        measured: { perplexity: found.perplexity },
      };
      await makeFolder(out);
      await saveNGrams(out, { model, vocabulary, notes });
      if (arpa !== undefined) await writeFile(arpa, bytesOfLines(linesOf(model, vocabulary)));
      line(`Model: ${model.sizes.map((size, i) => `${count(size)} of order ${i + 1}`).join(", ")}`);
      line(
        `Trained in ${duration((performance.now() - started) / 1000)}, perplexity ${
          found.perplexity.toFixed(3)
        } on the text kept apart; ` +
          `saved in ${escapeControl(out)}${arpa === undefined ? "" : ` and ${escapeControl(arpa)}`}`,
      );
      sayHowToContinue(whole, out);
    } finally {
      stop();
    }
  },
});

/** Where the last tenth begins: within no character. */
function borderOf(text: string, data: string | undefined): number {
  let border = Math.floor(0.9 * text.length);
  if (border > 0 && text.codePointAt(border - 1)! > 0xffff) border++;
  if (border < 1 || border >= text.length) throw new DataError(`Cannot train on ${named(data ?? "")}: it is too short`);
  return border;
}
