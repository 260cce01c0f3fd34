/**
 * # Experiments
 *
 * **Question.** The notes make claims. Which of them hold, and by how much?
 *
 * **Idea.** An experiment is a pure function from a few controls to plain data: numbers that were found, and
 * the figures that show them. Beside it stand the claims it checks. The terminal prints it, a test holds its
 * claims, the page draws what was recorded, and runs it again when a reader moves a slider: one definition
 * for all four.
 *
 * @module
 */

import type { Figure } from "./experiments/figure.ts";

export type { Axis, Figure, Picture, Series, TreeNode, ValuedToken } from "./experiments/figure.ts";

/** Something that the reader may change. */
export interface Control {
  /** What it is, in a word or two; a slider's label. */
  readonly label: string;
  /** One line about what it does. */
  readonly description: string;
  /** Value unless the reader says otherwise. */
  readonly default: number;
  /** Smallest allowed value. */
  readonly min: number;
  /** Largest allowed value. */
  readonly max: number;
  /** Distance of allowed values, 1 by default: whole numbers. */
  readonly step?: number;
  /** Names of the values, where they stand for something: value 0 is the first. */
  readonly choices?: readonly string[];
}

/** Numbers, and lists of numbers, by name. */
export type Findings = Readonly<Record<string, number | readonly number[]>>;

/** What an experiment found: plain data, the same for the same controls. */
export interface Outcome<F extends Findings = Findings> {
  /** What claims are about. */
  readonly findings: F;
  /** What the page shows. */
  readonly figures: readonly Figure[];
}

/** Something the notes say, and what the findings say about it. */
export interface Claim<F extends Findings = Findings> {
  /** The claim as a sentence. */
  readonly text: string;
  /**
   * Whether the findings bear it out. Of a claim that the experiment refutes, `refuted` says so, and the page
   * reports it as it is.
   */
  holds(findings: F): boolean;
  /** True where the outcome contradicts the notes: then `holds` must be false. */
  readonly refuted?: boolean;
}

/** How an experiment is run. */
export interface RunOptions {
  /** Stops it. */
  readonly signal?: AbortSignal;
  /** Hears how much is done, in [0, 1]. */
  readonly onProgress?: (done: number) => void;
}

/**
 * A runnable demonstration of what a section claims.
 *
 * Its author names the type of the findings and the controls: `Experiment<{ loss: number[] }, "steps" | "seed">`.
 */
export interface Experiment<F extends Findings = Findings, Name extends string = string> {
  /** Chapter and section, such as `attention/scaled_dot_product`; more than one of a section add `/part`. */
  readonly name: string;
  /** What it shows, as a title. */
  readonly title: string;
  /** What happens, what to change and what to look at: a few plain sentences that hold at every setting. */
  readonly purpose: string;
  /** What may be changed; `seed`, if there, gets a button of its own. */
  readonly controls: Readonly<Record<Name, Control>>;
  /** What is expected at the default controls. */
  readonly claims: readonly Claim<F>[];
  /**
   * How far another device's findings may lie from the recorded ones, as a share of the largest beside them;
   * 0.002 by default. Training amplifies rounding: who trains sets more, and its figures are then not compared.
   */
  readonly tolerance?: number;
  /** Computes the outcome in seconds, on whatever device is current; pauses now and then where it takes longer. */
  run(controls: Readonly<Record<Name, number>>, options: RunOptions): Promise<Outcome<F>>;
}
