/**
 * # A word of the reference, required
 *
 * **Question.** A translator misses a word that the human translation has. If the word is required, does the rest of the sentence get better too?
 *
 * **Idea.** A translator is trained on the sentences of the Tatoeba project by the program of this book. Sentences that it never saw are translated by a beam. Where the translation lacks a word of the reference, the rarest such word is required: in constrained beams, and of greedy search by the rule. A word
 * of another sentence shows what a wrong demand does. BLEU is measured twice: of the whole sentences, and of what is left when the required word is taken out of translation and reference. Differences come with an interval: sentences are drawn again with replacement.
 *
 * ```sh
 * deno run -A mod.ts train translator --data cmn.txt --columns 2,1 --steps 1200 --out models/cmn
 * deno run -A docs/runs/required_words.ts --data cmn.txt --model models/cmn
 * ```
 *
 * @module
 */

import process from "node:process";
import { number, text } from "../../core/cli/arguments.ts";
import { readCorpus } from "../../core/cli/corpus.ts";
import type { DecodingChoice } from "../../core/cli/decoding.ts";
import { UsageError } from "../../core/cli/errors.ts";
import { kind } from "../../core/cli/kinds/translator.ts";
import { openModel, readTranslationOf } from "../../core/cli/models.ts";
import { readTokens } from "../../core/cli/token_options.ts";
import { Translator } from "../../core/cli/translator.ts";
import { setBackend } from "../../core/engine/device.ts";
import { Random } from "../../core/engine/random.ts";
import { bleu } from "../../core/06_training/bleu.ts";
import {
  neededTokens,
  type RequiredWords,
  requiredWordsRule,
} from "../../core/07_generation/constraints/required_words.ts";
import { createWasmDevice } from "../../mod.ts";
import { readTask, refuse } from "../arguments.ts";
import { type RecordedRun, runPath } from "./recorded_run.ts";

/** Sentences that are judged, letters of a required word, draws of the intervals, examples. */
const SENTENCES = 200, LETTERS = 4, DRAWS = 1000, EXAMPLES = 4;
/** Beams of the plain search. */
const BEAMS = 4;

/** The ways to translate. */
export type RequiredWay = "plain" | "rule" | "beams4" | "beams8" | "wrong";
const WAYS: readonly RequiredWay[] = ["plain", "rule", "beams4", "beams8", "wrong"];

/** What is found of one way. */
export interface RequiredSetting {
  readonly way: RequiredWay;
  readonly bleu: number;
  /** BLEU above that of the plain search: the interval that holds 95 of 100 draws. */
  readonly gain: readonly [number, number];
  /** BLEU where the required word is taken out of both sides, and its interval. */
  readonly rest: number;
  readonly restGain: readonly [number, number];
  /** Mean logarithm of the probability of a translation, in nats. */
  readonly logProbability: number;
  /** Translations that contain the word that was required. */
  readonly held: number;
}

/** What is kept. */
export interface RequiredWordsRun {
  /** The command that trained the translator. */
  readonly training: string;
  readonly pairs: number;
  /** Sentences that were translated, and those of them that lack a word of the reference. */
  readonly translated: number;
  readonly sentences: number;
  readonly steps: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly letters: number;
  readonly draws: number;
  readonly settings: readonly RequiredSetting[];
  readonly examples: readonly {
    readonly source: string;
    readonly reference: string;
    readonly attribution: string;
    readonly word: string;
    readonly translations: Readonly<Record<RequiredWay, string>>;
  }[];
}

const wordsOf = (sentence: string): string[] => sentence.match(/[A-Za-z]+/g) ?? [];
const without = (sentence: string, word: string): string => sentence.replace(new RegExp(`\\b${word}\\b`, "gi"), "");

