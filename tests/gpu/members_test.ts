/** Members of the GPU device where shapes, views and counts decide how they run. */

import { assert, assertEquals } from "@std/assert";
import type { Backend, Buffer, DType, ReduceOp, View } from "../../core/engine/backend.ts";
import { assertClose, HostArray, reference } from "../support.ts";
import { noisy } from "../wasm/support.ts";
import { numbers, onGpu, upload } from "./support.ts";

/** Small whole numbers with many repetitions, as both dtypes have them. */
function whole(seed: number, count: number): Float32Array {
  return noisy(seed, count).map((x) => Math.round(x * 50));
}

/** A view of `count` elements that begins behind some others. */
function host(seed: number, shape: readonly number[], dtype: DType = "float32"): HostArray {
  const data = dtype === "float32"
    ? noisy(seed, shape.reduce((a, b) => a * b, 1))
    : whole(seed, shape.reduce((a, b) => a * b, 1));
  return new HostArray(dtype === "int32" ? Int32Array.from(data) : data, shape, dtype);
}

/** The result of one member on both devices, over views made in the same way. */
async function compare(
  device: Backend,
  inputs: readonly HostArray[],
  view: (views: readonly View[]) => readonly View[],
  run: (device: Backend, views: readonly View[]) => Buffer,
  result: { readonly shape: readonly number[]; readonly dtype: DType },
  tolerance: Parameters<typeof assertClose>[2] = { tolerance: 0 },
): Promise<void> {
  const found = await Promise.all([device, reference].map(async (one) => {
    const views = inputs.map((x, i) => upload(one, x, 4 * i)), buffer = run(one, view(views));
    const strides = result.shape.map((_, axis) => result.shape.slice(axis + 1).reduce((a, b) => a * b, 1));
    const value = await numbers(one, { buffer, ...result, strides, offset: 0 });
    for (const x of views) one.release(x.buffer);
    one.release(buffer);
    return value;
  }));
  await assertClose(found[0]!, found[1]!, tolerance);
}

onGpu("binary() takes operands in fours, repeated, across and from odd places", async (device) => {
  for (const [rows, columns] of [[1, 1], [3, 4], [5, 8], [7, 9], [260, 256]] as const) {
    const shape = [rows, columns], result = { shape, dtype: "float32" } as const;
    const a = host(1, shape), b = host(2, shape), line = host(3, [columns]), pillar = host(4, [rows]);
    const sum = (one: Backend, [x, y]: readonly View[]) => one.binary("add", x!, y!);
    const close = { tolerance: 1 };
    await compare(device, [a, b], (v) => v, sum, result, close);
    await compare(device, [a, line], ([x, y]) => [x!, { ...y!, shape, strides: [0, 1] }], sum, result, close);
    await compare(device, [pillar, a], ([x, y]) => [{ ...x!, shape, strides: [1, 0] }, y!], sum, result, close);
    await compare(device, [host(5, [1]), a], ([x, y]) => [{ ...x!, shape, strides: [0, 0] }, y!], sum, result, close);
    await compare(
      device,
      [a, host(6, [columns, rows])],
      ([x, y]) => [x!, { ...y!, shape, strides: [1, rows] }],
      sum,
      result,
      close,
    );
    await compare(
      device,
      [host(7, [rows * columns + 1]), b],
      ([x, y]) => [{ ...x!, shape, strides: [columns, 1], offset: 1 }, y!],
      sum,
      result,
      close,
    );
  }
});

onGpu("select() takes bits as they are", async (device) => {
  for (const n of [1, 4, 1001]) {
    const choose = new HostArray(Int32Array.from(noisy(1, n), (x) => Number(x > 0)), [n], "bool");
    const a = host(2, [n]), b = host(3, [1]);
    a.data[0] = NaN;
    await compare(
      device,
      [choose, a, b],
      ([c, x, y]) => [c!, x!, { ...y!, shape: [n], strides: [0] }],
      (one, [c, x, y]) => one.select(c!, x!, y!),
      { shape: [n], dtype: "float32" },
      { tolerance: 1 },
    );
  }
});

