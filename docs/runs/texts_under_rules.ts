/**
 * # Texts under decoding rules
 *
 * What the runs on truncation and on repetition have in common: an n-gram model of the plays of Shakespeare, texts that it writes
 * after lines which it never saw, and what is measured of them, beside the same of the plays themselves.
 *
 * @module
 */

import { trainNGrams } from "../../core/03_language_models/n_grams/mod.ts";
import { trainBytePairEncoding } from "../../core/02_words/byte_pair_encoding/mod.ts";
import { generate } from "../../core/07_generation/generate.ts";
import type { RuleOptions } from "../../core/07_generation/options.ts";
import { Random } from "../../core/engine/random.ts";

/** The model, and what it writes. */
const VOCABULARY = 1000, ORDER = 4, TEXTS = 50, LENGTH = 200, PROMPT = 20, GRAM = 4, SHOWN = 48;
/** The part of the file that is not learned from. */
const KEPT_APART = 0.1;

/** What is measured of texts. */
export interface Measures {
  /** Nats for each token: minus the mean log-probability that the model gives, before any rule. */
  readonly surprisal: number;
  /** Of the n-grams of a text, the fraction that has occurred in it before. */
  readonly repeated: number;
  /** Different tokens of a text. */
  readonly different: number;
}

/** A setting that is tried. */
export interface Tried {
  /** What the table calls it. */
  readonly name: string;
  readonly rules: RuleOptions;
  /** Whether the tokens are drawn; otherwise the most probable one is taken. */
  readonly draws: boolean;
}

/** What is kept. */
export interface TextsRun {
  readonly vocabSize: number;
  readonly order: number;
  readonly texts: number;
  readonly length: number;
  readonly prompt: number;
  /** Tokens of an n-gram that is looked for. */
  readonly gram: number;
  readonly trainingTokens: number;
  /** What the texts that are shown go on with. */
  readonly before: string;
  /** The same of texts of the plays. */
  readonly plays: Measures & { readonly text: string };
  readonly rows: readonly (Pick<Tried, "name" | "draws"> & Measures & { readonly text: string })[];
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

/** Writes texts under each setting, and measures them. */
export async function textsUnder(path: string, settings: readonly Tried[]): Promise<TextsRun> {
  const text = await Deno.readTextFile(path), border = Math.floor(text.length * (1 - KEPT_APART));
  const tokenizer = await trainBytePairEncoding([text.slice(0, border)], { vocabSize: VOCABULARY, level: "bytes" });
  const training = tokenizer.encode(text.slice(0, border)), held = tokenizer.encode(text.slice(border));
  const model = await trainNGrams(training, { order: ORDER, vocabSize: tokenizer.vocabSize });
  const step = Math.floor((held.length - PROMPT - LENGTH) / (TEXTS + 1));
  // In equal distances, each at the beginning of a line.
  const starts = Array.from({ length: TEXTS }, (_, i) => {
    let at = i * step + 1;
    while (!tokenizer.decode([held[at - 1]!]).endsWith("\n")) at++;
    return at;
  });
  const prompts = starts.map((at) => held.slice(at, at + PROMPT));
  const written = starts.map((at) => held.slice(at + PROMPT, at + PROMPT + LENGTH));
  const shown = (tokens: readonly number[]): string => tokenizer.decode(tokens).replace(/\s*\n\s*/g, " / ").trim();
  const measure = (
    texts: readonly (readonly number[])[],
    surprisals: readonly number[],
  ): Measures & { text: string } => ({
    surprisal: mean(surprisals),
    repeated: mean(texts.map(repeatedOf)),
    different: mean(texts.map((tokens) => new Set(tokens).size)),
    text: shown(texts[0]!.slice(0, SHOWN)),
  });
  const silent = [...new Set(tokenizer.specialTokens.values())];
  const rows: TextsRun["rows"][number][] = [];
  for (const { name, rules, draws } of settings) {
    const results = await generate(model, prompts, {
      ...rules,
      maxNewTokens: LENGTH,
      suppressTokens: silent,
      ...draws && { random: new Random(1) },
    });
    const texts = results.map(({ tokens }) => tokens);
    rows.push({ name, draws, ...measure(texts, results.map(({ logProbability }) => -logProbability / LENGTH)) });
  }
  const plays = await Promise.all(prompts.map(async (prompt, i) => {
    const forced = await generate(model, prompt, { maxNewTokens: LENGTH, prefix: written[i]! });
    return -forced.logProbability / LENGTH;
  }));
  return {
    vocabSize: tokenizer.vocabSize,
    order: ORDER,
    texts: TEXTS,
    length: LENGTH,
    prompt: PROMPT,
    gram: GRAM,
    trainingTokens: training.length,
    before: shown(prompts[0]!),
    plays: measure(written, plays),
    rows,
  };
}
