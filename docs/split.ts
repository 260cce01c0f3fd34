/**
 * # From a source to rows
 *
 * **Question.** A source is one column of lines. Where does the prose end and the code begin?
 *
 * **Idea.** Three voices speak in comments: the book (the doc comment at the top, and blocks that open with `## `; each further `## ` in a block opens one more),
 * the reference (a doc comment above a declaration) and the margin (a comment on lines of its own). Each starts a row:
 * the comment stands at the left, and the lines that follow it, up to the next comment, at the right. A comment that
 * shares its line with code stays there. Between `// #region TITLE` and `// #endregion` stands what is folded on the page; the
 * comment that goes on after the title introduces it.
 *
 * @module
 */

/** A line of code and its number in the file. */
export interface Line {
  /** Counted from 1. */
  readonly number: number;
  /** As it is, without the line feed. */
  readonly text: string;
}

/** A tag of a doc comment. */
export interface Tag {
  /** Without the at sign: `param`, `returns`, … */
  readonly kind: string;
  /** The parameter or the type of error, if the tag has one. */
  readonly name: string;
  /** What is said about it. */
  readonly text: string;
}

/** A row of a page. */
export interface Row {
  /** Who speaks: the page's beginning, a block of the book, the reference, or a note in the margin; where a region begins and ends. */
  readonly kind: "opening" | "section" | "reference" | "note" | "code" | "region" | "endregion";
  /** Markdown. */
  readonly prose: string;
  /** Tags after the prose, in order. */
  readonly tags: readonly Tag[];
  /** What the prose is about. */
  readonly code: readonly Line[];
}

/** Removes the stars of a doc comment. */
export function uncomment(lines: readonly string[]): string {
  const text = lines.join("\n").replace(/^\s*\/\*\*/, "").replace(/\*\/\s*$/, "");
  return text.split("\n").map((line) => line.replace(/^\s*\* ?/, "").trimEnd()).join("\n").trim();
}

/** Separates the text of a doc comment from its tags. */
export function separate(text: string): { prose: string; tags: Tag[] } {
  const prose: string[] = [], tags: { kind: string; lines: string[] }[] = [];
  let fenced = false;
  for (const line of text.split("\n")) {
    const tag = fenced ? null : /^@(\w+)\s?(.*)$/.exec(line);
    if (/^\s*```/.test(line)) fenced = !fenced;
    if (tag) tags.push({ kind: tag[1]!, lines: [tag[2]!] });
    else (tags.at(-1)?.lines ?? prose).push(line);
  }
  return { prose: prose.join("\n").trim(), tags: tags.map(({ kind, lines }) => toTag(kind, lines.join("\n").trim())) };
}

function toTag(kind: string, text: string): Tag {
  if (kind === "param" || kind === "typeParam" || kind === "template") {
    const [, name = "", rest = ""] = /^(\S+)\s*([\s\S]*)$/.exec(text) ?? [];
    return { kind: kind === "template" ? "typeParam" : kind, name, text: rest };
  }
  if (kind === "throws") {
    const [, name = "", rest = text] = /^\{([^}]*)\}\s*([\s\S]*)$/.exec(text) ?? [];
    return { kind, name, text: rest };
  }
  return { kind, name: "", text: text.replace(/^\{[^}]*\}\s*/, "") };
}

/** Comments that speak to tools. */
const DIRECTIVE = /^\s*\/\/\s*(deno-(lint|fmt|coverage)-ignore|@ts-|@inline$|include )/;

/** What begins and ends a region. */
const REGION = /^\/\/ #region\b ?(.*)$/, ENDREGION = /^\/\/ #endregion\b/;

/**
 * What is wrong with the regions of a source.
 *
 * @param source TypeScript or WGSL
 * @returns a sentence for each, with the number of its line
 */
export function regionProblems(source: string): string[] {
  const lines = source.split("\n"), problems: string[] = [];
  let open = 0;
  lines.forEach((line, at) => {
    const [, mark] = /^\s*\/\/\s*#(region|endregion)\b/.exec(line) ?? [];
    if (!mark) return;
    const complain = (text: string): void => void problems.push(`${at + 1}: ${text}`);
    if (!REGION.test(line) && !ENDREGION.test(line)) return complain(`// #${mark} does not stand at the left edge`);
    const next = lines.slice(at + 1).find((line) => line.trim() !== "" && !/^\/\/(?! #)/.test(line)) ?? "";
    if (/^[\s})\]]/.test(next)) complain(`// #${mark} stands within a declaration`);
    if (mark === "region") {
      if (open > 0) complain(`A region begins within that of line ${open}`);
      if (REGION.exec(line)![1]!.trim() === "") complain("A region has no title");
      if (ENDREGION.test(next)) complain("A region holds nothing");
      open = at + 1;
    } else {
      if (open === 0) complain("A region ends that has not begun");
      open = 0;
    }
  });
  if (open > 0) problems.push(`${open}: A region does not end`);
  return problems;
}

