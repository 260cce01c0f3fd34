/**
 * # What a forbidden position gets, and when a mask is needed
 *
 * A sentence with padding before it, in a causal attention with random queries and keys: every row has
 * forbidden positions, and the row of the padding has nothing else. This writes 0, −10000 and −∞ in their
 * place and measures what they get. Then it feeds a sentence token by token, and asks when the causal mask
 * makes a difference.
 *
 * @module
 */

import { noGrad } from "../../engine/autograd.ts";
import { Module } from "../../engine/module.ts";
import { tensor } from "../../engine/create.ts";
import { concat } from "../../engine/joining.ts";
import type { Tensor } from "../../engine/tensor.ts";
import { Random } from "../../engine/random.ts";
import { scope } from "../../engine/scope.ts";
import { difference, mean } from "../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts } from "../../experiments/experiment.ts";
import { readMatrix } from "../../experiments/reading.ts";
import { SEED } from "../../experiments/seed.ts";
import { KeyValueCache } from "../../07_generation/kv_cache.ts";
import { softmax } from "../../02_words/softmax.ts";
import { additiveMask, causalMask, combineMasks, overKeys, paddingMask } from "../masks.ts";
import { MultiHeadAttention } from "../multi_head.ts";
import { attentionWeights } from "../scaled_dot_product.ts";

const WORDS = ["<pad>", "I", "am", "a", "student", "."];
const T = WORDS.length, D = 16, E = 16, LENGTH = 12;
const TREATMENTS = ["0", "−10000", "−∞"];

/** What is found. */
export interface MaskFindings {
  /** Share of forbidden positions in rows that may look somewhere, for 0, −10000 and −∞. */
  readonly leaked: readonly number[];
  /** The same in the row that may look nowhere. */
  readonly leakedWhole: readonly number[];
  /** Largest change of an output when single tokens are fed with a cache, and the causal mask is left out. */
  readonly oneToken: number;
  /** Largest difference between that and one masked pass over the whole text. */
  readonly cached: number;
  /** Largest change of the newest output when the whole history is fed and the mask is left out. */
  readonly history: number;
  /** The same in a stack of one layer. */
  readonly historyOfOne: number;
  /** The same in a stack of two. */
  readonly historyOfTwo: number;
  readonly shown: {
    readonly layers: number;
    readonly words: readonly string[];
    /** What stands in the place of a forbidden score. */
    readonly treatments: readonly string[];
    /** An attention map for each. */
    readonly maps: readonly (readonly (readonly number[])[])[];
    /** What the weights of the padding sum to with −∞. */
    readonly paddingSum: number;
    /** Differences to one masked pass by position, of three ways to feed. */
    readonly oneToken: readonly number[];
    readonly history: readonly number[];
    readonly bare: readonly number[];
  };
}

/** What the experiment is made of. */
export interface Masks extends Parts {
  findings: MaskFindings;
  controls: "scale" | "layers" | "seed";
  claims: "zero" | "low" | "nothing" | "oneToken" | "history" | "single";
  captions: "maps" | "leaked" | "feeding";
  labels: Labels<
    "some" | "padding" | "share" | "position" | "difference" | "oneToken" | "historyMasked" | "historyBare"
  >;
}

/** A stack of self-attentions with random weights, each adding to its input. */
class Layers extends Module {
  readonly layers: readonly MultiHeadAttention[];

  constructor(numLayers: number, random: Random) {
    super();
    this.layers = Array.from({ length: numLayers }, () => new MultiHeadAttention(E, 2, random));
  }

  forward(hidden: Tensor, causal: boolean, caches: readonly (KeyValueCache | undefined)[] = []): Tensor {
    return this.layers.reduce((x, layer, i) => x.add(layer.forward(x, { causal, cache: caches[i] })), hidden);
  }
}

/** Outputs of `hidden`, `[1, T, E]`, fed one position at a time. */
function stepByStep(model: Layers, hidden: Tensor, causal: boolean): Tensor {
  const caches = model.layers.map(() => new KeyValueCache());
  const outputs = Array.from(
    { length: hidden.shape[1]! },
    (_, t) => model.forward(hidden.slice(1, t, t + 1), causal, caches),
  );
  const all = concat(outputs, 1);
  for (const cache of caches) cache.dispose();
  return all;
}

/** Outputs of the last position of every prefix of `hidden`. */
function lastOfEach(model: Layers, hidden: Tensor, causal: boolean): Tensor {
  const outputs = Array.from(
    { length: hidden.shape[1]! },
    (_, t) => model.forward(hidden.slice(1, 0, t + 1), causal).slice(1, t),
  );
  return concat(outputs, 1);
}

/** The largest difference at each position of `[1, T, E]`. */
async function differences(a: Tensor, b: Tensor): Promise<number[]> {
  return Array.from(await scope(() => a.sub(b).abs().max(-1).squeeze(0)).read(), difference);
}

