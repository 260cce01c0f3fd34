/**
 * # Bolder and safer
 *
 * One distribution over a dozen words at many temperatures: whether the order of the words stays, what the
 * entropy does, and how many different words fifty draws bring.
 *
 * @module
 */

import { percent, rounded, say, seedControl, Steps } from "../../05_transformer/experiments/support.ts";
import { Random } from "../../engine/random.ts";
import type { Experiment, Figure } from "../../experiments.ts";
import { sample, toProbabilities } from "../sampling.ts";
import { temperatureRule } from "../temperature.ts";

const WORDS = ["the", "a", "my", "this", "one", "his", "some", "every", "that", "no", "green", "seven"];
const TEMPERATURES = [0.02, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10, 20];
const DRAWS = 50;

type Found = {
  /** Entropy in nats, and share of the likeliest word, by temperature. */
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
};

const entropyOf = (probabilities: Float64Array): number =>
  probabilities.reduce((sum, p) => p > 0 ? sum - p * Math.log(p) : sum, 0);
const orderOf = (numbers: Float64Array): string => [...numbers.keys()].sort((a, b) => numbers[b]! - numbers[a]!).join();

function figures(found: Found, temperature: number, chosen: Float64Array, plain: Float64Array): Figure[] {
  const over = (numbers: readonly number[]) => numbers.map((y, i): [number, number] => [TEMPERATURES[i]!, rounded(y)]);
  return [
    {
      kind: "bars",
      caption:
        `At temperature ${say(temperature)} the likeliest word has ${percent(Math.max(...chosen))}, at 1 it has ` +
        `${percent(Math.max(...plain))}. No word overtakes another.`,
      y: { title: "probability", domain: [0, 1] },
      bars: WORDS.flatMap((group, i) => [
        { label: "temperature 1", group, value: rounded(plain[i]!) },
        { label: "as chosen", group, value: rounded(chosen[i]!) },
      ]),
    },
    {
      kind: "line",
      caption: `The entropy grows with the temperature, from ${say(found.entropies[0]!, 2)} to ` +
        `${say(found.entropies.at(-1)!)} nats; as many words with equal shares have ${say(Math.log(WORDS.length))}.`,
      x: { title: "temperature", logarithmic: true },
      y: { title: "entropy in nats" },
      series: [
        { label: "entropy", points: over(found.entropies) },
        { label: "equal shares", points: TEMPERATURES.map((x) => [x, rounded(Math.log(WORDS.length))]), dashed: true },
        { label: "as chosen", points: [[temperature, rounded(found.chosenEntropy)]] },
      ],
    },
    {
      kind: "line",
      caption: `The number of different words in ${DRAWS} draws: ${found.variety[0]} at the lowest temperature, ` +
        `${found.variety.at(-1)} at the highest.`,
      x: { title: "temperature", logarithmic: true },
      y: { title: `different words in ${DRAWS} draws` },
      series: [{ label: "different words", points: over(found.variety) }],
    },
  ];
}

/** Order, entropy and variety by temperature. */
export const temperatureExperiment: Experiment<Found, "temperature" | "seed"> = {
  name: "generation/temperature",
  title: "Bolder and safer",
  purpose: "One distribution over a dozen words, at many temperatures. Change the one that is shown beside " +
    "temperature 1. See that the order of the words stays, how the entropy grows, and how many different words " +
    "fifty draws bring.",
  controls: {
    temperature: {
      label: "Temperature",
      description: "What the logits are divided by; the point of the second figure",
      default: 0.5,
      min: 0.1,
      max: 5,
      step: 0.1,
    },
    seed: seedControl,
  },
  claims: [
    {
      text: "Temperature never changes which of two words is likelier",
      holds: ({ reordered }) => reordered === 0,
    },
    {
      text: "The higher the temperature, the higher the entropy",
      holds: ({ entropies }) => entropies.every((entropy, i) => i === 0 || entropy > entropies[i - 1]!),
    },
    {
      text: "At a low temperature the draw becomes the likeliest word; at a high one nearly every word comes up",
      holds: ({ largest, variety }) => largest[0]! > 0.99 && variety[0]! <= 2 && variety.at(-1)! >= 10,
    },
    {
      text: "The ratio of two probabilities is raised to the power of one over the temperature",
      holds: ({ ratioError }) => ratioError < 1e-9,
    },
  ],
  async run({ temperature, seed }, options) {
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
    const findings: Found = {
      entropies,
      largest,
      reordered,
      variety,
      ratioError,
      chosenEntropy: entropyOf(chosen),
      plainEntropy: entropyOf(plain),
    };
    return { findings, figures: figures(findings, temperature, chosen, plain) };
  },
};
