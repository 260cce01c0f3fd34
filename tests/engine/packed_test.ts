/**
 * Weights at inference: what a format keeps, what a model in packed form does, and what it refuses.
 */

import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import { DecoderOnly } from "../../core/05_transformer/decoder_only.ts";
import { generate } from "../../core/07_generation/generate.ts";
import { KeyValueCache } from "../../core/07_generation/kv_cache.ts";
import type { PackedFormat } from "../../core/engine/backend.ts";
import { withoutFusion } from "../../core/engine/fusable.ts";
import { Linear } from "../../core/engine/linear.ts";
import type { Module } from "../../core/engine/module.ts";
import { full, tensor } from "../../core/engine/create.ts";
import { pack, quantize } from "../../core/engine/inference.ts";
import { take } from "../../core/engine/indexing.ts";
import { PackedMatrix, roundHalves, roundRows, roundWeights } from "../../core/engine/packed.ts";
import { Random } from "../../core/engine/random.ts";
import { assertClose, Draws, HostArray, onEveryBackend, onReference } from "../support.ts";

const formats: readonly PackedFormat[] = ["float32", "float16", "int8", "int4"];
const HALF = { int8: 64, int4: 8 } as const;

function prepare<M extends Module>(model: M, format: PackedFormat): M {
  return format === "float32" || format === "float16" ? pack(model, format) : quantize(model, format);
}

const sizes = { vocabSize: 37, contextLength: 24, hiddenSize: 48, numHeads: 4, numLayers: 2 };

// ## The definition

/** The formula of the page for one block, in plain numbers. */
function roundBlock(block: readonly number[], half: number): number[] {
  const high = Math.max(...block), low = Math.min(...block);
  const step = -(high >= -low ? high : low) / half;
  return block.map((w) => step && step * Math.min(half - 1, Math.max(-half, Math.floor(w / step + 0.5))));
}

for (const [format, half] of Object.entries(HALF)) {
  onReference(`roundWeights() rounds blocks of 32 as the formula says, ${format}`, async () => {
    const { data } = new Draws(1).normal(3, 70);
    const found = await roundWeights(tensor(data, [3, 70]), half).read();
    for (let row = 0; row < 3; row++) {
      for (let start = 0; start < 70; start += 32) {
        const end = Math.min(start + 32, 70);
        // Zeros fill the last block up: they move no bound, since the farthest number has them between.
        const block = [
          ...data.slice(row * 70 + start, row * 70 + end),
          ...new Array<number>(32 - (end - start)).fill(0),
        ];
        const expected = roundBlock(block, half).slice(0, end - start);
        for (let k = start; k < end; k++) assertLess(Math.abs(found[row * 70 + k]! - expected[k - start]!), 1e-12);
      }
    }
  });
}

onEveryBackend("roundWeights() and roundRows() stay within their steps", async () => {
  const x = new Draws(2).normal(5, 64), rows = x.tensor();
  const largest = (row: number, block: number): number =>
    Math.max(...Array.from({ length: 32 }, (_, k) => Math.abs(x.at(row, 32 * block + k))));
  const cases = [[roundRows(rows), 1 / 254], [roundWeights(rows, 64), 1 / 64], [roundWeights(rows, 8), 1 / 8]] as const;
  for (const [rounded, share] of cases) {
    const values = await HostArray.of(rounded);
    for (let i = 0; i < 5; i++) {
      for (let k = 0; k < 64; k++) {
        assertLess(Math.abs(values.at(i, k) - x.at(i, k)), largest(i, k >> 5) * share * (1 + 1e-5));
      }
    }
  }
});

onEveryBackend("roundWeights() keeps what it has rounded, and zeros", async () => {
  const once = roundWeights(new Draws(3).normal(4, 32).tensor(), 8);
  await assertClose(roundWeights(once, 8), once, { rtol: 1e-6, atol: 1e-7 });
  assertEquals([...(await roundWeights(tensor(new Float32Array(40)), 64).read())], new Array(40).fill(0));
});

onEveryBackend("roundHalves() and float16 weights keep what a float16 holds", async () => {
  const values = [0, -0.5, 1, 1 + 2 ** -10, 1 + 2 ** -11, -1 - 3 * 2 ** -11, 2047.5, 65504, 1e9, -1e9];
  const kept = [0, -0.5, 1, 1 + 2 ** -10, 1 + 2 ** -10, -1 - 2 ** -9, 2048, 65504, 65504, -65504];
  values.push(2 ** -14, 2 ** -14 - 2 ** -24, 2 ** -24, 2 ** -25, 2 ** -26, -3.4 * 2 ** -24);
  kept.push(2 ** -14, 2 ** -14 - 2 ** -24, 2 ** -24, 2 ** -24, 0, -3 * 2 ** -24);
  const weights = tensor(values, [4, 4]);
  assertEquals([...(await PackedMatrix.of(weights, "float16", false).read())].map((x) => x + 0), kept);
  await assertClose(roundHalves(weights), tensor(kept, [4, 4]), { rtol: 1e-6, atol: 0 });
});

