/** The site's generator: how sources become rows, symbols colours and names links. */

import { assert, assertEquals } from "@std/assert";
import { exported, partsOfBook, sectionName, urlOf } from "../../docs/book.ts";
import { checkLinks } from "../../docs/check.ts";
import { findTest, proofsOf, readProofs, testsNamed } from "../../docs/proofs.ts";
import { cells, chainOf, colourTex, findNames, partsOf, quantitiesOf, symbolRows } from "../../docs/quantities.ts";
import { numbered } from "../../docs/references.ts";
import { headerBlocks } from "../../docs/shader_header.ts";
import { separate, split } from "../../docs/split.ts";
import { emphasized } from "../../docs/words.ts";

const SOURCE = `/**
 * # A page
 *
 * **Question.** Which?
 *
 * | symbol | in code | shape      |
 * | ------ | ------- | ---------- |
 * | $Q$    | \`query\` | \`[T, D]\`   |
 * | $d$    | \`D\`     | one number |
 * | $W_Q$  | \`query.weight\` | \`[D, D]\` |
 *
 * @module
 */

import { a } from "a";

/**
 * Doubles.
 *
 * @param x a number
 * @returns twice \`x\`
 */
export function double(x: number): number {
  // $x$ twice.
  return x + x; // trailing
}

// ## Pitfall
//
// See the test "double() doubles".
`;

Deno.test("split() makes a row of each comment, with the code that follows it", () => {
  const rows = split(SOURCE);
  assertEquals(rows.map(({ kind }) => kind), ["opening", "code", "reference", "note", "section"]);
  assertEquals(rows[2]!.prose, "Doubles.");
  assertEquals(rows[2]!.tags, [
    { kind: "param", name: "x", text: "a number" },
    { kind: "returns", name: "", text: "twice `x`" },
  ]);
  assertEquals(rows[3]!.prose, "$x$ twice.");
  assertEquals(rows[3]!.code.map(({ text }) => text), ["  return x + x; // trailing", "}"]);
  assert(rows[4]!.prose.startsWith("## Pitfall\n"));
});

Deno.test("split() loses no line of code", () => {
  const code = (lines: readonly string[]) =>
    lines.filter((line) => line.trim() !== "" && !/^\s*(\/\/|\/\*\*|\*)/.test(line));
  const kept = split(SOURCE).flatMap((row) => row.code.map(({ text }) => text));
  assertEquals(kept.filter((line) => line.trim() !== ""), code(SOURCE.split("\n")));
});

Deno.test("split() leaves strings and directives alone", () => {
  const text = "const shader = `\n// no comment\n`;\n// deno-lint-ignore no-explicit-any\nconst x = 1;\n";
  assertEquals(split(text, new Set([2, 3])).length, 1);
});

Deno.test("headerBlocks() reads tables, lists, formulas and prose", () => {
  const text =
    "  y = x\n\nbinding  name  type\n0        x     uniform   \n               far\n1–2      as above\n\nshared  4 KiB\n" +
    "masked  −∞\n        is 0\n\nTwo\nlines.";
  assertEquals(headerBlocks(text), [
    { kind: "formula", text: "y = x" },
    { kind: "table", head: ["binding", "name", "type"], rows: [["0", "x", "uniform far"], ["1–2", "as above"]] },
    { kind: "list", rows: [["shared", "4 KiB"], ["masked", "−∞ is 0"]] },
    { kind: "text", text: "Two lines." },
  ]);
});

Deno.test("separate() keeps an at sign within an example", () => {
  const { tags } = separate("Text.\n\n@example\n```ts\n@decorated\n```\n@returns it");
  assertEquals(tags.map(({ kind }) => kind), ["example", "returns"]);
});

Deno.test("quantitiesOf() numbers tensors before single numbers", () => {
  const quantities = quantitiesOf(split(SOURCE)[0]!.prose);
  assertEquals(quantities.map(({ number, symbols }) => [number, symbols[0]]), [[1, "Q"], [3, "d"], [2, "W_Q"]]);
  assertEquals(cells("| a | `b \\| c` |"), ["a", "`b \\| c`"]);
  const chinese = split(SOURCE.replace("one number", "一个数"))[0]!.prose;
  assertEquals(quantitiesOf(chinese).map(({ number }) => number), [1, 3, 2]);
});

