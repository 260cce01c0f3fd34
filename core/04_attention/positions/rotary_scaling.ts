/**
 * # Rotation past the trained length
 *
 * **Question.** A model with [rotary positions](rotary.ts) was trained on texts of a few thousand tokens. Past them it meets angles
 * that it has never seen, and fails. Can it read longer texts with little training, or none?
 *
 * **Idea.** Turn more slowly. If every pair of coordinates turns $s$ times more slowly, a text $s$ times as long has only
 * angles that training has seen; but neighbours are harder to tell apart. Pairs of high frequency have gone round
 * many times in training and need no help. The schemes differ in which pairs they slow down, and how much.
 *
 * ```picture rotary_scalings What is left of each frequency, with the settings of Llama 3.1: heads of width 128, which have 64 pairs, base 500000, trained on 8192
 * positions, factor 8. The fastest pair is at the left.
 * ```
 *
 * **By hand.** A head of width 8 has the frequencies 1, 0.1, 0.01 and 0.001. It was trained on 32 positions and is to read 4 times as many. Linear
 * scaling divides all by 4: 0.25, 0.025, 0.0025, 0.00025. NTK-aware scaling raises the base from 10000 to $10000 \cdot 4^{8/6}$, about 63496, which keeps
 * the first and divides the last by 4: 1, 0.063, 0.00397, 0.00025. A pair of frequency $\omega$ goes round once in $2\pi/\omega$ positions. In 32 positions the
 * first pair goes round 5.09 times and the second 0.51 times. Llama 3 keeps what goes round more than 4 times and divides what goes round less than
 * once: 1, 0.025, 0.0025, 0.00025. What lies between the two would be mixed. YaRN has other limits, and gives the same here.
 *
 * ```ts
 * import { linearScaling, llama3Scaling, ntkScaling, rotaryFrequencies, yarnScaling } from "@heed/heed/attention";
 *
 * const print = (name: string, numbers: Iterable<number>) =>
 *   console.log(name, Array.from(numbers, (x) => Number(x.toFixed(5))).join(" "));
 *
 * print("frequencies", rotaryFrequencies(8, 10000));
 * print("linear     ", linearScaling({ factor: 4 }).frequencies(8, 10000));
 * print("NTK-aware  ", ntkScaling({ factor: 4 }).frequencies(8, 10000));
 * print("Llama 3    ", llama3Scaling({ factor: 4, trainedLength: 32 }).frequencies(8, 10000));
 * print("YaRN       ", yarnScaling({ factor: 4, trainedLength: 32 }).frequencies(8, 10000));
 * console.log("base", Math.round(10000 * 4 ** (8 / 6)));
 * console.log("rounds", Array.from(rotaryFrequencies(8, 10000), (x) => (32 * x / (2 * Math.PI)).toFixed(2)).join(" "));
 * ```
 *
 * ```text
 * frequencies 1 0.1 0.01 0.001
 * linear      0.25 0.025 0.0025 0.00025
 * NTK-aware   1 0.063 0.00397 0.00025
 * Llama 3     1 0.025 0.0025 0.00025
 * YaRN        1 0.025 0.0025 0.00025
 * base 63496
 * rounds 5.09 0.51 0.05 0.01
 * ```
 *
 * **Formula.** A head of width $d$ has the frequencies $\omega_i = \mathrm{base}^{-2i/d}$ ([rotary positions](rotary.ts)). With the
 * factor $s$ by which texts get longer than the trained length $L$, and a weight $r_i$ that is 1 for fast pairs and 0 for slow ones, they become
 *
 * $$\text{linear: } \frac{\omega_i}{s}, \qquad \text{NTK-aware: } \big(\mathrm{base} \cdot s^{d/(d-2)}\big)^{-2i/d}, \qquad \text{YaRN, Llama 3: } r_i\,\omega_i + (1 - r_i)\,\frac{\omega_i}{s}$$
 *
 * | scheme    | in code        | weight $r_i$                                                             |
 * | --------- | -------------- | ------------------------------------------------------------------------ |
 * | linear    | `linearScaling` | 0                                                                       |
 * | NTK-aware | `ntkScaling`   | none: the fastest pair keeps its frequency, the slowest is divided by $s$ |
 * | YaRN      | `yarnScaling`  | falls in $i$, between the pairs that go round `betaFast` and `betaSlow` times in $L$ |
 * | Llama 3   | `llama3Scaling` | rises in the number of rounds in $L$, from `lowFrequencyFactor` to `highFrequencyFactor` |
 *
 * The exponent $d/(d-2)$ makes the last frequency, that of $i = d/2 - 1$, exactly $s$ times smaller.
 *
 * YaRN also multiplies queries and keys by $0.1 \ln s + 1$ each. A softmax over more keys gives each of them less weight, and larger scores make up for it.
 *
 * The [experiment](../experiments/positions/extrapolation.ts) reads long lists with a model that was trained on short ones, with and without these frequencies.
 *
 * Sources: Chen, Wong, Chen and Tian 2023, *Extending Context Window of Large Language Models via Positional
 * Interpolation* (linear); bloc97 2023, *NTK-Aware Scaled RoPE allows LLaMA models to have
 * extended (8k+) context size without any fine-tuning and minimal perplexity degradation* (a post on Reddit); Peng, Quesnelle, Fan and Shippole 2023, *YaRN: Efficient Context Window Extension of Large
 * Language Models*; Grattafiori
 * et al. 2024, *The Llama 3 Herd of Models*, whose released code holds the formula.
 *
 * @module
 */

