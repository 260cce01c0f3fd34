/**
 * Fused kernels of the GPU device below the level of tensors: each against its definition on the reference
 * device, at the borders that its way of sharing out work has.
 */

import { assert, assertEquals } from "@std/assert";
import { logSoftmax, softmax } from "../../core/02_words/softmax.ts";
import { gelu, geluTanh, relu, silu } from "../../core/05_transformer/feed_forward/activations.ts";
import { layerNorm, rmsNorm } from "../../core/05_transformer/normalization.ts";
import { crossEntropy } from "../../core/06_training/loss.ts";
import type { Attributes, Backend, View } from "../../core/engine/backend.ts";
import { withBackend } from "../../core/engine/device.ts";
import { dropout } from "../../core/engine/dropout.ts";
import { Random } from "../../core/engine/random.ts";
import { parameter } from "../../core/engine/create.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { runtimeOf } from "../../gpu/runtime.ts";
import { build, Draws, HostArray, reference } from "../support.ts";
import { numbers, onGpu, runFused, upload } from "./support.ts";

/** Unit roundoff of float32. */
const UNIT = 2 ** -24;

/** One use of a kernel. */
interface Case {
  readonly name: string;
  readonly kernel: string;
  readonly attributes?: Attributes;
  readonly inputs: (draws: Draws) => readonly (HostArray | undefined)[];
  readonly definition: (...inputs: Tensor[]) => Tensor;
  /** Units of roundoff allowed, relative to the largest magnitude of a result; of a gradient at least 1. */
  readonly tolerance: number;
}

/** Value and gradients by the definition. */
async function judge({ inputs, definition }: Case): Promise<readonly (HostArray | undefined)[]> {
  return await withBackend(reference, async () => {
    const draws = new Draws(1);
    const leaves = inputs(draws).map((x) => x && (x.dtype === "float32" ? parameter(x.tensor()) : x.tensor()));
    const y = definition(...leaves as Tensor[]);
    y.backward(draws.normal(...y.shape).tensor());
    const gradients = leaves.map((leaf) => leaf?.grad);
    return await Promise.all([y.detach(), ...gradients].map((x) => x && HostArray.of(x)));
  });
}

/** Fails unless results agree to `tolerance` roundoffs. */
function compare(actual: HostArray, expected: HostArray, tolerance: number, least: number, what: string): void {
  assertEquals(actual.shape, expected.shape, what);
  let size = least;
  for (const x of expected.data) if (Number.isFinite(x)) size = Math.max(size, Math.abs(x));
  const allowed = tolerance * UNIT * size;
  for (let i = 0; i < expected.data.length; i++) {
    const x = expected.data[i]!, found = actual.data[i]!;
    if (Object.is(found, x) || found === x || Math.abs(found - x) <= allowed) continue;
    throw new Error(
      `${what}, element ${i}: ${found} instead of ${x}, off by ${Math.abs(found - x) / UNIT / size} units`,
    );
  }
}

/** Compares kernel and definition, with every input beginning `offset` elements into its buffer. */
async function check(device: Backend, entry: Case, offset: number): Promise<void> {
  const [value, ...gradients] = await judge(entry);
  const draws = new Draws(1);
  const inputs = entry.inputs(draws).map((x) => x && upload(device, x, offset));
  const slopes = upload(device, draws.normal(...value!.shape), offset);
  const found = await runFused(device, entry.kernel, inputs, entry.attributes, slopes);
  for (const view of [...inputs, slopes]) if (view) device.release(view.buffer);
  const what = `${entry.kernel}, ${entry.name}, offset ${offset}`;
  compare(found.value, value!, entry.tolerance, 1e-30, what);
  gradients.forEach((expected, i) => {
    if (expected) compare(found.gradients[i]!, expected, entry.tolerance, 1, `${what}, gradient ${i}`);
  });
}

const normalized = (x: Tensor, gain?: Tensor, bias?: Tensor): Tensor => layerNorm(x, gain, bias);

const cases: Case[] = [];

