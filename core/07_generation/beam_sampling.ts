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
 * **By hand.** With $W = 1$ two hypotheses are drawn. Four have the probabilities 0.5, 0.3, 0.15 and 0.05; their scores are the logarithms, −0.693, −1.204, −1.897 and −2.996. The uniform numbers are 0.1, 0.5, 0.8 and 0.9. The formula below makes
 * −0.834, 0.367, 1.500 and 2.250 of them, and the sums are −1.527, −0.837, −0.397 and −0.745. The two largest are those of the third and the fourth hypothesis: these are drawn. Ranked by their scores the third comes first, and survives. Beam
 * search would have kept the first one.
 *
 * ```ts
 * const scores = [0.5, 0.3, 0.15, 0.05].map(Math.log), gumbels = [0.1, 0.5, 0.8, 0.9].map((u) => -Math.log(-Math.log(u)));
 * const show = (numbers: readonly number[]) => numbers.map((one) => one.toFixed(3)).join(" ");
 * const sums = scores.map((score, i) => score + gumbels[i]!);
 * const drawn = sums.map((_, i) => i).sort((a, b) => sums[b]! - sums[a]!).slice(0, 2).sort((a, b) => scores[b]! - scores[a]!);
 * console.log(show(scores), "+", show(gumbels), "=", show(sums));
 * console.log("drawn, best first:", drawn.map((i) => i + 1).join(" "));
 * ```
 *
 * ```text
 * -0.693 -1.204 -1.897 -2.996 + -0.834 0.367 1.500 2.250 = -1.527 -0.837 -0.397 -0.745
 * drawn, best first: 3 4
 * ```
 *
 * **Formula.** With the scores $s_h$ of the hypotheses and an independent number $g_h$ of the Gumbel distribution for each,
 *
 * $$g_h = -\log(-\log u_h), \qquad \text{drawn} = \underset{h}{\mathrm{top}\; 2W}\, (s_h + g_h)$$
 *
 * | symbol | in code     | meaning                                         |
 * | ------ | ----------- | ----------------------------------------------- |
 * | $s$    | `next`      | log-probability of a hypothesis                 |
 * | $u$    | `uniform`   | a number drawn evenly from (0, 1)               |
 * | $g$    | `gumbel()`  | what chance adds to a score                     |
 * | $W$    | `numBeams`  | prefixes that survive a step                    |
 *
 * The $K$ largest sums are $K$ draws without replacement from the softmax of the scores (Kool et al. 2019); [section](beam_variants.ts) explains why, by clocks that ring.
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
// Draw from a model with a temperature of 0.01 and with one of 10, with 4 beams each. Which of the two is nearly beam search, and why is the other not nearly sampling?
//
// **Hint.** A temperature divides the logits; the numbers that are added stay as they are.
//
// **Solution.** At 0.01 the scores differ by much more than what is added, so their order decides, as in beam search. At 10 the scores are nearly equal and chance decides, but the best of what was drawn is ranked first all the same. Sampling draws each token once and ranks nothing.
//
// ```ts
// import { DecoderOnly, generate, Random } from "@heed/heed";
//
// const sizes = { vocabSize: 20, hiddenSize: 16, numHeads: 2, numLayers: 1, contextLength: 32 };
// const model = new DecoderOnly(sizes, new Random(1)), common = { maxNewTokens: 3, numBeams: 4 };
// const searched = await generate(model, [3, 1, 4], common);
// for (const temperature of [0.01, 10]) {
//   let same = 0;
//   for (let seed = 1; seed <= 20; seed++) {
//     const { tokens } = await generate(model, [3, 1, 4], { ...common, temperature, random: new Random(seed) });
//     if (tokens.join() === searched.tokens.join()) same++;
//   }
//   console.log(temperature, "as beam search:", same, "of 20");
// }
// ```
//
// ```text
// 0.01 as beam search: 20 of 20
// 10 as beam search: 0 of 20
// ```
