/**
 * # Normalizers of SentencePiece
 *
 * **Question.** SentencePiece keeps what it does to a text before cutting it as a table of a few hundred kilobytes inside the model. What is in it, and how is it applied?
 *
 * **Idea.** The table maps sequences of bytes to strings: `①` to `1`, a full-width letter to a plain one, a line break to a space. It is a tree in an array, a *double array* (Aoe 1989): a node is a place, and
 * the child by a byte is the place of the node, shifted by an offset and crossed with the byte; it is one if the unit there carries that byte as its label. The strings follow the tree, each with a zero behind it.
 *
 * **Two ways to apply it.** SentencePiece itself takes the longest sequence at each place. The library that reads `tokenizer.json` goes through what a reader sees as one letter (a grapheme), and takes the whole of it if it is short and
 * known, else its characters. The results differ rarely, and both are here, each for its file.
 *
 * Sources: Taku Kudo and John Richardson 2018, *SentencePiece*; Jun-ichi Aoe 1989, *An Efficient Digital Search Algorithm by Using a Double-Array Structure*.
 *
 * @module
 */

import type { AlignedText, Edit } from "../../02_words/before_tokens/aligned_text.ts";
import { byteLevel } from "../../02_words/before_tokens/pre_tokenizers.ts";
import type { Normalizer } from "../../02_words/before_tokens/pre_tokenizer.ts";

const utf8 = new TextEncoder();

/** A table from sequences of bytes to strings. */
export class CharacterMap {
  readonly #units: Uint32Array;
  readonly #strings: Uint8Array;
  readonly #known = new Map<string, string | undefined>();

  /**
   * Reads the table.
   *
   * @param bytes as a model holds it: the size of the tree, the tree, the strings
   * @throws {SyntaxError} if the tree does not fit in
   */
  constructor(bytes: Uint8Array) {
    const size = bytes.length < 4 ? NaN : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
    if (!(size % 4 === 0) || size > bytes.length - 4) {
      throw new SyntaxError(`Cannot read a table of characters: a tree of ${size} bytes in ${bytes.length}`);
    }
    this.#units = new Uint32Array(bytes.slice(4, 4 + size).buffer);
    this.#strings = bytes.slice(4 + size);
  }

