/**
 * # Translators on the command line
 *
 * `train translator` learns from pairs of sentences and ends with a demonstration: sentences that
 * it has never seen, translated by beam search, and a map of what each word was read from.
 * `translate` does the same with a saved model and sentences of the reader's choice.
 *
 * @module
 */

import { type BytePairEncoding, trainBytePairEncoding } from "../02_words/byte_pair_encoding.ts";
import { EncoderDecoder } from "../05_transformer/encoder_decoder.ts";
import { chineseEnglish } from "../05_transformer/experiments/chinese_english.ts";
import { Batches, padSequences } from "../06_training/batching.ts";
import { bleu } from "../06_training/bleu.ts";
import { crc32 } from "../06_training/checkpoints.ts";
import { crossEntropy } from "../06_training/loss.ts";
import { teacherForcing } from "../06_training/teacher_forcing.ts";
import { generate } from "../07_generation/generate.ts";
import { noGrad } from "../engine/autograd.ts";
import { Random } from "../engine/random.ts";
import { release, scope } from "../engine/scope.ts";
import { type Tensor, tensor } from "../engine/tensor.ts";
import { type Command, command, flag, number, text } from "./arguments.ts";
import { type Decoding, searchDecoding, searchOptions } from "./decoding.ts";
import { chooseDevice, deviceOptions, interruption } from "./device.ts";
import { DataError, escapeControl, Interrupted, quote } from "./errors.ts";
import { type Pair, parseColumns, readLines, readPairs } from "./files.ts";
import {
  openTranslator,
  readTranslator,
  type Recipe,
  restore,
  type SavedModel,
  settle,
  type TranslatorNotes,
} from "./models.ts";
import { count, duration, line, shadedMap, shadeLegend } from "./terminal.ts";
import {
  checkRecipe,
  numberOf,
  openFolder,
  optimizerOf,
  programName,
  recipeOptions,
  runOptions,
  runTraining,
} from "./training.ts";

/** The recipe for the corpus that comes with the code: under a minute on two cores. */
const RECIPE = {
  steps: 800,
  batchSize: 64,
  contextLength: 64,
  hiddenSize: 128,
  numLayers: 2,
  numHeads: 4,
  vocabSize: 2000,
  learningRate: 2e-3,
  warmupSteps: 100,
  weightDecay: 0.01,
  dropout: 0.1,
  evaluateEvery: 100,
  seed: 1,
  beta2: 0.98,
  clipNorm: 1,
  labelSmoothing: 0.1,
  data: "",
  columns: "1,2",
  checksum: "",
} as const satisfies Recipe;

/** Held-out sentences that are translated at every evaluation; the last one takes all. */
const QUICK = 100;
/** Most sentences that are held out. */
const MOST_HELD_OUT = 500;
/** Beams of the demonstration. */
const BEAMS = 4;

/** A pair as tokens, without begin and end. */
interface EncodedPair {
  readonly source: readonly number[];
  readonly target: readonly number[];
}

/** What is trained on, and what is kept apart. */
interface Corpus {
  readonly training: readonly Pair[];
  /** One pair for each sentence to translate, with every translation it has in the corpus. */
  readonly heldOut: readonly { readonly source: string; readonly targets: readonly string[] }[];
}

/** The pairs of a file, or those that come with the code. */
async function readCorpus(path: string, columns: string): Promise<Pair[]> {
  if (path !== "") return await readPairs(path, parseColumns(columns));
  return chineseEnglish.map(({ chinese, english }) => ({ source: chinese, target: english }));
}

function checksumOf(pairs: readonly Pair[]): string {
  const all = pairs.map(({ source, target }) => `${source}\t${target}\n`).join("");
  return crc32(new TextEncoder().encode(all)).toString(16).padStart(8, "0");
}

/**
 * Keeps sentences apart for testing.
 *
 * A sentence is drawn with all its translations, and no pair that shares a sentence with them, in
 * either language, is trained on.
 */
