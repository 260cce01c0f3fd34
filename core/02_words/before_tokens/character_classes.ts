/**
 * # What kind of character
 *
 * **Question.** The published patterns ask of each character whether it is a letter, a number or white space. A regular expression
 * answers, at a price for every character of a text, and keeps a way back for each of them. What answers at once?
 *
 * **Idea.** A table. Each block of 256 code points is asked about when its first character comes, and then remembered: a number, with a
 * bit for each question.
 *
 * @module
 */

/** A letter, `\p{L}`. */
export const LETTER = 1;
/** A number, `\p{N}`. */
export const NUMBER = 2;
/** White space, `\s` in Unicode's sense. */
export const SPACE = 4;
/** What may stand before the small letters of a word: a capital letter, a letter without case, a mark. */
export const CAPITAL = 8;
/** What may end a word: a small letter, a letter without case, a mark. */
export const SMALL = 16;
/** Punctuation as BERT sees it: `\p{P}`, and all signs of ASCII. */
export const PUNCTUATION = 32;
/** What `\w` means in a pattern: letters, marks, decimal numbers, underscores, joiners. */
export const WORD = 64;
/** A Chinese character, in the ranges of BERT. */
export const CHINESE = 128;
/** A mark, `\p{M}`. */
export const MARK = 256;
/** What may join the character before it when a text is normalized: marks, vowels and final consonants of Korean. */
export const JOINING = 512;

const QUESTIONS: readonly (readonly [RegExp, number])[] = [
  [/\p{L}/u, LETTER],
  [/\p{N}/u, NUMBER],
  [/\p{White_Space}/u, SPACE],
  [/[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]/u, CAPITAL],
  [/[\p{Ll}\p{Lm}\p{Lo}\p{M}]/u, SMALL],
  [/[\p{P}!-/:-@[-`{-~]/u, PUNCTUATION],
  [/[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u, WORD],
  [
    /[\u{4E00}-\u{9FFF}\u{3400}-\u{4DBF}\u{20000}-\u{2A6DF}\u{2A700}-\u{2B73F}\u{2B740}-\u{2B81F}\u{2B920}-\u{2CEAF}\u{F900}-\u{FAFF}\u{2F800}-\u{2FA1F}]/u,
    CHINESE,
  ],
  [/\p{M}/u, MARK],
  [/[\p{M}\u{1160}-\u{11FF}\u{D7B0}-\u{D7FF}\u{3131}-\u{318E}\u{FF9E}-\u{FFDC}]/u, JOINING],
];

const blocks: (Uint16Array | undefined)[] = [];

function blockOf(block: number): Uint16Array {
  const classes = new Uint16Array(256);
  for (let i = 0; i < 256; i++) {
    const letter = String.fromCodePoint(block * 256 + i);
    for (const [question, bit] of QUESTIONS) if (question.test(letter)) classes[i]! |= bit;
  }
  return blocks[block] = classes;
}

/** The bits of a code point. */
export function classOf(point: number): number {
  return (blocks[point >> 8] ?? blockOf(point >> 8))[point & 255]!;
}

/** The code units of a code point. */
export function widthOf(point: number): number {
  return point > 0xffff ? 2 : 1;
}
