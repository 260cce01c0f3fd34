/** Texts that an encoding may stumble over. */

import { type BytePairEncoding, trainBytePairEncoding } from "../../../core/02_words/byte_pair_encoding/mod.ts";
import { Random } from "../../../core/engine/random.ts";
import recorded from "../../goldens/byte_pair_encoding.json" with { type: "json" };

/** Pieces of a text as the encoding cuts it. */
export function pieces(encoding: BytePairEncoding, text: string): string[] {
  return encoding.encode(text).map((id) => encoding.tokens[id]!);
}

/** All bytes, and no merge. */
export const empty: BytePairEncoding = await trainBytePairEncoding([], { vocabSize: "alphabet", level: "bytes" });

/** A text over few letters, where runs and overlaps abound. */
export function babble(seed: number, length: number, alphabet: string): string {
  const random = new Random(seed);
  const letters = [...alphabet];
  return Array.from({ length }, () => letters[random.integer(letters.length)]!).join("");
}

/** One kind of trouble each. */
export const awkward: Record<string, string> = {
  "nothing": "",
  "one space": " ",
  "white space of all kinds": "  a \t\n\n b\r\n  \u00a0\u2003\u3000c \u2028",
  "Chinese": "我是一名学生,你多大了?苹果喜欢吃我。",
  "emoji with joiners": "👩‍👩‍👧‍👦🇨🇳🏳️‍🌈1️⃣🙂",
  "combining marks": "e\u0301\u0302\u0303 ก็ नमस्ते",
  "right to left": "שָׁלוֹם العالم",
  "a byte-order mark": "\ufeffabc\ufeff",
  "zeros and controls": "\u0000\u0001\u007f\u0085\u009f",
  "names of special tokens": "<pad><begin>a<end> <unknown>",
  "GPT-2's letters": "Ġthe Ċ Ā ÿ",
  "planes beyond the first": "𝒳𠀀\u{10ffff}\u{10000}",
  "quotes": "don't 'tis ''s we'LL I'd've",
  "numbers": "3.14 1,000 ٣ ½ Ⅷ",
};

/** All of them, and the texts that were given to the other implementation. */
export const everyText: readonly string[] = Object.values(awkward).concat(recorded.texts);

/** What a file holds of an encoding of these letters, without merges. */
export function letters(text: string): Record<string, unknown> {
  const specialTokens = { pad: "<pad>", begin: "<begin>", end: "<end>", unknown: "<unknown>" };
  return { format: "heed byte-pair encoding 1", level: "characters", specialTokens, alphabet: [...text], merges: [] };
}
