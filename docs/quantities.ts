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

/** Whether a line is the head of a symbol table, in any language of the site. */
export const isSymbolHead = (line: string): boolean => /^\| *(?:symbol|符号)/.test(line);

/** The symbol table of a page's beginning, row by row. */
export function symbolRows(prose: string): SymbolRow[] {
  const lines = prose.split("\n"), head = lines.findIndex(isSymbolHead);
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
    (symbols.length === 0 ? 2 : 0) + (/^(?:one number|一个数)/.test(meaning) ? 1 : 0);
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

/** A bracket and whatever it holds up to where it closes. */
const REST = "…]";

/**
 * How a symbol of the table stands in formulas: as it is, with other indices above, with any argument, and
 * a list as a whole.
 *
 * @param symbol TeX: `W_K^i`, `P(\cdot)`, `W_Q^1 \dots W_Q^h`, `[a_1; \dots]`
 * @returns patterns of tokens without spaces
 */
function patternsOf(symbol: string): string[][] {
  const full = (tex: string): string[] => tokensOf(tex).filter((token) => token.trim() !== "");
  const [first = "", rest] = symbol.replace("(\\cdot)", "").split("\\dots");
  if (rest !== undefined && symbol.startsWith("[")) return [[...full(first), REST]];
  const base = /^(.+_(?:\w|\{[^{}]*\}|\\\w+\{[^{}]*\}))\^/.exec(first)?.[1];
  return [...rest === undefined ? [] : [full(symbol)], full(first), ...base === undefined ? [] : [full(base)]];
}

/**
 * Marks the symbols of a formula with the numbers of their quantities.
 *
 * @param tex the formula
 * @param quantities those of the page
 * @returns the formula with `\htmlData` around every symbol of the table
 */
export function colourTex(tex: string, quantities: readonly Quantity[]): string {
  const patterns = quantities.flatMap(({ number, symbols }) =>
    symbols.flatMap((symbol) => patternsOf(symbol).map((tokens) => ({ number, tokens })))
  ).toSorted((a, b) => b.tokens.length - a.tokens.length);
  const tokens = tokensOf(tex);
  const skip = (at: number): number => {
    while (tokens[at]?.trim() === "") at++;
    return at;
  };
  /** The end of the group or token at `at`. */
  const argument = (at: number): number => {
    at = skip(at);
    // A command that sets text takes its argument along.
    if (TEXT.has(tokens[at] ?? "")) at = skip(at + 1);
    if (tokens[at] !== "{") return at + 1;
    for (let depth = 0; at < tokens.length; at++) {
      if (tokens[at] === "{") depth++;
      if (tokens[at] === "}" && --depth === 0) return at + 1;
    }
    return at;
  };
  /** The end of the pattern if it stands at `at`. */
  const matches = (pattern: readonly string[], at: number): number | undefined => {
    let indexed = false;
    for (const [i, token] of pattern.entries()) {
      if (token === REST) {
        for (let depth = 1; depth > 0; at++) {
          if (at >= tokens.length) return undefined;
          if (tokens[at] === "[") depth++;
          if (tokens[at] === "]") depth--;
        }
        return at;
      }
      at = skip(at);
      if (tokens[at] !== token) return undefined;
      at++;
      if (token === "_") indexed = true;
      // The table's $z - m$ is the formula's $z_i - m$, its $R - b$ is $R(Y) - b$.
      const next = pattern[i + 1], isLetter = /^(\p{L}|\\[A-Za-z]+)$/u.test(token) && !TEXT.has(token);
      if (!isLetter || next === undefined || pattern[i - 1] === "_") continue;
      if (next !== "_" && tokens[skip(at)] === "_") at = argument(skip(at) + 1);
      if (next !== "(" && tokens[skip(at)] === "(") {
        const close = tokens.indexOf(")", at);
        if (close > 0) at = close + 1;
      }
    }
    // An exponent stands above the index, hence in the same group.
    return indexed && tokens[skip(at)] === "^" ? argument(skip(at) + 1) : at;
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
      const end = argument(at);
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
  // The code says `this.up` of what files call `up.weight`.
  const layers = names.filter(({ name }) => /^\w+\.weight$/.test(name)).map(({ name, number }) => {
    const layer = name.replace(".weight", "");
    if (!numbers.has(layer)) numbers.set(layer, number);
    return `(?<=\\bthis\\.|\\breadonly )${layer}`;
  });
  // What every array has is not the page's.
  const own = names.map(({ name }) => (name === "length" ? "(?<!\\.)" : "") + name.replaceAll(".", "\\??\\."));
  const pattern = new RegExp(`(?<![\\w$])(?:${[...own, ...layers].join("|")})(?![\\w$])`, "g");
  return [...code.matchAll(pattern)].map((
    match,
  ) => [match.index, match.index + match[0].length, numbers.get(match[0].replaceAll("?.", "."))!]);
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

/** Glyphs that a formula may have in one line. */
const LONG = 40;

/** Relations at which a chain of equations is broken. */
const RELATIONS = new Set(["=", "\\approx", "\\le", "\\ge", "\\equiv"]);

/**
 * Cuts a long chain $a = b \approx c$ where a printed book would break it: before its relations.
 *
 * @param tex a part of a formula
 * @returns the left side, then each relation with what follows it; the formula alone if it is short or has one relation
 */
export function chainOf(tex: string): string[] {
  const tokens = tokensOf(tex), parts = [""];
  const glyphs = tokens.filter((token) =>
    !/^(\s+|[{}^_]|\\(left|right|[bB]igg?|mathrm|text|[td]?frac|[;,!:]|q?quad))$/.test(token)
  );
  if (glyphs.length < LONG) return [tex];
  let depth = 0;
  for (const token of tokens) {
    if (/^([{([]|\\\{|\\begin)$/.test(token)) depth++;
    if (/^([})\]]|\\\}|\\end)$/.test(token)) depth--;
    if (depth === 0 && RELATIONS.has(token)) parts.push(token);
    else parts[parts.length - 1] += token;
  }
  return parts.length < 3 ? [tex] : parts.map((part) => part.replace(/\\[;,!:]\s*$/, "").trim());
}