export function splitCorpus(pairs: readonly Pair[], random: Random, most: number = MOST_HELD_OUT): Corpus {
  const translations = new Map<string, string[]>();
  for (const { source, target } of pairs) translations.set(source, [...translations.get(source) ?? [], target]);
  const sources = [...translations.keys()];
  const size = Math.min(most, Math.floor(sources.length / 10));
  if (size === 0) throw new DataError(`Cannot train on ${sources.length} different sentences: at least 10 are needed`);
  const drawn = Array.from(random.permutation(sources.length).subarray(0, size), (i) => sources[i]!);
  const heldSources = new Set(drawn);
  const heldTargets = new Set(drawn.flatMap((source) => translations.get(source)!));
  return {
    training: pairs.filter(({ source, target }) => !heldSources.has(source) && !heldTargets.has(target)),
    heldOut: drawn.map((source) => ({ source, targets: translations.get(source)! })),
  };
}

/** A translator in use. */
class Translator {
  readonly model: EncoderDecoder;
  readonly source: BytePairEncoding;
  readonly target: BytePairEncoding;

  constructor(model: EncoderDecoder, source: BytePairEncoding, target: BytePairEncoding) {
    this.model = model;
    this.source = source;
    this.target = target;
  }

  /** Most tokens that a sentence may have. */
  get #room(): number {
    return this.model.options.contextLength;
  }

  /** A sentence as tokens; END tells the encoder where it stops. */
  read(sentence: string): number[] {
    const tokens = [...this.source.encode(sentence.normalize("NFC")), this.source.endToken];
    if (tokens.length > this.#room) {
      throw new DataError(
        `Cannot translate ${quote(sentence)}: it has ${tokens.length} tokens, and the model reads ${this.#room}`,
      );
    }
    return tokens;
  }

  /** Translates sentences, several at a time. */
  async translate(
    sentences: readonly string[],
    decoding: Decoding,
    options: { readonly maxNewTokens?: number | undefined; readonly signal?: AbortSignal } = {},
  ): Promise<{ readonly text: string; readonly tokens: readonly number[] }[]> {
    const tokens = sentences.map((sentence) => this.read(sentence));
    const longest = Math.max(...tokens.map(({ length }) => length));
    const maxNewTokens = Math.min(options.maxNewTokens ?? 2 * longest + 10, this.#room);
    const encoded = scope(() =>
      noGrad(() => {
        const { tokens: source, mask } = padSequences(tokens, { padToken: this.source.padToken });
        return { memory: this.model.encode(source, { mask }), mask };
      })
    );
    try {
      const prompts = sentences.map(() => [this.target.beginToken]);
      const results = await generate(this.model.given(encoded.memory, encoded.mask), prompts, {
        ...decoding,
        maxNewTokens,
        eosToken: this.target.endToken,
        ...(options.signal && { signal: options.signal }),
      });
      return results.map(({ tokens }) => ({ text: this.target.decode(tokens).trim(), tokens }));
    } finally {
      release(encoded.memory);
      release(encoded.mask);
    }
  }

  /** Cross-attention of the last layer, its heads averaged: one row per target token. */
  async attention(sentence: string, written: readonly number[]): Promise<AttentionMap> {
    const source = this.read(sentence);
    const path = `decoder.layers.${this.model.options.numLayers - 1}.crossAttention`;
    const weights = scope(() =>
      noGrad(() => {
        let seen: Tensor | undefined;
        const inputs = [this.target.beginToken, ...written];
        this.model.forward(row(source), row(inputs), {
          observe: (where, weights) => void (where === path && (seen = weights.mean([0, 1]))),
        });
        return seen!;
      })
    );
    const numbers = await weights.read();
    release(weights);
    const width = source.length;
    return {
      rows: [...written.map((id) => this.target.decode([id])), "END"],
      columns: [...source.slice(0, -1).map((id) => this.source.decode([id])), "END"],
      weights: Array.from(
        { length: written.length + 1 },
        (_, r) => Array.from(numbers.subarray(r * width, (r + 1) * width)),
      ),
    };
  }
}