// Around the borders of WIDTH = 16, 64 and 256, in single numbers and in fours.
for (const V of [1, 4, 15, 16, 64, 65, 256, 257, 260, 1000, 1028, 2001]) {
  for (const scale of [3, 1e4]) {
    const name = `${V} scores up to ±${scale}`, inputs = (d: Draws): HostArray[] => [d.uniform(-scale, scale, 19, V)];
    cases.push({ name, kernel: "softmax", inputs, definition: (x) => softmax(x), tolerance: 16 });
    cases.push({ name, kernel: "logSoftmax", inputs, definition: (x) => logSoftmax(x), tolerance: 16 });
    for (const labelSmoothing of [0, 0.1]) {
      cases.push({
        name: `${name}, smoothed by ${labelSmoothing}`,
        kernel: "crossEntropy",
        attributes: { ignoreIndex: -100, labelSmoothing },
        inputs: (d) => {
          const ids = d.integers(0, V, 19);
          ids.data[3] = -100;
          return [d.uniform(-scale, scale, 19, V), ids];
        },
        definition: (x, ids) => crossEntropy(x, ids, { labelSmoothing, reduction: "none" }),
        tolerance: 32,
      });
    }
  }
  for (const vectors of [0, 1, 2]) {
    const inputs = (most: number) => (d: Draws): (HostArray | undefined)[] => {
      const x = d.normal(3, 13, V);
      return [x, vectors > 0 ? d.normal(V) : undefined, ...(most < 2 ? [] : [vectors > 1 ? d.normal(V) : undefined])];
    };
    // A row of few elements cancels to almost nothing; its gradient is judged by the sums it comes from.
    const tolerance = V < 15 ? 4e4 : 400, attributes = { epsilon: 1e-5 };
    const name = `39 rows of ${V}, ${vectors} vectors`;
    cases.push({ name, kernel: "layerNorm", attributes, inputs: inputs(2), definition: normalized, tolerance });
    if (vectors > 1) continue;
    const definition = (x: Tensor, gain?: Tensor): Tensor => rmsNorm(x, gain);
    cases.push({ name, kernel: "rmsNorm", attributes, inputs: inputs(1), definition, tolerance });
  }
}

for (const n of [1, 3, 4, 5, 1000, 1023, 1025, 5000]) {
  for (const reach of [6, 200]) {
    const name = `${n} numbers up to ±${reach}`, inputs = (d: Draws): HostArray[] => [d.uniform(-reach, reach, n)];
    cases.push({ name, kernel: "relu", inputs, definition: relu, tolerance: 0 });
    cases.push({ name, kernel: "silu", inputs, definition: silu, tolerance: 8 });
    for (const approximate of [false, true]) {
      const definition = approximate ? geluTanh : gelu;
      cases.push({ name, kernel: "gelu", attributes: { approximate }, inputs, definition, tolerance: 12 });
    }
  }
  for (const counter of [0, 2 ** 32 - 3, 2 ** 40 + 5]) {
    const [key0, key1] = [0x89abcdef, 0x01234567];
    cases.push({
      name: `${n} elements from block ${counter}`,
      kernel: "dropout",
      attributes: { rate: 0.3, key0, key1, counter },
      inputs: (d) => [d.normal(n)],
      definition: (x) => dropout(x, 0.3, Random.from({ key: [key0, key1], counter })),
      tolerance: 2,
    });
  }
}

for (const kernel of [...new Set(cases.map((entry) => entry.kernel))]) {
  onGpu(`${kernel} equals its definition, forwards and backwards`, async (device) => {
    for (const entry of cases) {
      if (entry.kernel !== kernel) continue;
      for (const offset of [0, 1, 4]) await check(device, entry, offset);
    }
  });
}

// ## Much of everything

