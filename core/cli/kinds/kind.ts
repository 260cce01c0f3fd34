/**
 * # A kind of saved networks
 *
 * What the program knows of a network that it saves: what a file may state of it, what it is called, and how the model is made. A kind is a value in
 * a file of its own, which is loaded where a model of this kind is met.
 *
 * **To add a kind:** its file here, and its line in `NETWORKS` of `model_kinds.ts`.
 *
 * @module
 */

import type { LanguageModel } from "../../03_language_models/autoregressive.ts";
import type { Decoder } from "../../07_generation/sampling.ts";
import type { Module } from "../../engine/module.ts";
import { type Check, integer } from "../../engine/options.ts";
import type { Random } from "../../engine/random.ts";
import type { NetworkFormat } from "../model_kinds.ts";
import { LIMITS } from "../recipes.ts";
import type { TranslationModel } from "../translator.ts";

/** What the layouts of all kinds have in common. */
export interface ModelLayout {
  /** Entries of the vocabulary, of a translator that of the target language. */
  readonly vocabSize: number;
  /** Entries of the vocabulary of the source language; none by default. */
  readonly sourceVocabSize?: number | undefined;
  /** Layers that are like each other; none by default. */
  readonly numLayers?: number | undefined;
}

/** A layout as a file holds it. */
export type WrittenLayout = { readonly [name: string]: unknown };

/** A model that continues texts. */
export interface TextModel extends Module, Decoder, LanguageModel {
  /** Its layout. */
  readonly options: ModelLayout;
  /** Scores the token after each position. */
  forward: Decoder["forward"] & LanguageModel["forward"];
}

/** A kind of saved networks. */
export interface NetworkKind<
  Layout extends ModelLayout = ModelLayout,
  Model extends Module = Module,
  Options = Layout,
> {
  /** What tells its files from others. */
  readonly format: NetworkFormat;
  /** What such a model is called, with its article. */
  readonly name: string;
  /** Whether it has two vocabularies, to translate, or one, to continue texts. */
  readonly translates: boolean;
  /** Settings of a recipe that only this kind has; none by default. */
  readonly settings?: Readonly<Record<string, Check<unknown>>>;
  /** Settings of a recipe that the layout states as well. */
  readonly shared: readonly string[];
  /** What stands behind `heed train` for a model of a layout. */
  trainedBy(layout: Layout): string;
  /** What the network is, in a word or two. */
  architecture(layout: Layout): string;
  /** What a file holds of a layout. */
  writeLayout(layout: Layout): WrittenLayout;
  /**
   * The layout that a file holds.
   *
   * @throws {SyntaxError} if a field is missing, unknown, or not what it must be
   * @throws {TypeError} if a part has no such word
   */
  readLayout(written: unknown): Layout;
  /** Weights that a model of a layout has at least: what a file must hold before anything of the model is built. */
  leastWeights(layout: Layout): number;
  /** Makes a model. */
  make(options: Options, random: Random): Model;
}

/** A kind of models that continue texts. */
export interface LanguageKind<
  Layout extends ModelLayout = ModelLayout,
  Model extends TextModel = TextModel,
  Options = Layout,
> extends NetworkKind<Layout, Model, Options> {
  readonly translates: false;
}

/** A kind of models that translate. */
export interface TranslationKind<
  Layout extends ModelLayout = ModelLayout,
  Model extends TranslationModel = TranslationModel,
  Options = Layout,
> extends NetworkKind<Layout, Model, Options> {
  readonly translates: true;
}

/** A part: its word, or an object with its word and settings; the table of its kind says more. */
export const part: Check<unknown> = {
  must: "a word, or an object with a word and settings",
  fits: (value) => typeof value === "string" || (typeof value === "object" && value !== null && "word" in value),
};

/** A vocabulary in a file may be smaller than the smallest that can be asked for. */
export const vocabularySize: Check<number> = integer({ min: 1, max: LIMITS.vocabSize.max! });
