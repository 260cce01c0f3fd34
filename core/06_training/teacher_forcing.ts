/**
 * # Teacher forcing
 *
 * **Question.** A decoder's input at one position is its own output at the one before. Must
 * training then produce one token after the other, as generation does?
 *
 * **Idea.** In training (训练阶段) the reference is known, so the decoder reads the reference instead
 * of its own predictions (teacher forcing) [教师强制]: the target sentence (目标语句), shifted right by one position after
 * a BEGIN token. Position $j$ sees BEGIN and $y_1 \dots y_{j-1}$ and predicts $y_j$. With a
 * causal mask all positions are computed in parallel.
 *
 * ```picture training_and_inference The same target in training and at inference. Filled: computed by the model; empty: the
 * reference. In training one pass computes all positions. At inference each pass waits for the one before it.
 * ```
 *
 * **Formula.** For the target $y_1, \dots, y_J$,
 *
 * $$\mathrm{inputs} = (\mathrm{BEGIN},\, y_1, \dots, y_J), \qquad \mathrm{targets} = (y_1, \dots, y_J,\, \mathrm{END})$$
 *
 * | symbol         | in code   | shape                           |
 * | -------------- | --------- | ------------------------------- |
 * | inputs         | `inputs`  | `[B, T]`, with $T = \max J + 1$ |
 * | targets        | `targets` | `[B, T]`                        |
 * | real positions | `mask`    | `[B, T]`                        |
 *
 * **Why it is not the whole story.** At test time there is no reference, and a wrong token
 * becomes the next input. Errors accumulate (error accumulation, 错误累积): one step wrong, every step
 * wrong (一步错步步错). Training never showed the model its own mistakes. This mismatch is called
 * exposure bias [曝光偏差] (Ranzato et al. 2016). Scheduled sampling (计划采样), below, mixes predictions into the inputs, few at
 * first.
 *
 * **The notes, 000.37.** The experiment below finds it for a small model only; the translator of this book is trained
 * without scheduled sampling. Today it is hardly used. What it minimizes is not minimal at the distribution of the
 * data (Huszár 2015), and a Transformer needs two passes for it (Mihaylova and Martins 2019).
 *
 * Sources: Williams and Zipser 1989, *A Learning Algorithm for Continually Running Fully Recurrent
 * Neural Networks*; Bengio, Vinyals, Jaitly and Shazeer 2015, *Scheduled Sampling for Sequence
 * Prediction*; Ranzato, Chopra, Auli and Zaremba 2016, *Sequence Level Training with Recurrent Neural Networks*; Huszár
 * 2015, *How (not) to Train your Generative Model: Scheduled Sampling, Likelihood, Adversary?*; Mihaylova and Martins
 * 2019, *Scheduled Sampling for Transformers*.
 *
 * @module
 */

import { checkList, isListOfNumbers } from "../engine/arguments.ts";
import { noGrad } from "../engine/autograd.ts";
import { tensor } from "../engine/create.ts";
import { concat } from "../engine/joining.ts";
import type { Tensor } from "../engine/tensor.ts";
import { checkOptions, type Checks, integer, numeric, required, shown } from "../engine/options.ts";
import { checkRandom, type Random } from "../engine/random.ts";
import { dims } from "../engine/shape.ts";
import { padTokens } from "../02_words/embeddings.ts";
import { shiftRight } from "../05_transformer/decoder.ts";
import { padSequences } from "./batching.ts";

/** What goes into a decoder and what is to come out of it. */
export interface ShiftedTargets {
  /** What each position is fed, int32 `[B, T]`. */
  readonly inputs: Tensor;
  /** What each position is asked for, int32 `[B, T]`; `ignoreIndex` where nothing is. */
  readonly targets: Tensor;
  /** True where something is asked, `[B, T]`. */
  readonly mask: Tensor;
}

/** Ids of the tokens that are no words; an encoding has them, and can be passed as it is. */
export interface TeacherForcingOptions {
  /** BEGIN: the first input. */
  readonly beginToken: number;
  /** END: the last target. */
  readonly endToken: number;
  /** What fills the inputs of shorter sequences. */
  readonly padToken: number;
  /** What fills their targets; -100 by default, which {@linkcode crossEntropy} ignores. */
  readonly ignoreIndex?: number;
}