/** What {@linkcode shadedMap} draws. */
interface AttentionMap {
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  readonly weights: readonly (readonly number[])[];
}

function row(tokens: readonly number[]): Tensor {
  return tensor(Int32Array.from(tokens), [1, tokens.length]);
}

/** Translates in batches of similar length; the order of the results is that of the sentences. */
async function translateAll(
  translator: Translator,
  sentences: readonly string[],
  decoding: Decoding,
  batchSize: number,
  signal?: AbortSignal,
): Promise<string[]> {
  const order = sentences.map((_, i) => i).sort((a, b) => sentences[a]!.length - sentences[b]!.length);
  const results = new Array<string>(sentences.length);
  for (let at = 0; at < order.length; at += batchSize) {
    const batch = order.slice(at, at + batchSize);
    const texts = await translator.translate(batch.map((i) => sentences[i]!), decoding, signal && { signal });
    batch.forEach((i, j) => results[i] = texts[j]!.text);
  }
  return results;
}

/** `train translator`. */
export const trainTranslatorCommand: Command = command({
  name: "train translator",
  operands: "",
  maxOperands: 0,
  summary: "Train a translator on pairs of sentences",
  details: [
    "Without --data it learns the Chinese-English pairs that come with the code.",
    "Some sentences are kept apart, with everything that shares a sentence with them, to measure BLEU.",
  ],
  options: {
    data: text("FILE", "Pairs of sentences, one a line, columns separated by tabs"),
    columns: text("S,T", "Columns of source and target, counted from 1 [1,2]"),
    ...recipeOptions(RECIPE),
    labelSmoothing: number("N", `Belief spread over all words [${RECIPE.labelSmoothing}]`, { min: 0, below: 1 }),
    ...runOptions("models/translator"),
  },
  async run(values) {
    if (values.columns !== undefined) parseColumns(values.columns);
    const saved = values.resume ? await readTranslator(values.out) : undefined;
    await openFolder(values);
    const data = values.data ?? String(saved?.notes.recipe["data"] ?? "");
    const columns = values.columns ?? String(saved?.notes.recipe["columns"] ?? RECIPE.columns);
    const pairs = await readCorpus(data, columns);
    const { device: _device, threads: _threads, out, resume: _resume, ...given } = values;
    const wanted = { ...given, data, columns, checksum: checksumOf(pairs) };
    const recipe = settle(wanted, RECIPE, saved?.notes.recipe, ["steps", "evaluateEvery", "data"]);
    checkRecipe(recipe);
    line(`Device: ${await chooseDevice(values)}`);
    await trainTranslator(pairs, recipe, out, saved);
  },
});

