/**
 * # Byte pairs and a unigram model on a novel
 *
 * **Question.** What do the two ways to learn subwords make of a real text: how many tokens, which pieces, in what time? And does the training here find
 * vocabularies as good as those of SentencePiece, whose method it follows?
 *
 * **Idea.** Both learn from the lines of a novel, in vocabularies of several sizes. Kept are the tokens for each word, how many inflected words are cut at
 * their ending, the seconds of the training, and the speed of the encoding. SentencePiece learns from the same file, and its pieces with its own scores
 * are judged by the same code: the logarithm of the probability of the text, over all segmentations.
 *
 * ```sh
 * for size in 500 1000 2000 4000; do
 *   python -c "import sentencepiece; sentencepiece.SentencePieceTrainer.train(input='botchan.txt', model_prefix='sp/$size',
 *     vocab_size=$size - 1, normalization_rule_name='identity', remove_extra_whitespaces=False, character_coverage=1)"
 * done
 * deno run -A docs/runs/unigram.ts --data botchan.txt --peer sp
 * ```
 *
 * SentencePiece counts three special tokens, this book four.
 *
 * @module
 */

import process from "node:process";
import { text } from "../../core/cli/arguments.ts";
import { UsageError } from "../../core/cli/errors.ts";
import { splitWords, trainBytePairEncoding } from "../../core/02_words/byte_pair_encoding/mod.ts";
import { trainUnigram, Unigram } from "../../core/02_words/unigram/mod.ts";
import { readTask, refuse } from "../arguments.ts";
import { type RecordedRun, runPath } from "./recorded_run.ts";

const SIZES = [500, 1000, 2000, 4000];
/** The size whose pieces are shown, and how many words. */
const SHOWN_SIZE = 2000, SHOWN_WORDS = 12;
const ENDINGS = ["s", "ed", "er", "est", "ing", "ly", "ness"];
/** How often the text is encoded for its speed. */
const REPEATS = 5;

/** What one vocabulary makes of the text. */
export interface VocabularyResult {
  readonly size: number;
  /** Seconds of the training. */
  readonly seconds: number;
  /** Megabytes of the text that are encoded in a second. */
  readonly speed: number;
  readonly tokensPerWord: number;
  /** Fraction of the inflected words whose last piece is their ending, or which are one piece. */
  readonly atEnding: number;
  /** Fraction of them that are one piece. */
  readonly whole: number;
}

/** How probable a unigram vocabulary makes the text, in nats. */
export interface Fit {
  readonly size: number;
  readonly tokens: number;
  /** Over all segmentations, for each token of the best one. */
  readonly perToken: number;
  /** The same for each character. */
  readonly perCharacter: number;
}

/** What is kept. */
export interface UnigramRun {
  readonly lines: number;
  readonly characters: number;
  readonly words: number;
  readonly forms: number;
  readonly bytePairs: readonly VocabularyResult[];
  readonly unigram: readonly VocabularyResult[];
  readonly fits: readonly { readonly here: Fit; readonly peer: Fit }[];
  readonly shownSize: number;
  readonly cut: readonly {
    readonly word: string;
    readonly bytePairs: readonly string[];
    readonly unigram: readonly string[];
  }[];
}

/** A vocabulary of either kind, as the run looks at it. */
interface Cutter {
  readonly cut: (word: string) => readonly string[];
  readonly encode: (line: string) => readonly number[];
}

