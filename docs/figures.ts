/**
 * # An experiment on its page
 *
 * **Question.** What stands on a page of an experiment, before any script has run?
 *
 * **Idea.** All of it: the recorded figures as SVG, their captions and numbers, the reading below them, the claims with
 * the verdict that the recorded findings give, and the command that runs it. The script that comes later finds the controls in the
 * attributes and replaces the figures by those of the reader's own run.
 *
 * @module
 */

import { chapterFolder } from "../core/contents.ts";
import {
  constantsOf,
  type Control,
  type ControlWords,
  type Experiment,
  type Words,
} from "../core/experiments/experiment.ts";
import { EXPERIMENTS } from "../core/experiments/registry.ts";
import type { Figure } from "../core/experiments/figure.ts";
import { figuresHtml, STATIC_WIDTH } from "./figures/mod.ts";
import { escape, filled } from "./figures/svg.ts";
import { lineWithNotes } from "./note_marks.ts";
import { quantitiesOf } from "./quantities.ts";
import { readRecording } from "./recorded.ts";
import { languagesOf, wordsOf } from "./languages.ts";
import { ENGLISH, type Phrases } from "./phrases.ts";
import { plain } from "./words.ts";

export { widthsProblem } from "./widths.ts";

const root = new URL("../", import.meta.url);

/** An experiment with its name and its words, in one language. */
interface Loaded {
  readonly name: string;
  readonly language: string;
  readonly experiment: Experiment;
  readonly words: Words;
}

/** All experiments in all their languages: a build shows every one. */
const loaded: readonly Loaded[] = await Promise.all(
  EXPERIMENTS.flatMap((entry) =>
    languagesOf(entry.name).map(async (language) => ({
      name: entry.name,
      language,
      experiment: await entry.load(),
      words: await wordsOf(entry, language),
    }))
  ),
);

/** An experiment in a language, or in English if it does not speak that. */
function find(name: string, language: string): Loaded {
  const found = loaded.filter((candidate) => candidate.name === name);
  const spoken = found.find((candidate) => candidate.language === language) ?? found[0];
  if (!spoken) throw new RangeError(`Cannot show "${name}": there is no such experiment`);
  return spoken;
}

/** The experiments of a page, such as `core/04_attention/masks.ts`, in the order of the book. */
export function experimentsOf(path: string): string[] {
  const page = /^core\/(?:\d\d_)?(\w+)\/(\w+)(?:\/mod)?\.ts$/.exec(path);
  if (!page) return [];
  const section = `${page[1]}/${page[2]}`;
  return EXPERIMENTS.map(({ name }) => name).filter((name) => name === section || name.startsWith(`${section}/`));
}

