/**
 * # Fonts, style and scripts
 *
 * **Question.** What does every page load, and where does it come from?
 *
 * **Idea.** Fonts and the style of formulas are taken from their packages, Chinese letters from `fonts/`, the rest lies in `theme/`: five sheets, which become
 * one file, three more for pages of a source and for statements of the notes, and a script. What is only for those who write
 * them is left out.
 *
 * @module
 */

import { FACES } from "./fonts/faces.ts";

const here = new URL("./", import.meta.url);

/** A style sheet or a script without what is only for those who write it; neither has a text of several lines. */
export function squeezed(text: string, name: string): string {
  return name.endsWith(".css")
    ? text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/\s+/g, " ").replace(/ ?([{};,>]) ?/g, "$1").replace(/: /g, ":")
      .replace(/;}/g, "}")
    : text.split("\n").map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("// ")).join("\n");
}

/** Sheets of the theme, one file in the site; later ones refine earlier ones. */
const STYLES = ["base", "page", "front", "dialogs", "print"];

/** The sheet of pages of a source: their columns, what is folded on them, what runs there. */
export const ROWS = "assets/rows.css";

/** Fonts, style and scripts. */
export async function theme(): Promise<Map<string, string | Uint8Array>> {
  const found = new Map<string, string | Uint8Array>();
  const modules = new URL("node_modules/", here);
  const take = async (name: string, path: string): Promise<void> =>
    void found.set(`assets/${name}`, await Deno.readFile(new URL(path, modules)));
  const serif = "@fontsource-variable/source-serif-4/files/source-serif-4-latin-wght";
  await take("serif.woff2", `${serif}-normal.woff2`);
  await take("serif-italic.woff2", `${serif}-italic.woff2`);
  await take("mono.woff2", "@fontsource-variable/jetbrains-mono/files/jetbrains-mono-latin-wght-normal.woff2");
  for (const face of FACES) {
    found.set(`assets/${face}.woff2`, await Deno.readFile(new URL(`fonts/${face}.woff2`, here)));
  }
  const css = await Deno.readTextFile(new URL("katex/dist/katex.min.css", modules));
  const fonts = new Set<string>();
  found.set(
    "assets/katex.css",
    css.replace(/src:url\(fonts\/([\w-]+\.woff2)\)[^;}]*/g, (_, font) => {
      fonts.add(font);
      return `font-display:swap;src:url(fonts/${font}) format("woff2")`;
    }),
  );
  for (const font of fonts) await take(`fonts/${font}`, `katex/dist/fonts/${font}`);
  const themed = (name: string): string => squeezed(Deno.readTextFileSync(new URL(`theme/${name}`, here)), name);
  found.set("assets/style.css", STYLES.map((name) => themed(`${name}.css`)).join(""));
  found.set(ROWS, ["rows", "folded"].map((name) => themed(`${name}.css`)).join(""));
  found.set("assets/notes.css", themed("notes.css"));
  found.set("assets/client.js", themed("client.js"));
  return found;
}
