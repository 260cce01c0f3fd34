/**
 * # Schedules
 *
 * **Question.** Long steps cover the way, short ones find the minimum. Which learning rate serves a run
 * that needs both?
 *
 * **Idea.** One that changes with the step (learning rate schedule). It rises for a while (warm-up) [预热], because
 * long steps do harm at the beginning; why they do is disputed, see below. Then it falls, because a
 * step that is longer than the valley is wide jumps over the minimum.
 *
 * ```picture schedules Three schedules with the same peak, 100 steps of warm-up and 1000 steps in all; for comparison, a constant rate without a warm-up. The inverse square root has no end.
 * ```
 *
 * A schedule is a plain function from the number of the step to the learning rate. It has no state of
 * its own: a resumed run asks it for the next number.
 *
 * **By hand.** A peak of 0.4, a floor of 0, $w = 4$ steps of warm-up and $T = 12$ steps in all. Step 1 has a quarter of
 * the peak, 0.1, and step 4 all of it. After that, $s$ is the fraction of the way to step 12.
 * The line leaves $1 - s$ of the peak, the cosine $(1 + \cos \pi s) / 2$ of it. Step 8 is half of the way: $s = (8 - 4) / (12 - 4) = 0.5$, $\cos \pi s = 0$, and half of the peak is
 * left, 0.2. At step 6, $s = (6 - 4) / (12 - 4) = 0.25$ and $\cos \pi s = \sqrt{1 / 2} = 0.7071$: the line is at 0.3 and the cosine still at $0.4 \cdot (1 + 0.7071) / 2 = 0.3414$: it
 * falls slowly at first and at last. The inverse square root needs no $T$. With a peak of 0.4 at step 4, step 16 has
 * $\sqrt{4 / 16}$ of it, 0.2, and step 64 has 0.1.
 *
 * ```ts
 * import { cosineSchedule, inverseSquareRootSchedule, linearSchedule } from "@heed/heed";
 *
 * const lengths = { peak: 0.4, warmupSteps: 4, steps: 12 };
 * const [cosine, linear] = [cosineSchedule(lengths), linearSchedule(lengths)];
 * // Width 1 and factor 0.8 make the peak 0.8 / √4.
 * const inverse = inverseSquareRootSchedule({ hiddenSize: 1, warmupSteps: 4, factor: 0.8 });
 * for (const step of [1, 4, 6, 8, 12, 16, 64]) {
 *   console.log(`${step}: ${[cosine, linear, inverse].map((rate) => rate(step).toFixed(4)).join(" ")}`);
 * }
 * ```
 *
 * ```text
 * 1: 0.1000 0.1000 0.1000
 * 4: 0.4000 0.4000 0.4000
 * 6: 0.3414 0.3000 0.3266
 * 8: 0.2000 0.2000 0.2828
 * 12: 0.0000 0.0000 0.2309
 * 16: 0.0000 0.0000 0.2000
 * 64: 0.0000 0.0000 0.1000
 * ```
 *
 * **Formula.** With the peak $p$, the floor $f$, $w$ steps of warm-up, $T$ steps in all, and the fraction
 * $s = (t - w) / (T - w)$ of the way after the warm-up, the rate $\eta_t$ of step $t$ rises by the first formula while $t \le w$, for all three schedules. Then it falls, along half a cosine
 * or along a line
 *
 * $$\eta_t = p\, \frac{t}{w}, \qquad \eta_t = f + (p - f)\, \frac{1 + \cos \pi s}{2}, \qquad \eta_t = f + (p - f)\, (1 - s)$$
 *
 * or as the inverse square root, with the peak $p = c / \sqrt{E w}$ for the width $E$ of the model and a factor $c$, rise and fall in one formula:
 *
 * $$\eta_t = c\, E^{-1/2} \min(t^{-1/2},\; t\, w^{-3/2})$$
 *
 * | symbol   | in code       | meaning                                    |
 * | -------- | ------------- | ------------------------------------------ |
 * | $\eta_t$ | the result    | learning rate of step $t$, counted from 1  |
 * | $p$, $f$ | `peak`, `floor` | the highest rate, and the last one       |
 * | $w$      | `warmupSteps` | steps that rise                            |
 * | $T$      | `steps`       | the number of the last step                |
 * | $s$      | `progress`    | 0 at the peak, 1 at the floor              |
 * | $c$      | `factor`      | scales all rates of the inverse square root |
 * | $E$      | `hiddenSize`  | width of the model                         |
 *
 * **Why a warm-up.** Vaswani et al. give no reason. Goyal et al. warm up SGD: with large batches the rate is large, and the network changes
 * fast at first. Xiong et al. 2020 find the reason in the norms: with post-norm the gradients near the output are large before
 * training, with pre-norm they are not, and no warm-up is needed. Liu et al. 2020 find it in Adam: its first $v$ rest on a handful
 * of gradients, so the quotient $m / \sqrt{v}$ has a large variance; their RAdam corrects for it. Two experiments compare training with a warm-up and without: one
 * below, and one of deep stacks in [section](../05_transformer/normalization.ts).
 *
 * **Which one.** The cosine and the line have to know the last step, and end at the floor: they suit a run of known length.
 * The inverse square root can go on for ever, and may be stopped at any step. The experiments below compare what they reach. A constant rate needs no schedule: `step()`
 * takes the rule's own rate where it is given none.
 *
 * **Before the first step and after the last.** Step 0 is where the warm-up starts from: a rate of 0,
 * or the peak where there is no warm-up. After step $T$ the rate stays at the floor.
 *
 * Sources: Loshchilov and Hutter 2017, *SGDR: Stochastic Gradient Descent with Warm Restarts* (cosine; here without
 * restarts); Goyal et al. 2017, *Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour* (warm-up in a straight line);
 * Vaswani et al. 2017, *Attention Is All You Need*, §5.3 (inverse square root); Xiong et al. 2020, *On Layer Normalization in the
 * Transformer Architecture*; Liu et al. 2020, *On the Variance of the Adaptive Learning Rate and Beyond* (RAdam).
 *
 * @module
 */