/** A text of the repository; nothing where there is none. */
function textOf(path: string): string {
  try {
    return Deno.readTextFileSync(new URL(path, root));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

/** Numbers of the quantities of the experiment's page by symbol, as TeX and as the name in the code. */
function huesOf(name: string): Record<string, number> {
  const folder = chapterFolder(name.split("/")[0]!), section = name.split("/")[1];
  if (folder === undefined) return {};
  const text = ["", "/mod"].map((mod) => textOf(`core/${folder}/${section}${mod}.ts`)).join("");
  const hues: Record<string, number> = {};
  for (const { number, symbols, names } of quantitiesOf(text.replace(/^ \* ?/gm, ""))) {
    for (const symbol of [...symbols, ...names]) hues[symbol] ??= number;
  }
  return hues;
}

/** Name of an experiment as an id. */
export const experimentId = (name: string): string => `experiment-${name.replace(/\W/g, "-")}`;

/** An experiment in a list of them. */
export interface Outline {
  /** Anchor on its page. */
  readonly id: string;
  /** What it shows. */
  readonly title: string;
  /** The first claim that holds. */
  readonly claim: string;
  /** How many are refuted. */
  readonly refuted: number;
}

/**
 * What a list of experiments says of one.
 *
 * @param name as in {@linkcode EXPERIMENTS}
 * @param language of the page
 * @returns title, anchor and claims
 * @throws {RangeError} if there is no such experiment
 */
export function outlineOf(name: string, language = "en"): Outline {
  const { experiment, words } = find(name, language), claims = Object.entries(experiment.claims);
  const refuted = claims.filter(([, { refuted }]) => refuted).length;
  const [first] = claims.find(([, { refuted }]) => !refuted) ?? claims[0] ?? [""];
  return { id: experimentId(name), title: words.title, claim: plain(words.claims[first] ?? ""), refuted };
}

/** The claims and what became of them. */
function verdicts({ experiment, words }: Loaded, findings: object, phrases: Phrases): string {
  const items = Object.entries(experiment.claims).map(([name, claim]) => {
    const holds = claim.holds(findings);
    const verdict = holds ? "holds" : claim.refuted ? "refuted" : "fails";
    return `<li class="${verdict}"><span class="verdict">${phrases.verdicts[verdict]}</span> ${
      lineWithNotes(words.claims[name]!)
    }</li>`;
  });
  return `<p class="found">${phrases.found((settings) => `<span class="settings">${settings}</span>`)}</p>
<ul class="claims">${items.join("")}</ul>`;
}

/** What no control changes, or nothing where the experiment names nothing. */
function constantsLine({ experiment, words }: Loaded, phrases: Phrases): string {
  const constants = constantsOf(experiment, words).map(escape);
  return constants.length > 0 ? `<p class="constants">${phrases.fixed} ${constants.join(" · ")}</p>\n` : "";
}

/** The reading below the figures, or nothing where the words have none. */
function readingOf({ words }: Loaded, findings: object): string {
  const paragraphs = words.reading?.(findings).map((text) => `<p>${lineWithNotes(text)}</p>`);
  return paragraphs ? `<div class="reading">\n${paragraphs.join("\n")}\n</div>\n` : "";
}

/** Pixels of a figure with its caption, of a control, of what every experiment has at the right, and of a line. */
const FIGURE = 430, CONTROL = 75, SIDE = 250, LINE = 25;

/** Whether what can be done and what was found are so high that two figures stand beside them. */
function isTall({ experiment, words }: Loaded): boolean {
  const lines = (text: string, wide: number): number => Math.ceil(text.length / wide) * LINE;
  const claims = Object.values(words.claims).reduce((sum, text) => sum + lines(text, 68) + 10, 0);
  const constants = lines(constantsOf(experiment, words).join(" · "), 95);
  const side = SIDE + CONTROL * Object.keys(experiment.controls).length + claims + constants;
  return side > 60 + lines(words.purpose, 72) + 1.5 * FIGURE;
}

/** A control with its words, as the live figure makes a field of it. */
export type Field = Control & Omit<ControlWords, "choices">;

/** The controls with their words. */
function fieldsOf({ experiment, words }: Loaded): Record<string, Field> {
  return Object.fromEntries(
    Object.entries(experiment.controls).map(([key, control]): [string, Field] => {
      const { choices: names = {}, ...about } = words.controls[key]!;
      const choices = control.choices?.map((choice) => names[choice] ?? choice);
      return [key, { ...control, ...about, ...(choices ? { choices } : {}) }];
    }),
  );
}

/**
 * The figures of an experiment as recorded.
 *
 * @param name as in {@linkcode EXPERIMENTS}
 * @param language of the page
 * @throws {RangeError} if there is no such experiment
 * @throws {Deno.errors.NotFound} if nothing was recorded
 */
export function recordedFigures(name: string, language = "en"): Figure[] {
  const { experiment, words } = find(name, language);
  return experiment.draw(readRecording(name).findings, words);
}

/**
 * Title and purpose of an experiment.
 *
 * @param name as in {@linkcode EXPERIMENTS}
 * @param language of the page
 * @throws {RangeError} if there is no such experiment
 */
export function aboutExperiment(name: string, language = "en"): Pick<Words, "title" | "purpose"> {
  return find(name, language).words;
}

/** What a page adds to an experiment. */
export interface Surroundings {
  /** The purpose as HTML, with its links. */
  readonly purpose: string;
  /** Whether it is the first one of its page. */
  readonly isFirst: boolean;
  /** Address of what says how to run it. */
  readonly help: string;
  /** Whether the heading above it has the same words; not by default. */
  readonly isNamed?: boolean;
}

/**
 * The HTML of an experiment.
 *
 * @param name as in {@linkcode EXPERIMENTS}
 * @param surroundings what its page says of it
 * @param phrases of the page's language
 * @returns a section with heading, purpose, claims, figures from the recording, and what the live figure needs
 * @throws {RangeError} if there is no such experiment
 * @throws {Deno.errors.NotFound} if nothing was recorded
 */
export function renderExperiment(
  name: string,
  { purpose, isFirst, help, isNamed = false }: Surroundings,
  phrases: Phrases = ENGLISH,
): string {
  const { language } = phrases;
  const found = find(name, language), id = experimentId(name), hues = huesOf(name);
  const { findings } = readRecording(name);
  const figures = figuresHtml(recordedFigures(name, language), {
    width: STATIC_WIDTH,
    id,
    hue: (symbol) => hues[symbol],
    say: (text, ...values) =>
      filled((found.language === language ? phrases.figures[text] : undefined) ?? text, ...values),
  });
  const data = (key: string, value: unknown): string => ` data-${key}="${escape(JSON.stringify(value))}"`;
  return `<section class="experiment${
    isTall(found) ? " is-tall" : ""
  }" id="${id}" data-experiment="${name}" data-language="${found.language}"${
    found.language === language ? "" : ` lang="${found.language}"`
  }${data("controls", fieldsOf(found))}${data("hues", hues)} aria-labelledby="${id}-title">
<div class="experiment-head">
${
    isNamed
      ? `<span id="${id}-title" hidden>${escape(found.words.title)}</span>`
      : `<h2 id="${id}-title">${escape(found.words.title)}</h2>`
  }
<p>${purpose}</p>
</div>
<div class="experiment-side">
<div class="trial"></div>
${constantsLine(found, phrases)}${verdicts(found, findings, phrases)}${
    isFirst ? `\n<p class="legend">${phrases.legend}</p>` : ""
  }
<p class="command"><code>deno task experiment ${name}</code> <a href="${escape(help)}">${phrases.howToRun}</a></p>
</div>
<div class="figures">
${figures.join("\n")}
</div>
${readingOf(found, findings)}</section>
`;
}
