/**
 * # BLEU
 *
 * **Question.** A translation can be good without being word for word the reference.
 * How does a program say how good it is, when no two translators agree?
 *
 * **Idea.** Count how many n-grams of the output also occur in the reference: single words, pairs, 3-grams and
 * 4-grams. Single words show that the content is there, 4-grams that it reads like a
 * sentence. Repeating a good word must not raise the score, so no n-gram counts more often than it occurs in
 * the reference. Leaving out the difficult half must not raise it either, so an output that is too short gets a
 * penalty.
 *
 * **Formula.** With $m_n$ matches among the $h_n$ $n$-grams in the
 * outputs, $c$ tokens in all outputs and $r$ in the references,
 *
 * $$p_n = \frac{m_n}{h_n}, \qquad \mathrm{BP} = \min(1, e^{1 - r / c}), \qquad
 * \mathrm{BLEU} = 100 \cdot \mathrm{BP} \cdot \Big(\prod_{n=1}^{N} p_n\Big)^{1/N}$$
 *
 * | symbol        | in code                           | meaning                                  |
 * | ------------- | --------------------------------- | ---------------------------------------- |
 * | $m_n$, $h_n$  | `matches`, `totals`               | clipped matches and n-grams, by length   |
 * | $p_n$         | `fractions`; `precisions`         | after smoothing; the same in percent     |
 * | $c$, $r$      | `outputLength`, `referenceLength` | tokens                                   |
 * | $\mathrm{BP}$ | `brevityPenalty`                  | brevity penalty                          |
 * | $N$           | `maxOrder`                        | 4 in the paper                           |
 *
 * **Why sums before the division.** Averaging the scores of single sentences would count a
 * sentence of three words as much as one of thirty, and give zero to each that lacks a common
 * 4-gram. BLEU adds all matches of the corpus first and divides once: it is a property of a
 * corpus, and so is its brevity penalty.
 *
 * **Why it is in this chapter.** BLEU counts and takes minima: it has no gradient. Training
 * therefore minimizes cross-entropy and only watches BLEU. The rule of thumb of [the notes](notes:003.20): where the
 * metric does not fit into the update, use reinforcement learning (RL).
 *
 * Sources: Kishore Papineni, Salim Roukos, Todd Ward, Wei-Jing Zhu 2002, *BLEU: a Method for
 * Automatic Evaluation of Machine Translation*; for the smoothing, Boxing Chen, Colin Cherry
 * 2014, *A Systematic Comparison of Smoothing Techniques for Sentence-Level BLEU*; for the exact
 * words, Matt Post 2018, *A Call for Clarity in Reporting BLEU Scores*, whose program sacreBLEU
 * computes the same numbers.
 *
 * @module
 */

import { checkList, checkText } from "../engine/arguments.ts";
import {
  type Check,
  checkOptions,
  type Checks,
  checkValue,
  flag,
  integer,
  needing,
  numeric,
  oneOf,
} from "../engine/options.ts";

// ## What a word is
//
// A score depends on where words end: `mat.` and `mat` either match or do not. Two cuts are
// usual. `"13a"`, that of the WMT evaluations, splits off punctuation and signs, except a point
// or comma between digits and an apostrophe or hyphen inside a word. `"zh"` makes every Chinese
// character a token of its own and cuts the rest like `"13a"`. Neither changes capitals.

/** How a sentence is cut into the tokens that BLEU counts. */
export type BleuTokenizer = "13a" | "zh" | "none";

// The blocks of sacreBLEU's `zh`: ideographs, radicals, strokes, bopomofo, full-width forms,
// Chinese punctuation, symbols. It reads the range U+20000–U+2A6D6 as U+2001–U+2A6D by accident;
// both are here, since the first was meant and the second, which holds the Chinese quotation
// marks and dots, decides published scores.
const CHINESE = new RegExp(
  "[\\u2001-\\u2a6d\\u2e80-\\u2fdf\\u2ff0-\\u303f\\u3100-\\u312f\\u31a0-\\u31ef\\u3200-\\u4db5\\u4e00-\\u9fbb" +
    "\\uf900-\\ufa2d\\ufa30-\\ufa6a\\ufa70-\\ufad9\\ufe10-\\ufe1f\\ufe30-\\ufe4f\\uff00-\\uffef" +
    "\\u{20000}-\\u{2a6d6}\\u{2f800}-\\u{2fa1d}]",
  "gu",
);

