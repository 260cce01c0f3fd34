/**
 * Fused kernels of the GPU device: each against its definition on the reference device, at the borders that its way of
 * sharing out work has, with inputs that begin anywhere in their buffers; and the rules that no definition states.
 */

import { assert, assertEquals } from "@std/assert";
import type { FusedFunctions, FusedName, View } from "../../core/engine/backend.ts";
import { Random } from "../../core/engine/random.ts";
import { runtimeOf } from "../../gpu/runtime.ts";
import { ADAM, assertAdam, assertBorders, drawAdam } from "../fused.ts";
import { fusedCases } from "../fused_cases.ts";
import { build, Draws, HostArray } from "../support.ts";
import { numbers, onGpu, runFused, upload } from "./support.ts";

for (const kernel of Object.keys(fusedCases) as FusedName[]) {
  onGpu(`${kernel} equals its definition, forwards and backwards`, async (device) => {
    await assertBorders(kernel, device, [0, 1, 4]);
  });
}

onGpu("relu and dropout of more than 2²⁴ elements", async (device) => {
  const count = 2 ** 24 + 1003, tail = 1000, start = count - tail;
  const x = upload(device, build([1], () => 3));
  const [y] = device.fused.forward.relu!([{ ...x, shape: [count], strides: [0] }], {})!;
  const last = (view: View): View => ({ ...view, shape: [tail], offset: start });
  assertEquals(new Set((await numbers(device, last(y))).data), new Set([3]));
  const [z] = device.fused.forward.dropout!([y], { rate: 0.5, key0: 7, key1: 9, counter: 11 })!;
  const uniforms = Random.from({ key: [7, 9], counter: 11 + Math.floor(start / 2) }).uniforms(tail + 1);
  const expected = [...uniforms.slice(start % 2).slice(0, tail)].map((u) => u >= 0.5 ? 6 : 0);
  assertEquals([...(await numbers(device, last(z))).data], expected);
  for (const { buffer } of [x, y, z]) device.release(buffer);
});

// ## Rules

onGpu("softmax and logSoftmax give a forbidden score no share, and NaN spreads over its row", async (device) => {
  const never = -Infinity, most = 3.4028234663852886e38;
  for (const columns of [5, 8, 9001]) {
    const rows = [[never, 1, never, 1], [never, never, never, never], [0, NaN, 0, never], [0, Infinity, never, 1], [
      -most,
      most,
      0,
      never,
    ], [-most, -most, never, never]];
    const x = build([rows.length, columns], (i, j) => rows[i!]![j!] ?? never);
    const view = upload(device, x);
    const shares = (await runFused(device, "softmax", [view], {})).value,
      logs = (await runFused(device, "logSoftmax", [view], {})).value;
    const expected = [[0, 0.5, 0, 0.5], [0, 0, 0, 0], [NaN, NaN, NaN, NaN], [NaN, NaN, NaN, NaN], [0, 1, 0, 0], [
      0.5,
      0.5,
      0,
      0,
    ]];
    rows.forEach((_, i) => {
      const strange = Number.isNaN(expected[i]![0]);
      for (let j = 0; j < columns; j += j < 8 ? 1 : 999) {
        const share = expected[i]![j] ?? (strange ? NaN : 0);
        assertEquals(shares.at(i, j), share, `share ${i}, ${j} of ${columns}`);
        const log = strange ? NaN : x.at(i, j) === never ? never : logs.at(i, j);
        assertEquals(logs.at(i, j), log, `logarithm ${i}, ${j} of ${columns}`);
      }
    });
    assertEquals(logs.at(0, 1), Math.fround(-Math.log(2)));
    device.release(view.buffer);
  }
});

