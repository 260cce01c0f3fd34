/**
 * # The ladder
 *
 * **Question.** What does each step from the definition to the kernel of the device gain, on the
 * machine at hand?
 *
 * Every kernel that grew keeps its rungs: the naive loop, each improvement by itself, and at the
 * top the device. `assembly/` has a page for each kernel; the rungs below the device are compiled
 * into `kernels.ts`, which only tests and benches load. The rungs above are calls of the device.
 * {@linkcode KERNELS} is the table of both.
 *
 * | page           | from                               | to                                  |
 * | -------------- | ---------------------------------- | ----------------------------------- |
 * | `matmul`       | three nested loops                 | tiles, panels, cache blocks, threads |
 * | `softmax`      | the exponential of a C library     | vectors, several at a time, threads |
 * | `layer_norm`   | one number at a time               | vectors, several sums, threads      |
 * | `attention`    | a matrix of scores                 | online softmax, tiles, causal skip, threads |
 * | `one_row`      | columns                            | rows, panels, threads               |
 * | `quantized`    | weights back to float32            | integers, half bytes, threads       |
 *
 * `deno run bench/ladder.ts` prints what each rung takes.
 *
 * @module
 */

import type { Backend, Buffer, FusedFunctions, FusedName, PackedFormat, View } from "../../core/engine/backend.ts";
import { contiguousStrides, sizeOf } from "../../core/engine/shape.ts";
import { decode, edited } from "../binary.ts";
import { createWasmDevice } from "../mod.ts";
import { type Runtime, runtimeOf } from "../runtime.ts";
import { RELAXED, STRICT } from "./kernels.ts";

/** Exports of the compiled rungs: addresses and counts in, nothing out. */
export type Loops = Readonly<Record<string, (...words: number[]) => number>>;

/** What a rung works on: operands in the memory of the device. */
export interface Bench {
  /** The compiled rungs. */
  readonly loops: Loops;
  /** What the upper rungs call. */
  readonly device: Backend;
  /** Extents by position. */
  readonly sizes: readonly number[];
  /** The operands. */
  readonly views: readonly View[];
  /** Their byte addresses. */
  readonly at: readonly number[];
  /** Byte address of the result of a rung below the device. */
  readonly to: number;
  /** Byte address of scratch. */
  readonly scratch: number;
  /** What {@linkcode Kernel.prepare} made. */
  readonly prepared: readonly Buffer[];
}

/** One step of a kernel. */
export interface Rung {
  /** What it adds to the step before. */
  readonly name: string;
  /** Whether all threads take part; the others run on one. */
  readonly threads?: boolean;
  /** Bytes or operations of one run, where they differ from those of the kernel. */
  readonly amount?: (sizes: readonly number[]) => number;
  /** Computes the result: into `to`, or into the buffer or view that it returns. */
  readonly run: (bench: Bench) => Buffer | View | void;
}

/** What bounds a kernel at last. */
export type Ceiling = "multiply-adds" | "copying" | "reading";

/** A kernel with all its rungs. */
export interface Kernel {
  /** Name of its page in `assembly/`. */
  readonly name: string;
  /** What its sizes are, in order. */
  readonly axes: readonly string[];
  /** Sizes to measure at: the naive rung takes a tenth of a second at most. */
  readonly measured: readonly (readonly number[])[];
  /** What no rung can exceed; operations for multiply-adds, bytes for the others. */
  readonly ceiling: Ceiling;
  /** Operations, or bytes that have to pass, of one run. */
  readonly amount: (sizes: readonly number[]) => number;
  /** Shapes of the operands. */
  readonly inputs: (sizes: readonly number[]) => readonly (readonly number[])[];
  /** Numbers for the operands where random ones will not do. */
  readonly numbers?: (sizes: readonly number[]) => readonly Float32Array[];
  /** Shape of the result. */
  readonly output: (sizes: readonly number[]) => readonly number[];
  /** Elements of scratch. */
  readonly scratch?: (sizes: readonly number[]) => number;
  /** Makes what is there before the clock starts, such as packed weights. */
  readonly prepare?: (device: Backend, views: readonly View[], sizes: readonly number[], loops: Loops) => Buffer[];
  /** From the naive loop to the device. */
  readonly rungs: readonly Rung[];
}

