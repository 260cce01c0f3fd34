/**
 * # One word, two sentences
 *
 * [The notes](notes:001.7) tell static word vectors, one per word, from dynamic ones, one per word and sentence. This
 * sends two sentences that share a word through untrained encoders, compares vectors by their angle, and
 * takes the mean over many; then it exchanges two words, and pads the sentence.
 *
 * @module
 */

import { Embedding, padTokens } from "../../02_words/embeddings.ts";
import { lengthMask } from "../../04_attention/masks.ts";
import { stack } from "../../engine/joining.ts";
import type { Tensor } from "../../engine/tensor.ts";
import { Random } from "../../engine/random.ts";
import { coarse, mean, rounded } from "../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts } from "../../experiments/experiment.ts";
import { discard } from "../../experiments/learning.ts";
import { readRows } from "../../experiments/reading.ts";
import { Steps } from "../../experiments/running.ts";
import { SEED } from "../../experiments/seed.ts";
import { Encoder } from "../encoder.ts";

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

/** What is found. */
export interface EncoderFindings {
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
  readonly shown: {
    readonly draws: number;
    readonly sentences: readonly (readonly string[])[];
    /** Cosines of all pairs of words, static and after the last layer, with post-norm. */
    readonly statics: readonly (readonly number[])[];
    readonly contextual: readonly (readonly number[])[];
    /** Attention of the first layer, by head. */
    readonly weights: readonly (readonly (readonly number[])[])[];
    /** How much more alike two vectors of one word are than those of different words: post-norm, pre-norm. */
    readonly kept: readonly number[];
  };
}

/** What the experiment is made of. */
export interface Contextual extends Parts {
  findings: EncoderFindings;
  controls: "layers" | "heads" | "seed";
  claims: "static" | "contextual" | "kept" | "exchanged" | "padding";
  captions: "statics" | "contextual" | "layers" | "attention";
  labels:
    & Labels<"first" | "second" | "layers" | "cosine" | "samePost" | "otherPost" | "samePre" | "otherPre">
    & { head(number: number): string };
}

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

/** Static and contextual vectors of one word. */
export const experiment: Experiment<Contextual> = {
  controls: {
    layers: { default: 6, min: 1, max: 12 },
    heads: { default: 4, min: 1, max: 8 },
    seed: SEED,
  },
  constants: { draws: DRAWS },
  claims: {
    static: { holds: ({ sameWord }) => Math.abs(sameWord[0]! - 1) < 1e-6 },
    contextual: { holds: ({ sameWord, sameWordPre }) => sameWord.at(-1)! < 0.95 && sameWordPre.at(-1)! < 0.95 },
    kept: {
      refuted: true,
      holds: ({ sameWord, otherWords, sameWordPre, otherWordsPre }) =>
        kept(sameWord, otherWords) > kept(sameWordPre, otherWordsPre),
    },
    exchanged: { holds: ({ exchanged }) => exchanged < 1e-4 },
    padding: { holds: ({ masked, unmasked }) => masked < 1e-4 && unmasked > 0.01 },
  },
  async measure({ layers, heads, seed }, options) {
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
      weights.push(rows);
    }
    discard(encoder, table);
    const [post, pre] = [measured[0]!, measured[1]!];
    const [sameWord, otherWords, sameWordPre, otherWordsPre] = [same(post), other(post), same(pre), other(pre)];
    return {
      sameWord,
      otherWords,
      sameWordPre,
      otherWordsPre,
      exchanged: coarse(distance(before, [swapped[1]!, swapped[0]!, ...swapped.slice(2)])),
      masked: coarse(distance(before, masked)),
      unmasked: rounded(distance(before, unmasked)),
      shown: {
        draws: DRAWS,
        sentences: SENTENCES,
        statics: post[0]!,
        contextual: post.at(-1)!,
        weights,
        kept: [kept(sameWord, otherWords), kept(sameWordPre, otherWordsPre)],
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { sameWord, otherWords, sameWordPre, otherWordsPre, shown } = findings;
    const [first, second] = [shown.sentences[0]!, shown.sentences[1]!];
    const map = {
      kind: "heatMap",
      rows: first,
      columns: second,
      rowTitle: labels.first,
      columnTitle: labels.second,
      domain: [-1, 1],
      diverging: true,
    } as const;
    const byLayer = (cosines: readonly number[]) => cosines.map((y, i): [number, number] => [i, y]);
    return [
      { ...map, caption: captions.statics(findings), values: shown.statics },
      { ...map, caption: captions.contextual(findings), values: shown.contextual },
      {
        kind: "line",
        caption: captions.layers(findings),
        x: { title: labels.layers },
        y: { title: labels.cosine },
        series: [
          { label: labels.samePost, points: byLayer(sameWord) },
          { label: labels.otherPost, points: byLayer(otherWords), dashed: true },
          { label: labels.samePre, points: byLayer(sameWordPre) },
          { label: labels.otherPre, points: byLayer(otherWordsPre), dashed: true },
        ],
      },
      {
        kind: "attention",
        caption: captions.attention(findings),
        from: first,
        to: first,
        weights: shown.weights,
        heads: shown.weights.map((_, head) => labels.head(head + 1)),
      },
    ];
  },
};
