/**
 * # Training language models from the command line
 *
 * What the commands share that learn to continue a text: the text, its vocabulary, the loss on the part that is kept apart. A kind of
 * model says how it is built and what its recipe is; its command is made here.
 *
 * @module
 */

import type { Tokenizer } from "../02_words/before_tokens/tokenizer.ts";
import { trainBytePairEncoding } from "../02_words/byte_pair_encoding/mod.ts";
import { SequenceWindows } from "../06_training/batching.ts";
import { crc32 } from "../06_training/checkpoints.ts";
import { crossEntropy } from "../06_training/loss.ts";
import { nextTokens } from "../06_training/teacher_forcing.ts";
import { noGrad } from "../engine/autograd.ts";
import { rest } from "../engine/pace.ts";
import { Random } from "../engine/random.ts";
import { scope } from "../engine/scope.ts";
import { choice, type Command, defineCommand, flagOf, type Option } from "./arguments.ts";
import { DataError, quote, UsageError } from "./errors.ts";
import type { RunFolder } from "./folder.ts";
import { givenTokenizer, readPieces, sayHowToContinue, textOptions } from "./learned_text.ts";
import type { LanguageKind, ModelLayout, TextModel } from "./kinds/kind.ts";
import { type LanguageNotes, readTextModelOf, type Recipe, type SavedModel, settle } from "./models.ts";
import { count } from "../host/terminal.ts";
import { line } from "./terminal.ts";
import {
  CHANGEABLE,
  checkRecipe,
  fittingDefaults,
  folderOf,
  numberOf,
  openFolder,
  recipeOptions,
  refuseToReplace,
  runOptions,
  runTraining,
  trainOnDevice,
} from "./training.ts";

/** What a command trains. */
export interface LanguageTraining<Options extends ModelLayout = ModelLayout> {
  /** What stands behind `train`, and where the sentences that come with the code are learned, in `models`. */
  readonly word: string;
  /** What it is, in the help. */
  readonly details: readonly string[];
  /** The sizes of the model in the recipe, with their defaults. */
  readonly sizes: Recipe;
  /** Options for the settings that other kinds do not have; none by default. One that is no size is in a recipe if it is given. */
  readonly options?: Readonly<Record<string, Option<number | string | undefined>>>;
  /** Weights that a model of a recipe has at least; two matrices of the width in each layer by default. */
  readonly weights?: (recipe: Recipe) => number;
  /** The kind of model that is saved. */
  readonly kind: LanguageKind<ModelLayout, TextModel, Options>;
  /** The layout that a recipe asks for. */
  readonly layout: (vocabSize: number, recipe: Recipe) => Options;
}

/** What the recipes of all kinds have in common; all numbers but the last one are small enough for a laptop. */
const TRAINING = {
  learningRate: 2e-3,
  warmupSteps: 100,
  weightDecay: 0.1,
  dropout: 0,
  evaluateEvery: 250,
  seed: 1,
  beta2: 0.99,
  clipNorm: 1,
  tokens: "characters",
  data: "",
  checksum: "",
} as const satisfies Recipe;

/** What the help of all kinds says. */
const DETAILS = [
  "The last tenth of the text is kept apart to measure the loss on what was not trained on.",
  "Without --data it learns the English sentences that come with the code.",
];

/** Megabytes of text that a vocabulary is learned from. */
const VOCABULARY_PIECES = 16;

/** A text as tokens, its last tenth kept apart. */
interface Text {
  readonly vocabulary: Tokenizer;
  readonly training: Int32Array;
  readonly heldOut: Int32Array;
}

/** Tells two texts apart. */
function checksumOf(pieces: readonly string[]): string {
  const encoder = new TextEncoder();
  return pieces.reduce((sum, piece) => crc32(encoder.encode(piece), sum), 0).toString(16).padStart(8, "0");
}

/** Learns the vocabulary that the recipe asks for. */
function learnVocabulary(pieces: readonly string[], recipe: Recipe): Promise<Tokenizer> {
  const size = recipe["vocabSize"]!;
  return trainBytePairEncoding(pieces.slice(0, VOCABULARY_PIECES), {
    vocabSize: typeof size === "number" ? size : "alphabet",
    level: recipe["tokens"] === "bytes" ? "bytes" : "characters",
  });
}