/** Sizes by position; every kernel knows how many it has. */
type Three = readonly [number, number, number];
type Two = readonly [number, number];

/** Byte address of a buffer of the CPU device. */
function addressOf(buffer: Buffer): number {
  return (buffer as unknown as { address: number }).address;
}

/** Bytes in whole cache lines. */
function wholeLines(bytes: number): number {
  return Math.ceil(bytes / 64) * 64;
}

/** Numbers in [-1, 1) that a seed determines. */
function noise(seed: number, count: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 0) / 2 ** 31 - 1;
  });
}

/** A rung whose kernel takes its result, its operands and its sizes, in this order, then the scratch. */
function loop(name: string, f: string): Rung {
  return { name, run: ({ loops, to, at, sizes, scratch }) => void loops[f]!(to, ...at, ...sizes, scratch) };
}

/** The last rung: what `run` does, on all threads. */
function onThreads(run: Rung["run"], amount?: NonNullable<Rung["amount"]>): Rung {
  return { name: "threads", threads: true, run, ...(amount && { amount }) };
}

/** First output of a fused kernel of the device. */
function fused<Name extends FusedName>(
  device: Backend,
  name: Name,
  views: readonly (View | undefined)[],
  attributes: FusedFunctions[Name],
): View {
  const outputs = device.fused.forward[name]!(views, attributes)!;
  for (const { buffer } of outputs.slice(1)) device.release(buffer);
  return outputs[0]!;
}

/** The layout of a packed format on the device. */
function packing(device: Backend, format: PackedFormat): NonNullable<NonNullable<Backend["packing"]>[PackedFormat]> {
  return device.packing![format]!;
}

/** A matrix in the layout of a format. */
function packed(device: Backend, format: PackedFormat, matrix: View): Buffer {
  const { words, pack } = packing(device, format), [K, N] = matrix.shape as Two;
  const target = device.allocate("float32", words(K, N));
  pack(matrix, target);
  return target;
}

/** Rows and columns exchanged. */
function turned(x: View): View {
  return { ...x, buffer: x.buffer, shape: [...x.shape].reverse(), strides: [...x.strides].reverse() };
}

// ## The table

const multiply: Rung["run"] = ({ device, views: [a, b] }) => device.matmul(a!, b!);

const matmul: Kernel = {
  name: "matmul",
  axes: ["M", "N", "K"],
  measured: [[128, 128, 128], [384, 384, 384], [96, 1024, 384]],
  ceiling: "multiply-adds",
  amount: (sizes) => 2 * sizeOf(sizes),
  inputs: (sizes) => {
    const [M, N, K] = sizes as Three;
    return [[M, K], [K, N]];
  },
  output: ([M, N]) => [M!, N!],
  scratch: (sizes) => {
    const [M, N, K] = sizes as Three;
    return 32 + K * (M + N + 12);
  },
  rungs: [
    loop("naive", "matmulNaive"),
    loop("rows", "matmulRows"),
    loop("vectors", "matmulVectors"),
    loop("tiles", "matmulTiles"),
    loop("panels", "matmulPanels"),
    { name: "cache blocks", run: multiply },
    onThreads(multiply),
  ],
};

/** Read once and written once. */
const throughBoth = (sizes: readonly number[]): number => 8 * sizeOf(sizes);

const softmaxOfDevice: Rung["run"] = ({ device, views }) => fused(device, "softmax", views, {});

const softmax: Kernel = {
  name: "softmax",
  axes: ["rows", "n"],
  measured: [[64, 1024], [4096, 1024]],
  ceiling: "copying",
  amount: throughBoth,
  inputs: (sizes) => [sizes],
  output: (sizes) => sizes,
  rungs: [
    loop("naive", "softmaxNaive"),
    loop("vectors", "softmaxVectors"),
    { name: "several at a time", run: softmaxOfDevice },
    onThreads(softmaxOfDevice),
  ],
};

const EPSILON = 1e-5;
const normalize: Rung["run"] = ({ device, views }) => fused(device, "layerNorm", views, { epsilon: EPSILON });