import { checkSizes } from "../../engine/arguments.ts";
import { checkOptions, type Checks, checkValue, integer, numeric, required } from "../../engine/options.ts";
import { type Part, type PartTable, settingsOf } from "../../engine/part.ts";

/**
 * The frequencies of rotary positions, falling from 1.
 *
 * @param width number of coordinates that are turned, two for each frequency
 * @param base base of the frequencies
 * @returns one frequency per pair, in radians per position
 */
export function rotaryFrequencies(width: number, base: number): Float64Array {
  checkPairs(width);
  checkValue("rotate", "base", base, numeric({ above: 0 }));
  return Float64Array.from({ length: width / 2 }, (_, i) => base ** (-2 * i / width));
}

/** $r\,\omega + (1 - r)\,\omega / s$, with the weight clipped to $[0, 1]$. */
function mix(frequency: number, factor: number, weight: number): number {
  const kept = Math.max(0, Math.min(1, weight));
  return kept * frequency + (1 - kept) * frequency / factor;
}

// ## The same for all
//
// Linear scaling divides every frequency. NTK-aware scaling raises the base instead.

/**
 * Divides all frequencies by the factor (position interpolation).
 *
 * @param options how many times as long texts may be
 * @returns a scaling for {@linkcode rotary}
 */
export function linearScaling(options: ScalingOptions): RotaryScaling {
  checkOptions("scale rotary positions", options, SCALING);
  return {
    word: "linear",
    ...settingsOf(options),
    frequencies: (width, base) => rotaryFrequencies(width, base).map((frequency) => frequency / options.factor),
  };
}

/**
 * Raises the base: the slowest pair turns slower by the factor, the fastest as before.
 *
 * @param options how many times as long texts may be
 * @returns a scaling for {@linkcode rotary}
 */
export function ntkScaling(options: ScalingOptions): RotaryScaling {
  checkOptions("scale rotary positions", options, SCALING);
  return {
    word: "ntk",
    ...settingsOf(options),
    // A single pair has no slower one to give way.
    frequencies: (width, base) =>
      rotaryFrequencies(width, width > 2 ? base * options.factor ** (width / (width - 2)) : base),
  };
}

// ## By frequency
//
// YaRN and Llama 3 leave fast pairs alone. They differ in where one way passes into the other.

/**
 * Keeps fast pairs, slows slow ones, and passes from one to the other pair by pair.
 *
 * @param options how many times as long texts may be, and where one way passes into the other
 * @returns a scaling for {@linkcode rotary}
 */
export function yarnScaling(options: YarnOptions): RotaryScaling {
  checkOptions("scale rotary positions", options, YARN);
  const { factor, trainedLength, betaFast = 32, betaSlow = 1, magnitude = 0.1 * Math.log(factor) + 1 } = options;
  return {
    word: "yarn",
    ...settingsOf(options),
    magnitude,
    frequencies: (width, base) => {
      // The pair, as a fraction, that goes round so often in the trained length.
      const pairOf = (rounds: number): number =>
        width * Math.log(trainedLength / (rounds * 2 * Math.PI)) / (2 * Math.log(base));
      const first = Math.max(0, Math.floor(pairOf(betaFast)));
      const last = Math.min(width - 1, Math.ceil(pairOf(betaSlow)));
      return rotaryFrequencies(width, base).map((frequency, i) =>
        mix(frequency, factor, 1 - (i - first) / Math.max(last - first, 0.001))
      );
    },
  };
}

/**
 * Keeps fast pairs, slows slow ones, and passes between them by the rounds they make.
 *
 * @param options how many times as long texts may be, and where one way passes into the other
 * @returns a scaling for {@linkcode rotary}
 * @throws {RangeError} if the two factors are not in order, or one is out of range
 */
