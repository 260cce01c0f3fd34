/**
 * # From a source to blocks
 *
 * **Question.** A page is checked, searched, translated and printed. What do all four look at?
 *
 * **Idea.** Blocks: what stands on the page, in order, before any of it is HTML. A block of prose has a key, the name of the
 * definition or heading that it belongs to, and a hash of its English words. A translation is kept under the key and says
 * which hash it renders; where the English has changed since, the hash differs, and the page has the English.
 *
 * | block | key |
 * | --- | --- |
 * | the page's beginning | `opening` |
 * | under a heading, in the page's beginning or further down | the heading's anchor: `pitfall-masking-after-the-softmax` |
 * | a doc comment | the name that it documents: `Cache.append` |
 * | a note in the margin | the block above it that has a name, and a count: `Cache.append/2` |
 *
 * @module
 */

import { createHash } from "node:crypto";
import { slug } from "./book.ts";
import { testsNamed } from "./proofs.ts";
import { plain } from "./words.ts";
import { type Line, type Row, separate, split, type Tag } from "./split.ts";

/** What is said in one place. */
export interface Prose {
  /** Names it on its page; no two are the same. */
  readonly key: string;
  /** Of heading, text and tags in English, however the lines are broken. */
  readonly hash: string;
  /** Markdown above the text: the page's title, or that of a part; empty if it has none. */
  readonly heading: string;
  /** Markdown. */
  readonly text: string;
  /** Tags of a doc comment. */
  readonly tags: readonly Tag[];
  /** Tests that the English names. */
  readonly tests: readonly string[];
  /** The language, where it is not English. */
  readonly language?: string;
}

/** A part of a page. */
export type Block =
  /** The page's beginning, and its parts with headings. */
  | { readonly kind: "opening"; readonly prose: Prose; readonly anchor: string }
  /** A shader's header, whose prose stands in columns. */
  | { readonly kind: "header"; readonly text: string }
  /** Prose beside code: under a heading, of a doc comment, of the margin; code that nothing is said about. */
  | {
    readonly kind: "section" | "reference" | "note" | "code";
    readonly prose: Prose | undefined;
    readonly code: readonly Line[];
    /** Where links to it lead: the anchor of a heading, the name that a doc comment is about. */
    readonly anchor: string;
    /** Names that it declares at the top of the file. */
    readonly names: readonly string[];
  }
  /** What is folded begins: its title, its introduction, the names that are declared in it, the lines of code that it has. */
  | {
    readonly kind: "region";
    readonly prose: Prose;
    readonly anchor: string;
    readonly names: readonly string[];
    readonly lines: number;
  }
  /** It ends. */
  | { readonly kind: "endregion" }
  /** An experiment. */
  | { readonly kind: "figure"; readonly name: string };

/** Blocks that have prose beside code. */
export type TextBlock = Extract<Block, { readonly code: unknown }>;

/** What the compiler knows of a source. */
export interface Names {
  /** Numbers of the lines that begin inside a string. */
  readonly inside?: ReadonlySet<number> | undefined;
  /** Anchors by the lines that define them. */
  readonly anchors: ReadonlyMap<number, readonly string[]>;
  /** Names of the file's own definitions by line, members apart. */
  readonly top: ReadonlyMap<number, string>;
}

/** A short name for a text, the same however its lines are broken. */
export function hashOf(...texts: readonly string[]): string {
  return createHash("sha256").update(texts.join("\n").replace(/\s+/g, " ").trim()).digest("hex").slice(0, 8);
}

/** Gives each name once, none that is taken: the second `pitfall` is `pitfall-2`. */
function counter(taken: Iterable<string>): (name: string) => string {
  const used = new Set(taken);
  return (name) => {
    let unique = name;
    for (let i = 2; used.has(unique); i++) unique = `${name}-${i}`;
    used.add(unique);
    return unique;
  };
}

function proseOf(key: string, heading: string, text: string, tags: readonly Tag[] = []): Prose {
  const said = tags.filter(({ kind }) => kind !== "example").map(({ kind, name, text }) => `@${kind} ${name} ${text}`);
  return { key, hash: hashOf(heading, text, ...said), heading, text, tags, tests: testsNamed(text) };
}

