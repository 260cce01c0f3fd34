/**
 * # The space of a page
 *
 * **Question.** A row is prose and what it is said about. Side by side, a long text stands beside nothing, and long code too. How
 * is the page filled?
 *
 * **Idea.** By how high things are, about. What is about as high as what it is said about stands beside it. A table or a picture
 * gets the paragraphs before it at its left, and as many of those after it as it has room for. Prose alone, and code of which
 * little is said, flow through both columns, each comment above its code. In a narrow window everything is one column, in the
 * order of the source.
 *
 * @module
 */

import { paragraphsOf } from "./passages.ts";
import { isSymbolHead } from "./quantities.ts";
import { escape } from "./words.ts";

/** A row of the page. */
export interface Row {
  /** Its classes, without `is-`: whose words it holds, and what else is known of it. */
  readonly kind: string;
  readonly id?: string;
  /** HTML of the left column. */
  readonly prose: string;
  /** Parameters and results, which stand with the prose or above the code. */
  readonly tags?: string;
  /** HTML of the right column. */
  readonly code: string;
  /** Prose that goes on below the prose, while the right column is full, and below what stands there. */
  readonly more?: string;
  readonly side?: string;
  /** The language of the prose, where it is not the page's. */
  readonly language?: string;
  /** Whether the right column holds what the prose shows, not code. */
  readonly isAside?: boolean;
}

/** A row, or HTML across both columns, or the beginning or the end of what is folded. */
export type Part = Row | string;

/** Pixels of a line of prose, of code, of a row of a table, of what a heading takes, and between paragraphs. */
const LINE = 26, CODE_LINE = 23, TABLE_ROW = 30, TITLE = 90, HEADING = 45, GAP = 14, FORMULA = 68;

/** Characters of a line of prose and of code. */
const WIDE = 76, CODE_WIDE = 82;

const linesOf = (text: string, wide: number): number => Math.ceil(text.length / wide);

