/**
 * # One problem, five optimizers, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { fixed, number } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Contest, OptimizersFindings } from "./optimizers.ts";

const UNITS = { words: "word", letters: "letter" } as const;

/** Names, each with a number. */
const each = (names: readonly string[], numbers: readonly number[], digits: number): string =>
  names.map((name, i) => `${name} ${number(numbers[i]!, digits)}`).join(", ");

/** How far momentum runs past the minimum, and how its rates compare with those of SGD. */
function beyond(
  path: OptimizersFindings["shown"]["paths"][number],
  valley: readonly number[],
  model: readonly number[],
): string {
  const past = Math.max(...path.map(([along]) => along));
  const swings = past > 0
    ? `Momentum runs past the minimum, by up to ${number(past, 2)} along the valley, and comes back.`
    : "Momentum does not run past the minimum within these steps.";
  const rates = valley[0] === valley[1]
    ? `In the valley both have the rate ${number(valley[0]!, 2)}`
    : `In the valley SGD has the rate ${number(valley[0]!, 2)} and momentum ${number(valley[1]!, 2)}`;
  return `${swings} ${rates}; for the language model the rate that served best in a search beforehand is, for SGD, ${
    number(model[0]!, 2)
  }, for momentum ${number(model[1]!, 2)}.`;
}

/** What the experiment says. */
export const words: Words<Contest> = {
  title: "One problem, five optimizers",
  purpose: "Five optimizers go down the same narrow valley, and train the same language model on the same " +
    "batches. Change the steepness of the valley, or the text: a thousand words, most of them rare, or letters. " +
    "See which one is ahead where, how far the vectors of rare words move, and how long Adam’s steps are.",
  controls: {
    steepness: {
      label: "Steepness",
      description: "How much steeper the valley is across than along, in the first two figures",
    },
    text: {
      label: "Text",
      description: "What the language model reads, in the third and fourth figure: a thousand words, most of them " +
        "rare, or letters",
      choices: { words: "words", letters: "letters" },
    },
    steps: {
      label: "Training steps",
      description: "Of the language model, in the third and fourth figure; in the valley there are always 100",
    },
    seed: SEED_WORDS,
  },
  constants: {
    start: "start in the valley",
    momentum: "momentum",
    adam: "β₁ and β₂ of Adam, what its averages of gradients and of squares keep at each step,",
    rmsProp: "β₂ of RMSProp",
    runs: "seeds",
    width: "width",
    layers: "layers",
    heads: "heads",
    context: "context",
    batch: "windows in a batch",
    clip: "largest length of a gradient, by clipping",
    schedule: "rate of the language model: up for a tenth of the steps, then along half a cosine down to a factor of",
  },
  claims: {
    valley: "In a narrow valley all others come below a tenth of the height that SGD is left with",
    model: "All others train the language model further than SGD in as many steps",
    rare:
      "Under AdaGrad, RMSProp and Adam rare words move about as far as frequent ones or farther; under SGD and momentum less than half as far",
    further: "That makes Adam train further than momentum: it ends lower by more than 0.1 nats",
    firstStep: "With its corrections, Adam’s first step is as long as the learning rate, whatever the gradient",
    decay: "AdamW takes the same fraction off a weight with a large gradient as off one without; a penalty does not",
  },
  captions: {
    paths: ({ shown: { steepness, names, valleyRates } }) =>
      `The first 40 steps through a valley ${steepness} times as steep across as along; the lowest point is at ` +
      `(0, 0). Learning rates: ${each(names, valleyRates, 2)}. SGD would diverge beyond 2/${steepness} = ${
        number(2 / steepness, 2)
      }.`,
    heights: ({ valley, shown: { names, valleySteps } }) =>
      `Height above the lowest point, as a fraction of the height at the start. What is left of it after ${valleySteps} steps: ${
        each(names, valley, 2)
      }.`,
    losses: ({ losses, shown: { text, names, modelRates, runs, last } }) =>
      `The same small language model on ${text}, from the same weights and on the same batches. Mean of ${runs} seeds and of the last ${last} steps, and the range of the seeds as a band: ` +
      `${each(names, losses, 3)} nats per ${
        UNITS[text]
      } (a nat is the unit of −log probability with the natural logarithm). Learning rates: ${
        each(names, modelRates, 2)
      }.`,
    moved: ({ shown: { text, names, rareShare, runs } }) =>
      `How far the vectors of ${text} moved, mean of these ${runs} trainings. The rarest tenth moved, as a fraction of the most ` +
      `frequent tenth: ${each(names, rareShare, 2)}.`,
    steps: ({ decayed, penalized, shown: { single: [weight, rate, decay], decayGradients: [none, large] } }) => {
      const off = ([first, second]: readonly number[]): string =>
        `${number(first!, 2)} at a gradient of ${none} and ${number(second!, 2)} at one of ${large}`;
      return `One step at a learning rate of ${
        number(rate)
      }. Adam’s first step is one learning rate long, whatever the gradient. ` +
        `The rows below show what decay takes off a weight of ${
          number(weight)
        }: the difference to the same step without it. AdamW with a decay of ` +
        `λ = ${number(decay)} takes off ${
          off(decayed)
        }. A penalty adds λ times the weight to the gradient; Adam with a penalty of λ = ${number(decay)} takes off ${
          off(penalized)
        }, because its division makes the penalty small too.`;
    },
  },
  reading: (
    {
      valley,
      losses,
      lowest,
      highest,
      shown: { valleySteps, steepness, text, names, rareShare, runs, steps, paths, valleyRates, modelRates },
    },
  ) => [
    valley[0]! > valley[1]!
      ? `In this valley SGD zigzags between the walls and still has ${
        number(valley[0]!, 2)
      } of its height after ${valleySteps} ` +
        `steps, momentum ${number(valley[1]!, 2)} and Adam ${
          number(valley[4]!, 2)
        }. Set the steepness to 5: that valley is hardly ` +
        "narrow, and SGD is ahead."
      : `A valley ${steepness} times as steep across as along is hardly narrow: after ${valleySteps} steps SGD has the least height left.`,
    beyond(paths[1]!, valleyRates, modelRates),
    `On ${text} the losses after ${steps} steps are, by seed: ${
      names.map((name, i) => `${name} ${fixed(lowest[i]!, 2)} to ${fixed(highest[i]!, 2)}`).join(", ")
    }. ` +
    (losses[4]! < losses[1]! - 0.1
      ? "Adam is ahead of momentum."
      : "Momentum, with one average instead of two, comes as far as Adam. The model is small and the steps are few: on " +
        "Transformers of practical size SGD with momentum falls far behind (Zhang et al. 2020, Kunstner et al. 2024)."),
    `The division by the root is seen in how far the vectors of ${text} move. As a multiple of what the most frequent tenth ` +
    `moves, the rarest tenth moves ${
      names.map((name, i) => `${number(rareShare[i]!, 2)} under ${name}`).join(", ")
    }, mean of ${runs} seeds.`,
  ],
  labels: {
    SGD: "SGD",
    momentum: "momentum",
    AdaGrad: "AdaGrad",
    RMSProp: "RMSProp",
    Adam: "Adam",
    along: "along the valley",
    across: "across",
    step: "step",
    height: "height, start = 1",
    distance: "distance moved, mean",
    frequent: "most frequent tenth",
    rare: "rarest tenth",
    what: "what",
    gradient: "gradient",
    result: "result",
    firstStep: "Adam, first step in learning rates",
    decay: "AdamW, taken off by decay",
    penalty: "Adam, taken off by a penalty",
    nats: { words: "nats per word", letters: "nats per letter" },
  },
};
