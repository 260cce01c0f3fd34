/** How rows fill a page. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { arranged, heightOf, openingRows, type Row } from "../../docs/arrange.ts";

const words = (count: number): string => "word ".repeat(count).trim();
const prose = (count: number, kind = "section top"): Row => ({ kind, prose: `<p>${words(count)}</p>`, code: "" });
const lines = (count: number): string =>
  `<pre><code>${`<span class="line">const x = 1;\n</span>`.repeat(count)}</code></pre>`;
const program = (comment: number, code: number, kind = "reference top"): Row => ({
  kind,
  prose: comment > 0 ? `<p>${words(comment)}</p>` : "",
  code: lines(code),
});

/** The pieces of a page: what flows, and rows that stand alone. */
const pieces = (html: string): string[] =>
  html.split("\n").flatMap((line) => /^<div class="(flow of-\w+|row)/.exec(line)?.[1] ?? []);

const rows = (text: string, heading = 0) =>
  openingRows(text, {
    isShown: (one) => /^(\||```(picture a|ts))/.test(one),
    isWide: (one) => one.startsWith("```picture wide"),
    heading,
  });
const table = "| symbol | in code | shape |\n| --- | --- | --- |\n| $x$ | `x` | one |",
  picture = "```picture a Caption\n```";

Deno.test("heightOf() grows with words, lines of code and rows, and leaves out what is folded or only heard", () => {
  const line = heightOf(`<p>${words(5)}</p>`);
  assert(heightOf(`<p>${words(100)}</p>`) > 4 * line);
  assert(heightOf(lines(20)) > 15 * 20 && heightOf(lines(20)) < 30 * 20);
  assertEquals(heightOf(`<details class="imports"><summary>imports</summary>${lines(90)}</details>`) < 40, true);
  assertEquals(heightOf(`<span class="katex-mathml"><math>x</math></span>`), 0);
});

Deno.test("arranged() lets prose alone flow through both columns, a screen at a time, and leaves a little of it where it is", () => {
  assertEquals(pieces(arranged([prose(20)])), ["row"]);
  assertEquals(pieces(arranged([prose(150), prose(150)])), ["flow of-text", "row", "row"]);
  const long = pieces(arranged(Array.from({ length: 12 }, () => prose(150))));
  assert(long.filter((piece) => piece === "flow of-text").length > 1);
  assertEquals(long.filter((piece) => piece === "row").length, 12);
});

Deno.test("arranged() puts code beside what is about as high, and above it where little is said", () => {
  assertEquals(pieces(arranged([program(80, 9)])), ["row"]);
  assertEquals(pieces(arranged([program(5, 14), program(5, 14)])), ["flow of-program", "row", "row"]);
  // Steps with their notes stay side by side.
  const steps = [program(5, 12), program(3, 8, "note"), program(3, 8, "note"), program(3, 8, "note")];
  assertEquals(pieces(arranged(steps)), ["row", "row", "row", "row"]);
  // Parameters that are higher than the code above the first step stand below the last one.
  const tags = `<dl class="tags">${`<dd>${words(30)}</dd>`.repeat(8)}</dl>`;
  const tagged = arranged([{ ...steps[0]!, tags }, ...steps.slice(1)]);
  assertEquals(pieces(tagged), ["row", "row", "row", "row"]);
  assertMatch(tagged.split('\n<div class="row').at(-1)!, /class="tags"/);
  assertEquals(tagged.match(/class="tags"/g)!.length, 1);
  // A member that follows without words has none of them.
  const followed = arranged([{ ...steps[0]!, tags }, ...steps.slice(1), program(0, 3, "code")]);
  assertMatch(followed.split('\n<div class="row').at(-2)!, /class="tags"/);
  // What goes across interrupts; nothing is lost, and the order is that of the source.
  const mixed = arranged([prose(150), program(5, 30), program(5, 31), `<div class="wide">figure</div>`, prose(10)]);
  assertMatch(mixed, /of-text[^]*of-program[^]*class="wide"[^]*class="row/);
  assertEquals(mixed.match(/class="line"/g)!.length, 61);
});

Deno.test("openingRows() puts what is shown beside the paragraph above it, or across both columns", () => {
  const [first, second] = rows(`${words(350)}\n\nIdea.\n\n${picture}\n\nMore.`);
  assertEquals([first!.text, first!.aside], [words(350), ""]);
  assertEquals([second!.text, second!.aside, second!.more], ["Idea.", picture, "More."]);
  // A little prose above it goes along, as does a heading.
  assertEquals(rows(`Short.\n\nIdea.\n\n${picture}`, 90).map(({ text }) => text), ["Short.\n\nIdea."]);
  // So does a question, where both are not much higher than the picture.
  const question = words(150);
  assertEquals(rows(`${question}\n\nIdea.\n\n${picture}`).map(({ text }) => text), [`${question}\n\nIdea.`]);
  const wide = rows("A.\n\n```picture wide Caption\n```\n\nB.");
  assertEquals(wide.map(({ text, wide }) => [text, wide !== undefined]), [["A.", true], ["B.", false]]);
});

Deno.test("openingRows() puts the table of symbols beside the formula and the words that lead to it", () => {
  const formula = "**Formula.** With $x$,\n\n$$y = x$$\n\nwhere all is one.";
  const found = rows(`${words(200)}\n\n${formula}\n\n${table}\n\n${words(300)}`);
  assertEquals(found.map(({ text }) => text), [words(200), formula, words(300)]);
  assertEquals(found[1]!.aside, table);
});

Deno.test("openingRows() keeps what is worked by hand with its program, and a formula with its table below it", () => {
  const hand = `**By hand.** ${words(30)}\n\n${words(60)}`, program = `\`\`\`ts\n${"f();\n".repeat(30)}\`\`\``;
  const formula = "**Formula.** With $x$,\n\n$$y = x$$";
  const found = rows([words(200), picture, hand, program, formula, table, words(300)].join("\n\n"));
  assertEquals(found.map(({ text }) => text), [words(200), hand, words(300)]);
  assertEquals([found[1]!.aside, found[1]!.more], [program, `${formula}\n\n${table}`]);
});

Deno.test("openingRows() fills the shorter column below, and keeps every paragraph once", () => {
  const text = [words(90), picture, words(30), words(30), words(30), words(30), table, words(300)].join("\n\n");
  const found = rows(text),
    all = found.flatMap(({ text, aside, more, side }) => [text, aside, more, side]).join("\n\n");
  assertEquals(all.split(/\n\n+/).filter((one) => one !== "").toSorted(), text.split("\n\n").toSorted());
  assert(found[0]!.more !== "");
  const high = rows([words(400), table, `**New.** ${words(40)}`].join("\n\n"));
  assertEquals(high[0]!.side, `**New.** ${words(40)}`);
});

Deno.test("openingRows() keeps a formula with the words that lead to it, in whichever column there is room", () => {
  const sentence = `${words(30)}\n\n$$y = x$$`;
  for (let size = 20; size < 400; size += 10) {
    const parts = rows(
      [words(20), `\`\`\`ts\n${"f();\n".repeat(20)}\`\`\``, words(size), sentence, words(100)].join("\n\n"),
    );
    const columns = parts.flatMap(({ text, more, side }) => [text, more, side]);
    assert(columns.some((column) => column.includes(sentence)), String(size));
  }
});

Deno.test("openingRows() keeps a formula for its symbols, and what is worked by hand for its program", () => {
  const program = "```ts\nf();\n```\n\n```text\n1\n```", hand = "**By hand.** One.\n\n*Then* two.", long = words(20);
  const text = [long, picture, hand, program, `**Formula.** With $x$,\n\n$$y = x$$`, table].join("\n\n");
  assertEquals(
    openingRows(text, { isShown: (one) => /^(\||```)/.test(one), isWide: () => false }).map((
      { text, aside },
    ) => [text, aside]),
    [[long, picture], [hand, program], ["**Formula.** With $x$,\n\n$$y = x$$", table]],
  );
});
