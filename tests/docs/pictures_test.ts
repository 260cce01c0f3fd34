/** Pictures of pages: where they stand, what they say to those who cannot see them, and what is wrong without. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { passagesOf, takenOut } from "../../docs/passages.ts";
import { textWidth } from "../../docs/figures/svg.ts";
import type { Picture } from "../../docs/picture.ts";
import { type Loaded, loadPictures, Pictures, WIDTHS } from "../../docs/pictures.ts";
import { picture as attentionMap } from "../../docs/pictures/attention_map.ts";
import { picture as rotaryDecay } from "../../docs/pictures/rotary_decay.ts";
import { plain } from "../../docs/words.ts";
import { granted } from "../permissions.ts";

const drawn: Picture<number> = {
  alternative: (count, say) => `${count} ${say("squares")}`,
  draw: ({ width, say }) => ({ width, height: 10, parts: [`<text>${say("square")}</text>`] }),
};
const loadedWith = (picture: Picture<number>, words: Loaded["words"] = {}): Loaded => ({
  picture: picture as Picture<unknown>,
  numbers: 4,
  words,
});

/** Pictures, and what is said of them. */
function pictures(found: Readonly<Record<string, Loaded>>): { all: Pictures; problems: string[] } {
  const problems: string[] = [];
  const all = new Pictures(new Map(Object.entries(found)), (where, text) => problems.push(`${where}: ${text}`));
  return { all, problems };
}
const setting = { caption: "Squares", language: "en", hue: () => undefined, link: (path: string) => path };

Deno.test("a picture's block is a name and a caption, which may take several lines", () => {
  const text = "Words.\n\n```picture squares Four squares,\nand $x$.\n```\n\nMore.";
  const { text: rest, beside: pictures } = takenOut(text);
  assertEquals(pictures, [{ kind: "picture", name: "squares", caption: "Four squares, and $x$." }]);
  assertEquals(rest, "Words.\n\n\n\nMore.");
  assertEquals(passagesOf(text).at(-1), pictures[0]);
  assertEquals(plain(text), "Words. Four squares, and x. More.");
  // What is shown as Markdown is no picture.
  assertEquals(takenOut("````md\n```picture squares A\n```\n````").beside, []);
});

Deno.test("a picture is drawn for each width, and says what is seen in the language of its prose", () => {
  const { all, problems } = pictures({ squares: loadedWith(drawn, { zh: { squares: "个方块", square: "方块" } }) });
  const html = all.html("squares", "core/a.ts", setting);
  assertEquals([...html.matchAll(/class="picture p-drawn ([^"]*)"/g)].map(([, shown]) => shown), [
    "at-wide at-beside",
    "at-phone",
  ]);
  assertMatch(html, /role="img" aria-label="4 squares"/);
  assertMatch(html, /<figcaption>Squares<\/figcaption>/);
  assertMatch(all.html("squares", "core/a.ts", { ...setting, language: "zh" }), /aria-label="4 个方块"><text>方块/);
  all.finish();
  assertEquals(problems, []);
  // One that is narrow enough for a phone is drawn once.
  const narrow = pictures({
    squares: loadedWith({ ...drawn, draw: () => ({ width: 200, height: 9, parts: ["<a x"] }) }),
  });
  assertMatch(
    narrow.all.html("squares", "core/a.ts", setting),
    /^<figure[^>]*><div[^>]*><svg class="picture p-drawn at-wide at-beside at-phone"[^>]* role="group"/,
  );
});

Deno.test("what is wrong with a picture is said in one sentence", () => {
  const { all, problems } = pictures({
    squares: loadedWith({ ...drawn, alternative: " " }, { zh: { circle: "圆" } }),
    wide: loadedWith({ ...drawn, draw: ({ width }) => ({ width: width + 1, height: 1, parts: [] }) }),
    alone: loadedWith(drawn),
  });
  assertEquals(all.html("circles", "core/a.ts", setting), "");
  all.html("squares", "core/a.ts", { ...setting, caption: "", language: "zh" });
  all.html("wide", "core/a.ts", setting);
  all.finish();
  assertEquals(problems, [
    'core/a.ts: No picture is called "circles": docs/pictures/circles.ts is not there',
    "core/a.ts: The picture squares has no caption",
    "docs/pictures/squares.ts: The picture has no alternative for those who cannot see it",
    "docs/pictures/wide.ts: The picture is 561 wide where it has 560",
    "docs/pictures/wide.ts: The picture is 321 wide where it has 320",
    'docs/zh/pictures/squares.ts: The picture does not say "circle"',
    "docs/pictures/alone.ts: No page shows this picture",
  ]);
});

