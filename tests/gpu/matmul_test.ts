/**
 * Matrix products on the GPU device: every route, every way to read an operand, against double precision.
 */

import { assert, assertEquals } from "@std/assert";
import type { Backend, View } from "../../core/engine/backend.ts";
import { contiguousStrides, sizeOf } from "../../core/engine/shape.ts";
import { matmul, multiply, type Product, type Route, routeOf } from "../../gpu/matmul.ts";
import { runtimeOf } from "../../gpu/runtime.ts";
import { assertClose, build, Draws, HostArray } from "../support.ts";
import { numbers, onGpu, runFused, upload } from "./support.ts";

const EPSILON = 2 ** -24;

/** Numbers of the host under any strides. */
interface Matrices {
  readonly view: View;
  readonly at: (...index: number[]) => number;
}

/** Matrices `[...batch, rows, columns]` in a buffer with `gap` elements between lines and `offset` before the first. */
function matrices(
  device: Backend,
  seed: number,
  shape: readonly number[],
  { transposed = false, gap = 0, offset = 0, repeated = false }: {
    transposed?: boolean;
    gap?: number;
    offset?: number;
    repeated?: boolean;
  } = {},
): Matrices {
  const [rows, columns] = shape.slice(-2) as [number, number], batch = shape.slice(0, -2);
  const line = (transposed ? rows : columns) + gap, lines = transposed ? columns : rows;
  const strides = transposed ? [1, line] : [line, 1];
  const outer = contiguousStrides(batch).map((stride) => repeated ? 0 : stride * line * lines);
  const count = offset + line * lines * (repeated ? 1 : sizeOf(batch));
  const data = new Draws(seed).normal(count).data.map(Math.fround) as Float64Array;
  const all = [...outer, ...strides];
  return {
    view: { buffer: device.upload(data, "float32"), dtype: "float32", shape, strides: all, offset },
    at: (...index) => data[index.reduce((at, i, axis) => at + i * all[axis]!, offset)]!,
  };
}

/** The largest error of a product `[..., M, N]`, in units of the rounding that its terms may have. */
async function errorOf(device: Backend, a: Matrices, b: Matrices, c: View, bias?: HostArray): Promise<number> {
  const found = await device.download(c), K = a.view.shape.at(-1)!;
  let worst = 0, i = 0;
  for (const index of walk(c.shape)) {
    const lead = index.slice(0, -2), row = index.at(-2)!, column = index.at(-1)!;
    let sum = bias ? bias.at(column) : 0, size = Math.abs(sum);
    for (let k = 0; k < K; k++) {
      const term = a.at(...lead, row, k) * b.at(...lead, k, column);
      sum += term;
      size += Math.abs(term);
    }
    worst = Math.max(worst, Math.abs(found[i++]! - sum) / (size * EPSILON + 1e-30));
  }
  return worst;
}

function* walk(shape: readonly number[]): Generator<number[]> {
  const strides = contiguousStrides(shape);
  for (let i = 0; i < sizeOf(shape); i++) yield shape.map((extent, axis) => Math.floor(i / strides[axis]!) % extent);
}

/** A fresh view of a buffer. */
function viewOf(buffer: View["buffer"], shape: readonly number[]): View {
  return { buffer, dtype: "float32", shape, strides: contiguousStrides(shape), offset: 0 };
}

function assertRoundings(worst: number, K: number, what: string): void {
  assert(worst < 2 * Math.sqrt(K) + 4, `${what}: ${worst.toFixed(1)} roundings`);
}

const shapes = [
  [1, 1, 1],
  [1, 17, 9],
  [2, 513, 15],
  [4, 64, 1000],
  [5, 8, 600],
  [7, 9, 5],
  [8, 40, 33],
  [13, 31, 29],
  [63, 1, 64],
  [65, 3, 63],
  [65, 47, 131],
  [97, 33, 513],
  [100, 1000, 7],
  [130, 150, 70],
] as const;

for (const form of ["NN", "NT", "TN", "TT"]) {
  onGpu(`matmul() sums what double precision sums, ${form}`, async (device) => {
    for (const [M, N, K] of shapes) {
      for (const gap of [0, 3, 4]) {
        const a = matrices(device, 1, [M, K], { transposed: form[0] === "T", gap, offset: gap });
        const b = matrices(device, 2, [K, N], { transposed: form[1] === "T", gap, offset: gap });
        const c = viewOf(device.matmul(a.view, b.view), [M, N]);
        assertRoundings(await errorOf(device, a, b, c), K, `${M}×${N}×${K}, gap ${gap}`);
        for (const { buffer } of [a.view, b.view, c]) device.release(buffer);
      }
    }
  });
}

// ## Routes

