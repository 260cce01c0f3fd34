/**
 * # More diverse and less
 *
 * One distribution over a dozen words at many temperatures: whether the order of the words stays, what the
 * entropy does, and how many different words fifty draws bring.
 *
 * @module
 */

import { Random } from "../../engine/random.ts";
import type { Experiment, Labels, Parts } from "../../experiments/experiment.ts";
import { Steps } from "../../experiments/running.ts";
import { SEED } from "../../experiments/seed.ts";
import { sample, toProbabilities } from "../sampling.ts";
import { temperatureRule } from "../temperature.ts";

const WORDS = ["the", "a", "my", "this", "one", "his", "some", "every", "that", "no", "green", "seven"];
const TEMPERATURES = [0.02, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10, 20];
const DRAWS = 50;

/** What is found. */
export interface TemperatureFindings {
  /** Entropy in nats, and probability of the most probable word, by temperature. */
  readonly entropies: readonly number[];
  readonly largest: readonly number[];
  /** Temperatures at which the order of the words is another than at 1. */
  readonly reordered: number;
  /** Different words among fifty draws, by temperature. */
  readonly variety: readonly number[];
  /** Largest relative error of the ratio of two words against the formula. */
  readonly ratioError: number;
  /** Entropy at the temperature chosen, and at 1. */
  readonly chosenEntropy: number;
  readonly plainEntropy: number;
  readonly shown: {
    readonly temperature: number;
    readonly temperatures: readonly number[];
    readonly draws: number;
    readonly words: readonly string[];
    /** The probabilities at the temperature chosen, and at 1. */
    readonly chosen: readonly number[];
    readonly plain: readonly number[];
    /** Entropy of a uniform distribution over as many words. */
    readonly most: number;
  };
}

/** What the experiment is made of. */
export interface Temperature extends Parts {
  findings: TemperatureFindings;
  controls: "temperature" | "seed";
  claims: "order" | "entropy" | "variety" | "ratio";
  captions: "shares" | "entropy" | "variety";
  labels:
    & Labels<"probability" | "one" | "chosen" | "temperature" | "nats" | "entropy" | "equal" | "different">
    & { differentIn(draws: number): string };
}

const entropyOf = (probabilities: Float64Array): number =>
  probabilities.reduce((sum, p) => p > 0 ? sum - p * Math.log(p) : sum, 0);
const orderOf = (numbers: Float64Array): string => [...numbers.keys()].sort((a, b) => numbers[b]! - numbers[a]!).join();

/** Order, entropy and variety by temperature. */
export const experiment: Experiment<Temperature> = {
  controls: {
    temperature: { default: 0.5, min: 0.1, max: 5, step: 0.1 },
    seed: SEED,
  },
  constants: { words: WORDS.length, draws: DRAWS },
  claims: {
    order: { holds: ({ reordered }) => reordered === 0 },
    entropy: {
      holds: ({ entropies }) => entropies.every((entropy, i) => i === 0 || entropy > entropies[i - 1]!),
    },
    variety: {
      holds: ({ largest, variety }) => largest[0]! > 0.99 && variety[0]! <= 2 && variety.at(-1)! >= 10,
    },
    ratio: { holds: ({ ratioError }) => ratioError < 1e-9 },
  },
  async measure({ temperature, seed }, options) {
    const steps = new Steps(options, TEMPERATURES.length + 1);
    const random = new Random(seed);
    // Falling steps of random size: another distribution for every seed, never two equal words.
    let level = 3;
    const logits = Float64Array.from(WORDS, () => level -= 0.2 + 0.6 * random.next());
    const at = (t: number): Float64Array => toProbabilities(temperatureRule(t).onHost(logits, { tokens: [] }));
    const plain = at(1), order = orderOf(plain);
    const entropies: number[] = [], largest: number[] = [], variety: number[] = [];
    let reordered = 0, ratioError = 0;
    for (const t of TEMPERATURES) {
      await steps.next();
      const probabilities = at(t);
      entropies.push(entropyOf(probabilities));
      largest.push(Math.max(...probabilities));
      reordered += Number(orderOf(probabilities) !== order);
      const ratio = Math.log(probabilities[0]! / probabilities[1]!), wanted = Math.log(plain[0]! / plain[1]!) / t;
      ratioError = Math.max(ratioError, Math.abs(ratio / wanted - 1));
      const chance = new Random(seed), divided = temperatureRule(t).onHost(logits, { tokens: [] });
      variety.push(new Set(Array.from({ length: DRAWS }, () => sample(divided, chance))).size);
    }
    await steps.next();
    const chosen = at(temperature);
    return {
      entropies,
      largest,
      reordered,
      variety,
      ratioError,
      chosenEntropy: entropyOf(chosen),
      plainEntropy: entropyOf(plain),
      shown: {
        temperature,
        temperatures: TEMPERATURES,
        draws: DRAWS,
        words: WORDS,
        chosen: [...chosen],
        plain: [...plain],
        most: Math.log(WORDS.length),
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { entropies, variety, chosenEntropy, shown } = findings;
    const over = (numbers: readonly number[]) => numbers.map((y, i): [number, number] => [shown.temperatures[i]!, y]);
    const x = { title: labels.temperature, logarithmic: true };
    return [
      {
        kind: "bars",
        caption: captions.shares(findings),
        y: { title: labels.probability, domain: [0, 1] },
        bars: shown.words.flatMap((group, i) => [
          { label: labels.one, group, value: shown.plain[i]! },
          { label: labels.chosen, group, value: shown.chosen[i]! },
        ]),
      },
      {
        kind: "line",
        caption: captions.entropy(findings),
        x,
        y: { title: labels.nats },
        series: [
          { label: labels.entropy, points: over(entropies) },
          { label: labels.equal, points: over(shown.temperatures.map(() => shown.most)), dashed: true },
          { label: labels.chosen, points: [[shown.temperature, chosenEntropy]] },
        ],
      },
      {
        kind: "line",
        caption: captions.variety(findings),
        x,
        y: { title: labels.differentIn(shown.draws) },
        series: [{ label: labels.different, points: over(variety) }],
      },
    ];
  },
};
