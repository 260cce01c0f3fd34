/**
 * # Texts under decoding rules
 *
 * What the runs on truncation, temperature and repetition have in common: a Transformer that has learned the plays of Shakespeare, texts
 * that it writes after lines which it never saw, and what is measured of them, beside the same of the plays themselves.
 *
 * @module
 */

import { openModel, readTextModel } from "../../core/cli/models.ts";
import { generate } from "../../core/07_generation/generate.ts";
import type { RuleOptions, SearchOptions } from "../../core/07_generation/options.ts";
import { logProbabilityOf } from "../../core/07_generation/sampling.ts";
import { noGrad } from "../../core/engine/autograd.ts";
import { tensor } from "../../core/engine/create.ts";
import type { Numbers } from "../../core/engine/backend.ts";
import { Random } from "../../core/engine/random.ts";
import { scope } from "../../core/engine/scope.ts";

/** How many texts are written, how long they are, what comes before them, and what of the first one is shown. */
const TEXTS = 16, LENGTH = 200, PROMPT = 20, GRAM = 4, SHOWN = 48;
/** Each draw is made with each of these. */
const SEEDS = [1, 2, 3];
/** The part of the file that is not learned from, as `train lm` has it. */
const KEPT_APART = 0.1;

/** What is measured of texts. */
export interface Measures {
  /** Nats for each token: minus the mean log-probability that the model gives, before any rule. */
  readonly surprisal: number;
  /** Of the n-grams of a text, the fraction that has occurred in it before. */
  readonly repeated: number;
  /** Different tokens of a text. */
  readonly different: number;
  /** Of the words, the fraction that occurs nowhere in what was learned from. */
  readonly unknown: number;
}

/** A setting that is tried. */
export interface Tried {
  /** What the table calls it. */
  readonly name: string;
  readonly rules: RuleOptions & Pick<SearchOptions, "numBeams">;
  /** Whether the tokens are drawn; otherwise the most probable one is taken, or beams are searched. */
  readonly draws: boolean;
}

/** What is found with a setting: means over all texts, and the lowest and highest mean of a seed. */
export interface TriedRow extends Pick<Tried, "name" | "draws">, Measures {
  readonly ranges: Readonly<Record<keyof Measures, readonly [number, number]>>;
  /** The beginning of the first text, of the first seed. */
  readonly text: string;
}

/** What is kept. */
export interface TextsRun {
  /** The command that trained the model. */
  readonly training: string;
  readonly weights: number;
  readonly vocabSize: number;
  readonly texts: number;
  readonly length: number;
  readonly prompt: number;
  readonly seeds: number;
  /** Tokens of an n-gram that is looked for. */
  readonly gram: number;
  /** What the texts that are shown go on with. */
  readonly before: string;
  /** The same of texts of the plays. */
  readonly plays: Measures & { readonly text: string };
  readonly rows: readonly TriedRow[];
}

const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

/** The fraction of the n-grams that has occurred before. */
function repeatedOf(tokens: readonly number[]): number {
  const seen = new Set<string>();
  let again = 0;
  for (let at = 0; at + GRAM <= tokens.length; at++) {
    const gram = tokens.slice(at, at + GRAM).join();
    if (seen.has(gram)) again++;
    seen.add(gram);
  }
  return again / (tokens.length - GRAM + 1);
}

