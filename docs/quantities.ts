/**
 * # A quantity has one colour
 *
 * **Question.** The $Q$ of the formula is the `query` of the code. How does a reader see it without looking it up?
 *
 * **Idea.** The page's symbol table says which belong together. Each of its rows is a quantity and gets a hue; whatever
 * names it, in a formula, in inline code or in the program, is marked with the quantity's number. The theme gives
 * numbers their colours, the script lights up all of one number when one of them is pointed at.
 *
 * Hues are few, for colour-blind readers have to tell them apart: eight that differ in lightness too. Single numbers, which
 * need a colour least, get what tensors leave over; a quantity without a hue still lights up.
 *
 * @module
 */

/** How many hues the theme has. */
export const HUES = 8;

/** A row of a symbol table, or a part of one that holds several. */
export interface Quantity {
  /** Counted from 1: the colour, if it is at most {@linkcode HUES}. */
  readonly number: number;
  /** TeX, as in the table. */
  readonly symbols: readonly string[];
  /** Names in the code: `query`, `embedding.weight`. */
  readonly names: readonly string[];
  /** The rest of the row: shape or meaning. */
  readonly meaning: string;
}

/** Cells of a row of a Markdown table. */
export function cells(line: string): string[] {
  return line.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((cell) => cell.trim());
}

/** The identifier that a piece of code starts with, if it is a name or a call. */
function nameOf(code: string): string | undefined {
  return /^([A-Za-z_]\w*(?:\.\w+)*)(?:\(.*\))?$/.exec(code)?.[1];
}

/** A row of a symbol table, as written. */
export interface SymbolRow {
  readonly symbol: string;
  readonly code: string;
  /** Shape or meaning. */
  readonly meaning: string;
}

/** The symbol table of a page's beginning, row by row. */
export function symbolRows(prose: string): SymbolRow[] {
  const lines = prose.split("\n"), head = lines.findIndex((line) => /^\| *symbol/.test(line));
  const end = lines.findIndex((line, at) => at > head && !line.startsWith("|"));
  if (head < 0) return [];
  return lines.slice(head + 2, end < 0 ? undefined : end).map((line) => {
    const [symbol = "", code = "", meaning = ""] = cells(line);
    return { symbol, code, meaning };
  });
}

/**
 * Reads the symbol table of a page.
 *
 * @param prose Markdown of the page's beginning
 * @returns quantities in the order of the table
 */
export function quantitiesOf(prose: string): Quantity[] {
  const found: Omit<Quantity, "number">[] = [];
  for (const { symbol, code, meaning } of symbolRows(prose)) {
    const symbols = [...symbol.matchAll(/\$([^$]+)\$/g)].map(([, tex]) => tex!);
    const names = [...code.matchAll(/`([^`]+)`/g)].map(([, text]) => nameOf(text!)).filter((name) =>
      name !== undefined
    );
    if (symbols.length === 0 && names.length === 0) continue;
    if (symbols.length > 1 && symbols.length === names.length) {
      symbols.forEach((tex, i) => found.push({ symbols: [tex], names: [names[i]!], meaning }));
    } else found.push({ symbols, names, meaning });
  }
  const uses = new Map<string, number>();
  for (const { names } of found) for (const name of names) uses.set(name, (uses.get(name) ?? 0) + 1);
  const rank = ({ symbols, meaning }: Omit<Quantity, "number">): number =>
    (symbols.length === 0 ? 2 : 0) + (/^one number/.test(meaning) ? 1 : 0);
  const order = found.toSorted((a, b) => rank(a) - rank(b));
  // A name that two rows share says nothing by itself.
  return found.map((quantity) => ({
    ...quantity,
    names: quantity.names.filter((name) => uses.get(name) === 1),
    number: order.indexOf(quantity) + 1,
  }));
}

const TOKEN = /\\[A-Za-z]+|\\.|\s+|[\s\S]/gu;

/** Commands whose argument is text. */
const TEXT = new Set(["\\mathrm", "\\text", "\\textrm", "\\operatorname", "\\mathit", "\\begin", "\\end"]);

const tokensOf = (tex: string): string[] => tex.match(TOKEN) ?? [];

/**
 * Marks the symbols of a formula with the numbers of their quantities.
 *
 * @param tex the formula
 * @param quantities those of the page
 * @returns the formula with `\htmlData` around every symbol of the table
 */
export function colourTex(tex: string, quantities: readonly Quantity[]): string {
  const patterns = quantities.flatMap(({ number, symbols }) =>
    symbols.map((symbol) => ({ number, tokens: tokensOf(symbol).filter((token) => token.trim() !== "") }))
  ).toSorted((a, b) => b.tokens.length - a.tokens.length);
  const tokens = tokensOf(tex);
  /** The end of the pattern if it stands at `at`. */
  const matches = (pattern: readonly string[], at: number): number | undefined => {
    for (const token of pattern) {
      while (tokens[at]?.trim() === "") at++;
      if (tokens[at] !== token) return undefined;
      at++;
    }
    return at;
  };
  /** The end of the group or token at `at`. */
  const argument = (at: number): number => {
    while (tokens[at]?.trim() === "") at++;
    if (tokens[at] !== "{") return at + 1;
    for (let depth = 0; at < tokens.length; at++) {
      if (tokens[at] === "{") depth++;
      if (tokens[at] === "}" && --depth === 0) return at + 1;
    }
    return at;
  };
  let out = "";
  for (let at = 0; at < tokens.length;) {
    // A lone letter below another is a label, and O( is an order of growth.
    const label = tokens[at - 1] === "_" || tokens[at] === "O" && tokens[at + 1] === "(";
    const found = label || tokens[at]!.trim() === ""
      ? undefined
      : patterns.map(({ number, tokens: pattern }) => ({ number, end: matches(pattern, at) }))
        .find(({ end }) => end !== undefined);
    if (found) {
      const symbol = tokens.slice(at, found.end).join("").trim();
      out += `{\\htmlData{q=${found.number}}{${symbol}}}`;
      at = found.end!;
    } else if (TEXT.has(tokens[at]!)) {
      const end = argument(at + 1);
      out += tokens.slice(at, end).join("");
      at = end;
    } else out += tokens[at++];
  }
  return out;
}

/** Where quantities stand in a text of code: `[start, end, number]`, not overlapping. */
export function findNames(
  code: string,
  quantities: readonly Quantity[],
): [start: number, end: number, number: number][] {
  const names = quantities.flatMap(({ number, names }) => names.map((name) => ({ name, number })))
    .toSorted((a, b) => b.name.length - a.name.length);
  if (names.length === 0) return [];
  const numbers = new Map(names.map(({ name, number }) => [name, number]));
  const pattern = new RegExp(
    `(?<![\\w$])(?:${names.map(({ name }) => name.replaceAll(".", "\\.")).join("|")})(?![\\w$])`,
    "g",
  );
  return [...code.matchAll(pattern)].map((
    match,
  ) => [match.index, match.index + match[0].length, numbers.get(match[0])!]);
}

/** Cuts a formula where a printed book would break it: at wide spaces, and at narrower ones after a comma. */
export function partsOf(tex: string): string[] {
  const parts = [""];
  let depth = 0;
  for (const token of tokensOf(tex)) {
    if (token === "{" || token === "\\begin" || token === "\\left") depth++;
    if (token === "}" || token === "\\end" || token === "\\right") depth--;
    const breaks = token === "\\qquad" || token === "\\quad" && /,\s*$/.test(parts.at(-1)!);
    if (depth === 0 && breaks) parts.push("");
    else parts[parts.length - 1] += token;
  }
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}
