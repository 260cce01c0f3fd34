/**
 * # A translator in seconds
 *
 * A small model is trained on short sentences: its loss is watched, it translates, and what each word of a translation
 * was read from is drawn.
 *
 * @module
 */

import type { Tokenizer } from "../../02_words/before_tokens/tokenizer.ts";
import { Batches, padSequences } from "../../06_training/batching.ts";
import { bleu } from "../../06_training/bleu.ts";
import { generate } from "../../07_generation/generate.ts";
import { noGrad } from "../../engine/autograd.ts";
import { Random } from "../../engine/random.ts";
import { release, scope } from "../../engine/scope.ts";
import { tensor } from "../../engine/create.ts";
import type { Tensor } from "../../engine/tensor.ts";
import { rounded } from "../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts } from "../../experiments/experiment.ts";
import { discard, learn, pairLoss, type TokenPair } from "../../experiments/learning.ts";
import { readRows } from "../../experiments/reading.ts";
import { part } from "../../experiments/running.ts";
import { SEED } from "../../experiments/seed.ts";
import { encodePair, learnVocabularies, type Vocabularies } from "../../experiments/translation.ts";
import { EncoderDecoder } from "../encoder_decoder.ts";
import { chineseEnglish, type SentencePair } from "../../corpora/chinese_english.ts";

/** What no control changes: width, heads, pairs in a batch, highest learning rate, unseen sentences, longest pair. */
const WIDTH = 64, HEADS = 4, BATCH = 32, RATE = 5e-3, UNSEEN = 60, CHARACTERS = 9, WORDS = 6;

/** What is found. */
export interface TranslatorFindings {
  /** Loss of the first and of the last steps. */
  readonly firstLoss: number;
  readonly lastLoss: number;
  /** Loss of a model that knows how frequent each token is and nothing else. */
  readonly frequencies: number;
  /** BLEU on sentences that it has not seen. */
  readonly bleu: number;
  /** Fraction of these that differ in one word at most from a sentence that it has learned from, in English. */
  readonly near: number;
  /** Passes of the encoder for one translation. */
  readonly passes: number;
  readonly weights: number;
  readonly shown: {
    /** Pairs to learn from, and unseen sentences that were translated. */
    readonly pairs: number;
    readonly unseen: number;
    readonly curve: readonly (readonly [number, number])[];
    /** One translation, and what its pieces were read from. */
    readonly source: string;
    readonly translation: string;
    readonly attention: CrossAttention;
    /** Heads whose weights are averaged there. */
    readonly heads: number;
    /** Unseen sentences: source, translation, what the corpus has. */
    readonly examples: readonly (readonly string[])[];
  };
}

/** Cross-attention of the last layer, the mean of its heads. */
interface CrossAttention {
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly weights: readonly (readonly number[])[];
}

/** What the experiment is made of. */
export interface Translating extends Parts {
  findings: TranslatorFindings;
  controls: "pairs" | "steps" | "layers" | "seed";
  claims: "loss" | "bleu" | "once";
  captions: "loss" | "attention" | "examples";
  labels: Labels<"step" | "loss" | "training" | "frequencies" | "source" | "translation" | "corpus"> & {
    /** What the map shows instead of one head. */
    readonly mean: (heads: number) => string;
  };
}

/** Sentences short enough to be learned in seconds. */
function short({ source, target }: SentencePair): boolean {
  return source.length <= CHARACTERS && target.split(" ").length <= WORDS;
}

/** Whether two sentences of as many words differ in one word at most. */
function isNear(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.filter((word, i) => word !== b[i]).length <= 1;
}

/** Fraction of some sentences that differ in one word at most from one of others. */
function nearFraction(sentences: readonly string[], others: readonly string[]): number {
  const known = others.map((sentence) => sentence.split(" "));
  return sentences.filter((sentence) => known.some((words) => isNear(words, sentence.split(" ")))).length /
    sentences.length;
}

/** Cross-entropy of targets under their own frequencies, END included. */
function frequencyLoss(pairs: readonly TokenPair[], endToken: number): number {
  const counts = new Map<number, number>();
  for (const token of pairs.flatMap(({ target }) => [...target, endToken])) {
    counts.set(token, (counts.get(token) ?? 0) + 1);
  }
  const total = [...counts.values()].reduce((a, b) => a + b, 0);
  return [...counts.values()].reduce((sum, count) => sum - count / total * Math.log(count / total), 0);
}

/** A model between two vocabularies. */
interface Translator extends Vocabularies {
  readonly model: EncoderDecoder;
}

async function translate(
  { model, source, target }: Translator,
  sentences: readonly string[],
  signal: AbortSignal | undefined,
): Promise<{ texts: string[]; tokens: (readonly number[])[]; passes: number }> {
  let passes = 0;
  const { encoder } = model, forward = encoder.forward;
  encoder.forward = (...call) => (passes++, forward.apply(encoder, call));
  const { memory, mask } = scope(() =>
    noGrad(() => {
      const { tokens, mask } = padSequences(sentences.map((text) => [...source.encode(text), source.endToken]), {
        padToken: source.padToken,
      });
      return { memory: model.encode(tokens, { mask }), mask };
    })
  );
  try {
    const results = await generate(model.given(memory, mask), sentences.map(() => [target.beginToken]), {
      maxNewTokens: 30,
      eosToken: target.endToken,
      ...(signal && { signal }),
    });
    const tokens = results.map(({ tokens }) => tokens);
    return { texts: tokens.map((ids) => target.decode(ids).trim()), tokens, passes };
  } finally {
    encoder.forward = forward;
    release(memory);
    release(mask);
  }
}

