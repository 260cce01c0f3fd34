/**
 * # The published patterns
 *
 * **Question.** GPT-2, GPT-4, Llama 3, Qwen and GPT-4o are published with a regular expression that cuts texts before the merges. An
 * engine for regular expressions tries, fails and goes back. How is a text cut in one pass, whatever it contains?
 *
 * **Idea.** Read the expression once, by hand. In each of these patterns the first one or two characters decide which alternative it is, and
 * runs of one kind need no way back. A {@linkcode Pattern} is the function that says where the piece ends which begins at a place. Its
 * `source` is the published expression, and a test holds the two together.
 *
 * | pattern         | letters                            | numbers        | runs of signs             |
 * | --------------- | ---------------------------------- | -------------- | ------------------------- |
 * | `gpt2Pattern`   | with one space before              | any length     | with one space before     |
 * | `cl100kPattern` | with one other character before    | up to three    | and the line ends behind  |
 * | `llama3Pattern` | as in cl100k                       | up to three    | as in cl100k              |
 * | `qwen2Pattern`  | as in cl100k                       | one            | as in cl100k              |
 * | `o200kPattern`  | capitals first, then small letters | up to three    | and line ends and slashes |
 *
 * All of them take `'s`, `'t`, `'re`, `'ve`, `'m`, `'ll` and `'d` for pieces of their own, o200k as the end of the word before. Of several
 * spaces the last one belongs to what follows.
 *
 * Sources: Alec Radford et al. 2019, *Language Models are Unsupervised Multitask Learners*, file `encoder.py`; OpenAI, *tiktoken*, file
 * `openai_public.py` (cl100k_base 2022, o200k_base 2024); Abhimanyu Dubey et al. 2024, *The Llama 3 Herd of Models*; An Yang et al. 2024,
 * *Qwen2 Technical Report*. The last two publish their patterns in the file `tokenizer.json` of the model.
 *
 * @module
 */

import { CAPITAL, classOf, LETTER, NUMBER, SMALL, SPACE, widthOf } from "./character_classes.ts";

/** A published pattern. */
export interface Pattern {
  /** What it is called. */
  readonly name: string;
  /** The expression as it was published. */
  readonly source: string;
  /**
   * Finds where the piece ends that begins at a place.
   *
   * @param text any string
   * @param start where the piece begins, before the end of the text
   * @returns where it ends, behind `start`
   */
  readonly end: (text: string, start: number) => number;
}

/** What a pattern of the family of cl100k does in its own way. */
interface Manner {
  /** Digits of a number at most. */
  readonly digits: number;
  /** Where the word ends that begins at a place, or the place itself; letters of one kind by default. */
  readonly wordEnd?: (text: string, start: number) => number;
  /** Whether `'s` belongs to the word before. */
  readonly joined?: boolean;
  /** What ends a run of signs beside line ends. */
  readonly slash?: boolean;
}

const isLineEnd = (unit: number): boolean => unit === 10 || unit === 13;

/** Where a run of characters ends that have one of the bits. */
function runEnd(text: string, start: number, bits: number): number {
  let place = start;
  while (place < text.length) {
    const point = text.codePointAt(place)!;
    if ((classOf(point) & bits) === 0) break;
    place += widthOf(point);
  }
  return place;
}

/** Where a run of signs ends: neither white space nor letters nor numbers. */
function signsEnd(text: string, start: number): number {
  let place = start;
  while (place < text.length) {
    const point = text.codePointAt(place)!;
    if ((classOf(point) & (SPACE | LETTER | NUMBER)) !== 0) break;
    place += widthOf(point);
  }
  return place;
}

/** Where a run of at most so many numbers ends. */
function numbersEnd(text: string, start: number, most: number): number {
  let place = start;
  for (let i = 0; i < most && place < text.length; i++) {
    const point = text.codePointAt(place)!;
    if ((classOf(point) & NUMBER) === 0) break;
    place += widthOf(point);
  }
  return place;
}

/** Where `'s` and its like end; the place itself if none begins there. ſ is an s of another case. */
function contractionEnd(text: string, start: number, anyCase: boolean): number {
  if (text.charCodeAt(start) !== 39) return start;
  const letter = (place: number): string => {
    const one = text[place] ?? "";
    return !anyCase ? one : one === "ſ" ? "s" : one.toLowerCase();
  };
  const first = letter(start + 1);
  if (first === "s" || first === "t" || first === "m" || first === "d") return start + 2;
  const both = first + letter(start + 2);
  return both === "re" || both === "ve" || both === "ll" ? start + 3 : start;
}

/** Where white space ends as `\s+(?!\S)|\s+` has it: one character is left to what follows. */
function spaceEnd(text: string, start: number): number {
  const end = runEnd(text, start, SPACE);
  return end === text.length || end === start + 1 ? end : end - 1;
}

function gpt2End(text: string, start: number): number {
  const contraction = contractionEnd(text, start, false);
  if (contraction > start) return contraction;
  const after = text.charCodeAt(start) === 32 ? start + 1 : start;
  if (after < text.length) {
    const kind = classOf(text.codePointAt(after)!);
    if (kind & LETTER) return runEnd(text, after, LETTER);
    if (kind & NUMBER) return runEnd(text, after, NUMBER);
    if ((kind & SPACE) === 0) return signsEnd(text, after);
  }
  return spaceEnd(text, start);
}

