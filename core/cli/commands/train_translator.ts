/**
 * # Training a translator from the command line
 *
 * `train translator` learns from pairs of sentences and ends with a demonstration: sentences that
 * it has never seen, translated by beam search, and a map of what each word was read from.
 *
 * @module
 */

import { type BytePairEncoding, trainBytePairEncoding } from "../../02_words/byte_pair_encoding/mod.ts";
import { recurrences } from "../../03_language_models/lstm/language_model.ts";
import { Batches, padSequences } from "../../06_training/batching.ts";
import { bleu } from "../../06_training/bleu.ts";
import { crossEntropy } from "../../06_training/loss.ts";
import { teacherForcing } from "../../06_training/teacher_forcing.ts";
import { Random } from "../../engine/random.ts";
import { readPart } from "../../engine/part.ts";
import type { Tensor } from "../../engine/tensor.ts";
import { choice, type Command, defineCommand, flagOf, text } from "../arguments.ts";
import { checksumOf, type HeldOut, readCorpus, type TranslationCorpus } from "../corpus.ts";
import { DataError, escapeControl, UsageError } from "../errors.ts";
import { type Pair, parseColumns } from "../files.ts";
import type { RunFolder } from "../folder.ts";
import { kind as recurrentTranslator } from "../kinds/recurrent_translator.ts";
import { kind as transformer } from "../kinds/translator.ts";
import { readTranslation, type Recipe, type SavedModel, settle, type TranslationNotes } from "../models.ts";
import type { NetworkFormat } from "../model_kinds.ts";
import { LIMITS } from "../recipes.ts";
import { count } from "../../host/terminal.ts";
import { line, sayNext } from "../terminal.ts";
import {
  CHANGEABLE,
  checkRecipe,
  fittingDefaults,
  folderOf,
  numberOf,
  numbersOf,
  openFolder,
  recipeOptions,
  refuseToReplace,
  runOptions,
  runTraining,
  setting,
  trainOnDevice,
} from "../training.ts";
import { BEAMS, printAttention, translateAll, type TranslationModel, Translator } from "../translator.ts";

