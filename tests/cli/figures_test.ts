import { assert, assertEquals, assertThrows } from "@std/assert";
import { readControls } from "../../core/cli/commands/experiment.ts";
import { figureLines } from "../../core/cli/figures.ts";
import { UsageError } from "../../core/cli/errors.ts";
import type { Experiment } from "../../core/experiments/experiment.ts";
import type { Figure, Picture } from "../../core/experiments/figure.ts";

const lines = (picture: Picture): string[] => figureLines({ ...picture, caption: "Seen." } as Figure);
const axis = { title: "x" };

Deno.test("figureLines() prints curves as columns over one axis", () => {
  const series = [{ label: "a", points: [[1, 0.5], [2, 0.25]] as const }, { label: "b", points: [[2, 10]] as const }];
  assertEquals(lines({ kind: "line", x: axis, y: { title: "loss" }, series }), [
    "loss",
    "x     a   b",
    "1   0.5",
    "2  0.25  10",
    "Seen.",
  ]);
});

Deno.test("figureLines() prints the range of a curve beside it, and the number of a statement of the notes", () => {
  const lines = figureLines({
    kind: "line",
    caption: "As [the notes](notes:004.27) say.",
    x: { title: "x" },
    y: { title: "y" },
    series: [{ label: "a", points: [[0, 2], [1, 3]], ranges: [[1, 4], [2.5, 3.5]] }, { label: "b", points: [[0, 5]] }],
  });
  assertEquals(lines, [
    "y",
    "x  a  range      b",
    "0  2  1 … 4      5",
    "1  3  2.5 … 3.5",
    "As the notes (004.27) say.",
  ]);
});

Deno.test("figureLines() prints at most a few dozen lines of a long curve, the last point among them", () => {
  const points = Array.from({ length: 1000 }, (_, i) => [i, i] as const);
  const printed = lines({ kind: "line", x: axis, y: axis, series: [{ label: "a", points }] });
  assert(printed.length < 32);
  assertEquals(printed.at(-2), "999  999");
});

Deno.test("figureLines() prints bars in proportion, below zero with a sign", () => {
  const bars = [{ label: "猫", value: 2 }, { label: "dog", value: -1 }];
  assertEquals(lines({ kind: "bars", y: { title: "weight" }, bars }), [
    "weight",
    `猫    ${"█".repeat(40)} 2`,
    `dog  −${"█".repeat(20)}${" ".repeat(20)} -1`,
    "Seen.",
  ]);
});

Deno.test("figureLines() shades matrices, and shrinks those that are wider than a terminal", () => {
  const small = lines({ kind: "heatMap", rows: ["a", "b"], columns: ["c", "d"], values: [[1, 0], [0.5, 1]] });
  assertEquals(small.slice(0, 4), [
    "   c        d",
    "a  ████████",
    "b  ▓▓▓▓▓▓▓▓ ████████",
    "blank is 0, darkest 1",
  ]);
  const names = Array.from({ length: 200 }, (_, i) => `n${i}`), values = names.map(() => names.map(() => 0.5));
  const large = lines({ kind: "heatMap", rows: names, columns: names, values });
  assert(large.length < 60);
  assertEquals(large.at(-2), "each cell is the mean of 5×5");
  const heads = lines({ kind: "attention", from: ["a"], to: ["b"], weights: [[[1]], [[0]]], heads: ["one", "two"] });
  assertEquals(heads.filter((line) => line === "one" || line === "two"), ["one", "two"]);
});

Deno.test("figureLines() indents the branches of a tree and marks what was kept", () => {
  const nodes = [
    { id: 0, label: "<s>" },
    { id: 1, parent: 0, label: "the", value: -0.5, kept: true },
    { id: 2, parent: 1, label: "cat" },
    { id: 3, parent: 0, label: "a", value: -1 },
  ];
  assertEquals(lines({ kind: "tree", nodes }), ["<s>", "├─ the  -0.5  ✓", "│  └─ cat", "└─ a  -1", "Seen."]);
});

Deno.test("figureLines() prints histograms, tables, tokens and texts", () => {
  const histogram = lines({ kind: "histogram", x: axis, series: [{ label: "a", edges: [0, 1, 2], counts: [1, 2] }] });
  assertEquals(histogram.map((line) => line.replace(/█+ */, "# ")), ["a: x", "0 – 1   # 1", "1 – 2   # 2", "Seen."]);
  const table = lines({ kind: "table", columns: ["model", "n"], rows: [["BoW", 1.5], ["CBOW", 12]] });
  assertEquals(table, ["model    n", "BoW    1.5", "CBOW    12", "Seen."]);
  const tokens = lines({
    kind: "tokens",
    rows: [{ label: "BPE", tokens: [{ text: "un", value: 0.25 }, { text: " it" }] }],
  });
  assertEquals(tokens, ["BPE", "un   ·it", "0.25", "Seen."]);
  assertEquals(lines({ kind: "text", text: "one\ntwo" }), ["one", "two", "Seen."]);
});

Deno.test("readControls() reads numbers and names of choices, and says what a control may be", () => {
  const experiment: Experiment = {
    controls: {
      rate: { default: 0.1, min: 0, max: 1, step: 0.1 },
      mask: { default: 0, min: 0, max: 1, choices: ["none", "causal"] },
    },
    claims: {},
    measure: () => Promise.resolve({}),
    draw: () => [],
  };
  assertEquals(readControls("words/nothing", experiment, []), { rate: 0.1, mask: 0 });
  assertEquals(readControls("words/nothing", experiment, ["rate=0.7", "mask=causal"]), { rate: 0.7, mask: 1 });
  for (
    const [operand, message] of [
      ["rate=0.75", "rate must be from 0 to 1 in steps of 0.1"],
      ["rate=", "rate must be from 0 to 1 in steps of 0.1"],
      ["mask=window", "mask must be one of none, causal"],
      ["speed=1", "the controls of words/nothing are rate, mask"],
    ] as const
  ) {
    assertThrows(() => readControls("words/nothing", experiment, [operand]), UsageError, message);
  }
});
