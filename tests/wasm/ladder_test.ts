/** Every rung of the ladder computes what its page defines, in both builds and at sizes that no tile divides. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { decode, edited } from "../../wasm/binary.ts";
import { HEAP, MOST_THREADS, PRIVATE, PRIVATE_BYTES } from "../../wasm/assembly/layout.ts";
import { type Kernel, KERNELS, Ladder } from "../../wasm/ladder/mod.ts";
import { RELAXED, STRICT } from "../../wasm/ladder/kernels.ts";
import { assertClose, type Closeness } from "../support.ts";

type Sizes = readonly number[];

/** What a kernel has to yield, in double precision, and how close float32 comes. */
interface Truth {
  readonly sizes: readonly Sizes[];
  readonly compute: (inputs: readonly Float32Array[], sizes: Sizes) => Float64Array;
  /** Tolerances are multiples of √(terms of a sum) · ε. */
  readonly closeness: (sizes: Sizes) => Closeness;
}

/** `[M, K] × [K, N]`, the right side row by row or column by column. */
function product(
  a: Float32Array,
  b: Float32Array,
  [M, N, K]: readonly [number, number, number],
  turned = false,
): Float64Array {
  return Float64Array.from({ length: M * N }, (_, at) => {
    const i = Math.floor(at / N), j = at % N;
    let sum = 0;
    for (let k = 0; k < K; k++) sum += a[i * K + k]! * b[turned ? j * K + k : k * N + j]!;
    return sum;
  });
}

/** Softmax of a row, in place; zeros where nothing is allowed. */
function softmaxRow(row: Float64Array): void {
  const most = Math.max(...row), shift = most === -Infinity ? 0 : most;
  row.forEach((x, i) => row[i] = Math.exp(x - shift));
  const sum = row.reduce((a, b) => a + b, 0);
  if (sum > 0) row.forEach((x, i) => row[i] = x / sum);
}

const TRUTHS: Readonly<Record<string, Truth>> = {
  matmul: {
    sizes: [
      ...[1, 15, 16, 17, 63, 64, 65].map((n) => [n, n, n]),
      ...[[1, 65, 17], [65, 1, 16], [17, 63, 1], [7, 9, 1000], [130, 70, 600]],
    ],
    compute: ([a, b], sizes) => product(a!, b!, sizes as [number, number, number]),
    closeness: ([, , K]) => ({ tolerance: 2, length: K! }),
  },
  softmax: {
    sizes: [[1, 1], [3, 15], [16, 16], [2, 17], [5, 63], [1, 64], [65, 65], [4, 1000]],
    compute: ([x], [rows, n]) => {
      const y = Float64Array.from(x!);
      for (let row = 0; row < rows!; row++) softmaxRow(y.subarray(row * n!, (row + 1) * n!));
      return y;
    },
    closeness: ([, n]) => ({ tolerance: 4, length: n!, scale: 0 }),
  },
  layer_norm: {
    sizes: [[1, 1], [3, 15], [16, 16], [2, 17], [5, 63], [1, 64], [65, 65], [4, 1000]],
    compute: ([x, gain, bias], [rows, n]) => {
      const y = Float64Array.from(x!);
      for (let row = 0; row < rows!; row++) {
        const part = y.subarray(row * n!, (row + 1) * n!), mean = part.reduce((a, b) => a + b, 0) / n!;
        const scale = 1 / Math.sqrt(part.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n! + 1e-5);
        part.forEach((value, i) => part[i] = (value - mean) * scale * gain![i]! + bias![i]!);
      }
      return y;
    },
    closeness: ([, n]) => ({ tolerance: 4, length: n!, scale: 1 }),
  },
  attention: {
    sizes: [[1, 1, 1], [2, 15, 16], [1, 16, 15], [3, 17, 17], [1, 63, 8], [2, 64, 64], [1, 65, 65], [1, 130, 5]],
    compute: ([query, key, value], [H, T, D]) => {
      const output = new Float64Array(H! * T! * D!);
      for (let row = 0; row < H! * T!; row++) {
        const head = Math.floor(row / T!) * T!, seen = row % T! + 1;
        const weights = product(
          query!.subarray(row * D!, (row + 1) * D!),
          key!.subarray(head * D!),
          [1, seen, D!],
          true,
        ).map((score) => score / Math.sqrt(D!));
        softmaxRow(weights);
        weights.forEach((weight, s) => {
          for (let i = 0; i < D!; i++) output[row * D! + i]! += weight * value![(head + s) * D! + i]!;
        });
      }
      return output;
    },
    closeness: ([, T, D]) => ({ tolerance: 4, length: Math.max(T!, D!), scale: 1 }),
  },
  one_row: {
    sizes: [
      ...[1, 15, 16, 17, 63, 64, 65].flatMap((n) => [[n, n], [1000, n]]),
      ...[[1, 65], [65, 1], [17, 1000]],
    ],
    compute: ([x, w], [K, N]) => product(x!, w!, [1, N!, K!]),
    closeness: ([K]) => ({ tolerance: 2, length: K! }),
  },
  quantized: {
    sizes: [...[1, 15, 16, 17, 31, 32, 33, 63, 64, 65].map((n) => [n, n]), [1000, 7], [100, 130]],
    compute: ([x, w], [K, N]) => product(x!, w!, [1, N!, K!], true),
    // Numbers are below 2 here, their products below 4.
    closeness: ([K]) => ({ tolerance: 2, length: K!, scale: 4 * Math.sqrt(K!) }),
  },
};

