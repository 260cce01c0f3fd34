/**
 * # chrF
 *
 * **Question.** *He walked* and *he walks* share one word of two, and BLEU counts the other one as wrong. In a language with many endings most words differ like this. Can a score see that they are almost the same?
 *
 * **Idea.** Count pieces of characters instead of pieces of words: all runs of one to six characters, white space left out. An ending that is wrong costs the pieces it touches and no others. BLEU asks only how much of the output is right, its precision,
 * and needs a penalty for what is missing. chrF also asks how much of the reference was found, the recall, and takes a mean of both, as the F1 of [section](../01_introduction/evaluation.ts) does.
 *
 * **By hand.** *abc* against the reference *abd*, with runs of at most two characters. Of the 3 single characters *a*, *b*, *c* 2 are in the reference, which has 3 as well. Of the 2 pairs *ab*, *bc* 1 is in the reference, which has 2. Precision is the mean of 2/3 and of 1/2, which is 0.5833, and recall
 * is the same here. So is every weighted mean of the two: chrF is 58.33.
 *
 * ```ts
 * import { sentenceChrf } from "@heed/heed/training";
 *
 * const { matches, totals, referenceTotals, precision, score } = sentenceChrf("abc", "abd", { characterOrder: 2 });
 * console.log("found", ...matches, "of", ...totals, "and of", ...referenceTotals);
 * console.log(precision.toFixed(4), score.toFixed(2));
 * ```
 *
 * ```text
 * found 2 1 of 3 2 and of 3 2
 * 0.5833 58.33
 * ```
 *
 * **Formula.** With $m_n$ matches among the $h_n$ pieces of $n$ characters in the outputs and the $r_n$ in the references, means over the $N$ lengths that occur in both,
 *
 * $$P = \frac{1}{N} \sum_n \frac{m_n}{h_n}, \qquad R = \frac{1}{N} \sum_n \frac{m_n}{r_n}, \qquad \mathrm{chrF}_\beta = 100 \cdot \frac{(1 + \beta^2) P R}{\beta^2 P + R}$$
 *
 * | symbol  | in code          | meaning                                                  |
 * | ------- | ---------------- | -------------------------------------------------------- |
 * | $m_n$   | `matches`        | pieces found, each at most as often as the reference has it |
 * | $h_n$, $r_n$ | `totals`, `referenceTotals` | pieces of outputs and references, by length |
 * | $P$, $R$ | `precision`, `recall` | means over the lengths                             |
 * | $\beta$ | `beta`           | recall counts $\beta$ times as much; 2 by default         |
 *
 * With `wordOrder: 2`, single words and pairs of words count as further lengths: chrF++.
 *
 * **Several references.** Each output is compared with the reference that gives it the highest score. The counts of all sentences are added up before the division, as for [BLEU](bleu.ts).
 *
 * Sources: Maja Popović 2015, *chrF: character n-gram F-score for automatic MT evaluation*; Popović 2017, *chrF++: words helping character n-grams*. The numbers are those of sacreBLEU (Post 2018).
 *
 * @module
 */

import { checkList, checkText } from "../engine/arguments.ts";
import { checkOptions, type Checks, flag, integer, numeric } from "../engine/options.ts";
import { checkTexts, checkTranslations, hasCounts, WHITE_SPACE } from "./bleu.ts";

/** How {@linkcode chrf} counts. */
export interface ChrfOptions {
  /** Longest piece in characters; 6 by default. */
  readonly characterOrder?: number;
  /** Longest piece in words; 0 by default, for none. Two are those of chrF++. */
  readonly wordOrder?: number;
  /** How many times as much recall counts as precision; 2 by default. */
  readonly beta?: number;
  /** Whether capitals count as small letters; false by default. */
  readonly lowercase?: boolean;
}

/** A chrF score and what it was computed from. */
export interface ChrfScore {
  /** chrF, from 0 to 100. */
  readonly score: number;
  /** Mean share of the pieces of the outputs that are found, from 0 to 1. */
  readonly precision: number;
  /** Mean share of the pieces of the references that are found, from 0 to 1. */
  readonly recall: number;
  /** Pieces found, by length: characters, then words. */
  readonly matches: readonly number[];
  /** Pieces of the outputs, by length. */
  readonly totals: readonly number[];
  /** Pieces of the references, by length. */
  readonly referenceTotals: readonly number[];
}

