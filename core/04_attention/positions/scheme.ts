/**
 * # What a position scheme is
 *
 * **Question.** Some schemes mark the input, others act in every attention; some have weights. What must
 * a model know of the one that it is given?
 *
 * **Idea.** Nothing but where it enters. A scheme is a value with up to two makers, one for each place: `input` makes
 * what is added to the embedded words, `attention` what the attentions of a stack share. The model calls those that are
 * there and tells them its sizes.
 *
 * @module
 */

import { startsCheck } from "../../engine/allowed.ts";
import { checkSizes } from "../../engine/arguments.ts";
import { checkValue } from "../../engine/options.ts";
import type { Part } from "../../engine/part.ts";
import type { Random } from "../../engine/random.ts";
import type { Tensor } from "../../engine/tensor.ts";
import type { PositionRule } from "../multi_head.ts";

/** What a model tells a scheme of itself. */
export interface PositionSizes {
  /** Longest sequence. */
  readonly contextLength: number;
  /** Width of a position. */
  readonly hiddenSize: number;
  /** Heads of each attention. */
  readonly numHeads: number;
  /** Width of a head. */
  readonly headSize: number;
  /** Whether the attentions look back only. */
  readonly causal: boolean;
  /** Standard deviation of the embedded words, to which input positions are added. */
  readonly deviation: number;
}

/** What marks the input with positions. */
export interface InputPositions {
  /**
   * Adds to each vector the mark of its position.
   *
   * @param hidden `[B, T, E]`
   * @param start position of the first one, or of the first one of each row, below 0 where padding comes first; 0 by default
   * @returns `[B, T, E]`
   */
  forward(hidden: Tensor, start?: number | readonly number[]): Tensor;
}

/**
 * Where the rows of a batch go on.
 *
 * What marks tokens with their positions has to know, at the input or in the attentions. Handicaps of distances do not depend
 * on where a row starts.
 *
 * @param B number of rows
 * @param cached how many positions of each row have been read
 * @param starts position of each row's next token; after what has been read by default
 * @returns position of the next token, of every row or of each
 * @throws {TypeError} if there is not one start per row
 */
export function startsOfRows(B: number, cached: number, starts?: readonly number[]): number | readonly number[] {
  checkSizes("place rows", { B, cached });
  if (starts === undefined) return cached;
  checkValue("place rows", "starts", starts, startsCheck);
  if (starts.length !== B) {
    throw new TypeError(`Cannot place ${B} rows by ${starts.length} starts: one is needed for each row`);
  }
  return starts;
}

/** A way in which a model learns about order, as a part of it. */
export interface PositionScheme extends Part {
  /** Makes what marks the input; nothing does by default. */
  readonly input?: (sizes: PositionSizes, random: Random) => InputPositions;
  /** Makes what the attentions of one stack share; they know of no positions by default. */
  readonly attention?: (sizes: PositionSizes, random: Random) => PositionRule;
}

/** No positions: order is known only as far as a mask shows it. */
export const noPositions: PositionScheme = { word: "none" };
