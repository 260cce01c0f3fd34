/**
 * # Minimum Bayes risk on real pairs
 *
 * **Question.** Does a translator translate better if the sentence is chosen that agrees most with the others it could have written?
 *
 * **Idea.** Two translators of the same layout are trained by the program of this book on the sentences of the Tatoeba project, one with label smoothing and one without. Sentences that they never saw are translated by greedy search and by beams. Of each, samples
 * are drawn as well, and minimum Bayes risk chooses among them with several gains; then among the sentences of a beam, and among the samples of both translators. Kept are BLEU and chrF of every choice, with intervals from sentences drawn again.
 *
 * ```sh
 * deno run -A mod.ts train translator --data cmn.txt --columns 2,1 --steps 3000 --label-smoothing 0 --out models/plain
 * deno run -A mod.ts train translator --data cmn.txt --columns 2,1 --steps 3000 --out models/smoothed
 * deno run -A docs/runs/bayes_risk.ts --data cmn.txt --model models/plain --second models/smoothed
 * ```
 *
 * @module
 */

import { readCorpus } from "../../core/cli/corpus.ts";
import { openModel, readTranslation } from "../../core/cli/models.ts";
import { Translator } from "../../core/cli/translator.ts";
import { corpusBleu, sentenceBleu } from "../../core/06_training/bleu.ts";
import { chrf, corpusChrf, sentenceChrf } from "../../core/06_training/chrf.ts";
import { gnmtLengthPenalty } from "../../core/07_generation/greedy_and_beam.ts";
import {
  bleuGain,
  chrfGain,
  exactMatch,
  minimumBayesRisk,
  poolOutputs,
  probabilityWeights,
  wordOverlap,
} from "../../core/07_generation/minimum_bayes_risk.ts";
import { Random } from "../../core/engine/random.ts";
import { record } from "./run.ts";

/** Sentences that are judged; samples of each; the width of the beam; its length penalty; how often sentences are drawn again. */
const SENTENCES = 400, SAMPLES = 64, BEAMS = 16, ALPHA = 0.6, DRAWS = 300;
/** Numbers of samples that are compared. */
const COUNTS = [2, 4, 8, 16, 32, 64];
/** Rows that are computed together. */
const ROWS = 512;
/** Sentences shown, and the fewest characters that they have. */
const EXAMPLES = 4, CHARACTERS = 8;

/** What a way to choose found. */
export interface Choice {
  readonly name:
    | "greedy"
    | "beam"
    | "sample"
    | "probable"
    | "exact"
    | "words"
    | "bleu"
    | "chrf"
    | "beamChrf"
    | "pooled";
  readonly bleu: number;
  readonly chrf: number;
  /** BLEU and chrF above those of greedy search: intervals that hold 95 of 100 draws. */
  readonly bleuGain: readonly [number, number];
  readonly chrfGain: readonly [number, number];
  /** Seconds of the choice itself, for one sentence. */
  readonly seconds: number;
}

/** One translator under all ways to choose. */
export interface TranslatorChoices {
  readonly labelSmoothing: number;
  readonly choices: readonly Choice[];
  /** chrF of the choice by chrF, by number of samples. */
  readonly bySamples: readonly number[];
}

/** What is kept. */
export interface BayesRiskRun {
  readonly sentences: number;
  readonly samples: number;
  readonly beams: number;
  readonly alpha: number;
  readonly counts: readonly number[];
  readonly draws: number;
  readonly steps: number;
  readonly translators: readonly TranslatorChoices[];
  /** The samples of both translators, by chrF. */
  readonly pooled: Choice;
  readonly examples: readonly {
    readonly source: string;
    readonly reference: string;
    readonly attribution: string;
    readonly beam: string;
    readonly chosen: string;
    /** How many of the samples are different sentences. */
    readonly different: number;
  }[];
}

interface Written {
  readonly text: string;
  readonly logProbability: number;
}

/** Several translations of each sentence: `times` runs of `count` that `write` makes of one batch. */
async function several(
  sentences: readonly string[],
  rows: number,
  write: (sentences: readonly string[]) => Promise<readonly (readonly Written[])[]>,
): Promise<Written[][]> {
  const order = sentences.map((_, i) => i).sort((a, b) => sentences[a]!.length - sentences[b]!.length);
  const results: Written[][] = [], batch = Math.max(1, Math.floor(ROWS / rows));
  for (let at = 0; at < order.length; at += batch) {
    const some = order.slice(at, at + batch), found = await write(some.map((i) => sentences[i]!));
    some.forEach((i, j) => results[i] = [...found[j]!]);
  }
  return results;
}