/** About how high HTML is in a column, in pixels. */
export function heightOf(html: string): number {
  let height = 0, rest = html;
  const take = (pattern: RegExp, size: (match: string) => number): void => {
    rest = rest.replace(pattern, (match) => {
      height += size(match);
      return "";
    });
  };
  const plain = (text: string): string => text.replace(/<[^>]*>/g, "").replace(/&[a-z]+;/g, "&");
  take(/<span class="katex-mathml">.*?<\/math><\/span>/gs, () => 0);
  take(/<details(?: class="(?!region)[^"]*")?>.*?<\/details>/gs, () => LINE);
  take(
    /<svg [^>]*\bheight="([\d.]+)"[^>]*>.*?<\/svg>/gs,
    (svg) => Math.min(520, Number(/ height="([\d.]+)"/.exec(svg)![1])),
  );
  take(/<span class="katex-display">/g, () => FORMULA);
  take(
    /<pre\b.*?<\/pre>/gs,
    (pre) =>
      pre.split("\n").reduce((sum, line) => sum + Math.max(1, linesOf(plain(line), CODE_WIDE)), -1) * CODE_LINE + 8,
  );
  take(/<tr\b.*?<\/tr>/gs, (row) => Math.max(1, linesOf(plain(row), WIDE)) * TABLE_ROW);
  take(/<h1\b.*?<\/h1>/gs, () => TITLE);
  take(/<h[23]\b.*?<\/h[23]>/gs, () => HEADING);
  take(
    /<(p|li|dd|figcaption|summary)\b.*?<\/\1>/gs,
    (text) => Math.max(1, linesOf(plain(text), WIDE)) * LINE + (text.startsWith("<p") ? GAP : 2),
  );
  return height + linesOf(plain(rest).trim(), WIDE) * LINE;
}

/** Prose alone that is lower than this stays in its column. */
const LOW = 160;

/** Prose that flows is cut into pieces that a screen holds: two columns of about this height. */
const SCREEN = 780;

/** How much of the height of code its prose has to have, to stand beside it. */
const ENOUGH = 0.5;

/** With so many notes, a function is explained step by step. */
const STEPS = 3;

/** What one declaration or member says: its comment, and the notes in it. */
interface Group {
  readonly rows: readonly Row[];
  readonly prose: number;
  readonly code: number;
  /** Height where prose stands beside code, and where it stands above it. */
  readonly beside: number;
  readonly above: number;
}

function groupOf(rows: readonly Row[]): Group {
  let prose = 0, code = 0, beside = 0, above = 0;
  for (const row of rows) {
    const words = heightOf(row.prose), tags = heightOf(row.tags ?? ""), lines = heightOf(row.code);
    prose += words + tags;
    code += lines;
    beside += Math.max(words + tags, lines);
    above += words + tags + lines + 2 * GAP;
  }
  return { rows, prose, code, beside, above };
}

/** Whether each step of a function has its note. */
const isStepwise = (rows: readonly Row[]): boolean =>
  rows.filter(({ kind, prose }) => /^note/.test(kind) && prose !== "").length >= STEPS;

/** Whether prose and code are about as high, or each step has its note. */
const isBalanced = ({ rows, prose, code, beside }: Group): boolean =>
  isStepwise(rows) || Math.min(prose, code) >= ENOUGH * beside;

/** Parameters stand below the code of the steps where they would part it above the first of them. */
function withoutHole(rows: readonly Row[]): readonly Row[] {
  const [first, ...steps] = rows, last = steps.findLastIndex(({ prose }) => prose !== "");
  if (!first?.tags || last < 0 || steps[last]!.side || !isStepwise(rows)) return rows;
  if (heightOf(first.prose) + heightOf(first.tags) <= heightOf(first.code)) return rows;
  // What follows without a note, such as another member, is none of these steps.
  const { tags, ...rest } = first;
  return [rest, ...steps.with(last, { ...steps[last]!, side: tags })];
}

/** Prose goes along with code that is so much higher, if a screen holds it. */
const ALONG = 200;

/** Whether a table has more columns than half a small window has room for. */
const isBroad = (html: string): boolean =>
  (html.match(/<tr\b.*?<\/tr>/gs) ?? []).some((row) => row.split(/<t[hd]\b/).length > 5);

/** A row as HTML. */
function rowHtml({ kind, id = "", prose, tags = "", code, more = "", side = "", language, isAside }: Row): string {
  const lang = language ? ` lang="${language}"` : "", height = heightOf(prose) + heightOf(tags);
  const stays = !isAside && height < SCREEN * 0.8 && heightOf(code) > height + ALONG;
  return `<div class="row is-${kind}${isAside ? " aside" : ""}${isAside && isBroad(code) ? " broad" : ""}"${
    id ? ` id="${escape(id)}"` : ""
  }>` +
    `<div class="prose${stays ? " stays" : ""}"${lang}>${prose}${tags}</div><div class="code">${code}${
      side ? `<div class="side"${lang}>${side}</div>` : ""
    }</div>${more ? `<div class="prose below"${lang}>${more}</div>` : ""}</div>`;
}

const flowHtml = (kind: "text" | "program", rows: readonly Row[]): string =>
  `<div class="flow of-${kind}">\n${rows.map(rowHtml).join("\n")}\n</div>`;

/** Puts prose into two columns, or leaves a little of it in one. */
function proseHtml(rows: readonly Row[]): string[] {
  const out: string[] = [];
  let open: Row[] = [], height = 0;
  const close = (): void => {
    if (open.length > 0) out.push(height < LOW ? open.map(rowHtml).join("\n") : flowHtml("text", open));
    [open, height] = [[], 0];
  };
  for (const row of rows) {
    const own = heightOf(row.prose) + GAP;
    if (height > 0 && height + own > 2 * SCREEN) close();
    open.push(row);
    height += own;
  }
  close();
  return out;
}

/** Puts declarations beside their comments, or both into two columns. */
function programHtml(rows: readonly Row[]): string[] {
  const groups: Row[][] = [];
  for (const row of rows) {
    if (groups.length === 0 || /^reference| top\b/.test(row.kind)) groups.push([row]);
    else groups.at(-1)!.push(row);
  }
  const out: string[] = [];
  let open: Group[] = [];
  const close = (): void => {
    const height = open.reduce((sum, { above }) => sum + above, 0), all = open.flatMap(({ rows }) => rows);
    if (all.length > 0) {
      // What one column holds gains nothing from two.
      const alone = all.length < 2 && height < SCREEN || height < LOW;
      out.push(alone ? all.map(rowHtml).join("\n") : flowHtml("program", all));
    }
    open = [];
  };
  for (const group of groups.map((rows) => groupOf(withoutHole(rows)))) {
    // A line or two do not interrupt what flows.
    if (isBalanced(group) && !(open.length > 0 && group.beside < LOW)) {
      close();
      out.push(group.rows.map(rowHtml).join("\n"));
      continue;
    }
    const height = open.reduce((sum, { above }) => sum + above, 0);
    if (height > 0 && height + group.above > 2 * SCREEN) close();
    open.push(group);
  }
  close();
  return out;
}

/**
 * Arranges the parts of a page.
 *
 * @param parts in the order of the source
 * @returns HTML
 */
export function arranged(parts: readonly Part[]): string {
  const out: string[] = [];
  let open: Row[] = [], kind: "text" | "program" = "text";
  const close = (): void => {
    out.push(...kind === "text" ? proseHtml(open) : programHtml(open));
    open = [];
  };
  for (const part of parts) {
    if (typeof part === "string" || part.isAside) {
      close();
      out.push(typeof part === "string" ? part : rowHtml(part));
      continue;
    }
    // Prose between the members of a class belongs to the program.
    const isText: boolean = part.code === "" && !part.tags &&
      (kind === "text" || open.length === 0 || / top\b|^(section|opening|proofs)/.test(part.kind));
    const next: "text" | "program" = isText ? "text" : "program";
    if (next !== kind || /^proofs/.test(part.kind)) close();
    kind = next;
    open.push(part);
  }
  close();
  return out.join("\n");
}

/** A row of a page's beginning: Markdown, and what stands at its right. */
export interface OpeningRow<Wide> {
  readonly text: string;
  /** Tables, diagrams, pictures, as Markdown. */
  readonly aside: string;
  /** What goes on below the text, and below what is shown: whichever of them ends first. */
  readonly more: string;
  readonly side: string;
  /** What stands across both columns below it. */
  readonly wide?: Wide;
}

/** About how high Markdown is in a column, in pixels. */
function markdownHeight(text: string): number {
  if (/^\|/.test(text)) {
    return text.split("\n").reduce((sum, row) => sum + Math.max(1, linesOf(row, WIDE + 8)) * TABLE_ROW, 0);
  }
  if (/^```diagram/.test(text)) return 26 * text.split("\n").length + 60;
  if (/^```picture/.test(text)) return 380;
  if (/^```/.test(text)) return (text.split("\n").length - 2) * CODE_LINE + 20;
  const formulas = text.match(/^\$\$.*\$\$$|^\$\$\n[\s\S]*?\n\$\$$/gm)?.length ?? 0;
  const words = text.replace(/\$\$[\s\S]*?\$\$/g, "").replace(/\]\([^)]*\)/g, "]").replace(/\\[a-z]+|[{}$*`[\]]/g, "");
  const lines = words.split(/\n(?=- |\d+\. )/).reduce((sum, item) => sum + linesOf(item.trim(), WIDE), 0);
  return lines * LINE + formulas * FORMULA + GAP;
}