type Counts = Pick<ChrfScore, "matches" | "totals" | "referenceTotals">;

const chrfChecks: Checks<ChrfOptions> = {
  characterOrder: integer({ min: 1, max: 32 }),
  wordOrder: integer({ min: 0, max: 16 }),
  beta: numeric({ min: 0 }),
  lowercase: flag,
};

/** A text cut into pieces and counted, to be compared with many others. */
export type ChrfPieces = readonly ReadonlyMap<string, number>[];

/**
 * Scores translations of a whole corpus against references, from 0 to 100.
 *
 * @example
 * ```ts
 * import { chrf } from "@heed/heed/training";
 *
 * const { score } = chrf(["he walked home"], ["he walks home"]);
 * console.assert(score > 50 && score < 100);
 * ```
 *
 * @param outputs one translation per sentence
 * @param references for each sentence the reference, or several of them
 * @param options longest pieces, weight of recall
 * @returns the score with its parts
 * @throws {RangeError} if the numbers of sentences differ, a sentence has no reference, or a value is out of range
 * @throws {TypeError} if an option is unknown
 */
export function chrf(
  outputs: readonly string[],
  references: readonly (string | readonly string[])[],
  options: ChrfOptions = {},
): ChrfScore {
  checkOptions("compute chrF", options, chrfChecks);
  checkTranslations("chrF", outputs, references);
  const sentences = outputs.map((output, i) => bestCounts(output, [references[i]!].flat(), options));
  return combine(sentences.reduce(addCounts), options);
}

/**
 * Scores one sentence.
 *
 * @param output one translation
 * @param references the reference, or several of them
 * @param options as for {@linkcode chrf}
 * @returns the score with its parts
 */
export function sentenceChrf(
  output: string,
  references: string | readonly string[],
  options: ChrfOptions = {},
): ChrfScore {
  checkOptions("compute chrF", options, chrfChecks);
  checkText("compute chrF", "output", output);
  checkTexts("chrF", "references", [references].flat());
  return combine(bestCounts(output, [references].flat(), options), options);
}

/**
 * Scores a corpus from the scores of its sentences: their counts are added up before the division.
 *
 * For corpora that are drawn again and again from the same sentences, as a bootstrap does.
 *
 * @param sentences of {@linkcode sentenceChrf}, at least one
 * @param options as they were given there
 * @returns what {@linkcode chrf} returns for them
 */
export function corpusChrf(sentences: readonly ChrfScore[], options: ChrfOptions = {}): ChrfScore {
  checkOptions("compute chrF", options, chrfChecks);
  checkList("compute chrF", "sentences", sentences, "scores of sentences", hasCounts);
  if (sentences.length === 0) throw new RangeError("Cannot compute chrF of no sentences: one is needed");
  return combine(sentences.map((counts): Counts => counts).reduce(addCounts), options);
}

/**
 * Cuts a text into the pieces that chrF counts.
 *
 * @param text one sentence
 * @param options longest pieces
 * @returns how often each piece occurs, by length
 */
export function chrfPieces(text: string, options: ChrfOptions = {}): ChrfPieces {
  checkText("cut a text", "text", text);
  checkOptions("cut a text", options, chrfChecks);
  const { characterOrder = 6, wordOrder = 0, lowercase = false } = options;
  const cut = (lowercase ? text.toLowerCase() : text).split(WHITE_SPACE).filter((word) => word !== "");
  // Code points: a character beyond the first plane is one, not two.
  const characters = [...cut.join("")], words = wordOrder > 0 ? cut.flatMap(separateSigns) : [];
  return [
    ...Array.from({ length: characterOrder }, (_, n) => countRuns(characters, n + 1, "")),
    ...Array.from({ length: wordOrder }, (_, n) => countRuns(words, n + 1, " ")),
  ];
}

/**
 * Scores two texts that were cut before.
 *
 * @param output pieces of a translation
 * @param reference pieces of what it should be, cut with the same options
 * @param options weight of recall
 * @returns the score with its parts
 */
