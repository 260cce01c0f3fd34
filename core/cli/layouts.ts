/**
 * # Layouts in files
 *
 * In code the parts of a model are values; a file holds words. The words of a part are those of its table. Where the
 * norms stand, which they are and their epsilon have keys of their own, and what a part leaves at its default is its
 * word alone: `"norm": "pre", "normalization": "rms", "epsilon": 1e-6, "positions": "rotary"`.
 *
 * @module
 */

import { attentions, multiHead } from "../04_attention/multi_head.ts";
import { positionSchemes } from "../04_attention/positions/mod.ts";
import type { EncoderDecoderOptions, TransformerOptions } from "../05_transformer/encoder_decoder.ts";
import { activations } from "../05_transformer/feed_forward/activations.ts";
import { normalizations } from "../05_transformer/normalization.ts";
import { readPart, writePart } from "../engine/part.ts";

/** A layout as a file holds it. */
export type WrittenLayout = { readonly [name: string]: unknown };

/** The epsilon of a norm that does not say its own, which files state. */
const EPSILON = 1e-5;

/**
 * What a file holds of a layout.
 *
 * @param layout options of a model
 */
export function writeLayout(layout: EncoderDecoderOptions): WrittenLayout {
  const { vocabSize, sourceVocabSize, contextLength, hiddenSize, numLayers, numHeads, headSize, ...rest } = layout;
  const { activation, placement, norm, bias, positions, attention, tieHead, dropout } = rest;
  const settings = norm?.settings as { readonly epsilon?: number } | undefined;
  const written = {
    ...{ vocabSize, sourceVocabSize, contextLength, hiddenSize, numLayers, numHeads },
    activation: activation && writePart(activation),
    norm: placement,
    normalization: norm?.word,
    epsilon: norm && (settings?.epsilon ?? EPSILON),
    bias,
    positions: positions && writePart(positions),
    ...{ tieHead, dropout, numGroups: rest.numGroups, feedForwardSize: rest.feedForwardSize },
    // What older programs do not know is written where it is not what they have.
    headSize: headSize === hiddenSize! / numHeads! ? undefined : headSize,
    attention: !attention || writePart(attention) === multiHead().word ? undefined : writePart(attention),
  };
  return Object.fromEntries(Object.entries(written).filter(([, value]) => value !== undefined));
}

/**
 * The layout that a file holds.
 *
 * @param written what {@linkcode writeLayout} returned, or an older program wrote
 * @throws {TypeError} if a part has no such word
 */
export function readLayout(written: WrittenLayout): EncoderDecoderOptions {
  const { norm, normalization, epsilon, activation, positions, attention, ...rest } = written;
  const word = normalization ?? "layer";
  return {
    ...rest as unknown as TransformerOptions,
    ...(attention !== undefined && { attention: readPart("an attention", attention, attentions) }),
    ...(activation !== undefined && { activation: readPart("an activation", activation, activations) }),
    ...(norm !== undefined && { placement: norm as "pre" | "post" }),
    norm: readPart("a norm", epsilon === undefined || epsilon === EPSILON ? word : { word, epsilon }, normalizations),
    ...(positions !== undefined && { positions: readPart("positions", positions, positionSchemes) }),
  };
}