  /** What the shortest known sequence at the start of a string becomes; undefined if none is known. */
  shortest(text: string): string | undefined {
    if (this.#known.has(text)) return this.#known.get(text);
    const found = this.#find(utf8.encode(text), 0, true)?.becomes;
    if (this.#known.size > 2 ** 14) this.#known.clear();
    this.#known.set(text, found);
    return found;
  }

  /** The longest known sequence at a place of a text in UTF-8, and what it becomes. */
  longest(bytes: Uint8Array, start: number): { readonly end: number; readonly becomes: string } | undefined {
    return this.#find(bytes, start, false);
  }

  #find(bytes: Uint8Array, start: number, isFirst: boolean): { end: number; becomes: string } | undefined {
    const units = this.#units;
    if (units.length === 0) return undefined;
    let node = offsetOf(units[0]!), found: { end: number; becomes: string } | undefined;
    for (let place = start; place < bytes.length && bytes[place] !== 0; place++) {
      node ^= bytes[place]!;
      const unit = units[node];
      // The label of a unit, with the sign that a value has.
      if (unit === undefined || (unit & 0x800000ff) >>> 0 !== bytes[place]) break;
      node ^= offsetOf(unit);
      if (unit >>> 8 & 1) {
        found = { end: place + 1, becomes: this.#stringAt((units[node] ?? 0) & 0x7fffffff) };
        if (isFirst) break;
      }
    }
    return found;
  }

  #stringAt(index: number): string {
    const end = this.#strings.indexOf(0, index);
    return new TextDecoder().decode(this.#strings.subarray(index, end < 0 ? this.#strings.length : end));
  }
}

const offsetOf = (unit: number): number => unit >>> 10 << ((unit & 0x200) >>> 6);

/** How a text is divided into what a reader sees as letters. */
const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Bytes of a grapheme that is looked up as a whole: fewer than these. */
const SHORT = 6;

/**
 * The table of a model, applied letter by letter as in files `tokenizer.json`.
 *
 * @param map the table
 * @param source the same as text, for files
 * @returns the normalizer
 */
export function precompiled(map: CharacterMap, source: string): Normalizer {
  return {
    name: "precompiled",
    options: { source },
    apply(text) {
      const edits: Edit[] = [];
      const look = (start: number, part: string): boolean => {
        const becomes = map.shortest(part);
        if (becomes !== undefined && becomes !== part) edits.push({ start, end: start + part.length, text: becomes });
        return becomes !== undefined;
      };
      for (const { segment, index } of graphemes.segment(text.text)) {
        const isShort = segment.length < SHORT && utf8.encode(segment).length < SHORT;
        if (isShort && look(index, segment)) continue;
        let place = index;
        for (const character of segment) {
          look(place, character);
          place += character.length;
        }
      }
      return text.edit(edits);
    },
  };
}

/** How {@linkcode sentencePieceNormalizer} changes a text. */
export interface SentencePieceSpaces {
  /** Whether a space is put in front. */
  readonly prefix: boolean;
  /** Whether spaces at the ends go, and several in a row become one. */
  readonly collapse: boolean;
  /** Whether spaces are written as `▁`. */
  readonly escape: boolean;
}

/**
 * What SentencePiece does to a text: the longest known sequence at each place, then spaces.
 *
 * @param map the table; nothing is replaced without one
 * @param spaces what becomes of them
 * @returns the normalizer
 */
export function sentencePieceNormalizer(map: CharacterMap | undefined, spaces: SentencePieceSpaces): Normalizer {
  return {
    name: "sentencePiece",
    options: { ...spaces },
    apply(text) {
      const replaced = map ? replaceLongest(text, map) : text;
      const plain = spaces.collapse ? collapse(replaced) : replaced;
      if (plain.text === "") return plain;
      const whole = spaces.prefix ? plain.prepend(" ") : plain;
      return spaces.escape ? whole.withText(whole.text.replaceAll(" ", "▁")) : whole;
    },
  };
}

function replaceLongest(text: AlignedText, map: CharacterMap): AlignedText {
  const units = text.text.toWellFormed(), edits: Edit[] = [], bytes = utf8.encode(units);
  // Place in UTF-8 and in code units go side by side.
  for (let at = 0, place = 0; at < bytes.length;) {
    const found = map.longest(bytes, at), end = found?.end ?? at + sequenceLength(bytes[at]!), start = place;
    for (; at < end; at += sequenceLength(bytes[at]!)) place += bytes[at]! >= 0xf0 ? 2 : 1;
    if (found && found.becomes !== units.slice(start, place)) edits.push({ start, end: place, text: found.becomes });
  }
  return text.withText(units).edit(edits);
}

/** Bytes of a character by its first one. */
const sequenceLength = (byte: number): number => byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;

function collapse(text: AlignedText): AlignedText {
  const edits: Edit[] = [], { length } = text.text;
  for (const { 0: { length: count }, index } of text.text.matchAll(/ +/g)) {
    const isAtEnd = index === 0 || index + count === length;
    if (isAtEnd || count > 1) edits.push({ start: index, end: index + count, text: isAtEnd ? "" : " " });
  }
  return text.edit(edits);
}

/** What SentencePiece's own rules take out and put in for controls and rare spaces. */
export const nmt: Normalizer = {
  name: "nmt",
  options: {},
  apply(text) {
    const edits: Edit[] = [], units = text.text;
    for (let place = 0; place < units.length; place++) {
      const unit = units.charCodeAt(place), isSpace = NMT_SPACES.has(unit);
      if (isSpace || NMT_NOTHING.has(unit)) edits.push({ start: place, end: place + 1, text: isSpace ? " " : "" });
    }
    return text.edit(edits);
  },
};

const range = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i);
/** Code points that vanish. */
const NMT_NOTHING: ReadonlySet<number> = new Set([...range(1, 8), 11, ...range(14, 31), 0x7f, 0x8f, 0x9f]);
/** Code points that become a space. */
const NMT_SPACES: ReadonlySet<number> = new Set([
  ...[9, 10, 12, 13, 0x1680],
  ...range(0x200b, 0x200f),
  ...[0x2028, 0x2029, 0x2581, 0xfeff, 0xfffd],
]);

/** Writes bytes as GPT-2's letters, as a normalizer. */
export const byteLevelNormalizer: Normalizer = {
  name: "byteLevel",
  options: {},
  apply: (text) => text.text === "" ? text : asLetters.cut(text)[0] ?? text,
};

const asLetters = byteLevel({ usePattern: false });
