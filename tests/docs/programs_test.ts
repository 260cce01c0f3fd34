/** Programs in the comments of chapters: found, run, and compared; what is worked by hand has their numbers. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { openingRows } from "../../docs/arrange.ts";
import { byHandProblems } from "../../docs/by_hand.ts";
import { ENTRIES } from "../../docs/live/entries.ts";
import { printed } from "../../docs/live/printing.ts";
import { exerciseParts, isProgram, passagesOf } from "../../docs/passages.ts";
import {
  entriesOf,
  isPortable,
  moduleOf,
  portableOf,
  programName,
  programsIn,
  programsOfBook,
  runPrograms,
  withOutputs,
} from "../../docs/programs.ts";
import { granted, testWithFolder } from "../permissions.ts";

const SOURCE = `/**
 * # A page
 *
 * \`\`\`ts
 * console.log(1 + 1);
 *
 * console.log("two");
 * \`\`\`
 *
 * \`\`\`text
 * 2
 * two
 * \`\`\`
 *
 * \`\`\`ts
 * nothing.follows();
 * \`\`\`
 *
 * @module
 */

// ## Exercise
//
// \`\`\`ts
// console.log("left");
// \`\`\`
//
// \`\`\`text
// \`\`\`
`;

Deno.test("programsIn() finds blocks of ts that a block of text follows, in both kinds of comments", () => {
  assertEquals(programsIn(SOURCE).map(({ code, shown }) => [code, shown]), [
    ['console.log(1 + 1);\n\nconsole.log("two");\n', "2\ntwo\n"],
    ['console.log("left");\n', ""],
  ]);
  assertEquals(programName("core/04_attention/positions/mod.ts", 1), "attention-positions-2");
});

Deno.test("withOutputs() writes what was printed into the comments, and nothing else", () => {
  assertEquals(withOutputs(SOURCE, ["2\ntwo\n", ""]), SOURCE);
  const written = withOutputs(SOURCE, ["3\n\nfour\n", "left\n"]);
  assertEquals(programsIn(written).map(({ shown }) => shown), ["3\n\nfour\n", "left\n"]);
  assert(written.includes(" * 3\n *\n * four\n * ```\n") && written.includes("// ```text\n// left\n// ```\n"));
});

testWithFolder("runPrograms() runs all in one process, and says why one ended", async (folder) => {
  const found = await runPrograms([
    {
      name: "a",
      code: 'import { tensor } from "@heed/heed/engine";\nconsole.log(await tensor([1, 2]).sum().item(), "x");\n',
    },
    { name: "b", code: 'console.log("before");\nthrow new RangeError("no");\n' },
    { name: "c", code: "console.log(new Map());\n" },
  ], folder);
  assertEquals(found.map(({ printed }) => printed), ["3 x\n", "before\n", ""]);
  assertEquals(found[1]!.error, "no");
  assert(found[2]!.error!.startsWith("Cannot print such an object: a program of a page prints"));
}, "run");

testWithFolder("every program of the book has its types, runs, and prints what its page shows", async (folder) => {
  const programs = programsOfBook(), found = await runPrograms(programs, folder, { check: true });
  assert(programs.length > 0);
  assertEquals(new Set(programs.map(({ name }) => name)).size, programs.length);
  programs.forEach(({ path, name, shown }, at) => {
    assertEquals(found[at], { printed: shown }, `${path}: ${name}; deno task library ${path} writes what it prints`);
  });
}, "run");

Deno.test(
  "a program imports from the library, and becomes a function for a browser",
  { ignore: !granted("read") },
  async () => {
    const code = 'import { tensor, type Tensor } from "@heed/heed/engine";\nimport type { Norm } from "@heed/heed";\n' +
      'import { softmax as s } from "@heed/heed/words";\nconst x: Tensor = tensor([0, 0]);\nconsole.log(String((await s(x).read())[0]));\n';
    assert(moduleOf(code, entriesOf()).startsWith('import { tensor, type Tensor } from "file:'));
    assertThrows(() => moduleOf('import x from "npm:y";\n', entriesOf()), SyntaxError, "imports from @heed/heed");
    assert(isPortable(code) && !isPortable('import { saveText } from "@heed/heed/host";\n'));
    const text = portableOf(code).replace(
      /\((console|load): [^)]*?any, |: any|: \(specifier[^)]*\) => Promise<unknown>|: Promise<void>|: Tensor| as any/g,
      (all) => all.startsWith("(") ? "(console, " : "",
    );
    const { default: run } = await import(`data:text/javascript,${encodeURIComponent(text)}`) as {
      default: (console: { log(...values: unknown[]): void }, load: (from: string) => Promise<object>) => Promise<void>;
    };
    let out = "";
    await run({ log: (...values) => void (out += printed(values)) }, (from) => ENTRIES[from]!());
    assertEquals(out, "0.5\n");
  },
);