Deno.test(
  "nothing in a picture of the book stands outside of it, at any width",
  { ignore: !granted("read") },
  async () => {
    const problems: string[] = [],
      all = await loadPictures(["zh"], (where, text) => problems.push(`${where}: ${text}`));
    const names = [...Deno.readDirSync(new URL("../../docs/pictures/", import.meta.url))].map(({ name }) => name);
    for (const name of names.map((name) => name.replace(/\.ts$/, ""))) {
      for (const language of ["en", "zh"]) {
        const html = all.html(name, "core/a.ts", { ...setting, language });
        for (const svg of html.match(/<svg [^]*?<\/svg>/g) ?? []) {
          const [, width, height] = /viewBox="0 0 (\S+) (\S+)"/.exec(svg)!.map(Number);
          // On a phone many small parts stand below each other.
          const highest = width! <= WIDTHS.phone ? 2000 : 1200;
          assert(width! <= WIDTHS.wide && height! <= highest, `${name}: ${width} × ${height}`);
          // Within a group that is moved, places are the group's. Groups may stand in each other: the innermost go first.
          let fixed = svg;
          for (let before = ""; before !== fixed;) {
            before = fixed;
            fixed = fixed.replace(
              /<g\b([^>]*)>((?:(?!<g\b)[^])*?)<\/g>/g,
              (_, attributes: string, content: string) => attributes.includes("transform=") ? "" : content,
            );
          }
          for (
            const [element, attributes, content] of fixed.matchAll(
              /<(?:text|rect|circle)\b([^>]*)>(?:([^<]*)<\/text>)?/g,
            )
          ) {
            const number = (key: string) => Number(new RegExp(` ${key}="([-\\d.]+)"`).exec(attributes!)?.[1] ?? 0);
            const anchor = / text-anchor="(\w+)"/.exec(attributes!)?.[1];
            const wide = content ? textWidth(content) * (/small/.test(attributes!) ? 11 / 13 : 1) : number("width");
            const turned = / transform="translate\((\S+) (\S+)\) rotate\(-90\)"/.exec(attributes!);
            if (turned) {
              // The title of an axis, written upwards around its middle.
              const [x, y] = turned.slice(1).map(Number), half = wide / 2;
              assert(
                x! >= 0 && x! <= width! && y! - half >= -1 && y! + half <= height! + 1,
                `${name} at ${width}: ${element}`,
              );
              continue;
            }
            const left = number("x") - (anchor === "end" ? wide : anchor === "middle" ? wide / 2 : 0);
            assert(left >= -1 && left + wide <= width! + 1, `${name} at ${width}: ${element} ends at ${left + wide}`);
            assert(number("y") >= 0 && number("y") + number("height") <= height! + 1, `${name}: ${element}`);
          }
        }
      }
    }
    assertEquals(problems, []);
  },
);

Deno.test("the map of weights has rows that sum to one, and looks where its page says", {
  ignore: !granted("read"),
}, async () => {
  const { keys, queries, weights } = await attentionMap.measure!();
  for (const row of weights) assert(Math.abs(row.reduce((a, b) => a + b) - 1) < 1e-5);
  /** Weight of the step that writes a word on some tokens. */
  const weight = (written: string, ...tokens: string[]): number =>
    tokens.reduce(
      (sum, token) => sum + weights[queries.findIndex(([, word]) => word === written)]![keys.indexOf(token)]!,
      0,
    );
  assert(weight("like", "喜欢") > 0.9);
  assert(weight("apples", "苹", "果") > 0.9);
  assert(keys.every((key) => weight("eat", key) < 0.5));
});

Deno.test("the bound on scores of RoPE falls, and so does the score of equal vectors, but not that of random ones", async () => {
  const { bound, equal, random } = await rotaryDecay.measure!();
  assert(bound.at(-1)! < 0.3 && equal.at(-1)! < 0.5);
  // In waves: it rises again somewhere.
  assert(equal.some((x, i) => i > 0 && x > equal[i - 1]!));
  // The relative error of a standard deviation of N draws is 1/√2N; two of them are divided.
  assert(random.every((x) => Math.abs(x - 1) < 5 * Math.sqrt(2) / Math.sqrt(2 * 2000)));
});
