/**
 * # Two kinds of apple
 *
 * *Apple* is a fruit in half of some sentences and a company in the other half. Four kinds of vectors are learned from them. For each occurrence of *apple* the question is whether its vector is
 * nearer to those of other fruits or to those of other companies, and whether *apple* opens the sentence or stands further on.
 *
 * @module
 */

import { noGrad } from "../../engine/autograd.ts";
import { concat } from "../../engine/joining.ts";
import { Linear } from "../../engine/linear.ts";
import { Module } from "../../engine/module.ts";
import { Random } from "../../engine/random.ts";
import { scope } from "../../engine/scope.ts";
import { arange, tensor } from "../../engine/create.ts";
import type { Tensor } from "../../engine/tensor.ts";
import { lengthMask } from "../../04_attention/masks.ts";
import { Encoder } from "../../05_transformer/encoder.ts";
import { crossEntropy } from "../../06_training/loss.ts";
import { rounded } from "../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts, RunOptions } from "../../experiments/experiment.ts";
import { discard, fit } from "../../experiments/learning.ts";
import { readMatrix } from "../../experiments/reading.ts";
import { part } from "../../experiments/running.ts";
import { SEED } from "../../experiments/seed.ts";
import { overSeeds, type Range, rangesOf } from "../../experiments/seeds.ts";
import { Embedding, padTokens } from "../embeddings.ts";
import { cosineMatrix, occurrencesOf, selfSimilarity, windowMeans } from "../static_and_contextual.ts";
import { cosine, trainWord2vec } from "../word2vec/mod.ts";

/** Sizes, rates, and with how many seeds. */
const WIDTH = 32, LAYERS = 2, HEADS = 2, BATCH = 32, RATE = 0.005, REACH = 2, EPOCHS = 10, SENTENCES = 1500, SEEDS = 3;

const KINDS = ["static", "window", "both", "before"] as const;
const SENSES = [
  {
    names: ["pear", "peach", "plum"],
    first: ["_ tastes sweet today", "_ grows on the tree", "_ falls from the branch"],
    later: ["i eat a _ with tea", "we wash the _ in water", "she cuts the _ for a cake"],
  },
  {
    names: ["nokia", "sony", "acer"],
    first: ["_ released a new phone", "_ hired many engineers", "_ opened the store early"],
    later: ["people buy phones from _ online", "the shares of _ rise again", "he writes software at _ now"],
  },
] as const;
const APPLE = "apple";
const WORDS = [
  "<pad>",
  "<mask>",
  APPLE,
  ...new Set(SENSES.flatMap(({ names, first, later }) => [...names, ...[...first, ...later].join(" ").split(" ")])),
].filter((word) => word !== "_");
const LONGEST = 7, MASK = 1;
const idOf = (word: string): number => WORDS.indexOf(word);

/** What is found. */
export interface SensesFindings {
  /** Fraction of occurrences that are nearer to words of their own sense: where apple opens a sentence, and further on; by kind of vector. */
  readonly sorted: readonly (readonly [first: number, later: number])[];
  /** Ranges over the seeds, by kind. */
  readonly ranges: readonly (readonly Range[])[];
  /** Mean cosine of two occurrences, by kind. */
  readonly similar: readonly number[];
  readonly similars: readonly Range[];
  readonly shown: {
    readonly seeds: number;
    readonly sentences: readonly string[];
    /** Cosines of apple in these sentences, by the model that reads both ways, and by the one that reads what is before. */
    readonly cosines: readonly (readonly (readonly number[])[])[];
  };
}

/** What the experiment is made of. */
export interface Senses extends Parts {
  findings: SensesFindings;
  controls: "steps" | "seed";
  claims: "static" | "contextual" | "window" | "opening" | "later";
  captions: "sorted" | "both" | "before";
  labels: Labels<typeof KINDS[number] | "first" | "later" | "right">;
}

/** Sentences of one sense, with a word in the gap. */
const fill = (frame: string, word: string): string[] => frame.replace("_", word).split(" ");

/** Draws sentences about fruits and companies. */
function draw(count: number, random: Random): string[][] {
  const of = <T>(list: readonly T[]): T => list[random.integer(list.length)]!;
  return Array.from({ length: count }, () => {
    const { names, first, later } = of(SENSES);
    return fill(of([...first, ...later]), of([APPLE, ...names]));
  });
}

