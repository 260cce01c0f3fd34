/**
 * # What can be evaluated
 *
 * `evaluate` measures saved models of several kinds. A kind is a value: how a folder is recognized, which options it reads, how it is measured.
 *
 * **To add a kind:** its file here, and its line in `KINDS` of `commands/evaluate.ts`.
 *
 * @module
 */

/** What the options of `evaluate` hold, whatever the kind. */
export interface EvaluateValues {
  /** What to measure on; each kind has something of its own where it is left out. */
  readonly data: string | undefined;
  /** How often examples are drawn again. */
  readonly draws: number | undefined;
  /** Wrong answers to show. */
  readonly errors: number | undefined;
  /** Where random numbers come from. */
  readonly seed: number | undefined;
  /** Whether to write JSON. */
  readonly json: boolean;
}

/** A kind of models that can be evaluated. */
export interface EvaluatedKind<V extends EvaluateValues = EvaluateValues> {
  /** What such a model is called, with its article. */
  readonly name: string;
  /** Names of the options that it reads. */
  readonly reads: readonly (keyof V & string)[];
  /** Whether a folder holds one. */
  readonly holds: (folder: string) => Promise<boolean>;
  /** Measures one, or one beside another. */
  readonly evaluate: (folder: string, other: string | undefined, values: V) => Promise<void>;
}
