/**
 * # Language models on one text
 *
 * Every kind of language model of the book learns the first nine tenths of one text and predicts the last tenth. A model is an entry of
 * {@linkcode MODELS}; rows that are already recorded are kept, unless `--again` names them, so that a new entry costs its own minutes only.
 *
 * @module
 */

import process from "node:process";
import { text } from "../../core/cli/arguments.ts";
import { quote, UsageError } from "../../core/cli/errors.ts";
import { trainWordLevel } from "../../core/02_words/before_tokens/word_level.ts";
import { trainBytePairEncoding } from "../../core/02_words/byte_pair_encoding/mod.ts";
import { type LanguageModel, measureScores, score } from "../../core/03_language_models/autoregressive.ts";
import { ConvolutionalLanguageModel } from "../../core/03_language_models/cnn/language_model.ts";
import { FeedForwardLanguageModel } from "../../core/03_language_models/feed_forward_lm.ts";
import {
  elman,
  gru,
  lstm,
  type Recurrence,
  RecurrentLanguageModel,
} from "../../core/03_language_models/lstm/language_model.ts";
import { smoothings, trainNGrams } from "../../core/03_language_models/n_grams/mod.ts";
import { DecoderOnly } from "../../core/05_transformer/decoder_only.ts";
import { SequenceWindows } from "../../core/06_training/batching.ts";
import { train } from "../../core/06_training/loop.ts";
import { nextTokens } from "../../core/06_training/teacher_forcing.ts";
import { discard } from "../../core/experiments/learning.ts";
import {
  adamW,
  cosineSchedule,
  createWasmDevice,
  crossEntropy,
  type Module,
  Optimizer,
  Random,
  setBackend,
} from "../../mod.ts";
import { readTask, refuse } from "../arguments.ts";
import { readRun, type RecordedRun, runPath } from "./recorded_run.ts";

/** What tokens are: characters, subwords of a byte-pair encoding, or words with one id for those that are unknown. */
export type TokenKind = "characters" | "subwords" | "words";

/** A text as tokens. */
interface Tokenized {
  readonly vocabSize: number;
  readonly training: Int32Array;
  readonly test: Int32Array;
  /** Fraction of the test's tokens that are unknown. */
  readonly unknown: number;
}

/** What is found of a model. */
export interface Row {
  /** What it is called: unique. */
  readonly name: string;
  readonly tokens: TokenKind;
  /** N of an n-gram model; absent of others. */
  readonly order?: number;
  /** Perplexity per token of the test text. */
  readonly perplexity: number;
  /** Bits per character of the test text; absent where words are unknown. */
  readonly bits?: number;
  /** N-grams of a table, or parameters of a network, and their bytes. */
  readonly size: number;
  readonly bytes: number;
  /** Seconds of one core to train, and tokens that it scores in one. */
  readonly seconds: number;
  readonly tokensPerSecond: number;
}

/** A model that was trained. */
interface Trained {
  readonly model: LanguageModel;
  readonly size: number;
  readonly bytes: number;
  readonly free?: () => void;
}

/** A model to train: what a chapter adds here is one of these. */
interface Entry {
  readonly name: string;
  readonly tokens: TokenKind;
  readonly order?: number;
  readonly train: (data: Tokenized) => Promise<Trained>;
}

/** How networks are trained. */
export const RECIPE = { steps: 1000, batchSize: 16, contextLength: 64, peak: 2e-3, warmupSteps: 100, seed: 1 } as const;
/** Layout of the Transformer. */
export const TRANSFORMER = { hiddenSize: 128, numLayers: 4, numHeads: 4 } as const;
/** Widths of the recurrent networks of one layer, which have about as many parameters as the Transformer. */
export const RECURRENT = { RNN: 620, LSTM: 312, GRU: 360 } as const;
/** Layout of the feed-forward model, which has about as many parameters. */
export const FEED_FORWARD = { windowSize: 16, embeddingSize: 64, hiddenSize: 700 } as const;
/** Layout of the convolutional model, which has about as many parameters. */
export const CONVOLUTIONAL = { hiddenSize: 128, numLayers: 8, kernelSize: 3, dilationCycle: 4 } as const;
/** Tokens of the byte-pair encoding. */
export const SUBWORDS = 2000;

