/** Blocks: keys and hashes that a translation can hold on to, places of figures, and what is said of symbols and tests. */

import { assert, assertEquals } from "@std/assert";
import { type Block, blocksOf, hashOf, inLanguage, type Layer, type Prose, withFigures } from "../../docs/blocks.ts";
import { checkColours } from "../../docs/check.ts";
import { passagesOf } from "../../docs/passages.ts";
import { readProofs, withTests } from "../../docs/proofs.ts";
import { quantitiesOf } from "../../docs/quantities.ts";
import { regionProblems } from "../../docs/split.ts";

const SOURCE = `/**
 * # A page
 *
 * **Question.** Which? See [the experiment](experiments/first.ts).
 *
 * | symbol | in code | shape      |
 * | ------ | ------- | ---------- |
 * | $x$    | \`x\`     | one number |
 * | $y$    | \`half\`  | one number |
 *
 * ## Width
 *
 * Twice $x$.
 *
 * @module
 */

import { a } from "a";

/**
 * Doubles.
 *
 * @param x a number
 * @example
 * \`\`\`ts
 * double(1);
 * \`\`\`
 */
export function double(x: number): number {
  // First.
  const y = x + x;
  // Second.
  return y;
}

/** A die. */
export class Die {
  /** Throws it. */
  roll(): number {
    // A four.
    return 4;
  }
}

// ## Pitfall
//
// See the test "double() doubles".

// ## Pitfall
//
// Another.
`;

const read = (source = SOURCE): Block[] => {
  const at = (text: string): number => source.split("\n").findIndex((line) => line.includes(text)) + 1;
  return blocksOf(source, "A page", {
    anchors: new Map([[at("function double"), ["double"]], [at("class Die"), ["Die"]], [at("roll()"), ["Die.roll"]]]),
    top: new Map([[at("function double"), "double"], [at("class Die"), "Die"]]),
  });
};
const proses = (blocks: readonly Block[]): Prose[] =>
  blocks.flatMap((block) => "prose" in block && block.prose ? [block.prose] : []);

Deno.test("blocksOf() gives every text a key: its heading, its name, or a count below one", () => {
  assertEquals(proses(read()).map(({ key }) => key), [
    "opening",
    "width",
    "double",
    "double/1",
    "double/2",
    "Die",
    "Die.roll",
    "Die.roll/1",
    "pitfall",
    "pitfall-2",
  ]);
  assertEquals(proses(read())[0]!.heading, "A page");
});

Deno.test("blocksOf() leaves a definition its name, and its heading steps aside", () => {
  const blocks = read(SOURCE.replace("## Width", "## Double"));
  assertEquals(proses(blocks).slice(1, 3).map(({ key }) => key), ["double-2", "double"]);
});

Deno.test("blocksOf() ends a note below an empty line where a name without a comment begins", () => {
  const source = "class Die {\n  roll() {\n    // A four.\n    return 4;\n  }\n\n  #side() {}\n}\n";
  const blocks = blocksOf(source, "A page", { anchors: new Map([[7, ["Die.side"]]]), top: new Map() });
  const codes = blocks.flatMap((block) => "code" in block ? [[block.kind, ...block.code.map(({ text }) => text)]] : []);
  assertEquals(codes.slice(-2), [["note", "    return 4;", "  }"], ["code", "  #side() {}", "}"]]);
});

Deno.test("blocksOf() loses no line of code", () => {
  const kept = read().flatMap((block) => "code" in block ? block.code : []).map(({ text }) => text.trim()).filter(
    Boolean,
  );
  const code = SOURCE.split("\n").filter((line) => line.trim() && !/^\s*(\/\/|\/\*\*|\*)/.test(line));
  assertEquals(kept, code.map((line) => line.trim()));
});

Deno.test("the hash of a block changes with its words and tags, not with its line breaks or its example", () => {
  const hashes = (source: string) => new Map(proses(read(source)).map(({ key, hash }) => [key, hash]));
  const before = hashes(SOURCE);
  assertEquals(hashes(SOURCE.replace("Which? See", "Which?\n * See")).get("opening"), before.get("opening"));
  assertEquals(hashes(SOURCE.replace("double(1)", "double(2)")).get("double"), before.get("double"));
  assert(hashes(SOURCE.replace("x a number", "x a real number")).get("double") !== before.get("double"));
  assert(hashes(SOURCE.replace("## Width", "## Height")).get("height") !== before.get("width"));
  assertEquals(hashOf("a  b\nc"), hashOf("a b", "c"));
});