/** The words of a text, in small letters. */
const wordsOf = (text: string): string[] => text.toLowerCase().match(/\p{L}+(?:'\p{L}+)*/gu) ?? [];

/** A model of the plays, and passages that it never saw. */
export interface Plays {
  readonly model: ReturnType<typeof openModel> & Parameters<typeof generate>[0];
  readonly decode: (tokens: readonly number[]) => string;
  /** Lines that the model has not seen, as tokens, and what stands behind each. */
  readonly prompts: readonly (readonly number[])[];
  readonly continuations: readonly (readonly number[])[];
  /** Tokens that are no text. */
  readonly silent: readonly number[];
  /** The words that were learned from. */
  readonly known: ReadonlySet<string>;
  readonly training: string;
  readonly weights: number;
  readonly layout: Readonly<Record<"hiddenSize" | "numLayers" | "numHeads" | "contextLength", number>>;
}

/** Opens the model, and cuts passages of what it has not learned from, in equal distances, each at the beginning of a line. */
export async function readPlays(path: string, folder: string, length: number = LENGTH): Promise<Plays> {
  const saved = await readTextModel(folder), model = openModel(saved);
  model.eval();
  const { vocabulary, recipe, layout } = saved.notes;
  const text = await Deno.readTextFile(path), border = Math.floor(text.length * (1 - KEPT_APART));
  const held = Array.from(vocabulary.encode(text.slice(border)));
  const step = Math.floor((held.length - PROMPT - length) / (TEXTS + 1));
  const starts = Array.from({ length: TEXTS }, (_, i) => {
    let at = i * step + 1;
    while (!vocabulary.decode([held[at - 1]!]).endsWith("\n")) at++;
    return at;
  });
  const sizes = layout as unknown as Plays["layout"], { hiddenSize, numLayers, numHeads, contextLength } = sizes;
  return {
    model,
    decode: (tokens) => vocabulary.decode(tokens),
    prompts: starts.map((at) => held.slice(at, at + PROMPT)),
    continuations: starts.map((at) => held.slice(at + PROMPT, at + PROMPT + length)),
    silent: [...new Set(vocabulary.specialTokens.values())],
    known: new Set(wordsOf(text.slice(0, border))),
    training:
      `deno run -A mod.ts train lm --data input.txt --vocab-size ${model.vocabSize} --context-length ${contextLength} ` +
      `--hidden-size ${hiddenSize} --num-layers ${numLayers} --num-heads ${numHeads} --batch-size ${recipe.batchSize} ` +
      `--steps ${recipe.steps} --learning-rate ${recipe.learningRate} --out models/lm`,
    weights: [...model.parameters().values()].reduce((sum, { size }) => sum + size, 0),
    layout: sizes,
  };
}

/** Minus the mean log-probability of the tokens behind a prompt, as the model says without any rule. */
export async function surprisalOf(
  model: Plays["model"],
  prompt: readonly number[],
  tokens: readonly number[],
): Promise<number> {
  let reading: Promise<Numbers> | undefined;
  scope(() =>
    noGrad(() => {
      const text = [...prompt, ...tokens].slice(0, -1);
      reading = model.forward(tensor(Int32Array.from(text), [1, text.length]), {})
        .slice(1, prompt.length - 1).read();
    })
  );
  const rows = new Float64Array(await reading!), V = model.vocabSize;
  return mean(tokens.map((token, i) => -logProbabilityOf(rows.subarray(i * V, (i + 1) * V), token)));
}

/** Writes texts under each setting, and measures them. */
export async function textsUnder(path: string, folder: string, settings: readonly Tried[]): Promise<TextsRun> {
  const { model, decode, prompts, continuations, silent, known, training, weights } = await readPlays(path, folder);
  const shown = (tokens: readonly number[]): string => decode(tokens).replace(/\s*\n\s*/g, " / ").trim();
  const measure = async (texts: readonly (readonly number[])[]): Promise<Measures> => {
    const surprisals: number[] = [];
    for (const [i, tokens] of texts.entries()) surprisals.push(await surprisalOf(model, prompts[i]!, tokens));
    // The first and the last word may be parts of one.
    const words = texts.flatMap((tokens) => wordsOf(decode(tokens)).slice(1, -1));
    return {
      surprisal: mean(surprisals),
      repeated: mean(texts.map(repeatedOf)),
      different: mean(texts.map((tokens) => new Set(tokens).size)),
      unknown: words.filter((word) => !known.has(word)).length / words.length,
    };
  };
  const rows: TriedRow[] = [];
  for (const { name, rules, draws } of settings) {
    const found: Measures[] = [];
    let first: readonly number[] = [];
    for (const seed of draws ? SEEDS : [0]) {
      const results = await generate(model, prompts, {
        ...rules,
        maxNewTokens: LENGTH,
        ...silent.length > 0 && { suppressTokens: silent },
        ...draws && { random: new Random(seed) },
      });
      if (found.length === 0) first = results[0]!.tokens;
      found.push(await measure(results.map(({ tokens }) => tokens)));
    }
    const over = <T>(of: (values: readonly number[]) => T): Record<keyof Measures, T> => ({
      surprisal: of(found.map(({ surprisal }) => surprisal)),
      repeated: of(found.map(({ repeated }) => repeated)),
      different: of(found.map(({ different }) => different)),
      unknown: of(found.map(({ unknown }) => unknown)),
    });
    rows.push({
      name,
      draws,
      ...over(mean),
      ranges: over((values): readonly [number, number] => [Math.min(...values), Math.max(...values)]),
      text: shown(first.slice(0, SHOWN)),
    });
    console.log(rows.at(-1));
  }
  return {
    training,
    weights,
    vocabSize: model.vocabSize,
    texts: TEXTS,
    length: LENGTH,
    prompt: PROMPT,
    seeds: SEEDS.length,
    gram: GRAM,
    before: shown(prompts[0]!),
    plays: { ...await measure(continuations), text: shown(continuations[0]!.slice(0, SHOWN)) },
    rows,
  };
}
