/**
 * # Filtering raw text before a network learns it
 *
 * English sentences are mixed with as many lines of noise: the words of sentences in random order, one word again and again, random letters. A 5-gram
 * model of characters that learned a few hundred good sentences keeps the half that surprises it least. A small network learns the raw lines, the
 * filtered ones, or the good ones alone, each for the same number of steps.
 *
 * @module
 */

import { adamW } from "../../../06_training/adam.ts";
import { SequenceWindows } from "../../../06_training/batching.ts";
import { crossEntropy } from "../../../06_training/loss.ts";
import { Optimizer } from "../../../06_training/optimizer.ts";
import { nextTokens } from "../../../06_training/teacher_forcing.ts";
import { trainBytePairEncoding } from "../../../02_words/byte_pair_encoding/mod.ts";
import { DecoderOnly } from "../../../05_transformer/decoder_only.ts";
import { chineseEnglish } from "../../../corpora/chinese_english.ts";
import { Random } from "../../../engine/random.ts";
import { rounded } from "../../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts, RunOptions } from "../../../experiments/experiment.ts";
import { discard, learn } from "../../../experiments/learning.ts";
import { part } from "../../../experiments/running.ts";
import { SEED } from "../../../experiments/seed.ts";
import { overSeeds, type Range, rangeOf, rangesOf } from "../../../experiments/seeds.ts";
import { perplexity } from "../../autoregressive.ts";
import { filterByPerplexity, trainNGrams } from "../../n_grams/mod.ts";

const SEEDS = 2,
  CLEAN = 300,
  GOOD = 1000,
  STEPS = 110,
  SIZE = 48,
  HEADS = 4,
  LAYERS = 1,
  BATCH = 16,
  CONTEXT = 32,
  RATE = 8e-3;
const ORDER = 5;
/** What a line of noise is. */
const NOISE = ["shuffled", "repeated", "letters"] as const;
/** What a network learns. */
const DIETS = ["raw", "filtered", "good"] as const;

/** What is found. */
export interface FilterFindings {
  /** Fraction of the kept lines that are good, over the seeds. */
  readonly precision: Range;
  /** Fraction of each kind of noise that is kept, over the seeds. */
  readonly kept: readonly Range[];
  /** Perplexity per character of unseen good sentences after learning each, over the seeds. */
  readonly perplexities: readonly Range[];
  readonly shown: {
    readonly lines: number;
    readonly seeds: number;
    readonly steps: number;
    /** A line of each kind of noise and a good one, with its perplexity under the filter. */
    readonly examples: readonly { readonly kind: string; readonly text: string; readonly perplexity: number }[];
  };
}

/** What the experiment is made of. */
export interface Filter extends Parts {
  findings: FilterFindings;
  controls: "noise" | "seed";
  claims: "precision" | "shuffled" | "helps";
  captions: "perplexities" | "kept" | "examples";
  labels: Labels<
    typeof NOISE[number] | typeof DIETS[number] | "sentence" | "perplexity" | "fraction" | "line" | "kind" | "learned"
  >;
}

function noiseOf(kind: typeof NOISE[number], sentence: string, random: Random): string {
  const words = sentence.split(" ");
  if (kind === "shuffled") return Array.from(random.permutation(words.length), (i) => words[i]!).join(" ");
  if (kind === "repeated") return Array(words.length).fill(words[random.integer(words.length)]).join(" ");
  return Array.from(sentence, (c) => c === " " ? c : String.fromCharCode(97 + random.integer(26))).join("");
}

/** What one seed finds. */
interface Once {
  readonly precision: number;
  readonly kept: readonly number[];
  readonly perplexities: readonly number[];
  readonly examples: FilterFindings["shown"]["examples"];
}

