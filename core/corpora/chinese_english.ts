/**
 * # A Chinese–English corpus
 *
 * **Question.** A translator learns from pairs of sentences. Which pairs can a newcomer train on
 * without downloading anything, see learned within a minute, and read in full?
 *
 * **Idea.** Write them. The first part is a [list of sentences](chinese_english/sentences.ts) from
 * everyday life, among them those of the study notes. The second part is a grammar: a
 * [lexicon](chinese_english/lexicon.ts) that knows measure words, plurals and irregular verbs, and
 * some two hundred [sentence patterns](chinese_english/patterns.ts) that
 * [combine it](chinese_english/slots.ts). Drawing from the patterns with a fixed seed gives nearly
 * eight thousand different pairs, the same ones every time.
 *
 * **One rendering each.** A small network cannot guess what a context would decide, so the
 * grammar never asks it to. 了 is always the English past, 过 and 已经 the perfect, 正在 the
 * progressive, 会 *will*, 要 *be going to*; a bare verb is a habit; 把 and 被 speak of *the*
 * thing. 一 is *a*. 他 is *he*, 她 *she*, 你 one person. A full stop on one side is a full stop
 * on the other, and a fifth of the statements has none.
 *
 * **What a score on it means.** Test sentences are unseen, but their patterns and words are not:
 * every word of a test sentence occurs at least four times in the training part. BLEU here says
 * that a model has learned to combine, not that it could translate a newspaper.
 *
 * All sentences were written for this project; none is taken from another collection.
 *
 * @module
 */

import { Random } from "../engine/random.ts";
import { PATTERNS } from "./chinese_english/patterns.ts";
import { SENTENCES } from "./chinese_english/sentences.ts";
import { fill, type Pick } from "./chinese_english/slots.ts";

/** A sentence and its translation. */
export interface SentencePair {
  /** The sentence in Chinese. */
  readonly source: string;
  /** The same in English. */
  readonly target: string;
}

/** A corpus in three parts that share no sentence of either language. */
export interface Corpus {
  /** What a model learns from. */
  readonly training: readonly SentencePair[];
  /** What is watched while it learns. */
  readonly validation: readonly SentencePair[];
  /** What it is judged by at the end. */
  readonly test: readonly SentencePair[];
}

const HELD_OUT = 200;
const LEAST_OCCURRENCES = 4;

/**
 * Makes the corpus: nearly eight thousand pairs in three parts, the same on every call.
 *
 * No sentence occurs twice, in either language, with or without its full stop. Takes a fraction of a second.
 *
 * @returns pairs to learn from, to watch and to judge by
 */
export function chineseEnglish(): Corpus {
  const written = SENTENCES.trim().split("\n").map((line): SentencePair => {
    const [source, target] = line.split(" = ");
    return { source: source!, target: target! };
  });
  const seen = new Set(written.flatMap(({ source, target }) => [bare(source), bare(target)]));
  const random = new Random(2017);
  const drawn = PATTERNS.trim().split("\n").flatMap((line) => drawPairs(line, seen, random));
  return split(written, Array.from(random.permutation(drawn.length), (index) => drawn[index]!));
}

/** A sentence without its last sign: what must not occur twice. */
function bare(sentence: string): string {
  return sentence.replace(/[。！？.!?]$/u, "").toLowerCase();
}

function drawPairs(line: string, seen: Set<string>, random: Random): SentencePair[] {
  const [, count, chinese, english] = /^(\d+) (.*) = (.*)$/.exec(line)!;
  const pick: Pick = (from) => from[random.integer(from.length)]!;
  const pairs: SentencePair[] = [];
  // A pattern that is nearly exhausted gives what it has.
  for (let tries = 0; tries < 20 * Number(count) && pairs.length < Number(count); tries++) {
    const { source, target } = fill(chinese!, english!, pick);
    if (seen.has(bare(source)) || seen.has(bare(target))) continue;
    seen.add(bare(source)).add(bare(target));
    const stop = source.endsWith("？") || random.integer(5) > 0;
    pairs.push(stop ? { source, target } : { source: source.slice(0, -1), target: target.slice(0, -1) });
  }
  return pairs;
}

/** Words of an English sentence and characters of a Chinese one: what a model must have met. */
function units({ source, target }: SentencePair): string[] {
  return [...source, ...target.toLowerCase().split(/[^a-z'-]+/)].filter((unit) => unit !== "");
}

// Holds out pairs as long as each of their words still occurs often enough in what remains.
function split(written: readonly SentencePair[], drawn: readonly SentencePair[]): Corpus {
  const counts = new Map<string, number>();
  for (const pair of [...written, ...drawn]) {
    for (const unit of units(pair)) counts.set(unit, (counts.get(unit) ?? 0) + 1);
  }
  const heldOut: SentencePair[] = [];
  const training = [...written];
  for (const pair of drawn) {
    const own = units(pair);
    if (heldOut.length < 2 * HELD_OUT && own.every((unit) => counts.get(unit)! >= LEAST_OCCURRENCES + own.length)) {
      for (const unit of own) counts.set(unit, counts.get(unit)! - 1);
      heldOut.push(pair);
    } else {
      training.push(pair);
    }
  }
  return { training, validation: heldOut.slice(0, HELD_OUT), test: heldOut.slice(HELD_OUT) };
}