/** The recipe for the corpus that comes with the code: under a minute on two cores. */
const RECIPE = {
  steps: 500,
  batchSize: 64,
  contextLength: 64,
  hiddenSize: 128,
  numLayers: 2,
  numHeads: 4,
  vocabSize: 1600,
  sourceVocabSize: 800,
  learningRate: 2e-3,
  warmupSteps: 60,
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

/** What a corpus from elsewhere needs instead: more words, and more time to learn them. */
const LARGER: Recipe = {
  ...RECIPE,
  steps: 3000,
  vocabSize: 5000,
  sourceVocabSize: 5000,
  warmupSteps: 300,
  evaluateEvery: 500,
};

/** What recurrent networks need instead: no heads, and larger steps. */
const RECURRENT: Recipe = { hiddenSize: 128, learningRate: 5e-3 };

/** The defaults for a file or for the code's own pairs, with a Transformer or with recurrent networks. */
function defaultsFor(data: string, recurrence: string | undefined): Recipe {
  const usual = data === "" ? RECIPE : LARGER;
  if (recurrence === undefined) return usual;
  const { numHeads: _, ...others } = usual;
  return { ...others, ...RECURRENT, recurrence };
}

/** Where the pairs that come with the code are learned. */
const FOLDER = "models/translator";

/** Sentences that are translated at every evaluation but the last. */
const WATCHED = 100;

/** A pair as tokens, without begin and end. */
interface EncodedPair {
  readonly source: readonly number[];
  readonly target: readonly number[];
}

/** The defaults that a file changes, as options. */
function differences(): string {
  const changed = Object.entries(LARGER).filter(([name, value]) => (RECIPE as Recipe)[name] !== value);
  return changed.map(([name, value]) => `${flagOf(name)} ${value}`).join(", ");
}

/** `train translator`. */
export const command: Command = defineCommand({
  operands: "",
  maxOperands: 0,
  details: [
    "Without --data it learns the Chinese-English pairs that come with the code.",
    `A file has other defaults: ${differences()}.`,
    `With --recurrence two recurrent networks learn, with one vector between them, at ${flagOf("learningRate")} ${
      RECURRENT["learningRate"]
    }.`,
    "Some sentences are kept apart, with everything that shares a sentence with them, to measure BLEU.",
  ],
  options: {
    data: text("FILE", "Pairs of sentences, one a line, columns separated by tabs"),
    columns: text("S,T", "Columns of source and target, counted from 1 [1,2]"),
    ...recipeOptions(RECIPE),
    sourceVocabSize: setting("Most entries of the source's", LIMITS.sourceVocabSize, RECIPE.sourceVocabSize),
    labelSmoothing: setting("Belief spread over all words", LIMITS.labelSmoothing, RECIPE.labelSmoothing),
    recurrence: choice(Object.keys(recurrences), "Recurrent networks in place of a Transformer"),
    ...runOptions(FOLDER),
  },
  async run(values) {
    if (values.columns !== undefined) parseColumns(values.columns);
    const out = folderOf(values, values.recurrence === undefined ? FOLDER : `${FOLDER}-${values.recurrence}`);
    await using folder = await openFolder(values, out);
    const saved = values.resume ? await readTranslation(out) : undefined;
    const before = saved?.notes.recipe, data = values.data ?? String(before?.["data"] ?? "");
    if (values.columns !== undefined && data === "") {
      throw new UsageError("Cannot use --columns without --data: what comes with the code has no columns");
    }
    const recurrence = values.recurrence ?? before?.["recurrence"] as string | undefined;
    if (before && recurrence !== before["recurrence"]) {
      throw new UsageError(
        `Cannot resume with --recurrence ${recurrence}: the saved run has ${before["recurrence"] ?? "none"}`,
      );
    }
    if (recurrence !== undefined && values.numHeads !== undefined) {
      throw new UsageError("Cannot use --num-heads with --recurrence: a recurrent network has no heads");
    }
    const usual = fittingDefaults(defaultsFor(data, recurrence), values);
    const settled = (checksum?: string): Recipe => settle({ ...values, data, checksum }, usual, before, CHANGEABLE);
    const { columns, seed } = settled();
    checkRecipe(settled());
    const corpus = await readCorpus(data, String(columns), Number(seed));
    const recipe = settled(checksumOf(corpus));
    const kept = await refuseToReplace(values, out, wordOf(recurrence), recipe);
    await trainOnDevice(values, recipe, undefined, () => trainTranslator(corpus, recipe, { folder, kept }, saved));
  },
});

async function trainTranslator(
  corpus: TranslationCorpus,
  recipe: Recipe,
  { folder, kept }: { readonly folder: RunFolder; readonly kept: number },
  saved: SavedModel<TranslationNotes> | undefined,
): Promise<void> {
  const started = performance.now();
  const of = (name: string): number => numberOf(recipe, name);
  const random = new Random(of("seed"));
  const source = saved?.notes.source ?? await vocabularyOf(corpus, "source", of("sourceVocabSize"));
  const target = saved?.notes.target ?? await vocabularyOf(corpus, "target", of("vocabSize"));

  const initial = random.split();
  const { format, model } = modelOf(recipe, { source, target }, saved ? Random.none : initial);
  const translator = new Translator(model, source, target);
  const examples = encodePairs(corpus.training, translator, of("contextLength"));
  const batches = new Batches<EncodedPair>(examples, {
    batchSize: of("batchSize"),
    length: (pair) => pair.source.length + pair.target.length,
    random: random.split(),
  });
  model.train(random.split());
  line(
    `Corpus: ${count(examples.length)} pairs to learn from, ${
      count(corpus.validation.length)
    } sentences to watch and ` +
      `${count(corpus.test.length)} to judge by; ${count(source.vocabSize)} and ${count(target.vocabSize)} tokens`,
  );
  const shown = corpus.validation.find(({ source }) => isReadable(translator, source))?.source;
  await runTraining<readonly EncodedPair[]>({
    model,
    batches,
    saved,
    recipe,
    folder,
    kept,
    tokens: (batch) => batch.reduce((total, pair) => total + pair.source.length + pair.target.length + 1, 0),
    loss: (batch) => translationLoss(translator, batch, of("labelSmoothing")),
    evaluate: async (step, signal) => {
      const sentences = step === of("steps") ? corpus.test : corpus.validation.slice(0, WATCHED);
      return { BLEU: await measureBleu(translator, sentences, signal) };
    },
    describe: ({ BLEU }) => `BLEU ${BLEU!.toFixed(1)}`,
    sample: async (signal) => {
      if (shown === undefined) return "";
      const [translation] = await translator.translate([shown], { numBeams: 1 }, { signal });
      return escapeControl(`${shown} → ${translation!.text}`);
    },
    notes: (measured) => ({ format, layout: model.options, source, target, recipe, measured }),
    word: "translator",
    started,
    result: ({ BLEU }) =>
      BLEU === undefined ? "" : `BLEU ${BLEU.toFixed(1)} on ${count(corpus.test.length)} unseen sentences`,
  });
  const [first] = await demonstrate(translator, corpus);
  if (first === undefined) return;
  sayNext("translate more", "translate", first.source, "--model", folder.path);
}

/** What stands behind `train` for a translator of recurrent networks, or of a Transformer. */
function wordOf(recurrence: string | undefined): string {
  return recurrence === undefined ? "translator" : `translator --recurrence ${recurrence}`;
}

/** The model of a recipe and its format: a Transformer unless the recipe names a recurrence. */
function modelOf(
  recipe: Recipe,
  { source, target }: Readonly<Record<"source" | "target", { readonly vocabSize: number }>>,
  random: Random,
): { readonly format: NetworkFormat; readonly model: TranslationModel } {
  const { recurrence: word } = recipe;
  const sizes = {
    vocabSize: target.vocabSize,
    sourceVocabSize: source.vocabSize,
    ...numbersOf(recipe, ["hiddenSize", "numLayers", "dropout"]),
  };
  if (word !== undefined) {
    const recurrence = readPart("a recurrence", word, recurrences), { format } = recurrentTranslator;
    return { format, model: recurrentTranslator.make({ ...sizes, recurrence }, random) };
  }
  const others = numbersOf(recipe, ["contextLength", "numHeads"]), { format } = transformer;
  return { format, model: transformer.make({ ...sizes, ...others, placement: "pre" }, random) };
}

/** Learns the vocabulary of one side; characters too rare for its size are unknown. */
function vocabularyOf(
  { training }: TranslationCorpus,
  side: "source" | "target",
  vocabSize: number,
): Promise<BytePairEncoding> {
  return trainBytePairEncoding(training.map((pair) => pair[side].normalize("NFC")), { vocabSize, level: "characters" });
}

/** Pairs as tokens; those that are longer than the model can read are left out, and counted. */
function encodePairs(pairs: readonly Pair[], { source, target }: Translator, contextLength: number): EncodedPair[] {
  const room = contextLength - 1;
  const encoded = pairs.map((pair) => ({
    source: [...source.encode(pair.source.normalize("NFC")), source.endToken],
    target: target.encode(pair.target.normalize("NFC")),
  }));
  const kept = encoded.filter((pair) => pair.source.length <= room && pair.target.length <= room);
  if (kept.length === 0) throw new DataError(`Cannot train with --context-length ${room + 1}: every pair is longer`);
  if (kept.length < encoded.length) {
    line(`${count(encoded.length - kept.length)} pairs of more than ${room} tokens are left out (--context-length)`);
  }
  return kept;
}

/** Cross-entropy of the next token, the right ones before it given. */
function translationLoss(
  { model, source, target }: Translator,
  batch: readonly EncodedPair[],
  labelSmoothing: number,
): Tensor {
  const { tokens, mask } = padSequences(batch.map((pair) => pair.source), { padToken: source.padToken });
  const { beginToken, endToken, padToken } = target;
  const { inputs, targets } = teacherForcing(batch.map((pair) => pair.target), { beginToken, endToken, padToken });
  return crossEntropy(model.forward(tokens, inputs, { sourceMask: mask }), targets, { labelSmoothing });
}

/** BLEU of greedy translations, against every translation that the corpus has. */
async function measureBleu(
  translator: Translator,
  heldOut: readonly HeldOut[],
  signal: AbortSignal,
): Promise<number> {
  const sentences = heldOut.map(({ source }) => source);
  const readable = sentences.map((sentence) => isReadable(translator, sentence));
  const texts = await translateAll(translator, sentences.filter((_, i) => readable[i]), { numBeams: 1 }, 64, signal);
  let at = 0;
  // What the model cannot read counts as an empty translation.
  const candidates = readable.map((can) => can ? texts[at++]! : "");
  // BLEU counts words, and Chinese has no spaces between them: there it counts characters.
  const tokenizer = heldOut.some(({ targets }) => /\p{Script=Han}/u.test(targets[0]!)) ? "zh" : "13a";
  return bleu(candidates, heldOut.map(({ targets }) => targets), { tokenizer }).score;
}

function isReadable({ source, model }: Translator, sentence: string): boolean {
  return source.encode(sentence.normalize("NFC")).length < model.contextLength;
}

/** Translates a few unseen sentences by beam search and draws what the last one was read from. */
async function demonstrate(translator: Translator, { test }: TranslationCorpus): Promise<readonly HeldOut[]> {
  const chosen = test.filter(({ source }) => isReadable(translator, source)).slice(0, 6);
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
  if (longest && translator.hasAttention) await printAttention(translator, longest.source, longest.tokens);
  return chosen;
}
