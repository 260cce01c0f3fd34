/**
 * What the playground's page and its worker say to each other.
 *
 * @module
 */

import type { Settings, View } from "./look.ts";

/** Asks for a translation. */
export interface Question {
  /** Counts questions. */
  readonly run: number;
  readonly settings: Settings;
  /** What computes. */
  readonly device: "wasm" | "webgpu";
  /** Address of the model. */
  readonly model: string;
}

/** What the worker found. */
export type Reply =
  | {
    readonly run: number;
    readonly view: View;
    /** One sentence about what computed. */
    readonly device: string;
    readonly seconds: number;
  }
  | { readonly run: number; readonly error: string };
