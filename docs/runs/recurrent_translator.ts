/**
 * # Two LSTMs or a Transformer on real pairs
 *
 * Three translators of equally many weights learn from the same pairs, in the same order, the LSTMs at a higher learning rate that suits them: the Transformer
 * of [section](../../core/05_transformer/encoder_decoder.ts), two LSTMs with one vector between them, and the same with
 * the source read backwards. All translate the same sentences, and BLEU is measured by the length of the source.
 *
 * @module
 */

import process from "node:process";
import { translateAll, type TranslationModel, Translator } from "../../core/cli/translator.ts";
import { RecurrentEncoderDecoder } from "../../core/03_language_models/rnn_encoder_decoder.ts";
import { bleu } from "../../core/06_training/bleu.ts";
import { discard } from "../../core/experiments/learning.ts";
import { EncoderDecoder, noGrad, Random, scope } from "../../mod.ts";
import { pairLoss, type TokenPair } from "../../core/experiments/learning.ts";
import { record } from "./run.ts";
import { LAYOUT, type Lesson, prepare, RECIPE, type StagedTranslation, teach } from "./translator.ts";

/** Steps of each training. */
const STEPS = 1500;
/** The factor of the LSTMs' learning rate: the best of 1.2, 2.2 and 4 after 300 steps; the recipe's is the Transformer's. */
const RECURRENT_FACTOR = 4;
/** Widths and layers of the LSTMs: about as many weights as the Transformer has. */
const RECURRENT = { embeddingSize: 100, hiddenSize: 132, numLayers: 2, dropout: 0.1 } as const;
/** Longest source of each group but the last, in characters. */
const BORDERS = [7, 9, 12] as const;
/** How often sentences are drawn again. */
const DRAWS = 500;

/** The three, as they are called. */
export const TRANSLATORS = ["transformer", "lstm", "lstm reversed"] as const;

/** What is found for one model. */
export interface TranslatorResult {
  readonly name: typeof TRANSLATORS[number];
  readonly weights: number;
  /** Seconds of one core for the training. */
  readonly seconds: number;
  /** BLEU of greedy translations of all unseen sentences, and of each group. */
  readonly bleu: number;
  readonly byLength: readonly number[];
  /** Nats per token of the references, over all and by group. */
  readonly loss: number;
  readonly lossByLength: readonly number[];
  /** BLEU less that of the Transformer, by group and over all at the end: the interval that holds 95 of 100 draws. */
  readonly lead: readonly (readonly [number, number])[];
}

/** What is found. */
export interface RecurrentTranslatorRun {
  readonly layout: typeof LAYOUT;
  readonly recurrent: typeof RECURRENT;
  readonly recipe: typeof RECIPE;
  readonly recurrentFactor: number;
  readonly steps: number;
  readonly pairs: number;
  readonly unseen: number;
  readonly borders: readonly number[];
  /** Sentences of each group. */
  readonly sizes: readonly number[];
  readonly draws: number;
  readonly results: readonly TranslatorResult[];
  /** Translations by the three, in their order. */
  readonly sentences: readonly StagedTranslation[];
}

/** The group of a source. */
const groupOf = (source: string): number => BORDERS.filter((border) => source.length > border).length;

function build(name: typeof TRANSLATORS[number], { source, target }: Lesson, random: Random): TranslationModel {
  const sizes = { vocabSize: target.vocabSize, sourceVocabSize: source.vocabSize };
  return name === "transformer"
    ? new EncoderDecoder({ ...LAYOUT, ...sizes }, random)
    : new RecurrentEncoderDecoder({ ...RECURRENT, ...sizes, reverseSource: name === "lstm reversed" }, random);
}

/** Nats per token of the first references, over all and by group. */
async function losses(model: TranslationModel, { source, target, test }: Lesson): Promise<number[]> {
  const nats = [0, 0, 0, 0], counts = [0, 0, 0, 0];
  model.eval();
  for (const { source: text, targets } of test) {
    const pair: TokenPair = {
      source: [...source.encode(text.normalize("NFC")), source.endToken],
      target: target.encode(targets[0]!.normalize("NFC")),
    };
    const group = groupOf(text), count = pair.target.length + 1;
    nats[group]! += count * await scope(() => noGrad(() => pairLoss(model, [pair], target))).item();
    counts[group]! += count;
  }
  const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
  return [...nats.map((each, i) => each / counts[i]!), sum(nats) / sum(counts)];
}

async function make(path: string): Promise<RecurrentTranslatorRun> {
  const lesson = await prepare(path),
    { source, target, test } = lesson,
    references = test.map(({ targets }) => targets);
  const groups = test.map(({ source }) => groupOf(source)), all = test.map((_, i) => i);
  const rows = [...BORDERS, Infinity].map((_, group) => all.filter((i) => groups[i] === group));
  const score = (texts: readonly string[], chosen: readonly number[]): number =>
    bleu(chosen.map((i) => texts[i]!), chosen.map((i) => references[i]!), { tokenizer: "13a" }).score;
  const sentences = lesson.sentences.map((each) => ({ ...each, translations: [] as string[] }));
  const results: TranslatorResult[] = [], written: string[][] = [];
  for (const name of TRANSLATORS) {
    const random = new Random(RECIPE.seed), model = build(name, lesson, random.split());
    const started = process.cpuUsage();
    await teach(model, lesson, random, name === "transformer" ? RECIPE.factor : RECURRENT_FACTOR)(STEPS);
    const seconds = Math.round(process.cpuUsage(started).user / 1e6);
    const translator = new Translator(model, source, target);
    const texts = await translateAll(translator, test.map(({ source }) => source), { numBeams: 1 }, 64);
    const shown = await translateAll(translator, sentences.map(({ source }) => source), { numBeams: 1 }, 64);
    sentences.forEach(({ translations }, i) => translations.push(shown[i]!));
    written.push(texts);
    const draws = new Random(1), lossByLength = await losses(model, lesson), loss = lossByLength.pop()!;
    const lead = [...rows, all].map((chosen): [number, number] => {
      const found = Array.from({ length: DRAWS }, () => {
        const again = chosen.map(() => chosen[draws.integer(chosen.length)]!);
        return score(texts, again) - score(written[0]!, again);
      }).sort((a, b) => a - b);
      return [found[Math.floor(0.025 * DRAWS)]!, found[Math.ceil(0.975 * DRAWS) - 1]!];
    });
    results.push({
      name,
      weights: model.parameterCount(),
      seconds,
      bleu: score(texts, all),
      byLength: rows.map((chosen) => score(texts, chosen)),
      loss,
      lossByLength,
      lead,
    });
    console.log(results.at(-1), shown.join(" | "));
    discard(model);
  }
  return {
    layout: LAYOUT,
    recurrent: RECURRENT,
    recipe: RECIPE,
    recurrentFactor: RECURRENT_FACTOR,
    steps: STEPS,
    pairs: lesson.pairs.length,
    unseen: test.length,
    borders: BORDERS,
    sizes: rows.map(({ length }) => length),
    draws: DRAWS,
    results,
    sentences,
  };
}

if (import.meta.main) {
  await record({
    name: "recurrent_translator",
    summary: "Train a Transformer and two LSTMs on the same pairs and compare them by the length of the source.",
    origin: "Chinese–English pairs of the Tatoeba project, as manythings.org/anki hands them out (cmn-eng)",
    licence: "CC-BY 2.0 FR",
    make,
  });
}