/** {@linkcode loop} with the small number under the root. */
function normalizing(name: string, f: string): Rung {
  return { name, run: ({ loops, to, at, sizes }) => void loops[f]!(to, ...at, ...sizes, EPSILON) };
}

const layerNorm: Kernel = {
  name: "layer_norm",
  axes: ["rows", "n"],
  measured: [[64, 768], [4096, 768]],
  ceiling: "copying",
  amount: throughBoth,
  inputs: (sizes) => [sizes, [sizes[1]!], [sizes[1]!]],
  output: (sizes) => sizes,
  rungs: [
    normalizing("naive", "layerNormNaive"),
    normalizing("vectors", "layerNormVectors"),
    { name: "several sums", run: normalize },
    onThreads(normalize),
  ],
};

const attendCausally: Rung["run"] = ({ device, views, sizes: [, , D] }) =>
  fused(device, "attention", views, { causal: true, scale: 1 / Math.sqrt(D!) });

const attention: Kernel = {
  name: "attention",
  axes: ["H", "T", "D"],
  measured: [[4, 256, 64], [1, 512, 64]],
  ceiling: "multiply-adds",
  amount: (sizes) => {
    const [H, T, D] = sizes as Three;
    return 4 * H * D * T * (T + 1) / 2;
  },
  inputs: (sizes) => Array.from({ length: 3 }, () => [1, ...sizes]),
  output: (sizes) => [1, ...sizes],
  scratch: ([, T]) => Math.max(96, T! * T!),
  prepare: (device, _views, [, T]) => {
    return [
      device.upload(Int32Array.from({ length: T! * T! }, (_, i) => i % T! <= Math.floor(i / T!) ? 1 : 0), "bool"),
    ];
  },
  rungs: [
    loop("scores in memory", "attentionMatrix"),
    loop("row by row", "attentionRows"),
    loop("vectors", "attentionVectors"),
    loop("online softmax", "attentionOnline"),
    {
      name: "register tiles",
      run: ({ device, views, sizes: [, T, D], prepared: [buffer] }) => {
        const mask: View = { buffer: buffer!, dtype: "bool", shape: [T!, T!], strides: [T!, 1], offset: 0 };
        return fused(device, "attention", [...views, mask], { causal: false, scale: 1 / Math.sqrt(D!) });
      },
    },
    { name: "causal skip", run: attendCausally },
    onThreads(attendCausally),
  ],
};

const timesPanels: Rung["run"] = ({ device, views: [x], sizes: [, N], prepared: [panels] }) =>
  packing(device, "float32").multiply(x!, panels!, N!, undefined);

const oneRow: Kernel = {
  name: "one_row",
  axes: ["K", "N"],
  measured: [[768, 768], [768, 3072], [768, 12288]],
  ceiling: "reading",
  amount: (sizes) => 4 * sizeOf(sizes),
  inputs: (sizes) => [[1, sizes[0]!], sizes],
  output: ([, N]) => [1, N!],
  prepare: (device, [, matrix]) => [packed(device, "float32", matrix!)],
  rungs: [
    loop("naive", "rowNaive"),
    loop("rows", "rowRows"),
    loop("vectors", "rowVectors"),
    { name: "rows together", run: multiply },
    { name: "panels", run: timesPanels },
    onThreads(timesPanels),
  ],
};

/** Weights in a block that share a step. */
const BLOCK = 32;
const blocksOf = (K: number): number => Math.ceil(K / BLOCK);

/** A row and weights `[N, K]` on the grid of half bytes, so that no format rounds them and all rungs agree. */
function onGrid([K, N]: Two): readonly Float32Array[] {
  const onBlocks = (seed: number, count: number, most: number, first: number) => {
    const numbers = noise(seed, count), steps = noise(seed + 1, Math.ceil(count / BLOCK) + N);
    return numbers.map((x, i) => {
      const k = i % K, block = Math.floor(i / K) * blocksOf(K) + Math.floor(k / BLOCK);
      // The first number of a block is the farthest from zero.
      const level = k % BLOCK === 0 ? first : Math.round(x * most);
      return level * (1 + Math.abs(steps[block % steps.length]!)) / first;
    });
  };
  return [onBlocks(1, K, 127, 127), onBlocks(3, K * N, 7, -8)];
}