/** Tokens that the last tenth has room for beside the one to predict, if they are the characters of the text. */
function longestContext([text = "", ...more]: readonly string[]): number {
  if (more.length > 0 || text.length > 100_000) return Infinity;
  return Math.max(1, Math.ceil([...text].length / 10) - 1);
}

/** Cuts a text into tokens; the last tenth is never trained on. */
function encodeText(pieces: readonly string[], vocabulary: Tokenizer, contextLength: number): Text {
  const encoded = pieces.map((piece) => Int32Array.from(vocabulary.encode(piece)));
  const tokens = new Int32Array(encoded.reduce((total, piece) => total + piece.length, 0));
  let at = 0;
  for (const piece of encoded) {
    tokens.set(piece, at);
    at += piece.length;
  }
  const border = Math.floor(tokens.length * 0.9);
  if (tokens.length - border <= contextLength) {
    throw new DataError(
      `Cannot train on ${count(tokens.length)} tokens: a tenth must be longer than --context-length ${contextLength}`,
    );
  }
  return { vocabulary, training: tokens.subarray(0, border), heldOut: tokens.subarray(border) };
}

/** Mean loss over windows of the held-out text: all of them, or as many as `most`, evenly spread. */
async function heldOutLoss(
  model: TextModel,
  { heldOut }: Text,
  { contextLength, batchSize, most }: Readonly<Record<"contextLength" | "batchSize" | "most", number>>,
  signal: AbortSignal,
): Promise<number> {
  const windows = Array.from(
    { length: Math.floor((heldOut.length - 1) / contextLength) },
    (_, i) => heldOut.subarray(i * contextLength, (i + 1) * contextLength + 1),
  );
  const stride = Math.max(1, Math.floor(windows.length / most));
  const chosen = windows.filter((_, i) => i % stride === 0);
  let total = 0;
  for (let at = 0; at < chosen.length; at += batchSize) {
    await rest(signal);
    const batch = chosen.slice(at, at + batchSize);
    const loss = scope(() =>
      noGrad(() => {
        const { inputs, targets } = nextTokens(batch);
        return crossEntropy(model.forward(inputs), targets);
      })
    );
    total += batch.length * await loss.item();
  }
  return total / chosen.length;
}

/** The command that trains a kind of model. */
export function trainingCommand<Options extends ModelLayout>(training: LanguageTraining<Options>): Command {
  const { word, kind, sizes, weights } = training, own = `models/${word}`;
  const usualRecipe: Recipe = {
    steps: 2000,
    batchSize: 12,
    contextLength: 64,
    ...sizes,
    vocabSize: "characters",
    ...TRAINING,
  };
  return defineCommand({
    operands: "",
    maxOperands: 0,
    details: [...training.details, ...DETAILS],
    options: {
      ...textOptions,
      tokens: choice(["characters", "bytes"], `What tokens are made of [${usualRecipe["tokens"]}]`),
      ...recipeOptions(usualRecipe),
      ...training.options as object,
      ...runOptions(own),
    },
    async run(values) {
      const tokenizer = await givenTokenizer(values, ["tokens", "vocabSize"]);
      const out = folderOf(values, own);
      await using folder = await openFolder(values, out);
      const saved = values.resume ? await readTextModelOf(kind, out, word) : undefined;
      const before = saved?.notes.recipe, data = values.data ?? String(before?.["data"] ?? "");
      if (saved) checkResumed(values, saved);
      const usual = {
        ...fittingDefaults(tokenized(usualRecipe, values.tokenizer ?? before?.["tokenizer"]), values),
        ...chosenWords(Object.keys(training.options ?? {}).filter((name) => !(name in usualRecipe)), values, before),
      };
      const settled = (defaults: Recipe, checksum?: string): Recipe =>
        settle({ ...values, data, checksum }, defaults, before, CHANGEABLE);
      checkRecipe(settled(usual), weights);
      const pieces = await readPieces(data);
      const contextLength = Math.min(numberOf(usualRecipe, "contextLength"), longestContext(pieces));
      const recipe = settled({ ...usual, contextLength }, checksumOf(pieces));
      const kept = await refuseToReplace(values, out, word, recipe);
      await trainOnDevice(
        values,
        recipe,
        weights,
        () => trainLanguageModel(training, pieces, recipe, { folder, kept, tokenizer }, saved),
      );
    },
  });
}

