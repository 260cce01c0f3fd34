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

import { EXPERIMENTS as words } from "./02_words/experiments/mod.ts";
import { EXPERIMENTS as attention } from "./04_attention/experiments/mod.ts";
import { EXPERIMENTS as transformer } from "./05_transformer/experiments/mod.ts";
import { EXPERIMENTS as training } from "./06_training/experiments/mod.ts";
import { EXPERIMENTS as generation } from "./07_generation/experiments/mod.ts";

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

/** What an axis shows. */
export interface Axis {
  /** Quantity and unit. */
  readonly title: string;
  /** Whether equal factors are equal distances. */
  readonly logarithmic?: boolean;
  /** Interval shown, if it is not that of the data. */
  readonly domain?: readonly [number, number];
}

/** Points of one kind; `quantity` is a symbol of the page, whose colour the points take. */
export interface Series {
  /** Stands in the legend. */
  readonly label: string;
  /** x and y of each point. */
  readonly points: readonly (readonly [number, number])[];
  /** Name of each point, where they have one. */
  readonly names?: readonly string[];
  /** A symbol of the page's table, such as `Q`. */
  readonly quantity?: string;
  /** Drawn with gaps: what is expected rather than found. */
  readonly dashed?: boolean;
}

/** A token, coloured by a value. */
export interface ValuedToken {
  /** What is written. */
  readonly text: string;
  /** Its colour, within the scale of the figure. */
  readonly value?: number;
}

/** A node of a tree of beginnings. */
export interface TreeNode {
  /** Distinguishes nodes. */
  readonly id: number;
  /** The node it continues; the root has none. */
  readonly parent?: number;
  /** What is written. */
  readonly label: string;
  /** What it scores. */
  readonly value?: number;
  /** Whether the search went on with it. */
  readonly kept?: boolean;
  /** Whether it belongs to the best text; drawn strongest. */
  readonly best?: boolean;
}

/** The kinds of pictures. Each also is a table, for those who read and for those who listen. */
export type Picture =
  | { readonly kind: "line" | "scatter"; readonly x: Axis; readonly y: Axis; readonly series: readonly Series[] }
  | {
    readonly kind: "bars";
    readonly y: Axis;
    /** Bars of one group stand together; where there are groups, bars of one label share a colour. */
    readonly bars: readonly {
      readonly label: string;
      readonly group?: string;
      readonly value: number;
      readonly quantity?: string;
    }[];
  }
  | {
    readonly kind: "heatMap";
    readonly rows: readonly string[];
    readonly columns: readonly string[];
    readonly values: readonly (readonly number[])[];
    readonly rowTitle?: string;
    readonly columnTitle?: string;
    readonly domain?: readonly [number, number];
    readonly diverging?: boolean;
    readonly quantity?: string;
  }
  | {
    readonly kind: "attention";
    readonly from: readonly string[];
    readonly to: readonly string[];
    /** One matrix `[from, to]` per head. */
    readonly weights: readonly (readonly (readonly number[])[])[];
    readonly heads?: readonly string[];
  }
  | {
    readonly kind: "histogram";
    readonly x: Axis;
    readonly series: readonly {
      readonly label: string;
      /** One more than counts. */
      readonly edges: readonly number[];
      readonly counts: readonly number[];
      readonly quantity?: string;
    }[];
  }
  | { readonly kind: "tree"; readonly nodes: readonly TreeNode[] }
  | {
    readonly kind: "table";
    readonly columns: readonly string[];
    readonly rows: readonly (readonly (number | string)[])[];
  }
  | {
    readonly kind: "tokens";
    readonly rows: readonly { readonly label?: string; readonly tokens: readonly ValuedToken[] }[];
    readonly domain?: readonly [number, number];
  }
  | { readonly kind: "text"; readonly text: string };

/** A picture and what to see in it. */
export type Figure = Picture & {
  /** One sentence; numbers in it are computed. */
  readonly caption: string;
};

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

/** The controls as they are unless the reader says otherwise. */
export function defaultControls({ controls }: Experiment): Record<string, number> {
  return Object.fromEntries(Object.entries(controls).map(([name, control]) => [name, control.default]));
}

/**
 * What keeps a control from having a value, or nothing if it may have it.
 *
 * @param control what is to be set
 * @param value what it is to be set to
 * @returns what the value must be, as the end of a sentence
 */
export function objection({ min, max, step = 1, choices }: Control, value: number): string | undefined {
  const steps = (value - min) / step;
  if (value >= min && value <= max && Math.abs(steps - Math.round(steps)) < 1e-6) return undefined;
  if (choices) return `must be one of ${choices.join(", ")}`;
  return step === 1
    ? `must be a whole number from ${min} to ${max}`
    : `must be from ${min} to ${max} in steps of ${step}`;
}

/** Every experiment, in the order of the book. */
export const EXPERIMENTS: readonly Experiment[] = [...words, ...attention, ...transformer, ...training, ...generation];
