/**
 * # What an experiment is
 *
 * **Question.** [The notes](../../docs/pages/notes.md) make claims. Which of them hold, and by how much?
 *
 * **Idea.** An experiment keeps three things apart. `measure` is a pure function from a few controls to findings:
 * plain data, the same for the same controls. `claims` are predicates over the findings, so that a test needs no
 * figure. `draw` turns findings and words into figures and computes nothing else. The words, such as title, labels
 * and captions, stand in a table of their own beside the experiment; another language is another table of the same
 * type. Recordings keep controls and findings. The terminal, the page and the figure that a reader runs draw from them.
 *
 * | file                                       | holds                                                |
 * | ------------------------------------------ | ---------------------------------------------------- |
 * | `NN_chapter/experiments/SECTION.ts`        | `experiment`: controls, measure, claims, draw        |
 * | `NN_chapter/experiments/SECTION.words.ts`  | `words`, in English                                  |
 * | `NN_chapter/experiments/SECTION/PART.ts`   | a further experiment of the same section             |
 *
 * The path is the name: `core/04_attention/experiments/positions/rotation.ts` is `attention/positions/rotation`. No
 * list is kept by hand; `deno task registry` writes it from the folders.
 *
 * @module
 */

import { chapterFolder } from "../contents.ts";
import type { Figure } from "./figure.ts";
import { number } from "./numbers.ts";

/** Something that the reader may change. */
export interface Control {
  /** Value unless the reader says otherwise. */
  readonly default: number;
  /** Smallest allowed value. */
  readonly min: number;
  /** Largest allowed value. */
  readonly max: number;
  /** Distance of allowed values, 1 by default: whole numbers. */
  readonly step?: number;
  /** What the values stand for, as one types it: value 0 is the first. */
  readonly choices?: readonly string[];
}

/** What a control is called. */
export interface ControlWords {
  /** What it is, in a word or two; a slider's label. */
  readonly label: string;
  /** One line about what it does. */
  readonly description: string;
  /** Names of its choices, if it has any and they are words. */
  readonly choices?: Readonly<Record<string, string>>;
}

/** What an experiment is made of: the author names it, the compiler asks for each thing. */
export interface Parts {
  /** What is found: numbers, texts and lists of them by name. What only figures need, in any form, stands under `shown`. */
  readonly findings: object;
  /** Names of the controls. */
  readonly controls: string;
  /** Names of the claims. */
  readonly claims: string;
  /** Names of the figures' captions. */
  readonly captions: string;
  /** Everything else that figures say: {@linkcode Labels} and functions of what stands in a gap. */
  readonly labels: object;
}

/** Titles of axes, legends, heads of tables, by name. */
export type Labels<Name extends string> = Readonly<Record<Name, string>>;

/** What claims are about: the findings without what only figures need. */
export type Found<P extends Parts> = Omit<P["findings"], "shown">;

/** Something that is claimed, and what the findings say about it. */
export interface Claim<F extends object = object> {
  /**
   * Whether the findings bear it out. Of a claim that the experiment refutes, `refuted` says so, and the page
   * reports it as it is.
   */
  holds(findings: F): boolean;
  /** True where the outcome contradicts what [the notes](../../docs/pages/notes.md) say: then `holds` must be false. */
  readonly refuted?: boolean;
}

/** A sentence about findings. As the type of a method it lets one table of words stand among others. */
export type Caption<F extends object> = { says(findings: F): string }["says"];

/** Paragraphs about findings, typed as {@linkcode Caption} is. */
export type Reading<F extends object> = { says(findings: F): readonly string[] }["says"];

/** Everything that an experiment says, in one language. */
export interface Words<P extends Parts = Parts> {
  /** What it shows, as a title. */
  readonly title: string;
  /** What happens, what to change and what to look at: a few plain sentences that hold at every setting. */
  readonly purpose: string;
  /** What the controls are called. */
  readonly controls: Readonly<Record<P["controls"], ControlWords>>;
  /** What the constants are called, if the experiment names some. */
  readonly constants?: Readonly<Record<string, string>>;
  /** The claims as sentences. */
  readonly claims: Readonly<Record<P["claims"], string>>;
  /** What to see in each figure: one sentence or two; numbers in them are computed. */
  readonly captions: Readonly<Record<P["captions"], Caption<P["findings"]>>>;
  /**
   * What the figures mean together: paragraphs of plain sentences below them, for whatever was found. Results stand
   * here and in captions, where they are computed, and not in the prose of a chapter.
   */
  readonly reading?: Reading<P["findings"]>;
  /** Titles of axes, legends, heads of tables. */
  readonly labels: P["labels"];
}