const many: readonly Case[] = [
  {
    name: "more rows than workgroups along an axis",
    kernel: "softmax",
    inputs: (d) => [d.normal(1_050_000, 2)],
    definition: (x) => softmax(x),
    tolerance: 16,
  },
  {
    name: "long rows",
    kernel: "softmax",
    inputs: (d) => [d.normal(2, 200_001)],
    definition: (x) => softmax(x),
    tolerance: 64,
  },
  {
    name: "long rows",
    kernel: "logSoftmax",
    inputs: (d) => [d.normal(2, 200_000)],
    definition: (x) => logSoftmax(x),
    tolerance: 64,
  },
  {
    name: "rows in parts of unequal length",
    kernel: "softmax",
    inputs: (d) => [d.uniform(-1e4, 1e4, 5, 3, 20_003)],
    definition: (x) => softmax(x),
    tolerance: 64,
  },
  {
    name: "rows in parts",
    kernel: "logSoftmax",
    inputs: (d) => [d.uniform(-1e4, 1e4, 17, 16_388)],
    definition: (x) => logSoftmax(x),
    tolerance: 64,
  },
  {
    name: "a large vocabulary",
    kernel: "crossEntropy",
    attributes: { ignoreIndex: -100, labelSmoothing: 0.1 },
    inputs: (d) => [d.normal(3, 200_000), d.integers(0, 200_000, 3)],
    definition: (x, ids) => crossEntropy(x, ids, { labelSmoothing: 0.1, reduction: "none" }),
    tolerance: 64,
  },
  {
    name: "many rows",
    kernel: "layerNorm",
    attributes: { epsilon: 1e-5 },
    inputs: (d) => [d.normal(70_000, 5), d.normal(5), d.normal(5)],
    definition: normalized,
    tolerance: 4e4,
  },
  {
    name: "long rows",
    kernel: "layerNorm",
    attributes: { epsilon: 1e-5 },
    inputs: (d) => [d.normal(2, 100_002), d.normal(100_002), d.normal(100_002)],
    definition: normalized,
    tolerance: 400,
  },
];

for (const entry of many) {
  onGpu(`${entry.kernel}: ${entry.name}`, (device) => check(device, entry, 0));
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
    const shares = (await runFused(device, "softmax", [view])).value,
      logs = (await runFused(device, "logSoftmax", [view])).value;
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
  const x = upload(device, new HostArray(Float64Array.of(NaN, Infinity, 3e38, -3e38, 0, -0), [6]));
  const ones = upload(device, new HostArray(new Float64Array(6).fill(1), [6]));
  for (const [name, approximate] of [["relu", false], ["silu", false], ["gelu", false], ["gelu", true]] as const) {
    const { value, gradients: [dx] } = await runFused(device, name, [x], { approximate }, ones);
    const first = name === "relu" ? 0 : NaN, large = Math.fround(3e38), middle = name === "relu" ? 0 : 0.5;
    assertEquals([...value.data].map((y) => y + 0), [first, Infinity, large, 0, 0, 0], name);
    assertEquals([...dx!.data].slice(2).map((y) => y + 0), [1, 0, middle, middle], name);
  }
  for (const { buffer } of [x, ones]) device.release(buffer);
});

onGpu("fused kernels take views: transposed, repeated, sliced", async (device) => {
  const draws = new Draws(3), [rows, columns] = [17, 9];
  const x = draws.normal(columns, rows), slope = draws.normal(columns);
  const whole = upload(device, x), row = upload(device, slope);
  const view: View = { ...whole, shape: [rows, columns], strides: [1, rows] };
  const gradient: View = { ...row, shape: [rows, columns], strides: [0, 1] };
  const attributes = { epsilon: 1e-5, approximate: false, rate: 0.5, key0: 1, key1: 2, counter: 3 };
  const flat = upload(device, build([rows, columns], (i, j) => x.at(j!, i!)));
  const flatGradient = upload(device, build([rows, columns], (_, j) => slope.at(j!)));
  for (const name of ["softmax", "logSoftmax", "layerNorm", "rmsNorm", "relu", "silu", "gelu", "dropout"]) {
    const expected = await runFused(device, name, [flat], attributes, flatGradient);
    assertEquals(await runFused(device, name, [view], attributes, gradient), expected, name);
  }
  for (const { buffer } of [whole, row, flat, flatGradient]) device.release(buffer);
});

