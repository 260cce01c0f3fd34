/**
 * # What stands within prose
 *
 * **Question.** A paragraph has a table, a picture or a program beside it. Where on the page are they?
 *
 * **Idea.** They are blocks within the Markdown. This file finds them; [arrange.ts](arrange.ts) puts them beside the paragraphs that
 * they follow.
 *
 * @module
 */

import { isSymbolHead } from "./quantities.ts";

/** A table, of symbols or of anything else, by its lines. */
export interface Table {
  readonly kind: "symbols" | "table";
  readonly lines: readonly string[];
}

/** A picture by the name of its file. */
export interface PicturePassage {
  readonly kind: "picture";
  readonly name: string;
  /** Markdown. */
  readonly caption: string;
}

/** A program and what it prints. */
export interface ProgramPassage {
  readonly kind: "program";
  readonly code: string;
  readonly shown: string;
}

/** What stands beside prose and is no table. */
export type Beside =
  | { readonly kind: "diagram"; readonly caption: string; readonly steps: string }
  | PicturePassage
  | ProgramPassage;

/** Something within prose that has a place of its own on the page. */
export type Passage = { readonly kind: "text"; readonly text: string } | Table | Beside;

/** A diagram, a picture with its caption, a program with what it prints. */
const BESIDE = new RegExp(
  [
    "^```diagram (?<title>.*)\\n(?<steps>[^]*?)\\n```$",
    "^```picture\\b[ \\t]*(?<name>\\S*)(?<caption>.*)\\n(?<more>[^]*?)^```$",
    "^```ts\\n(?<code>[^]*?)^```\\n+```text\\n(?<shown>[^]*?)^```$",
  ].join("|"),
  "gm",
);

/** Changes Markdown where it is not shown as such, between lines of four backticks. */
const outsideMarkdown = (text: string, change: (text: string) => string): string =>
  text.split(/^(````[^]*?^````$)/m).map((part, at) => at % 2 === 0 ? change(part) : part).join("");

/** Prose without what stands beside it, and that, in order. */
export function takenOut(text: string): { readonly text: string; readonly beside: readonly Beside[] } {
  const beside: Beside[] = [];
  const take = (part: string): string =>
    part.replace(BESIDE, (...all) => {
      const { title, steps, name, caption, more, code, shown } = all.at(-1) as Record<string, string | undefined>;
      if (title !== undefined) beside.push({ kind: "diagram", caption: title, steps: steps! });
      else if (name === undefined) beside.push({ kind: "program", code: code!, shown: shown! });
      else beside.push({ kind: "picture", name, caption: `${caption} ${more}`.replace(/\s+/g, " ").trim() });
      return "";
    });
  return { text: outsideMarkdown(text, take).trim(), beside };
}

/** Paragraphs of Markdown; blocks of code are whole, and so is a program with what it prints. */
export function paragraphsOf(text: string): string[] {
  const out: string[] = [];
  let fence = "", open = false;
  for (const line of text.split("\n")) {
    const [mark = ""] = /^`{3,}/.exec(line) ?? [];
    if (line.trim() === "" && !fence) {
      open = false;
      continue;
    }
    const isOutput = !fence && line === "```text" && /^```ts\n[^]*\n```$/.test(out.at(-1) ?? "");
    if (open || isOutput) out[out.length - 1] += `${isOutput ? "\n" : ""}\n${line}`;
    else out.push(line);
    open = true;
    if (mark && (!fence || mark === fence)) fence = fence ? "" : mark;
  }
  return out;
}

/** Whether a paragraph is a program with what it prints. */
export const isProgram = (paragraph: string): boolean => /^```ts\n[^]*^```\n+```text$/m.test(paragraph);

/**
 * Reads what stands at the right of a page's beginning.
 *
 * @param text Markdown
 * @returns the rest, where there is any, and what was in it: tables, then what is no table
 */
export function passagesOf(text: string): Passage[] {
  const rest: string[] = [], tables: string[][] = [], { text: prose, beside } = takenOut(text);
  let inTable = false, fenced = false;
  for (const line of prose.split("\n")) {
    if (line.startsWith("```")) fenced = !fenced;
    const isRow = !fenced && line.startsWith("|");
    if (!isRow) rest.push(line);
    else if (inTable) tables.at(-1)!.push(line);
    else tables.push([line]);
    inTable = isRow;
  }
  return [
    { kind: "text", text: rest.join("\n") },
    ...tables.map((lines): Passage => ({ kind: isSymbolHead(lines[0]!) ? "symbols" : "table", lines })),
    ...beside,
  ];
}

/** A part of an exercise: what is asked, or what is folded under a word. */
export interface ExercisePart {
  readonly kind: "task" | "hint" | "solution";
  /** Markdown, without the word. */
  readonly text: string;
}

/** What a hint and a solution open with, in any language. */
export interface Labels {
  readonly hint: readonly string[];
  readonly solution: readonly string[];
}

/**
 * Cuts an exercise where a paragraph opens with `**Hint.**` or `**Solution.**`; after these, another label in bold goes on with what
 * is asked.
 *
 * @param text Markdown
 * @param labels the two words
 */
export function exerciseParts(text: string, labels: Labels): ExercisePart[] {
  const parts: { kind: ExercisePart["kind"]; paragraphs: string[] }[] = [{ kind: "task", paragraphs: [] }];
  for (const paragraph of paragraphsOf(text)) {
    const [whole = "", label = ""] = /^\*\*([^*]+?)[.。]\*\*\s*/.exec(paragraph) ?? [];
    const kind = labels.hint.includes(label) ? "hint" : labels.solution.includes(label) ? "solution" : "task";
    const isNew = label !== "" && (kind !== "task" || parts.at(-1)!.kind !== "task");
    if (isNew) parts.push({ kind, paragraphs: [kind === "task" ? paragraph : paragraph.slice(whole.length)] });
    else parts.at(-1)!.paragraphs.push(paragraph);
  }
  return parts.map(({ kind, paragraphs }) => ({ kind, text: paragraphs.join("\n\n") }));
}