/** An n-gram model; by modified Kneser–Ney unless another method is named. */
function nGrams(tokens: TokenKind, order: number, smoothing = "modified-kneser-ney"): Entry {
  return {
    name: `${order}-gram, ${tokens}${smoothing === "modified-kneser-ney" ? "" : `, ${smoothing}`}`,
    tokens,
    order,
    async train({ training, vocabSize }) {
      const model = await trainNGrams(training, { order, vocabSize, smoothing: smoothings[smoothing]!() });
      return { model, size: model.sizes.reduce((sum, size) => sum + size), bytes: model.byteLength };
    },
  };
}

/** A network of characters, trained by the recipe of all networks of this table. */
function network(
  name: string,
  make: (vocabSize: number, contextLength: number, random: Random) => Module & LanguageModel,
): Entry {
  return {
    name,
    tokens: "characters",
    async train({ training, vocabSize }) {
      const { steps, batchSize, contextLength, peak, warmupSteps, seed } = RECIPE;
      const random = new Random(seed), model = make(vocabSize, contextLength, random.split());
      const optimizer = new Optimizer(model.parameters(), adamW({ beta2: 0.99, weightDecay: 0.1 }));
      await train({
        model,
        optimizer,
        batches: new SequenceWindows(training, { contextLength, batchSize, random: random.split() }),
        loss: (windows) => {
          const { inputs, targets } = nextTokens(windows);
          return crossEntropy(model.forward(inputs), targets);
        },
        steps,
        schedule: cosineSchedule({ peak, floor: peak / 10, warmupSteps, steps }),
        clipNorm: 1,
        reportEvery: 50,
        onProgress: ({ step, loss }) => console.log(`${name}: step ${step}, loss ${loss.toFixed(3)}`),
      });
      model.eval();
      discard(optimizer);
      const size = model.parameterCount();
      return { model, size, bytes: 4 * size, free: () => discard(model) };
    },
  };
}

/** A recurrent network, with its width of {@linkcode RECURRENT}. */
function recurrent(name: keyof typeof RECURRENT, recurrence: Recurrence): Entry {
  return network(
    name,
    (vocabSize, _, random) =>
      new RecurrentLanguageModel({ vocabSize, hiddenSize: RECURRENT[name], recurrence }, random),
  );
}

/** All models, in the order of the table. */
export const MODELS: readonly Entry[] = [
  ...[1, 2, 3, 4, 5, 6, 7, 8, 10].map((order) => nGrams("characters", order)),
  ...[1, 2, 3, 4, 5].map((order) => nGrams("subwords", order)),
  ...[1, 2, 3, 4, 5].map((order) => nGrams("words", order)),
  ...Object.keys(smoothings).filter((name) => name !== "modified-kneser-ney").map((name) =>
    nGrams("characters", 6, name)
  ),
  network(
    "Transformer",
    (vocabSize, contextLength, random) => new DecoderOnly({ vocabSize, contextLength, ...TRANSFORMER }, random),
  ),
  recurrent("RNN", elman),
  recurrent("LSTM", lstm),
  recurrent("GRU", gru),
  network(
    "CNN",
    (vocabSize, _, random) => new ConvolutionalLanguageModel({ vocabSize, ...CONVOLUTIONAL }, random),
  ),
  network(
    "Feed-forward",
    (vocabSize, _, random) => new FeedForwardLanguageModel({ vocabSize, ...FEED_FORWARD }, random),
  ),
];

/** What is kept. */
export interface LanguageModelsRun {
  readonly recipe: typeof RECIPE;
  readonly transformer: typeof TRANSFORMER;
  readonly recurrent: typeof RECURRENT;
  readonly feedForward: typeof FEED_FORWARD;
  readonly convolutional: typeof CONVOLUTIONAL;
  readonly subwords: number;
  /** Characters of the test text, tokens of both parts and sizes of the vocabularies by kind of token, unknown words of the test. */
  readonly characters: number;
  readonly training: Readonly<Record<TokenKind, number>>;
  readonly test: Readonly<Record<TokenKind, number>>;
  readonly vocabularies: Readonly<Record<TokenKind, number>>;
  readonly unknown: number;
  readonly rows: readonly Row[];
}