/** A rung of the quantised product below the device. */
function quantizing(name: string, f: string): Rung {
  return {
    name,
    run: ({ loops, to, sizes: [K, N], scratch, prepared }) => {
      const [, , row, levels, steps] = prepared.map(addressOf);
      loops[f]!(to, row!, levels!, steps!, N!, blocksOf(K!), scratch);
    },
  };
}

/** A rung of the quantised product on the device. */
function inFormat(format: "int8" | "int4"): Rung["run"] {
  return ({ device, views: [x], sizes: [, N], prepared }) =>
    packing(device, format).multiply(x!, prepared[format === "int8" ? 0 : 1]!, N!, undefined);
}

const halfBytes = ([K, N]: readonly number[]): number => N! * blocksOf(K!) * (BLOCK / 2 + 4);

const quantized: Kernel = {
  name: "quantized",
  axes: ["K", "N"],
  measured: [[768, 3072], [768, 24576]],
  ceiling: "reading",
  amount: ([K, N]) => N! * blocksOf(K!) * (BLOCK + 4),
  inputs: ([K, N]) => [[1, K!], [N!, K!]],
  numbers: (sizes) => onGrid(sizes as Two),
  output: ([, N]) => [1, N!],
  scratch: ([K, N]) => N! * blocksOf(K!) * BLOCK,
  prepare: (device, [x, weights], [K, N], loops) => {
    const width = blocksOf(K!) * BLOCK, matrix = turned(weights!);
    const row = device.upload(new Float32Array(width), "float32");
    const view = (buffer: Buffer): View => ({ buffer, dtype: "float32", shape: [1, K!], strides: [K!, 1], offset: 0 });
    device.copy(x!, view(row));
    const [levels, steps] = [width / 4, blocksOf(K!)].map((words) => device.allocate("float32", N! * words));
    loops.roundColumns!(addressOf(levels!), addressOf(steps!), addressOf(weights!.buffer), N!, K!);
    return [packed(device, "int8", matrix), packed(device, "int4", matrix), row, levels!, steps!];
  },
  rungs: [
    quantizing("naive", "quantizedNaive"),
    quantizing("in registers", "quantizedRegisters"),
    quantizing("integers", "quantizedIntegers"),
    { name: "columns together", run: inFormat("int8") },
    { name: "half bytes", run: inFormat("int4"), amount: halfBytes },
    onThreads(inFormat("int4"), halfBytes),
  ],
};

/** Every kernel that grew, each with its rungs from the naive loop to the device. */
export const KERNELS: readonly Kernel[] = [matmul, softmax, layerNorm, attention, oneRow, quantized];

// ## Running them

/** A rung with its operands in place. */
export interface PlacedRung {
  /** What it adds to the step before. */
  readonly name: string;
  /** Threads that take part. */
  readonly threads: number;
  /** Operations or bytes of one run. */
  readonly amount: number;
  /** Computes the result, which stays until the next rung runs. */
  run(): View;
  /** Does as much of what the ceiling allows, on one thread. */
  limit(): void;
}

/** A kernel at one size. */
export interface Placed {
  /** The operands, as numbers. */
  readonly inputs: readonly Float32Array[];
  /** The rungs in order. */
  readonly rungs: readonly PlacedRung[];
  /** The numbers of a result. */
  read(result: View): Promise<Float32Array>;
  /** Gives the memory back. */
  release(): void;
}

/** How to set up a ladder. */
export interface LadderOptions {
  /** Threads of the last rung; default: that of the device. */
  readonly threads?: number;
  /** Use fused multiply-adds; default: if the engine has them. */
  readonly relaxed?: boolean;
}

/** The compiled rungs beside a CPU device, in its memory. */
export class Ladder {
  /** The device that the upper rungs run on. */
  readonly device: Backend;
  /** Threads of the last rung. */
  readonly threads: number;
  readonly #runtime: Runtime;
  readonly #loops: Loops;