async function make(path: string, folders: readonly string[]): Promise<BayesRiskRun> {
  const opened = await Promise.all(folders.map(async (folder) => {
    const saved = await readTranslation(folder), { recipe, source, target } = saved.notes;
    return { recipe, translator: new Translator(openModel(saved), source, target) };
  }));
  const { test } = await readCorpus(path, "2,1", Number(opened[0]!.recipe.seed));
  const fits = ({ translator }: typeof opened[number], text: string): boolean =>
    translator.source.encode(text.normalize("NFC")).length < translator.model.contextLength;
  const judged = test.filter(({ source }) => opened.every((one) => fits(one, source))).slice(0, SENTENCES);
  const sentences = judged.map(({ source }) => source), references = judged.map(({ targets }) => targets);
  const random = new Random(1);
  const drawn = Array.from(
    { length: DRAWS },
    () => Array.from({ length: judged.length }, () => random.integer(judged.length)),
  );
  const everything = judged.map((_, i) => i);

  const judge = (
    name: Choice["name"],
    texts: readonly string[],
    greedy: readonly string[],
    seconds: number,
  ): Choice => {
    const scored = [texts, greedy].map((of) =>
      of.map((text, i) => ({ bleu: sentenceBleu(text, references[i]!), chrf: sentenceChrf(text, references[i]!) }))
    );
    const scores = scored.map((of) => (rows: readonly number[]): [number, number] => [
      corpusBleu(rows.map((i) => of[i]!.bleu)).score,
      corpusChrf(rows.map((i) => of[i]!.chrf)).score,
    ]);
    const [bleu, chrf] = scores[0]!(everything);
    const gains = drawn.map((rows): [number, number] => {
      const [own, other] = scores.map((of) => of(rows));
      return [own![0] - other![0], own![1] - other![1]];
    });
    const interval = (which: 0 | 1): [number, number] => {
      const sorted = gains.map((gain) => gain[which]).sort((a, b) => a - b);
      return [sorted[Math.floor(0.025 * DRAWS)]!, sorted[Math.ceil(0.975 * DRAWS) - 1]!];
    };
    const choice = { name, bleu, chrf, bleuGain: interval(0), chrfGain: interval(1), seconds: seconds / judged.length };
    console.log(choice);
    return choice;
  };
  const timed = (choose: (i: number) => string): [string[], number] => {
    const start = performance.now(), texts = everything.map(choose);
    return [texts, (performance.now() - start) / 1000];
  };

  const drawnBy: Written[][][] = [], beamsOf: string[][] = [], chosenBy: string[][] = [], greedyBy: string[][] = [];
  const translators: TranslatorChoices[] = [];
  for (const { recipe, translator } of opened) {
    const greedy = (await several(sentences, 1, async (some) =>
      (await translator.translate(some, { numBeams: 1 })).map((one) => [one])))
      .map(([one]) =>
        one!.text
      );
    const lengthPenalty = gnmtLengthPenalty(ALPHA);
    const beams = await several(sentences, BEAMS, async (some) =>
      (await translator.translate(some, { numBeams: BEAMS, lengthPenalty })).map(({ beams }) =>
        beams
      ));
    const chance = random.split();
    const samples = await several(sentences, SAMPLES, async (some) => {
      const found = await translator.translate(
        some.flatMap((one) =>
          Array.from({ length: SAMPLES }, () =>
            one)
        ),
        {
          random: chance,
        },
      );
      return some.map((_, i) => found.slice(i * SAMPLES, (i + 1) * SAMPLES));
    });
    const texts = samples.map((of) => of.map(({ text }) => text));
    const choices: Choice[] = [];
    const add = (name: Choice["name"], choose: (i: number) => string): string[] => {
      const [found, seconds] = timed(choose);
      choices.push(judge(name, found, name === "greedy" ? found : greedy, seconds));
      return found;
    };
    add("greedy", (i) => greedy[i]!);
    beamsOf.push(add("beam", (i) => beams[i]![0]!.text));
    add("sample", (i) => texts[i]![0]!);
    add(
      "probable",
      (i) => samples[i]!.reduce((best, one) => one.logProbability > best.logProbability ? one : best).text,
    );
    add("exact", (i) => minimumBayesRisk(texts[i]!, exactMatch).output);
    add("words", (i) => minimumBayesRisk(texts[i]!, wordOverlap).output);
    add("bleu", (i) => minimumBayesRisk(texts[i]!, bleuGain).output);
    chosenBy.push(add("chrf", (i) => minimumBayesRisk(texts[i]!, chrfGain()).output));
    add("beamChrf", (i) => {
      const weights = probabilityWeights(beams[i]!.map(({ logProbability }) => logProbability));
      return minimumBayesRisk(beams[i]!.map(({ text }) => text), chrfGain(), { weights }).output;
    });
    drawnBy.push(samples);
    greedyBy.push(greedy);
    translators.push({
      labelSmoothing: Number(recipe.labelSmoothing),
      choices,
      bySamples: COUNTS.map((count) =>
        chrf(everything.map((i) => minimumBayesRisk(texts[i]!.slice(0, count), chrfGain()).output), references).score
      ),
    });
  }
  const [pooled, seconds] = timed((i) => {
    const { outputs, weights } = poolOutputs(drawnBy.map((of) => ({ outputs: of[i]!.map(({ text }) => text) })));
    return minimumBayesRisk(outputs, chrfGain(), { weights }).output;
  });

  const lines = (await Deno.readTextFile(path)).split("\n").map((line) => line.trim().split("\t"));
  const shown = everything.filter((i) => sentences[i]!.length >= CHARACTERS && beamsOf[0]![i] !== chosenBy[0]![i]);
  return {
    sentences: judged.length,
    samples: SAMPLES,
    beams: BEAMS,
    alpha: ALPHA,
    counts: COUNTS,
    draws: DRAWS,
    steps: Number(opened[0]!.recipe.steps),
    translators,
    pooled: judge("pooled", pooled, greedyBy[0]!, seconds),
    examples: shown.slice(0, EXAMPLES).map((i) => ({
      source: sentences[i]!,
      reference: references[i]![0]!,
      attribution: lines.find(([target, source]) => source === sentences[i] && target === references[i]![0])?.[2] ?? "",
      beam: beamsOf[0]![i]!,
      chosen: chosenBy[0]![i]!,
      different: new Set(drawnBy[0]![i]!.map(({ text }) => text)).size,
    })),
  };
}

if (import.meta.main) {
  await record({
    name: "bayes_risk",
    summary: "Choose translations by minimum Bayes risk, and record how good they are.",
    origin: "Chinese–English pairs of the Tatoeba project, as manythings.org/anki hands them out (cmn-eng)",
    licence: "CC-BY 2.0 FR",
    files: {
      model: "A translator that `train translator` saved, without label smoothing",
      second: "Another one, with label smoothing",
    },
    make: (path, { model, second }) => make(path, [model!, second!]),
  });
}