/** A Transformer that predicts words: masked ones from both sides, or each from those before it. */
class Reader extends Module {
  readonly words: Embedding;
  readonly places: Embedding;
  readonly encoder: Encoder;
  readonly output: Linear;

  constructor(random: Random) {
    super();
    this.words = new Embedding(WORDS.length, WIDTH, random, { deviation: 0.3 });
    this.places = new Embedding(LONGEST, WIDTH, random, { deviation: 0.1 });
    this.encoder = new Encoder({ hiddenSize: WIDTH, numHeads: HEADS, numLayers: LAYERS, placement: "pre" }, random);
    this.output = new Linear(WIDTH, WORDS.length, random);
  }

  states(sentences: readonly (readonly number[])[], readsBoth: boolean): Tensor {
    const tokens = padTokens(sentences, 0), T = tokens.shape[1]!;
    const x = this.words.forward(tokens).add(this.places.forward(arange(T).cast("int32")));
    if (readsBoth) return this.encoder.forward(x, { mask: lengthMask(sentences.map(({ length }) => length), T) });
    // Padding stands behind all words, where no word looks.
    const top = this.encoder.layers.reduce((states, layer) => layer.forward(states, { causal: true }), x);
    return this.encoder.norm ? this.encoder.norm.forward(top) : top;
  }
}

/** The loss of one batch: of masked words, or of the next ones. */
function lossOf(model: Reader, sentences: readonly (readonly number[])[], readsBoth: boolean, random: Random): Tensor {
  const T = Math.max(...sentences.map(({ length }) => length)),
    targets = new Int32Array(sentences.length * T).fill(-100);
  const inputs = sentences.map((sentence, b) => {
    if (!readsBoth) {
      for (let t = 0; t + 1 < sentence.length; t++) targets[b * T + t] = sentence[t + 1]!;
      return sentence;
    }
    const t = random.integer(sentence.length);
    targets[b * T + t] = sentence[t]!;
    // One in five is left as it is, so that a word that is seen gets a vector for its place, too.
    return random.integer(5) === 0 ? sentence : sentence.with(t, MASK);
  });
  const logits = model.output.forward(model.states(inputs, readsBoth));
  return crossEntropy(logits, tensor(targets, [sentences.length, T], "int32"));
}

/** Sentences to be asked about: those of a sense with one of its words, or with apple. */
const frames = SENSES.flatMap(({ first, later, names }, sense) =>
  [first, later].flatMap((list, place) => list.map((frame) => ({ frame, sense, place, names })))
);

/** Fractions that are sorted right at each place, and the mean cosine of apple with itself. */
async function judge(vectorsOf: (sentences: readonly (readonly string[])[], word: string) => Tensor) {
  const rows = async (word: string): Promise<number[][]> =>
    await readMatrix(scope(() => noGrad(() => vectorsOf(frames.map(({ frame }) => fill(frame, word)), word))));
  const apples = await rows(APPLE), similar = await scope(() => selfSimilarity(tensor(apples))).item();
  // The mean vector of the other words of a sense, in all its sentences.
  const centres: number[][] = [];
  for (const [sense, { names }] of SENSES.entries()) {
    const sum = new Array<number>(apples[0]!.length).fill(0);
    for (const name of names) {
      (await rows(name)).forEach((row, i) => {
        if (frames[i]!.sense === sense) row.forEach((x, e) => sum[e]! += x);
      });
    }
    centres.push(sum);
  }
  const right = [0, 0], asked = [0, 0];
  apples.forEach((row, i) => {
    const { sense, place } = frames[i]!,
      [own, other] = [cosine(row, centres[sense]!), cosine(row, centres[1 - sense]!)];
    right[place]! += own > other ? 1 : 0;
    asked[place]! += 1;
  });
  return { sorted: [right[0]! / asked[0]!, right[1]! / asked[1]!] as const, similar, apples };
}

