/**
 * # A translator under wider and wider beams
 *
 * **Question.** Does a wider beam find a better translation, or only a more probable one?
 *
 * **Idea.** A translator is trained on the sentences of the Tatoeba project by the program of this book. Sentences that it never
 * saw are then translated by beams of growing width, under three length penalties. Kept are the BLEU of each setting, how
 * probable and how long its translations are, and a few of them. Differences come with an interval: sentences are drawn again
 * with replacement, and the difference of both translations of the drawn ones is computed anew.
 *
 * ```sh
 * deno run -A mod.ts train translator --data cmn.txt --columns 2,1 --steps 2400 --out models/cmn
 * deno run -A docs/runs/beam_width.ts --data cmn.txt --model models/cmn
 * ```
 *
 * @module
 */

import process from "node:process";
import { text } from "../../core/cli/arguments.ts";
import { readCorpus } from "../../core/cli/corpus.ts";
import { UsageError } from "../../core/cli/errors.ts";
import { kind } from "../../core/cli/kinds/translator.ts";
import { openModel, readTranslationOf } from "../../core/cli/models.ts";
import { Translator } from "../../core/cli/translator.ts";
import { setBackend } from "../../core/engine/device.ts";
import { Random } from "../../core/engine/random.ts";
import { bleu } from "../../core/06_training/bleu.ts";
import { gnmtLengthPenalty } from "../../core/07_generation/greedy_and_beam.ts";
import { createWasmDevice } from "../../mod.ts";
import { readTask, refuse } from "../arguments.ts";
import { type RecordedRun, runPath } from "./recorded_run.ts";

/** What is compared. */
const WIDTHS = [1, 2, 4, 8, 16, 32, 64], ALPHAS = [0, 0.6, 1];
/** Widths whose translations are shown, without a penalty. */
const SHOWN = [1, 4, 64];
/** Sentences shown, and the fewest characters that they have. */
const EXAMPLES = 4, CHARACTERS = 8;
/** Prefixes that are computed together. */
const ROWS = 1024;
/** How often sentences are drawn again. */
const DRAWS = 1000;

/** What is found with one width and one penalty. */
export interface Setting {
  readonly alpha: number;
  readonly width: number;
  readonly bleu: number;
  /** Tokens of the translations, divided by those of the references, as BLEU counts them. */
  readonly length: number;
  /** Mean logarithm of the probability of a translation, in nats. */
  readonly logProbability: number;
  /** Translations without a word. */
  readonly empty: number;
  /** BLEU above that of greedy search: the interval that holds 95 of 100 draws. */
  readonly gain: readonly [number, number];
}

/** What is kept. */
export interface BeamWidthRun {
  /** The command that trained the translator. */
  readonly training: string;
  readonly pairs: number;
  readonly sentences: number;
  readonly steps: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly widths: readonly number[];
  readonly alphas: readonly number[];
  readonly draws: number;
  readonly settings: readonly Setting[];
  /** Sentences with a reference, who wrote them, and what they become without a penalty. */
  readonly examples: readonly {
    readonly source: string;
    readonly reference: string;
    readonly attribution: string;
    readonly translations: readonly {
      readonly width: number;
      readonly text: string;
      readonly logProbability: number;
    }[];
  }[];
}

interface Written {
  readonly text: string;
  readonly logProbability: number;
}

/** Translates all sentences, those of similar length together. */
async function translated(
  translator: Translator,
  sentences: readonly string[],
  numBeams: number,
  alpha: number,
): Promise<Written[]> {
  const order = sentences.map((_, i) => i).sort((a, b) => sentences[a]!.length - sentences[b]!.length);
  const results: Written[] = [], batch = Math.max(1, Math.floor(ROWS / numBeams));
  for (let at = 0; at < order.length; at += batch) {
    const some = order.slice(at, at + batch);
    const found = await translator.translate(some.map((i) => sentences[i]!), {
      numBeams,
      // One beam has nothing to rank.
      ...numBeams > 1 && { lengthPenalty: gnmtLengthPenalty(alpha) },
    });
    some.forEach((i, j) => results[i] = found[j]!);
  }
  return results;
}