if (import.meta.main) {
  const { values: { data, model: folder, steps: stopped } } = await readTask({
    name: "required_words",
    summary: "Translate unseen sentences with a required word of their reference, and record what is found.",
    options: {
      data: text("FILE", "Pairs of sentences that the translator was trained on"),
      model: text("FOLDER", "The translator that `train translator` saved"),
      steps: number("N", "Steps it was trained, if it was stopped", { min: 1, max: 1e6, whole: true }),
    },
  });
  if (data === undefined || folder === undefined) throw refuse(new UsageError("Cannot run without --data and --model"));
  setBackend(createWasmDevice({ threads: 1 }));
  const before = process.cpuUsage();
  const saved = await readTranslationOf(kind, folder, "translator"), { recipe, source, target } = saved.notes;
  const steps = stopped ?? Number(recipe.steps);
  const translator = new Translator(openModel(saved), source, target);
  const { training, test } = await readCorpus(data, "2,1", Number(recipe.seed));
  const room = translator.model.options.contextLength;
  const judged = test.filter(({ source }) => translator.source.encode(source.normalize("NFC")).length < room)
    .slice(0, SENTENCES);

  const counts = new Map<string, number>();
  for (const { target } of training) {
    for (const word of wordsOf(target.toLowerCase())) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const requiredOf = (word: string): RequiredWords => {
    const spelt = [word.toLowerCase(), word[0]!.toUpperCase() + word.slice(1).toLowerCase()];
    return readTokens("requiredWords", [...new Set(spelt)].join("|"), target) as RequiredWords;
  };
  const plain = await translator.translate(judged.map(({ source }) => source), { numBeams: BEAMS });
  const asked = judged.map((pair, i) => {
    const has = new Set(wordsOf(plain[i]!.text.toLowerCase())), reference = pair.targets[0]!;
    const words = wordsOf(reference).filter((word) => word.length >= LETTERS && !has.has(word.toLowerCase()));
    const rarity = (word: string): number => counts.get(word.toLowerCase()) ?? 0;
    const known = words.filter((word) => rarity(word) > 0).sort((a, b) => rarity(a) - rarity(b));
    return { ...pair, i, word: known[0] };
  }).filter((one): one is typeof one & { readonly word: string } => one.word !== undefined);

  const written: Record<RequiredWay, { text: string; logProbability: number; held: boolean }[]> = {
    plain: [],
    rule: [],
    beams4: [],
    beams8: [],
    wrong: [],
  };
  for (const [j, { source, word, i }] of asked.entries()) {
    const other = asked[(j + 1) % asked.length]!.word;
    const choices: readonly (readonly [RequiredWay, string, DecodingChoice])[] = [
      ["rule", word, { rules: [requiredWordsRule(requiredOf(word).words)] }],
      ["beams4", word, { numBeams: 4, requiredWords: requiredOf(word) }],
      ["beams8", word, { numBeams: 8, requiredWords: requiredOf(word) }],
      ["wrong", other, { numBeams: 4, requiredWords: requiredOf(other) }],
    ];
    written.plain.push({ ...plain[i]!, held: false });
    for (const [way, demand, choice] of choices) {
      const [found] = await translator.translate([source], choice);
      written[way].push({ ...found!, held: neededTokens(requiredOf(demand).words, found!.tokens) === 0 });
    }
    if (j % 20 === 0) console.log(`${j} of ${asked.length}`);
  }

  const random = new Random(1);
  const drawn = Array.from(
    { length: DRAWS },
    () => Array.from({ length: asked.length }, () => random.integer(asked.length)),
  );
  const all = asked.map((_, j) => j);
  const score = (way: RequiredWay, rows: readonly number[], isRest: boolean): number => {
    const cut = (sentence: string, j: number): string => isRest ? without(sentence, asked[j]!.word) : sentence;
    return bleu(
      rows.map((j) => cut(written[way][j]!.text, j)),
      rows.map((j) => asked[j]!.targets.map((one) => cut(one, j))),
      { tokenizer: "13a" },
    ).score;
  };
  const plainDraws = [false, true].map((isRest) => drawn.map((rows) => score("plain", rows, isRest)));
  const interval = (way: RequiredWay, isRest: boolean): [number, number] => {
    const gains = drawn.map((rows, d) => score(way, rows, isRest) - plainDraws[Number(isRest)]![d]!).sort((a, b) =>
      a - b
    );
    return [gains[Math.floor(0.025 * DRAWS)]!, gains[Math.ceil(0.975 * DRAWS) - 1]!];
  };
  const settings = WAYS.map((way): RequiredSetting => {
    const texts = written[way],
      found = {
        way,
        bleu: score(way, all, false),
        gain: interval(way, false),
        rest: score(way, all, true),
        restGain: interval(way, true),
        logProbability: texts.reduce((sum, one) => sum + one.logProbability, 0) / texts.length,
        held: texts.filter(({ held }) => held).length,
      };
    console.log(found);
    return found;
  });

  const lines = (await Deno.readTextFile(data)).split("\n").map((line) => line.trim().split("\t"));
  const findings: RequiredWordsRun = {
    training: `deno run -A mod.ts train translator --data cmn.txt --columns 2,1 --steps ${steps} --out models/cmn`,
    pairs: training.length,
    translated: judged.length,
    sentences: asked.length,
    steps,
    hiddenSize: translator.model.options.hiddenSize,
    numLayers: translator.model.options.numLayers,
    letters: LETTERS,
    draws: DRAWS,
    settings,
    examples: all.slice(0, EXAMPLES).map((j) => {
      const { source, targets: [reference = ""], word } = asked[j]!;
      return {
        source,
        reference,
        attribution: lines.find(([target, from]) => from === source && target === reference)?.[2] ?? "",
        word,
        translations: Object.fromEntries(WAYS.map((way) => [way, written[way][j]!.text])) as Record<
          RequiredWay,
          string
        >,
      };
    }),
  };
  const bytes = await Deno.readFile(data), { user, system } = process.cpuUsage(before);
  const run: RecordedRun<RequiredWordsRun> = {
    command: "deno run -A docs/runs/required_words.ts --data cmn.txt --model models/cmn",
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
  await Deno.writeTextFile(runPath("required_words"), `${JSON.stringify(run, short, 2)}\n`);
}
