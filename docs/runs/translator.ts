/**
 * # A translator on real pairs
 *
 * The original model, made small, learns to translate Chinese sentences of the Tatoeba project into English. At a few
 * stages of training it translates the same sentences, which it never learned from, and its BLEU is measured.
 *
 * @module
 */

import { translateAll, type TranslationModel, Translator } from "../../core/cli/translator.ts";
import { type HeldOut, readCorpus } from "../../core/cli/corpus.ts";
import { adamW, Batches, type BytePairEncoding, EncoderDecoder, Optimizer, Random } from "../../mod.ts";
import { trainBytePairEncoding } from "../../core/02_words/byte_pair_encoding/mod.ts";
import { bleu } from "../../core/06_training/bleu.ts";
import { train, type TrainingReport } from "../../core/06_training/loop.ts";
import { inverseSquareRootSchedule } from "../../core/06_training/schedules.ts";
import { pairLoss, type TokenPair } from "../../core/experiments/learning.ts";
import { record } from "./run.ts";

/** The layout and the recipe; everything else is as the library has it by default. */
export const LAYOUT = {
  contextLength: 64,
  hiddenSize: 128,
  numHeads: 4,
  numLayers: 2,
  placement: "pre",
  dropout: 0.1,
} as const;
/** How it is trained. */
export const RECIPE = {
  vocabSize: 5000,
  batchSize: 64,
  warmupSteps: 300,
  factor: 0.4,
  labelSmoothing: 0.1,
  clipNorm: 1,
  beta2: 0.98,
  seed: 1,
} as const;

/** Steps after which the model translates. */
const STAGES = [100, 300, 1000, 3000] as const;

/** The question of the notes, which is not in the file. */
const QUESTION = "中国的首都是哪里？";
/** Unseen sentences that are shown: the first ones kept apart that have this many characters. */
const SHOWN = 9, CHARACTERS = [6, 14] as const;

/** What one sentence became, stage by stage. */
export interface StagedTranslation {
  readonly source: string;
  /** What the corpus has; nothing for the notes' question. */
  readonly reference: string;
  /** Who wrote source and reference. */
  readonly attribution: string;
  readonly translations: readonly string[];
}

/** What is found. */
export interface TranslatorRun {
  readonly layout: typeof LAYOUT;
  readonly recipe: typeof RECIPE;
  readonly weights: number;
  readonly pairs: number;
  /** Unseen sentences that BLEU is measured on. */
  readonly unseen: number;
  readonly stages: readonly number[];
  /** At each stage: BLEU of greedy translations, and the mean training loss of the steps since the stage before. */
  readonly bleu: readonly number[];
  readonly losses: readonly number[];
  readonly sentences: readonly StagedTranslation[];
}

/** Pairs to learn from, vocabularies, and what is translated. */
export interface Lesson {
  readonly source: BytePairEncoding;
  readonly target: BytePairEncoding;
  readonly pairs: readonly TokenPair[];
  readonly test: readonly HeldOut[];
  /** Sentences that are shown, without translations. */
  readonly sentences: readonly Omit<StagedTranslation, "translations">[];
}

/** Reads the pairs and keeps sentences apart, the same ones for every model. */
export async function prepare(path: string): Promise<Lesson> {
  const { training, test } = await readCorpus(path, "2,1", RECIPE.seed);
  const attributions = new Map(
    (await Deno.readTextFile(path)).split("\n").map((line) => {
      const [target = "", source = "", attribution = ""] = line.trim().split("\t");
      return [`${source}\t${target}`, attribution];
    }),
  );
  const { vocabSize } = RECIPE;
  const vocabulary = (texts: readonly string[]): Promise<BytePairEncoding> =>
    trainBytePairEncoding(texts.map((text) => text.normalize("NFC")), { vocabSize, level: "characters" });
  const source = await vocabulary(training.map(({ source }) => source));
  const target = await vocabulary(training.map(({ target }) => target));
  const room = LAYOUT.contextLength - 1;
  const pairs: TokenPair[] = training.map((pair) => ({
    source: [...source.encode(pair.source.normalize("NFC")), source.endToken],
    target: target.encode(pair.target.normalize("NFC")),
  })).filter(({ source, target }) => source.length <= room && target.length <= room);
  const chosen = test.filter(({ source: { length } }) => length >= CHARACTERS[0] && length <= CHARACTERS[1])
    .slice(0, SHOWN).map(({ source, targets: [reference = ""] }) => ({
      source,
      reference,
      attribution: attributions.get(`${source}\t${reference}`) ?? "",
    }));
  return { source, target, pairs, test, sentences: [...chosen, { source: QUESTION, reference: "", attribution: "" }] };
}

/** Trains a model by the recipe, up to a step at a time; the factor of its learning rate may be another. */
export function teach(
  model: TranslationModel,
  { pairs, target }: Lesson,
  random: Random,
  factor: number = RECIPE.factor,
): (steps: number) => Promise<readonly TrainingReport[]> {
  const batches = new Batches([...pairs], {
    batchSize: RECIPE.batchSize,
    length: ({ source, target }) => source.length + target.length,
    random: random.split(),
  });
  model.train(random.split());
  const optimizer = new Optimizer(model.parameters(), adamW({ beta2: RECIPE.beta2 }));
  const { warmupSteps } = RECIPE;
  const schedule = inverseSquareRootSchedule({ hiddenSize: LAYOUT.hiddenSize, warmupSteps, factor });
  return (steps) =>
    train({
      model,
      batches,
      optimizer,
      steps,
      schedule,
      clipNorm: RECIPE.clipNorm,
      loss: (batch: readonly TokenPair[]) => pairLoss(model, batch, target, RECIPE.labelSmoothing),
      reportEvery: 10,
    });
}

async function make(path: string): Promise<TranslatorRun> {
  const lesson = await prepare(path), { source, target, pairs, test } = lesson;
  const random = new Random(RECIPE.seed);
  const model = new EncoderDecoder(
    { ...LAYOUT, vocabSize: target.vocabSize, sourceVocabSize: source.vocabSize },
    random.split(),
  );
  const translator = new Translator(model, source, target), trainTo = teach(model, lesson, random);
  const sentences = lesson.sentences.map((each) => ({ ...each, translations: [] as string[] }));
  const scores: number[] = [], losses: number[] = [];
  for (const stage of STAGES) {
    const reports = await trainTo(stage);
    losses.push(reports.reduce((sum, { loss }) => sum + loss, 0) / reports.length);
    const written = await translateAll(translator, test.map(({ source }) => source), { numBeams: 1 }, 64);
    scores.push(bleu(written, test.map(({ targets }) => targets), { tokenizer: "13a" }).score);
    const shown = await translateAll(translator, sentences.map(({ source }) => source), { numBeams: 1 }, 64);
    sentences.forEach(({ translations }, i) => translations.push(shown[i]!));
    console.log(
      `step ${stage}: loss ${losses.at(-1)!.toFixed(2)}, BLEU ${scores.at(-1)!.toFixed(1)}; ${shown.join(" | ")}`,
    );
  }
  return {
    layout: LAYOUT,
    recipe: RECIPE,
    weights: model.parameterCount(),
    pairs: pairs.length,
    unseen: test.length,
    stages: STAGES,
    bleu: scores,
    losses,
    sentences,
  };
}

if (import.meta.main) {
  await record({
    name: "translator",
    summary: "Train a translator on real pairs and translate the same sentences at each stage.",
    origin: "Chinese–English pairs of the Tatoeba project, as manythings.org/anki hands them out (cmn-eng)",
    licence: "CC-BY 2.0 FR",
    make,
  });
}