// ## Products

/** Shapes around the edges of panels (8 columns) and blocks (32 deep). */
const shapes = [[1, 1], [1, 9], [31, 8], [32, 7], [33, 17], [64, 16], [100, 65], [257, 3]] as const;

for (const format of formats) {
  onEveryBackend(`linear() by weights in ${format} computes its definition`, async () => {
    for (const [K, N] of shapes) {
      const draws = new Draws(K * N), packed = PackedMatrix.of(draws.normal(K, N).tensor(), format, false);
      for (const rows of [1, 2, 3, 4, 5, 8, 9, 33]) {
        const x = draws.normal(rows, K).tensor(), bias = draws.normal(N).tensor();
        const expected = withoutFusion(() => packed.multiply(x, bias));
        // Integers agree exactly; the sums over blocks are added up in another order.
        await assertClose(packed.multiply(x, bias), expected, { rtol: 1e-5, atol: 4e-7 * K });
        await assertClose(packed.multiply(x), expected.sub(bias), { rtol: 1e-5, atol: 4e-7 * K + 1e-6 });
      }
    }
  });

  onEveryBackend(`linear() by weights in ${format} takes views, and a row alone or among others`, async () => {
    const draws = new Draws(5), K = 70, N = 20;
    const packed = PackedMatrix.of(draws.normal(N, K).tensor().transpose(), format, false);
    const wide = draws.normal(3, 2, 2 * K).tensor();
    for (const x of [wide.slice(2, 0, K), wide.slice(2, 0, 2 * K, 2), wide.transpose(0, 1).slice(2, K)]) {
      const all = packed.multiply(x);
      await assertClose(all, packed.multiply(x.clone()), { rtol: 0, atol: 0 });
      const alone = packed.multiply(x.at(0, 1).at(0, 1).unsqueeze(0));
      await assertClose(alone, all.at(0, 1).slice(0, 1, 2), { rtol: 1e-6, atol: 1e-5 });
    }
    assertEquals(packed.multiply(wide.slice(0, 0, 0).slice(2, 0, K)).shape, [0, 2, N]);
  });

  onEveryBackend(`PackedMatrix keeps what ${format} keeps, in a matrix and in a table`, async () => {
    for (const [K, N] of shapes) {
      const matrix = new Draws(K + N).normal(K, N).tensor();
      const half = format === "int8" || format === "int4" ? HALF[format] : 0;
      const packed = PackedMatrix.of(matrix, format, false), table = PackedMatrix.of(matrix.transpose(), format, true);
      assertEquals([packed.shape, table.shape, packed.transpose().shape], [[K, N], [N, K], [N, K]]);
      const expected = half ? roundWeights(matrix.transpose(), half).transpose() : matrix;
      const closeness = format === "float16" ? { rtol: 2 ** -11, atol: 2 ** -25 } : { rtol: 1e-6, atol: 1e-9 };
      await assertClose(packed.unpack(), expected, closeness);
      await assertClose(table.unpack(), packed.unpack().transpose(), { rtol: 0, atol: 0 });
      await assertClose(tensor(await packed.read(), [K, N]), packed.unpack(), { rtol: 0, atol: 0 });
      const ids = tensor(Int32Array.of(N - 1, 0, N >> 1, 0), [2, 2]);
      await assertClose(table.rows(ids), take(table.unpack(), ids), { rtol: 0, atol: 0 });
      await assertClose(table.transpose().multiply(matrix.transpose()), packed.multiply(matrix.transpose()), {
        rtol: 0,
        atol: 0,
      });
    }
  });

  onEveryBackend(`a DecoderOnly in ${format} answers alike with a cache and without`, async () => {
    const model = prepare(new DecoderOnly(sizes, new Random(3)), format);
    const tokens = tensor(Int32Array.of(3, 1, 4, 1, 5, 9, 2), [1, 7]);
    const caches = model.newCaches(() => new KeyValueCache());
    const whole = model.forward(tokens);
    for (let t = 0; t < 7; t++) {
      const next = model.forward(tokens.slice(1, t, t + 1), { caches });
      // A rounded row that lies between two levels may fall to either side when its sums differ in the last bit.
      await assertClose(next, whole.slice(1, t, t + 1), { rtol: 1e-4, atol: 3e-3 });
    }
    const { tokens: text } = await generate(model, [3, 1, 4], { maxNewTokens: 6, numBeams: 3 });
    assertEquals(text.length, 6);
  });
}