/** Cross-attention of the last layer, the mean of its heads: what each written token was read from. */
async function attentionOf(
  { model, source, target }: Translator,
  sentence: string,
  written: readonly number[],
): Promise<CrossAttention> {
  const read = [...source.encode(sentence), source.endToken], inputs = [target.beginToken, ...written];
  const { numLayers } = model.options;
  const row = (ids: readonly number[]): Tensor => tensor(Int32Array.from(ids), [1, ids.length]);
  const weights = await readRows(() => {
    let seen: Tensor | undefined;
    model.forward(row(read), row(inputs), {
      observe: (path, weights) =>
        void (path === `decoder.layers.${numLayers - 1}.crossAttention` && (seen = weights.mean([0, 1]))),
    });
    return seen!;
  });
  const name = (vocabulary: Tokenizer, id: number) => vocabulary.decode([id]).trim() || "␣";
  return {
    from: [...written.map((id) => name(target, id)), "END"],
    to: [...read.slice(0, -1).map((id) => name(source, id)), "END"],
    weights,
  };
}

/** A small translator, trained and looked into. */
export const experiment: Experiment<Translating> = {
  controls: {
    pairs: { default: 2000, min: 100, max: 3000, step: 100 },
    steps: { default: 340, min: 20, max: 1000, step: 20 },
    layers: { default: 1, min: 1, max: 3 },
    seed: SEED,
  },
  constants: {
    width: WIDTH,
    heads: HEADS,
    batch: BATCH,
    rate: RATE,
    dropout: 0,
    norms: "pre",
    characters: CHARACTERS,
    words: WORDS,
  },
  tolerance: 0.3,
  claims: {
    loss: { holds: ({ lastLoss, frequencies }) => lastLoss < frequencies / 2 },
    bleu: { holds: ({ bleu }) => bleu > 20 },
    once: { holds: ({ passes }) => passes === 1 },
  },
  async measure({ pairs: wanted, steps, layers, seed }, options) {
    const { signal } = options;
    signal?.throwIfAborted();
    const corpus = chineseEnglish(), random = new Random(seed);
    const training = corpus.training.filter(short).slice(0, wanted);
    const vocabularies = await learnVocabularies(training, signal), { source, target } = vocabularies;
    const encoded = training.map((pair) => encodePair(pair, vocabularies));
    const model = new EncoderDecoder({
      vocabSize: target.vocabSize,
      sourceVocabSize: source.vocabSize,
      contextLength: 48,
      hiddenSize: WIDTH,
      numHeads: HEADS,
      numLayers: layers,
      placement: "pre",
      dropout: 0,
    }, random.split());
    const translator = { model, source, target };
    const batches = new Batches(encoded, {
      batchSize: BATCH,
      length: (pair) => pair.target.length,
      random: random.split(),
    });
    const curve = await learn({
      model,
      next: () => batches.next(),
      loss: (batch) => pairLoss(model, batch, target),
      steps,
      learningRate: RATE,
      every: Math.max(1, Math.floor(steps / 40)),
    }, part(options, 0.02, 0.9));

    // Unseen sentences made of characters that were met in training.
    const unseen = [...corpus.validation, ...corpus.test]
      .filter((pair) => short(pair) && !source.encode(pair.source).includes(source.unknownToken)).slice(0, UNSEEN);
    const { texts, tokens } = await translate(translator, unseen.map((pair) => pair.source), signal);
    const score = bleu(texts, unseen.map((pair) => pair.target)).score;
    const example = unseen.findIndex((pair, i) => texts[i] === pair.target && tokens[i]!.length >= 4);
    const shown = Math.max(0, example);
    const { passes } = await translate(translator, [unseen[shown]!.source], signal);
    const attention = await attentionOf(translator, unseen[shown]!.source, tokens[shown]!);
    const weights = model.parameterCount();
    discard(model);
    options.onProgress?.(1);
    return {
      firstLoss: curve[0]![1],
      lastLoss: curve.at(-1)![1],
      frequencies: rounded(frequencyLoss(encoded, target.endToken)),
      bleu: rounded(score),
      near: nearFraction(unseen.map((pair) => pair.target), training.map((pair) => pair.target)),
      passes,
      weights,
      shown: {
        pairs: encoded.length,
        unseen: unseen.length,
        curve,
        source: unseen[shown]!.source,
        translation: texts[shown]!,
        attention,
        heads: HEADS,
        examples: unseen.slice(0, 8).map((pair, i) => [pair.source, texts[i]!, pair.target]),
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { frequencies, shown: { curve, attention, heads, examples } } = findings;
    const level = [curve[0]!, curve.at(-1)!].map(([step]): [number, number] => [step, frequencies]);
    return [
      {
        kind: "line",
        caption: captions.loss(findings),
        x: { title: labels.step },
        y: { title: labels.loss },
        series: [
          { label: labels.training, points: curve.filter((_, i) => i % 3 === 0 || i === curve.length - 1) },
          { label: labels.frequencies, points: level, dashed: true },
        ],
      },
      {
        kind: "attention",
        caption: captions.attention(findings),
        ...attention,
        // A row reads the piece before the arrow and writes the one behind it.
        from: attention.from.map((piece, i) => `${attention.from[i - 1] ?? "BEGIN"} → ${piece}`),
        heads: [labels.mean(heads)],
        // What is smaller than a hundredth is not seen.
        weights: [attention.weights.map((row) => row.map((weight) => Math.round(1e2 * weight) / 1e2))],
      },
      {
        kind: "table",
        caption: captions.examples(findings),
        columns: [labels.source, labels.translation, labels.corpus],
        rows: examples,
      },
    ];
  },
};
