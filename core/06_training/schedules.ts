/**
 * # Schedules
 *
 * **Question.** Long steps cover the way, short ones find the bottom. Which learning rate serves a run
 * that needs both?
 *
 * **Idea.** One that changes with the step. It climbs for a while (warm-up), because Adam's first
 * averages rest on a handful of gradients and point nowhere in particular. Then it falls, because a
 * step that is longer than the hollow it stands in jumps over the bottom.
 *
 * A schedule is a plain function from the number of the step to the learning rate. It has no state of
 * its own: a resumed run asks it for the next number.
 *
 * **Formula.** With the peak $p$, the floor $f$, $w$ steps of warm-up, $T$ steps in all, and the share
 * $s = (t - w) / (T - w)$ of the way behind the warm-up, the rate $\eta_t$ of step $t$ is
 *
 * $$\eta_t = p\, \frac{t}{w} \quad (t \le w), \qquad \eta_t = f + (p - f)\, \frac{1 + \cos \pi s}{2} \quad (t > w)$$
 *
 * | symbol   | in code       | meaning                                    |
 * | -------- | ------------- | ------------------------------------------ |
 * | $\eta_t$ | the result    | learning rate of step $t$, counted from 1  |
 * | $p$, $f$ | `peak`, `floor` | the highest rate, and the last one       |
 * | $w$      | `warmupSteps` | steps that climb                           |
 * | $T$      | `steps`       | the number of the last step                |
 * | $s$      | `progress`    | 0 at the peak, 1 at the floor              |
 *
 * In `linearSchedule` a straight line, $1 - s$, stands in the place of half a cosine.
 *
 * **Before the first step and after the last.** Step 0 is where the warm-up starts from: a rate of 0,
 * or the peak where there is no warm-up. After step $T$ the rate stays at the floor.
 *
 * Sources: Loshchilov and Hutter 2017, *SGDR* (cosine); Vaswani et al. 2017 (inverse square root).
 *
 * @module
 */

import { checkOptions, type Checks, numeric, required } from "../engine/options.ts";

/** The learning rate of a step; steps are counted from 1. */
export type Schedule = (step: number) => number;

/** Options of {@linkcode cosineSchedule} and {@linkcode linearSchedule}. */
export interface ScheduleOptions {
  /** The highest learning rate, reached at the end of the warm-up. */
  readonly peak: number;
  /** The learning rate of the last step and of all after it, at most `peak`; 0 by default. */
  readonly floor?: number;
  /** Steps that climb towards the peak, fewer than `steps`; 0 by default. */
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

/**
 * Climbs in a straight line, then falls along half a cosine.
 *
 * @param options peak, floor and lengths
 * @returns a function of the step
 * @throws {RangeError} if the lengths or rates are out of order
 */
export function cosineSchedule(options: ScheduleOptions): Schedule {
  return fallingSchedule(options, (progress) => (1 + Math.cos(Math.PI * progress)) / 2);
}

/**
 * Climbs in a straight line, then falls in a straight line.
 *
 * @param options peak, floor and lengths
 * @returns a function of the step
 * @throws {RangeError} if the lengths or rates are out of order
 */
export function linearSchedule(options: ScheduleOptions): Schedule {
  return fallingSchedule(options, (progress) => 1 - progress);
}

/** The shape runs from 1 to 0 while its argument runs from 0 to 1. */
function fallingSchedule(options: ScheduleOptions, shape: (progress: number) => number): Schedule {
  checkOptions("schedule", options, scheduleChecks);
  const { peak, floor = 0, warmupSteps = 0, steps } = options;
  if (floor > peak) throw new RangeError(`Cannot fall from peak ${peak} to floor ${floor}`);
  if (warmupSteps >= steps) {
    throw new RangeError(`Cannot warm up for ${warmupSteps} of ${steps} steps: warmupSteps must be smaller`);
  }
  return (step) => {
    if (step <= warmupSteps) return warmupSteps === 0 ? peak : peak * step / warmupSteps;
    const progress = Math.min(1, (step - warmupSteps) / (steps - warmupSteps));
    return floor + (peak - floor) * shape(progress);
  };
}

/** Options of {@linkcode inverseSquareRootSchedule}. */
export interface InverseSquareRootOptions {
  /** Width of the model: the wider it is, the lower all rates. */
  readonly hiddenSize: number;
  /** Steps that climb. */
  readonly warmupSteps: number;
  /** A factor for all rates, greater than 0; 1 by default. */
  readonly factor?: number;
}

const inverseChecks: Checks<InverseSquareRootOptions> = {
  hiddenSize: required(numeric({ above: 0 })),
  warmupSteps: required(numeric({ above: 0 })),
  factor: numeric({ above: 0 }),
};

/**
 * The schedule of the original Transformer.
 *
 * It is $\eta_t = f \cdot E^{-1/2} \min(t^{-1/2},\, t\,w^{-3/2})$ and needs no end: after the warm-up of
 * $w$ steps it falls for as long as training goes on.
 *
 * @param options width of the model, length of the warm-up, and a factor for all rates
 * @returns a function of the step
 * @throws {RangeError} if an option is not positive
 */
export function inverseSquareRootSchedule(options: InverseSquareRootOptions): Schedule {
  checkOptions("schedule", options, inverseChecks);
  const { hiddenSize, warmupSteps, factor = 1 } = options;
  return (step) => factor * hiddenSize ** -0.5 * Math.min(step ** -0.5, step * warmupSteps ** -1.5);
}

// ## Pitfall: counting from 0 with a warm-up
//
// The first step of a loop that counts from 0 asks for the rate of step 0, gets 0, and moves nothing;
// worse, a schedule written as $t / w$ without a warm-up divides 0 by 0, and one step by NaN ends the
// run. The test "schedules answer before the first step and after the last" asks for all of them.

// ## Exercise
//
// Draw the three schedules for a peak of 1, 10 steps of warm-up and 100 steps in all; choose the factor
// of the third so that its peak is 1 too. Which one has spent the most at step 50, and which at step 100?
