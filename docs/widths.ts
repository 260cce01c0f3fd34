/**
 * # How wide letters are
 *
 * **Question.** A picture is laid out before any browser has seen it. How wide will its texts be?
 *
 * **Idea.** The font says. This reads the advance of every character that a figure may write from the font that the site
 * ships, and writes them as a small table for the figures, which the build and the page share. Kerning is left out: over a
 * label it amounts to less than a pixel.
 *
 * `deno run --allow-read --allow-write --config docs/deno.json docs/widths.ts` writes the table; the build compares it with the font.
 *
 * @module
 */

import { brotliDecompressSync } from "node:zlib";

const FONT = new URL("node_modules/@fontsource-variable/source-serif-4/files/", import.meta.url);
const TABLE = new URL("figures/widths.ts", import.meta.url);

/** ASCII, and what captions, numbers and tokens have beside it. */
const CHARACTERS: string = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join("") +
  "\u00a0°±²³·¹×éü–—‘’“”…\u2009\u202f−√∞≈≤≥";

/** Names of the tables that WOFF2 writes as numbers, as far as they are needed, by number. */
const KNOWN: Readonly<Record<number, string>> = { 0: "cmap", 1: "head", 2: "hhea", 3: "hmtx", 10: "glyf", 11: "loca" };

/** The tables of a WOFF2 file whose metrics are stored as they are (W3C, WOFF File Format 2.0). */
function tablesOf(file: Uint8Array<ArrayBuffer>): Map<string, DataView> {
  const view = new DataView(file.buffer), found: [name: string, length: number][] = [];
  let at = 48;
  const size = (): number => {
    for (let value = 0;;) {
      const byte = file[at++]!;
      value = value * 128 + (byte & 127);
      if (byte < 128) return value;
    }
  };
  for (let i = view.getUint16(12); i > 0; i--) {
    const flags = file[at++]!, name = KNOWN[flags & 63] ?? `table ${flags & 63}`;
    if ((flags & 63) === 63) at += 4;
    let length = size();
    // The outlines are transformed unless their version is 3; everything else unless it is 0.
    const isTransformed = name === "glyf" || name === "loca" ? flags >> 6 === 0 : flags >> 6 !== 0;
    if (isTransformed) length = size();
    if (isTransformed && name === "hmtx") throw new Error("Cannot read the font: its metrics are transformed");
    found.push([name, length]);
  }
  const data = brotliDecompressSync(file.subarray(at, at + view.getUint32(20)));
  const tables = new Map<string, DataView>();
  let start = 0;
  for (const [name, length] of found) {
    tables.set(name, new DataView(data.buffer, data.byteOffset + start, length));
    start += length;
  }
  return tables;
}

/** The glyph of a character, by the map of the basic plane; 0 if the font lacks it. */
function glyphOf(cmap: DataView, code: number): number {
  for (let i = 0; i < cmap.getUint16(2); i++) {
    const at = cmap.getUint32(8 + 8 * i);
    if (cmap.getUint16(at) !== 4) continue;
    const count = cmap.getUint16(at + 6), ends = at + 14, starts = ends + count + 2;
    for (let s = 0; s < count; s += 2) {
      const start = cmap.getUint16(starts + s);
      if (code > cmap.getUint16(ends + s) || code < start) continue;
      const delta = cmap.getUint16(starts + count + s), offset = cmap.getUint16(starts + 2 * count + s);
      const glyph = offset === 0 ? code : cmap.getUint16(starts + 2 * count + s + offset + 2 * (code - start));
      return glyph === 0 ? 0 : (glyph + delta) & 0xffff;
    }
  }
  return 0;
}

/** Advances in thousandths of the size; 0 where the font lacks the character. */
async function advances(style: "normal" | "italic"): Promise<number[]> {
  const tables = tablesOf(await Deno.readFile(new URL(`source-serif-4-latin-wght-${style}.woff2`, FONT)));
  const metrics = tables.get("hmtx")!, last = tables.get("hhea")!.getUint16(34) - 1;
  const unit = tables.get("head")!.getUint16(18);
  return [...CHARACTERS].map((character) => {
    const glyph = glyphOf(tables.get("cmap")!, character.codePointAt(0)!);
    return glyph === 0 ? 0 : Math.round(1000 * metrics.getUint16(4 * Math.min(glyph, last)) / unit);
  });
}

/** The table as a module. */
export async function widthsModule(): Promise<string> {
  const upright = await advances("normal"), italic = await advances("italic");
  const shown = [...CHARACTERS].filter((_, i) => upright[i]! > 0 && italic[i]! > 0);
  const list = (widths: readonly number[]): string => {
    const words = [...CHARACTERS].flatMap((_, i) => upright[i]! > 0 && italic[i]! > 0 ? [`${widths[i]},`] : []);
    const lines = [""];
    for (const word of words) {
      if (`${lines.at(-1)} ${word}`.length > 118) lines.push("");
      lines[lines.length - 1] += lines.at(-1) === "" ? word : ` ${word}`;
    }
    return lines.map((line) => `  ${line}\n`).join("");
  };
  const quoted = JSON.stringify(shown.join("")).replace(
    /[\u00a0\u2009\u202f]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `/**
 * Advances of Source Serif 4 in thousandths of the size, made from the font by \`docs/widths.ts\`.
 *
 * @module
 */

/** The characters that follow each other in the tables. */
export const CHARACTERS =
  ${quoted};

/** Upright, in weight 400. */
// deno-fmt-ignore
export const UPRIGHT: readonly number[] = [
${list(upright)}];

/** Italic, in weight 400. */
// deno-fmt-ignore
export const ITALIC: readonly number[] = [
${list(italic)}];
`;
}

/** What is wrong with the committed table, if anything. */
export async function widthsProblem(): Promise<string | undefined> {
  const wanted = await widthsModule();
  return await Deno.readTextFile(TABLE) === wanted
    ? undefined
    : "The widths of letters are not those of the font: run docs/widths.ts";
}

if (import.meta.main) await Deno.writeTextFile(TABLE, await widthsModule());
