/**
 * # Layouts of Transformers in files
 *
 * In code the parts of a model are values; a file holds words. The words of a part are those of its table. Where the
 * norms stand, which they are and their epsilon have keys of their own, and what a part leaves at its default is its
 * word alone: `"norm": "pre", "normalization": "rms", "epsilon": 1e-6, "positions": "rotary"`.
 *
 * @module
 */

import { readFields } from "../engine/json.ts";
import { attentions, multiHead } from "../04_attention/multi_head.ts";
import { positionSchemes } from "../04_attention/positions/mod.ts";
import type { EncoderDecoderOptions } from "../05_transformer/layout.ts";
import { activations } from "../05_transformer/feed_forward/activations.ts";
import { normalizations } from "../05_transformer/normalization.ts";
import { type Checks, flag, integer, numeric, oneOf, required } from "../engine/options.ts";
import { readPart, writePart } from "../engine/part.ts";
import { part, vocabularySize, type WrittenLayout } from "./kinds/kind.ts";
import { LIMITS } from "./recipes.ts";

/** What the keys of a written layout hold. */
interface LayoutFields {
  readonly vocabSize: number;
  readonly sourceVocabSize?: number;
  readonly contextLength: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly numHeads: number;
  readonly numGroups?: number;
  readonly headSize?: number;
  readonly feedForwardSize: number;
  readonly dropout?: number;
  readonly epsilon?: number;
  readonly bias?: boolean;
  readonly tieHead?: boolean;
  readonly closingNorm?: boolean;
  readonly norm?: string;
  readonly normalization?: unknown;
  readonly activation?: unknown;
  readonly positions?: unknown;
  readonly attention?: unknown;
}

/** Nothing that a file states may be larger than what the command line can ask for. */
const layoutChecks: Checks<LayoutFields> = {
  vocabSize: required(vocabularySize),
  sourceVocabSize: vocabularySize,
  contextLength: required(numeric(LIMITS.contextLength)),
  hiddenSize: required(numeric(LIMITS.hiddenSize)),
  numLayers: required(numeric(LIMITS.numLayers)),
  numHeads: required(numeric(LIMITS.numHeads)),
  numGroups: numeric(LIMITS.numHeads),
  headSize: numeric(LIMITS.hiddenSize),
  feedForwardSize: required(integer({ min: 1, max: 4 * LIMITS.hiddenSize.max! })),
  dropout: numeric(LIMITS.dropout),
  epsilon: numeric({ min: 0, max: 1 }),
  bias: flag,
  tieHead: flag,
  closingNorm: flag,
  norm: oneOf(["pre", "post"]),
  normalization: part,
  activation: part,
  positions: part,
  attention: part,
};

/** The epsilon of a norm that does not say its own, which files state. */
const EPSILON = 1e-5;

/**
 * What a file holds of a layout.
 *
 * @param layout options of a model
 */
export function writeLayout(layout: EncoderDecoderOptions): WrittenLayout {
  const { vocabSize, sourceVocabSize, contextLength, hiddenSize, numLayers, numHeads, headSize, ...rest } = layout;
  const { activation, placement, norm, bias, positions, attention, tieHead, dropout, closingNorm } = rest;
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
    closingNorm: closingNorm === (placement === "pre") ? undefined : closingNorm,
    attention: !attention || writePart(attention) === multiHead().word ? undefined : writePart(attention),
  };
  return Object.fromEntries(Object.entries(written).filter(([, value]) => value !== undefined));
}

/**
 * Weights that a model of a layout has at least: what a file must hold before anything of the model is built.
 *
 * @param layout what {@linkcode readLayout} returned
 */
export function leastWeights(layout: EncoderDecoderOptions): number {
  const { vocabSize: V, hiddenSize: E = 0, numLayers: L = 0, feedForwardSize: F = 0, numHeads: H = 0 } = layout;
  const { headSize = E / H, numGroups = H, contextLength = 0, positions, sourceVocabSize = 0, tieHead } = layout;
  const attention = E * headSize * (2 * H + 2 * numGroups);
  const { firstRow = 0 } = positions?.settings as { readonly firstRow?: number } | undefined ?? {};
  const tables = V * (tieHead === false ? 2 : 1) + sourceVocabSize +
    (positions?.word === "learned" ? firstRow + contextLength : 0);
  return tables * E + L * (attention + 2 * E * F);
}

/**
 * The layout that a file holds.
 *
 * @param written what {@linkcode writeLayout} returned, or an older program wrote
 * @throws {SyntaxError} if a field is missing, unknown, or not what it must be
 * @throws {TypeError} if a part has no such word
 */
export function readLayout(written: unknown): EncoderDecoderOptions {
  const { norm, normalization, epsilon, activation, positions, attention, ...rest } = readFields(
    "the notes",
    written,
    layoutChecks,
    "layout",
  );
  const word = normalization ?? "layer";
  return {
    ...rest,
    ...(attention !== undefined && { attention: readPart("an attention", attention, attentions) }),
    ...(activation !== undefined && { activation: readPart("an activation", activation, activations) }),
    ...(norm !== undefined && { placement: norm as "pre" | "post" }),
    norm: readPart("a norm", epsilon === undefined || epsilon === EPSILON ? word : { word, epsilon }, normalizations),
    ...(positions !== undefined && { positions: readPart("positions", positions, positionSchemes) }),
  };
}
