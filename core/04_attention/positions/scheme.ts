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
   * @param start position of the first one, 0 by default
   * @returns `[B, T, E]`
   */
  forward(hidden: Tensor, start?: number): Tensor;
}

/** A way in which a model learns about order, as a part of it. */
export interface PositionScheme extends Part {
  /** Makes what marks the input. */
  readonly input?: (sizes: PositionSizes, random: Random) => InputPositions;
  /** Makes what the attentions of one stack share. */
  readonly attention?: (sizes: PositionSizes, random: Random) => PositionRule;
}

/** No positions: order is known only as far as a mask shows it. */
export const noPositions: PositionScheme = { word: "none" };
