/**
 * # A small language, made small
 *
 * **Question.** How much of a real language can a shared vocabulary lack before it is cut into bytes, and how much of that does sampling mend?
 *
 * **Idea.** Sentences of the Tatoeba project come in English and in Chinese. Of one language all are learned from, of the other one only the first hundred or
 * thousand; then the languages change places. Unseen sentences say the same in both, so their tokens can be compared: how many the small language takes, and how many the large one.
 * A vocabulary that learns from all sentences of both is what nothing is lacking in.
 *
 * ```sh
 * deno run --allow-read --allow-write=docs/runs docs/runs/multilingual.ts --data cmn.txt
 * ```
 *
 * @module
 */

import { trainBytePairEncoding } from "../../core/02_words/byte_pair_encoding/mod.ts";
import { mixCorpora } from "../../core/02_words/multilingual.ts";
import { Random } from "../../core/engine/random.ts";
import { record } from "./run.ts";

const TEMPERATURES = [1, 2, 3, 5, 100], SIZES = [100, 1000], VOCABULARY = 4000;
/** Every so many pairs one judges. */
const HELD_OUT = 29;

/** Tokens for each unseen sentence. */
export interface Tokens {
  readonly large: number;
  readonly small: number;
}

/** What is kept. */
export interface MultilingualRun {
  readonly pairs: number;
  readonly judged: number;
  readonly vocabulary: number;
  readonly temperatures: readonly number[];
  readonly mixtures: readonly {
    /** The language of which there is little, and how many sentences. */
    readonly small: "Chinese" | "English";
    readonly sentences: number;
    /** By temperature. */
    readonly found: readonly Tokens[];
    /** With all sentences of both. */
    readonly all: Tokens;
  }[];
}

async function make(path: string): Promise<MultilingualRun> {
  const lines = (await Deno.readTextFile(path)).replace(/^\ufeff/, "").trim().split(/\r?\n/);
  const pairs = lines.map((line) => line.split("\t")).map(([english, chinese]) => [english!, chinese!] as const);
  const judged = pairs.filter((_, i) => i % HELD_OUT === HELD_OUT - 1);
  // What judges is in no pair that is learned from, in either language.
  const held = new Set(judged.flat()), learned = pairs.filter((pair) => pair.every((sentence) => !held.has(sentence)));
  const side = (
    of: readonly (readonly [string, string])[],
    i: 0 | 1,
  ): string[] => [...new Set(of.map((pair) => pair[i]))];
  const measure = async (texts: readonly string[]): Promise<[english: number, chinese: number]> => {
    const vocabulary = await trainBytePairEncoding(texts, { vocabSize: VOCABULARY, level: "bytes" });
    const mean = (i: 0 | 1): number =>
      judged.reduce((sum, pair) => sum + vocabulary.encode(pair[i]).length, 0) / judged.length;
    return [mean(0), mean(1)];
  };
  const sides = [side(learned, 0), side(learned, 1)] as const, all = await measure(sides.flat());
  const mixtures: MultilingualRun["mixtures"][number][] = [];
  for (const small of [1, 0] as const) {
    const large = small === 1 ? 0 : 1,
      tokens = (found: readonly number[]): Tokens => ({ large: found[large]!, small: found[small]! });
    for (const sentences of SIZES) {
      const found: Tokens[] = [];
      for (const temperature of TEMPERATURES) {
        const texts = mixCorpora([sides[large], sides[small].slice(0, sentences)], new Random(1), { temperature });
        found.push(tokens(await measure(texts)));
        console.log(small, sentences, temperature, found.at(-1));
      }
      mixtures.push({ small: small === 1 ? "Chinese" : "English", sentences, found, all: tokens(all) });
    }
  }
  return { pairs: learned.length, judged: judged.length, vocabulary: VOCABULARY, temperatures: TEMPERATURES, mixtures };
}

if (import.meta.main) {
  await record({
    name: "multilingual",
    summary:
      "Learn vocabularies from much of one language and little of the other, and record the tokens that both take.",
    origin: "Chinese–English pairs of the Tatoeba project, as manythings.org/anki hands them out (cmn-eng)",
    licence: "CC-BY 2.0 FR",
    make,
  });
}
