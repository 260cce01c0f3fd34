import { assert, assertEquals } from "@std/assert";
import { exponential } from "../../core/engine/exponential.ts";
import { Draws } from "../support.ts";

Deno.test("exponential() is right to two units of double precision down to the least number, and keeps NaN", () => {
  const draws = new Draws(1);
  for (let i = 0; i < 20_000; i++) {
    const x = -745 * draws.next() ** (i % 3 + 1), expected = Math.exp(x);
    const unit = Math.max(2 ** -1074, 2 ** (Math.floor(Math.log2(expected)) - 52));
    assert(Math.abs(exponential(x) - expected) <= 2 * unit, `${x}: ${exponential(x)} instead of ${expected}`);
  }
  assertEquals([0, -0, -745.2, -1e308, -Infinity, NaN].map(exponential), [1, 1, 0, 0, 0, NaN]);
});
