/**
 * # One word, two sentences
 *
 * The notes tell static word vectors, one per word, from dynamic ones, one per word and sentence. This
 * sends two sentences that share a word through untrained encoders, compares vectors by their angle, and
 * takes the mean over many; then it exchanges two words, and pads the sentence.
 *
 * @module
 */

import { Embedding, padTokens } from "../../02_words/embeddings.ts";
import { lengthMask } from "../../04_attention/masks.ts";
import { stack } from "../../engine/ops.ts";
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
/** Encoders of each kind; what one of them makes of a word is chance. */
const DRAWS = 16;

type Found = {
  /** Cosine between the two vectors of the shared word, before the first layer and after each; post-norm. */
  readonly sameWord: readonly number[];
  /** Mean cosine of all pairs of different words, one from each sentence. */
  readonly otherWords: readonly number[];
  /** The same with pre-norm. */
  readonly sameWordPre: readonly number[];
  readonly otherWordsPre: readonly number[];
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

/** How much more alike two vectors of one word are than those of different words, after the last layer. */
const kept = (same: readonly number[], other: readonly number[]): number => same.at(-1)! - other.at(-1)!;

function figures(
  { sameWord, otherWords, sameWordPre, otherWordsPre }: Found,
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
    map(maps[0]!, `Cosines between static vectors, as tables have them, mean of ${DRAWS}: apple is apple.`),
    map(
      maps.at(-1)!,
      `After ${DRAWS} untrained encoders with post-norm, on average: the two vectors of apple have cosine ` +
        `${say(sameWord.at(-1)!, 2)}, for each has read its sentence; different words have ` +
        `${say(otherWords.at(-1)!, 2)}.`,
    ),
    {
      kind: "line",
      caption: `Layer by layer two apples part, mean of ${DRAWS} encoders. With post-norm they end ` +
        `${say(kept(sameWord, otherWords), 1)} more alike than different words, with pre-norm ` +
        `${say(kept(sameWordPre, otherWordsPre), 1)}.`,
      x: { title: "layers" },
      y: { title: "cosine" },
      series: [
        { label: "post-norm, apple and apple", points: byLayer(sameWord) },
        { label: "post-norm, different words", points: byLayer(otherWords), dashed: true },
        { label: "pre-norm, apple and apple", points: byLayer(sameWordPre) },
        { label: "pre-norm, different words", points: byLayer(otherWordsPre), dashed: true },
      ],
    },
    {
      kind: "attention",
      caption: "Who reads whom in the first layer of one encoder, by chance before training. Words at the left ask, " +
        "words at the right are asked; the wider the line, the larger the weight. The largest is " +
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
  purpose: "“I eat an apple” and “apple released a phone” go through encoders with random weights. The " +
    "vectors of apple start as one and are compared by their angle: 1 is the same direction, 0 is unrelated. " +
    `What one encoder does is chance, so cosines are means of ${DRAWS}. Change the layers, and see how far the two ` +
    "part, and whether they stay nearer to each other than different words.",
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
      text: "An encoder does not: after its last layer the vectors of apple differ, their cosine is below 0.95",
      holds: ({ sameWord, sameWordPre }) => sameWord.at(-1)! < 0.95 && sameWordPre.at(-1)! < 0.95,
    },
    {
      text: "Post-norm keeps more of the original word than pre-norm",
      holds: ({ sameWord, otherWords, sameWordPre, otherWordsPre }) =>
        kept(sameWord, otherWords) > kept(sameWordPre, otherWordsPre),
      refuted: true,
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
    const steps = new Steps(options, 2 * DRAWS + 3);
    const chance = new Random(seed), hiddenSize = 8 * heads * Math.ceil(8 / heads);
    const create = (random: Random, placement: "post" | "pre") => {
      const table = new Embedding(WORDS.length + 1, hiddenSize, random);
      const encoder = new Encoder({ hiddenSize, numHeads: heads, numLayers: layers, placement }, random);
      encoder.eval();
      return { table, encoder };
    };
    const embed = (table: Embedding, ...sentences: readonly (readonly number[])[]): Tensor =>
      table.forward(padTokens(sentences, WORDS.length));

    /** The vectors of a sentence before the first layer and after each. */
    const through = async ({ table, encoder }: ReturnType<typeof create>, ids: readonly number[]) => {
      const rows = await readRows(() => {
        const states = [embed(table, ids)];
        for (const layer of encoder.layers) states.push(layer.forward(states.at(-1)!));
        return stack(states, 0);
      });
      return Array.from({ length: layers + 1 }, (_, depth) => rows.slice(depth * ids.length, (depth + 1) * ids.length));
    };
    const first = create(new Random(seed), "post");
    const measured: number[][][][] = [];
    for (const norm of ["post", "pre"] as const) {
      const maps = Array.from({ length: layers + 1 }, () => SENTENCES[0]!.map(() => SENTENCES[1]!.map(() => 0)));
      for (let i = 0; i < DRAWS; i++) {
        await steps.next();
        const models = create(chance.split(), norm);
        const [a, b] = [await through(models, IDS[0]!), await through(models, IDS[1]!)];
        maps.forEach((map, depth) =>
          angles(a[depth]!, b[depth]!).forEach((row, r) => row.forEach((x, c) => map[r]![c]! += x / DRAWS))
        );
        discard(models.encoder, models.table);
      }
      measured.push(maps.map((map) => map.map((row) => row.map(rounded))));
    }
    const same = (maps: readonly number[][][]) => maps.map((map) => map[SHARED[0]]![SHARED[1]]!);
    const other = (maps: readonly number[][][]) =>
      maps.map((map) => rounded(mean(map.flatMap((row, i) => row.filter((_, j) => IDS[0]![i] !== IDS[1]![j])))));
    await steps.next();
    const { table, encoder } = first, before = (await through(first, IDS[0]!)).at(-1)!;
    const [a, b, ...others] = IDS[0]!;
    const swapped = (await through(first, [b!, a!, ...others])).at(-1)!;
    await steps.next();
    const padded = (mask: boolean) =>
      readRows(() => {
        const hidden = embed(table, IDS[0]!, [0, 1, 2, 3, 4, 5, 6]);
        return encoder.forward(hidden, { mask: mask ? lengthMask([4, 7], 7) : undefined }).at(0, 0).slice(0, 0, 4);
      });
    const [masked, unmasked] = [await padded(true), await padded(false)];
    await steps.next();
    const weights: number[][][] = [];
    for (let head = 0; head < heads; head++) {
      const rows = await readRows(() => {
        let seen: Tensor | undefined;
        encoder.layers[0]!.forward(embed(table, IDS[0]!), {
          observe: (_, found) => void (seen = found.at(0, 0).at(0, head)),
        });
        return seen!;
      });
      weights.push(rows.map((row) => row.map(rounded)));
    }
    discard(encoder, table);
    const findings: Found = {
      sameWord: same(measured[0]!),
      otherWords: other(measured[0]!),
      sameWordPre: same(measured[1]!),
      otherWordsPre: other(measured[1]!),
      exchanged: coarse(distance(before, [swapped[1]!, swapped[0]!, ...swapped.slice(2)])),
      masked: coarse(distance(before, masked)),
      unmasked: rounded(distance(before, unmasked)),
    };
    return { findings, figures: figures(findings, measured[0]!, weights) };
  },
};
