/**
 * How close the matrix product comes to what the processor can do at all.
 *
 * The ceiling is a loop of the same multiply-adds on registers, measured in the same run and
 * in turns with the products. One thread, medians of the processor time that the program got,
 * so that other programs on the machine count as little as possible.
 *
 * @module
 */

import process from "node:process";
import type { View } from "../core/engine/backend.ts";
import { Ladder } from "../wasm/ladder/mod.ts";

const relaxed = !Deno.args.includes("--strict");
const ladder = new Ladder(relaxed ? { threads: 1 } : { threads: 1, relaxed: false }), { device } = ladder;
const only = Deno.args.find((argument) => /^\d/.test(argument));
const SAMPLES = 15;

/** Middle of some numbers. */
function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!;
}

/** A matrix of small numbers; `transposed` stores it column by column. */
function matrix(rows: number, columns: number, transposed: boolean): View {
  const data = Float32Array.from({ length: rows * columns }, (_, i) => (i * 7919 % 2048) / 1024 - 1);
  return {
    buffer: device.upload(data, "float32"),
    dtype: "float32",
    shape: [rows, columns],
    strides: transposed ? [1, rows] : [columns, 1],
    offset: 0,
  };
}

/** Seconds of processor time that one call takes. */
function time(f: () => void): number {
  const start = process.cpuUsage();
  f();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}

/** GFLOP/s of the register loop, in a sample of a few milliseconds. */
function peak(): number {
  const operations = 800_000 * 384;
  return operations / time(() => ladder.peak(operations)) / 1e9;
}

/** Median GFLOP/s of one product and of the ceiling around it. */
function measure(
  M: number,
  N: number,
  K: number,
  form: string,
): { rate: number; best: number; top: number; topBest: number } {
  const a = matrix(M, K, form[0] === "T"), b = matrix(K, N, form[1] === "T");
  const work = 2 * M * N * K / 1e9, times = Math.max(1, Math.round(0.3 / work));
  const rates: number[] = [], tops: number[] = [];
  const once = () => device.release(device.matmul(a, b));
  for (let i = 0; i < 3; i++) once();
  peak();
  for (let i = 0; i < SAMPLES; i++) {
    tops.push(peak());
    rates.push(
      work * times / time(() => {
        for (let j = 0; j < times; j++) once();
      }),
    );
  }
  tops.push(peak());
  device.release(a.buffer);
  device.release(b.buffer);
  return { rate: median(rates), best: Math.max(...rates), top: median(tops), topBest: Math.max(...tops) };
}

console.log(`${device.description}; GFLOP/s, medians of ${SAMPLES} (best in brackets)`);
console.log("size            form  product          ceiling          of the ceiling");
for (const size of only ? [only] : ["256", "512", "1024", "2048", "512x768x3072"]) {
  const [M = 0, N = M, K = M] = size.split("x").map(Number);
  for (const form of ["NN", "NT", "TN", "TT"]) {
    const { rate, best, top, topBest } = measure(M, N, K, form);
    const figure = (x: number, y: number) => `${x.toFixed(1)} (${y.toFixed(1)})`.padEnd(16);
    const share = `${(100 * rate / top).toFixed(0)} % (${(100 * best / topBest).toFixed(0)} %)`;
    console.log(`${size.padEnd(15)} ${form}    ${figure(rate, best)} ${figure(top, topBest)} ${share}`);
  }
}

// What a call costs when there is next to nothing to do.
const small = matrix(2, 2, false);
for (let i = 0; i < 20_000; i++) device.release(device.binary("add", small, small));
const calls = 50_000;
const samples = Array.from({ length: 7 }, () =>
  time(() => {
    for (let i = 0; i < calls; i++) device.release(device.binary("add", small, small));
  }));
console.log(`an addition of 2×2 numbers through the device: ${(median(samples) / calls * 1e9).toFixed(0)} ns`);