onGpu("routeOf() knows the shapes of models", () => {
  const known: readonly (readonly [readonly number[], Route["name"], number])[] = [
    [[1, 768, 768, 1], "rows", 1],
    [[8, 50257, 768, 1], "rows", 1],
    [[768, 1, 3072, 1], "columns", 1],
    [[1, 1, 1_000_000, 1], "rows", 32],
    [[8, 8, 8, 1000], "each", 1],
    [[5000, 5000, 1, 1], "each", 1],
    [[16, 768, 768, 1], "tile32", 6],
    [[33, 33, 33, 1], "tile32", 1],
    [[128, 768, 3072, 1], "tile64", 5],
    [[1024, 768, 768, 1], "tile64", 1],
    [[768, 768, 8192, 1], "tile64", 1],
    [[64, 64, 32, 96], "tile64", 1],
    [[4096, 4096, 4096, 1], "tile128", 1],
    [[1024, 50257, 768, 1], "tile128", 1],
  ];
  for (const [[rows, columns, depth, batch], name, parts] of known) {
    assertEquals(routeOf(rows!, columns!, depth!, batch!), { name, parts }, `${rows}×${columns}×${depth}, ${batch}`);
  }
});

const readings = ["along", "across", "singly"];

for (const name of ["each", "rows", "columns", "tile32", "tile64", "tile128"] as const) {
  onGpu(`matmul() by the route ${name}, all ways to read its operands`, async (device) => {
    const runtime = runtimeOf(device);
    const [M, N] = name === "rows" ? [5, 71] : name === "columns" ? [71, 7] : [70, 132];
    for (const readA of readings) {
      for (const readB of readings) {
        // Vectors need lines that begin at multiples of four: a gap fills them up.
        const K = readA === "singly" ? 101 : 100, parts = readA === readB && name !== "each" ? 3 : 1;
        const line = (extent: number, reading: string) => reading === "singly" ? 1 : (4 - extent % 4) % 4;
        const turnA = readA === "across", turnB = readB === "along";
        const a = matrices(device, 3, [2, M, K], { transposed: turnA, gap: line(turnA ? M : K, readA), offset: 8 });
        const b = matrices(device, 4, [2, K, N], {
          ...{ transposed: turnB, gap: line(turnB ? K : N, readB), offset: 4, repeated: readB === "across" },
        });
        const plus = new HostArray(new Draws(5).normal(N).data.map(Math.fround) as Float64Array, [N]);
        const bias = upload(device, plus, 3), c = viewOf(device.allocate("float32", 2 * M * N), [2, M, N]);
        const product: Product = {
          left: {
            ...{ buffer: a.view.buffer, offset: 8, line: a.view.strides[1]!, term: a.view.strides[2]! },
            batch: [a.view.strides[0]!],
          },
          right: {
            ...{ buffer: b.view.buffer, offset: 4, line: b.view.strides[2]!, term: b.view.strides[1]! },
            batch: [b.view.strides[0]!],
          },
          ...{ rows: M, columns: N, depth: K, batch: [2] },
          bias: { buffer: bias.buffer, offset: 3 },
        };
        multiply(runtime, product, c.buffer, { name, parts });
        runtime.sweep();
        assertRoundings(await errorOf(device, a, b, c, plus), K, `${readA}, ${readB}, ${parts} parts`);
        for (const { buffer } of [a.view, b.view, c, bias]) device.release(buffer);
      }
    }
  });
}

onGpu("few rows and columns in all their variants", async (device) => {
  const rows = [1, 2, 3, 4, 5, 8], wide = [[9000, 36], [40, 2052], [33, 4099]] as const;
  for (const M of rows) {
    for (const [N, K] of M > 3 ? wide.slice(1) : wide) {
      for (const turned of [false, true]) {
        const a = matrices(device, 6, [M, K]), b = matrices(device, 7, [K, N], { transposed: turned });
        const c = viewOf(device.matmul(a.view, b.view), [M, N]);
        assertRoundings(await errorOf(device, a, b, c), K, `${M}×${N}×${K} ${turned}`);
        // The transposes of both, in exchanged roles.
        const swap = ({ view, at }: Matrices): Matrices => ({
          view: { ...view, buffer: view.buffer, shape: view.shape.toReversed(), strides: view.strides.toReversed() },
          at: (i, j) => at(j!, i!),
        });
        const d = viewOf(device.matmul(swap(b).view, swap(a).view), [N, M]);
        assertRoundings(await errorOf(device, swap(b), swap(a), d), K, `${N}×${M}×${K} ${turned}`);
        for (const { buffer } of [a.view, b.view, c, d]) device.release(buffer);
      }
    }
  }
});

// ## Batches and special cases

onGpu("matmul() walks batches of any strides", async (device) => {
  for (const [M, N, K] of [[3, 5, 7], [40, 36, 20], [1, 64, 48], [48, 2, 64]]) {
    for (const repeatedA of [false, true]) {
      for (const repeatedB of [false, true]) {
        const a = matrices(device, 8, [2, 3, M!, K!], { repeated: repeatedA });
        const b = matrices(device, 9, [2, 3, K!, N!], { repeated: repeatedB, transposed: true });
        const c = viewOf(device.matmul(a.view, b.view), [2, 3, M!, N!]);
        assertRoundings(await errorOf(device, a, b, c), K!, `${M}×${N}×${K}`);
        for (const { buffer } of [a.view, b.view, c]) device.release(buffer);
      }
    }
  }
  // Five axes that do not merge: copied.
  const shape = [2, 2, 2, 2, 2], b = matrices(device, 11, [...shape, 8, 4]);
  const a = matrices(device, 10, [...shape, 12, 8], { gap: 4 });
  const turn = ({ view, at }: Matrices): Matrices => {
    const move = <T>(list: readonly T[]): T[] => [list[4]!, list[3]!, list[2]!, list[1]!, list[0]!, ...list.slice(5)];
    return {
      view: { ...view, buffer: view.buffer, strides: move(view.strides) },
      at: (...index) => at(...move(index)),
    };
  };
  const c = viewOf(device.matmul(turn(a).view, b.view), [...shape, 12, 4]);
  assertRoundings(await errorOf(device, turn(a), b, c), 8, "five axes");
});

