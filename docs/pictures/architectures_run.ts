/**
 * # An encoder and a decoder, or a decoder alone, shown
 *
 * @module
 */

import { fixed, number } from "../../core/experiments/numbers.ts";
import type { RunFigures } from "../picture.ts";
import type { ArchitecturesRun } from "../runs/architectures.ts";

/** The recorded run. */
export const run: RunFigures<ArchitecturesRun> = {
  figures({ results, unseen, recipe }) {
    return [{
      kind: "table",
      caption:
        `After ${recipe.steps} batches of ${recipe.batchSize} pairs: cross-entropy of ${unseen} unseen pairs in nats per ` +
        "target token, BLEU of greedy translations, and seconds of one core for the training.",
      columns: ["model", "weights", "loss", "BLEU", "seconds"],
      rows: results.map(({ name, weights, loss, bleu, seconds }) => [
        name,
        weights,
        fixed(loss, 3),
        fixed(bleu, 1),
        Math.round(seconds),
      ]),
    }];
  },
  reading({ results, layers, layout, recipe, pairs }) {
    const [both, alone, prefix] = results, better = both!.loss < alone!.loss;
    return [
      `At equal size the encoder with its decoder ends ${fixed(Math.abs(both!.loss - alone!.loss), 3)} nats ` +
      `${better ? "below" : "above"} the decoder alone, and takes ${
        number(both!.seconds / alone!.seconds, 2)
      } times its seconds: ` +
      "each token goes through half of the weights only.",
      `Letting the source words see each other in both directions changes the decoder's loss by ` +
      `${
        fixed(prefix!.loss - alone!.loss, 3).replace("-", "−")
      }. One seed each, so small differences mean nothing; and ${recipe.steps} steps are few, so this says who learns faster, not who ends better.`,
      `All: ${pairs} pairs, one vocabulary of ${recipe.vocabSize} for both languages and one table, width ${layout.hiddenSize}, ` +
      `${layout.numHeads} heads, learned positions, norms before the steps, dropout ${layout.dropout}; ${layers.both} layers of encoder and ` +
      `decoder each against ${layers.alone} layers. Each starts as its section says, at one learning rate of ${recipe.peak}. The same pairs in the same order; batches hold sources of one length.`,
    ];
  },
};