onGpu("fused kernels accept tensors without elements", async (device) => {
  const empty = (...shape: number[]): View => upload(device, build(shape, () => 0));
  const runs: readonly (readonly [string, readonly (View | undefined)[], Attributes?])[] = [
    ["softmax", [empty(0, 5)]],
    ["softmax", [empty(5, 0)]],
    ["logSoftmax", [empty(5, 0)]],
    ["layerNorm", [empty(0, 5), upload(device, new Draws(1).normal(5)), undefined]],
    ["rmsNorm", [empty(3, 0), empty(0)]],
    ["gelu", [empty(0)]],
    ["relu", [empty(0, 3)]],
    ["dropout", [empty(0)], { rate: 0.5, key0: 1, key1: 2, counter: 0 }],
    ["crossEntropy", [empty(0, 5), upload(device, new HostArray(new Int32Array(0), [0], "int32"))], {}],
  ];
  for (const [name, inputs, attributes] of runs) {
    const shape = name === "crossEntropy" ? [0] : inputs[0]!.shape;
    const { value, gradients } = await runFused(device, name, inputs, attributes, empty(...shape));
    assertEquals(value.shape, shape, name);
    assertEquals(gradients[0]!.shape, inputs[0]!.shape, name);
    // No rows: a gain has had no influence.
    if (name === "layerNorm") assertEquals([...gradients[1]!.data], [0, 0, 0, 0, 0]);
  }
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
    const { gradients } = await runFused(device, "layerNorm", [x, ...vectors], {}, g, wanted);
    assertEquals(gradients.map((found) => found !== undefined), [...wanted]);
    assertEquals(queue.dispatches - before, dispatches);
  }
  for (const { buffer } of [x, ...vectors, g]) device.release(buffer);
});

onGpu("sums over rows have the same bits in every run", async (device) => {
  const draws = new Draws(6);
  const views = [draws.normal(3000, 33), draws.normal(33), draws.normal(33), draws.normal(3000, 33)].map((x) =>
    upload(device, x)
  );
  const run = () => runFused(device, "layerNorm", views.slice(0, 3), {}, views[3]);
  assertEquals(await run(), await run());
  for (const { buffer } of views) device.release(buffer);
});

onGpu("adamStep equals its definition, and leaves alone what lies around its targets", async (device) => {
  for (const [n, offset] of [[1, 0], [3, 0], [4, 4], [5, 4], [17, 0], [1025, 4], [17, 1], [5000, 3]] as const) {
    const draws = new Draws(n), around = 7;
    const [p, m, v, g] = [1, 2, 3, 4].map(() => draws.normal(offset + n + around));
    for (let i = 0; i < v!.data.length; i++) v!.data[i] = Math.fround(v!.data[i]! ** 2);
    const [learningRate, beta1, beta2, epsilon, weightDecay, gradientScale] = [0.01, 0.9, 0.999, 1e-8, 0.1, 0.5];
    const [correction1, correction2] = [1 - beta1 ** 3, 1 - beta2 ** 3];
    const attributes = {
      learningRate,
      beta1,
      beta2,
      epsilon,
      weightDecay,
      correction1,
      correction2,
      gradientScale,
    };
    const whole = [p!, m!, v!, g!].map((x) => upload(device, x));
    const views = whole.map((view): View => ({ ...view, shape: [n], offset }));
    assert(device.fused.update.adamStep!(views.slice(0, 3), [views[3]], attributes));
    const [parameters, first, second] = await Promise.all(whole.map((view) => numbers(device, view)));
    for (let i = 0; i < offset + n + around; i++) {
      if (i < offset || i >= offset + n) {
        assertEquals([parameters!, first!, second!].map((x) => x.at(i)), [p!, m!, v!].map((x) => x.at(i)));
        continue;
      }
      const slope = g!.at(i) * gradientScale;
      const mean = beta1 * m!.at(i) + (1 - beta1) * slope, square = beta2 * v!.at(i) + (1 - beta2) * slope ** 2;
      const step = learningRate * (mean / correction1) / (Math.sqrt(square / correction2) + epsilon);
      const moved = p!.at(i) * (1 - learningRate * weightDecay) - step;
      assert(Math.abs(first!.at(i) - mean) <= 4 * UNIT * (Math.abs(m!.at(i)) + Math.abs(slope)));
      assert(Math.abs(second!.at(i) - square) <= 4 * UNIT * square);
      const size = Math.abs(p!.at(i)) + Math.abs(step) * (1 + Math.abs(m!.at(i) / mean));
      assert(Math.abs(parameters!.at(i) - moved) <= 16 * UNIT * size);
    }
    for (const { buffer } of whole) device.release(buffer);
  }
});

onGpu("adamStep declines targets that share a buffer", (device) => {
  const x = upload(device, new Draws(1).normal(12));
  const part = (offset: number): View => ({ ...x, shape: [4], offset });
  assertEquals(device.fused.update.adamStep!([part(0), part(4), part(8)], [part(0)], {}), false);
  device.release(x.buffer);
});