export function llama3Scaling(options: Llama3Options): RotaryScaling {
  checkOptions("scale rotary positions", options, LLAMA3);
  const { factor, trainedLength, lowFrequencyFactor: low = 1, highFrequencyFactor: high = 4 } = options;
  if (!(low < high)) {
    throw new RangeError(`Cannot scale rotary positions between ${low} and ${high} rounds: low must be below high`);
  }
  return {
    word: "llama3",
    ...settingsOf(options),
    frequencies: (width, base) =>
      rotaryFrequencies(width, base).map((frequency) => {
        const rounds = trainedLength * frequency / (2 * Math.PI);
        return mix(frequency, factor, (rounds - low) / (high - low));
      }),
  };
}

/** How a scaling changes the frequencies of rotary positions. */
export interface RotaryScaling extends Part {
  /**
   * The frequencies with which pairs turn instead.
   *
   * @param width number of coordinates that are turned, two for each frequency
   * @param base base of the frequencies
   * @returns one frequency per pair, in radians per position
   */
  frequencies(width: number, base: number): Float64Array;
  /** What queries and keys are multiplied by; 1 by default. */
  readonly magnitude?: number;
}

// ## Exercise
//
// Llama 3.1 has heads of width 128, the base 500000, the factor 8 and the trained length 8192. How many of its pairs keep their frequency, how many are
// divided by 8, and how many lie between? How many never go round in the trained length?
//
// **Hint.** Compare the frequencies of `llama3Scaling` with those of `rotaryFrequencies`.
//
// **Solution.** The pairs that lie between go round between one and four times. Those that are divided go round less than once: training never showed them a whole turn.
//
// ```ts
// import { llama3Scaling, rotaryFrequencies } from "@heed/heed/attention";
//
// const plain = rotaryFrequencies(128, 500000), factor = 8, trainedLength = 8192;
// const scaled = llama3Scaling({ factor, trainedLength }).frequencies(128, 500000);
// const left = Array.from(scaled, (frequency, i) => frequency / plain[i]!);
// const kept = left.filter((x) => x > 1 - 1e-9).length, divided = left.filter((x) => x < 1 / factor + 1e-9).length;
// console.log(`kept ${kept}, divided ${divided}, between ${left.length - kept - divided}`);
// console.log(`never go round ${plain.filter((frequency) => trainedLength * frequency < 2 * Math.PI).length}`);
// ```
//
// ```text
// kept 29, divided 29, between 6
// never go round 29
// ```

// #region Options and checks
// Every scaling is told how many times as long texts may be, and most of them the trained length.

/** Far above every head: low enough that a slip of the keyboard ends. */
const WIDEST = 2 ** 20;

/**
 * Refuses a width that is no whole number of pairs.
 *
 * @param width of a head
 * @throws {RangeError} if it is odd, or none
 */
export function checkPairs(width: number): void {
  checkSizes("rotate", { width }, { max: WIDEST });
  if (width % 2 !== 0) throw new RangeError(`Cannot rotate heads of width ${width}: headSize must be even`);
}

/** How far a scaling stretches the trained length. */
export interface ScalingOptions {
  /** How many times as long texts may be; at least 1. */
  readonly factor: number;
}

const SCALING: Checks<ScalingOptions> = { factor: required(numeric({ min: 1 })) };

/** How {@linkcode yarnScaling} divides the frequencies. */
export interface YarnOptions extends ScalingOptions {
  /** The length that the model was trained on. */
  readonly trainedLength: number;
  /** Pairs that go round more often keep their frequency; 32 by default. */
  readonly betaFast?: number | undefined;
  /** Pairs that go round less often turn slower by the whole factor; 1 by default. */
  readonly betaSlow?: number | undefined;
  /** What queries and keys are multiplied by; `0.1 · ln factor + 1` by default. */
  readonly magnitude?: number | undefined;
}

const YARN: Checks<YarnOptions> = {
  ...SCALING,
  trainedLength: required(integer()),
  betaFast: numeric({ above: 0 }),
  betaSlow: numeric({ above: 0 }),
  magnitude: numeric({ above: 0 }),
};

/** How {@linkcode llama3Scaling} divides the frequencies. */
export interface Llama3Options extends ScalingOptions {
  /** The length that the model was trained on. */
  readonly trainedLength: number;
  /** Pairs that go round less often in it turn slower by the whole factor; 1 by default. */
  readonly lowFrequencyFactor?: number | undefined;
  /** Pairs that go round more often in it keep their frequency; 4 by default. */
  readonly highFrequencyFactor?: number | undefined;
}

const LLAMA3: Checks<Llama3Options> = {
  ...SCALING,
  trainedLength: required(integer()),
  lowFrequencyFactor: numeric({ above: 0 }),
  highFrequencyFactor: numeric({ above: 0 }),
};
// #endregion

/** Scalings, by the word for each in the file of a saved model. */
export const rotaryScalings: PartTable<RotaryScaling> = {
  linear: linearScaling,
  ntk: ntkScaling,
  yarn: yarnScaling,
  llama3: llama3Scaling,
};