/** How an experiment is run. */
export interface RunOptions {
  /** Stops it. */
  readonly signal?: AbortSignal;
  /** Hears how much is done, in [0, 1]. */
  readonly onProgress?: (done: number) => void;
}

/** A runnable demonstration of what a section claims. */
export interface Experiment<P extends Parts = Parts> {
  /** What may be changed; `seed`, if there, gets a button of its own. */
  readonly controls: Readonly<Record<P["controls"], Control>>;
  /** What the claims depend on and no control changes: sizes, rates, numbers of examples; none by default. */
  readonly constants?: Readonly<Record<string, number | string>>;
  /** What is expected at the default controls. */
  readonly claims: Readonly<Record<P["claims"], Claim<Found<P>>>>;
  /**
   * How far another device's findings may lie from the recorded ones, as a fraction of the largest beside them;
   * 0.002 by default. Training amplifies rounding: who trains sets more, and its figures are then not compared.
   */
  readonly tolerance?: number;
  /** Finds, in seconds, on whatever device is current; pauses now and then where it takes longer. */
  measure(controls: Readonly<Record<P["controls"], number>>, options: RunOptions): Promise<P["findings"]>;
  /** Shows what was found. */
  draw(findings: P["findings"], words: Words<P>): Figure[];
}

/** An experiment in the list of all. */
export interface Entry {
  /** Chapter and section, such as `attention/scaled_dot_product`; more than one of a section add `/part`. */
  readonly name: string;
  /** Loads it, and what it computes with. */
  readonly load: () => Promise<Experiment>;
  /** Loads what it says in English. */
  readonly words: () => Promise<Words>;
}

/** The file that defines an experiment, from the root of the repository. */
export function experimentPath(name: string): string {
  const [chapter = "", ...section] = name.split("/"), folder = chapterFolder(chapter);
  if (folder === undefined) throw new RangeError(`Cannot find the experiment ${name}: no chapter is called ${chapter}`);
  return `core/${folder}/experiments/${section.join("/")}.ts`;
}

/** The name of the experiment that a file defines, or nothing if it defines none. */
export function experimentName(path: string): string | undefined {
  const [, chapter, section] = /^core\/\d\d_(\w+)\/experiments\/([\w/]+)\.ts$/.exec(path) ?? [];
  return section === undefined || section === "mod" ? undefined : `${chapter}/${section}`;
}

/**
 * An experiment by its file. Not by a literal import: Deno fetches what a literal names, called or not.
 *
 * @param path without its ending, from `core/`: `04_attention/experiments/positions/rotation`
 */
export function entryOf(path: string): Entry {
  const name = experimentName(`core/${path}.ts`);
  if (name === undefined) throw new RangeError(`Cannot list ${path}: it is no path of an experiment`);
  const load = (ending: string): Promise<{ readonly experiment: Experiment; readonly words: Words }> =>
    import(new URL(`../${path}${ending}`, import.meta.url).href);
  return { name, load: async () => (await load(".ts")).experiment, words: async () => (await load(".words.ts")).words };
}

/** The controls as they are unless the reader says otherwise. */
export function defaultControls({ controls }: Experiment): Record<string, number> {
  return Object.fromEntries(Object.entries(controls).map(([name, control]) => [name, control.default]));
}

/** The constants of an experiment with their names: `heads 4`. */
export function constantsOf({ constants = {} }: Experiment, { constants: names = {} }: Words): string[] {
  return Object.entries(constants).map(([key, value]) => {
    const name = names[key] ?? key;
    return typeof value === "number"
      ? `${name} ${number(value)}`
      : `${name}${/^\p{L}/u.test(value) ? ":" : ""} ${value}`;
  });
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