// White space is what sacreBLEU's Python takes for it: what Unicode calls so, and the separators U+001C to U+001F. To
// JavaScript's `\s`, U+0085 is none, and the byte order mark U+FEFF is.
/** White space as sacreBLEU takes it. */
// deno-lint-ignore no-control-regex -- those are meant
export const WHITE_SPACE: RegExp = /[\p{White_Space}\x1c-\x1f]+/u;
const WHITE_SPACE_AT_START = new RegExp(`^${WHITE_SPACE.source}`, "u");

/** A text without the white space at its end. */
function trimEnd(text: string): string {
  let end = text.length;
  // One character at a time: a pattern that ends in `$` would look at long runs inside again and again.
  while (end > 0 && WHITE_SPACE.test(text[end - 1]!)) end--;
  return text.slice(0, end);
}

/**
 * Cuts a sentence into the tokens that BLEU counts.
 *
 * @param sentence one sentence or segment
 * @param tokenizer `"13a"` for languages that write spaces, `"zh"` for Chinese, `"none"` to split at white space only; `"13a"` by default
 * @returns the tokens, none of them empty
 */
export function bleuTokens(sentence: string, tokenizer: BleuTokenizer = "13a"): string[] {
  checkText("cut a sentence", "sentence", sentence);
  checkValue("cut a sentence", "tokenizer", tokenizer, tokenizerCheck);
  let text = trimEnd(sentence);
  if (tokenizer === "zh") text = text.replace(WHITE_SPACE_AT_START, "").replace(CHINESE, " $& ");
  if (tokenizer === "13a") {
    text = text.replaceAll("<skipped>", "").replaceAll("-\n", "").replaceAll("\n", " ");
    text = text.replaceAll("&quot;", '"').replaceAll("&amp;", "&").replaceAll("&lt;", "<").replaceAll("&gt;", ">");
    text = ` ${text} `;
  }
  if (tokenizer !== "none") {
    text = text
      .replace(/[{-~[-` -&(-+:-@/]/gu, " $& ") // signs, but neither apostrophe nor , - .
      .replace(/([^0-9])([.,])/gu, "$1 $2 ") // a point or comma, unless a digit stands before it
      .replace(/([.,])([^0-9])/gu, " $1 $2") // or after it
      .replace(/([0-9])(-)/gu, "$1 $2 "); // a hyphen after a digit
  }
  return text.split(WHITE_SPACE).filter((token) => token !== "");
}

// ## Counting and dividing

/** What to do when no piece of some length matches, which would make the whole score zero. */
export type BleuSmoothing =
  /** Nothing, as in the paper. */
  | "none"
  /** Count zero matches as `smoothingValue` of a match. */
  | "floor"
  /** Add `smoothingValue` to matches and totals, except for single tokens. */
  | "add-k"
  /** Count the first length without matches as half a match, the next as a quarter, and so on. */
  | "exp";

/** How {@linkcode bleu} counts. */
export interface BleuOptions {
  /** What a word is; `"13a"` by default. */
  readonly tokenizer?: BleuTokenizer;
  /** Longest piece that counts, in tokens; 4 by default. */
  readonly maxOrder?: number;
  /** What happens to a length without matches; `"exp"` by default, as in sacreBLEU. */
  readonly smoothing?: BleuSmoothing;
  /** The value of the smoothing; 0.1 for `"floor"` and 1 for `"add-k"` by default. Needs one of them. */
  readonly smoothingValue?: number;
  /** Whether capitals count as small letters; false by default. */
  readonly lowercase?: boolean;
}

/** A BLEU score and what it was computed from. */
export interface BleuScore {
  /** BLEU, from 0 to 100. */
  readonly score: number;
  /** Share of matching pieces by length, in percent and smoothed. */
  readonly precisions: readonly number[];
  /** Factor for outputs that are too short, from 0 to 1. */
  readonly brevityPenalty: number;
  /** Pieces found in a reference, by length. */
  readonly matches: readonly number[];
  /** Pieces in the outputs, by length. */
  readonly totals: readonly number[];
  /** Tokens in the outputs. */
  readonly outputLength: number;
  /** Tokens in the references, of each sentence the one nearest in length. */
  readonly referenceLength: number;
}

type Counts = Pick<BleuScore, "matches" | "totals" | "outputLength" | "referenceLength">;

/** The values by default of those that have one. */
const SMOOTHING_VALUES: Readonly<Partial<Record<BleuSmoothing, number>>> = { floor: 0.1, "add-k": 1 };

const tokenizerCheck: Check<BleuTokenizer> = oneOf(["13a", "zh", "none"]);

const bleuChecks: Checks<BleuOptions> = {
  tokenizer: tokenizerCheck,
  maxOrder: integer({ min: 1, max: 16 }),
  smoothing: oneOf(["none", "floor", "add-k", "exp"]),
  smoothingValue: needing("smoothing", numeric({ above: 0, max: 1 }), Object.keys(SMOOTHING_VALUES)),
  lowercase: flag,
};

/**
 * Scores translations of a whole corpus against references, from 0 to 100.
 *
 * @example
 * ```ts
 * import { bleu } from "@heed/heed";
 *
 * const { score } = bleu(["I am a student."], ["I am a teacher."], { maxOrder: 2 });
 * console.assert(score.toFixed(2) === "63.25"); // 4 of 5 words and 2 of 4 pairs
 * ```
 *
 * @param outputs one translation per sentence
 * @param references for each sentence the reference, or several of them
 * @param options tokenizer, longest piece, smoothing
 * @returns the score with its parts
 * @throws {RangeError} if the numbers of sentences differ, a sentence has no reference, or a value is out of range
 * @throws {TypeError} if an option is unknown or has no effect
 */
export function bleu(
  outputs: readonly string[],
  references: readonly (string | readonly string[])[],
  options: BleuOptions = {},
): BleuScore {
  checkOptions("compute BLEU", options, bleuChecks);
  checkTranslations("BLEU", outputs, references);
  const sentences = outputs.map((output, i) => countMatches(output, [references[i]!].flat(), options));
  return combine(sentences.reduce(addCounts), options, false);
}

/**
 * Scores one sentence, for looking at examples rather than for comparing systems.
 *
 * A sentence shorter than `maxOrder` is scored on the lengths it has, so that a perfect short sentence gets 100.
 *
 * @param output one translation
 * @param references the reference, or several of them
 * @param options as for {@linkcode bleu}
 * @returns the score with its parts
 */
export function sentenceBleu(
  output: string,
  references: string | readonly string[],
  options: BleuOptions = {},
): BleuScore {
  checkOptions("compute BLEU", options, bleuChecks);
  checkText("compute BLEU", "output", output);
  checkTexts("BLEU", "references", [references].flat());
  return combine(countMatches(output, [references].flat(), options), options, true);
}

/**
 * Scores a corpus from the scores of its sentences: their counts are added up before the division.
 *
 * For corpora that are drawn again and again from the same sentences, as a bootstrap does.
 *
 * @param sentences of {@linkcode sentenceBleu}, at least one
 * @param options as they were given there
 * @returns what {@linkcode bleu} returns for them
 */
export function corpusBleu(sentences: readonly BleuScore[], options: BleuOptions = {}): BleuScore {
  checkOptions("compute BLEU", options, bleuChecks);
  checkList("compute BLEU", "sentences", sentences, "scores of sentences", hasCounts);
  if (sentences.length === 0) throw new RangeError("Cannot compute BLEU of no sentences: one is needed");
  return combine(sentences.map((counts): Counts => counts).reduce(addCounts), options, false);
}

/** Whether it holds the counts of a sentence. */
export function hasCounts(score: unknown): boolean {
  const { matches, totals } = (score ?? {}) as Partial<Record<string, unknown>>;
  return Array.isArray(matches) && Array.isArray(totals);
}

/** Refuses what are no outputs with their references, for every measure of translations. */
export function checkTranslations(measure: string, outputs: unknown, references: unknown): void {
  checkTexts(measure, "outputs", outputs);
  checkList(`compute ${measure}`, "references", references, "texts, or of lists of texts", isReference);
  const counts = [outputs, references].map((list) => (list as readonly unknown[]).length);
  if (counts[0] !== counts[1] || counts[0] === 0) {
    throw new RangeError(
      `Cannot compare ${counts[0]} outputs and ${
        counts[1]
      } references: there must be as many of both, and at least one`,
    );
  }
}

/** Refuses what is no list of texts. */
export function checkTexts(measure: string, name: string, texts: unknown): void {
  checkList(`compute ${measure}`, name, texts, "texts", isText);
}

function isText(text: unknown): boolean {
  return typeof text === "string";
}

function isReference(reference: unknown): boolean {
  return isText(reference) || Array.isArray(reference) && reference.every(isText);
}

function countMatches(output: string, references: readonly string[], options: BleuOptions): Counts {
  const { tokenizer = "13a", maxOrder = 4, lowercase = false } = options;
  if (references.length === 0) throw new RangeError("Cannot score an output without references: one is needed");
  const cut = (text: string) => bleuTokens(lowercase ? text.toLowerCase() : text, tokenizer);
  const tokens = cut(output);
  const others = references.map(cut);
  const matches: number[] = [];
  const totals: number[] = [];
  for (let n = 1; n <= maxOrder; n++) {
    const pieces = countPieces(tokens, n);
    const available = others.map((other) => countPieces(other, n));
    let matched = 0;
    // $m_n$: a piece counts at most as often as in the reference that has it most often.
    for (const [piece, count] of pieces) {
      matched += Math.min(count, Math.max(...available.map((counts) => counts.get(piece) ?? 0)));
    }
    matches.push(matched);
    totals.push(Math.max(0, tokens.length - n + 1)); // $h_n$
  }
  const lengths = others.map((other) => other.length);
  return { matches, totals, outputLength: tokens.length, referenceLength: nearest(lengths, tokens.length) };
}

function countPieces(tokens: readonly string[], n: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let end = n; end <= tokens.length; end++) {
    const piece = tokens.slice(end - n, end).join(" ");
    counts.set(piece, (counts.get(piece) ?? 0) + 1);
  }
  return counts;
}

// Of two equally near lengths the smaller one counts.
function nearest(lengths: readonly number[], length: number): number {
  return lengths.reduce((best, other) => {
    const gain = Math.abs(best - length) - Math.abs(other - length);
    return gain > 0 || (gain === 0 && other < best) ? other : best;
  });
}

function addCounts(a: Counts, b: Counts): Counts {
  return {
    matches: a.matches.map((count, n) => count + b.matches[n]!),
    totals: a.totals.map((count, n) => count + b.totals[n]!),
    outputLength: a.outputLength + b.outputLength,
    referenceLength: a.referenceLength + b.referenceLength,
  };
}

function combine(counts: Counts, options: BleuOptions, onlyLengthsThatOccur: boolean): BleuScore {
  const { matches, totals, outputLength, referenceLength } = counts;
  const short = outputLength < referenceLength;
  // $\mathrm{BP}$; the limit of $e^{1 - r/c}$ is 0 for an empty output.
  const brevityPenalty = short ? Math.exp(1 - referenceLength / outputLength) : 1;

  const fractions = smoothed(matches, totals, options); // $p_n$
  const precisions = fractions.map((fraction) => fraction === undefined ? 0 : 100 * fraction);
  const order = onlyLengthsThatOccur ? fractions.filter((fraction) => fraction !== undefined).length : totals.length;
  const logarithms = precisions.slice(0, order).map((precision) => Math.log(precision / 100));
  const mean = logarithms.reduce((sum, logarithm) => sum + logarithm, 0) / order;
  // An output without a single match scores 0, whatever the smoothing.
  const score = matches.some((count) => count > 0) ? 100 * brevityPenalty * Math.exp(mean) : 0;
  return { score, precisions, brevityPenalty, ...counts };
}

// The fraction of matches for each length; undefined for a length that no output has.
function smoothed(
  matches: readonly number[],
  totals: readonly number[],
  { smoothing = "exp", smoothingValue = SMOOTHING_VALUES[smoothing] ?? 0 }: BleuOptions,
): (number | undefined)[] {
  if (matches.every((count) => count === 0)) return matches.map(() => 0);
  let accident = 1;
  return matches.map((count, index) => {
    const extra = smoothing === "add-k" && index > 0 ? smoothingValue : 0;
    const total = totals[index]! + extra;
    if (total === 0) return undefined;
    if (count + extra > 0) return (count + extra) / total;
    if (smoothing === "exp") return (accident /= 2) / total;
    return smoothing === "floor" ? smoothingValue / total : 0;
  });
}

// ## What it sees, and what it does not
//
// The experiment corrupts good translations. Shuffled words keep every single match and lose 4-grams. Half
// sentences match perfectly and get a brevity penalty. Repetition lowers the score each time. Then two systems are
// compared, one that corrupts long sentences and one that corrupts short ones, by BLEU and by the mean of the
// sentences. The last figure changes the logits of a translation: the cross-entropy responds to every change,
// BLEU only when another word is chosen.

// ## Pitfall: the mean of the sentences
//
// Averaging `sentenceBleu` over a corpus looks like BLEU and is another measure: long and
// short sentences have the same weight, and smoothing, meant for rare accidents, shapes almost every
// term. The test "bleu() is not the mean of sentenceBleu()" shows two systems that change places.

// ## Pitfall: paying for repetition
//
// Without clipping, `the the the the` matches *the cat is on the mat* perfectly, word by word.
// The test "bleu() pays a repeated word no more often than a reference holds it" uses the example
// of the paper.

// ## Exercise
//
// Score *I eat an apple* against *I eat apples* with `maxOrder` from 1 to 4, smoothed and not.
// Which of the four numbers would you show to a user, and which would you use to choose between
// two models?
