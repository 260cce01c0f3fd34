/**
 * # From a source to rows
 *
 * **Question.** A source is one column of lines. Where does the prose end and the code begin?
 *
 * **Idea.** Three voices speak in comments: the book (the doc comment at the top, and blocks that open with `## `),
 * the reference (a doc comment above a declaration) and the margin (a comment on lines of its own). Each starts a row:
 * the comment stands at the left, and the lines that follow it, up to the next comment, at the right. A comment that
 * shares its line with code stays there.
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
  /** Who speaks: the page's beginning, a block of the book, the reference, or a note in the margin. */
  readonly kind: "opening" | "section" | "reference" | "note" | "code";
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
    } else if (own(at, /^\s*\/\//) && !DIRECTIVE.test(lines[at]!)) {
      while (own(at, /^\s*\/\//) && !DIRECTIVE.test(lines[at]!)) at++;
      const prose = lines.slice(start, at).map((line) => line.replace(/^\s*\/\/ ?/, "")).join("\n").trim();
      begin(/^## /.test(prose) ? "section" : "note", prose);
    } else {
      if (!row || row.kind === "opening") begin("code", "");
      row!.code.push({ number: at + 1, text: lines[at]! });
      at++;
    }
  }
  return rows.map((row) => ({ ...row, code: trim(row.code) }))
    .filter(({ prose, tags, code }) => prose !== "" || tags.length > 0 || code.length > 0);
}

/** Without the empty lines at both ends. */
function trim(code: readonly Line[]): Line[] {
  const full = (line: Line): boolean => line.text.trim() !== "";
  const first = code.findIndex(full), last = code.findLastIndex(full);
  return first < 0 ? [] : code.slice(first, last + 1);
}
