/**
 * # A good review, in seven ways, in English
 *
 * @module
 */

import type { Words } from "../../../experiments/experiment.ts";
import { fixed, number, percent } from "../../../experiments/numbers.ts";
import { SEED_WORDS } from "../../../experiments/seed.words.ts";
import type { SteeringExperiment } from "./steering.ts";

/** What the experiment says. */
export const words: Words<SteeringExperiment> = {
  title: "A good review, in seven ways",
  purpose:
    "A small GPT has learned reviews from a grammar, most of them bad. It is asked for good ones, bad ones are rejected, second models steer it by FUDGE and by rewards, and preferences change " +
    "its weights by DPO and by RLHF. The grammar knows which reviews are good. Compare how often each method succeeds, what it costs, and how far it goes from the model.",
  controls: { seed: SEED_WORDS },
  constants: {
    width: "width",
    layers: "layers",
    heads: "heads",
    steps: "steps",
    rate: "learning rate",
    good: "fraction of good reviews",
    judged: "reviews with a judgement",
    pairs: "preferred reviews of DPO",
    dpoSteps: "steps of DPO",
    dpoRate: "learning rate of DPO",
    dpoBeta: "β of DPO",
    rlSteps: "steps of RLHF",
    rlRate: "learning rate of RLHF",
    rlBeta: "β of RLHF",
    written: "reviews written",
    budget: "most draws for a review",
    strength: "λ of FUDGE in the table",
    beta: "β of the reward in the table",
  },
  claims: {
    all: "Each method writes more good reviews than plain sampling, by more than 10 percentage points",
    asking: "Asking does not always help, also where the model was trained to be asked ([the notes](notes:004.110))",
    fudge: "FUDGE makes the language model read less than half of what rejection does",
    rejection: "More than nine of ten reviews that rejection keeps are reviews of the grammar",
    tuned: "DPO and RLHF leave the reference",
    price: "The largest weight of the reward costs more nats per token than the smallest",
  },
  captions: {
    methods: ({ methods, kl, shown: { written, budget } }) =>
      `${written} reviews of each method; rejection draws at most ${budget} for one. Good ones are good by the grammar, and reviews of the grammar are sentences that it has. ` +
      `Nats per token are those of the model that is asked for nothing, which writes ${
        percent(methods.plain.good, 2)
      } good reviews by itself. The cost counts the tokens that the language model reads. DPO has left the reference by ${
        fixed(kl[0], 2)
      } nats per token, RLHF by ${fixed(kl[1], 2)}.`,
    strength: ({ reward, shown: { strengths, betas } }) =>
      `Good reviews, and what they cost in probability. FUDGE with the strengths ${
        strengths.join(", ")
      }, rewards with the weights ${betas.join(", ")}: with the largest weight ${
        percent(reward.at(-1)!.good, 2)
      } are good.`,
    texts: () => "The first review of each method.",
  },
  reading: ({ methods, shown: { budget } }) => [
    `A review says only at its end whether it is good: “I expected the film to be bad but it was great”. The mask of a grammar would need a list of all good reviews. What a second model expects of a prefix is enough: FUDGE comes to ${
      percent(methods.fudge.good, 2)
    } good reviews, and rewards to ${percent(methods.reward.good, 2)}, at one draw each.`,
    `Asking comes to ${
      percent(methods.asking.good, 2)
    } at no cost but a token. The model was trained to be asked, with a word that means nothing else; that is more than a prompt in plain words can count on. This experiment cannot say how well a large model follows instructions.`,
    `Rejection keeps what the second model takes for good, ${
      percent(methods.rejection.good, 2)
    } of its reviews, and has to read ${
      number(methods.rejection.cost / methods.plain.cost, 2)
    } times as much. After ${budget} draws it gives up and keeps the last one.`,
    `DPO and RLHF pay in training, and their reviews cost no more than plain ones: ${
      percent(methods.dpo.good, 2)
    } and ${percent(methods.rlhf.good, 2)} are good. Of their reviews ${percent(methods.dpo.distinct, 2)} and ${
      percent(methods.rlhf.distinct, 2)
    } are different ones; of the plain ones it is ${percent(methods.plain.distinct, 2)}.`,
  ],
  labels: {
    plain: "plain sampling",
    asking: "asking",
    rejection: "rejection",
    fudge: "FUDGE",
    reward: "reward (RAD)",
    dpo: "DPO",
    rlhf: "RLHF",
    method: "method",
    good: "good reviews",
    valid: "reviews of the grammar",
    nats: "nats per token",
    distinct: "different",
    cost: "tokens read",
    text: "review",
  },
};
