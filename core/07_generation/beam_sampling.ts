/**
 * # Beam sampling
 *
 * **Question.** Beam search always returns the same texts. Can a beam leave room for chance?
 *
 * **Idea.** Beam sampling, `numBeams` with `do_sample` in `transformers`, replaces the ranking of [beam search](greedy_and_beam.ts) by a draw. The scores of all $W \cdot V$
 * hypotheses are turned into probabilities, and $2W$ are drawn without replacement: each with its probability divided by that of all that are left. Those drawn are
 * ranked by their scores, and the search goes on with the best $W$ that are not finished. A hypothesis with a low score can survive, so the beam is more diverse. The texts are no
 * fair sample of the model: better prefixes keep crowding out others. [Stochastic beams](beam_variants.ts) are one.
 *
 * **Formula.** With the scores $s_h$ of the hypotheses and an independent number $g_h$ of the Gumbel distribution for each,
 *
 * $$g_h = -\log(-\log u_h), \qquad \text{drawn} = \underset{h}{\mathrm{top}\; 2W}\, (s_h + g_h)$$
 *
 * | symbol | in code     | meaning                                         |
 * | ------ | ----------- | ----------------------------------------------- |
 * | $u$    | `uniform`   | a number drawn evenly from (0, 1)               |
 * | $g$    | `gumbel()`  | what chance adds to a score                     |
 * | $W$    | `numBeams`  | prefixes that survive a step                    |
 *
 * The $K$ largest sums are $K$ draws without replacement from the softmax of the scores (Kool et al. 2019); [section](beam_variants.ts) explains why.
 *
 * Sources: Kool, van Hoof and Welling 2019, *Stochastic Beams and Where to Find Them: The Gumbel-Top-k Trick for Sampling Sequences Without Replacement*; Wolf et al. 2020,
 * *Transformers: State-of-the-Art Natural Language Processing* (the library).
 *
 * @module
 */

import { type Check, checkOptions, object, required } from "../engine/options.ts";
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

const aRandom: Check<Random> = object("a Random", (value) => value instanceof Random);

/**
 * Draws which hypotheses survive, and ranks the sequences that come of them.
 *
 * @param options width, chance, how lengths are compared, when to stop
 * @returns a search
 * @throws {RangeError} if an option is outside its interval
 */
export function beamSampling(options: BeamSamplingOptions): SequenceSearch {
  checkOptions("search", options, { ...beamChecks, random: required(aRandom) });
  const { numBeams, random, lengthPenalty, earlyStopping = false } = options;
  return {
    name: "beam sampling",
    numBeams,
    random,
    begin: (limits) =>
      new BeamSearch(
        { numBeams, earlyStopping, ...(lengthPenalty !== undefined && { lengthPenalty }), ...limits },
        (live, rows, most) => drawnContinuations(live, rows, most, random),
      ),
  };
}

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

// ## Exercise
//
// Draw from a model with `temperature: 0.1` and with `temperature: 10`, with 4 beams each. Which of the two is nearly beam search, and why is the other not nearly sampling?
