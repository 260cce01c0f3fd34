/**
 * # A second model on the command line
 *
 * Two ways to use one beside the model that writes: a smaller model that proposes tokens, which makes a text faster, and a weaker one whose
 * faults are subtracted. What does either is fetched only where it is asked for.
 *
 * @module
 */

import type { GenerateOptions } from "../07_generation/options.ts";
import { flag, number, type Option, text } from "./arguments.ts";
import { type ModelValues, openAny, type OpenedModel } from "./any_model.ts";
import { DataError, quote, UsageError } from "./errors.ts";
import { hasNGrams, load } from "./model_kinds.ts";

/** Options of a second model. */
export const secondOptions: {
  readonly draft: Option<string | undefined>;
  readonly draftLength: Option<number | undefined>;
  readonly promptLookup: Option<boolean>;
  readonly amateur: Option<string | undefined>;
  readonly contrastiveAlpha: Option<number | undefined>;
  readonly contrastiveStrength: Option<number | undefined>;
} = {
  draft: text("FOLDER", "A smaller model with the same tokens, which proposes what follows: the same text, faster"),
  draftLength: number("N", "Tokens that are proposed at once; 5 of a model, 10 of the text, unless given", {
    min: 1,
    max: 1024,
    whole: true,
  }),
  promptLookup: flag("Propose what followed the last tokens before: the same text, faster where it repeats itself"),
  amateur: text("FOLDER", "A weaker model with the same tokens, whose faults are subtracted (contrastive decoding)"),
  contrastiveAlpha: number("ALPHA", "With --amateur: draw from tokens with this fraction of the largest probability", {
    above: 0,
    max: 1,
  }),
  contrastiveStrength: number("LAMBDA", "With --amateur: how much of it is subtracted", { above: 0, max: 1000 }),
};

/** What was given for them. */
export type SecondValues = {
  readonly [K in keyof typeof secondOptions]: ReturnType<(typeof secondOptions)[K]["parse"]>;
};

/**
 * Refuses options without effect, before anything is read.
 *
 * @throws {UsageError} if two do not go together
 */
export function checkSecond(values: SecondValues): void {
  const { draft, draftLength, promptLookup, amateur, contrastiveAlpha, contrastiveStrength } = values;
  if (draft !== undefined && promptLookup) {
    throw new UsageError("Cannot use --draft with --prompt-lookup: one of the two proposes");
  }
  if (draftLength !== undefined && draft === undefined && !promptLookup) {
    throw new UsageError("Cannot use --draft-length without --draft or --prompt-lookup: it would have no effect");
  }
  const without = contrastiveAlpha !== undefined ? "--contrastive-alpha" : "--contrastive-strength";
  if ((contrastiveAlpha ?? contrastiveStrength) !== undefined && amateur === undefined) {
    throw new UsageError(`Cannot use ${without} without --amateur: it would have no effect`);
  }
}

/**
 * The options of the loop that a second model is asked for by.
 *
 * @param values of the command line
 * @param first the model that writes
 */
export async function readSecond(
  values: SecondValues & ModelValues,
  first: OpenedModel,
): Promise<Pick<GenerateOptions, "draft" | "contrastive">> {
  const { draft, draftLength, promptLookup, amateur, contrastiveAlpha: alpha, contrastiveStrength: strength } = values;
  type Speculative = typeof import("../07_generation/speculative.ts");
  const speculative = draft !== undefined || promptLookup
    ? await load<Speculative>("../07_generation/speculative.ts")
    : undefined;
  const length = draftLength === undefined ? {} : { length: speculative!.constantLength(draftLength) };
  const contrastive = amateur === undefined ? undefined : {
    amateur: await openBeside(amateur, "--amateur", values, first),
    ...alpha !== undefined && { alpha },
    ...strength !== undefined && { strength },
  };
  return {
    ...draft !== undefined &&
      { draft: speculative!.modelDraft(await openBeside(draft, "--draft", values, first), length) },
    ...promptLookup && { draft: speculative!.promptLookup(length) },
    ...contrastive && { contrastive },
  };
}

/** Opens a model with the tokens of another one. */
async function openBeside(
  folder: string,
  flag: string,
  values: ModelValues,
  { vocabulary }: OpenedModel,
): Promise<OpenedModel["model"]> {
  // A table of n-grams has no weights, and the format is the other model's.
  const own = await hasNGrams(folder) ? { ...values, weights: "float32" as const } : values;
  const opened = await openAny(folder, own);
  if (JSON.stringify(opened.vocabulary) === JSON.stringify(vocabulary)) return opened.model;
  throw new DataError(`Cannot use ${flag} ${quote(folder)}: its tokens are not those of the model that writes`);
}