onGpu("crossEntropy: forbidden classes, ignored rows, and targets that are no class", async (device) => {
  const never = -Infinity;
  const rows = [[0, 0, never], [0, 0, never], [NaN, 0, 0], [NaN, 0, 0], [0, 0, 0], [0, 0, 0], [never, never, never]];
  const ids = [0, 2, -100, 1, 3, -1, 1];
  for (const columns of [3, 4]) {
    const x = upload(device, build([rows.length, columns], (i, j) => rows[i!]![j!] ?? never));
    const targets = upload(device, new HostArray(Int32Array.from(ids), [ids.length], "int32"));
    const g = upload(device, new HostArray(Float64Array.of(1), [1])), slopes: View = { ...g, shape: [7], strides: [0] };
    for (const labelSmoothing of [0, 0.5]) {
      const attributes = { ignoreIndex: -100, labelSmoothing };
      const { value, gradients: [dx] } = await runFused(device, "crossEntropy", [x, targets], attributes, slopes);
      const two = labelSmoothing > 0 ? Infinity : Math.fround(Math.log(2));
      const bad = columns === 4 ? [Infinity, NaN] : [NaN, NaN];
      assertEquals([...value.data], [two, Infinity, 0, NaN, ...bad, Infinity]);
      const spread = labelSmoothing / columns;
      const near = (i: number, expected: number[]): void =>
        expected.forEach((d, j) => assert(Math.abs(dx!.at(i, j) - d) < 1e-6, `gradient ${i}, ${j}: ${dx!.at(i, j)}`));
      near(0, [0.5 - (1 - labelSmoothing) - spread, 0.5 - spread, -spread]);
      near(1, [0.5 - spread, 0.5 - spread, -(1 - labelSmoothing) - spread]);
      near(6, [-spread, -(1 - labelSmoothing) - spread, -spread]);
      for (let j = 0; j < columns; j++) {
        assertEquals(dx!.at(2, j), 0);
        assertEquals([3, 5].map((i) => dx!.at(i, j)), [NaN, NaN]);
        if (columns === 3) assertEquals(dx!.at(4, j), NaN);
      }
    }
    for (const { buffer } of [x, targets, g]) device.release(buffer);
  }
});

onGpu("activations at numbers that are none", async (device) => {
  const x = upload(device, new HostArray(Float64Array.of(NaN, Infinity, 3e38, -3e38, 0, -0, -Infinity), [7]));
  const ones = upload(device, new HostArray(new Float64Array(7).fill(1), [7]));
  for (const name of ["relu", "silu", "gelu", "geluTanh"] as const) {
    const { value, gradients: [dx] } = await runFused(device, name, [x], {}, ones);
    const large = Math.fround(3e38), middle = name === "relu" ? 0 : 0.5;
    assertEquals(
      [...value.data].map((y) => y + 0),
      [NaN, Infinity, large, 0, 0, 0, 0],
      name,
    );
    assertEquals([...dx!.data].slice(1).map((y) => y + 0), [1, 1, 0, middle, middle, 0], name);
  }
  for (const { buffer } of [x, ones]) device.release(buffer);
});

onGpu("fused kernels take views: transposed, repeated, sliced", async (device) => {
  const draws = new Draws(3), [rows, columns] = [17, 9];
  const x = draws.normal(columns, rows), slope = draws.normal(columns);
  const whole = upload(device, x), row = upload(device, slope);
  const view: View = { ...whole, shape: [rows, columns], strides: [1, rows] };
  const gradient: View = { ...row, shape: [rows, columns], strides: [0, 1] };
  const flat = upload(device, build([rows, columns], (i, j) => x.at(j!, i!)));
  const flatGradient = upload(device, build([rows, columns], (_, j) => slope.at(j!)));
  const dropping = { rate: 0.5, key0: 1, key1: 2, counter: 3 };
  const both = async <Name extends FusedName>(name: Name, attributes: FusedFunctions[Name]): Promise<void> => {
    const expected = await runFused(device, name, [flat], attributes, flatGradient);
    assertEquals(await runFused(device, name, [view], attributes, gradient), expected, name);
  };
  for (const name of ["softmax", "logSoftmax", "relu", "silu", "gelu"] as const) await both(name, {});
  for (const name of ["layerNorm", "rmsNorm"] as const) await both(name, { epsilon: 1e-5 });
  await both("dropout", dropping);
  for (const { buffer } of [whole, row, flat, flatGradient]) device.release(buffer);
});

onGpu("fused kernels accept tensors without elements", async (device) => {
  const empty = (...shape: number[]): View => upload(device, build(shape, () => 0));
  const run = async <Name extends FusedName>(
    name: Name,
    inputs: readonly (View | undefined)[],
    attributes: FusedFunctions[Name],
  ): Promise<void> => {
    const shape = name === "crossEntropy" ? [0] : inputs[0]!.shape;
    const { value, gradients } = await runFused(device, name, inputs, attributes, empty(...shape));
    assertEquals(value.shape, shape, name);
    assertEquals(gradients[0]!.shape, inputs[0]!.shape, name);
    // No rows: a gain has had no influence.
    if (name === "layerNorm") assertEquals([...gradients[1]!.data], [0, 0, 0, 0, 0]);
  };
  const ids = upload(device, new HostArray(new Int32Array(0), [0], "int32"));
  await run("softmax", [empty(0, 5)], {});
  await run("softmax", [empty(5, 0)], {});
  await run("logSoftmax", [empty(5, 0)], {});
  await run("layerNorm", [empty(0, 5), upload(device, new Draws(1).normal(5)), undefined], { epsilon: 1e-5 });
  await run("rmsNorm", [empty(3, 0), empty(0)], { epsilon: 1e-5 });
  await run("gelu", [empty(0)], {});
  await run("relu", [empty(0, 3)], {});
  await run("dropout", [empty(0)], { rate: 0.5, key0: 1, key1: 2, counter: 0 });
  await run("crossEntropy", [empty(0, 5), ids], { ignoreIndex: -100, labelSmoothing: 0 });
});