Deno.test("emphasized() takes asterisks beside Chinese characters, and leaves names and formulas", () => {
  assertEquals(emphasized("余弦_再乘_：和为一的是_列_，_加上_ 1"), "余弦*再乘*：和为一的是*列*，_加上_ 1");
  assertEquals(emphasized("如果是_加上_ $x_1$"), "如果是*加上* $x_1$");
  assertEquals(emphasized("[节](../06_a/b.ts)。_损失_的单位，_入口_："), "[节](../06_a/b.ts)。*损失*的单位，_入口_：");
  assertEquals(emphasized("see _Attention_, `a_b_c`"), "see _Attention_, `a_b_c`");
  assertEquals(emphasized("[缓存](../07_g/kv_cache.ts)按_自己的_位置"), "[缓存](../07_g/kv_cache.ts)按*自己的*位置");
});

Deno.test("symbolRows() keeps a row that holds several symbols as one", () => {
  const table = "| symbol | in code | shape |\n| - | - | - |\n| $x$, $y$ | `a`, `b` | `[S]`, `[T]` |\n\n| no | more |";
  assertEquals(symbolRows(table), [{ symbol: "$x$, $y$", code: "`a`, `b`", meaning: "`[S]`, `[T]`" }]);
  assertEquals(quantitiesOf(table).map(({ symbols, names }) => [...symbols, ...names]), [["x", "a"], ["y", "b"]]);
});

Deno.test("numbered() writes numbers into references, and a reference that leads nowhere is a problem", () => {
  const wrong: string[] = [];
  const set = (text: string) => numbered(text, "core/05_transformer/decoder.ts", (_, problem) => wrong.push(problem));
  assertEquals(set("See [section](encoder.ts)."), "See [section 5.4](encoder.ts).");
  assertEquals(set("See [section](nothing.ts)."), "See [section](nothing.ts).");
  assertEquals(wrong.length, 1);
});

Deno.test("quantitiesOf() gives no colour to a name that two rows share", () => {
  const table = "| symbol | in code | shape |\n| - | - | - |\n| $y$ | `hidden` | |\n| $u$ | `hidden` after | |";
  assertEquals(quantitiesOf(table).map(({ names }) => names), [[], []]);
});

Deno.test("colourTex() marks symbols of the table and nothing else", () => {
  const quantities = quantitiesOf(split(SOURCE)[0]!.prose);
  const mark = (number: number, tex: string) => `{\\htmlData{q=${number}}{${tex}}}`;
  assertEquals(colourTex("\\frac{QK}{\\sqrt d}", quantities), `\\frac{${mark(1, "Q")}K}{\\sqrt ${mark(3, "d")}}`);
  assertEquals(colourTex("XW_Q", quantities), `X${mark(2, "W_Q")}`);
  assertEquals(colourTex("\\mathrm{dQ} + x_d", quantities), "\\mathrm{dQ} + x_d");
});

Deno.test("colourTex() knows a symbol with other indices, any argument, and a list as a whole", () => {
  const table = "| symbol | in code |\n| - | - |\n| $W_Q^1 \\dots W_Q^h$ | `a` |\n| $z - m$ | `b` |\n" +
    "| $P(\\cdot)$ | `c` |\n| $[h_1; \\dots]$ | `d` |";
  const colour = (tex: string) => colourTex(tex, quantitiesOf(table));
  assertEquals(colour("XW_Q^i"), "X{\\htmlData{q=1}{W_Q^i}}");
  assertEquals(colour("e^{z_i - m}"), "e^{{\\htmlData{q=2}{z_i - m}}}");
  assertEquals(colour("z(x) - m_j"), "{\\htmlData{q=2}{z(x) - m}}_j");
  assertEquals(colour("P(y)"), "{\\htmlData{q=3}{P}}(y)");
  assertEquals(colour("[h_1; \\dots; h_n]\\,x"), "{\\htmlData{q=4}{[h_1; \\dots; h_n]}}\\,x");
});

Deno.test("findNames() finds the layer that holds a weight, and leaves arrays their length", () => {
  const table = "| symbol | in code |\n| - | - |\n| $W$ | `up.weight` |\n| $n$ | `length` |";
  const code = "this.up(x.length) + up + length";
  assertEquals(
    findNames(code, quantitiesOf(table)).map(([start, end]) => [start, code.slice(start, end)]),
    [[5, "up"], [25, "length"]],
  );
});

Deno.test("chainOf() breaks a long chain before its relations", () => {
  assertEquals(chainOf("a = b = c"), ["a = b = c"]);
  const long = "a + b + c + d + e + f + g + h + i + j";
  assertEquals(chainOf(`y = ${long} \\;\\approx\\; (${long} = 1)`), ["y", `= ${long}`, `\\approx\\; (${long} = 1)`]);
});

Deno.test("findNames() prefers the longest name and whole words", () => {
  const quantities = quantitiesOf(split(SOURCE)[0]!.prose);
  assertEquals(findNames("query.weight + query + queryKey", quantities), [[0, 12, 2], [15, 20, 1]]);
});

