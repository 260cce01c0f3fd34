/** Chinese letters that the site ships. */

import { assert, assertEquals } from "@std/assert";
import { type Characters, CHINESE, FACES } from "../../docs/fonts/faces.ts";
import { granted } from "../permissions.ts";

const ignore = !granted("read"), root = new URL("../../", import.meta.url);
const read = (path: string): string => Deno.readTextFileSync(new URL(path, root));

/** What pages of the book are made of. */
function* sources(folder: URL): Generator<URL> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (isDirectory) yield* sources(new URL(`${name}/`, folder));
    else if (/\.(ts|md)$/.test(name)) yield new URL(name, folder);
  }
}

Deno.test("the shipped fonts have the Chinese letters of chapters, glossary and notes; each once, in few bytes", {
  ignore,
}, () => {
  const characters = JSON.parse(read("docs/fonts/characters.json")) as Characters;
  const all = FACES.flatMap((face) => [...characters[face]]), shipped = new Set(all);
  assertEquals(shipped.size, all.length);
  const missing = new Map<string, string>();
  for (
    const folder of [
      "core/02_words/",
      "core/04_attention/",
      "core/05_transformer/",
      "core/06_training/",
      "core/07_generation/",
      "docs/notes/",
      "docs/pages/",
    ]
  ) {
    for (const url of sources(new URL(folder, root))) {
      for (const one of Deno.readTextFileSync(url).match(CHINESE) ?? []) {
        if (!shipped.has(one)) missing.set(one, url.href.slice(root.href.length));
      }
    }
  }
  assertEquals([...missing], [], "deno task docs, then deno task fonts");
  const sizes = FACES.map((face) => Deno.statSync(new URL(`docs/fonts/${face}.woff2`, root)).size);
  assert(sizes[0]! < 100_000 && sizes[1]! < 200_000, sizes.join());
});