import { checkOptions, type Checks, numeric, required } from "../engine/options.ts";

/** The learning rate of a step; steps are counted from 1. */
export type Schedule = (step: number) => number;

/** The shape runs from 1 to 0 while its argument runs from 0 to 1. */
function fallingSchedule(options: ScheduleOptions, shape: (progress: number) => number): Schedule {
  const { peak, floor, warmupSteps, steps } = completeSchedule(options);
  return (step) => {
    // $p\,t/w$: the warm-up. Without one the first step is at the peak, and nothing is divided by 0.
    if (step <= warmupSteps) return warmupSteps === 0 ? peak : peak * step / warmupSteps;

    // $s$: 0 at the end of the warm-up, 1 at step $T$ and at all after it.
    const progress = Math.min(1, (step - warmupSteps) / (steps - warmupSteps));

    // $f + (p - f)$ times the shape: from the peak to the floor.
    return floor + (peak - floor) * shape(progress);
  };
}

/**
 * Rises in a straight line, then falls along half a cosine.
 *
 * @param options peak, floor and lengths
 * @returns a function of the step
 * @throws {RangeError} if the lengths or rates are out of order
 */
export function cosineSchedule(options: ScheduleOptions): Schedule {
  // $(1 + \cos \pi s) / 2$: flat at both ends, steepest in the middle.
  return fallingSchedule(options, (progress) => (1 + Math.cos(Math.PI * progress)) / 2);
}

/**
 * Rises in a straight line, then falls in a straight line.
 *
 * @param options peak, floor and lengths
 * @returns a function of the step
 * @throws {RangeError} if the lengths or rates are out of order
 */
export function linearSchedule(options: ScheduleOptions): Schedule {
  // $1 - s$.
  return fallingSchedule(options, (progress) => 1 - progress);
}

/**
 * The schedule of the original Transformer.
 *
 * It is $\eta_t = c\, E^{-1/2} \min(t^{-1/2},\, t\,w^{-3/2})$ with a factor $c$, and needs no end: after the warm-up of
 * $w$ steps it falls for as long as training goes on.
 *
 * @param options width of the model, length of the warm-up, and a factor for all rates
 * @returns a function of the step
 * @throws {RangeError} if an option is not positive
 */
export function inverseSquareRootSchedule(options: InverseSquareRootOptions): Schedule {
  checkOptions("schedule", options, inverseChecks);
  const { hiddenSize, warmupSteps, factor = 1 } = options;
  // $\min(t^{-1/2},\, t\,w^{-3/2})$: the two meet at $t = w$. The rise is a line, the fall halves with four times the steps.
  return (step) => factor * hiddenSize ** -0.5 * Math.min(step ** -0.5, step * warmupSteps ** -1.5);
}

// #region Options

/** Options of {@linkcode cosineSchedule} and {@linkcode linearSchedule}. */
export interface ScheduleOptions {
  /** The highest learning rate, reached at the end of the warm-up. */
  readonly peak: number;
  /** The learning rate of the last step and of all after it, at most `peak`; 0 by default. */
  readonly floor?: number;
  /** Steps that rise towards the peak, fewer than `steps`; 0 by default. */
  readonly warmupSteps?: number;
  /** The number of the last step. */
  readonly steps: number;
}

