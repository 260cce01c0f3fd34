import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { backend } from "../core/engine/device.ts";
import { writtenFiles } from "../core/experiments/build.ts";
import { defaultControls, experimentPath, objection } from "../core/experiments/experiment.ts";
import type { Figure } from "../core/experiments/figure.ts";
import { EXPERIMENTS } from "../core/experiments/registry.ts";
import { differences, isRecordingDevice, readRecording } from "../docs/recorded.ts";
import "../mod.ts";
import { granted } from "./permissions.ts";

/** Experiments and their words are files that are loaded when they are asked for. */
const ignore = !granted("read");

/** What keeps a figure from being drawn, or nothing. */
function fault(figure: Figure): string | undefined {
  if (!/[.!?]$/.test(figure.caption)) return "its caption is no sentence";
  switch (figure.kind) {
    case "line":
    case "scatter": {
      const wrong = figure.series.find((one) =>
        one.points.length === 0 || one.names !== undefined && one.names.length !== one.points.length
      );
      if (wrong) return `"${wrong.label}" has no points, or not a name for each`;
      const outside = figure.series.find(({ points, ranges }) =>
        ranges &&
        !(ranges.length === points.length && points.every(([, y], i) => ranges[i]![0] <= y && y <= ranges[i]![1]))
      );
      if (outside) return `"${outside.label}" leaves its band`;
      for (const [axis, side] of [[figure.x, 0], [figure.y, 1]] as const) {
        if (axis.logarithmic && figure.series.some(({ points }) => points.some((point) => point[side] <= 0))) {
          return `"${axis.title}" is logarithmic and has numbers that are not positive`;
        }
      }
      return figure.series.length > 0 ? undefined : "it has no series";
    }
    case "bars":
      return figure.bars.length > 0 ? undefined : "it has no bars";
    case "heatMap": {
      const { rows, columns, values } = figure;
      const fits = values.length === rows.length && values.every((row) => row.length === columns.length);
      if (rows.length > 512 || columns.length > 512) return "it is larger than 512×512";
      return fits ? undefined : "its values do not fit its rows and columns";
    }
    case "attention": {
      const { from, to, weights, heads } = figure;
      if (heads && heads.length !== weights.length) return "not every head has a name";
      const fits = weights.length > 0 &&
        weights.every((head) => head.length === from.length && head.every((row) => row.length === to.length));
      return fits ? undefined : "its weights do not fit its tokens";
    }
    case "histogram": {
      const fits = figure.series.every(({ edges, counts }) => edges.length === counts.length + 1);
      return fits ? undefined : "it has other than one more edge than counts";
    }
    case "tree": {
      const known = new Set<number>();
      for (const { id, parent } of figure.nodes) {
        if (parent !== undefined && !known.has(parent)) return `node ${id} stands before its parent`;
        known.add(id);
      }
      return known.size === figure.nodes.length && known.size > 0 ? undefined : "two nodes have one number";
    }
    case "table":
      return figure.rows.every((row) => row.length === figure.columns.length)
        ? undefined
        : "a row is too long or short";
    case "tokens":
      return figure.rows.some(({ tokens }) => tokens.length > 0) ? undefined : "it has no tokens";
    case "text":
      return figure.text === "" ? "it is empty" : undefined;
  }
}

/** Whether something is data: what JSON keeps as it is. */
const isData = (value: object): boolean => {
  const text = JSON.stringify(value);
  return !text.includes("null") && JSON.stringify(JSON.parse(text)) === text;
};