/** The text as tokens of each kind; vocabularies know the first part alone. */
async function tokenize(training: string, test: string): Promise<Readonly<Record<TokenKind, Tokenized>>> {
  const encode = (
    tokenizer: { vocabSize: number; encode(text: string): number[] },
    unknownToken: number,
  ): Tokenized => {
    const ids = Int32Array.from(tokenizer.encode(test));
    return {
      vocabSize: tokenizer.vocabSize,
      training: Int32Array.from(tokenizer.encode(training)),
      test: ids,
      unknown: ids.filter((id) => id === unknownToken).length / ids.length,
    };
  };
  const characters = await trainBytePairEncoding([training], { vocabSize: "alphabet", level: "characters" });
  const subwords = await trainBytePairEncoding([training], { vocabSize: SUBWORDS, level: "bytes" });
  const words = await trainWordLevel([training], { minFrequency: 2 });
  return {
    characters: encode(characters, characters.unknownToken),
    subwords: encode(subwords, subwords.unknownToken),
    words: encode(words, words.unknownToken!),
  };
}

async function measure({ name, tokens, order, train }: Entry, data: Tokenized, characters: number): Promise<Row> {
  const before = process.cpuUsage(), trained = await train(data), { user } = process.cpuUsage(before);
  const start = process.cpuUsage(),
    logs = await score(trained.model, data.test),
    { user: scored } = process.cpuUsage(start);
  const found = measureScores(logs, { tokens: data.test.length, characters, bytes: characters });
  trained.free?.();
  const row: Row = {
    name,
    tokens,
    ...(order !== undefined && { order }),
    perplexity: found.perplexity,
    ...(data.unknown === 0 && { bits: found.bitsPerCharacter! }),
    size: trained.size,
    bytes: trained.bytes,
    seconds: user / 1e6,
    tokensPerSecond: Math.round(logs.length / Math.max(1e-3, scored / 1e6)),
  };
  console.log(row);
  return row;
}

/** Rows of an earlier run, if there is one. */
function recorded(): readonly Row[] {
  try {
    return readRun<LanguageModelsRun>("language_models").findings.rows;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

if (import.meta.main) {
  const { values: { data: path, again, only } } = await readTask({
    name: "language_models",
    summary: "Train every language model of the book on one text, and record what is found.",
    options: {
      data: text("FILE", "The text to learn from"),
      again: text("WORDS", "Measure again whose name contains these words; those without a record only"),
      only: text("WORDS", "Leave out, if it has no record, whose name lacks these words; none"),
    },
  });
  if (path === undefined) throw refuse(new UsageError(`Cannot run ${quote("language_models")}: --data names the text`));
  setBackend(createWasmDevice({ threads: 1 }));
  const bytes = await Deno.readFile(path), whole = new TextDecoder().decode(bytes);
  const border = Math.floor(whole.length * 0.9), test = whole.slice(border), characters = [...test].length;
  const texts = await tokenize(whole.slice(0, border), test), known = recorded(), rows: Row[] = [];
  for (const entry of MODELS) {
    const row = known.find(({ name }) => name === entry.name);
    if (row && !(again && entry.name.includes(again))) rows.push(row);
    else if (only === undefined || entry.name.includes(only)) {
      rows.push(await measure(entry, texts[entry.tokens], characters));
    }
  }
  const of = <T>(value: (data: Tokenized) => T): Record<TokenKind, T> => ({
    characters: value(texts.characters),
    subwords: value(texts.subwords),
    words: value(texts.words),
  });
  const findings: LanguageModelsRun = {
    recipe: RECIPE,
    transformer: TRANSFORMER,
    recurrent: RECURRENT,
    feedForward: FEED_FORWARD,
    convolutional: CONVOLUTIONAL,
    subwords: SUBWORDS,
    characters,
    training: of(({ training }) => training.length),
    test: of(({ test }) => test.length),
    vocabularies: of(({ vocabSize }) => vocabSize),
    unknown: texts.words.unknown,
    rows,
  };
  const run: RecordedRun<LanguageModelsRun> = {
    command: "deno run -A docs/runs/language_models.ts --data input.txt",
    data: {
      name: "input.txt",
      origin:
        "Tiny Shakespeare, parts of plays by William Shakespeare, as Andrej Karpathy's char-rnn has them (data/tinyshakespeare)",
      licence: "public domain",
      bytes: bytes.length,
      sha256: new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex(),
    },
    seconds: Math.round(
      rows.reduce((sum, row) => sum + row.seconds + texts[row.tokens].test.length / row.tokensPerSecond, 0),
    ),
    findings,
  };
  const short = (_: string, value: unknown): unknown =>
    typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;
  await Deno.writeTextFile(runPath("language_models"), `${JSON.stringify(run, short, 2)}\n`);
}
