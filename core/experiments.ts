/**
 * # Experiments
 *
 * **Question.** The notes make claims. Which of them hold, and by how much?
 *
 * **Idea.** An experiment is a pure function from a few controls to a table of numbers, and a
 * list of claims about that table. The terminal prints it, a test holds its claims, and the
 * pages draw it: one definition for all three.
 *
 * @module
 */

import { scalingExperiment } from "./04_attention/experiments/scaled_dot_product.ts";

/** A number that the reader may change. */
export interface Control {
  /** One line about what it does. */
  readonly description: string;
  /** Value unless the reader says otherwise. */
  readonly default: number;
  /** Smallest allowed value. */
  readonly min: number;
  /** Largest allowed value. */
  readonly max: number;
}

/** What an experiment found: a table of numbers. */
export interface ExperimentTable {
  /** Heading of each column. */
  readonly columns: readonly string[];
  /** One number for each column. */
  readonly rows: readonly (readonly number[])[];
}

/** Something the notes say, and what the table says about it. */
export interface Claim {
  /** The claim as a sentence. */
  readonly text: string;
  /** Whether the table bears it out. */
  holds(table: ExperimentTable): boolean;
}

/** A runnable demonstration of what a section claims. */
export interface Experiment {
  /** Chapter and section, such as `attention/scaled_dot_product`. */
  readonly name: string;
  /** What it shows, as a title. */
  readonly title: string;
  /** What may be changed; all are whole numbers. */
  readonly controls: Readonly<Record<string, Control>>;
  /** What is expected of the table at the default controls. */
  readonly claims: readonly Claim[];
  /** Computes the table; the same controls give the same table. */
  run(
    controls: Readonly<Record<string, number>>,
    options: { readonly signal?: AbortSignal },
  ): Promise<ExperimentTable>;
}

/** Every experiment, in the order of the book. */
export const EXPERIMENTS: readonly Experiment[] = [scalingExperiment];
