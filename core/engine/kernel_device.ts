/**
 * # What devices with kernels share
 *
 * **Question.** The CPU device and the GPU device run different kernels. What around them is the same?
 *
 * **Idea.** A kernel may reserve *temporaries*: a packed operand, partial sums. They are nobody's tensors, so no scope
 * frees them; whoever called the kernel does, as soon as it returns or throws. Both devices are therefore the same
 * class around two tables: one of {@linkcode Operations}, the nine members of a
 * {@linkcode Backend} that compute, and one of fused kernels.
 *
 * @module
 */

import type {
  Backend,
  BinaryOp,
  Buffer,
  DType,
  FusedKernels,
  MemoryUse,
  Numbers,
  Packing,
  ReduceOp,
  UnaryOp,
  View,
} from "./backend.ts";
import { converted } from "./numbers.ts";
import { printsItself } from "./printing.ts";
import { checkCount } from "./requirements.ts";
import { simplify, sizeOf } from "./shape.ts";

/** What kernels run on: memory, and what was taken of it for a moment. */
export interface KernelRuntime {
  /** Reserves elements of four bytes. */
  allocate(count: number): Buffer;
  /** The view itself if its elements lie in order, or a temporary copy in which they do. */
  contiguous(x: View): View;
  /** Gives back all temporaries. */
  sweep(): void;
}

/** The members of a device that compute, as functions of a runtime. */
export interface Operations<R> {
  /** See {@linkcode Backend.copy}. */
  copy(runtime: R, source: View, target: View): void;
  /** See {@linkcode Backend.unary}. */
  unary(runtime: R, op: UnaryOp, x: View): Buffer;
  /** See {@linkcode Backend.binary}. */
  binary(runtime: R, op: BinaryOp, a: View, b: View): Buffer;
  /** See {@linkcode Backend.select}. */
  select(runtime: R, choose: View, a: View, b: View): Buffer;
  /** See {@linkcode Backend.reduce}. */
  reduce(runtime: R, op: ReduceOp, x: View, axes: number): Buffer;
  /** See {@linkcode Backend.matmul}. */
  matmul(runtime: R, a: View, b: View): Buffer;
  /** See {@linkcode Backend.gather}. */
  gather(runtime: R, table: View, ids: View): Buffer;
  /** See {@linkcode Backend.scatterAdd}. */
  scatterAdd(runtime: R, table: View, ids: View, rows: View): void;
  /** See {@linkcode Backend.argsort}. */
  argsort(runtime: R, x: View, descending: boolean): Buffer;
}

/** Numbers of the host as elements of int32 or bool. */
export function integersOf(data: Numbers, dtype: "int32" | "bool"): Int32Array {
  if (dtype === "int32" && data instanceof Int32Array) return data;
  const words = new Int32Array(data.length);
  for (let i = 0; i < data.length; i++) words[i] = converted(data[i]!, dtype);
  return words;
}

/** Calls a function and gives back its temporaries, also when it throws. */
export function sweeping<T>(runtime: KernelRuntime, f: () => T): T {
  try {
    return f();
  } finally {
    runtime.sweep();
  }
}

/** The same functions, each followed by giving back its temporaries. */
export function swept<Table extends object>(runtime: KernelRuntime, table: Table): Table {
  type Kernel = (...args: readonly unknown[]) => unknown;
  const entries = Object.entries<Kernel>(table as Record<string, Kernel>).map(([name, kernel]) =>
    [name, (...args: readonly unknown[]) => sweeping(runtime, () => kernel(...args))] as const
  );
  return Object.fromEntries(entries) as Table;
}

/** The kernels of some files as one table; each is followed by giving back its temporaries. */
export function fusedTable(runtime: KernelRuntime, parts: readonly Partial<FusedKernels>[]): FusedKernels {
  const join = <K extends keyof FusedKernels>(kind: K): FusedKernels[K] =>
    swept(runtime, Object.assign({}, ...parts.map((part) => part[kind])) as FusedKernels[K]);
  return { forward: join("forward"), backward: join("backward"), update: join("update") };
}

/** The same packing, whose functions give back their temporaries. */
export function sweptPacking(runtime: KernelRuntime, { words, pack, multiply, columns }: Packing): Packing {
  return { words, ...swept(runtime, { pack, multiply, columns }) };
}

/** All leading axes as one: `[rows, width]`, a temporary copy where no strides can say it. */
export function asRows(runtime: KernelRuntime, x: View): View {
  const width = x.shape.at(-1)!, rows = width === 0 ? 0 : sizeOf(x.shape) / width;
  const lead = simplify(x.shape.slice(0, -1), [x.strides.slice(0, -1)]);
  if (lead.shape.length <= 1) {
    return { ...x, buffer: x.buffer, shape: [rows, width], strides: [lead.strides[0]![0] ?? width, x.strides.at(-1)!] };
  }
  const packed = runtime.contiguous(x);
  return { ...packed, buffer: packed.buffer, shape: [rows, width], strides: [width, 1] };
}

/** A matrix with rows and columns exchanged. */
export function turned(x: View): View {
  return { ...x, buffer: x.buffer, shape: [x.shape[1]!, x.shape[0]!], strides: [x.strides[1]!, x.strides[0]!] };
}

/** A device whose operations are kernels on a runtime. */
export abstract class KernelDevice<R extends KernelRuntime> implements Backend {
  abstract readonly name: string;
  abstract readonly description: string;
  abstract readonly fused: Backend["fused"];
  /** What the kernels run on. */
  protected readonly runtime: R;
  readonly #operations: Operations<R>;

  constructor(runtime: R, operations: Operations<R>) {
    this.runtime = runtime;
    this.#operations = operations;
  }

  abstract upload(data: Numbers, dtype: DType): Buffer;
  abstract download(x: View): Promise<Numbers>;
  abstract release(buffer: Buffer): void;
  abstract memory(): MemoryUse;
  abstract dispose(): void;

  [Symbol.dispose](): void {
    this.dispose();
  }

  allocate(_dtype: DType, count: number): Buffer {
    checkCount(count);
    return this.runtime.allocate(count);
  }

  copy(source: View, target: View): void {
    sweeping(this.runtime, () => this.#operations.copy(this.runtime, source, target));
  }

  unary(op: UnaryOp, x: View): Buffer {
    return sweeping(this.runtime, () => this.#operations.unary(this.runtime, op, x));
  }

  binary(op: BinaryOp, a: View, b: View): Buffer {
    return sweeping(this.runtime, () => this.#operations.binary(this.runtime, op, a, b));
  }

  select(choose: View, a: View, b: View): Buffer {
    return sweeping(this.runtime, () => this.#operations.select(this.runtime, choose, a, b));
  }

  reduce(op: ReduceOp, x: View, axes: number): Buffer {
    return sweeping(this.runtime, () => this.#operations.reduce(this.runtime, op, x, axes));
  }

  matmul(a: View, b: View): Buffer {
    return sweeping(this.runtime, () => this.#operations.matmul(this.runtime, a, b));
  }

  gather(table: View, ids: View): Buffer {
    return sweeping(this.runtime, () => this.#operations.gather(this.runtime, table, ids));
  }

  scatterAdd(table: View, ids: View, rows: View): void {
    sweeping(this.runtime, () => this.#operations.scatterAdd(this.runtime, table, ids, rows));
  }

  argsort(x: View, descending: boolean): Buffer {
    return sweeping(this.runtime, () => this.#operations.argsort(this.runtime, x, descending));
  }

  toString(): string {
    return `${this.name}: ${this.description}`;
  }
}

printsItself(KernelDevice);