const forcingChecks: Checks<TeacherForcingOptions> = {
  beginToken: required(integer({ min: 0 })),
  endToken: required(integer({ min: 0 })),
  padToken: required(integer({ min: 0 })),
  ignoreIndex: integer({}),
};

/**
 * Shifts target sequences right by one position and pads them to one length.
 *
 * {@linkcode shiftRight} of `@heed/heed/transformer` makes the inputs, {@linkcode padSequences} the targets.
 *
 * @example
 * ```ts
 * import { teacherForcing } from "@heed/heed";
 *
 * const options = { beginToken: 1, endToken: 2, padToken: 0 };
 * const { inputs, targets } = teacherForcing([[7, 8], [9]], options);
 * console.assert((await inputs.read()).join() === "1,7,8,1,9,0");
 * console.assert((await targets.read()).join() === "7,8,2,9,2,-100");
 * ```
 *
 * @param sequences token ids without BEGIN and END, `B` of them
 * @param options ids of the special tokens
 * @returns inputs, targets and mask, `[B, T]` with `T` one more than the longest sequence
 */
export function teacherForcing(
  sequences: readonly ArrayLike<number>[],
  options: TeacherForcingOptions,
): ShiftedTargets {
  checkOptions("shift", options, forcingChecks);
  checkList("shift", "sequences", sequences, "lists of tokens", isListOfNumbers);
  const { beginToken, endToken, padToken, ignoreIndex = -100 } = options;
  const length = 1 + sequences.reduce((most, sequence) => Math.max(most, sequence.length), 0);
  const ended = sequences.map((sequence) => [...Array.from(sequence), endToken]);
  const { tokens: targets, mask } = padSequences(ended, { padToken: ignoreIndex, length });

  // Filled by one place more than the longest needs, so that the shift drops no word.
  const inputs = shiftRight(padTokens(sequences, padToken, { length }), beginToken);
  return { inputs, targets, mask };
}

/**
 * The same shift for windows of a running text, which neither begin nor end.
 *
 * @param windows token ids, `B` windows of `T + 1` tokens each
 * @returns the first `T` and the last `T` tokens of each, both int32 `[B, T]`
 * @throws {RangeError} if a window has fewer than two tokens
 * @throws {TypeError} if the windows differ in length
 */
export function nextTokens(windows: readonly Int32Array[]): { readonly inputs: Tensor; readonly targets: Tensor } {
  checkList("shift", "windows", windows, "lists of tokens", isListOfNumbers);
  const size = windows[0]?.length ?? 0;
  if (size < 2) throw new RangeError(`Cannot shift windows of ${size} tokens: at least 2 are needed`);
  const all = new Int32Array(windows.length * size);
  windows.forEach((window, row) => {
    if (window.length !== size) {
      throw new TypeError(`Cannot shift windows of ${size} and ${window.length} tokens together`);
    }
    all.set(window, row * size);
  });
  const tokens = tensor(all, [windows.length, size]);
  return { inputs: tokens.slice(1, 0, size - 1), targets: tokens.slice(1, 1) };
}

// ## Scheduled sampling
//
// A recurrent decoder can draw at random before every step. A Transformer computes all steps in
// parallel, so the mixture takes two passes. The first pass reads the reference, without
// gradient, and predicts a token at each position. The second pass is trained on a sequence in
// which predictions replace some tokens of the reference. The targets stay the reference.
//
// A prediction of the first pass has a prefix of the reference. To get predictions from predictions, the model reads the
// mixed sequence again before the training pass, and the new predictions are mixed in instead. This may be repeated.

/**
 * Replaces some of a decoder's inputs by what it predicted itself.
 *
 * @param inputs what teacher forcing feeds, int32 `[B, T]`
 * @param logits what the model made of them, `[B, T, V]`
 * @param truth the probability $\epsilon_i$ that an input stays the right one, in [0, 1]
 * @param random flips one coin per position
 * @returns mixed inputs, int32 `[B, T]`; the first column, BEGIN, always stays
 * @throws {RangeError} if `truth` is outside [0, 1]
 */
export function scheduledSampling(inputs: Tensor, logits: Tensor, truth: number, random: Random): Tensor {
  const { B, T } = dims(inputs, "B T");
  dims(logits, "B T V", { B, T });
  if (typeof truth !== "number" || !(truth >= 0 && truth <= 1)) {
    throw new RangeError(`Cannot keep inputs with truth = ${shown(truth)}: it must be in [0, 1]`);
  }
  checkRandom("keep inputs", random);
  return noGrad(() => {
    // The guess for position $j$ is the output of position $j - 1$.
    const guesses = concat([inputs.slice(1, 0, 1), logits.argmax(2).slice(1, 0, T - 1)], 1);
    const coins = random.uniform([B, T]).less(truth);
    return inputs.where(coins, guesses);
  });
}

