/**
 * What programs of pages import from, as far as it runs in a browser.
 *
 * @module
 */

/** Modules by the names that programs have for them. */
export const ENTRIES: Readonly<Record<string, () => Promise<object>>> = {
  "@heed/heed": () => import("../../mod.ts"),
  "@heed/heed/engine": () => import("../../core/engine/mod.ts"),
  "@heed/heed/introduction": () => import("../../core/01_introduction/mod.ts"),
  "@heed/heed/words": () => import("../../core/02_words/mod.ts"),
  "@heed/heed/language-models": () => import("../../core/03_language_models/mod.ts"),
  "@heed/heed/attention": () => import("../../core/04_attention/mod.ts"),
  "@heed/heed/transformer": () => import("../../core/05_transformer/mod.ts"),
  "@heed/heed/training": () => import("../../core/06_training/mod.ts"),
  "@heed/heed/generation": () => import("../../core/07_generation/mod.ts"),
  "@heed/heed/pretrained": () => import("../../core/08_pretrained/mod.ts"),
};
