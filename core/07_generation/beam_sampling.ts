/**
 * # Beams that are drawn
 *
 * **Question.** A beam keeps the hypotheses with the best scores, which mostly differ in a word or two. How does chance enter a search of several sequences?
 *
 * **Idea.** Beam sampling [束采样], `numBeams` with `do_sample` in `transformers`, replaces the ranking by a draw. The scores of all $W \cdot V$ hypotheses are turned into probabilities, and $2W$ are drawn without replacement: each with its probability divided by that of
 * all that are left. Those drawn are ranked by their scores, and the search goes on as [beam search](greedy_and_beam.ts) does. A hypothesis with a low score can survive, so the beam is more diverse.
 *
 * The texts are no fair sample of the model: better prefixes keep crowding out others. [Stochastic beams](beam_variants.ts) are one.
 *
 * **Source.** The library `transformers` of Hugging Face, `generate` with `do_sample` and `num_beams`; Kool, van Hoof and Welling 2019, *Stochastic Beams and Where to Find Them* (drawing without replacement by Gumbel noise).
 *
 * @module
 */

import { checkOptions, object, required } from "../engine/options.ts";
import { Random } from "../engine/random.ts";
import {
  beamChecks,
  type BeamOptions,
  BeamSearch,
  bestContinuations,
  type Continuation,
  notComparable,
  type Prefix,
} from "./greedy_and_beam.ts";
import type { SequenceSearch } from "./search.ts";

/** Options of {@linkcode beamSampling}. */
export interface BeamSamplingOptions extends BeamOptions {
  /** Where random numbers come from; advances by one draw for each token that is not forbidden. */
  readonly random: Random;
}

/**
 * Draws which hypotheses survive, and ranks the sequences that come of them.
 *
 * @param options width, chance, how lengths are compared, when to stop
 * @returns a search
 * @throws {RangeError} if an option is outside its interval
 */
export function beamSampling(options: BeamSamplingOptions): SequenceSearch {
  checkOptions("search", options, {
    ...beamChecks,
    random: required(object<Random>("a Random", (value) => value instanceof Random)),
  });
  const { numBeams, random, earlyStopping = false } = options;
  return {
    name: "beam sampling",
    numBeams,
    random,
    begin({ ...limits }) {
      const { random: _, ...own } = options;
      return new BeamSearch({
        ...own,
        earlyStopping,
        ...limits,
        choose: (live, rows, most) => drawnContinuations(live, rows, most, random),
      });
    },
  };
}

// ## Drawing without replacement
//
// Each hypothesis gets its score plus an independent number of the Gumbel distribution, $-\log(-\log u)$ of a uniform $u$. The $K$ largest sums are $K$ draws without
// replacement from the softmax of the scores (Kool et al. 2019); [section](beam_variants.ts) explains why.

/** So many continuations, drawn by their probabilities and ranked by them. */
function drawnContinuations(
  live: readonly Prefix[],
  rows: readonly ArrayLike<number>[],
  most: number,
  random: Random,
): Continuation[] {
  const noise = rows.map((row, parent) =>
    Float64Array.from(row, (next, token) => {
      if (!(next < Infinity)) throw notComparable(parent, token, next);
      return next === -Infinity ? next : next + gumbel(random);
    })
  );
  return bestContinuations(live, noise, most)
    .map(({ parent, token }) => {
      const logProbability = live[parent]!.logProbability + rows[parent]![token]!;
      return { parent, token, logProbability, value: logProbability };
    })
    .sort((a, b) => b.value - a.value);
}

/**
 * A number of the Gumbel distribution.
 *
 * Its distribution function is $e^{-e^{-x}}$.
 */
export function gumbel(random: Random): number {
  let uniform = random.next();
  // Zero, once in $2^{53}$ draws, has no logarithm.
  while (uniform === 0) uniform = random.next();
  return -Math.log(-Math.log(uniform));
}
