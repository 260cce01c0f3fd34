/**
 * # An encoder and a decoder, or a decoder alone, shown
 *
 * @module
 */

import { fixed, number } from "../../core/experiments/numbers.ts";
import type { RunFigures } from "../picture.ts";
import type { ArchitecturesRun } from "../runs/architectures.ts";

/** What the reading is made of. */
export interface ArchitecturesSummary extends ArchitecturesRun {
  /** Losses and seconds of both stacks against a decoder alone, and what the prefix mask changes. */
  readonly lead: number;
  readonly seconds: number;
  readonly prefix: number;
  /** Most tokens of a sentence that is learned from. */
  readonly longest: number;
}

/** What the run says. */
export interface ArchitecturesWords {
  readonly names: Readonly<Record<ArchitecturesRun["results"][number]["name"], string>>;
  readonly columns: readonly string[];
  readonly caption: (run: ArchitecturesRun) => string;
  readonly reading: (summary: ArchitecturesSummary) => readonly string[];
}

const words: ArchitecturesWords = {
  names: {
    "encoder and decoder": "encoder and decoder",
    "decoder only": "decoder only",
    "decoder with a prefix mask": "decoder with a prefix mask",
  },
  columns: ["model", "weights", "loss", "BLEU", "seconds"],
  caption: ({ unseen, recipe }) =>
    `After ${recipe.steps} batches of ${recipe.batchSize} pairs: cross-entropy of ${unseen} unseen pairs in nats per ` +
    "target token, BLEU of greedy translations, and seconds of one core for the training.",
  reading: ({ lead, seconds, prefix, longest, layers, layout, recipe, pairs }) => [
    `At equal size the encoder with its decoder ends ${fixed(Math.abs(lead), 3)} nats ` +
    `${lead > 0 ? "below" : "above"} the decoder alone, and takes ${number(seconds, 2)} times its seconds: ` +
    "each token goes through half of the weights only.",
    "If the source words see each other in both directions, the decoder's loss changes by " +
    `${
      fixed(prefix, 3).replace("-", "−")
    }. Each model was trained with one seed, so small differences mean nothing; and ${recipe.steps} steps ` +
    "are few, so this says who learns faster, not who ends better.",
    `All three learned from the same ${pairs} pairs in the same order: those with at most ${longest} tokens in each sentence. They have one vocabulary of ` +
    `${recipe.vocabSize} tokens for both languages and one table, width ${layout.hiddenSize}, ${layout.numHeads} heads, learned ` +
    `positions, norms before the steps and dropout ${layout.dropout}; ${layers.both} layers of encoder and decoder each stand ` +
    `against ${layers.alone} layers. The first weights of each are drawn as its section says; all have the learning rate ${recipe.peak}. A batch holds sources of one length.`,
  ],
};

/** The recorded run. */
export const run: RunFigures<ArchitecturesRun, ArchitecturesWords> = {
  words,
  figures(findings, { names, columns, caption }) {
    return [{
      kind: "table",
      caption: caption(findings),
      columns,
      rows: findings.results.map(({ name, weights, loss, bleu, seconds }) => [
        names[name],
        weights,
        fixed(loss, 3),
        fixed(bleu, 1),
        Math.round(seconds),
      ]),
    }];
  },
  reading(findings, _, { reading }) {
    const [both, alone, prefix] = findings.results;
    return reading({
      ...findings,
      lead: alone!.loss - both!.loss,
      seconds: both!.seconds / alone!.seconds,
      prefix: prefix!.loss - alone!.loss,
      longest: findings.layout.contextLength / 2 - 2,
    });
  },
};