Deno.test("inLanguage() takes the words that the layer has for a key and a hash, else the English ones", () => {
  const english = read(), hash = proses(english).find(({ key }) => key === "double")!.hash;
  const layer: Layer = {
    language: "zh",
    find: (_path, key, asked) => key === "double" && asked === hash ? "加倍。\n\n@param x 一个数" : undefined,
  };
  const chinese = proses(inLanguage(english, "core/a.ts", layer));
  const found = (key: string) => chinese.find((prose) => prose.key === key)!;
  assertEquals([found("double").text, found("double").language], ["加倍。", "zh"]);
  assertEquals(found("double").tags.map(({ kind, text }) => [kind, text.slice(0, 5)]), [
    ["param", "一个数"],
    ["example", "```ts"],
  ]);
  assertEquals(found("width"), proses(english)[1]);
});

const FOLDED = `/**
 * # A page
 *
 * @module
 */

export const core = 1;

// #region Options
// What may be left out.

/** An option. */
export interface Option {}

// A note.
const DEFAULT = 1;
// #endregion

const after = 2;
`;

Deno.test("blocksOf() folds what stands between region and endregion, with its title and introduction", () => {
  const line = (text: string): number => FOLDED.split("\n").findIndex((one) => one.includes(text)) + 1;
  const blocks = blocksOf(FOLDED, "A page", {
    anchors: new Map([[line("interface"), ["Option"]]]),
    top: new Map([[line("interface"), "Option"]]),
  });
  assertEquals(blocks.map(({ kind }) => kind), [
    "opening",
    "code",
    "region",
    "reference",
    "note",
    "endregion",
    "code",
  ]);
  const region = blocks[2]!;
  assert(region.kind === "region");
  assertEquals([region.anchor, region.prose.heading, region.prose.text], [
    "options",
    "Options",
    "What may be left out.",
  ]);
  assertEquals([region.names, region.lines], [["Option"], 2]);
  assertEquals(proses(blocks).map(({ key }) => key), ["opening", "options", "Option", "Option/1"]);
  // No line of code is lost.
  const kept = blocks.flatMap((block) => "code" in block ? block.code : []).map(({ text }) => text).filter(Boolean);
  assertEquals(kept, FOLDED.split("\n").filter((line) => line && !/^(\/|\s)/.test(line)));
});

Deno.test("regionProblems() says what is wrong in one sentence", () => {
  assertEquals(regionProblems(FOLDED), []);
  assertEquals(regionProblems("// #region\nconst a = 1;\n// #region B\nconst b = 1;\n"), [
    "1: A region has no title",
    "3: A region begins within that of line 1",
    "3: A region does not end",
  ]);
  assertEquals(regionProblems("function f() {\n// #region A\n  return 1;\n// #endregion\n}\n// #endregion\n"), [
    "2: // #region stands within a declaration",
    "4: // #endregion stands within a declaration",
    "6: A region ends that has not begun",
  ]);
  assertEquals(regionProblems("  // #region A\n// #region B\n// #endregion\n"), [
    "1: // #region does not stand at the left edge",
    "2: A region holds nothing",
  ]);
});

Deno.test("passagesOf() takes tables and diagrams out of prose", () => {
  const text =
    "a\n\n| symbol | in code |\n| - | - |\n| $x$ | `x` |\n\nb\n\n```diagram Two boxes\nstep\n```\n\n```\n| no |\n```";
  const [rest, symbols, diagram] = passagesOf(text);
  assert(rest?.kind === "text" && rest.text.includes("| no |") && !rest.text.includes("symbol"));
  assertEquals(symbols, { kind: "symbols", lines: ["| symbol | in code |", "| - | - |", "| $x$ | `x` |"] });
  assertEquals(diagram, { kind: "diagram", caption: "Two boxes", steps: "step" });
});

