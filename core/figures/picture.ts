/**
 * # Pictures
 *
 * A picture is SVG, in which numbers are shades and lines of one colour, and the same as text. Letters have the colour of
 * what is around them, so that it can be read on any background. It shows itself: as SVG in a notebook, as text in a terminal.
 *
 * @module
 */

import { printsItself } from "../engine/printing.ts";

/** A drawing that a notebook shows as SVG and a terminal as text. */
export class Picture {
  /** An `<svg>` element, to be put into a page or a file. */
  readonly svg: string;
  readonly #text: string;

  /**
   * Keeps both forms.
   *
   * @param svg an `<svg>` element
   * @param text the same as lines of text
   */
  constructor(svg: string, text: string) {
    this.svg = svg;
    this.#text = text;
  }

  /** The picture as lines of text, what `console.log` shows. */
  toString(): string {
    return this.#text;
  }
}
printsItself(Picture);
// What Deno's kernel of Jupyter asks of a value.
Object.defineProperty(Picture.prototype, Symbol.for("Jupyter.display"), {
  value(this: Picture): Readonly<Record<string, string>> {
    return { "image/svg+xml": this.svg, "text/plain": String(this) };
  },
});

/** Characters of a text that stand in SVG. */
const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** What shows that a token is a space or a line break. */
const SHOWN: Readonly<Record<string, string>> = { " ": "·", "\n": "⏎", "\t": "⇥" };

/** A text without characters that XML forbids and terminals obey: each has a picture in Unicode. */
export function printable(text: string): string {
  // deno-lint-ignore no-control-regex -- they are what is replaced
  return text.toWellFormed().replace(/[\x00-\x1f\x7f]/g, (sign) => {
    const code = sign.charCodeAt(0);
    return String.fromCharCode(code === 0x7f ? 0x2421 : 0x2400 + code);
  }).replace(/[\x80-\x9f\ufffe\uffff]/g, "\ufffd");
}

/** A token as it is written beside a row. */
export function shown(token: string): string {
  return printable([...token].map((sign) => SHOWN[sign] ?? sign).join("")) || "∅";
}

/** Attributes and children as an element. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  children: string | readonly string[] = "",
): string {
  const written = Object.entries(attributes).map(([key, value]) =>
    ` ${key}="${typeof value === "number" ? Number(value.toFixed(2)) : value}"`
  );
  return `<${name}${written.join("")}>${typeof children === "string" ? children : children.join("")}</${name}>`;
}

/** Words in SVG. */
export function words(text: string, attributes: Readonly<Record<string, string | number>>): string {
  return element("text", { fill: "currentColor", ...attributes }, text.replace(/[&<>"]/g, (sign) => ENTITIES[sign]!));
}

/** The whole of a drawing. */
export function drawing(width: number, height: number, label: string, children: readonly string[]): string {
  return element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: `0 0 ${Math.ceil(width)} ${Math.ceil(height)}`,
      width: Math.ceil(width),
      height: Math.ceil(height),
      role: "img",
      "aria-label": label.replace(/[&<>"]/g, (sign) => ENTITIES[sign]!),
      "font-family": "system-ui, sans-serif",
      "font-size": 12,
    },
    children,
  );
}
