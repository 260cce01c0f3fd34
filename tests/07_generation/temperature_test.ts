import { assert, assertEquals } from "@std/assert";
import { toProbabilities } from "../../core/07_generation/sampling.ts";
import { temperatureRule } from "../../core/07_generation/temperature.ts";
import { Draws } from "../support.ts";
import { none } from "./distributions.ts";

Deno.test("temperature keeps the order and moves the entropy", () => {
  const logits = Float64Array.from(new Draws(6).normal(20).data);
  const entropy = (t: number): number =>
    -toProbabilities(temperatureRule(t).onHost(logits, none)).reduce((sum, p) => sum + (p && p * Math.log(p)), 0);
  const order = (row: Float64Array): string => [...row.keys()].sort((a, b) => row[b]! - row[a]!).join();
  const temperatures = [0.1, 0.5, 1, 2, 10];
  for (const t of temperatures) assertEquals(order(temperatureRule(t).onHost(logits, none)), order(logits));
  const entropies = temperatures.map(entropy);
  assertEquals([...entropies].sort((a, b) => a - b), entropies);
  // Ratios are raised to 1/τ.
  const [p, q] = [toProbabilities(logits), toProbabilities(temperatureRule(2).onHost(logits, none))];
  assert(Math.abs(q[3]! / q[7]! - Math.sqrt(p[3]! / p[7]!)) < 1e-12);
});

Deno.test("temperatureRule() divides large logits by small temperatures", () => {
  for (const temperature of [1e-2, 1e-300, Number.MIN_VALUE]) {
    const row = temperatureRule(temperature).onHost(Float64Array.of(1e300, 50, 1e300, -Infinity), none);
    assertEquals([...toProbabilities(row)], [0.5, 0, 0.5, 0]);
  }
});