  /**
   * Makes a device and compiles the rungs into its memory.
   *
   * @throws {Error} if the engine has no WebAssembly SIMD or no shared memory
   */
  constructor({ threads, relaxed }: LadderOptions = {}) {
    const fast = decode(RELAXED), fuses = relaxed ?? WebAssembly.validate(fast);
    this.device = createWasmDevice({ relaxed: fuses, ...(threads !== undefined && { threads }) });
    this.#runtime = runtimeOf(this.device);
    if (!this.#runtime.memory.shared) throw new Error("Cannot climb the ladder: memory cannot be shared here");
    this.threads = this.#runtime.threads.count;
    const instance = new WebAssembly.Instance(new WebAssembly.Module(fuses ? fast : edited(fast, STRICT)), {
      env: { memory: this.#runtime.memory.wasm },
    });
    this.#loops = instance.exports as unknown as Loops;
  }

  /**
   * Brings the operands of a kernel to the device.
   *
   * @param inputs numbers of the operands; random ones by default
   * @throws {TypeError} if their number disagrees with the sizes
   */
  place(kernel: Kernel, sizes: readonly number[], inputs?: readonly Float32Array[]): Placed {
    const { device } = this, shapes = kernel.inputs(sizes);
    const numbers = inputs ?? kernel.numbers?.(sizes) ?? shapes.map((shape, i) => noise(i + 1, sizeOf(shape)));
    if (numbers.some((x, i) => x.length !== sizeOf(shapes[i]!))) {
      throw new TypeError(`Cannot place ${kernel.name} of [${sizes}]: operands have other numbers of elements`);
    }
    const seen = (buffer: Buffer, shape: readonly number[]): View => {
      return { buffer, dtype: "float32", shape, strides: contiguousStrides(shape), offset: 0 };
    };
    const views = shapes.map((shape, i) => seen(device.upload(numbers[i]!, "float32"), shape));
    const shape = kernel.output(sizes), result = device.allocate("float32", sizeOf(shape));
    const scratch = device.allocate("float32", kernel.scratch?.(sizes) ?? 0);
    const prepared = kernel.prepare?.(device, views, sizes, this.#loops) ?? [];
    const bench: Bench = {
      ...{ loops: this.#loops, device, sizes, views, prepared },
      ...{ at: views.map(({ buffer }) => addressOf(buffer)), to: addressOf(result), scratch: addressOf(scratch) },
    };
    // Written once: memory that never was takes no place in a cache.
    const bytes = kernel.ceiling === "multiply-adds" ? 0 : wholeLines(kernel.amount(sizes));
    const [source, target] = [0, 1].map(() => device.upload(new Float32Array(bytes / 4).fill(1), "float32")) as [
      Buffer,
      Buffer,
    ];
    let last: Buffer | undefined;
    const forget = () => {
      if (last) device.release(last);
      last = undefined;
    };
    const rungs = kernel.rungs.map((rung): PlacedRung => {
      const { name, run } = rung, threads = rung.threads ? this.threads : 1;
      const amount = (rung.amount ?? kernel.amount)(sizes);
      return {
        ...{ name, threads, amount },
        run: () => {
          forget();
          this.#use(threads);
          const made = run(bench);
          if (!made) return seen(result, shape);
          const view = "buffer" in made ? made : seen(made, shape);
          last = view.buffer;
          return view;
        },
        limit: () => this.#limit(kernel.ceiling, amount, source, target),
      };
    });
    return {
      ...{ inputs: numbers, rungs },
      read: async (view) => await device.download(view) as Float32Array,
      release: () => {
        forget();
        for (const buffer of [...views.map((view) => view.buffer), result, scratch, source, target, ...prepared]) {
          device.release(buffer);
        }
      },
    };
  }

  /** About as many operations as are asked for, in multiply-adds from registers alone. */
  peak(operations: number): void {
    this.#loops.peak!(Math.ceil(operations / 384), 0.5, 1e-9);
  }

  #use(threads: number): void {
    if (this.#runtime.threads.count !== threads) this.#runtime.threads.count = threads;
  }

  /** Work that nothing but the ceiling bounds; `target` and `source` hold at least as many bytes. */
  #limit(ceiling: Ceiling, amount: number, source: Buffer, target: Buffer): void {
    if (ceiling === "multiply-adds") this.peak(amount);
    else if (ceiling === "copying") this.#loops.copying!(addressOf(target), addressOf(source), wholeLines(amount / 2));
    else this.#loops.reading!(addressOf(source), wholeLines(amount));
  }
}