/** The end of a run of letters; the place itself if none stands there. */
const lettersEnd = (text: string, start: number): number => runEnd(text, start, LETTER);

/** The word of o200k: capitals, then small letters, `X*Y+` or else `X+Y*`. */
function casedEnd(text: string, start: number, mustEndSmall: boolean): number {
  let place = start, afterSmall = start;
  while (place < text.length) {
    const point = text.codePointAt(place)!, kind = classOf(point);
    if ((kind & CAPITAL) === 0) break;
    place += widthOf(point);
    if (kind & SMALL) afterSmall = place;
  }
  const smallEnd = runEnd(text, place, SMALL);
  if (smallEnd > place) return smallEnd;
  return mustEndSmall ? afterSmall : place;
}

/** Makes the function of a pattern of the family of cl100k. */
function endOf({ digits, joined = false, slash = false }: Manner): Pattern["end"] {
  const words: readonly ((text: string, start: number) => number)[] = joined
    ? [(text, start) => casedEnd(text, start, true), (text, start) => casedEnd(text, start, false)]
    : [lettersEnd];
  return (text, start) => {
    if (!joined) {
      const contraction = contractionEnd(text, start, true);
      if (contraction > start) return contraction;
    }
    const point = text.codePointAt(start)!, kind = classOf(point), next = start + widthOf(point);
    // Any character but a letter, a number or a line end may stand before a word.
    const leads = (kind & (LETTER | NUMBER)) === 0 && !isLineEnd(point);
    for (const word of words) {
      let end = leads ? word(text, next) : start;
      if (end > next) return joined ? contractionEnd(text, end, true) : end;
      end = word(text, start);
      if (end > start) return joined ? contractionEnd(text, end, true) : end;
    }
    if (kind & NUMBER) return numbersEnd(text, start, digits);
    const signs = point === 32 ? next : start;
    let end = signsEnd(text, signs);
    if (end > signs) {
      for (; isLineEnd(text.charCodeAt(end)) || slash && text.charCodeAt(end) === 47; end++);
      return end;
    }
    const space = runEnd(text, start, SPACE);
    for (let last = space; last > start; last--) if (isLineEnd(text.charCodeAt(last - 1))) return last;
    return spaceEnd(text, start);
  };
}

/** The pattern of GPT-2. */
export const gpt2Pattern: Pattern = {
  name: "gpt2",
  source: String.raw`'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`,
  end: gpt2End,
};

const CL100K = (digits: string): string =>
  String
    .raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|${digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`;

/** The pattern of GPT-4, cl100k_base. */
export const cl100kPattern: Pattern = {
  name: "cl100k",
  source: CL100K(String.raw`\p{N}{1,3}`),
  end: endOf({ digits: 3 }),
};

/** The pattern of Llama 3: that of cl100k. */
export const llama3Pattern: Pattern = { ...cl100kPattern, name: "llama3" };

/** The pattern of Qwen2 and Qwen3: each digit is a piece. */
export const qwen2Pattern: Pattern = {
  name: "qwen2",
  source: CL100K(String.raw`\p{N}`),
  end: endOf({ digits: 1 }),
};

const CONTRACTION = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?";

/** The pattern of GPT-4o, o200k_base. */
export const o200kPattern: Pattern = {
  name: "o200k",
  source: [
    String.raw`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+` + CONTRACTION,
    String.raw`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*` + CONTRACTION,
    String.raw`\p{N}{1,3}`,
    String.raw` ?[^\s\p{L}\p{N}]+[\r\n/]*`,
    String.raw`\s*[\r\n]+`,
    String.raw`\s+(?!\S)`,
    String.raw`\s+`,
  ].join("|"),
  end: endOf({ digits: 3, joined: true, slash: true }),
};

/** The published patterns, in the order of their years. */
export const patterns: readonly Pattern[] = [gpt2Pattern, cl100kPattern, llama3Pattern, qwen2Pattern, o200kPattern];

// ## Exercise
//
// **A vocabulary for programs.** It may want to hold `=foo`, `(bar` or `foo(`. Before any merge is learned, a pattern cuts the text into pieces. Cut the line
// `let x=foo(bar);` with the pattern of GPT-2 and with that of cl100k. Which makes more pieces, and which of
// the three tokens can never be learned?
//
// **Hint.** A token is part of one piece. What may stand before the letters of a piece?
//
// **Solution.** GPT-2 lets nothing but a space stand before letters, and cuts every sign off: none of the three can be learned. cl100k lets any one sign stand there.
// It makes fewer pieces, and `=foo` and `(bar` can be learned. `foo(` cannot, since a sign after letters begins the next piece. The price is that the vocabulary may
// have to hold the same word once for each sign.
//
// ```ts
// import { alignText, byPattern, cl100kPattern, gpt2Pattern } from "@heed/heed/words";
//
// for (const pattern of [gpt2Pattern, cl100kPattern]) {
//   console.log(pattern.name, byPattern(pattern).cut(alignText("let x=foo(bar);")).map(({ text }) => text).join(" | "));
// }
// ```
//
// ```text
// gpt2 let |  x | = | foo | ( | bar | );
// cl100k let |  x | =foo | (bar | );
// ```
