/** The layer of another language: what is stale is not shown, and what has no place is told. */

import { assertEquals, assertThrows } from "@std/assert";
import { hashOf } from "../../docs/blocks.ts";
import { LANGUAGES, openLayer, readRenderings } from "../../docs/layer.ts";
import type { Words } from "../../core/experiments/experiment.ts";
import { EXPERIMENTS } from "../../core/experiments/registry.ts";
import { languagesOf, wordsOf } from "../../docs/languages.ts";
import { ENGLISH } from "../../docs/phrases.ts";
import { granted } from "../permissions.ts";

const language = {
  phrases: { ...ENGLISH, language: "zh" },
  folder: "docs/zh/",
  titles: { "04/a.ts": ["A", "甲"] },
} as const;
const FILE = "<!-- opening 00000001 -->\n\n**问题。** 为什么？\n\n<!-- a/1 00000002 -->\n# 标题\n\n旁注\n";

const open = (list: readonly string[] = ["docs/zh/04/a.md"]) =>
  openLayer(language, (path) => path === "docs/zh/04/a.md" ? FILE : undefined, list);

Deno.test("readRenderings() reads blocks by key and refuses words without a key, and a key that is there twice", () => {
  const found = readRenderings(FILE);
  assertEquals([...found.keys()], ["opening", "a/1"]);
  assertEquals(found.get("a/1"), { hash: "00000002", markdown: "# 标题\n\n旁注" });
  assertEquals(readRenderings(""), new Map());
  assertThrows(() => readRenderings("lost\n<!-- a 00000001 -->\nfound"), SyntaxError, '"lost"');
  assertThrows(() => readRenderings(`${FILE}${FILE}`), SyntaxError, "opening: they are there twice");
});

Deno.test("openLayer() shows a block only for the English that it renders, and lists the others with their hash", () => {
  const layer = open();
  assertEquals(layer.find("core/04/a.ts", "opening", "00000001"), "**问题。** 为什么？");
  assertEquals(layer.find("core/04/a.ts", "a/1", "00000009"), undefined);
  assertEquals(layer.find("core/04/b.ts", "opening", "00000001"), undefined);
  assertEquals([...layer.shown], ["docs/zh/04/a.md: opening"]);
  assertEquals([...layer.stale], [["docs/zh/04/a.md: a/1", "00000009"]]);
  assertEquals(layer.title("core/04/a.ts", "A"), "甲");
  assertEquals(layer.unused(), []);
});

Deno.test("openLayer() tells of blocks that no page has, and of titles that are not those of today", () => {
  const layer = open();
  assertEquals(layer.unused(), ["docs/zh/titles.ts: 04/a.ts", "docs/zh/04/a.md: opening", "docs/zh/04/a.md: a/1"]);
  assertEquals([layer.title("core/04/a.ts", "A"), layer.title("core/04/b.ts", "B")], ["甲", "B"]);
  assertEquals(layer.title("core/04/a.ts", "A2"), "A2");
  assertEquals([...layer.stale], [["docs/zh/titles.ts: core/04/a.ts", "A2"]]);
});

Deno.test("openLayer() finds a page that is one block by the hash of all of it", () => {
  const text = "# A page\n", file = `<!-- page ${hashOf(text)} -->\n# 一页\n`;
  const layer = openLayer(language, (path) => path === "docs/zh/pages/index.md" ? file : undefined, []);
  assertEquals(layer.page("docs/pages/index.md", text), "# 一页");
  assertEquals(layer.page("docs/pages/index.md", "# Another page\n"), undefined);
});

Deno.test("an experiment says in every language what it says in English", { ignore: !granted("read") }, async () => {
  for (const entry of EXPERIMENTS) {
    const parts = (words: Words) => [Object.keys(words).sort(), Object.keys(words.constants ?? {})];
    const english = parts(await entry.words());
    for (const language of languagesOf(entry.name)) {
      assertEquals(parts(await wordsOf(entry, language)), english, `${entry.name} in ${language}`);
    }
  }
});

Deno.test("every language has words for all that scripts say", { ignore: !granted("read") }, () => {
  for (const { phrases: { script, figures, language } } of LANGUAGES) {
    // What a page loads at once has its words in the page; what comes later brings words of its own.
    const atOnce = ["theme/client.js", "live/live.ts", "live/programs.ts"];
    const later = ["live/experiment.ts", "figures/mod.ts", "playground/title_live.ts"];
    for (const [paths, words] of [[atOnce, script], [later, { ...script, ...figures }]] as const) {
      const said = new Set<string>();
      for (const path of paths) {
        const text = Deno.readTextFileSync(new URL(`../../docs/${path}`, import.meta.url));
        for (const [, calls] of text.matchAll(/\bsay\(([^()]*)/g)) {
          for (const [, one] of calls!.matchAll(/"([^"]+)"/g)) said.add(one!);
        }
      }
      assertEquals([...said].filter((one) => !(one in words)), [], language);
    }
    assertEquals(Object.keys(script).filter((one) => one in figures), [], language);
  }
});
