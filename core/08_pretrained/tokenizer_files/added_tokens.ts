/**
 * # Tokens that were added
 *
 * **Question.** After a vocabulary was learned, tokens were added to it: the turns of a chat, a mark for a mask, runs of spaces for programs. How are they found in a text before
 * it is cut, and why is `lstrip` in their description?
 *
 * **Idea.** The text is cut at the added tokens first; of several that begin at one place the longest is meant. A token may ask for more: `singleWord`, that no letter stands beside it; `stripLeft` and `stripRight`, that the white
 * space beside it becomes a part of it, as of BERT's `<mask>`, which stands for a word with the space before. `normalized` says whether it is looked for in the text that the normalizer leaves, or in the given one.
 *
 * @module
 */

import { classOf, SPACE, WORD } from "../../02_words/before_tokens/character_classes.ts";
import { Trie } from "../../02_words/before_tokens/trie.ts";

/** A token that was added to a vocabulary. */
export interface AddedToken {
  /** Its id. */
  readonly id: number;
  /** How it is written. */
  readonly content: string;
  /** Whether it is one that texts do not contain. */
  readonly special: boolean;
  /** Whether it is looked for in the normalized text. */
  readonly normalized: boolean;
  /** Whether it is none with a letter beside it. */
  readonly singleWord: boolean;
  /** Whether white space before it belongs to it. */
  readonly stripLeft: boolean;
  /** Whether white space behind it belongs to it. */
  readonly stripRight: boolean;
}

/** A part of a text: an added token, or what stands between two. */
export interface AddedPart {
  /** Where it begins. */
  readonly start: number;
  /** Where it ends. */
  readonly end: number;
  /** The token; absent for text. */
  readonly token?: AddedToken;
}

const isWord = (text: string, place: number): boolean => place >= 0 && (classOf(pointAt(text, place)) & WORD) !== 0;
const isSpace = (text: string, place: number): boolean => (classOf(pointAt(text, place)) & SPACE) !== 0;

/** The character to which a code unit belongs. */
function pointAt(text: string, place: number): number {
  const unit = text.charCodeAt(place), isSecond = (unit & 0xfc00) === 0xdc00 && place > 0;
  return text.codePointAt(isSecond ? place - 1 : place) ?? 0;
}

/** Finds added tokens in texts. */
export class AddedTokens {
  readonly #trie: Trie;
  readonly #tokens: readonly AddedToken[];
  readonly #first: ReadonlySet<number>;

  /**
   * Builds a tree of them.
   *
   * @param tokens which are looked for
   * @param written how each is written in the text; its content by default
   */
  constructor(tokens: readonly AddedToken[], written: (token: AddedToken) => string = ({ content }) => content) {
    const named = tokens.map((token, i) => [written(token), i] as const).filter(([text]) => text !== "");
    this.#tokens = tokens;
    this.#trie = new Trie(named);
    this.#first = new Set(named.map(([text]) => text.charCodeAt(0)));
  }

  /**
   * Cuts a text at the added tokens; the parts joined are the text, and none is empty.
   *
   * @param text any string
   * @returns parts from left to right
   */
  split(text: string): AddedPart[] {
    const parts: AddedPart[] = [];
    let read = 0;
    for (let place = 0; place < text.length;) {
      const found = this.#first.has(text.charCodeAt(place)) ? this.#trie.longest(text, place) : undefined;
      if (!found) {
        place++;
        continue;
      }
      const token = this.#tokens[found.value]!;
      let start = place, { end } = found;
      place = end;
      if (token.singleWord && (isWord(text, start - 1) || end < text.length && isWord(text, end))) continue;
      if (token.stripLeft) { while (start > read && isSpace(text, start - 1)) start--; }
      if (token.stripRight) { while (end < text.length && isSpace(text, end)) end++; }
      if (read < start) parts.push({ start: read, end: start });
      parts.push({ start, end, token });
      read = place = end;
    }
    if (read < text.length) parts.push({ start: read, end: text.length });
    return parts;
  }
}
