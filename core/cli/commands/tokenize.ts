/**
 * # Tokens from the command line
 *
 * `tokenize` learns a tokenizer from a text, or reads a saved one or that of a model, and cuts the texts of its arguments, of a file, or of
 * standard input. It also goes back from ids to text, and shows what was learned.
 *
 * @module
 */

import { BytePairEncoding, trainBytePairEncoding } from "../../02_words/byte_pair_encoding/mod.ts";
import { trainUnigram, type UnigramStep } from "../../02_words/unigram/mod.ts";
import type { Tokenizer } from "../../02_words/before_tokens/tokenizer.ts";
import { trainWordLevel } from "../../02_words/before_tokens/word_level.ts";
import { trainWordPiece } from "../../02_words/before_tokens/word_piece_training.ts";
import { chineseEnglish } from "../../corpora/chinese_english.ts";
import { count } from "../../host/terminal.ts";
import { choice, type Command, defineCommand, flag, flagOf, number, text, type Values } from "../arguments.ts";
import { DataError, escapeControl, quote, UsageError } from "../errors.ts";
import { named, readLines, readText, writeFile } from "../files.ts";
import { load } from "../model_kinds.ts";
import { foreignPlace, hubOptions, MODEL_DETAILS } from "../places.ts";
import { line } from "../terminal.ts";
import { readTokenizerFile } from "../tokenizers.ts";

const sizes = { min: 6, max: 10_000_000, whole: true } as const;
const options = {
  tokenizer: text("FILE", "A tokenizer that --out has saved"),
  model: text("MODEL", "The tokenizer of a model"),
  train: text("FILE", "Text to learn from; the sentences that come with the code unless given"),
  algorithm: choice(["bpe", "unigram", "wordpiece", "characters", "words"], "What is learned; bpe unless given"),
  level: choice(["bytes", "characters"], "What bpe starts from; bytes unless given"),
  vocabSize: number("N", "Tokens to learn at most; 1000 unless given", sizes),
  minFrequency: number("N", "Joins no pair that is rarer, keeps no word or character; 2 and 1 unless given", {
    min: 1,
    max: 1_000_000_000,
    whole: true,
  }),
  out: text("FILE", "Where what was learned is saved"),
  data: text("FILE", "Texts to cut, one a line"),
  ids: flag("Write ids instead of tokens"),
  json: flag("Write a line of JSON for each text: ids, tokens, places"),
  offsets: flag("Write a line for each token: id, where it begins and ends in the text, token, text"),
  decode: flag("Read ids, and write the text that they stand for"),
  specialTokens: flag("Recognize special tokens in a text, and write them"),
  merges: number("N", "Show the first merges of bpe", { min: 1, max: 10_000_000, whole: true }),
  pieces: number("N", "Show the last tokens of the vocabulary", { min: 1, max: 10_000_000, whole: true }),
  ...hubOptions,
} as const;
type Given = Values<typeof options>;

/** `tokenize`. */
export const command: Command = defineCommand({
  operands: "[TEXT…]",
  maxOperands: 10_000,
  details: [
    "Without a text it cuts standard input, or --data, line by line, unless it is only to learn and save, or to show.",
    "Tokens are written as the vocabulary holds them: a space as ␣, of bytes as Ġ; a word that goes on with ##.",
    "--ids writes what --decode reads. Places count UTF-16 units, as JavaScript does.",
    ...MODEL_DETAILS,
  ],
  options,
  async run(values, texts) {
    checkTogether(values, texts);
    const tokenizer = await tokenizerFor(values);
    if (values.out !== undefined) await save(tokenizer, values.out);
    if (values.merges !== undefined) showMerges(tokenizer, values.merges);
    if (values.pieces !== undefined) showPieces(tokenizer, values.pieces);
    const onlyShows = values.out !== undefined || values.merges !== undefined || values.pieces !== undefined;
    if (texts.length === 0 && values.data === undefined && onlyShows) return;
    for await (const [name, one] of textsOf(texts, values.data)) {
      if (values.decode) decode(tokenizer, one, name, values);
      else encode(tokenizer, one, values);
    }
  },
});

/** The tokenizer that is meant: that of a model, one that was saved, or one that is learned. */
async function tokenizerFor(values: Given): Promise<Tokenizer> {
  const { model, tokenizer } = values;
  if (tokenizer !== undefined) return await readTokenizerFile(tokenizer);
  if (model === undefined) return await learn(values);
  const place = await foreignPlace(model);
  if (!place) {
    const { readTextModel } = await load<typeof import("../models.ts")>("models.ts");
    return (await readTextModel(model)).notes.vocabulary;
  }
  const { tokenizerAt } = await load<typeof import("../pretrained.ts")>("pretrained.ts");
  return await tokenizerAt(model, place, values);
}

/** Refuses options that have no effect with the others. */
function checkTogether(values: Given, texts: readonly string[]): void {
  const refuse = (flag: string, other: string, why: string): never => {
    throw new UsageError(`Cannot use ${flag} with ${other}: ${why}`);
  };
  if (texts.length > 0 && values.data !== undefined) refuse("--data", quote(texts[0]!, 40), "one of the two is cut");
  if (values.ids && values.json) refuse("--ids", "--json", "JSON holds the ids");
  if (values.offsets) {
    for (const name of ["ids", "json", "decode"] as const) {
      if (values[name]) refuse("--offsets", flagOf(name), "one of the two is written");
    }
  }
  if (values.ids && values.decode) refuse("--ids", "--decode", "ids are read, and text is written");
  if (values.tokenizer !== undefined && values.model !== undefined) {
    refuse("--tokenizer", "--model", "one of the two cuts");
  }
  for (const given of ["tokenizer", "model"] as const) {
    if (values[given] === undefined) continue;
    for (const name of ["train", "algorithm", "level", "vocabSize", "minFrequency", "out"] as const) {
      if (values[name] !== undefined) refuse(flagOf(name), `--${given}`, "what was saved is not learned again");
    }
  }
  for (const name of ["hub", "cache"] as const) {
    if (values[name] !== undefined && values.model === undefined) {
      throw new UsageError(`Cannot use --${name} without --model: nothing is looked for there`);
    }
  }
  const { algorithm = "bpe" } = values;
  if (values.level !== undefined && algorithm !== "bpe") {
    refuse("--level", `--algorithm ${algorithm}`, "only bpe has levels");
  }
  if (values.minFrequency !== undefined && algorithm === "unigram") {
    refuse("--min-frequency", `--algorithm ${algorithm}`, "it joins no pairs");
  }
}

