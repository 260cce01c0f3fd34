/**
 * # Learning the pieces
 *
 * **Question.** The probabilities of the pieces would follow from counts, if every text were cut. How a text is cut follows from the
 * probabilities. Where does one begin?
 *
 * **Idea.** Anywhere, and in turns: expectation and maximization (EM). The *E-step* cuts every text in all ways at once, each way weighted by its
 * probability, and counts how often each piece is expected. The *M-step* makes new probabilities of the counts. Neither can
 * lower the probability of the texts. The vocabulary starts too large, with all [substrings that repeat](seeds.ts), and is pruned between the
 * turns: the pieces whose loss would cost the texts least go first, a quarter of all in each round.
 *
 * **Formula.** With the counts $c(w)$ of the distinct words, $S(w)$ the ways to cut $w$, and $n_x(s)$ how often piece $x$ stands in
 * segmentation $s$, a turn of EM is
 *
 * $$\hat n(x) = \sum_w c(w) \sum_{s \in S(w)} P(s \mid w)\, n_x(s), \qquad \log p(x) = \psi\big(\hat n(x)\big) - \psi\Big(\sum_y \hat n(y)\Big)$$
 *
 * $$\mathrm{loss}(x) = f(x) \Big( \log \tfrac{f(x)}{F} - \sum_{y \in a(x)} \log \tfrac{f(y) + f(x)}{F'} \Big)$$
 *
 * | symbol        | in code         | meaning                                                                  |
 * | ------------- | --------------- | ------------------------------------------------------------------------ |
 * | $c(w)$        | `words`         | the distinct words of the texts, with their counts                       |
 * | $\hat n(x)$   | `expected`      | expected count of a piece, by forward–backward over each lattice         |
 * | $\psi$        | `digamma`       | nearly the logarithm of its argument less a half                         |
 * | $f(x)$, $F$   | `uses`, `total` | how often a piece stands in the best segmentations; all pieces together  |
 * | $a(x)$        | `alternatives`  | how the piece itself is cut if it is taken out                           |
 * | $F'$          | `totalWithout`  | what $F$ becomes then                                                    |
 *
 * **Why the digamma function.** With $\log$ in place of $\psi$ the M-step would be that of maximum likelihood. $\psi(n)$ is below $\log n$, by
 * little for large counts and by much for small ones. So rare pieces lose more probability than their counts say, and a vocabulary
 * becomes sparse. It is the M-step of a Dirichlet prior under variational inference (Liang and Klein 2007), and SentencePiece has it.
 * The probabilities then sum to a little less than one. What is expected less than half a time is taken out at once.
 *
 * **What is never taken out.** Single characters: without them some text could not be written. One that is expected less than half a time
 * keeps the score of half a time. SentencePiece takes such characters out and puts them back at the end, at the lowest score of all.
 *
 * @module
 */

import { Lattice, ScoredPieces } from "./lattice.ts";

/** Expected counts below this take a piece out; a character keeps the score of it. */
const LEAST_COUNT = 0.5;
/** Words between two questions whether to pause. */
const WORDS_AT_ONCE = 512;

/** A piece and its score. */
export type ScoredPiece = readonly [piece: string, score: number];

/** What every step of the training is given. */
export interface Corpus {
  /** Pieces of text that no piece of the vocabulary leaves, with the count of each. */
  readonly words: ReadonlyMap<string, number>;
  /** What stays in the vocabulary. */
  readonly characters: ReadonlySet<string>;
  /** Waited for now and then. */
  readonly pause: () => Promise<void>;
}

/**
 * One turn of expectation and maximization.
 *
 * @param pieces the vocabulary
 * @param corpus words, characters
 * @returns the vocabulary with new scores, and the logarithm of the probability that the old ones gave to all words
 */
export async function improve(
  pieces: readonly ScoredPiece[],
  { words, characters, pause }: Corpus,
): Promise<{ readonly pieces: ScoredPiece[]; readonly logProbability: number }> {
  const model = modelOf(pieces), lattice = new Lattice(model), expected = new Float64Array(pieces.length);
  let logProbability = 0, done = 0;

  // The E-step, $\hat n$: each word once, as often as it occurs.
  for (const [word, count] of words) {
    logProbability += count * lattice.read(word).expect(expected, count);
    if (++done % WORDS_AT_ONCE === 0) await pause();
  }

  // The M-step, $\log p$: what is hardly used leaves, unless it is a character.
  const kept = pieces.flatMap(([piece], i): ScoredPiece[] => {
    const count = characters.has(piece) ? Math.max(expected[i]!, LEAST_COUNT) : expected[i]!;
    return count < LEAST_COUNT ? [] : [[piece, count]];
  });
  const total = digamma(kept.reduce((sum, [, count]) => sum + count, 0));
  return { pieces: kept.map(([piece, count]): ScoredPiece => [piece, digamma(count) - total]), logProbability };
}

/**
 * Takes out the pieces that the words miss least.
 *
 * The loss is an estimate, as in SentencePiece: every use of the piece is replaced by the second-best way to cut the piece itself.
 *
 * @param pieces the vocabulary
 * @param corpus words, characters
 * @param size how many pieces are kept, if that many are used
 */
export async function prune(
  pieces: readonly ScoredPiece[],
  { words, characters, pause }: Corpus,
  size: number,
): Promise<ScoredPiece[]> {
  const model = modelOf(pieces), uses = new Float64Array(pieces.length);
  let done = 0;
  for (const [word, count] of words) {
    for (const piece of model.best(word).pieces) if (piece >= 0) uses[piece] = uses[piece]! + count; // $f$
    if (++done % WORDS_AT_ONCE === 0) await pause();
  }
  const total = uses.reduce((sum, count) => sum + count, 0); // $F$
  const kept: number[] = [], candidates: [piece: number, loss: number][] = [];
  for (const [i, [piece, score]] of pieces.entries()) {
    if (i % WORDS_AT_ONCE === 0) await pause();
    if (characters.has(piece)) {
      kept.push(i);
      continue;
    }
    const alternatives = model.without(i, () => model.best(piece)); // $a$
    // What no best segmentation uses, and what is itself better cut, is not missed.
    if (uses[i] === 0 || alternatives.score > score) continue;
    const totalWithout = total + uses[i]! * (alternatives.pieces.length - 1); // $F'$
    const instead = alternatives.pieces.reduce(
      (sum, one) => sum + (one < 0 ? model.unknownScore : Math.log((uses[one]! + uses[i]!) / totalWithout)),
      0,
    );
    candidates.push([i, uses[i]! * (Math.log(uses[i]! / total) - instead)]);
  }
  candidates.sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  kept.push(...candidates.slice(0, Math.max(0, size - kept.length)).map(([i]) => i));
  return kept.sort((a, b) => a - b).map((i) => pieces[i]!);
}

/** Pieces as the lattice needs them; in training nothing is unknown but what the alphabet leaves out. */
function modelOf(pieces: readonly ScoredPiece[]): ScoredPieces {
  return new ScoredPieces(pieces.map(([piece]) => piece), pieces.map(([, score]) => score), 10);
}

/**
 * The derivative of the logarithm of the gamma function.
 *
 * By its recurrence up to 7, then by its asymptotic series around $x - 1/2$.
 *
 * @param x positive
 */
export function digamma(x: number): number {
  let result = 0;
  for (; x < 7; x++) result -= 1 / x;
  const y = x - 0.5, square = 1 / (y * y);
  const series = 1 / 24 - square * (7 / 960 - square * (31 / 8064 - square * (127 / 30720)));
  return result + Math.log(y) + square * series;
}
