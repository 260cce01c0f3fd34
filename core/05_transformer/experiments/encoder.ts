/**
 * # One word, two sentences
 *
 * The notes tell static word vectors, one per word, from dynamic ones, one per word and sentence. This
 * sends two sentences that share a word through an untrained encoder and compares vectors by their
 * angle; then it exchanges two words, and pads the sentence.
 *
 * @module
 */

import { Embedding, padTokens } from "../../02_words/embeddings.ts";
import { lengthMask } from "../../04_attention/masks.ts";
import { Random } from "../../engine/random.ts";
import type { Tensor } from "../../engine/tensor.ts";
import type { Experiment, Figure } from "../../experiments.ts";
import { Encoder } from "../encoder.ts";
import { coarse, discard, mean, readRows, rounded, say, seedControl, Steps } from "./support.ts";

const SENTENCES: readonly (readonly string[])[] = [
  ["I", "eat", "an", "apple"],
  ["apple", "released", "a", "phone"],
];
const WORDS = [...new Set(SENTENCES.flat())];
const IDS = SENTENCES.map((sentence) => sentence.map((word) => WORDS.indexOf(word)));
/** Where the shared word stands in each of them. */
const SHARED = [3, 0] as const;

type Found = {
  /** Cosine between the two vectors of the shared word, before the first layer and after each. */
  readonly sameWord: readonly number[];
  /** Mean cosine of all pairs of different words, one from each sentence. */
  readonly otherWords: readonly number[];
  /** Largest difference after two words were exchanged, their vectors exchanged back. */
  readonly exchanged: number;
  /** Largest difference of a padded sentence, with a mask and without. */
  readonly masked: number;
  readonly unmasked: number;
};

