/**
 * # What one vector keeps of a sentence
 *
 * Two LSTMs with one vector between them and a Transformer of about as many weights learn from the same sentences, equally long. They are compared by the
 * length of unseen sources: how much of the loss the source saves, and the BLEU of their translations. The LSTMs learn twice: with the source read forwards and backwards.
 *
 * @module
 */

import { EncoderDecoder } from "../../05_transformer/encoder_decoder.ts";
import { Batches, padSequences } from "../../06_training/batching.ts";
import { bleu } from "../../06_training/bleu.ts";
import { generate } from "../../07_generation/generate.ts";
import { noGrad } from "../../engine/autograd.ts";
import { Random } from "../../engine/random.ts";
import { release, scope } from "../../engine/scope.ts";
import { chineseEnglish, type SentencePair } from "../../corpora/chinese_english.ts";
import { rounded } from "../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts, RunOptions } from "../../experiments/experiment.ts";
import { discard, learn, pairLoss, type TokenPair } from "../../experiments/learning.ts";
import { part } from "../../experiments/running.ts";
import { SEED } from "../../experiments/seed.ts";
import { overSeeds, type Range, rangeOf } from "../../experiments/seeds.ts";
import { encodePair, learnVocabularies, type Vocabularies } from "../../experiments/translation.ts";
import { RecurrentEncoderDecoder } from "../rnn_encoder_decoder.ts";

/** Pairs in a batch, highest learning rate of each kind of model, heads. */
const BATCH = 32, RATE = 6e-3, LSTM_RATE = 2e-2, HEADS = 4;
/** Longest source of each group but the last, in characters; seeds; translations shown. */
const BORDERS = [6, 9, 12] as const, SEEDS = 2, SHOWN = 5;

/** The three, in the order of the figures. */
const KINDS = ["transformer", "forwards", "backwards"] as const;
type Kind = typeof KINDS[number];

/** What is found for one model and one seed. */
interface Found {
  /** Mean loss of the last tenth of the training. */
  readonly loss: number;
  readonly weights: number;
  /** BLEU of each group, and over all at the end. */
  readonly bleu: readonly number[];
  /** Nats per token that the source saves, by group. */
  readonly saved: readonly number[];
  readonly texts: readonly string[];
}

/** What is found. */
export interface OneVectorFindings {
  /** Weights of each model. */
  readonly weights: readonly number[];
  /** BLEU over all unseen sentences, by model: mean, and lowest and highest over the seeds. */
  readonly bleu: readonly number[];
  readonly ranges: readonly Range[];
  /** Mean loss of the last tenth of the training, by model, over the seeds. */
  readonly losses: readonly Range[];
  /** Nats per token that the source saves, by model and group: mean, and over the seeds. */
  readonly saved: readonly (readonly number[])[];
  readonly savedRanges: readonly (readonly Range[])[];
  /** What the LSTMs save of what the Transformer saves, in the shortest and in the longest group, the better order, over the seeds. */
  readonly kept: readonly [shortest: Range, longest: Range];
  readonly shown: {
    readonly seeds: number;
    readonly pairs: number;
    readonly unseen: number;
    readonly borders: readonly number[];
    /** Sentences of each group, and the mean length of their sources. */
    readonly sizes: readonly number[];
    readonly lengths: readonly number[];
    /** By model and group: mean, and over the seeds. */
    readonly groups: readonly (readonly number[])[];
    readonly bands: readonly (readonly Range[])[];
    /** Of the longest unseen sentences: source, what the three make of it, what the corpus has. */
    readonly examples: readonly (readonly string[])[];
  };
}

/** What the experiment is made of. */
export interface OneVector extends Parts {
  findings: OneVectorFindings;
  controls: "steps" | "width" | "seed";
  claims: "behind" | "forgets" | "share" | "reversed";
  captions: "saved" | "bleu" | "examples";
  labels: Labels<"length" | "saved" | "source" | "corpus" | Kind>;
}

/** What is learned from, and what is translated. */
interface Lesson extends Vocabularies {
  readonly pairs: TokenPair[];
  readonly unseen: readonly SentencePair[];
  /** Places of the sentences of each group. */
  readonly groups: readonly (readonly number[])[];
}

const mean = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0) / numbers.length;