/** Compares every rung with the truth. */
async function check(ladder: Ladder, kernel: Kernel, sizes: Sizes, inputs?: readonly Float32Array[]): Promise<void> {
  const { compute, closeness } = TRUTHS[kernel.name]!;
  const placed = ladder.place(kernel, sizes, inputs), expected = compute(placed.inputs, sizes);
  for (const rung of placed.rungs) {
    try {
      await assertClose(await placed.read(rung.run()), [...expected], closeness(sizes));
    } catch (error) {
      throw new Error(`${kernel.name} of [${sizes}], rung "${rung.name}"`, { cause: error });
    }
  }
  placed.release();
}

for (const build of ["relaxed", "strict"] as const) {
  const isAbsent = build === "relaxed" && !WebAssembly.validate(decode(RELAXED));
  for (const kernel of KERNELS) {
    const name = `every rung of ${kernel.name} computes its definition [${build}]`;
    Deno.test(name, { ignore: isAbsent }, async () => {
      const ladder = new Ladder({ threads: 2, relaxed: build === "relaxed" });
      for (const sizes of TRUTHS[kernel.name]!.sizes) await check(ladder, kernel, sizes);
      assertEquals(ladder.device.memory().buffers, 0);
    });
  }
}

Deno.test("every rung of softmax gives nothing to what is forbidden", async () => {
  const ladder = new Ladder({ threads: 1 }), kernel = KERNELS.find(({ name }) => name === "softmax")!;
  for (const n of [1, 4, 15, 17, 65]) {
    const x = Float32Array.from({ length: 3 * n }, (_, i) => i < n || i % 2 === 0 ? -Infinity : (i % 7) * 1000 - 3000);
    await check(ladder, kernel, [3, n], [x]);
  }
});

Deno.test("the rung of threads has the bits of the rung before", async () => {
  const ladder = new Ladder({ threads: 3 });
  for (const kernel of KERNELS) {
    const placed = ladder.place(kernel, kernel.measured.at(-1)!);
    const [alone, together] = placed.rungs.slice(-2);
    const expected = await placed.read(alone!.run());
    for (let i = 0; i < 5; i++) {
      assertEquals(await placed.read(together!.run()), expected, kernel.name);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    placed.release();
  }
});

Deno.test("every kernel of the ladder has a naive rung, one of threads, and a ceiling that can be measured", () => {
  const ladder = new Ladder({ threads: 2 });
  for (const kernel of KERNELS) {
    assert(kernel.name in TRUTHS, kernel.name);
    assert(kernel.measured.every(({ length }) => length === kernel.axes.length), kernel.name);
    const placed = ladder.place(kernel, TRUTHS[kernel.name]!.sizes.at(-1)!);
    assertEquals(placed.rungs.map(({ threads }) => threads), [...placed.rungs.slice(1).map(() => 1), 2]);
    for (const { amount, limit } of placed.rungs) {
      assert(amount > 0);
      limit();
    }
    placed.release();
  }
});

Deno.test("place() rejects operands of another size", () => {
  const ladder = new Ladder({ threads: 1 });
  assertThrows(
    () => ladder.place(KERNELS[0]!, [2, 2, 2], [new Float32Array(4), new Float32Array(5)]),
    TypeError,
    "operands",
  );
});

Deno.test("the tables of the ladder lie between the scratch of threads and the first buffer", () => {
  for (const module of [decode(RELAXED), edited(decode(RELAXED), STRICT)]) {
    if (!WebAssembly.validate(module)) continue;
    const memory = new WebAssembly.Memory({ initial: 16, maximum: 65536, shared: true });
    const bytes = new Uint8Array(memory.buffer).fill(170);
    new WebAssembly.Instance(new WebAssembly.Module(module), { env: { memory } });
    const first = bytes.findIndex((byte) => byte !== 170), last = bytes.findLastIndex((byte) => byte !== 170);
    assert(first >= PRIVATE + MOST_THREADS * PRIVATE_BYTES && last < HEAP, `bytes ${first} to ${last}`);
  }
});
