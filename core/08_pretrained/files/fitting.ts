/**
 * # Whether a layout fits into files
 *
 * **Question.** A model that was put together here has options that no published family has. Which of them do the files of a family leave open, and which must have one value?
 *
 * **Idea.** A table of its options, each with what it is and what it would have to be. What does not fit is said by name, all of it at once, so that nobody finds out one option after the other.
 *
 * @module
 */

import type { AttentionVariant } from "../../04_attention/multi_head.ts";
import type { DecoderOnlyOptions } from "../../05_transformer/decoder_only.ts";
import type { Complete } from "../../05_transformer/layout.ts";
import type { Normalization, NormOptions } from "../../05_transformer/normalization.ts";

/** What stands in a table of misfits: what an option is, and what it must be if it is not that. */
export type Misfit = readonly [found: unknown, needed: string | undefined];

/** The options that whoever writes a layout looks at. */
const KNOWN: ReadonlySet<string> = new Set([
  ...["vocabSize", "contextLength", "hiddenSize", "numLayers", "numHeads", "numGroups", "headSize", "feedForwardSize"],
  ...["attention", "positions", "activation", "norm", "placement", "closingNorm", "bias", "tieHead", "dropout"],
]);

/** The settings of parts that whoever writes a layout looks at. */
const KNOWN_SETTINGS: Readonly<Record<"attention" | "norm" | "positions", ReadonlySet<string>>> = {
  attention: new Set(["scale", "window", "dropout"]),
  norm: new Set(["epsilon"]),
  positions: new Set(["deviation", "base", "interleaved", "share", "scaling"]),
};

/** Options that change nothing where they have this value. */
const NEUTRAL: Readonly<Record<string, (value: unknown) => boolean>> = {
  pattern: (layers) => (layers as readonly unknown[]).length === 0,
  embeddingScale: (scale) => scale === 1,
  softCap: (bound) => bound === Infinity,
};

/** Rows for what nobody here looks at, options and settings of parts: a model that has them computes something else. */
export function unknownOptions(layout: Complete<DecoderOnlyOptions>): Record<string, Misfit> {
  const others = Object.entries(layout).filter(([name, value]) => !KNOWN.has(name) && NEUTRAL[name]?.(value) !== true);
  const settings = Object.entries(KNOWN_SETTINGS).flatMap(([part, known]) =>
    Object.entries(layout[part as keyof typeof KNOWN_SETTINGS].settings ?? {}).filter(([name]) => !known.has(name))
  );
  const given = [...others, ...settings].filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([name, value]): [string, Misfit] => [name, [value, "left out"]]));
}

/** The epsilon of a norm. */
export function epsilonOf({ settings }: Normalization): number {
  return (settings as NormOptions | undefined)?.epsilon ?? 1e-5;
}

/** How an attention varies. */
export function variantOf({ attention }: Complete<DecoderOnlyOptions>): AttentionVariant {
  return (attention.settings ?? {}) as AttentionVariant;
}

/** How many positions each one sees, its own included; undefined where it sees all before it. */
export function windowOf(layout: Complete<DecoderOnlyOptions>): number | undefined {
  const { before = Infinity } = variantOf(layout).window ?? {};
  return before === Infinity ? undefined : before + 1;
}

/**
 * What the files of every family here have in common: norms before each step and at the end, plain attention.
 *
 * @param layout every option of a model
 * @param norm the word of the norm that the family has
 * @returns rows for a table of misfits
 */
export function commonMisfits(layout: Complete<DecoderOnlyOptions>, norm: string): Record<string, Misfit> {
  const { placement, closingNorm, attention, headSize } = layout, { scale } = variantOf(layout);
  return {
    ...unknownOptions(layout),
    placement: [placement, placement === "pre" ? undefined : '"pre"'],
    closingNorm: [closingNorm, closingNorm ? undefined : "true"],
    norm: [layout.norm, layout.norm.word === norm ? undefined : `"${norm}"`],
    attention: [attention, attention.word === "multiHead" ? undefined : '"multiHead"'],
    scale: [scale, scale === undefined || scale === 1 / Math.sqrt(headSize) ? undefined : `1 / √${headSize}`],
  };
}
