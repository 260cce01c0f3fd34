/**
 * # A translator in seconds
 *
 * The first experiment counts the weights of the paper's two models. The second trains a
 * far smaller one on short sentences, watches its loss, lets it translate, and draws what
 * each word of a translation was read from.
 *
 * @module
 */

import { type BytePairEncoding, trainBytePairEncoding } from "../../02_words/byte_pair_encoding/mod.ts";
import { Batches, padSequences } from "../../06_training/batching.ts";
import { bleu } from "../../06_training/bleu.ts";
import { generate } from "../../07_generation/generate.ts";
import { noGrad } from "../../engine/autograd.ts";
import { Random } from "../../engine/random.ts";
import { release, scope } from "../../engine/scope.ts";
import { type Tensor, tensor } from "../../engine/tensor.ts";
import type { Experiment, Figure } from "../../experiments.ts";
import { fixed } from "../../experiments/numbers.ts";
import {
  EncoderDecoder,
  type EncoderDecoderOptions,
  transformerBase,
  transformerBig,
  transformerSize,
} from "../encoder_decoder.ts";
import { chineseEnglish, type SentencePair } from "../../corpora/chinese_english.ts";
import { discard, learn, pairLoss, part, readRows, rounded, say, seedControl, type TokenPair } from "./support.ts";

type Sizes = {
  /** Trained numbers of the base and the big model. */
  readonly base: number;
  readonly big: number;
  /** Weights of the parts of the base model, then of the big one. */
  readonly parts: readonly number[];
};

/** Weights by part, for the paper's shapes. */
function partsOf({ hiddenSize = 512, vocabSize }: EncoderDecoderOptions): { label: string; value: number }[] {
  const E = hiddenSize, attention = 4 * (E + 1) * E, feedForward = 8 * E * E + 5 * E, norm = 2 * E;
  return [
    { label: "embeddings", value: vocabSize * E },
    { label: "self-attention", value: 12 * attention },
    { label: "cross-attention", value: 6 * attention },
    { label: "feed-forward", value: 12 * feedForward },
    { label: "norms", value: 30 * norm },
  ];
}

/** How many weights the paper's models have. */
export const transformerSizeExperiment: Experiment<Sizes, "vocabulary"> = {
  name: "transformer/encoder_decoder/size",
  title: "How large the paper’s models are",
  purpose: "The weights of the paper’s two models are counted from their shapes, part by part. Change the " +
    "vocabulary, and see which part grows with it. Compare the base model with the big one, which is twice as " +
    "wide.",
  controls: {
    vocabulary: {
      label: "Vocabulary",
      description: "Tokens of the vocabulary that both languages share",
      default: 37000,
      min: 1000,
      max: 100_000,
      step: 1000,
    },
  },
  claims: [
    {
      text: "The base model has 65 million weights, as the paper’s table says, within 4\u202f%",
      holds: ({ base }) => Math.abs(base / 65e6 - 1) < 0.04,
    },
    {
      text: "The big model has 213 million, within 1\u202f%",
      holds: ({ big }) => Math.abs(big / 213e6 - 1) < 0.01,
    },
    {
      text: "The parts add up to the whole",
      holds: ({ base, parts }) => parts.slice(0, 5).reduce((a, b) => a + b, 0) === base,
    },
  ],
  run({ vocabulary: vocabSize }, { signal }) {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const [base, big] = [{ ...transformerBase, vocabSize }, { ...transformerBig, vocabSize }];
    const parts = [base, big].flatMap((options, i) =>
      partsOf(options).map((bar) => ({ ...bar, group: i ? "big" : "base" }))
    );
    const findings: Sizes = {
      base: transformerSize(base),
      big: transformerSize(big),
      parts: parts.map(({ value }) => value),
    };
    const million = (x: number) => `${fixed(x / 1e6, 1)} million`;
    return Promise.resolve({
      findings,
      figures: [
        {
          kind: "bars",
          caption:
            `The base model has ${million(findings.base)} weights, the big one ${million(findings.big)}: twice ` +
            "the width is four times the weights of every layer, and twice those of the embeddings.",
          y: { title: "trained numbers" },
          bars: parts,
        },
        {
          kind: "table",
          caption: "The shapes of the two models.",
          columns: ["model", "layers", "width", "heads", "feed-forward", "weights"],
          rows: [["base", 6, 512, 8, 2048, findings.base], ["big", 6, 1024, 16, 4096, findings.big]],
        },
      ],
    });
  },
};

type Found = {
  /** Loss of the first and of the last steps. */
  readonly firstLoss: number;
  readonly lastLoss: number;
  /** Loss of a model that knows how frequent each token is and nothing else. */
  readonly frequencies: number;
  /** BLEU on sentences that it has not seen. */
  readonly bleu: number;
  /** Passes of the encoder for one translation. */
  readonly passes: number;
  readonly weights: number;
};

