/**
 * What the playground's page and its worker say to each other.
 *
 * @module
 */

import type { Unfamiliar } from "./familiar.ts";
import type { View } from "./look.ts";
import type { Settings } from "./settings.ts";

/** What computes. */
export type Device = "wasm" | "webgpu";

/** Asks for a translation; one that is under way is given up. */
export interface Question {
  /** Counts questions. */
  readonly run: number;
  readonly settings: Settings;
  readonly device: Device;
  /** The model's file, with a worker's first question. */
  readonly model?: Uint8Array;
}

/** From the page. */
export type Message = Question | {
  /** The run to stop. */
  readonly cancel: number;
};

/** What the worker found. */
export interface Answer {
  readonly run: number;
  readonly view: View;
  /** What of the sentence training never held. */
  readonly unfamiliar: Unfamiliar;
  /** One sentence about what computed. */
  readonly device: string;
  readonly seconds: number;
}

/** From the worker: one for each question. */
export type Reply = Answer | { readonly run: number; readonly cancelled: true } | {
  readonly run: number;
  readonly error: string;
};