const scheduleChecks: Checks<ScheduleOptions> = {
  peak: required(numeric({ min: 0 })),
  floor: numeric({ min: 0 }),
  warmupSteps: numeric({ min: 0 }),
  steps: required(numeric({ above: 0 })),
};

/** Checks the options of a falling schedule and fills in what was left out. */
function completeSchedule(options: ScheduleOptions): Required<ScheduleOptions> {
  checkOptions("schedule", options, scheduleChecks);
  const { peak, floor = 0, warmupSteps = 0, steps } = options;
  if (floor > peak) throw new RangeError(`Cannot fall from peak ${peak} to floor ${floor}`);
  if (warmupSteps >= steps) {
    throw new RangeError(`Cannot warm up for ${warmupSteps} of ${steps} steps: warmupSteps must be smaller`);
  }
  return { peak, floor, warmupSteps, steps };
}

/** Options of {@linkcode inverseSquareRootSchedule}. */
export interface InverseSquareRootOptions {
  /** Width of the model: the wider it is, the lower all rates. */
  readonly hiddenSize: number;
  /** Steps that rise. */
  readonly warmupSteps: number;
  /** A factor for all rates, greater than 0; 1 by default. */
  readonly factor?: number;
}

const inverseChecks: Checks<InverseSquareRootOptions> = {
  hiddenSize: required(numeric({ above: 0 })),
  warmupSteps: required(numeric({ above: 0 })),
  factor: numeric({ above: 0 }),
};

// #endregion

// ## What it is worth that the rate falls
//
// The gradient of a batch is that of the whole text and noise. A long step follows the noise too, so under a constant rate the parameters
// keep moving around the minimum. The [experiment](experiments/schedules.ts) measures at what distance, for a model whose best loss is known exactly: a
// table that scores, for each letter, which one comes next.

// ## What a warm-up is worth
//
// Post-norm is the placement of the original Transformer: the norm stands after each addition ([section](../05_transformer/normalization.ts)).
// The [experiment](experiments/schedules/warmup.ts) trains small encoders of that kind, and of the other one, from the full rate at once
// and after a warm-up.

// ## On a larger text
//
// The run below trains the language model of [section](optimizers.ts) on Shakespeare, in characters.
//
// ```picture schedules_run One Transformer under five schedules on the same batches, each from the best of its peaks.
// ```

// ## Pitfall: counting from 0 with a warm-up
//
// The first step of a loop that counts from 0 asks for the rate of step 0, gets 0, and moves nothing;
// worse, a schedule written as $t / w$ without a warm-up divides 0 by 0, and one step by NaN ends the
// run. The test "schedules answer before the first step and after the last" asks for all of them.

// ## Exercise
//
// Give the three schedules a peak of 1, 10 steps of warm-up and 100 steps in all; choose the factor of the third so that its peak
// is 1 too. Which one has the largest sum of rates after 50 steps, which after 100, and
// which after 120?
//
// **Hint.** The third one's peak is at step 10: the factor is $\sqrt{10}$ for a width of 1.
//
// **Solution.** The cosine is ahead after 50 steps, because it stays near its peak at first. After 100 steps it and the line have the
// same sum: the cosine lies as far above the line in the first half as below it in the second. The inverse square root
// is a little behind, but it has not come to an end. Its rate at step 100 is still $\sqrt{10 / 100}$, a third of the peak, and
// soon it is ahead.
//
// ```ts
// import { cosineSchedule, inverseSquareRootSchedule, linearSchedule } from "@heed/heed";
//
// const lengths = { peak: 1, warmupSteps: 10, steps: 100 };
// const schedules = {
//   cosine: cosineSchedule(lengths),
//   linear: linearSchedule(lengths),
//   "inverse square root": inverseSquareRootSchedule({ hiddenSize: 1, warmupSteps: 10, factor: Math.sqrt(10) }),
// };
// for (const [name, rate] of Object.entries(schedules)) {
//   const sums = [50, 100, 120].map((last) => Array.from({ length: last }, (_, i) => rate(i + 1)).reduce((a, b) => a + b, 0));
//   console.log(`${name}: ${sums.map((sum) => sum.toFixed(2)).join(", ")}`);
// }
// ```
//
// ```text
// cosine: 39.40, 50.00, 50.00
// linear: 36.39, 50.00, 50.00
// inverse square root: 29.95, 48.41, 54.43
// ```
