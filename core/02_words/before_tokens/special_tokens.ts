/**
 * # Special tokens in a text
 *
 * **Question.** A prompt is put together as text, `<begin>` and `<end>` included. A user's message may contain the same letters and
 * must not end the conversation. Who tells them apart?
 *
 * **Idea.** The caller. A tokenizer reads special tokens in a text when it is asked to, and never otherwise. If it is asked, the
 * text is cut at every special token before anything else; of several that begin at one place the longest is meant.
 *
 * @module
 */

import type { Trie } from "./trie.ts";

/** A part of a text: a special token, or what stands between two. */
export interface TextPart {
  /** Where it begins. */
  readonly start: number;
  /** Where it ends. */
  readonly end: number;
  /** The id of the special token; undefined for text. */
  readonly id?: number;
}

/** Cuts a text at its special tokens; the parts joined are the text, and none is empty. */
export function splitSpecialTokens(text: string, special: Trie): TextPart[] {
  const parts: TextPart[] = [];
  let read = 0;
  for (let place = 0; place < text.length;) {
    const found = special.longest(text, place);
    if (!found) {
      place++;
      continue;
    }
    if (read < place) parts.push({ start: read, end: place });
    parts.push({ start: place, end: found.end, id: found.value });
    read = place = found.end;
  }
  if (read < text.length) parts.push({ start: read, end: text.length });
  return parts;
}
