/**
 * # Filtering raw text
 *
 * **Question.** Text from the web is mixed with menus, spam and other languages. A network that is trained on all of it spends its
 * parameters on them. Who sorts a billion pages in a day?
 *
 * **Idea.** A language model that is fast, and was trained on text known to be good. It gives every document a perplexity. Those that
 * surprise it least are kept.
 *
 * **Why per token.** A sum of logarithms punishes length. Documents of different lengths are compared by their mean.
 *
 * **What it costs.** The filter keeps what resembles its own text. Other styles and dialects look like noise to it, and repetition, which
 * surprises no n-gram model, does not.
 *
 * Source: Wenzek et al. 2020, *CCNet: Extracting High Quality Monolingual Datasets from Web Crawl Data*, §4.
 *
 * @module
 */

import { checkList, isListOfNumbers } from "../../engine/arguments.ts";
import { abortSignal, callback, checkOptions, type Checks, integer, numeric, required } from "../../engine/options.ts";
import { type LanguageModel, measureScores, score, type ScoreOptions } from "../autoregressive.ts";

/** Options of {@linkcode filterByPerplexity}. */
export interface FilterOptions extends Pick<ScoreOptions, "beginToken" | "signal" | "onProgress"> {
  /** Fraction of the documents that is kept, in (0, 1]. */
  readonly keep: number;
}

/** What a filter found. */
export interface Filtered {
  /** Places of the documents that are kept, in their own order. */
  readonly kept: readonly number[];
  /** Perplexity of each document; `Infinity` for one with nothing to score. */
  readonly perplexities: Float64Array;
}

const OPTIONS: Checks<FilterOptions> = {
  keep: required(numeric({ above: 0, max: 1 })),
  beginToken: integer({ min: 0 }),
  signal: abortSignal,
  onProgress: callback(),
};

/**
 * Keeps the documents that a language model finds most probable, per token.
 *
 * @param model a language model of good text
 * @param documents token ids of each
 * @param options how many are kept
 * @returns their places, and the perplexity of all
 * @throws the signal's reason after an abort
 */
export async function filterByPerplexity(
  model: LanguageModel,
  documents: readonly ArrayLike<number>[],
  options: FilterOptions,
): Promise<Filtered> {
  checkList("filter documents", "documents", documents, "lists of tokens", isListOfNumbers);
  checkOptions("filter documents", options, OPTIONS);
  const { keep, onProgress, ...scoring } = options;
  const perplexities = new Float64Array(documents.length).fill(Infinity);
  const least = scoring.beginToken === undefined ? 2 : 1;
  for (const [i, document] of documents.entries()) {
    if (document.length >= least) perplexities[i] = measureScores(await score(model, document, scoring)).perplexity;
    await onProgress?.((i + 1) / documents.length);
  }
  const order = documents.map((_, i) => i).sort((a, b) => perplexities[a]! - perplexities[b]! || a - b);
  const kept = order.slice(0, Math.round(keep * documents.length)).sort((a, b) => a - b);
  return { kept, perplexities };
}