async function once(
  { noise, seed }: Readonly<Record<Filter["controls"], number>>,
  options: RunOptions,
): Promise<Once> {
  const { training, validation } = chineseEnglish(), random = new Random(seed);
  const texts = Array.from(random.permutation(training.length), (i) => training[i]!.target);
  const clean = texts.slice(0, CLEAN), good = texts.slice(CLEAN, CLEAN + GOOD), rest = texts.slice(CLEAN + GOOD);
  const lines = good.map((text): { text: string; kind: number } => ({ text, kind: -1 }));
  for (let i = 0; i < Math.round(GOOD * noise / 100); i++) {
    lines.push({ text: noiseOf(NOISE[i % 3]!, rest[i]!, random), kind: i % 3 });
  }
  const mixed = Array.from(random.permutation(lines.length), (i) => lines[i]!);
  const tokenizer = await trainBytePairEncoding([...texts, "abcdefghijklmnopqrstuvwxyz"], {
    vocabSize: "alphabet",
    level: "characters",
  });
  const { vocabSize, beginToken } = tokenizer, encode = (text: string): number[] => tokenizer.encode(text);
  const model = await trainNGrams(clean.map(encode), { order: ORDER, vocabSize, beginToken });
  const { kept, perplexities } = await filterByPerplexity(model, mixed.map(({ text }) => encode(text)), {
    keep: good.length / mixed.length,
    beginToken,
    ...(options.signal && { signal: options.signal }),
  });
  const chosen = kept.map((i) => mixed[i]!);
  const fractionOf = (kind: number): number =>
    chosen.filter((one) => one.kind === kind).length / Math.max(1, mixed.filter((one) => one.kind === kind).length);
  const diets = [mixed.map(({ text }) => text), chosen.map(({ text }) => text), good];
  const unseen = encode(validation.slice(0, 120).map(({ target }) => target).join(" "));
  const found: number[] = [];
  for (const [i, diet] of diets.entries()) {
    const own = new Random(seed);
    const layout = { vocabSize, contextLength: CONTEXT, hiddenSize: SIZE, numHeads: HEADS, numLayers: LAYERS };
    const network = new DecoderOnly(layout, own),
      optimizer = new Optimizer(network.parameters(), adamW({ weightDecay: 0.1 }));
    const windows = new SequenceWindows(Int32Array.from(encode(diet.join(" "))), {
      contextLength: CONTEXT,
      batchSize: BATCH,
      random: own,
    });
    await learn({
      model: network,
      optimizer,
      steps: STEPS,
      learningRate: RATE,
      next: () => windows.next(),
      loss: (batch) => {
        const { inputs, targets } = nextTokens(batch);
        return crossEntropy(network.forward(inputs), targets);
      },
    }, part(options, i / diets.length, (i + 1) / diets.length));
    network.eval();
    found.push(rounded((await perplexity(network, unseen)).perplexity));
    discard(network, optimizer);
  }
  return {
    precision: rounded(fractionGood(chosen)),
    kept: NOISE.map((_, kind) => rounded(fractionOf(kind))),
    perplexities: found,
    examples: [-1, 0, 1, 2].flatMap((kind) => {
      const at = mixed.findIndex((one) => one.kind === kind);
      if (at < 0) return [];
      return [{ kind: NOISE[kind] ?? "sentence", text: mixed[at]!.text, perplexity: rounded(perplexities[at]!) }];
    }),
  };
}

const fractionGood = (lines: readonly { kind: number }[]): number =>
  lines.filter(({ kind }) => kind < 0).length / lines.length;

/** What a filter is worth. */
export const experiment: Experiment<Filter> = {
  controls: { noise: { default: 100, min: 30, max: 300, step: 10 }, seed: SEED },
  constants: {
    seeds: SEEDS,
    clean: CLEAN,
    good: GOOD,
    order: ORDER,
    steps: STEPS,
    width: SIZE,
    layers: LAYERS,
    batch: BATCH,
    context: CONTEXT,
    rate: RATE,
  },
  claims: {
    precision: { holds: ({ precision }) => precision[0] > 0.8 },
    shuffled: { holds: ({ kept: [shuffled, , letters] }) => shuffled![0] > letters![1] },
    helps: { holds: ({ perplexities: [raw, filtered, good] }) => filtered![1] < raw![0] && good![0] < raw![0] },
  },
  tolerance: 0.05,
  async measure(controls, options) {
    const runs = await overSeeds(controls, SEEDS, options, once);
    return {
      precision: rangeOf(runs.map(({ precision }) => precision)),
      kept: rangesOf(runs.map(({ kept }) => kept)),
      perplexities: rangesOf(runs.map(({ perplexities }) => perplexities)),
      shown: {
        lines: GOOD + Math.round(GOOD * controls.noise / 100),
        seeds: SEEDS,
        steps: STEPS,
        examples: runs[0]!.examples,
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { kept, perplexities, shown } = findings;
    const label = (kind: string): string => (labels as Readonly<Record<string, string>>)[kind]!;
    return [
      {
        kind: "bars",
        caption: captions.perplexities(findings),
        y: { title: labels.perplexity },
        bars: perplexities.map((range, i) => ({ label: label(DIETS[i]!), value: range[0], range })),
      },
      {
        kind: "bars",
        caption: captions.kept(findings),
        y: { title: labels.fraction, domain: [0, 1] },
        bars: kept.map((range, i) => ({ label: label(NOISE[i]!), value: range[0], range })),
      },
      {
        kind: "table",
        caption: captions.examples(findings),
        columns: [labels.kind, labels.line, labels.perplexity],
        rows: shown.examples.map((
          { kind, text, perplexity },
        ) => [label(kind), text, Number(perplexity.toPrecision(3))]),
      },
    ];
  },
};