/** Whether a line is a comment of its own that is prose. */
const isComment = (line: string): boolean =>
  /^\s*\/\//.test(line) && !DIRECTIVE.test(line) && !REGION.test(line) && !ENDREGION.test(line);

/**
 * Cuts a source into rows.
 *
 * @param source TypeScript, AssemblyScript or WGSL
 * @param inside numbers of the lines that begin inside a string and hence cannot be comments
 * @returns rows in the order of the source; together they hold every line of code
 */
export function split(source: string, inside: ReadonlySet<number> = new Set()): Row[] {
  const lines = source.split("\n"), rows: Row[] = [];
  let row: { kind: Row["kind"]; prose: string; tags: Tag[]; code: Line[] } | undefined;
  const begin = (kind: Row["kind"], prose: string, tags: Tag[] = []): void => {
    row = { kind, prose, tags, code: [] };
    rows.push(row);
  };
  const own = (at: number, pattern: RegExp): boolean => !inside.has(at + 1) && pattern.test(lines[at] ?? "");
  let at = 0;
  if (own(0, /^\/\/ \S+ — /)) {
    // A shader's header.
    for (; own(at, /^\/\//); at++);
    begin("opening", lines.slice(0, at).map((line) => line.replace(/^\/\/ ?/, "")).join("\n"));
  }
  while (at < lines.length) {
    const start = at;
    if (own(at, /^\s*\/\*\*(?!\/)/)) {
      while (at < lines.length && !lines[at]!.includes("*/")) at++;
      at++;
      const { prose, tags } = separate(uncomment(lines.slice(start, at)));
      const opens = start === 0 && (tags.some(({ kind }) => kind === "module") || lines[at]?.trim() === "");
      begin(opens ? "opening" : "reference", prose, tags.filter(({ kind }) => kind !== "module"));
    } else if (own(at, REGION)) {
      at++;
      while (own(at, /^\s*\/\//) && isComment(lines[at]!)) at++;
      begin("region", `## ${REGION.exec(lines[start]!)![1]}\n\n${proseOf(lines.slice(start + 1, at))}`);
    } else if (own(at, ENDREGION)) {
      at++;
      begin("endregion", "");
    } else if (own(at, /^\s*\/\//) && isComment(lines[at]!)) {
      while (own(at, /^\s*\/\//) && isComment(lines[at]!)) at++;
      for (const prose of partsOf(proseOf(lines.slice(start, at)))) {
        begin(/^## /.test(prose) ? "section" : "note", prose);
      }
    } else {
      if (!row || /^(opening|region|endregion)$/.test(row.kind)) begin("code", "");
      row!.code.push({ number: at + 1, text: lines[at]! });
      at++;
    }
  }
  return rows.map((row) => ({ ...row, code: trim(row.code) }))
    .filter(({ kind, prose, tags, code }) =>
      kind === "endregion" || prose !== "" || tags.length > 0 || code.length > 0
    );
}

/** A text cut at its headings of the second level, those in code apart. */
function partsOf(prose: string): string[] {
  const parts: string[][] = [[]];
  let isFenced = false;
  for (const line of prose.split("\n")) {
    if (/^\s*```/.test(line)) isFenced = !isFenced;
    if (!isFenced && line.startsWith("## ")) parts.push([]);
    parts.at(-1)!.push(line);
  }
  return parts.map((lines) => lines.join("\n").trim()).filter((part) => part !== "");
}

/** The text of comment lines. */
const proseOf = (lines: readonly string[]): string =>
  lines.map((line) => line.replace(/^\s*\/\/ ?/, "")).join("\n").trim();

/** Without the empty lines at both ends. */
function trim(code: readonly Line[]): Line[] {
  const full = (line: Line): boolean => line.text.trim() !== "";
  const first = code.findIndex(full), last = code.findLastIndex(full);
  return first < 0 ? [] : code.slice(first, last + 1);
}