/** Settings that have no number, where they are given or were. */
function chosenWords(
  names: readonly string[],
  given: Readonly<Record<string, unknown>>,
  before: Recipe | undefined,
): Recipe {
  return Object.fromEntries(names.flatMap((name) => {
    const wanted = given[name] as string | undefined, had = before?.[name];
    if (before && wanted !== undefined && had === undefined) {
      throw new DataError(`Cannot resume with ${flagOf(name)} ${wanted}: the saved run began without it`);
    }
    const word = wanted ?? had;
    return word === undefined ? [] : [[name, word]];
  }));
}

/** A recipe that names the tokenizer instead of how one is learned. */
function tokenized(usual: Recipe, tokenizer: string | number | undefined): Recipe {
  if (tokenizer === undefined) return usual;
  const { tokens: _, vocabSize: __, ...rest } = usual;
  return { ...rest, tokenizer };
}

/** Refuses another tokenizer than the one that the saved run began with. */
function checkResumed(
  values: Readonly<Record<"tokenizer" | "tokens" | "vocabSize", unknown>>,
  { notes: { recipe } }: SavedModel<LanguageNotes>,
): void {
  if (values.tokenizer !== undefined) {
    throw new UsageError("Cannot use --tokenizer with --resume: a run that continues keeps its own");
  }
  const { tokenizer } = recipe;
  if (tokenizer === undefined || values.tokens === undefined && values.vocabSize === undefined) return;
  throw new DataError(`Cannot resume with another vocabulary: the saved run has that of ${quote(String(tokenizer))}`);
}

async function trainLanguageModel<Options extends ModelLayout>(
  { kind, word, layout }: LanguageTraining<Options>,
  pieces: readonly string[],
  recipe: Recipe,
  { folder, kept, tokenizer }: {
    readonly folder: RunFolder;
    readonly kept: number;
    readonly tokenizer: Tokenizer | undefined;
  },
  saved: SavedModel<LanguageNotes> | undefined,
): Promise<void> {
  const started = performance.now();
  const vocabulary = saved?.notes.vocabulary ?? tokenizer ?? await learnVocabulary(pieces, recipe);
  const of = (name: string): number => numberOf(recipe, name);
  const [contextLength, batchSize, seed] = [of("contextLength"), of("batchSize"), of("seed")];
  const data = encodeText(pieces, vocabulary, contextLength);

  const random = new Random(seed);
  const initial = random.split();
  const model = kind.make(layout(vocabulary.vocabSize, recipe), saved ? Random.none : initial);
  const batches = new SequenceWindows(data.training, { contextLength, batchSize, random: random.split() });
  model.train(random.split());
  line(
    `Text: ${count(data.training.length)} tokens to learn from, ${count(data.heldOut.length)} kept apart, ` +
      `${count(vocabulary.vocabSize)} different`,
  );
  await runTraining({
    model,
    batches,
    saved,
    recipe,
    folder,
    kept,
    tokens: () => batchSize * contextLength,
    loss: (windows) => {
      const { inputs, targets } = nextTokens(windows);
      return crossEntropy(model.forward(inputs), targets);
    },
    evaluate: async (step, signal) => ({
      heldOut: await heldOutLoss(
        model,
        data,
        { contextLength, batchSize: 4 * batchSize, most: step === of("steps") ? Infinity : 400 },
        signal,
      ),
    }),
    describe: ({ heldOut }) => `held out ${heldOut!.toFixed(3)}`,
    notes: (measured) => ({ format: kind.format, layout: model.options, vocabulary, recipe, measured }),
    word,
    started,
    result: ({ heldOut }) => heldOut === undefined ? "" : `loss ${heldOut.toFixed(3)} on the text kept apart`,
  });
  sayHowToContinue(pieces[0]!, folder.path);
}