/** A text that begins with a heading, apart. */
function headed(text: string): { heading: string; text: string } {
  const [, heading = "", rest = text] = /^##? (.*)\n?([\s\S]*)$/.exec(text) ?? [];
  return { heading, text: rest.trim() };
}

/**
 * Reads a source.
 *
 * @param source TypeScript, AssemblyScript or WGSL
 * @param title what the page is called if its source does not say
 * @param names what is known about it
 * @returns blocks in the order of the source; together they hold every line of code
 */
export function blocksOf(source: string, title: string, { inside, anchors, top }: Names): Block[] {
  // A name leads to what it names; a heading of the same words steps aside.
  const rows = split(source, inside), blocks: Block[] = [], unique = counter([...anchors.values()].flat());
  const isHeader = source.startsWith("// ");
  if (rows[0]?.kind !== "opening") {
    blocks.push({ kind: "opening", anchor: "", prose: proseOf(unique("opening"), title, "") });
  }
  let owner = "opening", notes = 0;
  const keyOf = ({ kind, prose }: Row, anchor: string): string => {
    if (kind === "section" || kind === "region" || kind === "reference" && anchor) {
      owner = anchor;
      notes = 0;
      return owner;
    }
    return prose ? unique(`${owner}/${++notes}`) : "";
  };
  let region: number | undefined;
  const close = (): void => {
    if (region !== undefined) blocks.push({ kind: "endregion" });
    region = undefined;
  };
  for (const row of rows) {
    if (row.kind === "region" || row.kind === "endregion") close();
    if (row.kind === "endregion") continue;
    if (row.kind === "region") {
      const { heading, text } = headed(row.prose), anchor = unique(slug(heading));
      region = blocks.length;
      blocks.push({
        kind: "region",
        anchor,
        names: [],
        lines: 0,
        prose: proseOf(keyOf(row, anchor), heading, text),
      });
      continue;
    }
    if (row.kind === "opening") {
      if (isHeader) blocks.push({ kind: "header", text: row.prose });
      else {
        row.prose.split(/^(?=## )/m).forEach((part, at) => {
          const { heading, text } = headed(part), anchor = at === 0 ? "" : unique(slug(heading));
          const prose = proseOf(at === 0 ? unique("opening") : anchor, at === 0 ? title : heading, text);
          blocks.push({ kind: "opening", anchor, prose });
        });
      }
      continue;
    }
    const { heading, text } = row.kind === "section" ? headed(row.prose) : { heading: "", text: row.prose };
    const numbers = row.code.map(({ number }) => number);
    const anchor = row.kind === "section"
      ? unique(slug(heading))
      : row.kind === "reference"
      ? numbers.flatMap((number) => anchors.get(number) ?? [])[0] ?? ""
      : "";
    const said = row.prose !== "" || row.tags.length > 0;
    const names = row.kind === "reference" ? numbers.flatMap((number) => top.get(number) ?? []) : [];
    const key = keyOf(row, anchor);
    const around = region === undefined ? undefined : blocks[region];
    if (around?.kind === "region") {
      const own = names.filter((name) => !around.names.includes(name));
      blocks[region!] = { ...around, names: [...around.names, ...own], lines: around.lines + row.code.length };
    }
    const end = row.kind === "note" ? nextMember(row.code, anchors) : row.code.length;
    blocks.push({
      kind: row.kind,
      anchor,
      names,
      code: end < row.code.length ? row.code.slice(0, end - 1) : row.code,
      prose: said ? proseOf(key, heading, text, row.tags) : undefined,
    });
    if (end < row.code.length) {
      blocks.push({ kind: "code", anchor: "", names: [], code: row.code.slice(end), prose: undefined });
    }
  }
  close();
  return blocks;
}

/** The place in a note's code where, below an empty line, something else begins that has a name and no comment. */
function nextMember(code: readonly Line[], anchors: Names["anchors"]): number {
  const at = code.findIndex(({ number }, i) => i > 0 && code[i - 1]!.text.trim() === "" && anchors.has(number));
  return at < 0 ? code.length : at;
}