onGpu("matmul() of more matrices than a dispatch has workgroups along an axis", async (device) => {
  const count = 66_000, x = build([count, 1, 66], (i, _, k) => k === i % 66 ? i % 1000 : 0);
  const ones = upload(device, build([66, 1], () => 1)), a = upload(device, x);
  const b: View = { ...ones, buffer: ones.buffer, shape: [count, 66, 1], strides: [0, 1, 1] };
  // Not one product of many rows, since the right matrices are looked at one by one.
  const c = viewOf(device.allocate("float32", count), [count, 1, 1]);
  const lines = (view: View, line: number, term: number) => ({ buffer: view.buffer, offset: 0, line, term });
  const product: Product = {
    left: { ...lines(a, 66, 1), batch: [66] },
    right: { ...lines(b, 0, 1), batch: [0] },
    ...{ rows: 1, columns: 1, depth: 66, batch: [count] },
  };
  for (const name of ["rows", "each"] as const) {
    multiply(runtimeOf(device), product, c.buffer, { name, parts: 1 });
    const found = await device.download(c);
    assert(found.every((sum, i) => sum === i % 1000), name);
  }
});

onGpu("matmul() keeps infinities and NaN to the numbers they belong to", async (device) => {
  for (const [M, N, K] of [[3, 70, 67], [40, 70, 67], [70, 3, 67], [6, 6, 6]] as const) {
    for (const turned of [false, true]) {
      const x = build([M, K], (i, k) => i === M - 1 ? Infinity : i === 0 && k === K - 1 ? NaN : 1);
      const y = build(turned ? [N, K] : [K, N], () => 2);
      const a = upload(device, x), whole = upload(device, y);
      const b: View = turned ? { ...whole, buffer: whole.buffer, shape: [K, N], strides: [1, K] } : whole;
      const found = await numbers(device, viewOf(device.matmul(a, b), [M, N]));
      for (let j = 0; j < N; j++) {
        assert(Number.isNaN(found.at(0, j)) && found.at(M - 1, j) === Infinity);
        for (let i = 1; i < M - 1; i++) assertEquals(found.at(i, j), 2 * K);
      }
    }
  }
});

onGpu("matmul() yields zeros where there are no terms, and refuses what does not fit", async (device) => {
  const dirty = device.upload(new Float32Array(20).fill(7), "float32");
  device.release(dirty);
  const empty = viewOf(device.allocate("float32", 0), [4, 0]);
  const c = await device.download(
    viewOf(device.matmul(empty, { ...empty, buffer: empty.buffer, shape: [0, 5] }), [4, 5]),
  );
  assertEquals([...c], new Array(20).fill(0));
  let refused = 0;
  for (const shape of [[3, 4], [4]]) {
    try {
      matmul(runtimeOf(device), empty, viewOf(device.allocate("float32", 12), shape));
    } catch (error) {
      refused += error instanceof TypeError ? 1 : 0;
    }
  }
  assertEquals(refused, 2);
});

onGpu("the linear layer adds its bias and has the gradients of its products", async (device) => {
  for (const [lead, K, N] of [[[1], 40, 20], [[2, 3], 33, 65], [[2, 33], 64, 36], [[3, 60], 8, 5]] as const) {
    const draws = new Draws(12), rows = sizeOf(lead);
    const x = draws.normal(...lead, K), w = draws.normal(K, N), b = draws.normal(N), g = draws.normal(...lead, N);
    const views = [x, w, b].map((array, i) => upload(device, array, i));
    const { value, gradients } = await runFused(device, "linear", views, {}, upload(device, g));
    const X = (i: number, k: number) => x.data[i * K + k]!, G = (i: number, j: number) => g.data[i * N + j]!;
    const sum = (count: number, f: (i: number) => number): number => {
      let total = 0;
      for (let i = 0; i < count; i++) total += f(i);
      return total;
    };
    const expected = [
      build([rows, N], (i, j) => b.at(j) + sum(K, (k) => X(i, k) * w.at(k, j))),
      build([rows, K], (i, k) => sum(N, (j) => G(i, j) * w.at(k, j))),
      build([K, N], (k, j) => sum(rows, (i) => X(i, k) * G(i, j))),
      build([N], (j) => sum(rows, (i) => G(i, j))),
    ];
    for (const [i, found] of [value, ...gradients].entries()) {
      await assertClose(new HostArray(found!.data, expected[i]!.shape), expected[i]!, { rtol: 1e-4, atol: 1e-4 });
    }
  }
});
