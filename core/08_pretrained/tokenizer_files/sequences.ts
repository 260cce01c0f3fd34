/**
 * # From a text to what a model reads
 *
 * **Question.** BERT reads `[CLS] text [SEP]`, or two texts with a `[SEP]` behind each, and knows which token is of which; Llama reads a begin token. The tokenizer's file says so. How, and in which order
 * are tokens added, and long texts cut?
 *
 * **Idea.** A template: a list of special tokens and places for the texts. What has to be cut off is cut from the texts before the template is filled, so that the special tokens always fit.
 *
 * **By hand.** `[CLS] A [SEP] B [SEP]` with texts of 5 and 3 tokens, and room for 9. The template takes 3, so $9 - 3 = 6$ are left for the texts, and $5 + 3 - 6 = 2$ have to go. They go from the longer one: 3 and 3 are kept, and $3 + 3 + 3 = 9$.
 *
 * ```ts
 * import { keptLengths } from "@heed/heed/pretrained";
 *
 * const special = 3, room = 9, left = room - special;
 * const kept = keptLengths([5, 3], left);
 * console.log(left, "kept", kept.join(" "), "gone", 5 + 3 - left, "all", special + kept[0]! + kept[1]!);
 * ```
 *
 * ```text
 * 6 kept 3 3 gone 2 all 9
 * ```
 *
 * @module
 */

import { checkNumbers } from "../../engine/arguments.ts";
import { checkValue, integer } from "../../engine/options.ts";
import type { TextToken } from "../../02_words/before_tokens/tokenizer.ts";

/** A part of a template: one of the texts, or special tokens. */
export interface TemplatePart {
  /** Which text stands here; absent for special tokens. */
  readonly text?: "A" | "B";
  /** Ids of the special tokens; absent for a text. */
  readonly ids?: readonly number[];
  /** The number of the part that the tokens here belong to. */
  readonly typeId: number;
}

/** Where texts go among special tokens. */
export interface Template {
  /** For one text. */
  readonly single: readonly TemplatePart[];
  /** For two. */
  readonly pair: readonly TemplatePart[];
}

/** A template that adds nothing. */
export const plainTemplate: Template = {
  single: [{ text: "A", typeId: 0 }],
  pair: [{ text: "A", typeId: 0 }, { text: "B", typeId: 1 }],
};

/** A text as a model reads it. */
export interface EncodedText {
  /** Ids of the tokens, special ones included. */
  readonly ids: number[];
  /** Of which text each token is: 0, or 1 for the second; special tokens as the template says. */
  readonly typeIds: number[];
  /** 1 for a special token that the template added, 0 for a token of a text. */
  readonly specialMask: number[];
  /** Where each token stands in its text, `[start, end)`; 0 and 0 for added ones. */
  readonly offsets: (readonly [start: number, end: number])[];
  /** 1 for what is read, 0 for tokens that fill up; absent where nothing was to be filled up. */
  readonly attentionMask?: number[];
}

/** How a file says that texts are cut. */
export interface FileTruncation {
  /** Most tokens, special ones included. */
  readonly maxLength: number;
  /** At which end. */
  readonly side: "left" | "right";
  /** Of which of two texts: the longer one, or always the same. */
  readonly from: "longest" | "first" | "second";
}

/** How a file says that texts are filled up. */
export interface FilePadding {
  /** To how many tokens; as many as there are by default. */
  readonly length?: number | undefined;
  /** A number that divides the length; 1 by default. */
  readonly multiple?: number | undefined;
  /** At which end. */
  readonly side: "left" | "right";
  /** The token that fills up. */
  readonly id: number;
  /** The number of the part that it belongs to. */
  readonly typeId: number;
}

/** How many tokens a template adds. */
export function addedBy(parts: readonly TemplatePart[]): number {
  return parts.reduce((sum, part) => sum + (part.ids?.length ?? 0), 0);
}

/**
 * How many tokens of each of two texts are kept where there is room for fewer.
 *
 * The longer text loses until both are equally long; then both have half, and the one that was longer the odd token, or else the second.
 *
 * @param lengths of one text or two, in tokens
 * @param room for both together
 * @returns how many of each are kept
 */
export function keptLengths(lengths: readonly number[], room: number): number[] {
  checkNumbers("cut texts", "lengths", lengths);
  checkValue("cut texts", "room", room, integer({ min: 0 }));
  const [first = 0, second = 0] = lengths, [short, long] = [Math.min(first, second), Math.max(first, second)];
  if (lengths.length < 2) return lengths.map((length) => Math.min(length, room));
  if (first + second <= room) return [first, second];
  const half = Math.floor(room / 2), kept = short <= half ? [short, Math.min(long, room - short)] : [half, room - half];
  return first > second ? kept.reverse() : kept;
}

/**
 * The same where one of the texts alone is cut.
 *
 * @param lengths of one text or two, in tokens
 * @param room for both together
 * @param from which text is cut
 * @returns how many of each are kept
 * @throws {RangeError} if that text is too short
 */
export function keptBy(lengths: readonly number[], room: number, from: FileTruncation["from"]): number[] {
  if (from === "longest" || lengths.length < 2 && from === "first") return keptLengths(lengths, room);
  const [first = 0, second = 0] = lengths, over = Math.max(0, first + second - room), which = from === "first" ? 0 : 1;
  if (over > 0 && over >= (lengths[which] ?? 0)) {
    throw new RangeError(
      `Cannot cut ${over} tokens from the ${from} text as the file says: it has ${lengths[which] ?? 0}`,
    );
  }
  return lengths.map((length, i) => i === which ? length - over : length);
}

/**
 * Fills a text up with tokens that say nothing.
 *
 * @param text what stands in the template
 * @param padding how long it becomes, and by which token
 * @returns the same with a mask of what is read
 */
export function fillUp(text: EncodedText, { length = 0, multiple = 1, side, id, typeId }: FilePadding): EncodedText {
  const size = Math.ceil(Math.max(text.ids.length, length) / multiple) * multiple, missing = size - text.ids.length;
  const fill = <T>(own: readonly T[], value: T): T[] => {
    const more = new Array<T>(missing).fill(value);
    return side === "right" ? [...own, ...more] : [...more, ...own];
  };
  return {
    ids: fill(text.ids, id),
    typeIds: fill(text.typeIds, typeId),
    specialMask: fill(text.specialMask, 1),
    offsets: fill<readonly [number, number]>(text.offsets, [0, 0]),
    attentionMask: fill(text.ids.map(() => 1), 0),
  };
}

/**
 * Fills a template.
 *
 * @param template where the texts go
 * @param texts tokens of one text or two
 * @returns ids and what belongs to them
 */
export function fillTemplate(template: Template, texts: readonly (readonly TextToken[])[]): EncodedText {
  const filled: EncodedText = { ids: [], typeIds: [], specialMask: [], offsets: [] };
  const add = (id: number, typeId: number, special: number, offset: readonly [number, number]): void => {
    filled.ids.push(id);
    filled.typeIds.push(typeId);
    filled.specialMask.push(special);
    filled.offsets.push(offset);
  };
  for (const part of texts.length > 1 ? template.pair : template.single) {
    for (const id of part.ids ?? []) add(id, part.typeId, 1, [0, 0]);
    const tokens = part.text === undefined ? [] : texts[part.text === "A" ? 0 : 1] ?? [];
    for (const { id, start, end } of tokens) add(id, part.typeId, 0, [start, end]);
  }
  return filled;
}
