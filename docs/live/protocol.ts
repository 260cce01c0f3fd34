/**
 * What a page and its worker say to each other.
 *
 * @module
 */

import type { Figure } from "../../core/experiments/figure.ts";

/** Asks for a run. */
export interface RunRequest {
  /** Counts runs, so that a late answer is known for what it is. */
  readonly run: number;
  /** The experiment. */
  readonly name: string;
  /** What it is run with. */
  readonly controls: Readonly<Record<string, number>>;
  /** Language of the words in the figures. */
  readonly language: string;
  /** What computes. */
  readonly device: "wasm" | "webgpu";
}

/** Asks for a run of a program of the page. */
export interface ProgramRequest {
  /** As above. */
  readonly run: number;
  /** Name of its file. */
  readonly program: string;
  readonly device: "wasm";
}

/** From the page. */
export type Request = RunRequest | ProgramRequest | {
  /** The run to stop. */
  readonly cancel: number;
};

/** From the worker. */
export type Answer =
  | { readonly run: number; readonly kind: "progress"; readonly done: number }
  | {
    readonly run: number;
    readonly kind: "outcome";
    readonly findings: object;
    /** Drawn with the words of the page's language. */
    readonly figures: readonly Figure[];
    /** Paragraphs below them, in the same language. */
    readonly reading: readonly string[];
    /** For each claim, whether it holds. */
    readonly holds: readonly boolean[];
    /** One sentence about what computed. */
    readonly device: string;
    readonly seconds: number;
  }
  /** What a program printed. */
  | { readonly run: number; readonly kind: "printed"; readonly text: string; readonly seconds: number }
  | { readonly run: number; readonly kind: "cancelled" }
  | { readonly run: number; readonly kind: "error"; readonly message: string };
