/**
 * Packed weights on the GPU device: the integers of the definition, for every route that multiplies by them.
 */

import { assert, assertEquals } from "@std/assert";
import type { PackedFormat } from "../../core/engine/backend.ts";
import { withBackend } from "../../core/engine/device.ts";
import { PackedMatrix, roundHalves, roundRows, roundWeights } from "../../core/engine/packed.ts";
import { release, scope } from "../../core/engine/scope.ts";
import { contiguousStrides } from "../../core/engine/shape.ts";
import { tensor } from "../../core/engine/create.ts";
import { assertClose, build, Draws, HostArray, reference } from "../support.ts";
import { onGpu } from "./support.ts";

const formats: readonly PackedFormat[] = ["float32", "float16", "int8", "int4"];

/** What a product by packed weights is in double precision, from the same float32 numbers. */
async function expected(x: HostArray, w: HostArray, bias: HostArray, format: PackedFormat): Promise<HostArray> {
  return await withBackend(reference, async () => {
    const [y] = [scope(() => {
      const rows = x.tensor(), weights = w.tensor();
      const half = { float32: 0, float16: 0, int8: 64, int4: 8 }[format];
      const kept = half
        ? roundWeights(weights.transpose(), half).transpose()
        : format === "float16"
        ? roundHalves(weights)
        : weights;
      return (half ? roundRows(rows) : rows).matmul(kept).add(bias.tensor());
    })];
    const numbers = await HostArray.of(y!);
    release(y!);
    return numbers;
  });
}

/** Numbers of which sums and products of a few are exact, whatever the order. */
function simple(seed: number, shape: readonly number[]): HostArray {
  const { data } = new Draws(seed).integers(-8, 9, ...shape);
  return new HostArray(Float64Array.from(data, (x) => x / 8), shape);
}

for (const format of formats) {
  onGpu(`linear() by weights in ${format} is that of double precision by every route`, async (device) => {
    // Few and many rows; few and many threads per column; blocks that end early; parts of the depth.
    const shapes = [
      [1, 1100, 70],
      [3, 36, 4100],
      [8, 544, 33],
      [9, 544, 33],
      [40, 70, 9],
      [66, 1100, 100],
      [20, 1030, 5],
    ];
    for (const [rows, K, N] of shapes as [number, number, number][]) {
      const draws = new Draws(rows * K), x = draws.normal(rows, K), w = draws.normal(K, N), bias = draws.normal(N);
      for (const array of [x, w, bias]) (array.data as Float64Array).set(Float32Array.from(array.data));
      const want = await expected(x, w, bias, format);
      const found = withBackend(
        device,
        () => scope(() => PackedMatrix.of(w.tensor(), format, false).multiply(x.tensor(), bias.tensor())),
      );
      // A number that lies between two levels in double precision may fall to the other side in float32.
      const step = format.startsWith("int") ? 0.12 : 0;
      await assertClose(found, want, { rtol: 1e-5, atol: 2e-7 * K + step });
      const numbers = await HostArray.of(found);
      let far = 0;
      want.data.forEach((value, i) => far += Number(Math.abs(value - numbers.data[i]!) > 1e-6 * K + 1e-4));
      assert(far <= want.data.length * 0.05, `${rows}×${K}×${N}: ${far} numbers on another level`);
      release(found);
    }
  });

  onGpu(`linear() by weights in ${format} gives a row the same bits alone and among few others`, async (device) => {
    const K = 300, N = 50, x = new Draws(3).normal(8, K), w = new Draws(4).normal(K, N);
    await withBackend(device, async () => {
      const packed = PackedMatrix.of(w.tensor(), format, false), rows = x.tensor();
      const all = packed.multiply(rows);
      for (const count of [1, 2, 4, 7]) {
        await assertClose(packed.multiply(rows.slice(0, 0, count)), all.slice(0, 0, count), { rtol: 0, atol: 0 });
      }
      const again = packed.multiply(rows);
      await assertClose(again, all, { rtol: 0, atol: 0 });
    });
  });

  onGpu(`a table in ${format} yields NaN for rows that it does not have`, async (device) => {
    await withBackend(device, async () => {
      const K = 37, N = 6, table = PackedMatrix.of(new Draws(5).normal(N, K).tensor(), format, true);
      const found = await table.rows(tensor(Int32Array.of(2, -1, N, 0), [4])).read(), all = await table.read();
      assertEquals([...found.slice(0, K)], [...all.slice(2 * K, 3 * K)]);
      assertEquals([...found.slice(3 * K)], [...all.slice(0, K)]);
      assert(found.slice(K, 3 * K).every(Number.isNaN));
    });
  });

  onGpu(`linear() by weights in ${format} has no finite result for infinite features`, async (device) => {
    await withBackend(device, async () => {
      const packed = PackedMatrix.of(simple(6, [70, 9]).tensor().add(2), format, false);
      for (const rows of [2, 20]) {
        const x = build([rows, 70], (i, k) => i === 0 && k === 66 ? Infinity : 1);
        const y = await packed.multiply(x.tensor()).read();
        assert(!y.slice(0, 9).some(Number.isFinite) && y.slice(9).every(Number.isFinite), `${rows} rows`);
      }
    });
  });
}

onGpu("packed matrices need the words that they say, and no others", async (device) => {
  for (const format of formats) {
    const { words, pack, columns } = device.packing![format]!;
    for (const [K, N] of [[1, 1], [31, 9], [33, 5], [70, 300]] as const) {
      const count = words(K, N), mark = 12345.5;
      const shape = [count + 2], target = device.upload(new Float32Array(count + 2).fill(mark), "float32");
      const matrix = simple(7, [K, N]), strides = contiguousStrides([K, N]);
      const buffer = device.upload(matrix.data, "float32");
      pack({ buffer, dtype: "float32", shape: [K, N], strides, offset: 0 }, target);
      const all = await device.download({ buffer: target, dtype: "float32", shape, strides: [1], offset: 0 });
      assertEquals([...all.slice(count)], [mark, mark], `${format} ${K}×${N}`);
      const ids = device.upload(Int32Array.of(N - 1), "int32");
      const found = columns(target, K, N, { buffer: ids, dtype: "int32", shape: [1], strides: [1], offset: 0 });
      const last = await device.download({ buffer: found, dtype: "float32", shape: [K], strides: [1], offset: 0 });
      const bound = format === "int4" ? 1 / 8 : format === "int8" ? 1 / 64 : 0;
      last.forEach((value, k) => assert(Math.abs(value - matrix.at(k, N - 1)) <= bound, `${format} ${k}`));
      for (const each of [target, buffer, ids, found]) device.release(each);
    }
  }
});