// ## How the fraction of reference tokens decays
//
// Bengio et al. give three curves for $\epsilon_i$, in code `truth`, over the steps
// $i = 0, 1, 2, \dots$, all falling from about 1. They are plain functions of the step, like the
// schedules of [section](schedules.ts).
//
// ```picture reference_decay The three decays, with settings that halve the reference at about the same step. The linear one has a floor.
// ```

/** Options of {@linkcode linearDecay}. */
export interface LinearDecayOptions {
  /** The probability at step 0, in [0, 1]; 1 by default. */
  readonly start?: number;
  /** What it loses per step, at least 0. */
  readonly slope: number;
  /** Where it stops, in [0, `start`]; 0 by default. */
  readonly floor?: number;
}

const decayChecks: Checks<LinearDecayOptions> = {
  start: numeric({ min: 0, max: 1 }),
  slope: required(numeric({ min: 0 })),
  floor: numeric({ min: 0, max: 1 }),
};

/**
 * A straight line down to a floor.
 *
 * It is $\epsilon_i = \max(\mathrm{floor},\, \mathrm{start} - c\,i)$.
 *
 * @param options where it starts, how much it loses per step, and where it stops
 * @returns a function of the step
 * @throws {RangeError} if an option is outside its interval
 */
export function linearDecay(options: LinearDecayOptions): (step: number) => number {
  checkOptions("decay", options, decayChecks);
  const { start = 1, slope, floor = 0 } = options;
  if (floor > start) throw new RangeError(`Cannot decay from ${start} to ${floor}: floor must be at most start`);
  return (step) => Math.max(floor, start - slope * step);
}

/**
 * The same factor at every step: exponential decay.
 *
 * It is $\epsilon_i = k^i$.
 *
 * @param rate $k$, in (0, 1)
 * @returns a function of the step
 * @throws {RangeError} if the rate is outside its interval
 */
export function exponentialDecay(rate: number): (step: number) => number {
  if (typeof rate !== "number" || !(rate > 0 && rate < 1)) {
    throw new RangeError(`Cannot decay by rate ${shown(rate)}: it must be in (0, 1)`);
  }
  return (step) => rate ** step;
}

/**
 * Near 1 for long, then falling, then near 0.
 *
 * It is $\epsilon_i = k / (k + e^{i/k})$.
 *
 * @param rate $k$, at least 1; half of the inputs are guesses after about $k \ln k$ steps
 * @returns a function of the step
 * @throws {RangeError} if the rate is below 1
 */
export function inverseSigmoidDecay(rate: number): (step: number) => number {
  if (typeof rate !== "number" || !(rate >= 1 && rate < Infinity)) {
    throw new RangeError(`Cannot decay by rate ${shown(rate)}: it must be a number of at least 1`);
  }
  return (step) => rate / (rate + Math.exp(step / rate));
}

// ## One step wrong, measured
//
// In the experiment a sequence of numbers counts upwards and sometimes jumps. The source is the sequence with noise.
// A model that is trained with teacher forcing only learns to trust the previous number more than the source. If it
// misses a jump at test time, it continues from its mistake. Scheduled sampling teaches it to read the source.
//
// The predictions that are mixed in have prefixes of the reference. The better the model gets, the more of them are
// right, and the more it trusts the previous number again: move *Training steps* to 600. A mistake that follows from a
// mistake is never among them. Predictions made from predictions have such mistakes. The reading below the figures
// says how far each model gets, beside a copy of the source.
//
// Large language models are trained with teacher forcing alone. Huszár 2015 shows that scheduled sampling is no consistent
// training objective.

// ## Pitfall: guesses that are not shifted
//
// The output at position $j$ is the guess for the input at $j + 1$. Mixed in at $j$, the
// model is handed its answer to the very question it is asked. The test "scheduledSampling()
// feeds the guess of the position before" catches it.

// ## Exercise
//
// Train the translator with `truth` fixed at 1, 0.75 and 0. Predict which of the three has the
// lowest training loss, and which translates best.