onEveryBackend("linear() by rounded weights misses the product by no more than the steps allow", async () => {
  const draws = new Draws(9), [R, K, N] = [3, 100, 12], x = draws.normal(R, K), w = draws.normal(K, N);
  const most = (f: (k: number) => number, k: number): number => {
    let most = 0;
    for (let i = k & ~31; i < Math.min(K, (k & ~31) + 32); i++) most = Math.max(most, Math.abs(f(i)));
    return most;
  };
  for (const [format, half] of Object.entries(HALF)) {
    const packed = PackedMatrix.of(w.tensor(), format as PackedFormat, false);
    const y = await HostArray.of(packed.multiply(x.tensor()));
    for (let i = 0; i < R; i++) {
      for (let j = 0; j < N; j++) {
        let exact = 0, bound = 1e-4;
        for (let k = 0; k < K; k++) {
          const dx = most((k) => x.at(i, k), k) / 254, dw = most((k) => w.at(k, j), k) / half;
          exact += x.at(i, k) * w.at(k, j);
          bound += Math.abs(x.at(i, k)) * dw + Math.abs(w.at(k, j)) * dx + dx * dw;
        }
        assertLess(Math.abs(y.at(i, j) - exact), bound);
      }
    }
  }
});

onEveryBackend("linear() by packed weights passes NaN on", async () => {
  for (const format of formats) {
    const packed = PackedMatrix.of(new Draws(1).normal(40, 9).tensor(), format, false);
    const x = new Float32Array(80).fill(1);
    x[37] = NaN;
    const y = await packed.multiply(tensor(x, [2, 40])).read();
    assert(y.slice(0, 9).every(Number.isNaN) && y.slice(9).every(Number.isFinite), format);
  }
});

// ## Models

onEveryBackend("packed weights refuse whatever is no product, no look-up and no gradient", async (device) => {
  const packed = PackedMatrix.of(new Draws(1).normal(4, 5).tensor(), "int8", false);
  const { weight } = quantize(new Linear(4, 5, new Random(1)), "int8");
  assertThrows(() => weight.tensor.add(1), TypeError, "Cannot use packed weights as elements");
  assertEquals([weight.shape, weight.format, (await weight.read()).length], [[4, 5], "int8", 20]);
  assertThrows(() => packed.multiply(tensor([[1, 2]])), TypeError, "the last extent must be 4");
  assertThrows(() => packed.rows(tensor([1])), TypeError, "ids must be int32");
  const asked = new Linear(2, 4, new Random(1)).forward(tensor([[1, 2]]));
  assertThrows(() => packed.multiply(asked), TypeError, "Cannot differentiate through packed weights");
  assertThrows(
    () => PackedMatrix.of(packed.unpack(), "int8", true).multiply(tensor([[1, 2, 3, 4, 5]])),
    TypeError,
  );
  // The GPU device yields NaN: it cannot look at ids without waiting.
  if (device.name === "webgpu") return;
  assertThrows(() => PackedMatrix.of(packed.unpack(), "int4", true).rows(tensor(Int32Array.of(4))), RangeError);
});

onEveryBackend("a packed weight that is NaN makes its column NaN, or is refused", async (device) => {
  const numbers = new Draws(3).normal(64, 9).data.slice();
  numbers[9 * 40 + 5] = NaN;
  for (const format of formats) {
    const weights = tensor(numbers, [64, 9]);
    if (format === "float16" && device.name === "wasm") {
      assertThrows(() => PackedMatrix.of(weights, format, false), RangeError, "one of them is NaN");
      continue;
    }
    const packed = PackedMatrix.of(weights, format, false);
    for (const rows of [1, 5, 20]) {
      const found = [...await packed.multiply(full([rows, 64], 1)).read()].map(Number.isNaN);
      assertEquals(found, Array.from({ length: 9 * rows }, (_, i) => i % 9 === 5), `${format}, ${rows} rows`);
    }
    assert(Number.isNaN((await packed.read())[9 * 40 + 5]), format);
  }
});

onEveryBackend("packed weights are multiplied by numbers up to the largest ones", async () => {
  const weights = new Draws(4).uniform(-0.1, 0.1, 64, 9).tensor(), row = new Draws(5).uniform(-1, 1, 1, 64).data;
  for (const format of formats) {
    const packed = PackedMatrix.of(weights, format, false);
    const usual = await packed.multiply(tensor(row, [1, 64])).read();
    // A power of two scales a product to the bit.
    for (const scale of [2 ** 120, 2 ** 64, 2 ** -60]) {
      const found = await packed.multiply(tensor(row.map((x) => x * scale), [1, 64])).read();
      await assertClose(found.map((x) => x / scale), usual, { tolerance: 4, length: 64 });
    }
  }
});