async function prepare(signal: AbortSignal | undefined): Promise<Lesson> {
  const corpus = chineseEnglish(), vocabularies = await learnVocabularies(corpus.training, signal);
  const { source } = vocabularies;
  const unseen = [...corpus.validation, ...corpus.test]
    .filter((pair) => !source.encode(pair.source).includes(source.unknownToken));
  const groupOf = (pair: SentencePair): number => BORDERS.filter((border) => pair.source.length > border).length;
  const groups = [...BORDERS, Infinity].map((_, group) =>
    unseen.flatMap((pair, i) => groupOf(pair) === group ? [i] : [])
  );
  return { ...vocabularies, pairs: corpus.training.map((pair) => encodePair(pair, vocabularies)), unseen, groups };
}

/** A model of a kind; the widths of the LSTMs are such that they have about as many weights. */
function build(kind: Kind, width: number, { source, target }: Lesson, random: Random) {
  const sizes = { vocabSize: target.vocabSize, sourceVocabSize: source.vocabSize };
  return kind === "transformer"
    ? new EncoderDecoder(
      { ...sizes, contextLength: 64, hiddenSize: width, numHeads: HEADS, numLayers: 1, placement: "pre", dropout: 0 },
      random,
    )
    : new RecurrentEncoderDecoder(
      { ...sizes, embeddingSize: 7 * width / 8, hiddenSize: 9 * width / 8, reverseSource: kind === "backwards" },
      random,
    );
}

/** Greedy translations of all unseen sentences. */
async function translate(
  model: ReturnType<typeof build>,
  { source, target, unseen }: Lesson,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const { decoder, held } = scope(() =>
    noGrad(() => {
      const read = unseen.map((pair) => [...source.encode(pair.source), source.endToken]);
      const { tokens, mask } = padSequences(read, { padToken: source.padToken });
      if (model instanceof EncoderDecoder) {
        const memory = model.encode(tokens, { mask });
        return { decoder: () => model.given(memory, mask), held: [memory, mask] };
      }
      const memory = model.encode(tokens, { mask });
      return { decoder: () => model.given(memory), held: Object.values(memory) };
    })
  );
  try {
    const results = await generate(decoder(), unseen.map(() => [target.beginToken]), {
      maxNewTokens: 40,
      eosToken: target.endToken,
      ...(signal && { signal }),
    });
    return results.map(({ tokens }) => target.decode(tokens).trim());
  } finally {
    held.forEach(release);
  }
}

/** By how many nats per token the right source is better than that of the next sentence of the group. */
async function savedBy(
  model: ReturnType<typeof build>,
  group: readonly number[],
  lesson: Lesson,
): Promise<number> {
  const right = group.map((i) => encodePair(lesson.unseen[i]!, lesson));
  const wrong = right.map((pair, i) => ({ ...pair, source: right[(i + 1) % right.length]!.source }));
  const [known, other] = await Promise.all(
    [right, wrong].map((pairs) => scope(() => noGrad(() => pairLoss(model, pairs, lesson.target))).item()),
  );
  return other! - known!;
}

/** Trains a model and judges it. */
async function once(
  kind: Kind,
  lesson: Lesson,
  { steps, width, seed }: Record<OneVector["controls"], number>,
  options: RunOptions,
): Promise<Found> {
  const random = new Random(seed), model = build(kind, width, lesson, random.split()), { target, unseen } = lesson;
  const batches = new Batches(lesson.pairs, {
    batchSize: BATCH,
    length: (pair) => pair.target.length,
    random: random.split(),
  });
  const curve = await learn({
    model,
    next: () => batches.next(),
    loss: (batch) => pairLoss(model, batch, target),
    steps,
    learningRate: kind === "transformer" ? RATE : LSTM_RATE,
    every: Math.max(1, Math.floor(steps / 20)),
  }, part(options, 0, 0.95));
  const texts = await translate(model, lesson, options.signal), saved: number[] = [];
  for (const group of lesson.groups) saved.push(await savedBy(model, group, lesson));
  const score = (places: readonly number[]): number =>
    bleu(places.map((i) => texts[i]!), places.map((i) => unseen[i]!.target)).score;
  const found = [...lesson.groups, unseen.map((_, i) => i)].map(score), weights = model.parameterCount();
  discard(model);
  return { loss: mean(curve.slice(-2).map(([, loss]) => loss)), weights, bleu: found, saved, texts };
}