export function comparePieces(output: ChrfPieces, reference: ChrfPieces, options: ChrfOptions = {}): ChrfScore {
  checkOptions("compute chrF", options, chrfChecks);
  for (const [name, pieces] of Object.entries({ output, reference })) {
    checkList("compute chrF", name, pieces, "counts of pieces by length", (counts) => counts instanceof Map);
  }
  if (output.length !== reference.length) {
    throw new TypeError(
      `Cannot compare pieces of ${output.length} lengths with pieces of ${reference.length}: both must be cut alike`,
    );
  }
  return combine(countMatches(output, reference), options);
}

/** The signs of ASCII. */
const SIGNS = new Set("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~");

/** Separates one sign at the end of a word, or else one at its start. */
function separateSigns(word: string): string[] {
  const characters = [...word];
  if (characters.length === 1) return [word];
  const last = characters.at(-1)!, first = characters[0]!;
  if (SIGNS.has(last)) return [characters.slice(0, -1).join(""), last];
  return SIGNS.has(first) ? [first, characters.slice(1).join("")] : [word];
}

function countRuns(parts: readonly string[], n: number, between: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (let end = n; end <= parts.length; end++) {
    const run = parts.slice(end - n, end).join(between);
    counts.set(run, (counts.get(run) ?? 0) + 1);
  }
  return counts;
}

const sum = (counts: Iterable<number>): number => {
  let total = 0;
  for (const count of counts) total += count;
  return total;
};

function countMatches(output: ChrfPieces, reference: ChrfPieces): Counts {
  const matches = output.map((pieces, n) => {
    let matched = 0;
    // $m_n$
    for (const [piece, count] of pieces) matched += Math.min(count, reference[n]!.get(piece) ?? 0);
    return matched;
  });
  const referenceTotals = reference.map((pieces) => sum(pieces.values()));
  // Pieces of a length that the reference does not have are not counted as wrong.
  const totals = output.map((pieces, n) => referenceTotals[n] === 0 ? 0 : sum(pieces.values()));
  return { matches, totals, referenceTotals };
}

/** The counts beside the reference that gives the highest score. */
function bestCounts(output: string, references: readonly string[], options: ChrfOptions): Counts {
  if (references.length === 0) throw new RangeError("Cannot score an output without references: one is needed");
  const pieces = chrfPieces(output, options);
  const found = references.map((reference) => countMatches(pieces, chrfPieces(reference, options)));
  const scores = found.map((counts) => combine(counts, options).score);
  return found[scores.indexOf(Math.max(...scores))]!;
}

function addCounts(a: Counts, b: Counts): Counts {
  const add = (x: readonly number[], y: readonly number[]): number[] => x.map((count, n) => count + y[n]!);
  return {
    matches: add(a.matches, b.matches),
    totals: add(a.totals, b.totals),
    referenceTotals: add(a.referenceTotals, b.referenceTotals),
  };
}

function combine(counts: Counts, { beta = 2 }: ChrfOptions): ChrfScore {
  const { matches, totals, referenceTotals } = counts;
  const lengths = matches.flatMap((_, n) => totals[n]! > 0 && referenceTotals[n]! > 0 ? [n] : []);
  const mean = (of: readonly number[]): number =>
    lengths.length === 0 ? 0 : sum(lengths.map((n) => matches[n]! / of[n]!)) / lengths.length;
  const precision = mean(totals), recall = mean(referenceTotals); // $P$, $R$
  const weight = beta ** 2;
  const score = precision + recall === 0 ? 0 : 100 * (1 + weight) * precision * recall / (weight * precision + recall);
  return { score, precision, recall, ...counts };
}

// ## Beside BLEU
//
// chrF needs no rule for where a word ends, so it works for Chinese as it stands. It needs no smoothing for short sentences either: single characters almost always match somewhere. That is its weakness as well. Two sentences without a common word
// have a score far above 0, so a difference of a few points is seen better than the height of one score is understood.

// ## Pitfall: lengths that a sentence does not have
//
// A sentence of four characters has no piece of five. Counted as a fraction of 0, it could never score 100. The test "chrf() gives 100 to a perfect sentence of one character" fails for that version.

// ## Exercise
//
// Score *walks he* against *he walks* with BLEU and chrF, both with pieces of at most two. Which of the two notices the order more, and why?
//
// **Hint.** How many pairs of characters cross the border between the two words?
//
// **Solution.** chrF: all seven characters match, and of the six pairs within or across words five do. BLEU: both words match, and of the one pair none. Runs of words break at every change of order, runs of characters only at the borders.