Deno.test("partsOf() breaks a formula at wide spaces outside of groups", () => {
  assertEquals(partsOf("a = b, \\quad c \\quad \\text{or} \\quad d, \\qquad e"), [
    "a = b,",
    "c \\quad \\text{or} \\quad d,",
    "e",
  ]);
  assertEquals(partsOf("\\text{a, \\quad b} \\qquad c"), ["\\text{a, \\quad b}", "c"]);
});

Deno.test("testsNamed() and findTest() lead from a pitfall to its test", () => {
  const file = readProofs(
    "tests/a_test.ts",
    'import { x } from "../core/a.ts";\n\nDeno.test("double() doubles", () => {});\n',
  );
  assertEquals(testsNamed('See the tests "double() doubles" and "it halves".'), ["double() doubles", "it halves"]);
  assertEquals(findTest("double() doubles", [file], new Map())?.line, 3);
  assertEquals(findTest("it halves", [file], new Map()), undefined);
  assertEquals(proofsOf("core/a.ts", [file]).length, 1);
});

Deno.test("urlOf() keeps folders and drops what is only for ordering", () => {
  assertEquals(urlOf("core/04_attention/mod.ts"), "attention/index.html");
  assertEquals(urlOf("gpu/shaders/softmax.wgsl"), "gpu/shaders/softmax.html");
});

Deno.test("urlOf() gives a section the same address as a file and as a folder", () => {
  assertEquals(urlOf("core/04_attention/positions.ts"), "attention/positions.html");
  assertEquals(urlOf("core/04_attention/positions/mod.ts"), "attention/positions.html");
  assertEquals(urlOf("core/04_attention/positions/rotary.ts"), "attention/positions/rotary.html");
  assertEquals(urlOf("wasm/ladder/mod.ts"), "wasm/ladder/index.html");
  assertEquals(sectionName("core/04_attention/positions/rotary.ts"), "positions");
  for (const path of ["core/04_attention/mod.ts", "core/04_attention/experiments/mod.ts", "core/engine/mod.ts"]) {
    assertEquals(sectionName(path), undefined, path);
  }
});

Deno.test("partsOfBook() puts the files of a section's folder after its page", () => {
  const files: Record<string, string> = {
    "core/04_attention/mod.ts":
      '/**\n * # 4 · Attention\n */\nexport * from "./positions/mod.ts";\nexport * from "./masks.ts";\n',
    "core/04_attention/masks.ts": "/**\n * # Masks\n */\n",
    "core/04_attention/positions/mod.ts": '/**\n * # Positions\n */\nexport {\n  rotary,\n} from "./rotary.ts";\n',
    "core/04_attention/positions/absolute.ts": "/**\n * # Absolute positions\n */\n",
    "core/04_attention/positions/rotary.ts": "/**\n * # Rotary positions\n */\n",
  };
  const list = (folder: string) => [
    ...new Set(
      Object.keys(files).filter((path) => path.startsWith(folder)).map((path) =>
        /^[^/]*\/?/.exec(path.slice(folder.length))![0]
      ),
    ),
  ];
  const chapter = partsOfBook({ read: (path) => files[path] ?? "", list }).find(({ kind }) => kind === "chapter")!;
  assertEquals(chapter.pages.map(({ number, title, url }) => [number, title, url]), [
    ["4", "Attention", "attention/index.html"],
    ["4.7", "Positions", "attention/positions.html"],
    ["4.7.3", "Rotary positions", "attention/positions/rotary.html"],
    ["4.7.1", "Absolute positions", "attention/positions/absolute.html"],
    ["4.5", "Masks", "attention/masks.html"],
  ]);
  assertEquals(exported('export * from "./positions/mod.ts";'), ["positions/mod.ts"]);
  const proof = (path: string) => ({ path, proofs: [{ name: "a b", path, line: 1 }], imports: [] });
  const tests = [proof("tests/04_attention/positions_test.ts"), proof("tests/04_attention/positions/rotary_test.ts")];
  assertEquals(proofsOf("core/04_attention/positions/mod.ts", tests), [tests[0]!]);
  assertEquals(proofsOf("core/04_attention/positions/rotary.ts", tests), [tests[1]!]);
});

Deno.test("checkLinks() finds dead links, dead anchors and other hosts", () => {
  const pages = new Map([
    ["a/x.html", '<a href="../b.html#here"></a><a href="../b.html#there"></a><a href="gone.html"></a>'],
    ["b.html", '<h2 id="here"></h2><img src="https://example.org/x.png"><a href="https://example.org/">out</a>'],
  ]);
  assertEquals(checkLinks(pages, new Set()).map(({ text }) => text), [
    "Dead anchor: ../b.html#there",
    "Dead link: gone.html",
    "Asks another host: https://example.org/x.png",
  ]);
});