onGpu("copy() turns axes by tiles, and converts on the way", async (device) => {
  const copied = (dtype: DType) => (one: Backend, [x]: readonly View[]): Buffer => {
    const { shape } = x!, strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
    const buffer = one.allocate(dtype, shape.reduce((a, b) => a * b, 1));
    one.copy(x!, { buffer, dtype, shape, strides, offset: 0 });
    return buffer;
  };
  for (const [B, M, N] of [[1, 8, 8], [2, 33, 65], [3, 31, 100]] as const) {
    for (const dtype of ["float32", "int32"] as const) {
      const turned = ([x]: readonly View[]) => [{ ...x!, shape: [B, N, M], strides: [M * N, 1, N] }];
      await compare(device, [host(1, [B, M, N], "int32")], turned, copied(dtype), { shape: [B, N, M], dtype });
    }
    const front = ([x]: readonly View[]) => [{ ...x!, shape: [M, N, B], strides: [N, 1, M * N] }];
    await compare(device, [host(2, [B, M, N], "int32")], front, copied("int32"), { shape: [M, N, B], dtype: "int32" });
  }
});

const ops: readonly ReduceOp[] = ["sum", "max", "min", "argmax"];

onGpu("reduce() along rows, across columns and over views", async (device) => {
  for (const dtype of ["float32", "int32"] as const) {
    for (const op of ops) {
      const result = op === "argmax" ? "int32" : dtype;
      const along = (axes: number) => (one: Backend, [x]: readonly View[]) => one.reduce(op, x!, axes);
      const close = result === "float32" ? { rtol: 1e-5, atol: 1e-5 } : { tolerance: 0 };
      for (const [rows, width] of [[1, 1], [3, 15], [300, 17], [4, 1000], [2, 20_000]] as const) {
        const x = host(rows, [rows, width], dtype), y = host(width, [width, rows], dtype);
        await compare(device, [x], (v) => v, along(1), { shape: [rows], dtype: result }, close);
        const across = ([v]: readonly View[]) => [{ ...v!, shape: [rows, width], strides: [1, rows] }];
        await compare(device, [y], across, along(1), { shape: [rows], dtype: result }, close);
      }
      const cube = host(9, [3, 40, 37], dtype);
      const ends = ([v]: readonly View[]) => [{ ...v!, shape: [40, 3, 37], strides: [37, 40 * 37, 1] }];
      await compare(device, [cube], ends, along(2), { shape: [40], dtype: result }, close);
      const middle = ([v]: readonly View[]) => [{ ...v!, shape: [3, 37, 40], strides: [40 * 37, 1, 37] }];
      await compare(device, [cube], middle, along(1), { shape: [3, 37], dtype: result }, close);
      const every = ([v]: readonly View[]) => [{ ...v!, shape: [3, 19], strides: [40 * 37, 2] }];
      await compare(device, [cube], every, along(1), { shape: [3], dtype: result }, close);
      const again = ([v]: readonly View[]) => [{ ...v!, shape: [3, 5], strides: [1, 0] }];
      await compare(device, [cube], again, along(1), { shape: [3], dtype: result }, close);
    }
  }
});

onGpu("reduce() knows NaN, infinity and nothing in long and short rows", async (device) => {
  for (const width of [0, 3, 20_000]) {
    for (const special of [[], [-Infinity], [Infinity, -Infinity], [NaN, Infinity]]) {
      const x = new HostArray(new Float32Array(2 * width).fill(-Infinity), [2, width]);
      special.slice(0, width).forEach((value, i) => x.data[width * 2 - 1 - i] = value);
      for (const op of ops) {
        if (op === "argmax" && width === 0) continue;
        const run = (one: Backend, [v]: readonly View[]) => one.reduce(op, v!, 1);
        await compare(device, [x], (v) => v, run, { shape: [2], dtype: op === "argmax" ? "int32" : "float32" });
      }
    }
  }
});

