import { assertEquals } from "@std/assert";
import type { Experiment, Words } from "../../core/experiments/experiment.ts";
import type { Figure } from "../../core/experiments/figure.ts";
import { differences, rounded } from "../../docs/recorded.ts";

const bars = (...values: number[]): Figure => ({
  kind: "bars",
  caption: `The last is ${values.at(-1)}.`,
  y: { title: "share" },
  bars: values.map((value, i) => ({ label: `bar ${i}`, value })),
});
const line = (...points: [number, number][]): Figure => ({
  kind: "line",
  caption: "A line.",
  x: { title: "step" },
  y: { title: "loss" },
  series: [{ label: "a", points }],
});
/** Findings that are drawn as they are. */
interface Outcome {
  readonly shown: readonly Figure[];
}
const outcome = (figure: Figure, findings: object = {}): Outcome => ({ ...findings, shown: [figure] });

const words: Words = { title: "Nothing", purpose: "Nothing.", controls: {}, claims: {}, captions: {}, labels: {} };

/** What differs between what was recorded and what is found. */
function compare(recorded: Outcome, found: Outcome, more: Partial<Experiment> = {}): number {
  const experiment: Experiment = {
    controls: {},
    claims: {},
    measure: () => Promise.resolve(found),
    draw: (findings) => [...(findings as Outcome).shown],
    ...more,
  };
  const sameBits = more.tolerance === undefined;
  return differences({ experiment, words }, { controls: {}, findings: recorded }, found, sameBits).length;
}

Deno.test("rounded() keeps counts, and some digits of each fraction, however small it is", () => {
  const found = rounded(
    outcome(line([123456, 0.12345649], [200000, 1.2345649e-16]), {
      count: 65_123_456,
      share: 1 / 3,
      list: [2, 1e-9, 0],
    }),
  );
  assertEquals(
    found,
    outcome(line([123456, 0.123456], [200000, 1.23456e-16]), {
      count: 65_123_456,
      share: 0.333333,
      list: [2, 1e-9, 0],
    }),
  );
});

Deno.test("differences() holds a number on a logarithmic axis to a share of itself, where bits are the same", () => {
  const logarithmic = (...points: [number, number][]): Outcome => {
    const figure = line(...points);
    return outcome(figure.kind === "line" ? { ...figure, y: { ...figure.y, logarithmic: true } } : figure);
  };
  assertEquals(compare(logarithmic([0, 1], [1, 1e-16]), logarithmic([0, 1], [1, 1.001e-16])), 0);
  assertEquals(compare(logarithmic([0, 1], [1, 1e-16]), logarithmic([0, 1], [1, 2e-16])), 1);
  assertEquals(compare(outcome(line([0, 1], [1, 1e-16])), outcome(line([0, 1], [1, 2e-16]))), 0);
  // Another device rounds in other places.
  assertEquals(compare(logarithmic([0, 1], [1, 1e-16]), logarithmic([0, 1], [1, 2e-16]), { tolerance: 0.1 }), 0);
});

Deno.test("differences() allows a share of the largest number beside one, not of the number itself", () => {
  assertEquals(compare(outcome(bars(1, 0.0001)), outcome(bars(1.001, 0.0015))), 0);
  assertEquals(compare(outcome(bars(1, 0.0001)), outcome(bars(1.01, 0.0001))), 1);
  assertEquals(compare(outcome(line([1000, 1])), outcome(line([1000, 1.1]))), 1);
  assertEquals(compare(outcome(line([1000, 1])), outcome(line([1001, 1.001]))), 0);
  assertEquals(compare(outcome(bars(1), { loss: [2, 1] }), outcome(bars(1), { loss: [2, 1.1] })), 1);
});

Deno.test("differences() compares words, but not the numbers in captions", () => {
  assertEquals(compare(outcome(bars(0.5)), outcome(bars(0.5001))), 0);
  const text = (text: string): Outcome => outcome({ kind: "text", caption: "It wrote this.", text });
  assertEquals(compare(text("to be"), text("to see")), 1);
  // Elsewhere, what a trained model says may depend on rounding.
  assertEquals(compare(text("to be"), text("to see"), { tolerance: 0.1 }), 0);
});

Deno.test("differences() holds trained findings to the experiment's tolerance on other devices", () => {
  const found = (share: number): Outcome => outcome(bars(share), { share, losses: [share, 2] });
  assertEquals(compare(found(0.01), found(0.04), { tolerance: 0.05 }), 0);
  assertEquals(compare(found(0.01), found(0.2), { tolerance: 0.05 }), 2);
});

Deno.test("differences() notices other controls and other shapes", () => {
  const steps = { default: 3, min: 1, max: 9 };
  assertEquals(compare(outcome(bars(1)), outcome(bars(1)), { controls: { steps } }), 1);
  assertEquals(compare(outcome(bars(1)), outcome(bars(1, 1))) > 0, true);
  assertEquals(compare(outcome(bars(1)), outcome(line([0, 1]))) > 0, true);
});
