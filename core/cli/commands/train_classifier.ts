/**
 * # Training a classifier from the command line
 *
 * `train classifier` learns the weights of a bag of words from texts with labels, those of a file or the reviews that come with the code.
 * The number of epochs is chosen on texts that it does not learn from, and the result is measured on others still.
 *
 * @module
 */

import { type BagOfWords, trainBagOfWords, updateRules } from "../../01_introduction/bag_of_words.ts";
import { accuracyInterval } from "../../01_introduction/evaluation.ts";
import { accuracy } from "../../01_introduction/rule_based_classifier.ts";
import { Random } from "../../engine/random.ts";
import { count, duration, ProgressLine } from "../../host/terminal.ts";
import { choice, type Command, defineCommand, number, text } from "../arguments.ts";
import {
  checksumOfTexts,
  encodeClassifier,
  type Labelled,
  type LabelledCorpus,
  LANGUAGES,
  readClassifier,
  readLabelled,
  tokenizerOf,
} from "../classifiers.ts";
import { interruption } from "../device.ts";
import { DataError, quote, UsageError } from "../errors.ts";
import { readClassified } from "../reviews.ts";
import { isClassifier, MODEL_FILE, refuseHeld } from "../model_kinds.ts";
import { line, sayNext, standardOutput } from "../terminal.ts";
import { folderOf, openFolder, placeOptions } from "../training.ts";

/** Where the reviews that come with the code are learned. */
const FOLDER = "models/classifier";

/** How far an update moves unless the rule is the gradient: every rate gives the same answers then. */
const RATES: Readonly<Record<string, number>> = { gradient: 0.2 };

/** Answers of a model. */
const answersOf = (model: BagOfWords, examples: readonly Labelled[]): string[] =>
  examples.map(({ text }) => model.classify(text));

/** The accuracy on some texts; 1 of none. */
function accuracyOn(model: BagOfWords, examples: readonly Labelled[]): number {
  return examples.length === 0 ? 1 : accuracy(examples.map(({ label }) => label), answersOf(model, examples));
}

/** A percentage. */
const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;

/** `train classifier`. */
export const command: Command = defineCommand({
  operands: "",
  maxOperands: 0,
  details: [
    "A line of --data is a label, a tab and a text. A fifth of the texts is kept apart to choose the number of epochs on, a fifth to",
    "judge by, unless --test names a file for that. Without --data it learns the reviews that come with the code.",
  ],
  options: {
    data: text("FILE", "Texts with labels, UTF-8"),
    test: text("FILE", "Texts with labels to judge by, of which nothing is learned"),
    language: choice(LANGUAGES, "Which of the reviews that come with the code [english]"),
    rule: choice(updateRules.map(({ word }) => word), "How weights move", "gradient"),
    pieces: number("N", "Most neighbouring words that have a weight of their own", { min: 1, max: 8, whole: true }, 2),
    minCount: number("N", "Texts that a piece must occur in", { min: 1, max: 1_000_000, whole: true }, 1),
    epochs: number("N", "Most passes over the texts", { min: 1, max: 10_000, whole: true }, 20),
    learningRate: number("N", "How far an update moves [0.2, and 1 for other rules]", { above: 0, max: 1000 }),
    seed: number("N", "Where all random numbers come from", { min: 0, max: 2 ** 31, whole: true }, 1),
    ...placeOptions(FOLDER),
  },
  async run(values) {
    const { data = "", language, seed, rule, pieces, minCount, epochs, replace } = values;
    if (data !== "" && language !== undefined) {
      throw new UsageError("Cannot use --language with --data: it names the reviews that come with the code");
    }
    const out = folderOf(values, FOLDER);
    await using folder = await openFolder({ ...values, resume: false }, out);
    const corpus = await readParts({ data, language: language ?? "english", seed }, values.test);
    const recipe = {
      rule,
      pieces,
      minCount,
      epochs,
      learningRate: values.learningRate ?? RATES[rule] ?? 1,
      seed,
      language: data === "" ? language ?? "english" : "",
      data,
      checksum: checksumOfTexts(corpus.training),
    };
    await refuseHeld(out, MODEL_FILE, replace || await isSame(out, recipe));
    line(
      `Texts: ${count(corpus.training.length)} to learn from, ${count(corpus.validation.length)} to choose on, ` +
        `${count(corpus.test.length)} to judge by; classes: ${
          corpus.labels.map((label) => quote(label, 40)).join(", ")
        }`,
    );
    const started = performance.now(), { model, epoch, stopped } = await learn(corpus, recipe);
    const right = Math.round(accuracyOn(model, corpus.test) * corpus.test.length);
    const measured = { epoch, validation: accuracyOn(model, corpus.validation), test: right / corpus.test.length };
    await folder.save(encodeClassifier(model, { labels: model.labels, pieces, recipe, measured }));
    if (stopped) {
      line(`Stopped; the best model so far, after epoch ${epoch}, is saved in ${folder.label}`);
      throw stopped;
    }
    const [low, high] = accuracyInterval(right, corpus.test.length);
    line(
      `Trained in ${duration((performance.now() - started) / 1000)}, best after epoch ${epoch}; on the ${
        count(corpus.test.length)
      } texts kept apart ${percent(right / corpus.test.length)} are right (${percent(low)} to ${percent(high)}); ` +
        `saved in ${folder.label}`,
    );
    sayNext("classify a text", "classify", corpus.test[0]!.text.slice(0, 60), "--model", folder.path);
  },
});