onGpu("gradients of normalizations are computed only where they are wanted", async (device) => {
  const draws = new Draws(5);
  const x = upload(device, draws.normal(4, 8)), vectors = [1, 2].map(() => upload(device, draws.normal(8)));
  const g = upload(device, draws.normal(4, 8)), { queue } = runtimeOf(device);
  for (
    const [wanted, dispatches] of [[[true, false, false], 2], [[false, true, false], 2], [
      [true, true, true],
      3,
    ]] as const
  ) {
    const before = queue.dispatches;
    const { gradients } = await runFused(device, "layerNorm", [x, ...vectors], { epsilon: 1e-5 }, g, wanted);
    assertEquals(gradients.map((found) => found !== undefined), [...wanted]);
    assertEquals(queue.dispatches - before, dispatches);
  }
  for (const { buffer } of [x, ...vectors, g]) device.release(buffer);
});

onGpu("a step of a recurrent network is a product and one dispatch, forwards and backwards", async (device) => {
  const draws = new Draws(7), { queue } = runtimeOf(device), [B, T, H] = [3, 5, 8];
  for (const [kernel, gates] of [["rnn", 1], ["lstm", 4], ["gru", 3]] as const) {
    const inputs = [[B, T, gates * H], [H, gates * H], [gates * H], [B, H], ...(kernel === "lstm" ? [[B, H]] : [])]
      .map((shape) => upload(device, draws.normal(...shape)));
    const attributes = { reverse: false, relu: false }, before = queue.dispatches;
    const outputs = device.fused.forward[kernel]!(inputs, attributes)!;
    assertEquals(queue.dispatches - before, 2 * T, kernel);
    const wanted = inputs.map((_, i) => i === 0), middle = queue.dispatches;
    const [to] = device.fused.backward[kernel]!(inputs, outputs, outputs[0], wanted, attributes)!;
    assertEquals(queue.dispatches - middle, 2 * T, kernel);
    for (const { buffer } of [...inputs, ...outputs, to!]) device.release(buffer);
  }
  await queue.done();
});

onGpu("sums over rows have the same bits in every run", async (device) => {
  const draws = new Draws(6);
  const views = [draws.normal(3000, 33), draws.normal(33), draws.normal(33), draws.normal(3000, 33)].map((x) =>
    upload(device, x)
  );
  const run = () => runFused(device, "layerNorm", views.slice(0, 3), { epsilon: 1e-5 }, views[3]);
  assertEquals(await run(), await run());
  for (const { buffer } of views) device.release(buffer);
});

onGpu("adamStep equals its definition, and leaves alone what lies around its targets", async (device) => {
  for (const [n, offset] of [[1, 0], [3, 0], [4, 4], [5, 4], [17, 0], [1025, 4], [17, 1], [5000, 3]] as const) {
    const around = 7, before = drawAdam(new Draws(n), offset + n + around);
    const whole = before.map((x) => upload(device, x));
    const views = whole.map((view): View => ({ ...view, shape: [n], offset }));
    assert(device.fused.update.adamStep!(views.slice(0, 3), [views[3]], ADAM));
    const found = await Promise.all(whole.slice(0, 3).map((view) => numbers(device, view)));
    for (let i = 0; i < offset + n + around; i++) {
      const [p, m, v] = found.map((x) => x.at(i)) as [number, number, number];
      if (i >= offset && i < offset + n) assertAdam([p, m, v], before, i, 16);
      else assertEquals([p, m, v], before.slice(0, 3).map((x) => x.at(i)));
    }
    for (const { buffer } of whole) device.release(buffer);
  }
});

onGpu("adamStep declines targets that share a buffer", (device) => {
  const x = upload(device, new Draws(1).normal(12));
  const part = (offset: number): View => ({ ...x, shape: [4], offset });
  assertEquals(device.fused.update.adamStep!([part(0), part(4), part(8)], [part(0)], ADAM), false);
  device.release(x.buffer);
});
