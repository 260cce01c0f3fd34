/**
 * # Changing a text before it is cut
 *
 * **Question.** `é` is one character or two, `ﬁ` a letter or a pair, *The* and *the* are two words to a table. Which changes make
 * tokens of texts that mean the same the same, and what is lost by them?
 *
 * **Idea.** A {@linkcode Normalizer} is a named change of an [aligned text](aligned_text.ts). Unicode's own forms come first: NFC composes a
 * letter and its accents, NFD takes them apart, NFKC and NFKD also replace what is written in another way alone, such as `ﬁ` and `①`. Lower
 * case, accents and white space follow. BERT's normalizer is four of them in a row.
 *
 * **Why not the whole text at once.** A string has `normalize`, and it forgets the places. Here a text is cut where nothing before can
 * change what follows, and each part is changed alone: its characters one by one if that gives the same, otherwise all of the part is the
 * source of all of the result.
 *
 * Sources: Mark Davis and Ken Whistler, *Unicode Normalization Forms*, Unicode Standard Annex 15; for BERT's steps Jacob Devlin et al.
 * 2019, *BERT*, file `tokenization.py`.
 *
 * @module
 */

import { checkText } from "../../engine/arguments.ts";
import { checkOptions, type Checks, flag, required, string } from "../../engine/options.ts";
import type { AlignedText, Edit } from "./aligned_text.ts";
import { CHINESE, classOf, JOINING, MARK, SPACE, widthOf } from "./character_classes.ts";
import { occurrences } from "./metaspace.ts";
import { aPattern, type Normalizer, patternOptions } from "./pre_tokenizer.ts";

/** The four normalization forms of Unicode. */
export type UnicodeForm = "NFC" | "NFD" | "NFKC" | "NFKD";

function named(name: string, apply: Normalizer["apply"], options: Normalizer["options"] = {}): Normalizer {
  return { name, options, apply };
}

/** Replaces what a pattern finds. */
function replaceEach(text: AlignedText, pattern: RegExp, by: (found: string) => string): AlignedText {
  const edits: Edit[] = [];
  for (const { 0: found, index } of text.text.matchAll(pattern)) {
    edits.push({ start: index, end: index + found.length, text: by(found) });
  }
  return text.edit(edits);
}

// ## Unicode's forms

/** Composes letters and accents. */
export const nfc: Normalizer = unicodeForm("NFC");
/** Takes letters and accents apart. */
export const nfd: Normalizer = unicodeForm("NFD");
/** Composes, and replaces what is another way to write the same. */
export const nfkc: Normalizer = unicodeForm("NFKC");
/** Takes apart, and replaces what is another way to write the same. */
export const nfkd: Normalizer = unicodeForm("NFKD");

function unicodeForm(form: UnicodeForm): Normalizer {
  return named(form.toLowerCase(), (text) => {
    const units = text.text, edits: Edit[] = [];
    if (longestJoin(units) <= MARKS_AT_ONCE && units.normalize(form) === units) return text;
    for (let start = 0; start < units.length;) {
      const end = partEnd(units, start), part = units.slice(start, end), changed = normalizePart(part, form);
      if (changed !== part) addEdits(part, start, changed, form, edits);
      start = end;
    }
    return text.edit(edits);
  });
}

/** Where the part ends that begins at a place: a character, and what may join it. */
function partEnd(text: string, start: number): number {
  let place = start + widthOf(text.codePointAt(start)!);
  while (place < text.length) {
    const point = text.codePointAt(place)!;
    if ((classOf(point) & JOINING) === 0) break;
    place += widthOf(point);
  }
  return place;
}

/** The most characters in a row that may join. */
function longestJoin(text: string): number {
  let longest = 0, length = 0;
  for (let place = 0; place < text.length;) {
    const point = text.codePointAt(place)!;
    length = point >= 0x300 && classOf(point) & JOINING ? length + 1 : 0;
    if (length > longest) longest = length;
    place += widthOf(point);
  }
  return longest;
}