function cosine(a: readonly number[], b: readonly number[]): number {
  const dot = (x: readonly number[], y: readonly number[]) => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

/** Largest difference between two lists of vectors. */
function distance(a: readonly (readonly number[])[], b: readonly (readonly number[])[]): number {
  return Math.max(...a.flatMap((row, i) => row.map((x, j) => Math.abs(x - b[i]![j]!))));
}

function angles(first: readonly number[][], second: readonly number[][]): number[][] {
  return first.map((a) => second.map((b) => rounded(cosine(a, b))));
}

function figures(
  { sameWord, otherWords }: Found,
  maps: readonly (readonly number[][])[],
  weights: readonly number[][][],
): Figure[] {
  const [first, second] = SENTENCES as [readonly string[], readonly string[]];
  const map = (values: readonly number[][], caption: string): Figure => ({
    kind: "heatMap",
    caption,
    rows: first,
    columns: second,
    rowTitle: "in the first sentence",
    columnTitle: "in the second",
    values,
    domain: [-1, 1],
    diverging: true,
  });
  const byLayer = (cosines: readonly number[]) => cosines.map((y, i): [number, number] => [i, y]);
  return [
    map(maps[0]!, "Cosines between static vectors, as the table has them: apple is apple."),
    map(
      maps[1]!,
      `After the encoder the two vectors of apple have cosine ${say(sameWord.at(-1)!)}: each has read its sentence.`,
    ),
    {
      kind: "line",
      caption:
        `Layer by layer the two apples part, from cosine 1 to ${say(sameWord.at(-1)!)}. The weights are random: ` +
        "training decides which difference is useful.",
      x: { title: "layers" },
      y: { title: "cosine" },
      series: [
        { label: "apple and apple", points: byLayer(sameWord) },
        { label: "different words, mean", points: byLayer(otherWords) },
      ],
    },
    {
      kind: "attention",
      caption: "Who reads whom in the first layer, by chance before training: of all weights the largest is " +
        `${say(Math.max(...weights.flat(2)), 2)}.`,
      from: first,
      to: first,
      weights,
      heads: weights.map((_, head) => `head ${head + 1}`),
    },
  ];
}

/** Static and contextual vectors of one word. */
export const encoderExperiment: Experiment<Found, "layers" | "heads" | "seed"> = {
  name: "transformer/encoder",
  title: "One word, two sentences",
  purpose: "“I eat an apple” and “apple released a phone” go through an encoder with random weights. The " +
    "vectors of apple start as one and are compared by their angle: 1 is the same direction, 0 is unrelated. " +
    "Change the layers or the seed, and see how far the two part, and whether they stay nearer to each other than " +
    "different words.",
  controls: {
    layers: { label: "Layers", description: "Layers of the encoder", default: 6, min: 1, max: 12 },
    heads: { label: "Heads", description: "Heads of each attention", default: 4, min: 1, max: 8 },
    seed: seedControl,
  },
  claims: [
    {
      text: "A table gives a word the same vector in every sentence",
      holds: ({ sameWord }) => Math.abs(sameWord[0]! - 1) < 1e-6,
    },
    {
      text: "An encoder does not: after six layers the vectors of apple differ, their cosine is below 0.95",
      holds: ({ sameWord }) => sameWord.at(-1)! < 0.95,
    },
    {
      text: "Without positions, exchanging two words exchanges their two outputs and changes nothing else",
      holds: ({ exchanged }) => exchanged < 1e-4,
    },
    {
      text: "Padding under a mask changes nothing; read as words, it does",
      holds: ({ masked, unmasked }) => masked < 1e-4 && unmasked > 0.01,
    },
  ],
  async run({ layers, heads, seed }, options) {
    const steps = new Steps(options, layers + 5);
    const random = new Random(seed);
    const hiddenSize = 8 * heads * Math.ceil(8 / heads);
    const table = new Embedding(WORDS.length + 1, hiddenSize, random);
    const encoder = new Encoder({ hiddenSize, numHeads: heads, numLayers: layers }, random);
    encoder.eval();
    const embed = (...sentences: readonly (readonly number[])[]): Tensor =>
      table.forward(padTokens(sentences, WORDS.length));

    // The first `depth` layers of the encoder; a post-norm stack has no closing norm.
    const through = (depth: number, ids: readonly number[]) =>
      readRows(() => encoder.layers.slice(0, depth).reduce((x, layer) => layer.forward(x), embed(ids)).at(0, 0));
    const sameWord: number[] = [], otherWords: number[] = [], maps: number[][][] = [];
    for (let depth = 0; depth <= layers; depth++) {
      await steps.next();
      const map = angles(await through(depth, IDS[0]!), await through(depth, IDS[1]!));
      sameWord.push(map[SHARED[0]]![SHARED[1]]!);
      otherWords.push(rounded(mean(map.flatMap((row, i) => row.filter((_, j) => IDS[0]![i] !== IDS[1]![j])))));
      if (depth === 0 || depth === layers) maps.push(map);
    }
    await steps.next();
    const before = await through(layers, IDS[0]!);
    const [a, b, ...others] = IDS[0]!;
    const swapped = await through(layers, [b!, a!, ...others]);
    await steps.next();
    const padded = (mask: boolean) =>
      readRows(() => {
        const hidden = embed(IDS[0]!, [0, 1, 2, 3, 4, 5, 6]);
        return encoder.forward(hidden, { mask: mask ? lengthMask([4, 7], 7) : undefined }).at(0, 0).slice(0, 0, 4);
      });
    const [masked, unmasked] = [await padded(true), await padded(false)];
    await steps.next();
    const weights: number[][][] = [];
    for (let head = 0; head < heads; head++) {
      const rows = await readRows(() => {
        let seen: Tensor | undefined;
        encoder.layers[0]!.forward(embed(IDS[0]!), { observe: (_, found) => void (seen = found.at(0, 0).at(0, head)) });
        return seen!;
      });
      weights.push(rows.map((row) => row.map(rounded)));
    }
    discard(encoder, table);
    const findings: Found = {
      sameWord,
      otherWords,
      exchanged: coarse(distance(before, [swapped[1]!, swapped[0]!, ...swapped.slice(2)])),
      masked: coarse(distance(before, masked)),
      unmasked: rounded(distance(before, unmasked)),
    };
    return { findings, figures: figures(findings, maps, weights) };
  },
};