/** Two LSTMs and a Transformer, by the length of what they translate. */
export const experiment: Experiment<OneVector> = {
  controls: {
    steps: { default: 300, min: 100, max: 2000, step: 100 },
    width: { default: 48, min: 16, max: 96, step: 16 },
    seed: SEED,
  },
  constants: { batch: BATCH, rate: RATE, lstmRate: LSTM_RATE, heads: HEADS, layers: 1, seeds: SEEDS },
  tolerance: 0.3,
  claims: {
    behind: { holds: ({ ranges }) => ranges[0]![0] > Math.max(ranges[1]![1], ranges[2]![1]) },
    forgets: { holds: ({ savedRanges }) => [1, 2].every((k) => savedRanges[k]!.at(-1)![1] < savedRanges[k]![0]![0]) },
    share: { holds: ({ kept }) => kept[1][1] < kept[0][0] },
    reversed: { holds: ({ losses }) => losses[2]![1] < losses[1]![0] },
  },
  async measure(controls, options) {
    options.signal?.throwIfAborted();
    const lesson = await prepare(options.signal), { unseen, groups, pairs } = lesson;
    const runs = await overSeeds(controls, SEEDS, options, async (at, whole) => {
      const found: Found[] = [];
      for (const [i, kind] of KINDS.entries()) {
        found.push(await once(kind, lesson, at, part(whole, i / KINDS.length, (i + 1) / KINDS.length)));
      }
      return found;
    });
    const over = (pick: (found: Found) => number): number[][] => KINDS.map((_, k) => runs.map((run) => pick(run[k]!)));
    const all = groups.length, overall = over(({ bleu }) => bleu[all]!);
    const grouped = (pick: (found: Found) => readonly number[]): number[][][] =>
      KINDS.map((_, k) => groups.map((_, g) => runs.map((run) => pick(run[k]!)[g]!)));
    const byGroup = grouped(({ bleu }) => bleu), saved = grouped((found) => found.saved);
    const share = (group: number): Range =>
      rangeOf(
        runs.map(([one, ...others]) =>
          Math.max(...others.map((other) => other.saved.at(group)!)) / one!.saved.at(group)!
        ),
      );
    const longest = unseen.map((_, i) => i).sort((a, b) => unseen[b]!.source.length - unseen[a]!.source.length);
    return {
      weights: runs[0]!.map(({ weights }) => weights),
      bleu: overall.map((scores) => rounded(mean(scores))),
      ranges: overall.map(rangeOf),
      losses: over(({ loss }) => loss).map(rangeOf),
      saved: saved.map((rows) => rows.map((values) => rounded(mean(values)))),
      savedRanges: saved.map((rows) => rows.map(rangeOf)),
      kept: [share(0), share(-1)],
      shown: {
        seeds: SEEDS,
        pairs: pairs.length,
        unseen: unseen.length,
        borders: BORDERS,
        sizes: groups.map(({ length }) => length),
        lengths: groups.map((group) => rounded(mean(group.map((i) => unseen[i]!.source.length)))),
        groups: byGroup.map((rows) => rows.map((scores) => rounded(mean(scores)))),
        bands: byGroup.map((rows) => rows.map(rangeOf)),
        examples: longest.slice(0, SHOWN).map((i) => [
          unseen[i]!.source,
          ...runs[0]!.map(({ texts }) => texts[i]!),
          unseen[i]!.target,
        ]),
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { saved, savedRanges, shown: { lengths, groups, bands, examples } } = findings;
    const series = (values: readonly (readonly number[])[], ranges: readonly (readonly Range[])[]) =>
      KINDS.map((kind, k) => ({
        label: labels[kind],
        points: values[k]!.map((value, group) => [Math.round(10 * lengths[group]!) / 10, value] as const),
        ranges: ranges[k]!,
      }));
    return [
      {
        kind: "line",
        caption: captions.saved(findings),
        x: { title: labels.length },
        y: { title: labels.saved },
        series: series(saved, savedRanges),
      },
      {
        kind: "line",
        caption: captions.bleu(findings),
        x: { title: labels.length },
        y: { title: "BLEU" },
        series: series(groups, bands),
      },
      {
        kind: "table",
        caption: captions.examples(findings),
        columns: [labels.source, ...KINDS.map((kind) => labels[kind]), labels.corpus],
        rows: examples,
      },
    ];
  },
};
