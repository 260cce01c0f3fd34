import { assert } from "@std/assert";
import type { Backend } from "../../core/engine/backend.ts";
import { createWasmDevice } from "../../wasm/mod.ts";
import { matrix, noisy, take, upload } from "./support.ts";

const EPSILON = 2 ** -24;

const builds: readonly (readonly [string, Backend])[] = [
  ["relaxed", createWasmDevice({ threads: 1 })],
  ["strict", createWasmDevice({ threads: 1, relaxed: false })],
  ["unshared", createWasmDevice({ shared: false })],
];

/** Every element against the same sum in double precision, in units of the rounding it may have. */
async function compare(device: Backend, M: number, N: number, K: number, form: string, gap: number): Promise<number> {
  const a = matrix(device, 1, M, K, form[0] === "T", gap), b = matrix(device, 2, K, N, form[1] === "T", gap);
  const c = await take(device, device.matmul(a.view, b.view), [M, N]);
  device.release(a.view.buffer);
  device.release(b.view.buffer);
  let worst = 0;
  for (let i = 0; i < M; i++) {
    for (let j = 0; j < N; j++) {
      let sum = 0, size = 0;
      for (let k = 0; k < K; k++) {
        const term = a.at(i, k) * b.at(k, j);
        sum += term;
        size += Math.abs(term);
      }
      worst = Math.max(worst, Math.abs(c[i * N + j]! - sum) / (size * EPSILON + 1e-30));
    }
  }
  return worst;
}

const shapes: readonly (readonly [number, number, number])[] = [
  [1, 1, 1],
  [1, 17, 9],
  [2, 513, 15],
  [4, 64, 1000],
  [5, 8, 600],
  [6, 8, 4],
  [7, 9, 5],
  [13, 31, 29],
  [16, 16, 16],
  [63, 1, 64],
  [65, 3, 63],
  [65, 47, 131],
  [97, 33, 513],
  [100, 2100, 7],
  [130, 150, 1030],
  // Tails of every height, with and without packing of either side.
  [128, 128, 300],
  [133, 136, 64],
  [146, 152, 40],
  [147, 200, 40],
  [154, 145, 70],
];

for (const [build, device] of builds) {
  for (const form of ["NN", "NT", "TN", "TT"]) {
    Deno.test(`matmul() sums what double precision sums, ${form} [${build}]`, async () => {
      for (const [M, N, K] of shapes) {
        for (const gap of [0, 3]) {
          const worst = await compare(device, M, N, K, form, gap);
          assert(worst < 2 * Math.sqrt(K) + 4, `${M}x${N}x${K}, gap ${gap}: ${worst.toFixed(1)} roundings`);
        }
      }
    });
  }
}

Deno.test("matmul() repeats a matrix whose batch stride is 0", async () => {
  const device = builds[0]![1];
  const a = upload(device, noisy(3, 6 * 5 * 7), [6, 5, 7]), b = upload(device, noisy(4, 7 * 9), [7, 9]);
  const repeated = { ...b, shape: [6, 7, 9], strides: [0, 9, 1] };
  const together = await take(device, device.matmul(a, repeated), [6, 5, 9]);
  for (let i = 0; i < 6; i++) {
    const one = { ...a, shape: [5, 7], strides: [7, 1], offset: i * 35 };
    const alone = await take(device, device.matmul(one, b), [5, 9]);
    for (let j = 0; j < 45; j++) {
      assert(Math.abs(alone[j]! - together[i * 45 + j]!) <= 7 * EPSILON * 4, `batch element ${i}`);
    }
  }
});

Deno.test("matmul() reads single rows that repeat one element, batch by batch", async () => {
  for (const [, device] of builds) {
    const a = upload(device, noisy(5, 12 * 9), [12, 9]), b = upload(device, noisy(6, 4 * 3), [4, 3]);
    const rows = { ...a, shape: [12, 1, 4], strides: [9, 1, 0] };
    const c = await take(device, device.matmul(rows, { ...b, shape: [12, 4, 3], strides: [0, 3, 1] }), [12, 1, 3]);
    const [x, y] = [noisy(5, 12 * 9), noisy(6, 4 * 3)];
    for (let i = 0; i < 12; i++) {
      for (let j = 0; j < 3; j++) {
        const sum = x[9 * i]! * (y[j]! + y[3 + j]! + y[6 + j]! + y[9 + j]!);
        assert(Math.abs(c[3 * i + j]! - sum) < 1e-5, `row ${i}, column ${j}`);
      }
    }
  }
});