/** Learns what is asked for. */
async function learn(values: Given): Promise<Tokenizer> {
  const { algorithm = "bpe", level = "bytes", vocabSize = 1000, minFrequency } = values;
  if (algorithm === "bpe" && level === "bytes" && vocabSize < 260) {
    throw new UsageError(`Cannot use --vocab-size ${vocabSize} with bytes: it must be at least 260`);
  }
  const texts = values.train === undefined
    ? chineseEnglish().training.map(({ target }) => target)
    : await readText(values.train);
  const progress = progressOf(values.train);
  try {
    if (algorithm === "bpe") {
      const onProgress = (step: { merges: number; maxMerges: number }): void => progress(step.merges, step.maxMerges);
      return await trainBytePairEncoding(texts, {
        vocabSize,
        level,
        onProgress,
        ...(minFrequency !== undefined && { minFrequency }),
      });
    }
    if (algorithm === "unigram") {
      const onProgress = (step: UnigramStep): void => progress(step.pieces);
      return await trainUnigram(texts, { vocabSize, onProgress });
    }
    if (algorithm === "wordpiece") {
      const onProgress = (step: { tokens: number; maxTokens: number }): void => progress(step.tokens, step.maxTokens);
      return await trainWordPiece(texts, { vocabSize, minFrequency, onProgress });
    }
    return await trainWordLevel(texts, { level: algorithm, vocabSize, minFrequency });
  } finally {
    progress();
  }
}

/** Tells on standard error how far the learning is, if a person watches; without numbers it clears the line. */
function progressOf(path: string | undefined): (done?: number, all?: number) => void {
  const isWatched = Deno.stderr.isTerminal(), encoder = new TextEncoder();
  let told = 0;
  return (done, all) => {
    if (!isWatched || done !== undefined && performance.now() - told < 100) return;
    told = performance.now();
    const whole = all === undefined ? "" : ` of ${count(all)}`;
    const from = path === undefined ? "the sentences that come with the code" : named(path);
    const text = done === undefined ? "" : `${count(done)}${whole} learned from ${from}`;
    Deno.stderr.writeSync(encoder.encode(`\r\x1b[K${text}`));
  };
}

/** Saves a tokenizer. */
async function save(tokenizer: Tokenizer, path: string): Promise<void> {
  await writeFile(path, new TextEncoder().encode(`${JSON.stringify(tokenizer)}\n`));
}

/** What is cut: the arguments, a file, or standard input; with a name for each. */
async function* textsOf(given: readonly string[], path: string | undefined): AsyncGenerator<[string, string]> {
  if (given.length > 0) return yield* given.map((text, i): [string, string] => [`text ${i + 1}`, text]);
  if (path === undefined && Deno.stdin.isTerminal()) line("Write a text and press Enter; Ctrl-D ends.");
  for await (const { number, text } of readLines(path ?? "-")) yield [`${named(path ?? "-")} line ${number}`, text];
}

/** A token that can be seen. */
const visible = (token: string): string => escapeControl(token.replaceAll(" ", "␣"));

function encode(tokenizer: Tokenizer, text: string, { ids, json, offsets, specialTokens }: Given): void {
  if (ids) return line(tokenizer.encode(text, { specialTokens }).join(" "));
  const tokens = tokenizer.tokenize(text, { specialTokens });
  if (json) return line(JSON.stringify({ text, ids: tokens.map(({ id }) => id), tokens }));
  if (!offsets) return line(tokens.map(({ token }) => visible(token)).join(" "));
  for (const { id, start, end, token } of tokens) {
    line([id, start, end, visible(token), escapeControl(text.slice(start, end))].join("\t"));
  }
}

function decode(tokenizer: Tokenizer, text: string, name: string, { json, specialTokens }: Given): void {
  const words = text.split(/[\s,[\]]+/).filter((word) => word !== "");
  const wrong = words.find((word) => !/^\d{1,9}$/.test(word) || Number(word) >= tokenizer.vocabSize);
  if (wrong !== undefined) {
    const most = tokenizer.vocabSize - 1;
    throw new DataError(`Cannot decode ${quote(wrong, 40)} in ${name}: ids must be whole numbers from 0 to ${most}`);
  }
  const ids = words.map(Number), written = tokenizer.decode(ids, { specialTokens });
  line(json ? JSON.stringify({ ids, text: written }) : escapeControl(written));
}

function showMerges(tokenizer: Tokenizer, most: number): void {
  if (!(tokenizer instanceof BytePairEncoding)) throw new UsageError("Cannot use --merges: only bpe has merges");
  for (const [left, right] of tokenizer.merges.slice(0, most)) line(`${visible(left)} ${visible(right)}`);
}

function showPieces(tokenizer: Tokenizer, most: number): void {
  const { tokens } = tokenizer, first = Math.max(0, tokens.length - most);
  tokens.slice(first).forEach((token, i) => line(`${first + i}\t${visible(token)}`));
}