/** The replacements that make one part of another, as fine as they can be. */
function addEdits(part: string, index: number, changed: string, form: UnicodeForm, edits: Edit[]): void {
  const letters = Array.from(part), alone = letters.map((letter) => letter.normalize(form));
  if (letters.length === 1 || alone.join("") !== changed) {
    edits.push({ start: index, end: index + part.length, text: changed });
    return;
  }
  letters.forEach((letter, i) => {
    if (alone[i] !== letter) edits.push({ start: index, end: index + letter.length, text: alone[i]! });
    index += letter.length;
  });
}

/** Marks that a host's sort by insertion puts in order fast enough. */
const MARKS_AT_ONCE = 32;

function normalizePart(part: string, form: UnicodeForm): string {
  if (part.length <= MARKS_AT_ONCE) return part.normalize(form);
  // Hosts put the marks of a letter in order by insertion: of a million marks, that never ends. In order already, they stay.
  const apartForm = form.endsWith("KC") || form.endsWith("KD") ? "NFKD" : "NFD";
  return sortMarks(Array.from(part, (letter) => letter.normalize(apartForm)).join("")).normalize(form);
}

/** One mark of each combining class that was met, in the order of the classes. */
const classes: string[] = [];

/** Whether the second of two marks belongs before the first. */
function swaps(a: string, b: string): boolean {
  return a !== b && (a + b).normalize("NFD") === b + a;
}

/** The mark that stands for the combining class of a mark; undefined for class 0, which nothing moves across. */
function classOfMark(mark: string): string | undefined {
  // Classes 1 and 240: a mark of any other class trades places with one of them.
  if (!swaps(mark, "\u0334") && !swaps("\u0345", mark)) return undefined;
  const place = classes.findIndex((other) => !swaps(mark, other));
  if (place >= 0 && !swaps(classes[place]!, mark)) return classes[place];
  classes.splice(place < 0 ? classes.length : place, 0, mark);
  return mark;
}

/** Puts runs of marks into the order of their combining classes; those of one class keep theirs. */
function sortMarks(text: string): string {
  const letters = Array.from(text), sorted: string[] = [];
  const marks = [...new Set(letters)].filter((letter) => classOf(letter.codePointAt(0)!) & MARK);
  const found = new Map(marks.map((mark) => [mark, classOfMark(mark)]));
  const ranks = new Map([...found].map(([mark, other]) => [mark, other === undefined ? -1 : classes.indexOf(other)]));
  let run: string[] = [];
  for (const letter of letters.concat("")) {
    const rank = ranks.get(letter) ?? -1;
    if (rank >= 0) run.push(letter);
    else {
      for (const one of run.sort((a, b) => ranks.get(a)! - ranks.get(b)!)) sorted.push(one);
      run = [];
      sorted.push(letter);
    }
  }
  return sorted.join("");
}

// ## Case, accents, white space

/** Puts every letter into lower case, each by itself: a Greek sigma at the end of a word is one like any other. */
export const lowerCase: Normalizer = named("lowerCase", (text) => {
  const lower = text.text.replaceAll("Σ", "σ").toLowerCase();
  // One letter alone grows: İ becomes i and a dot.
  if (lower.length === text.text.length) return text.withText(lower);
  return text.withText(text.text.replaceAll(/[^İ]+/g, (part) => part.replaceAll("Σ", "σ").toLowerCase()))
    .edit(occurrences(text, "İ", "i\u0307"));
});

/** Takes out all marks; those of letters in one piece are found after {@linkcode nfd}. */
export const stripAccents: Normalizer = named("stripAccents", (text) => replaceEach(text, /\p{M}/gu, () => ""));

/** How {@linkcode strip} cuts. */
export interface StripOptions {
  /** Whether white space at the beginning goes; true by default. */
  readonly left?: boolean | undefined;
  /** Whether white space at the end goes; true by default. */
  readonly right?: boolean | undefined;
}

const stripChecks: Checks<StripOptions> = { left: flag, right: flag };

