/**
 * # A translator, calibrated
 *
 * **Question.** Is a translator right as often as it is sure, and what do a temperature and label smoothing change about it?
 *
 * **Idea.** Two translators learn the same sentences of the Tatoeba project by the program of this book, one with label smoothing and
 * one without. Each predicts every token of translations that it never saw, the right tokens before it given. A temperature is fitted on
 * one part of these sentences; confidence and accuracy are compared on the other.
 *
 * ```sh
 * deno run -A mod.ts train translator --data cmn.txt --columns 2,1 --steps 3000 --out models/cmn
 * deno run -A mod.ts train translator --data cmn.txt --columns 2,1 --steps 3000 --label-smoothing 0 --out models/cmn-hard
 * deno run -A docs/runs/calibration.ts --data cmn.txt --model models/cmn --hard models/cmn-hard
 * ```
 *
 * @module
 */

import process from "node:process";
import { text } from "../../core/cli/arguments.ts";
import { type HeldOut, readCorpus } from "../../core/cli/corpus.ts";
import { UsageError } from "../../core/cli/errors.ts";
import { kind } from "../../core/cli/kinds/translator.ts";
import { openModel, readTranslationOf } from "../../core/cli/models.ts";
import { noGrad } from "../../core/engine/autograd.ts";
import { setBackend } from "../../core/engine/device.ts";
import { Random } from "../../core/engine/random.ts";
import { scope } from "../../core/engine/scope.ts";
import { padSequences } from "../../core/06_training/batching.ts";
import { teacherForcing } from "../../core/06_training/teacher_forcing.ts";
import {
  brierScore,
  calibrationError,
  equalMassBins,
  equalWidthBins,
  fitTemperature,
  type Prediction,
  topPredictions,
} from "../../core/07_generation/confidence.ts";
import { logProbabilityOf } from "../../core/07_generation/sampling.ts";
import { createWasmDevice } from "../../mod.ts";
import { readTask, refuse } from "../arguments.ts";
import { type RecordedRun, runPath } from "./recorded_run.ts";

/** Bins of the errors and of the diagrams. */
const BINS = 15;
/** How often sentences are drawn again. */
const DRAWS = 1000;
/** Pairs that are computed together. */
const BATCH = 64;

/** How sure and how right a translator is of the tokens of unseen translations. */
export interface Calibrated {
  readonly accuracy: number;
  readonly confidence: number;
  /** Confidence minus accuracy: the interval that holds 95 of 100 draws of sentences. */
  readonly gap: readonly [number, number];
  /** The calibration error with bins of equal width and of equal mass. */
  readonly error: number;
  readonly massError: number;
  readonly brier: number;
  /** Mean negative log-likelihood of a token. */
  readonly loss: number;
  /** Mean confidence and accuracy of the bins of equal mass. */
  readonly diagram: readonly (readonly [number, number])[];
}

/** One translator. */
export interface CalibratedModel {
  readonly labelSmoothing: number;
  readonly temperature: number;
  readonly before: Calibrated;
  readonly after: Calibrated;
}

/** What is kept. */
export interface CalibrationRun {
  /** The commands that trained the translators. */
  readonly training: readonly string[];
  readonly pairs: number;
  readonly steps: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  /** Tokens that the temperature is fitted on, and tokens and sentences that all is measured on. */
  readonly fitted: number;
  readonly tokens: number;
  readonly sentences: number;
  readonly bins: number;
  readonly draws: number;
  readonly models: readonly CalibratedModel[];
}

/** Predictions of the tokens of some translations. */
interface Predicted {
  readonly logits: Float32Array[];
  readonly labels: number[];
  /** The sentence of each token. */
  readonly sentences: number[];
}

