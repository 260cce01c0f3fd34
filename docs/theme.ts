/**
 * # Fonts, style and scripts
 *
 * **Question.** What does every page load, and where does it come from?
 *
 * **Idea.** Fonts and the style of formulas are taken from their packages, Chinese letters from `fonts/`, the rest lies in
 * `theme/`: four sheets, which become one file, others for pages of a source, for those without, and for statements of the
 * notes, and a script. What is only for those who write them is left out, and so are the rules for signs that no formula of
 * the site has.
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
const STYLES = ["base", "page", "dialogs", "print"];

/** The sheet of pages without a source: lists, references, the glossary. */
export const FRONT = "assets/front.css";

/** The sheet of pages with formulas: of KaTeX's, what they need. */
export const FORMULAS = "assets/katex.css";

/** The sheet of pages of a source: their columns, what is folded on them, what runs there. */
export const ROWS = "assets/rows.css";

/**
 * The rules of a style sheet that a page of the site needs.
 *
 * @param css without media queries
 * @param pages all of them
 * @returns rules of which a selector has only classes of the pages, and the fonts that these rules name
 */
export function needed(css: string, pages: Iterable<string>): string {
  const classes = new Set<string>();
  for (const html of pages) {
    for (const [, names] of html.matchAll(/ class="([^"]*)"/g)) for (const name of names!.split(" ")) classes.add(name);
  }
  const rules = [...css.matchAll(/([^{}]+)\{([^{}]*)\}/g)].flatMap(([, selectors, body]) => {
    const kept = selectors!.split(",").filter((selector) =>
      [...selector.matchAll(/\.([a-zA-Z][\w-]*)/g)].every(([, name]) => classes.has(name!))
    );
    return kept.length === 0 ? [] : [{ selectors: kept.join(","), body: body! }];
  });
  const familyOf = (body: string): string | undefined => /font-family:"?([\w ]+)/.exec(body)?.[1];
  const used = rules.filter(({ selectors }) => selectors !== "@font-face").map(({ body }) => body).join(";");
  return rules.filter(({ selectors, body }) => selectors !== "@font-face" || used.includes(familyOf(body)!))
    .map(({ selectors, body }) => `${selectors}{${body}}`).join("");
}

/**
 * Fonts, style and scripts.
 *
 * @param pages all of the site
 */
export async function theme(pages: Iterable<string>): Promise<Map<string, string | Uint8Array>> {
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
  const css = needed(await Deno.readTextFile(new URL("katex/dist/katex.min.css", modules)), pages),
    fonts: string[] = [];
  found.set(
    FORMULAS,
    css.replace(/font-display:block;/g, "").replace(/src:url\(fonts\/([\w-]+\.woff2)\)[^;}]*/g, (_, font) => {
      fonts.push(font);
      return `font-display:swap;src:url(fonts/${font}) format("woff2")`;
    }),
  );
  for (const font of fonts) await take(`fonts/${font}`, `katex/dist/fonts/${font}`);
  const themed = (name: string): string => squeezed(Deno.readTextFileSync(new URL(`theme/${name}`, here)), name);
  found.set("assets/style.css", STYLES.map((name) => themed(`${name}.css`)).join(""));
  found.set(ROWS, ["rows", "folded"].map((name) => themed(`${name}.css`)).join(""));
  found.set(FRONT, themed("front.css"));
  found.set("assets/notes.css", themed("notes.css"));
  found.set("assets/client.js", themed("client.js"));
  return found;
}
