/**
 * # Merges of a novel
 *
 * Byte-pair encoding learns from a novel. The list of merges is followed while it grows, on the last tenth of the book, which it has not seen, and the plain loop is timed
 * beside the fast one.
 *
 * @module
 */

import {
  BytePairEncoding,
  plainMerges,
  splitWords,
  trainBytePairEncoding,
} from "../../core/02_words/byte_pair_encoding/mod.ts";
import { record } from "./run.ts";

const MERGES = [0, 125, 250, 500, 1000, 2000, 4000, 8000], PLAIN = 100, TIMES = 5;
const SAMPLE = ["new", "newer", "newest", "teacher", "teachers", "teaching", "unbelievable", "Botchan"];

/** What is kept. */
export interface BytePairEncodingRun {
  readonly bytes: number;
  readonly words: number;
  readonly merges: readonly number[];
  /** Tokens per word of the last tenth, and bytes per token, by length of the list. */
  readonly tokensPerWord: readonly number[];
  readonly bytesPerToken: readonly number[];
  /** Words of the last tenth that are one token, divided by all. */
  readonly whole: readonly number[];
  /** Seconds of learning all merges. */
  readonly learning: number;
  /** Seconds of the plain loop, and of the fast one, for its first merges. */
  readonly plain: { readonly merges: number; readonly seconds: number; readonly fast: number };
  /** Megabytes a second with all merges, the best of several times. */
  readonly encoding: number;
  readonly decoding: number;
  readonly times: number;
  readonly first: readonly { readonly pair: readonly [string, string]; readonly count: number }[];
  /** Words, with a space before, as lists of different lengths cut them. */
  readonly samples: readonly { readonly word: string; readonly cuts: readonly string[] }[];
}

/** Seconds that some work takes. */
async function timed(work: () => unknown): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

if (import.meta.main) {
  await record<BytePairEncodingRun>({
    name: "byte_pair_encoding",
    summary: "Learn merges from a novel, follow the list while it grows, and record what is found.",
    origin: "Natsume Sōseki, Botchan, translated by Yasotaro Morri, Project Gutenberg, as SentencePiece hands it out",
    licence: "public domain in the USA (Project Gutenberg licence)",
    make: async (path) => {
      const text = await Deno.readTextFile(path), border = text.lastIndexOf("\n", text.length * 0.9) + 1;
      const training = text.slice(0, border), test = text.slice(border), testWords = splitWords(test);
      const bytes = (part: string): number => new TextEncoder().encode(part).length;
      const first: { pair: readonly [string, string]; count: number }[] = [];
      const size = (merges: number): number => 260 + merges;
      let encoding: BytePairEncoding | undefined;
      const learning = await timed(async () => {
        encoding = await trainBytePairEncoding([training], {
          vocabSize: size(MERGES.at(-1)!),
          level: "bytes",
          onProgress: ({ pair, count }) => void (first.length < 12 && first.push({ pair, count })),
        });
      });
      const all = encoding!, lengths = MERGES.map((length) => Math.min(length, all.merges.length));
      const cut = lengths.map((length) =>
        new BytePairEncoding({ ...all.toJSON(), merges: all.merges.slice(0, length) })
      );
      const ids = cut.map((one) => one.encode(test)), counts = new Map<string, number>();
      for (const word of splitWords(training)) counts.set(word, (counts.get(word) ?? 0) + 1);
      const characters = await trainBytePairEncoding([training], { vocabSize: "alphabet", level: "characters" });
      const best = async (work: () => unknown): Promise<number> =>
        Math.min(...await Array.fromAsync({ length: TIMES }, () => timed(work)));
      const encoded = all.encode(text);
      return {
        bytes: bytes(text),
        words: counts.size,
        merges: lengths,
        tokensPerWord: ids.map((list) => list.length / testWords.length),
        bytesPerToken: ids.map((list) => bytes(test) / list.length),
        whole: cut.map((one) => testWords.filter((word) => one.encode(word).length === 1).length / testWords.length),
        learning,
        plain: {
          merges: PLAIN,
          seconds: await timed(() => plainMerges(counts, PLAIN)),
          fast: await timed(() =>
            trainBytePairEncoding([training], { vocabSize: characters.vocabSize + PLAIN, level: "characters" })
          ),
        },
        encoding: bytes(text) / 1e6 / await best(() => all.encode(text)),
        decoding: bytes(text) / 1e6 / await best(() => all.decode(encoded)),
        times: TIMES,
        first,
        samples: SAMPLE.map((word) => ({
          word,
          cuts: [500, 2000, 8000].map((length) => {
            const one = cut[MERGES.indexOf(length)]!;
            return one.encode(` ${word}`).map((id) => one.tokens[id]!).join(" ");
          }),
        })),
      };
    },
  });
}