Deno.test("withFigures() puts an experiment where a part with a heading speaks of it, the others below the core", () => {
  const experiments = [{ name: "b", program: "second.ts" }, { name: "a", program: "first.ts" }];
  const order = (source: string) =>
    withFigures(read(source), experiments).map((block) => block.kind === "figure" ? block.name : block.kind).join(" ");
  // Neither is spoken of below a heading; all functions and classes are the core.
  const code = "code reference note note reference reference note";
  assertEquals(order(SOURCE), `opening opening ${code} b a section section`);
  assertEquals(
    order(SOURCE.replace("Twice", "[It](experiments/second.ts) is twice")),
    `opening opening b ${code} a section section`,
  );
  assertEquals(
    order(SOURCE.replace("// Another.", "// [Another](experiments/first.ts).")),
    `opening opening ${code} b section section a`,
  );
  // A core of some lines ends with its declaration.
  const long = SOURCE.replace("  return y;", "  y;\n".repeat(12) + "  return y;");
  assertEquals(order(long), "opening opening code reference note note b a reference reference note section section");
});

Deno.test("withFigures() puts an experiment of which the beginning says nothing below the heading that speaks of it", () => {
  const section = (heading: string, text: string): Block => ({
    kind: "section",
    prose: { key: heading, hash: "", heading, text, tags: [], tests: [] },
    code: [],
    anchor: heading,
    names: [],
  });
  const all = [
    ...read(),
    section("early", "See [it](experiments/late.ts)."),
    section("later", "[It](experiments/late.ts)."),
  ];
  const blocks = withFigures(all, [{ name: "late", program: "late.ts" }]);
  const at = blocks.findIndex((block) => block.kind === "figure"), before = blocks[at - 1]!;
  assert(before.kind === "section" && before.anchor === "early");
  assertEquals(blocks.filter((block) => block.kind === "figure").length, 1);
});

Deno.test("blocksOf() begins a section at each heading of one comment, those in code apart", () => {
  const comment = "A text.\n\n## One\n\n```text\n## no heading\n```\n\n## Two\n\nb".replace(/^/gm, "// ");
  const added = read(`${SOURCE}\n${comment}\n`).slice(read().length);
  assertEquals(added.map((block) => "prose" in block && [block.kind, block.prose?.heading, block.prose?.text]), [
    ["note", "", "A text."],
    ["section", "One", "```text\n## no heading\n```"],
    ["section", "Two", "b"],
  ]);
});

Deno.test("withFigures() puts an experiment below a text between two definitions that links to it", () => {
  const source = SOURCE.replace("/** A die. */", "// See [it](experiments/late.ts).\n\n/** A die. */");
  const order = withFigures(read(source), [{ name: "late", program: "late.ts" }]).map(({ kind }) => kind).join(" ");
  assertEquals(order, "opening opening code reference note note note figure reference reference note section section");
});

Deno.test("checkColours() finds symbols that are in no formula or in no code", () => {
  const opening = proses(read())[0]!.text;
  assertEquals(checkColours(read(), quantitiesOf(opening)), [
    "The symbol $y$ colours no formula",
    "The symbol $y$ colours no code",
  ]);
});

Deno.test("withTests() writes where a test is, as a link where sources have an address", () => {
  const tests = [readProofs("tests/a_test.ts", '\nDeno.test("double() doubles", () => {});\n')], missing: string[] = [];
  const set = (sourceUrl: string) =>
    withTests('See "double()\ndoubles" and "no() test".', ["double() doubles", "no() test"], {
      tests,
      texts: new Map(),
      sourceUrl,
    }, (name) => missing.push(name));
  assertEquals(set(""), 'See “double()\ndoubles” (`tests/a_test.ts:2`) and "no() test".');
  assertEquals(
    set("https://example.org/"),
    'See “[double()\ndoubles](https://example.org/tests/a_test.ts#L2)” and "no() test".',
  );
  assertEquals(missing, ["no() test", "no() test"]);
  const chinese = withTests("测试“double() doubles”。", ["double() doubles"], {
    tests,
    texts: new Map(),
    sourceUrl: "",
  }, () => {});
  assertEquals(chinese, "测试“double() doubles”（`tests/a_test.ts:2`）。");
});
