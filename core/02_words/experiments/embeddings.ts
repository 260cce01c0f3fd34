/**
 * # A look-up is a product
 *
 * The page says that looking rows up and multiplying by one-hot vectors give the same, that only the rows
 * looked up receive a gradient, and that a padding token comes out as zeros. This does both on one
 * sentence and compares every number.
 *
 * @module
 */

import { oneHot } from "../../engine/ops.ts";
import { Random } from "../../engine/random.ts";
import { scope } from "../../engine/scope.ts";
import { tensor } from "../../engine/tensor.ts";
import type { Experiment } from "../../experiments.ts";
import { number, readMatrix, SEED } from "../../experiments/plain.ts";
import { Embedding, multiplyOneHot } from "../embeddings.ts";

const WORDS = ["<pad>", "the", "cat", "sat", "on", "mat", "a", "dog", "ran", "by", "big", "red", "book", "was", "read"];
const SENTENCE = ["the", "cat", "sat", "on", "the", "mat", "<pad>", "<pad>"];
const SIZES = [100, 1000, 10_000, 100_000];

type Found = {
  /** Largest difference between a looked-up and a multiplied number. */
  readonly difference: number;
  /** Largest number in the vector of a padding token. */
  readonly padding: number;
  /** Length of the gradient of each row of the table, divided by that of a word that occurs once. */
  readonly gradient: readonly number[];
  /** How often each word occurs in the sentence, padding left out. */
  readonly occurrences: readonly number[];
};

/** The same rows by look-up and by product, and whose gradient moves. */
export const embeddingsExperiment: Experiment<Found, "vocabulary" | "width" | "seed"> = {
  name: "words/embeddings",
  title: "A look-up is a product with one-hot rows",
  purpose: "One sentence becomes vectors in two ways: by looking up rows of a table, and by multiplying " +
    "one-hot rows with the table. Change the vocabulary or the width. Compare what comes out, and see whose row " +
    "receives a gradient.",
  controls: {
    vocabulary: {
      label: "Vocabulary",
      description: "Number of words, the first of which the sentence uses",
      default: 10,
      min: 6,
      max: WORDS.length,
    },
    width: { label: "Width", description: "Width of an embedding", default: 6, min: 1, max: 16 },
    seed: SEED,
  },
  claims: [
    {
      text: "Looking up and multiplying give exactly the same numbers",
      holds: ({ difference }) => difference === 0,
    },
    {
      text: "Only the words of the sentence receive a gradient; one that occurs twice receives it twice",
      holds: ({ gradient, occurrences }) => gradient.every((x, i) => Math.abs(x - occurrences[i]!) < 1e-5),
    },
    {
      text: "The vector of a padding token is zero",
      holds: ({ padding }) => padding === 0,
    },
  ],
  async run({ vocabulary: V, width: E, seed }, { signal }) {
    signal?.throwIfAborted();
    const embedding = new Embedding(V, E, new Random(seed), { paddingIndex: 0 });
    const ids = SENTENCE.map((word) => WORDS.indexOf(word));
    const T = ids.length, real = ids.indexOf(0);
    const tokens = tensor(ids, [T], "int32");

    const [embedded, product, selectors] = scope(() => {
      const embedded = embedding.forward(tokens);
      // Every word of the sentence asks for the same change: one in each coordinate.
      embedded.sum().backward();
      return [embedded.detach(), multiplyOneHot(tokens, embedding.weight).detach(), oneHot(tokens, V).cast("float32")];
    });
    const looked = await readMatrix(embedded!), multiplied = await readMatrix(product!);
    const gradients = await readMatrix(embedding.weight.grad!);
    const table = await readMatrix(embedding.weight);
    const differences = looked.slice(0, real).flatMap((row, t) => row.map((x, e) => Math.abs(x - multiplied[t]![e]!)));
    const findings: Found = {
      difference: Math.max(...differences),
      padding: Math.max(...looked.slice(real).flat().map(Math.abs)),
      gradient: gradients.map((row) => Math.hypot(...row) / Math.sqrt(E)),
      occurrences: Array.from({ length: V }, (_, id) => id === 0 ? 0 : ids.filter((other) => other === id).length),
    };
    const words = WORDS.slice(0, V), dimensions = Array.from({ length: E }, (_, i) => String(i + 1));
    const twice = words[findings.occurrences.indexOf(2)]!;
    return {
      findings,
      figures: [
        {
          kind: "heatMap",
          caption: `The sentence as ${T} one-hot rows of ${V} numbers: ${T} ones among ${T * V}.`,
          rows: SENTENCE,
          columns: words,
          values: await readMatrix(selectors!),
          rowTitle: "position",
          columnTitle: "word of the vocabulary",
          domain: [0, 1],
          quantity: "o",
        },
        {
          kind: "heatMap",
          caption: "The table, one row per word. The row of <pad> holds numbers like the others; a look-up writes " +
            "zeros in their place.",
          rows: words,
          columns: dimensions,
          values: table,
          rowTitle: "word of the vocabulary",
          columnTitle: "dimension",
          diverging: true,
          quantity: "W",
        },
        {
          kind: "heatMap",
          caption: `What comes out, looked up: the largest difference to the product is ${findings.difference}. Both ` +
            `rows of “${twice}” are the same, and those of the padding are zero.`,
          rows: SENTENCE,
          columns: dimensions,
          values: looked,
          rowTitle: "position",
          columnTitle: "dimension",
          diverging: true,
          quantity: "e",
        },
        {
          kind: "bars",
          caption: `How far each row is pushed, if every position asks for the same change: “${twice}” ` +
            `${number(findings.gradient[words.indexOf(twice)]!)} times, and ` +
            `${findings.gradient.filter((x) => x === 0).length} of ${V} rows not at all.`,
          y: { title: "gradient, in units of one position" },
          bars: words.map((label, i) => ({ label, value: findings.gradient[i]!, quantity: "W" })),
        },
        {
          kind: "line",
          caption: `Numbers of the table that are read for ${T} words of width 512, by the size of the vocabulary: ` +
            "a product reads all of it, a look-up the rows it needs.",
          x: { title: "vocabulary V", logarithmic: true },
          y: { title: "numbers read", logarithmic: true },
          series: [
            { label: "product", points: SIZES.map((size): [number, number] => [size, size * 512]), quantity: "o" },
            { label: "look-up", points: SIZES.map((size): [number, number] => [size, T * 512]), quantity: "e" },
          ],
        },
      ],
    };
  },
};