/**
 * Takes white space away at the ends of a text.
 *
 * @param options at which end
 * @returns the normalizer
 */
export function strip(options: StripOptions = {}): Normalizer {
  checkOptions("strip", options, stripChecks);
  const { left = true, right = true } = options;
  return named("strip", (text) => {
    const units = text.text;
    let start = 0, end = units.length;
    while (left && start < end && classOf(units.charCodeAt(start)) & SPACE) start++;
    while (right && end > start && classOf(units.charCodeAt(end - 1)) & SPACE) end--;
    return text.slice(start, end);
  }, { left, right });
}

/**
 * Replaces a string, or what a regular expression finds.
 *
 * @param pattern a string, or an expression with the flags `g` and `u`; how long it takes is its own affair
 * @param content what stands there instead
 * @returns the normalizer
 */
export function replace(pattern: string | RegExp, content: string): Normalizer {
  checkOptions("replace", { pattern, content }, { pattern: required(aPattern), content: required(string) });
  const apply: Normalizer["apply"] = typeof pattern === "string"
    ? (text) => text.edit(occurrences(text, pattern, content))
    : (text) => replaceEach(text, pattern, () => content);
  return named("replace", apply, { ...patternOptions(pattern), content });
}

/**
 * Puts a string in front of a text that is not empty.
 *
 * @param content what is put there
 * @returns the normalizer
 */
export function prepend(content: string): Normalizer {
  checkText("prepend", "content", content);
  return named("prepend", (text) => text.text === "" ? text : text.prepend(content), { content });
}

// ## BERT's normalizer

/** How {@linkcode bertNormalizer} changes a text. */
export interface BertNormalizerOptions {
  /** Whether control characters go, and all white space becomes spaces; true by default. */
  readonly cleanText?: boolean | undefined;
  /** Whether Chinese characters get a space on both sides; true by default. */
  readonly handleChineseCharacters?: boolean | undefined;
  /** Whether accents go; the value of lowercase by default. */
  readonly stripAccents?: boolean | undefined;
  /** Whether letters become small; true by default. */
  readonly lowercase?: boolean | undefined;
}

const bertChecks: Checks<BertNormalizerOptions> = {
  cleanText: flag,
  handleChineseCharacters: flag,
  stripAccents: flag,
  lowercase: flag,
};

/** What BERT takes out: zeros, replacement characters, and all controls but those that are white space. */
const CONTROLS = /[\0\uFFFD]|(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}]/gu;

function cleanText(text: AlignedText): AlignedText {
  return replaceEach(replaceEach(text, CONTROLS, () => ""), /(?! )\p{White_Space}/gu, () => " ");
}

/** Puts a space on both sides of each Chinese character. */
export const isolateChinese: Normalizer = named("isolateChinese", (text) => {
  const edits: Edit[] = [], units = text.text;
  for (let place = 0; place < units.length;) {
    const point = units.codePointAt(place)!, end = place + widthOf(point);
    if (classOf(point) & CHINESE) edits.push({ start: place, end, text: ` ${units.slice(place, end)} ` });
    place = end;
  }
  return text.edit(edits);
});

/**
 * Changes a text as BERT does: clean, Chinese characters apart, no accents, lower case.
 *
 * @param options which of the four
 * @returns the normalizer
 */
export function bertNormalizer(options: BertNormalizerOptions = {}): Normalizer {
  checkOptions("normalize", options, bertChecks);
  const { cleanText: clean = true, handleChineseCharacters = true, lowercase = true } = options;
  const withoutAccents = options.stripAccents ?? lowercase;
  return named("bert", (text) => {
    if (clean) text = cleanText(text);
    if (handleChineseCharacters) text = isolateChinese.apply(text);
    if (withoutAccents) text = replaceEach(nfd.apply(text), /\p{Mn}/gu, () => "");
    return lowercase ? lowerCase.apply(text) : text;
  }, { cleanText: clean, handleChineseCharacters, stripAccents: withoutAccents, lowercase });
}
