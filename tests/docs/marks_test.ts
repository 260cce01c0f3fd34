/** Marks of a language that say nothing, and rules of a style that nothing needs. */

import { assertEquals, assertThrows } from "@std/assert";
import { withoutMarks } from "../../docs/marks.ts";
import { needed } from "../../docs/theme.ts";

Deno.test("withoutMarks() takes out what says the language of its surroundings, and nothing else", () => {
  const page = (inside: string): string => `<!doctype html>\n<html lang="zh"><body>${inside}</body></html>`;
  const cases: readonly (readonly [string, string])[] = [
    [`<p><span lang="zh">词</span>（token）<span lang="zh">是</span></p>`, "<p>词（token）是</p>"],
    [`<p><span lang="zh" id="term-词">词</span></p>`, `<p><span lang="zh" id="term-词">词</span></p>`],
    [
      `<div lang="en"><p>word (<span lang="zh">词</span>)</p></div>`,
      `<div lang="en"><p>word (<span lang="zh">词</span>)</p></div>`,
    ],
    [
      `<p lang="en">a <b lang="zh"><span lang="zh">词<br>组</span></b></p>`,
      `<p lang="en">a <b lang="zh">词<br>组</b></p>`,
    ],
    // The style puts dots below the Chinese words of an emphasis.
    [`<p><em>BLEU <span lang="zh">的词</span></em></p>`, `<p><em>BLEU <span lang="zh">的词</span></em></p>`],
    [`<svg><path d="M0 0"/></svg><span lang="zh">图</span>`, `<svg><path d="M0 0"/></svg>图`],
    [`<script>if (a < b) c("</p>")</script><i>d</i>`, `<script>if (a < b) c("</p>")</script><i>d</i>`],
  ];
  for (const [before, after] of cases) assertEquals(withoutMarks(page(before)), page(after));
  assertThrows(() => withoutMarks("<p><i></p>"), SyntaxError, "Cannot read a page: </p> ends what is not open");
});

Deno.test("needed() keeps rules of classes that pages have, and the fonts that they name", () => {
  const css = "@font-face{font-family:Large;src:url(a)}@font-face{font-family:Script;src:url(b)}" +
    ".k{color:red}.k .big,.k .none{font-family:Large,serif}.k .curly{font-family:Script}";
  assertEquals(
    needed(css, [`<p class="k">`, `<p class="big x">`]),
    "@font-face{font-family:Large;src:url(a)}.k{color:red}.k .big{font-family:Large,serif}",
  );
});