onGpu("reduce() sums a million numbers to within a rounding or two", async (device) => {
  const n = 1_000_003, data = noisy(3, n).map((x) => x + 1), exact = data.reduce((sum, x) => sum + x, 0);
  const x = upload(device, new HostArray(data, [n])), total = device.reduce("sum", x, 1);
  const [sum] = await device.download({ ...x, buffer: total, shape: [], strides: [] });
  assert(Math.abs(sum! / exact - 1) < 2 ** -22, `${sum} is not ${exact}`);
  for (const buffer of [x.buffer, total]) device.release(buffer);
});

onGpu("gather() yields NaN, or 0, for ids that name no row; scatterAdd() leaves them out", async (device) => {
  const ids = upload(device, new HostArray(Int32Array.of(1, -1, 3, 0), [4], "int32"));
  for (const width of [3, 4]) {
    for (const dtype of ["float32", "int32"] as const) {
      const table = upload(
        device,
        new HostArray(Int32Array.from({ length: 3 * width }, (_, i) => i + 1), [3, width], dtype),
      );
      const rows = device.gather(table, ids),
        found = await device.download({ ...table, buffer: rows, shape: [4, width] });
      const none = dtype === "float32" ? NaN : 0;
      const expected = [1, -1, -1, 0].flatMap((row) =>
        Array.from({ length: width }, (_, i) => row < 0 ? none : row * width + i + 1)
      );
      assertEquals([...found], expected);
      if (dtype === "float32") {
        const ones = upload(device, new HostArray(new Float32Array(4 * width).fill(1), [4, width]));
        device.scatterAdd(table, ids, ones);
        const after = [...await device.download(table)];
        assertEquals(after, after.map((_, i) => i + 1 + Number(i < 2 * width)));
        device.release(ones.buffer);
      }
      for (const buffer of [table.buffer, rows]) device.release(buffer);
    }
  }
  device.release(ids.buffer);
});

onGpu("scatterAdd() adds rows of one id in their order, the same bits each time", async (device) => {
  for (const [n, width] of [[5, 1], [1000, 8], [3000, 7]] as const) {
    const ids = Int32Array.from(noisy(1, n), (x, i) => i % 3 === 0 ? 7 : Math.floor((x + 1) * 20));
    const rows = noisy(2, n * width), start = noisy(3, 41 * width), expected = start.slice();
    ids.forEach((id, i) => {
      for (let c = 0; c < width; c++) expected[id * width + c] = expected[id * width + c]! + rows[i * width + c]!;
    });
    const names = upload(device, new HostArray(ids, [n], "int32")),
      from = upload(device, new HostArray(rows, [n, width]));
    const table = upload(device, new HostArray(start, [41, width]));
    device.scatterAdd(table, names, from);
    assertEquals(await device.download(table), expected);
    for (const { buffer } of [names, from, table]) device.release(buffer);
  }
});

onGpu("argsort() keeps the order of equal elements in rows of any length", async (device) => {
  for (
    const [rows, width] of [[1, 1], [70, 2], [9, 17], [3, 1000], [2, 1024], [2, 1025], [3, 5000], [1, 100_000]] as const
  ) {
    for (const dtype of ["float32", "int32"] as const) {
      const x = new HostArray(dtype === "int32" ? Int32Array.from(whole(9, rows * width)) : whole(9, rows * width), [
        rows,
        width,
      ], dtype);
      if (dtype === "float32") x.data[width - 1] = x.data[0] = NaN;
      for (const descending of [false, true]) {
        const run = (one: Backend, [v]: readonly View[]) => one.argsort(v!, descending);
        await compare(device, [x], (v) => v, run, { shape: [rows, width], dtype: "int32" });
      }
    }
  }
});

onGpu("every member leaves no temporary behind", (device) => {
  const before = device.memory().buffers;
  const x = upload(device, host(1, [6, 8, 10])), odd = { ...x, shape: [3, 4, 5], strides: [160, 20, 2] };
  const results = [
    device.unary("exp", odd),
    device.binary("mul", odd, { ...odd, strides: [1, 10, 80] }),
    device.reduce("max", { ...odd, shape: [4, 3, 5], strides: [20, 160, 2] }, 2),
    device.argsort(odd, true),
  ];
  assertEquals(device.memory().buffers, before + 1 + results.length);
  for (const buffer of [...results, x.buffer]) device.release(buffer);
});
