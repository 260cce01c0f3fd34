/**
 * # What stands within prose
 *
 * **Question.** A paragraph has a table, a picture or a program beside it. Where on the page are they?
 *
 * **Idea.** They are blocks within the Markdown, and stand at the right of the paragraphs that they follow. A picture's paragraph
 * opens a row of the page, so that both begin at one height; so does the paragraph with a label that a program belongs to,
 * `**By hand.**`.
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

/** Paragraphs of Markdown; blocks of code are whole. */
export function paragraphsOf(text: string): string[] {
  const out: string[] = [];
  let fenced = false, open = false;
  for (const line of text.split("\n")) {
    if (line.startsWith("```")) fenced = !fenced;
    if (line.trim() === "" && !fenced) open = false;
    else if (open) out[out.length - 1] += `\n${line}`;
    else {
      out.push(line);
      open = true;
    }
  }
  return out;
}

/** A row of a page's beginning: Markdown with what stands at its right, or a picture across both columns. */
export type OpeningRow = { readonly text: string } | { readonly wide: PicturePassage };

/** Characters of prose that stand above such a paragraph and still share its row. */
const FEW = 500;

/**
 * Cuts a part of a page's beginning into rows. A paragraph with a picture or a program opens one, unless little prose and nothing
 * at its right stands above it.
 *
 * @param text Markdown
 * @param isWide whether a picture goes across both columns
 */
export function openingRows(text: string, isWide: (name: string) => boolean): OpeningRow[] {
  const rows: OpeningRow[] = [], paragraphs = paragraphsOf(text);
  let row: string[] = [];
  const close = (): void => {
    if (row.length > 0) rows.push({ text: row.join("\n\n") });
    row = [];
  };
  paragraphs.forEach((paragraph, at) => {
    const [found] = takenOut(paragraph).beside;
    if (found?.kind === "picture" && isWide(found.name)) {
      close();
      rows.push({ wide: found });
      return;
    }
    const isProgram = paragraph.startsWith("```ts\n") && (paragraphs[at + 1] ?? "").startsWith("```text\n");
    if (found?.kind === "picture" || isProgram) {
      const start = isProgram ? row.findLastIndex((one) => one.startsWith("**")) : row.length - 1;
      const above = row.slice(0, Math.max(0, start)), isFull = above.some((one) => /^(\||```)/.test(one));
      if (isFull || above.join("").length > FEW) {
        const beside = row.splice(above.length);
        close();
        row.push(...beside);
      }
    }
    row.push(paragraph);
  });
  close();
  return rows;
}

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