async function trainTranslator(
  pairs: readonly Pair[],
  recipe: Recipe,
  out: string,
  saved: SavedModel<TranslatorNotes> | undefined,
): Promise<void> {
  const started = performance.now();
  const of = (name: string): number => numberOf(recipe, name);
  const random = new Random(of("seed"));
  const corpus = splitCorpus(pairs, random.split());
  const vocabularyOf = (texts: readonly string[]): Promise<BytePairEncoding> =>
    trainBytePairEncoding(texts, { vocabSize: of("vocabSize"), level: "characters" });
  const source = saved?.notes.source ?? await vocabularyOf(corpus.training.map((pair) => pair.source));
  const target = saved?.notes.target ?? await vocabularyOf(corpus.training.map((pair) => pair.target));

  const layout = {
    vocabSize: target.vocabSize,
    sourceVocabSize: source.vocabSize,
    contextLength: of("contextLength"),
    hiddenSize: of("hiddenSize"),
    numLayers: of("numLayers"),
    numHeads: of("numHeads"),
    norm: "pre",
    dropout: of("dropout"),
  } as const;
  const model = new EncoderDecoder(layout, random.split());
  const translator = new Translator(model, source, target);
  const examples = encodePairs(corpus.training, translator);
  const batches = new Batches<EncodedPair>(examples, {
    batchSize: of("batchSize"),
    length: (pair) => pair.source.length + pair.target.length,
    random: random.split(),
  });
  const dropout = random.split();
  const { optimizer, schedule } = optimizerOf(model, recipe);
  const run = { model, optimizer, batches, randoms: { dropout } };
  if (saved) restore(saved, run);

  const weights = [...model.parameters().values()].reduce((total, parameter) => total + parameter.size, 0);
  line(
    `Corpus: ${count(examples.length)} pairs to learn from, ${count(corpus.heldOut.length)} sentences kept apart; ` +
      `${count(source.vocabSize)} and ${count(target.vocabSize)} different tokens`,
  );
  line(`Model: ${count(weights)} weights${saved ? `, continuing after step ${optimizer.steps}` : ""}`);

  const shown = corpus.heldOut[0]!.source;
  const measured = await runTraining<readonly EncodedPair[]>({
    run,
    recipe,
    out,
    schedule,
    tokens: (batch) => batch.reduce((total, pair) => total + pair.source.length + pair.target.length + 1, 0),
    loss: (batch) => translationLoss(translator, batch, dropout, of("labelSmoothing")),
    evaluate: async (step) => {
      const sentences = corpus.heldOut.slice(0, step === of("steps") ? undefined : QUICK);
      return { BLEU: await measureBleu(translator, sentences) };
    },
    describe: ({ BLEU }) => `BLEU ${BLEU!.toFixed(1)}`,
    sample: async () => {
      const [translation] = await translator.translate([shown], { numBeams: 1 });
      return escapeControl(`${shown} → ${translation!.text}`);
    },
    notes: (measured) => ({ format: "heed translator 1", layout: model.options, source, target, recipe, measured }),
    continueWith: `train translator --resume --out ${quote(out)}`,
  });
  const { BLEU } = measured;
  const result = BLEU === undefined
    ? ""
    : `, BLEU ${BLEU.toFixed(1)} on ${count(corpus.heldOut.length)} unseen sentences`;
  line(`Trained in ${duration((performance.now() - started) / 1000)}${result}; saved in ${out}`);
  await demonstrate(translator, corpus);
  line("To translate more:");
  line(`  ${programName()} translate ${quote(corpus.heldOut[0]!.source)} --model ${quote(out)}`);
}

/** Pairs as tokens; those that are longer than the model can read are left out, and counted. */
function encodePairs(pairs: readonly Pair[], { source, target, model }: Translator): EncodedPair[] {
  const room = model.options.contextLength - 1;
  const encoded = pairs.map((pair) => ({
    source: [...source.encode(pair.source.normalize("NFC")), source.endToken],
    target: target.encode(pair.target),
  }));
  const kept = encoded.filter((pair) => pair.source.length <= room && pair.target.length <= room);
  if (kept.length === 0) throw new DataError(`Cannot train: every pair is longer than ${room} tokens`);
  if (kept.length < encoded.length) {
    line(`${count(encoded.length - kept.length)} pairs of more than ${room} tokens are left out (--context-length)`);
  }
  return kept;
}

/** Cross-entropy of the next token, the right ones before it given. */
function translationLoss(
  { model, source, target }: Translator,
  batch: readonly EncodedPair[],
  random: Random,
  labelSmoothing: number,
): Tensor {
  const { tokens, mask } = padSequences(batch.map((pair) => pair.source), { padToken: source.padToken });
  const { inputs, targets } = teacherForcing(batch.map((pair) => pair.target), target);
  return crossEntropy(model.forward(tokens, inputs, { sourceMask: mask, random }), targets, { labelSmoothing });
}

