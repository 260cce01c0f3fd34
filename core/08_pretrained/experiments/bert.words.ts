/**
 * # Seven ways to misread a BERT, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { percent } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { BertTraps } from "./bert.ts";

/** What the experiment says. */
export const words: Words<BertTraps> = {
  title: "Seven ways to misread a BERT",
  purpose:
    "A small BERT learns hidden words in pairs of texts, whose words come in couples, other ones in the second text. Its weights are written under the names of its files and read back, once as they were written and then with one mistake. The loss at hidden words of new samples says what the mistake costs.",
  controls: { steps: { label: "Steps", description: "Steps of training" }, seed: SEED_WORDS },
  constants: { couples: "couples", width: "width" },
  claims: {
    loud: "Positions that begin one row later, and token types that are left out, cost more than half a nat each",
    order: "Norms inside the steps cost more than a tenth of a nat, and the model still finds most words",
    silent: "Padding that is read, and a bias that is left out, cost less than a tenth of a nat here",
    quiet: "The other GELU and an epsilon of 1e-5 cost less than 0.01 nats: no sentence shows them",
  },
  captions: {
    nats: ({ nats }) =>
      `Loss at hidden words of new samples: ${nats[0]!.toFixed(2)} nats as written; ${
        nats.slice(1).map((loss) => loss.toFixed(2)).join(", ")
      } with the mistakes.`,
    table: ({ same }) =>
      `How often the most probable word is the same as with the right reading: ${
        same.slice(1).map((part) => percent(part, 3)).join(", ")
      }.`,
  },
  reading: ({ nats, same }) => [
    `The other GELU changes the loss by ${Math.abs(nats[6]! - nats[0]!).toFixed(4)} nats here, and ${
      percent(same[6]!, 3)
    } of the words are the same. Such a mistake is found by comparing vectors with those of the library, and in no other way. Padding is cheap here because rows are short and few are padded; where a batch has rows of all lengths, most of what is read may be padding.`,
  ],
  labels: {
    right: "as it was written",
    preNorm: "norms inside the steps",
    positions: "positions one row later",
    padding: "padding is read",
    types: "no token types",
    bias: "no bias of the words",
    gelu: "GELU by tanh",
    epsilon: "epsilon 1e-5 for 1e-12",
    nats: "nats",
    same: "same word",
    reading: "read",
  },
};