/** Plain sentences, all of whose numbers are numbers. */
const PARAGRAPH = /^(?!.*(?:undefined|NaN|Infinity|\[object))[^$`*\n]+[.?]$/;

Deno.test("the lists of experiments and of their words are what the folders hold", { ignore }, () => {
  for (const [path, text] of Object.entries(writtenFiles())) {
    assertEquals(Deno.readTextFileSync(new URL(`../${path}`, import.meta.url)), text, "run deno task registry");
  }
});

Deno.test(
  "every experiment has a name and a title of its own, and controls that may have their defaults",
  { ignore },
  async () => {
    assertEquals(new Set(EXPERIMENTS.map(({ name }) => name)).size, EXPERIMENTS.length);
    const titles = new Set<string>();
    for (const { name, load, words } of EXPERIMENTS) {
      const { controls, claims, constants } = await load(), { title, purpose, ...said } = await words();
      titles.add(title);
      assertMatch(name, /^[a-z_]+\/[a-z_0-9]+(\/[a-z_0-9]+)?$/);
      assertEquals(Object.keys(said.controls), Object.keys(controls), name);
      assertEquals(Object.keys(said.claims), Object.keys(claims), name);
      assertEquals(Object.keys(said.constants ?? {}), Object.keys(constants ?? {}), name);
      for (const [key, control] of Object.entries(controls)) {
        for (const value of [control.default, control.min]) {
          assertEquals(objection(control, value), undefined, `${name}: ${key}`);
        }
        if (control.choices) {
          assertEquals(
            [control.min, control.max],
            [0, control.choices.length - 1],
            `${name}: ${key}`,
          );
        }
      }
      assert(Object.keys(claims).length > 0, name);
      // Plain sentences: the terminal prints them as they are.
      assertMatch(purpose, /^[^$`*\n]+[.]$/, name);
      assert(purpose.split(" ").length <= 70, `${name} says too much`);
    }
    assertEquals(titles.size, EXPERIMENTS.length);
  },
);

Deno.test("an experiment, its program and its words have one title", { ignore }, async () => {
  for (const { name, words } of EXPERIMENTS) {
    const { title } = await words(), path = experimentPath(name);
    const heading = (file: string): string | undefined =>
      /^ \* # (.*)$/m.exec(Deno.readTextFileSync(new URL(`../${file}`, import.meta.url)))?.[1];
    assertEquals([heading(path), heading(path.replace(".ts", ".words.ts"))], [title, `${title}, in English`], name);
  }
});

Deno.test("objection() says what a control may be", () => {
  const rate = { default: 0.1, min: 0, max: 0.3, step: 0.1 };
  assertEquals(objection(rate, 0.3), undefined);
  assertEquals(objection(rate, 0.25), "must be from 0 to 0.3 in steps of 0.1");
  assertEquals(objection({ ...rate, step: 1, max: 3 }, NaN), "must be a whole number from 0 to 3");
  const mask = { default: 0, min: 0, max: 1, choices: ["none", "causal"] };
  assertEquals(objection(mask, 2), "must be one of none, causal");
});

for (const { name, load, words: read } of EXPERIMENTS) {
  Deno.test(`the experiment ${name} finds what is claimed, and what was recorded`, { ignore }, async () => {
    const experiment = await load(), words = await read();
    let done = 0;
    const findings = await experiment.measure(defaultControls(experiment), {
      onProgress(share) {
        assert(share >= done && share <= 1, `progress ${share} after ${done}`);
        done = share;
      },
    });
    assert(isData(findings), "the findings have numbers that are not finite");
    for (const [claim, { holds, refuted }] of Object.entries(experiment.claims)) {
      assertEquals(holds(findings), !refuted, words.claims[claim]);
    }
    const figures = experiment.draw(findings, words);
    assert(isData(figures), "a figure has numbers that are not finite");
    for (const figure of figures) assertEquals(fault(figure), undefined, figure.caption);
    for (const text of words.reading?.(findings) ?? []) assertMatch(text, PARAGRAPH, name);
    if (granted("read")) {
      const found = differences({ experiment, words }, readRecording(name), findings, isRecordingDevice(backend()));
      assertEquals(found, []);
    }
  });

  Deno.test(
    `the experiment ${name} gives the same for the same controls, and stops when told`,
    { ignore },
    async () => {
      const { controls, measure, draw } = await load(), words = await read();
      const smallest = Object.fromEntries(Object.entries(controls).map(([key, control]) => [key, control.min]));
      const first = await measure(smallest, {});
      for (const figure of draw(first, words)) assertEquals(fault(figure), undefined, figure.caption);
      for (const text of words.reading?.(first) ?? []) assertMatch(text, PARAGRAPH, name);
      assertEquals(await measure(smallest, {}), first);
      await assertRejects(() => measure(smallest, { signal: AbortSignal.abort() }));
    },
  );
}