if (import.meta.main) {
  const { values: { data, model, hard } } = await readTask({
    name: "calibration",
    summary:
      "Compare how sure translators are with how often they are right, before and after a temperature is fitted.",
    options: {
      data: text("FILE", "Pairs of sentences that the translators were trained on"),
      model: text("FOLDER", "The translator that `train translator` saved"),
      hard: text("FOLDER", "The one trained with --label-smoothing 0"),
    },
  });
  if (data === undefined || model === undefined || hard === undefined) {
    throw refuse(new UsageError("Cannot run without --data, --model and --hard"));
  }
  setBackend(createWasmDevice());
  const before = process.cpuUsage(), models: CalibratedModel[] = [];
  let shape: Omit<CalibrationRun, "training" | "bins" | "draws" | "models"> | undefined;
  for (const folder of [model, hard]) {
    const saved = await readTranslationOf(kind, folder, "translator"), { recipe, source, target } = saved.notes;
    const translator = openModel(saved), room = translator.contextLength - 1;
    const { training, validation, test } = await readCorpus(data, "2,1", Number(recipe.seed));

    /** Every token of every translation, the right ones before it given. */
    const predict = async (held: readonly HeldOut[]): Promise<Predicted> => {
      const pairs = held.flatMap(({ source: sentence, targets }, i) =>
        targets.map((translation) => ({
          sentence: i,
          read: [...source.encode(sentence.normalize("NFC")), source.endToken],
          written: target.encode(translation.normalize("NFC")),
        }))
      ).filter(({ read, written }) => read.length <= room && written.length <= room);
      const found: Predicted = { logits: [], labels: [], sentences: [] };
      for (let at = 0; at < pairs.length; at += BATCH) {
        const some = pairs.slice(at, at + BATCH);
        const { tokens, mask } = padSequences(some.map(({ read }) => read), { padToken: target.padToken });
        const { beginToken, endToken, padToken } = target;
        const { inputs, targets } = teacherForcing(some.map(({ written }) => written), {
          beginToken,
          endToken,
          padToken,
        });
        let reading: Promise<ArrayLike<number>> | undefined;
        scope(() => noGrad(() => void (reading = translator.forward(tokens, inputs, { sourceMask: mask }).read())));
        const numbers = Float32Array.from(await reading!), labels = Array.from(await targets.read());
        const V = target.vocabSize, length = targets.shape[1]!;
        labels.forEach((label, i) => {
          if (label < 0) return;
          found.logits.push(numbers.slice(i * V, (i + 1) * V));
          found.labels.push(label);
          found.sentences.push(some[Math.floor(i / length)]!.sentence);
        });
      }
      return found;
    };
    const judge = ({ logits, labels, sentences }: Predicted, temperature: number): Calibrated => {
      const predictions = topPredictions(logits, labels, temperature), bins = equalWidthBins(predictions, BINS);
      const mass = equalMassBins(predictions, BINS);
      const loss = logits.reduce(
        (sum, row, i) => sum - logProbabilityOf(row.map((z) => z / temperature), labels[i]!),
        0,
      );
      return {
        accuracy: share(predictions, ({ correct }) => Number(correct)),
        confidence: share(predictions, ({ confidence }) => confidence),
        gap: intervalOf(predictions, sentences),
        error: calibrationError(bins),
        massError: calibrationError(mass),
        brier: brierScore(bins).score,
        loss: loss / logits.length,
        diagram: mass.map(({ confidence, accuracy }) => [confidence, accuracy] as const),
      };
    };
    const fitting = await predict(validation), temperature = fitTemperature(fitting.logits, fitting.labels);
    const judged = await predict(test);
    shape ??= {
      pairs: training.length,
      steps: Number(recipe.steps),
      hiddenSize: translator.options.hiddenSize,
      numLayers: translator.options.numLayers,
      fitted: fitting.labels.length,
      tokens: judged.labels.length,
      sentences: new Set(judged.sentences).size,
    };
    models.push({
      labelSmoothing: Number(recipe.labelSmoothing),
      temperature,
      before: judge(judged, 1),
      after: judge(judged, temperature),
    });
    console.log(models.at(-1));
  }
  const train = `deno run -A mod.ts train translator --data cmn.txt --columns 2,1 --steps ${shape!.steps}`;
  const bytes = await Deno.readFile(data), { user, system } = process.cpuUsage(before);
  const run: RecordedRun<CalibrationRun> = {
    command: "deno run -A docs/runs/calibration.ts --data cmn.txt --model models/cmn --hard models/cmn-hard",
    data: {
      name: "cmn.txt",
      origin: "Chinese–English pairs of the Tatoeba project, as manythings.org/anki hands them out (cmn-eng)",
      licence: "CC-BY 2.0 FR",
      bytes: bytes.length,
      sha256: new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex(),
    },
    seconds: Math.round((user + system) / 1e6),
    findings: {
      training: [`${train} --out models/cmn`, `${train} --label-smoothing 0 --out models/cmn-hard`],
      ...shape!,
      bins: BINS,
      draws: DRAWS,
      models,
    },
  };
  const short = (_: string, value: unknown): unknown =>
    typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;
  await Deno.writeTextFile(runPath("calibration"), `${JSON.stringify(run, short, 2)}\n`);
}

/** The mean of something over answers. */
function share(predictions: readonly Prediction[], value: (one: Prediction) => number): number {
  return predictions.reduce((sum, one) => sum + value(one), 0) / predictions.length;
}

/** The interval of confidence minus accuracy, when sentences are drawn again with replacement. */
function intervalOf(predictions: readonly Prediction[], sentences: readonly number[]): [number, number] {
  const sums = new Map<number, { gap: number; count: number }>();
  predictions.forEach(({ confidence, correct }, i) => {
    const own = sums.get(sentences[i]!) ?? { gap: 0, count: 0 };
    sums.set(sentences[i]!, { gap: own.gap + confidence - Number(correct), count: own.count + 1 });
  });
  const all = [...sums.values()], random = new Random(1);
  const gaps = Array.from({ length: DRAWS }, () => {
    let gap = 0, count = 0;
    for (let i = 0; i < all.length; i++) {
      const one = all[random.integer(all.length)]!;
      gap += one.gap;
      count += one.count;
    }
    return gap / count;
  }).sort((a, b) => a - b);
  return [gaps[Math.floor(0.025 * DRAWS)]!, gaps[Math.ceil(0.975 * DRAWS) - 1]!];
}