Deno.test("what is printed looks the same everywhere, or is refused", () => {
  assertEquals(printed(["a", 1.5, -0, true]), "a 1.5 -0 true\n");
  const alike = [[], [1, -0, 2.5], {}, { a: 1, b: "x y" }, [[1, 2], [true, null]], { a: [undefined] }, null, undefined];
  for (const value of alike) assertEquals(printed([value]), `${Deno.inspect(value)}\n`);
  for (const value of [[1, 2, 3, 4, 5, 6, 7], ["word ".repeat(20)], new Map(), new Float32Array(2), () => 1]) {
    assertThrows(() => printed([value]), TypeError, "Cannot print");
  }
  assertThrows(() => printed(["%d", 1]), TypeError, "template literals");
  assertEquals(printed(["50%"]), "50%\n");
});

const PROGRAM = "```ts\nconsole.log((0.25 * 2).toFixed(3), 2.4);\n```\n\n```text\n0.500 2.4\n```";

Deno.test("the numbers of an example worked by hand are in its program, are printed by it, or follow from such", () => {
  const by = (prose: string): string[] => byHandProblems(`**By hand.** ${prose}\n\n${PROGRAM}\n\n**Formula.** 17.`);
  assertEquals(by("A quarter is 0.25, twice that 0.5."), []);
  assertEquals(by("$0.25 \\cdot 2 = 0.5$, and $\\frac{2.4}{2} = 1.2$; so 1.2 is left. $\\sqrt{0.25} = 0.5$."), []);
  assertEquals(by("$x_7$ of `float32` in [section](a9.ts) is $-0.5$."), []);
  assertEquals(by("It is 0.51."), ["By hand: 0.51 is neither in the program nor printed by it"]);
  assertEquals(by("$0.25 \\cdot 2 = 0.6$."), [
    "By hand: 0.25 * 2 = 0.6, but it is 0.5",
    "By hand: 0.6 is neither in the program nor printed by it",
  ]);
  // Further paragraphs belong to it; without a program there is nothing to compare with.
  assertEquals(by("Half is 0.5.\n\n*Then* it is 3.5."), ["By hand: 3.5 is neither in the program nor printed by it"]);
  assertEquals(byHandProblems("**By hand.** 17.\n\n**Formula.** 18."), []);
});

Deno.test("a program stands beside the paragraph with a label that it belongs to", () => {
  const long = "Word ".repeat(150).trim(), text = `${long}\n\n**By hand.** One.\n\nTwo.\n\n${PROGRAM}\n\nThree.`;
  const rows = openingRows(text, isProgram, () => false);
  assertEquals(rows.map(({ text }) => text), [long, "**By hand.** One.\n\nTwo."]);
  assertEquals(passagesOf(rows[1]!.aside).map(({ kind }) => kind), ["text", "program"]);
  // Code that prints nothing stays in the prose.
  assertEquals(passagesOf("```ts\nf();\n```\n\nText.").length, 1);
});

Deno.test("exerciseParts() folds hints and solutions, and another label goes on with the task", () => {
  const labels = { hint: ["Hint", "提示"], solution: ["Solution"] };
  const text =
    `Predict.\n\n**Hint.** Look.\n\n**Solution.** It is so.\n\n${PROGRAM}\n\n**Second.** Again.\n\n**提示。** 看。`;
  assertEquals(exerciseParts(text, labels), [
    { kind: "task", text: "Predict." },
    { kind: "hint", text: "Look." },
    { kind: "solution", text: `It is so.\n\n${PROGRAM}` },
    { kind: "task", text: "**Second.** Again." },
    { kind: "hint", text: "看。" },
  ]);
});
