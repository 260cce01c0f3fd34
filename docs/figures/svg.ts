/**
 * # Pieces of a picture
 *
 * Pictures are text: a function from data to SVG, run by the build and again in the page. Colours are the page's
 * (`currentColor` under a class), so that light, dark and print need no second picture.
 *
 * @module
 */

import { number } from "../../core/experiments/numbers.ts";
import { CHARACTERS, ITALIC, UPRIGHT } from "./widths.ts";

export { number };

/** How to draw: where, and in whose colours. */
export interface Drawing {
  /** Width in CSS pixels. */
  readonly width: number;
  /** Distinguishes the ids of this picture from all others of the page. */
  readonly id: string;
  /** The page's number for a symbol of its table, if it has one. */
  readonly hue?: (symbol: string) => number | undefined;
  /** The words of the page's language for English ones, in which `{}` stands for what is put in; English by default. */
  readonly say?: (english: string, ...values: readonly (string | number)[]) => string;
  /** Space left and right of the plot: figures that stand together share it, so that their axes line up. */
  readonly margins?: Margins;
}

/** Space beside a plot, in pixels. */
export interface Margins {
  /** For the numbers of the axis. */
  readonly left: number;
  /** For the names of the curves. */
  readonly right: number;
}

/** Height of a line of text, and of its letters. */
export const LINE = 17, FONT = 13;

/** Text as it stands in markup. */
export function escape(text: string): string {
  return text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]!)
    // deno-lint-ignore no-control-regex
    .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f]/g, "\ufffd");
}

/** A length with at most one decimal. */
export function px(x: number): string {
  return String(Math.round(x * 10) / 10);
}

/** Points from which on a path is written by differences, which compress better. */
const LONG = 24;

/**
 * A path of straight lines through points, to a tenth of a pixel.
 *
 * @param points places in pixels, one or more
 * @returns what the attribute `d` holds: absolute places of a short path, differences of a long one
 */
export function pathThrough(points: readonly (readonly [number, number])[]): string {
  const written = points.map((point) => point.map(px).join(" "));
  if (points.length < LONG) return written.length === 0 ? "" : `M${written.join("L")}`;
  // Differences of rounded places, so that no error adds up.
  const tenths = points.map((point) => point.map((x) => Math.round(10 * x)));
  const differences = tenths.slice(1).flatMap((point, i) => point.map((x, axis) => (x - tenths[i]![axis]!) / 10));
  const shortened = differences.map((x) => String(x).replace(/^(-?)0\./, "$1."));
  return `M${written[0]}l${shortened.join(" ").replaceAll(" -", "-")}`;
}

/** Attributes of an element; what is undefined is left out. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** An element with attributes; numbers are rounded to what a screen shows. */
export function el(name: string, attributes: Attributes, ...children: readonly string[]): string {
  let text = `<${name}`;
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined) text += ` ${key}="${typeof value === "number" ? px(value) : escape(value)}"`;
  }
  return children.length === 0 ? `${text}/>` : `${text}>${children.join("")}</${name}>`;
}

/** A text; `x` and `y` are where its baseline starts, ends or has its middle. */
export function label(text: string, attributes: Attributes): string {
  return el("text", attributes, escape(text));
}

/** What a pointer that rests on an element is told. */
export function tip(text: string): string {
  return `<title>${escape(text)}</title>`;
}