/** What one seed finds. */
async function once({ steps, seed }: Readonly<Record<Senses["controls"], number>>, options: RunOptions) {
  const random = new Random(seed), text = draw(SENTENCES, random), found: Awaited<ReturnType<typeof judge>>[] = [];
  const { vectors } = await trainWord2vec(text, random, {
    hiddenSize: WIDTH,
    epochs: EPOCHS,
    threshold: 0,
    signal: options.signal,
  });
  const lookedUp = (sentence: readonly string[]): Tensor => tensor(sentence.map((word) => [...vectors.vectorOf(word)]));
  for (const reach of [0, REACH]) {
    found.push(
      await judge((sentences, word) =>
        concat(
          sentences.map((sentence) =>
            windowMeans(lookedUp(sentence), reach).slice(0, sentence.indexOf(word), sentence.indexOf(word) + 1)
          ),
          0,
        )
      ),
    );
  }
  const ids = text.map((sentence) => sentence.map(idOf));
  for (const [i, readsBoth] of [true, false].entries()) {
    const model = new Reader(random),
      batch = (): number[][] => Array.from({ length: BATCH }, () => ids[random.integer(ids.length)]!);
    const { signal, onProgress } = part(options, i / 2, (i + 1) / 2);
    await fit(model, () => lossOf(model, batch(), readsBoth, random), {
      steps,
      learningRate: RATE,
      ...(signal && { signal }),
      ...(onProgress && { onProgress }),
    });
    model.eval();
    found.push(
      await judge((sentences, word) => {
        const tokens = sentences.map((sentence) => sentence.map(idOf));
        return occurrencesOf(model.states(tokens, readsBoth), tokens, idOf(word));
      }),
    );
    discard(model);
  }
  const cosines = await Promise.all(
    found.slice(2).map(async ({ apples }) => {
      const all = tensor(apples);
      return (await readMatrix(scope(() => cosineMatrix(all, all)))).map((row) => row.map(rounded));
    }),
  );
  return { sorted: found.map(({ sorted }) => sorted), similar: found.map(({ similar }) => similar), cosines };
}

/** The vectors of one word in sentences of two senses. */
export const experiment: Experiment<Senses> = {
  controls: { steps: { default: 200, min: 20, max: 600, step: 20 }, seed: SEED },
  constants: {
    width: WIDTH,
    layers: LAYERS,
    heads: HEADS,
    batch: BATCH,
    rate: RATE,
    reach: REACH,
    sentences: SENTENCES,
    seeds: SEEDS,
  },
  claims: {
    static: {
      holds: ({ similar, sorted }) =>
        Math.abs(similar[0]! - 1) < 1e-5 && sorted[0]![0] === 0.5 && sorted[0]![1] === 0.5,
    },
    contextual: { holds: ({ ranges }) => ranges[2]![0]![0] > 0.6 && ranges[2]![1]![0] > 0.6 },
    window: { holds: ({ ranges }) => ranges[1]![0]![0] > 0.8 },
    opening: { holds: ({ ranges }) => ranges[3]![0]![0] === 0.5 && ranges[3]![0]![1] === 0.5 },
    later: { holds: ({ ranges }) => ranges[3]![1]![0] > 0.6 },
  },
  tolerance: 0.1,
  async measure(controls, options) {
    options.signal?.throwIfAborted();
    const runs = await overSeeds(controls, SEEDS, options, once), first = runs[0]!;
    return {
      sorted: first.sorted,
      ranges: KINDS.map((_, kind) => rangesOf(runs.map(({ sorted }) => sorted[kind]!))),
      similar: first.similar,
      similars: rangesOf(runs.map(({ similar }) => similar)),
      shown: {
        seeds: SEEDS,
        sentences: frames.map(({ frame }) => fill(frame, APPLE).join(" ")),
        cosines: first.cosines,
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { sorted, ranges, shown: { sentences, cosines } } = findings;
    // One scale for both, from the lowest cosine on.
    const lowest = Math.floor(10 * Math.min(...cosines.flat(2))) / 10;
    const map = (which: number) => ({
      kind: "heatMap" as const,
      rows: sentences,
      columns: sentences.map((_, i) => String(i + 1)),
      values: cosines[which]!,
      domain: [lowest, 1] as const,
    });
    return [
      {
        kind: "bars",
        caption: captions.sorted(findings),
        y: { title: labels.right, domain: [0, 1] },
        bars: KINDS.flatMap((kind, k) =>
          (["first", "later"] as const).map((place, p) => ({
            label: labels[place],
            group: labels[kind],
            value: sorted[k]![p]!,
            range: ranges[k]![p]!,
          }))
        ),
      },
      { ...map(0), caption: captions.both(findings) },
      { ...map(1), caption: captions.before(findings) },
    ];
  },
};