/** Sentences short enough to be learned in seconds. */
function short({ source, target }: SentencePair): boolean {
  return source.length <= 9 && target.split(" ").length <= 6;
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
interface Translator {
  readonly model: EncoderDecoder;
  readonly source: BytePairEncoding;
  readonly target: BytePairEncoding;
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

/** Cross-attention of the last layer, head by head: what each written token was read from. */
async function attentionOf({ model, source, target }: Translator, sentence: string, written: readonly number[]) {
  const read = [...source.encode(sentence), source.endToken], inputs = [target.beginToken, ...written];
  const { numHeads, numLayers } = model.options;
  const row = (ids: readonly number[]): Tensor => tensor(Int32Array.from(ids), [1, ids.length]);
  const rows = await readRows(() => {
    let seen: Tensor | undefined;
    model.forward(row(read), row(inputs), {
      observe: (path, weights) =>
        void (path === `decoder.layers.${numLayers - 1}.crossAttention` && (seen = weights.at(0, 0))),
    });
    return seen!;
  });
  const name = (vocabulary: BytePairEncoding, id: number) => vocabulary.decode([id]).trim() || "␣";
  return {
    from: [...written.map((id) => name(target, id)), "END"],
    to: [...read.slice(0, -1).map((id) => name(source, id)), "END"],
    weights: Array.from(
      { length: numHeads },
      (_, head) => rows.slice(head * inputs.length, (head + 1) * inputs.length).map((row) => row.map(rounded)),
    ),
  };
}

/** A small translator, trained and looked into. */
export const translatorExperiment: Experiment<Found, "pairs" | "steps" | "layers" | "seed"> = {
  name: "transformer/encoder_decoder",
  title: "A translator in seconds",
  purpose: "A small translator learns from short Chinese sentences, from scratch, in a few seconds. Change the " +
    "number of pairs, the steps or the layers. See how the loss falls, from which Chinese characters each English " +
    "word was read, and what becomes of sentences that it has never seen.",
  controls: {
    pairs: {
      label: "Sentence pairs",
      description: "Short pairs to learn from",
      default: 2000,
      min: 100,
      max: 3000,
      step: 100,
    },
    steps: { label: "Training steps", description: "Batches of 32 pairs", default: 340, min: 20, max: 1000, step: 20 },
    layers: { label: "Layers", description: "Layers of encoder and decoder", default: 1, min: 1, max: 3 },
    seed: seedControl,
  },
  tolerance: 0.3,
  claims: [
    {
      text: "The loss falls below half of what knowing the frequencies of the words is worth",
      holds: ({ lastLoss, frequencies }) => lastLoss < frequencies / 2,
    },
    {
      text: "It translates sentences that it has not seen: BLEU above 20",
      holds: ({ bleu }) => bleu > 20,
    },
    {
      text: "The encoder runs once for a translation, however many words are written",
      holds: ({ passes }) => passes === 1,
    },
  ],
  async run({ pairs: wanted, steps, layers, seed }, options) {
    const { signal } = options;
    signal?.throwIfAborted();
    const corpus = chineseEnglish(), random = new Random(seed);
    const training = corpus.training.filter(short).slice(0, wanted);
    const vocabulary = (side: "source" | "target", vocabSize: number) =>
      trainBytePairEncoding(training.map((pair) => pair[side]), {
        vocabSize,
        level: "characters",
        ...(signal && { signal }),
      });
    const source = await vocabulary("source", 600), target = await vocabulary("target", 500);
    const encoded = training.map((pair): TokenPair => ({
      source: [...source.encode(pair.source), source.endToken],
      target: target.encode(pair.target),
    }));
    const model = new EncoderDecoder({
      vocabSize: target.vocabSize,
      sourceVocabSize: source.vocabSize,
      contextLength: 48,
      hiddenSize: 64,
      numHeads: 4,
      numLayers: layers,
      placement: "pre",
      dropout: 0,
    }, random.split());
    const translator = { model, source, target };
    const batches = new Batches(encoded, {
      batchSize: 32,
      length: (pair) => pair.target.length,
      random: random.split(),
    });
    const curve = await learn({
      model,
      next: () => batches.next(),
      loss: (batch) => pairLoss(model, batch, target),
      steps,
      learningRate: 5e-3,
      every: Math.max(1, Math.floor(steps / 40)),
    }, part(options, 0.02, 0.9));

    // Unseen sentences made of characters that were met in training.
    const unseen = [...corpus.validation, ...corpus.test]
      .filter((pair) => short(pair) && !source.encode(pair.source).includes(source.unknownToken)).slice(0, 60);
    const { texts, tokens } = await translate(translator, unseen.map((pair) => pair.source), signal);
    const score = bleu(texts, unseen.map((pair) => pair.target)).score;
    const example = unseen.findIndex((pair, i) => texts[i] === pair.target && tokens[i]!.length >= 4);
    const shown = Math.max(0, example);
    const { passes } = await translate(translator, [unseen[shown]!.source], signal);
    const map = await attentionOf(translator, unseen[shown]!.source, tokens[shown]!);
    const findings: Found = {
      firstLoss: curve[0]![1],
      lastLoss: curve.at(-1)![1],
      frequencies: rounded(frequencyLoss(encoded, target.endToken)),
      bleu: rounded(score),
      passes,
      weights: model.parameterCount(),
    };
    discard(model);
    const figures: Figure[] = [
      {
        kind: "line",
        caption: `The loss of ${say(findings.weights)} weights on ${say(encoded.length)} pairs, from ` +
          `${say(findings.firstLoss)} to ${say(findings.lastLoss)} nats a token. Guessing by frequency costs ` +
          `${say(findings.frequencies)}.`,
        x: { title: "step" },
        y: { title: "nats per token" },
        series: [
          { label: "training", points: curve },
          { label: "frequencies only", points: curve.map(([step]) => [step, findings.frequencies]), dashed: true },
        ],
      },
      {
        kind: "attention",
        caption:
          `What each piece of “${texts[shown]}” was read from in ${unseen[shown]!.source}: cross-attention of the ` +
          "last layer. Pieces at the left ask, those at the right are asked.",
        ...map,
        heads: map.weights.map((_, head) => `head ${head + 1}`),
      },
      {
        kind: "table",
        caption: `Sentences that it has never seen; over ${unseen.length} of them BLEU is ${say(score)}.`,
        columns: ["source", "translation", "in the corpus"],
        rows: unseen.slice(0, 8).map((pair, i) => [pair.source, texts[i]!, pair.target]),
      },
    ];
    options.onProgress?.(1);
    return { findings, figures };
  },
};