/** The texts in their parts; a file to judge by takes the place of the part that was kept apart, which is learned then. */
async function readParts(
  source: Parameters<typeof readClassified>[0],
  testPath: string | undefined,
): Promise<LabelledCorpus> {
  const corpus = await readClassified(source);
  if (testPath === undefined) return corpus;
  const test = await readLabelled(testPath), strange = test.find(({ label }) => !corpus.labels.includes(label));
  if (strange) {
    throw new DataError(
      `Cannot judge by ${quote(testPath)}: its label ${quote(strange.label, 40)} is none of those that are learned`,
    );
  }
  return { ...corpus, training: [...corpus.training, ...corpus.test], test };
}

/** Whether a folder holds a classifier of this very recipe, which is made again. */
async function isSame(out: string, recipe: Readonly<Record<string, string | number>>): Promise<boolean> {
  const saved = await isClassifier(out) ? await readClassifier(out).catch(() => undefined) : undefined;
  return saved !== undefined && Object.entries(recipe).every(([name, value]) => saved.notes.recipe[name] === value);
}

/** Trains, and keeps the weights of the epoch that is best on the texts to choose on. */
async function learn(
  { training, validation, labels }: LabelledCorpus,
  recipe: {
    readonly rule: string;
    readonly pieces: number;
    readonly minCount: number;
    readonly epochs: number;
    readonly learningRate: number;
    readonly seed: number;
  },
): Promise<{ readonly model: BagOfWords; readonly epoch: number; readonly stopped?: unknown }> {
  const { rule, pieces, minCount, epochs, learningRate, seed } = recipe;
  const progress = new ProgressLine(standardOutput);
  const { signal, stop } = interruption(() => progress.note("Stopping …"));
  let best: { weights: Float64Array; bias: Float64Array; epoch: number; right: number } | undefined;
  let current: BagOfWords | undefined, stopped: unknown;
  try {
    await trainBagOfWords(training, {
      rule: updateRules.find(({ word }) => word === rule)!,
      tokenize: tokenizerOf(pieces),
      minCount,
      epochs,
      learningRate,
      labels,
      random: new Random(seed),
      signal,
      onProgress({ epoch, right, model }) {
        current = model;
        const found = accuracyOn(model, validation);
        // Of equally good epochs the first: it has learned least by heart.
        if (!best || found > best.right) {
          best = { weights: model.weights.slice(), bias: model.bias.slice(), epoch, right: found };
        }
        progress.update(
          `epoch ${epoch} of ${epochs}  right before the update ${percent(right)}  texts to choose on ${
            percent(found)
          }`,
        );
      },
    });
  } catch (error) {
    if (!signal.aborted || error !== signal.reason || !best) throw error;
    stopped = error;
  } finally {
    progress.finish();
    stop();
  }
  const model = current!;
  model.weights.set(best!.weights);
  model.bias.set(best!.bias);
  return { model, epoch: best!.epoch, ...stopped !== undefined && { stopped } };
}
