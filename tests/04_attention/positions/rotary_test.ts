import { assert, assertAlmostEquals, assertThrows } from "@std/assert";
import { applyRotary, rotaryAngles, RotaryPositions } from "../../../core/04_attention/positions/mod.ts";
import { withoutFusion } from "../../../core/engine/fusable.ts";
import { concat } from "../../../core/engine/joining.ts";
import type { Tensor } from "../../../core/engine/tensor.ts";
import { goldens, precision, read } from "../../goldens/read.ts";
import { assertClose, assertGradients, Draws, normal, onEveryBackend, onReference } from "../../support.ts";

onEveryBackend("applyRotary() agrees with its published programs", async (device) => {
  const golden = goldens.rotary;
  const { cosine, sine } = rotaryAngles(5, 8, { start: golden.start });
  for (const [interleaved, y] of [[false, golden.halves], [true, golden.interleaved]] as const) {
    await assertClose(applyRotary(read(golden.x), cosine, sine, { interleaved }), read(y), precision(device));
  }
});

onReference("applyRotary() leaves only the distance in a dot product", async () => {
  const query = normal(1, 1, 1, 1, 8), key = normal(2, 1, 1, 1, 8);
  for (const interleaved of [false, true]) {
    const rule = new RotaryPositions(8, { interleaved });
    const score = (t: number, s: number): Promise<number> => rule.mark(query, t).mul(rule.mark(key, s)).sum().item();
    const expected = await score(7, 3);
    for (const shift of [1, 5, 100]) assertAlmostEquals(await score(7 + shift, 3 + shift), expected, 1e-10);
    assertAlmostEquals(await score(0, 0), await query.mul(key).sum().item(), 1e-10);
    assert(Math.abs(await score(8, 3) - expected) > 1e-3);
  }
});

onReference("applyRotary() multiplies pairs as complex numbers", async () => {
  const x = normal(1, 2, 3, 9, 8), T = 9, pairs = 4, start = 5, base = 500;
  const { cosine, sine } = rotaryAngles(T, 2 * pairs, { start, base });
  const numbers = [...await x.read()];
  for (const interleaved of [false, true]) {
    const turned = [...await applyRotary(x, cosine, sine, { interleaved }).read()];
    for (let row = 0; row < numbers.length; row += 2 * pairs) {
      const position = start + row / (2 * pairs) % T;
      for (let i = 0; i < pairs; i++) {
        const [a, b] = interleaved ? [row + 2 * i, row + 2 * i + 1] : [row + i, row + pairs + i];
        // In polar form: lengths are multiplied, here by 1, and angles are added.
        const length = Math.hypot(numbers[a]!, numbers[b]!), angle = Math.atan2(numbers[b]!, numbers[a]!);
        const after = angle + position * base ** (-i / pairs);
        assertAlmostEquals(turned[a]!, length * Math.cos(after), 1e-12);
        assertAlmostEquals(turned[b]!, length * Math.sin(after), 1e-12);
      }
    }
  }
});

onReference("applyRotary() keeps scores below the bound of the long-term decay", async () => {
  const D = 32, pairs = D / 2, distances = [0, 1, 2, 5, 20, 100, 1000];
  for (const seed of [1, 2, 3]) {
    const query = normal(seed, 1, 1, 1, D), key = normal(seed + 10, 1, 1, 1, D);
    const q = [...await query.read()], k = [...await key.read()];
    // h = q times the conjugate of k, and 0 behind the last pair.
    const h = Array.from(
      { length: pairs + 1 },
      (_, i) =>
        i === pairs
          ? [0, 0]
          : [q[i]! * k[i]! + q[pairs + i]! * k[pairs + i]!, q[pairs + i]! * k[i]! - q[i]! * k[pairs + i]!],
    );
    const most = Math.max(
      ...h.slice(1).map(([x, y], i) => Math.hypot(x! - h[i]![0]!, y! - h[i]![1]!)),
    );
    const bounds: number[] = [];
    for (const distance of distances) {
      const { cosine, sine } = rotaryAngles(1, D, { start: distance });
      const score = await query.mul(applyRotary(key, cosine, sine)).sum().item();
      const [real, imaginary] = [[...await cosine.read()], [...await sine.read()]];
      let x = 0, y = 0, sum = 0;
      for (let j = 0; j < pairs; j++) {
        x += real[j]!;
        y += imaginary[j]!;
        sum += Math.hypot(x, y);
      }
      assert(Math.abs(score) <= most * sum, `distance ${distance}`);
      bounds.push(sum);
    }
    assertAlmostEquals(bounds[0]!, pairs * (pairs + 1) / 2, 1e-9);
    assert(bounds.at(-1)! < bounds[0]! / 2);
  }
});

onEveryBackend("applyRotary() keeps lengths, and turns back with the opposite sine", async () => {
  const x = normal(1, 2, 3, 65, 16);
  const { cosine, sine } = rotaryAngles(65, 16);
  for (const interleaved of [false, true]) {
    const turned = applyRotary(x, cosine, sine, { interleaved });
    await assertClose(turned.square().sum(-1), x.square().sum(-1), { rtol: 1e-5 });
    await assertClose(applyRotary(turned, cosine, sine.neg(), { interleaved }), x, { rtol: 1e-5, atol: 1e-5 });
    await assertClose(turned, withoutFusion(() => applyRotary(x, cosine, sine, { interleaved })), { atol: 1e-6 });
  }
});

onEveryBackend("applyRotary() in both pairings differs by a fixed order of coordinates", async () => {
  const x = normal(1, 1, 2, 5, 8);
  const { cosine, sine } = rotaryAngles(5, 8);
  // Coordinate 2i of the neighbours' form is coordinate i of the halves' form, 2i + 1 is i + D/2.
  const sorted = (y: Tensor): Tensor => concat([y.slice(-1, 0, 8, 2), y.slice(-1, 1, 8, 2)], -1);
  await assertClose(
    sorted(applyRotary(x, cosine, sine, { interleaved: true })),
    applyRotary(sorted(x), cosine, sine),
    { atol: 1e-6 },
  );
});

onEveryBackend("RotaryPositions() marks the same with and without a cache", async () => {
  const x = normal(1, 2, 3, 130, 8), rule = new RotaryPositions(8);
  const parts = [[0, 1], [1, 64], [64, 130]].map(([start, end]) => rule.mark(x.slice(2, start!, end!), start!));
  await assertClose(concat(parts, 2), rule.mark(x, 0), { tolerance: 0 });
});

Deno.test("applyRotary() has the gradients of its formula", async () => {
  const draws = new Draws(1);
  const [x, cosine, sine] = [draws.normal(1, 2, 3, 4), draws.normal(3, 2), draws.normal(3, 2)];
  for (const interleaved of [false, true]) {
    await assertGradients((a, b, c) => applyRotary(a, b, c, { interleaved }), [x, cosine, sine]);
  }
});

Deno.test("RotaryPositions() refuses odd heads and bases that are none", () => {
  assertThrows(() => new RotaryPositions(5), RangeError, "Cannot rotate heads of width 5: headSize must be even");
  assertThrows(() => new RotaryPositions(4, { base: 0 }), RangeError, "base must be a number greater than 0");
});