/** BLEU of greedy translations, against every translation that the corpus has. */
async function measureBleu(translator: Translator, heldOut: Corpus["heldOut"]): Promise<number> {
  const sentences = heldOut.map(({ source }) => source);
  const readable = sentences.map((sentence) => isReadable(translator, sentence));
  const texts = await translateAll(translator, sentences.filter((_, i) => readable[i]), { numBeams: 1 }, 64);
  let at = 0;
  // What the model cannot read counts as an empty translation.
  const candidates = readable.map((can) => can ? texts[at++]! : "");
  // BLEU counts words, and Chinese has no spaces between them: there it counts characters.
  const tokenizer = heldOut.some(({ targets }) => /\p{Script=Han}/u.test(targets[0]!)) ? "zh" : "13a";
  return bleu(candidates, heldOut.map(({ targets }) => targets), { tokenizer }).score;
}

function isReadable({ source, model }: Translator, sentence: string): boolean {
  return source.encode(sentence.normalize("NFC")).length < model.options.contextLength;
}

/** Translates a few unseen sentences by beam search and draws what the last one was read from. */
async function demonstrate(translator: Translator, { heldOut }: Corpus): Promise<void> {
  const chosen = heldOut.filter(({ source }) => isReadable(translator, source)).slice(0, 6);
  line();
  line("Sentences it has never seen, by beam search:");
  let longest: { source: string; tokens: readonly number[] } | undefined;
  for (const { source, targets } of chosen) {
    const [translation] = await translator.translate([source], { numBeams: BEAMS });
    const { text, tokens } = translation!;
    const verdict = targets.includes(text) ? "" : `   (in the corpus: ${targets[0]})`;
    line(`  ${escapeControl(source)}  →  ${escapeControl(text + verdict)}`);
    if (tokens.length > (longest?.tokens.length ?? 0)) longest = { source, tokens };
  }
  if (longest) await printAttention(translator, longest.source, longest.tokens);
}

async function printAttention(translator: Translator, sentence: string, tokens: readonly number[]): Promise<void> {
  const { weights, rows, columns } = await translator.attention(sentence, tokens);
  line();
  line(`Where each word of the translation looked in ${escapeControl(sentence)}`);
  line("(cross-attention of the last layer, mean of its heads):");
  line();
  for (const drawn of shadedMap(weights, rows, columns)) line(`  ${drawn}`);
  line();
  line(`  ${shadeLegend()}`);
  line();
}

/** `translate`. */
export const translateCommand: Command = command({
  name: "translate",
  operands: "[SENTENCE…]",
  maxOperands: 10_000,
  summary: "Translate sentences with a saved translator",
  details: ["Without a sentence it translates standard input, or --data, line by line."],
  options: {
    model: text("FOLDER", "A model saved by train translator", "models/translator"),
    data: text("FILE", "Sentences to translate, one a line"),
    ...searchOptions,
    maxNewTokens: number("N", "Most tokens of a translation", { min: 1, max: 100_000, whole: true }),
    attention: flag("Draw what each word was read from"),
    ...deviceOptions,
  },
  async run(values, sentences) {
    const decoding = searchDecoding(values, BEAMS);
    const saved = await readTranslator(values.model);
    await chooseDevice(values);
    const { source, target } = saved.notes;
    const translator = new Translator(openTranslator(saved), source, target);
    const { signal, stop } = interruption();
    try {
      for await (const sentence of sentencesOf(sentences, values.data)) {
        if (sentence.trim() === "") {
          line();
          continue;
        }
        const { maxNewTokens } = values;
        const [translation] = await translator.translate([sentence.trim()], decoding, { maxNewTokens, signal });
        line(escapeControl(translation!.text));
        if (values.attention) await printAttention(translator, sentence.trim(), translation!.tokens);
      }
    } catch (error) {
      throw signal.aborted ? new Interrupted("") : error;
    } finally {
      stop();
    }
  },
});

/** What is to be translated: the arguments, a file, or standard input. */
async function* sentencesOf(given: readonly string[], path: string | undefined): AsyncGenerator<string> {
  if (given.length > 0) yield* given;
  else for await (const { text } of readLines(path ?? "-")) yield text;
}
