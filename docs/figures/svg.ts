/**
 * # Pieces of a picture
 *
 * Pictures are text: a function from data to SVG, run by the build and again in the page. Colours are the page's
 * (`currentColor` under a class), so that light, dark and print need no second picture.
 *
 * @module
 */

/** How to draw: where, and in whose colours. */
export interface Drawing {
  /** Width in CSS pixels. */
  readonly width: number;
  /** Distinguishes the ids of this picture from all others of the page. */
  readonly id: string;
  /** The page's number for a symbol of its table, if it has one. */
  readonly hue?: (symbol: string) => number | undefined;
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

type Attributes = Readonly<Record<string, string | number | undefined>>;

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

/** Widths of letters of the page's face, in hundredths of its size; the first row that has a letter counts. */
const WIDTHS: readonly (readonly [RegExp, number])[] = [
  [WIDE, 100],
  [/\p{Mark}/u, 0],
  [/[ijl.,:;!'| ]/, 30],
  [/[ft()[\]/-]/, 36],
  [/[crsIJ?"]/, 46],
  [/[mMW%@—]/, 96],
  [/[w…]/, 84],
  [/[A-Z]/, 69],
  [/[bdhnopqu]/, 62],
  [/./su, 55],
];

/** About how wide a text is, in pixels. */
export function textWidth(text: string, size: number = FONT): number {
  let sum = 0;
  for (const c of text) sum += WIDTHS.find(([letter]) => letter.test(c))![1];
  return sum / 100 * size;
}

/** As much of a text as fits. */
export function fitted(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let kept = "";
  for (const c of text) {
    if (textWidth(`${kept}${c}…`) > width) break;
    kept += c;
  }
  return `${kept}…`;
}

/** A token as a reader sees it: spaces and line breaks visible where they matter. */
export function shown(token: string): string {
  const word = token.length > 1 && token.startsWith(" ") ? token.slice(1) : token;
  return word.replaceAll("\n", "⏎").replaceAll("\t", "⇥").replaceAll(" ", "·") || "∅";
}

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** A number as a table or an axis shows it. */
export function number(value: number, digits = 4): string {
  if (value === 0) return "0";
  if (!Number.isFinite(value)) return String(value).replace("-", "−").replace("Infinity", "∞");
  const size = Math.abs(value);
  if (size >= 1e7 || size < 1e-3) {
    const [mantissa = "", power = ""] = value.toExponential(Math.min(2, digits - 1)).split("e");
    const raised = [...power.replace("+", "")].map((c) => c === "-" ? "⁻" : SUPERSCRIPTS[Number(c)]!).join("");
    const factor = Number(mantissa);
    return `${factor === 1 ? "" : `${factor}·`}10${raised}`.replace("-", "−");
  }
  const short = Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(digits)));
  const [whole = "", part] = short.replace("-", "−").split(".");
  // Five digits and more are set in threes.
  const grouped = whole.replace("−", "").length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, "\u202f") : whole;
  return part === undefined ? grouped : `${grouped}.${part}`;
}

/** The class and number that give an element its colour: its quantity's, or its own in the order of the series. */
export function tint({ hue }: Drawing, quantity: string | undefined, index: number): Attributes {
  const known = quantity === undefined ? undefined : hue?.(quantity);
  const own = `s${index % 8 + 1}`;
  // The page has eight hues; a quantity without one lights up with its page and has a colour of its own here.
  if (known === undefined) return { class: own };
  return { class: known <= 8 ? `q-${known}` : `${own} q-${known}`, "data-q": String(known) };
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