/** Lines of functions and classes after which a page has shown its core. */
const CORE = 12;

/**
 * The block after which the core of the code has been shown: the declaration with which functions and classes come to so many lines,
 * all of them where they do not, the beginning where there are none. What is folded is no core.
 */
function coreEnd(blocks: readonly Block[]): number {
  const beginning = blocks.findLastIndex(({ kind }) => kind === "opening" || kind === "header");
  const isTop = (block: Block | undefined): boolean =>
    !block || !("code" in block) || block.kind === "section" || block.kind === "reference" && block.names.length > 0;
  let end = beginning, lines = 0, counts = false;
  for (let at = beginning + 1; at < blocks.length; at++) {
    const block = blocks[at]!;
    if (!("code" in block) || block.kind === "section") break;
    if (isTop(block)) {
      counts = block.code.some(({ text }) => /^(export )?(abstract |async )*(function|class)\b/.test(text));
    }
    if (!counts) continue;
    lines += block.code.length;
    if (!isTop(blocks[at + 1])) continue;
    end = at;
    if (lines >= CORE) break;
  }
  return end;
}

/**
 * Puts each experiment where the source says: below the part with a heading, or the text between two definitions, that links to its
 * program. The others stand below the core of the code, which they test.
 */
export function withFigures(
  blocks: readonly Block[],
  experiments: readonly { readonly name: string; readonly program: string | undefined }[],
): Block[] {
  const figure = ({ name }: { readonly name: string }): Block => ({ kind: "figure", name });
  let waiting = experiments, isFolded = false;
  const named = blocks.map((block) => {
    if (block.kind === "region" || block.kind === "endregion") isFolded = block.kind === "region";
    const hasHeading = (block.kind === "opening" || block.kind === "section") && block.anchor !== "";
    const isBetween = block.kind === "note" && block.code.length === 0;
    if (!(hasHeading || isBetween) || isFolded) return [];
    const found = waiting.filter(({ program }) =>
      program !== undefined && new RegExp(`\\]\\((?:\\.\\./)?experiments/${program}\\)`).test(block.prose?.text ?? "")
    );
    waiting = waiting.filter((one) => !found.includes(one));
    return found.map(figure);
  });
  const core = coreEnd(blocks);
  return blocks.flatMap((block, at) => [block, ...at === core ? waiting.map(figure) : [], ...named[at]!]);
}

/** Prose of another language, by file and key. */
export interface Layer {
  /** Such as `zh`. */
  readonly language: string;
  /** Its words for a block, or nothing where there are none, or none for this English. */
  find(path: string, key: string, hash: string): string | undefined;
}

/**
 * The blocks of a page in another language, in English where that is missing or older than the English.
 *
 * @param blocks in English
 * @param path the source of the page
 * @param layer the other language
 * @returns blocks with the same keys, code and figures
 */
export function inLanguage(blocks: readonly Block[], path: string, layer: Layer): Block[] {
  const translated = (prose: Prose): Prose => {
    const markdown = layer.find(path, prose.key, prose.hash);
    if (markdown === undefined) return prose;
    const { heading, text: said } = headed(markdown), { prose: text, tags } = separate(said);
    const examples = prose.tags.filter(({ kind }) => kind === "example");
    return {
      ...prose,
      heading: heading || prose.heading,
      text,
      tags: [...tags, ...examples],
      language: layer.language,
    };
  };
  return blocks.map((block) => "prose" in block && block.prose ? { ...block, prose: translated(block.prose) } : block);
}

/** The first paragraph of a page without its label: what lists say of it. */
export function descriptionOf(blocks: readonly Block[], label = "Question"): string {
  const first = blocks[0],
    text = first?.kind === "opening" ? first.prose.text : first?.kind === "header" ? first.text : "";
  return plain(text.split("\n\n")[0]!).replace(new RegExp(`^(?:Question|${label})[.。] ?`), "");
}