/** What single tokens, the history, and the history without a mask differ from one masked pass by. */
async function feed(model: Layers, hidden: Tensor): Promise<number[][]> {
  const ways = scope(() =>
    noGrad(() => [
      model.forward(hidden, true),
      stepByStep(model, hidden, true),
      stepByStep(model, hidden, false),
      lastOfEach(model, hidden, true),
      lastOfEach(model, hidden, false),
    ])
  );
  return await Promise.all(ways.slice(1).map((way) => differences(way, ways[0]!)));
}

/** Attention maps with each of the treatments, and the mask. */
function treat(scale: number, random: Random): { maps: Tensor[]; mask: Tensor } {
  const query = random.normal([1, 1, T, D], { deviation: Math.sqrt(scale) });
  const key = random.normal([1, 1, T, D], { deviation: Math.sqrt(scale) });
  const tokens = tensor(WORDS.map((_, i) => i), [1, T], "int32");
  const mask = combineMasks(causalMask(T), overKeys(paddingMask(tokens, 0)))!;
  const scores = query.matmul(key.transpose(-2, -1)).mul(1 / Math.sqrt(D));
  return {
    maps: [
      softmax(scores.where(mask, 0)),
      attentionWeights(query, key, { bias: additiveMask(mask, -10000) }),
      attentionWeights(query, key, { mask }),
    ].map((map) => map.reshape([T, T])),
    mask: mask.expand([1, 1, T, T]).reshape([T, T]).cast("float32"),
  };
}

/** What a forbidden position scores, and when a causal mask is needed. */
export const experiment: Experiment<Masks> = {
  controls: {
    scale: { default: 1, min: 0.5, max: 8, step: 0.5 },
    layers: { default: 2, min: 1, max: 6 },
    seed: SEED,
  },
  constants: { queries: T, width: D, length: LENGTH },
  claims: {
    zero: { refuted: true, holds: ({ leaked }) => leaked[0]! < 0.01 },
    low: { holds: ({ leaked }) => leaked[1] === 0 && leaked[2] === 0 },
    nothing: {
      holds: ({ leakedWhole: [zero, low, none] }) =>
        difference(zero! - 1) === 0 && difference(low! - 1) === 0 && none === 0,
    },
    oneToken: { holds: ({ oneToken, cached }) => oneToken === 0 && cached === 0 },
    history: { holds: ({ historyOfTwo }) => historyOfTwo > 0.01 },
    single: { holds: ({ historyOfOne }) => historyOfOne === 0 },
  },
  async measure({ scale, layers, seed }, { signal, onProgress }) {
    signal?.throwIfAborted();
    const random = new Random(seed);
    const { maps, mask } = scope(() => treat(scale, random));
    const weights: number[][][] = [];
    for (const map of maps) weights.push(await readMatrix(map));
    const allowed = await readMatrix(mask);
    const forbidden = (map: readonly (readonly number[])[], t: number): number =>
      map[t]!.reduce((sum, weight, s) => sum + weight * (1 - allowed[t]![s]!), 0);
    const leaked = weights.map((map) => mean(WORDS.slice(1).map((_, i) => forbidden(map, i + 1))));
    const leakedWhole = weights.map((map) => forbidden(map, 0));
    onProgress?.(0.5);
    signal?.throwIfAborted();

    const hidden = random.normal([1, LENGTH, E]);
    const [withMask, without, history, bare] = await feed(new Layers(layers, random), hidden);
    onProgress?.(0.75);
    const single = await feed(new Layers(1, random), hidden);
    const two = layers === 2 ? bare! : (await feed(new Layers(2, random), hidden))[3]!;
    onProgress?.(1);
    return {
      leaked,
      leakedWhole,
      oneToken: difference(Math.max(...withMask!.map((x, t) => Math.abs(x - without![t]!)))),
      cached: Math.max(...without!),
      history: Math.max(...bare!),
      historyOfOne: Math.max(...single[3]!),
      historyOfTwo: Math.max(...two),
      shown: {
        layers,
        words: WORDS,
        treatments: TREATMENTS,
        maps: weights,
        paddingSum: weights[2]![0]!.reduce((a, b) => a + b, 0),
        oneToken: without!,
        history: history!,
        bare: bare!,
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { leaked, leakedWhole, shown } = findings, { treatments } = shown;
    const over = (numbers: readonly number[]): [number, number][] => numbers.map((y, t) => [t + 1, y]);
    const groups = [[labels.some, leaked], [labels.padding, leakedWhole]] as const;
    return [
      {
        kind: "attention",
        caption: captions.maps(findings),
        from: shown.words,
        to: shown.words,
        weights: shown.maps.toReversed(),
        heads: treatments.toReversed(),
      },
      {
        kind: "bars",
        caption: captions.leaked(findings),
        y: { title: labels.share, domain: [0, 1] },
        bars: groups.flatMap(([group, shares]) => shares.map((value, i) => ({ label: treatments[i]!, group, value }))),
      },
      {
        kind: "line",
        caption: captions.feeding(findings),
        x: { title: labels.position },
        y: { title: labels.difference },
        series: [
          { label: labels.oneToken, points: over(shown.oneToken) },
          { label: labels.historyMasked, points: over(shown.history), dashed: true },
          { label: labels.historyBare, points: over(shown.bare) },
        ],
      },
    ];
  },
};