if (import.meta.main) {
  const { values: { data, model: folder } } = await readTask({
    name: "beam_width",
    summary: "Translate unseen sentences by beams of growing width, and record what is found.",
    options: {
      data: text("FILE", "Pairs of sentences that the translator was trained on"),
      model: text("FOLDER", "The translator that `train translator` saved"),
    },
  });
  if (data === undefined || folder === undefined) throw refuse(new UsageError("Cannot run without --data and --model"));
  setBackend(createWasmDevice());
  const before = process.cpuUsage();
  const saved = await readTranslationOf(kind, folder, "translator"), { recipe, source, target } = saved.notes;
  const translator = new Translator(openModel(saved), source, target);
  const { training, test } = await readCorpus(data, "2,1", Number(recipe.seed));
  const room = translator.model.options.contextLength;
  const judged = test.filter(({ source }) => translator.source.encode(source.normalize("NFC")).length < room);
  const sentences = judged.map(({ source }) => source), references = judged.map(({ targets }) => targets);
  const score = (texts: readonly string[], rows?: Int32Array | Uint32Array): ReturnType<typeof bleu> => {
    const chosen = rows ? Array.from(rows) : texts.map((_, i) => i);
    return bleu(chosen.map((i) => texts[i]!), chosen.map((i) => references[i]!), { tokenizer: "13a" });
  };
  const random = new Random(1);
  const drawn = Array.from(
    { length: DRAWS },
    () => Uint32Array.from({ length: judged.length }, () => random.integer(judged.length)),
  );

  const found = new Map<string, Written[]>(), settings: Setting[] = [];
  for (const alpha of ALPHAS) {
    let greedy: number[] | undefined;
    for (const width of WIDTHS) {
      const written = await translated(translator, sentences, width, alpha), texts = written.map(({ text }) => text);
      found.set(`${alpha} ${width}`, written);
      const whole = score(texts), again = drawn.map((rows) => score(texts, rows).score);
      greedy ??= again;
      const gains = again.map((one, i) => one - greedy![i]!).sort((a, b) => a - b);
      settings.push({
        alpha,
        width,
        bleu: whole.score,
        length: whole.outputLength / whole.referenceLength,
        logProbability: written.reduce((sum, { logProbability }) => sum + logProbability, 0) / written.length,
        empty: texts.filter((one) => one === "").length,
        gain: [gains[Math.floor(0.025 * DRAWS)]!, gains[Math.ceil(0.975 * DRAWS) - 1]!],
      });
      console.log(settings.at(-1));
    }
  }

  const lines = (await Deno.readTextFile(data)).split("\n").map((line) => line.trim().split("\t"));
  const differs = judged.map((_, i) => i).filter((i) =>
    sentences[i]!.length >= CHARACTERS && new Set(SHOWN.map((width) => found.get(`0 ${width}`)![i]!.text)).size > 1
  );
  const findings: BeamWidthRun = {
    training:
      `deno run -A mod.ts train translator --data cmn.txt --columns 2,1 --steps ${recipe.steps} --out models/cmn`,
    pairs: training.length,
    sentences: judged.length,
    steps: Number(recipe.steps),
    hiddenSize: translator.model.options.hiddenSize,
    numLayers: translator.model.options.numLayers,
    widths: WIDTHS,
    alphas: ALPHAS,
    draws: DRAWS,
    settings,
    examples: differs.slice(0, EXAMPLES).map((i) => ({
      source: sentences[i]!,
      reference: references[i]![0]!,
      attribution: lines.find(([target, source]) => source === sentences[i] && target === references[i]![0])?.[2] ?? "",
      translations: SHOWN.map((width) => ({ width, ...pick(found.get(`0 ${width}`)![i]!) })),
    })),
  };
  const bytes = await Deno.readFile(data), { user, system } = process.cpuUsage(before);
  const run: RecordedRun<BeamWidthRun> = {
    command: "deno run -A docs/runs/beam_width.ts --data cmn.txt --model models/cmn",
    data: {
      name: "cmn.txt",
      origin: "Chinese–English pairs of the Tatoeba project, as manythings.org/anki hands them out (cmn-eng)",
      licence: "CC-BY 2.0 FR",
      bytes: bytes.length,
      sha256: new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex(),
    },
    seconds: Math.round((user + system) / 1e6),
    findings,
  };
  const short = (_: string, value: unknown): unknown =>
    typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;
  await Deno.writeTextFile(runPath("beam_width"), `${JSON.stringify(run, short, 2)}\n`);
}

/** What is shown of a translation. */
function pick({ text, logProbability }: Written): Written {
  return { text, logProbability };
}