const WIDE =
  /[\u1100-\u115f\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

const WIDTHS = new Map([...CHARACTERS].map((c, i) => [c, [UPRIGHT[i]! / 1000, ITALIC[i]! / 1000] as const]));

/** About how wide a character is that the font of the page lacks, by what other fonts have; in parts of its size. */
function foreign(c: string): number {
  if (WIDE.test(c)) return 1;
  if (/[\p{Mark}\u200b-\u200d]/u.test(c)) return 0;
  if (c === "\u202f") return 0.2;
  // Letters and numbers above and below the line.
  return /[\u2070-\u209c\u1d2c-\u1d6a⁰¹²³]/u.test(c) ? 0.45 : 0.84;
}

/** How wide a text is, in pixels. */
export function textWidth(text: string, { size = FONT, italic = false }: TextStyle = {}): number {
  let em = 0;
  for (const c of text) em += WIDTHS.get(c)?.[italic ? 1 : 0] ?? foreign(c);
  return em * size;
}

/** How a text is set: that of axes and groups is italic. */
export interface TextStyle {
  /** In pixels; 13 by default. */
  readonly size?: number;
  /** Whether it leans. */
  readonly italic?: boolean;
}

/** As much of a text as fits. */
export function fitted(text: string, width: number, style?: TextStyle): string {
  if (textWidth(text, style) <= width) return text;
  let kept = "";
  for (const c of text) {
    if (textWidth(`${kept}${c}…`, style) > width) break;
    kept += c;
  }
  return `${kept}…`;
}

/** A text in lines of at most a width, as far as its words allow. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const longer = lines.length === 0 ? word : `${lines.at(-1)} ${word}`;
    if (lines.length === 0 || textWidth(longer) > width) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

/** A token as a reader sees it: without the space that starts a word, and with a mark where there is nothing else. */
export function shown(token: string): string {
  const word = token.length > 1 && token.startsWith(" ") ? token.slice(1) : token;
  const text = word.replaceAll("\n", "⏎").replaceAll("\t", "⇥");
  return (text.trim() === "" ? text.replaceAll(" ", "·") : text) || "∅";
}

/**
 * The class and number that give an element its colour: that of its quantity, or, of what is none, a grey in the order of
 * the series.
 */
export function tint({ hue }: Drawing, quantity: string | undefined, index: number): Attributes {
  const known = quantity === undefined ? undefined : hue?.(quantity);
  const own = `s${index % 8 + 1}`;
  // The page has eight hues; a quantity without one lights up with its page and is grey.
  if (known === undefined) return { class: own };
  return { class: known <= 8 ? `q-${known}` : `${own} q-${known}`, "data-q": String(known) };
}

/** Hues of series in order: those that differ most come first. */
const SERIES = [1, 5, 3, 2, 4, 6, 8, 7] as const;

/**
 * The colours of series that stand together: a quantity has that of its page, one that is alone is ink, the others get hues of
 * the book that no quantity among them has.
 *
 * @param drawing knows the quantities of the page
 * @param quantities of the series in order, where they are any
 * @returns what gives each series its colour
 */
export function seriesTints(drawing: Drawing, quantities: readonly (string | undefined)[]): Attributes[] {
  const known = quantities.map((quantity) => quantity === undefined ? undefined : drawing.hue?.(quantity));
  const free = SERIES.filter((hue) => !known.includes(hue));
  let next = 0;
  return quantities.map((quantity, i) => {
    if (known[i] !== undefined || quantities.length < 2) return tint(drawing, quantity, 0);
    return { class: `c${free[next++ % free.length]}` };
  });
}

/** Words in which `{}` stands for what is put in. */
export function filled(words: string, ...values: readonly (string | number)[]): string {
  let next = 0;
  return words.replaceAll("{}", () => String(values[next++] ?? ""));
}

/** The whole picture, with a name and a description for those who listen. */
export function picture(
  { width, id }: Drawing,
  { kind, height, title, description }: { kind: string; height: number; title: string; description: string },
  ...children: readonly string[]
): string {
  return el(
    "svg",
    {
      class: `picture p-${kind}`,
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: `0 0 ${px(width)} ${px(height)}`,
      width,
      height,
      role: "img",
      "aria-labelledby": `${id}-t ${id}-d`,
    },
    `<title id="${id}-t">${escape(title)}</title><desc id="${id}-d">${escape(description)}</desc>`,
    ...children,
  );
}

/** The bounds of some numbers; of none, 0 and 1. */
export function bounds(values: Iterable<number>): [number, number] {
  let low = Infinity, high = -Infinity;
  for (const x of values) {
    if (x < low) low = x;
    if (x > high) high = x;
  }
  return low <= high ? [low, high] : [0, 1];
}
