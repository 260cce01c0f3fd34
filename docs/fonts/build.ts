/**
 * # The Chinese letters of the pages
 *
 * **Question.** A term stands on a page in Chinese, and the reader's machine has no Chinese font: every character is a box. A whole
 * font weighs ten megabytes. What is sent?
 *
 * **Idea.** The characters that the pages use, cut out of one font, in two files: those of the chapters, and those that only the
 * notes, the corpora and the glossary have. A browser loads a file when a page needs one of its characters and no font before it in
 * the list has it; most machines load none.
 *
 * Run by `deno task fonts` after `deno task docs`; what it writes is committed, so that the build of the site needs no font of ten
 * megabytes.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { CHINESE, FACES, isChapter } from "./faces.ts";

/** Cuts characters out of a font. The package is only there for who runs this. */
type Subset = (font: Uint8Array, characters: string, options: { targetFormat: "woff2" }) => Promise<Uint8Array>;

const name: string = "subset-font";
const { default: subsetFont } = await import(name) as { default: Subset };

const here = new URL("./", import.meta.url), site = new URL("../site/", import.meta.url);

/** What a page shows only if a reader opens it: statements of the notes. */
const FOLDED = /<details class="said"[\s\S]*?<\/details>|<div class="cards">[\s\S]*$/g;

/** The pages of the built site. */
function* pages(folder: URL): Generator<readonly [path: string, html: string]> {
  for (const { name, isDirectory } of [...Deno.readDirSync(folder)].sort((a, b) => a.name < b.name ? -1 : 1)) {
    if (isDirectory) yield* pages(new URL(`${name}/`, folder));
    else if (name.endsWith(".html")) {
      const url = new URL(name, folder);
      yield [url.href.slice(site.href.length), Deno.readTextFileSync(url)];
    }
  }
}

const chapters = new Set<string>(), all = new Set<string>();
for (const [path, html] of pages(site)) {
  for (const one of html.match(CHINESE) ?? []) all.add(one);
  if (isChapter(path)) { for (const one of html.replace(FOLDED, "").match(CHINESE) ?? []) chapters.add(one); }
}
const font = await Deno.readFile(
  new URL("node_modules/@expo-google-fonts/noto-serif-sc/400Regular/NotoSerifSC_400Regular.ttf", here),
);
const sets = { chapters: [...chapters], others: [...all].filter((one) => !chapters.has(one)) };
const listed: Record<string, string> = {};
for (const face of FACES) {
  const characters = sets[face].sort().join("");
  const cut = await subsetFont(Buffer.from(font), characters, { targetFormat: "woff2" });
  await Deno.writeFile(new URL(`${face}.woff2`, here), cut);
  listed[face] = characters;
  console.log(`${face}: ${[...characters].length} characters, ${(cut.length / 1000).toFixed(1)} kB`);
}
await Deno.writeTextFile(new URL("characters.json", here), `${JSON.stringify(listed, undefined, 2)}\n`);