/** What the program has computed so far, whatever else the machine does. */
function secondsOfOneCore(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function judged(
  { cut, encode }: Cutter,
  lines: readonly string[],
  words: number,
  forms: readonly (readonly [string, string])[],
): Omit<VocabularyResult, "size" | "seconds"> {
  const tokens = lines.reduce((sum, line) => sum + encode(line).length, 0);
  const start = secondsOfOneCore(), bytes = new TextEncoder().encode(lines.join("")).length;
  for (let i = 0; i < REPEATS; i++) for (const line of lines) encode(line);
  const seconds = secondsOfOneCore() - start;
  const rows = forms.map(([word]) => cut(word));
  const whole = rows.filter(({ length }) => length === 1).length;
  const ended = rows.filter((pieces, i) => pieces.length > 1 && pieces.at(-1) === forms[i]![1]).length;
  return {
    speed: REPEATS * bytes / 1e6 / seconds,
    tokensPerWord: tokens / words,
    atEnding: (whole + ended) / forms.length,
    whole: whole / forms.length,
  };
}

function fitOf(vocabulary: Unigram, lines: readonly string[]): Fit {
  let logProbability = 0, tokens = 0;
  for (const line of lines) {
    logProbability += vocabulary.logProbability(line);
    tokens += vocabulary.encode(line).length;
  }
  return {
    size: vocabulary.vocabSize,
    tokens,
    perToken: logProbability / tokens,
    perCharacter: logProbability / lines.join("").length,
  };
}

/** What SentencePiece wrote beside its model: a piece and its score in each line, three special ones first. */
async function readPeer(path: string): Promise<Unigram> {
  const rows = (await Deno.readTextFile(path)).trimEnd().split("\n").slice(3).map((line) => line.split("\t"));
  return new Unigram({
    pieces: rows.map(([piece, score]) => [piece!, Number(score)]),
    specialTokens: { pad: "<pad>", begin: "<begin>", end: "<end>", unknown: "<unknown>" },
    byteFallback: false,
    prefixSpace: true,
    unknownPenalty: 10,
  });
}

if (import.meta.main) {
  const { values: { data, peer } } = await readTask({
    name: "unigram",
    summary: "Learn subwords of a text in two ways, beside SentencePiece, and record what is found.",
    options: {
      data: text("FILE", "The text to learn from"),
      peer: text("FOLDER", "Vocabularies that SentencePiece wrote, 500.vocab and so on"),
    },
  });
  if (data === undefined || peer === undefined) throw refuse(new UsageError("Cannot run without --data and --peer"));
  const bytes = await Deno.readFile(data), before = process.cpuUsage();
  const lines = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes).split("\n").filter((line) => line !== "");
  const all = lines.flatMap((line) => splitWords(` ${line}`)), known = new Set(all.map((word) => word.trim()));
  const bases = [...known].filter((word) => /^[a-z]{3,}$/.test(word)).sort();
  const forms = bases.flatMap((base) =>
    ENDINGS.filter((ending) => known.has(base + ending)).map((ending) => [base + ending, ending] as const)
  );
  const bytePairs: VocabularyResult[] = [], unigram: VocabularyResult[] = [], fits: { here: Fit; peer: Fit }[] = [];
  let cut: UnigramRun["cut"] = [];
  for (const vocabSize of SIZES) {
    const start = secondsOfOneCore();
    const pairs = await trainBytePairEncoding(lines.map((line) => ` ${line}`), { vocabSize, level: "characters" });
    const middle = secondsOfOneCore();
    const model = await trainUnigram(lines, { vocabSize });
    const end = secondsOfOneCore();
    const cutters: readonly [Cutter, Cutter] = [
      {
        cut: (word) => pairs.encode(` ${word}`).map((id) => pairs.tokens[id]!.replaceAll(" ", "▁")),
        encode: (line) => pairs.encode(` ${line}`),
      },
      { cut: (word) => model.segment(word).pieces, encode: (line) => model.encode(line) },
    ];
    const found = cutters.map((cutter) => judged(cutter, lines, all.length, forms));
    bytePairs.push({ size: pairs.vocabSize, seconds: middle - start, ...found[0]! });
    unigram.push({ size: model.vocabSize, seconds: end - middle, ...found[1]! });
    fits.push({ here: fitOf(model, lines), peer: fitOf(await readPeer(`${peer}/${vocabSize}.vocab`), lines) });
    console.log(vocabSize, bytePairs.at(-1), unigram.at(-1), fits.at(-1));
    if (vocabSize !== SHOWN_SIZE) continue;
    // Of the words that neither leaves whole, some in equal distances: none is picked by hand.
    const split = forms.map(([word]) => ({ word, bytePairs: cutters[0].cut(word), unigram: cutters[1].cut(word) }))
      .filter((one) => one.bytePairs.length > 1 && one.unigram.length > 1);
    cut = Array.from({ length: SHOWN_WORDS }, (_, i) => split[Math.floor(i * split.length / SHOWN_WORDS)]!);
  }
  const { user, system } = process.cpuUsage(before);
  const run: RecordedRun<UnigramRun> = {
    command: "deno run -A docs/runs/unigram.ts --data botchan.txt --peer sp",
    data: {
      name: "botchan.txt",
      origin:
        "Natsume Sōseki, Botchan, translated by Yasotaro Morri, Project Gutenberg; data/botchan.txt of SentencePiece's repository",
      licence: "public domain in the United States",
      bytes: bytes.length,
      sha256: new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex(),
    },
    seconds: Math.round((user + system) / 1e6),
    findings: {
      lines: lines.length,
      characters: lines.join("").length,
      words: all.length,
      forms: forms.length,
      bytePairs,
      unigram,
      fits,
      shownSize: SHOWN_SIZE,
      cut,
    },
  };
  const short = (_: string, value: unknown): unknown =>
    typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;
  await Deno.writeTextFile(runPath("unigram"), `${JSON.stringify(run, short, 2)}\n`);
}