/** How much higher one column may be than the other. */
const SLACK = 200;

/** What opens a thought. */
const OPENS = /^(\*\*|## )/;

/**
 * For each paragraph, where the one thing begins and ends that it is a part of.
 *
 * @param paragraphs in order
 * @param isShown whether a paragraph stands at the right
 */
function boundOf(
  paragraphs: readonly string[],
  isShown: (paragraph: string) => boolean,
): Map<number, [number, number]> {
  const bound = new Map<number, [number, number]>();
  paragraphs.forEach((paragraph, end) => {
    if (!isShown(paragraph)) return;
    // A program has the words that lead to it, a table of symbols its formula.
    const isLed = isSymbolHead(paragraph) || /^```ts\b/.test(paragraph),
      isFirst = (at: number): boolean => OPENS.test(paragraphs[at]!);
    let start = end;
    while (isLed && start > 0 && end - start < 8 && !isShown(paragraphs[start - 1]!) && !isFirst(start)) start--;
    // Without such an opening, what is shown has the paragraph before it, and a formula the words before that.
    if (!isLed || !isFirst(start)) {
      start = Math.max(0, end - 1);
      while (start > 0 && paragraphs[start]!.startsWith("$$")) start--;
    }
    for (let i = start; i <= end; i++) bound.set(i, [start, end]);
  });
  return bound;
}

/** What cuts a page's beginning. */
export interface Cutting {
  /** Whether a paragraph stands at the right. */
  readonly isShown: (paragraph: string) => boolean;
  /** Whether it stands across both columns. */
  readonly isWide: (paragraph: string) => boolean;
  /** How high the heading is, which goes with the first paragraph; nothing by default. */
  readonly heading?: number;
  /** How high a paragraph is, where that is known. */
  readonly height?: (paragraph: string) => number | undefined;
}

/**
 * Cuts a part of a page's beginning into rows: what is shown stands beside the paragraph that it follows, with as many of those
 * after it as there is room for; the rest is prose alone.
 *
 * @param text Markdown
 * @param cutting what is shown, and how high it is
 */
export function openingRows(
  text: string,
  { isShown, isWide, heading = 0, height: known }: Cutting,
): OpeningRow<string>[] {
  type Draft = {
    text: string[];
    aside: string[];
    more: string[];
    side: string[];
    wide?: string;
    left: number;
    right: number;
  };
  const high = (paragraph: string): number => known?.(paragraph) ?? markdownHeight(paragraph);
  const sum = (of: readonly string[]): number => of.reduce((all, one) => all + high(one), 0);
  const rows: Draft[] = [],
    alone = (text: string[]): Draft => {
      return { text, aside: [], more: [], side: [], left: 0, right: 0 };
    };
  let waiting: string[] = [], current: Draft | undefined;
  const prose = (of: string[]): void => {
    // A screen at a time.
    let piece: string[] = [];
    for (const one of of) {
      if (piece.length > 0 && sum(piece) + high(one) > 2 * SCREEN) {
        rows.push(alone(piece));
        piece = [];
      }
      piece.push(one);
    }
    if (piece.length > 0) rows.push(alone(piece));
  };
  const paragraphs = paragraphsOf(text), bound = boundOf(paragraphs, isShown), room = SLACK / 2;
  for (let at = 0; at < paragraphs.length; at++) {
    const paragraph = paragraphs[at]!, [start, end] = bound.get(at) ?? [at, at];
    if (isWide(paragraph)) {
      prose(waiting);
      waiting = [];
      if (rows.length === 0) prose([""]);
      rows.at(-1)!.wide = paragraph;
      current = undefined;
      continue;
    }
    if (isShown(paragraph)) {
      if (current && waiting.length === 0 && current.more.length + current.side.length === 0) {
        current.aside.push(paragraph);
        current.right += high(paragraph);
        continue;
      }
      const own = waiting.splice(-Math.max(1, end - start));
      // A heading, and a little prose, do not stand alone, nor does a question above its idea.
      const first = rows.length === 0 ? heading : 0, before = sum(waiting) + first;
      const isQuestion = rows.length === 0 && waiting.length === 1 && before + sum(own) <= high(paragraph) + SLACK;
      if (waiting.length > 0 && (before < LOW || isQuestion)) own.unshift(...waiting.splice(0));
      prose(waiting);
      waiting = [];
      const above = own.length > 0 && rows.length === 0 ? heading : 0;
      current = { text: own, aside: [paragraph], more: [], side: [], left: sum(own) + above, right: high(paragraph) };
      rows.push(current);
      continue;
    }
    // What belongs together goes on together.
    const whole = paragraphs.slice(start, end + 1), height = sum(whole), isFree = current && waiting.length === 0;
    let led = at;
    while (paragraphs[led + 1]?.startsWith("$$")) led++;
    const sentence = paragraphs.slice(at, led + 1), low = sum(sentence);
    const isPlain = end === start || isSymbolHead(paragraphs[end]!);
    const group = end === start ? sentence : whole, tall = end === start ? low : height;
    if (
      at === start && isPlain && isFree && current!.side.length === 0 && current!.left + tall <= current!.right + room
    ) {
      current!.more.push(...group);
      current!.left += tall;
      at += group.length - 1;
    } else if (
      // What is shown does not part a thought: only a new one begins below it.
      end === start && isFree && (current!.side.length > 0 || /^\*\*/.test(paragraph)) &&
      current!.right + low <= current!.left + room
    ) {
      // The words that lead to a formula stay with it.
      current!.side.push(...sentence);
      current!.right += low;
      at = led;
    } else {
      waiting.push(paragraph);
      current = undefined;
    }
  }
  prose(waiting);
  return rows.map(({ text, aside, more, side, wide }) => ({
    text: text.join("\n\n"),
    aside: aside.join("\n\n"),
    more: more.join("\n\n"),
    side: side.join("\n\n"),
    ...(wide === undefined ? {} : { wide }),
  }));
}
