/**
 * # A look-up is a product with one-hot rows
 *
 * The page says that looking rows up and multiplying by one-hot vectors give the same, that only the rows
 * looked up receive a gradient, and that a padding token comes out as zeros. This does both on one
 * sentence and compares every number.
 *
 * @module
 */

import { tensor } from "../../engine/create.ts";
import { oneHot } from "../../engine/indexing.ts";
import { Random } from "../../engine/random.ts";
import { scope } from "../../engine/scope.ts";
import type { Experiment, Labels, Parts } from "../../experiments/experiment.ts";
import { readMatrix } from "../../experiments/reading.ts";
import { SEED } from "../../experiments/seed.ts";
import { Embedding, multiplyOneHot } from "../embeddings.ts";

const WORDS = ["<pad>", "the", "cat", "sat", "on", "mat", "a", "dog", "ran", "by", "big", "red", "book", "was", "read"];
const SENTENCE = ["the", "cat", "sat", "on", "the", "mat", "<pad>", "<pad>"];
const SIZES = [100, 1000, 10_000, 100_000];

/** What is found. */
export interface LookUpFindings {
  /** Largest difference between a looked-up and a multiplied number. */
  readonly difference: number;
  /** Largest number in the vector of a padding token. */
  readonly padding: number;
  /** Length of the gradient of each row of the table, divided by that of a word that occurs once. */
  readonly gradient: readonly number[];
  /** How often each word occurs in the sentence, padding left out. */
  readonly occurrences: readonly number[];
  readonly shown: {
    readonly sentence: readonly string[];
    readonly words: readonly string[];
    /** The word that occurs twice, and how far its row is pushed. */
    readonly twice: string;
    readonly push: number;
    /** The sentence as one-hot rows, the table, and what comes out of it. */
    readonly selectors: readonly (readonly number[])[];
    readonly table: readonly (readonly number[])[];
    readonly looked: readonly (readonly number[])[];
    /** Numbers read by the size of the vocabulary. */
    readonly sizes: readonly number[];
    readonly byProduct: readonly number[];
    readonly byLookUp: readonly number[];
  };
}

/** What the experiment is made of. */
export interface LookUp extends Parts {
  findings: LookUpFindings;
  controls: "vocabulary" | "width" | "seed";
  claims: "same" | "gradient" | "padding";
  captions: "selectors" | "table" | "looked" | "gradient" | "cost";
  labels: Labels<"position" | "word" | "dimension" | "gradient" | "vocabulary" | "numbers" | "product" | "lookUp">;
}

/** The same rows by look-up and by product, and whose gradient moves. */
export const experiment: Experiment<LookUp> = {
  controls: {
    vocabulary: { default: 10, min: 6, max: WORDS.length },
    width: { default: 6, min: 1, max: 16 },
    seed: SEED,
  },
  claims: {
    same: { holds: ({ difference }) => difference === 0 },
    gradient: { holds: ({ gradient, occurrences }) => gradient.every((x, i) => Math.abs(x - occurrences[i]!) < 1e-5) },
    padding: { holds: ({ padding }) => padding === 0 },
  },
  async measure({ vocabulary: V, width: E, seed }, { signal }) {
    signal?.throwIfAborted();
    const embedding = new Embedding(V, E, new Random(seed), { paddingIndex: 0 });
    const ids = SENTENCE.map((word) => WORDS.indexOf(word));
    const T = ids.length, real = ids.indexOf(0);
    const tokens = tensor(ids, [T], "int32");

    const [embedded, product, selectors] = scope(() => {
      const embedded = embedding.forward(tokens);
      // Every word of the sentence asks for the same change: one in each coordinate.
      embedded.sum().backward();
      return [
        embedded.detach(),
        multiplyOneHot(tokens, embedding.weight.tensor).detach(),
        oneHot(tokens, V).cast("float32"),
      ];
    });
    const looked = await readMatrix(embedded!), multiplied = await readMatrix(product!);
    const gradients = await readMatrix(embedding.weight.tensor.grad!);
    const table = await readMatrix(embedding.weight.tensor);
    const differences = looked.slice(0, real).flatMap((row, t) => row.map((x, e) => Math.abs(x - multiplied[t]![e]!)));
    const gradient = gradients.map((row) => Math.hypot(...row) / Math.sqrt(E));
    const occurrences = Array.from({ length: V }, (_, id) => id === 0 ? 0 : ids.filter((other) => other === id).length);
    const twice = occurrences.indexOf(2);
    return {
      difference: Math.max(...differences),
      padding: Math.max(...looked.slice(real).flat().map(Math.abs)),
      gradient,
      occurrences,
      shown: {
        sentence: SENTENCE,
        words: WORDS.slice(0, V),
        twice: WORDS[twice]!,
        push: gradient[twice]!,
        selectors: await readMatrix(selectors!),
        table,
        looked,
        sizes: SIZES,
        byProduct: SIZES.map((size) => size * 512),
        byLookUp: SIZES.map(() => T * 512),
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { gradient, shown } = findings, { sentence, words, sizes } = shown;
    const dimensions = shown.table[0]!.map((_, i) => String(i + 1));
    const over = (numbers: readonly number[]) => sizes.map((size, i): [number, number] => [size, numbers[i]!]);
    return [
      {
        kind: "heatMap",
        caption: captions.selectors(findings),
        rows: sentence,
        columns: words,
        values: shown.selectors,
        rowTitle: labels.position,
        columnTitle: labels.word,
        domain: [0, 1],
        quantity: "o",
      },
      {
        kind: "heatMap",
        caption: captions.table(findings),
        rows: words,
        columns: dimensions,
        values: shown.table,
        rowTitle: labels.word,
        columnTitle: labels.dimension,
        diverging: true,
        quantity: "W",
      },
      {
        kind: "heatMap",
        caption: captions.looked(findings),
        rows: sentence,
        columns: dimensions,
        values: shown.looked,
        rowTitle: labels.position,
        columnTitle: labels.dimension,
        diverging: true,
        quantity: "e",
      },
      {
        kind: "bars",
        caption: captions.gradient(findings),
        y: { title: labels.gradient },
        bars: words.map((label, i) => ({ label, value: gradient[i]!, quantity: "W" })),
      },
      {
        kind: "line",
        caption: captions.cost(findings),
        x: { title: labels.vocabulary, logarithmic: true },
        y: { title: labels.numbers, logarithmic: true },
        series: [
          { label: labels.product, points: over(shown.byProduct), quantity: "o" },
          { label: labels.lookUp, points: over(shown.byLookUp), quantity: "e" },
        ],
      },
    ];
  },
};
