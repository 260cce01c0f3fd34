/**
 * # Faster routes on the CPU
 *
 * One entry per function that a chapter defines and that a kernel in `assembly/` computes in
 * fewer sweeps than its definition. An entry turns views into addresses and counts, starts
 * the kernel, and says what the backward kernel will want to see again.
 *
 * **Views.** The kernels walk rows whose elements lie side by side. Where the view of an
 * input does not, it is copied first; attention and rotary positions take any strides of the
 * other axes, so that heads cut out of one projection and views of a cache are never copied.
 *
 * @module
 */

import type { Attributes, Backend, FusedBackward, FusedForward, FusedUpdate, View } from "../core/engine/backend.ts";
import { isContiguous, sizeOf } from "../core/engine/shape.ts";
import * as op from "./assembly/fused_opcodes.ts";
import { attentionKernels } from "./attention.ts";
import { binaryInPlace } from "./elementwise.ts";
import type { Runtime } from "./runtime.ts";
import { bits } from "./threads.ts";

/** Elements of a run in the kernels that go element by element. */
const RUN = 1024;
/** Blocks of rows whose gradients of gain and bias are added up apart. */
const MOST_BLOCKS = 32;

const ACTIVATIONS = ["relu", "silu", "gelu", "geluTanh"] as const;

/** Rough nanoseconds of an element of each activation, forwards. */
const ACTIVATION_COST = { relu: 0.1, silu: 0.7, gelu: 1, geluTanh: 0.7 } as const;

/** A number among the attributes, or its default. */
function numberOf(attributes: Attributes, name: string, otherwise: number): number {
  const value = attributes[name];
  return typeof value === "number" ? value : otherwise;
}

/** Extent of the last axis and number of rows. */
function rowsOf(x: View): { readonly rows: number; readonly columns: number } {
  const columns = x.shape[x.shape.length - 1]!;
  return { columns, rows: columns === 0 ? 0 : sizeOf(x.shape) / columns };
}

/**
 * The table of fused kernels.
 *
 * @param runtime where memory and threads are
 * @returns forward, backward and update kernels by name
 */
export function fusedKernels(runtime: Runtime): Backend["fused"] {
  const forward: Record<string, FusedForward> = {};
  const backward: Record<string, FusedBackward> = {};
  const update: Record<string, FusedUpdate> = {};
  const { bind, fresh, filled } = helpers(runtime);

  // ## Rows

  const rowKernels = [
    ["softmax", op.SOFTMAX, op.SOFTMAX_BACKWARD, 0.6],
    ["logSoftmax", op.LOG_SOFTMAX, op.LOG_SOFTMAX_BACKWARD, 0.7],
  ] as const;
  for (const [name, ahead, back, cost] of rowKernels) {
    forward[name] = ([x]) => {
      if (!x || x.dtype !== "float32" || x.shape.length === 0) return undefined;
      const y = fresh(x.shape);
      const { rows, columns } = rowsOf(x);
      runtime.run(ahead, [...bind(y, x), columns], rows, columns * cost + 10);
      return [y];
    };
    backward[name] = ([x], [y], gradient) => {
      const dx = fresh(x!.shape);
      const { rows, columns } = rowsOf(x!);
      runtime.run(back, [...bind(dx, y, gradient), columns], rows, columns * 0.4 + 10);
      return [dx];
    };
  }

  forward.crossEntropy = ([logits, targets], attributes) => {
    if (!logits || !targets || logits.dtype !== "float32" || logits.shape.length !== 2) return undefined;
    if (targets.dtype !== "int32" || targets.shape.length !== 1) return undefined;
    const [N, V] = [logits.shape[0]!, logits.shape[1]!];
    const ignored = numberOf(attributes, "ignoreIndex", -100);
    const ids = runtime.contiguous(targets);
    checkTargets(runtime, ids, V, ignored);
    const outputs = [fresh([N]), fresh([N]), fresh([N])] as const;
    const args = [...bind(...outputs, logits, ids), V, ignored, bits(numberOf(attributes, "labelSmoothing", 0))];
    runtime.run(op.CROSS_ENTROPY, args, N, V * 0.5 + 20);
    return outputs;
  };
  backward.crossEntropy = ([logits, targets], [, maximum, sum], gradient, _wanted, attributes) => {
    const [N, V] = [logits!.shape[0]!, logits!.shape[1]!];
    const dx = fresh([N, V]);
    const args = [
      ...bind(dx, maximum!, sum!, logits!, targets!),
      V,
      numberOf(attributes, "ignoreIndex", -100),
      bits(numberOf(attributes, "labelSmoothing", 0)),
      ...bind(gradient),
    ];
    runtime.run(op.CROSS_ENTROPY_BACKWARD, args, N, V * 0.5 + 20);
    return [dx, undefined];
  };

  // ## Normalization

  for (const [name, centred] of [["layerNorm", 1], ["rmsNorm", 0]] as const) {
    forward[name] = ([x, gain, bias], attributes) => {
      if (!x || x.dtype !== "float32" || x.shape.length === 0) return undefined;
      const { rows, columns } = rowsOf(x);
      if (![gain, bias].every((vector) => !vector || (vector.shape.length === 1 && vector.shape[0] === columns))) {
        return undefined;
      }
      const outer = x.shape.slice(0, -1);
      const y = fresh(x.shape), scale = fresh(outer);
      const mean = centred ? fresh(outer) : undefined;
      const args = [
        ...bind(y, mean ?? scale, scale, x, gain ?? filled(columns, 1), bias ?? filled(columns, 0)),
        columns,
        centred,
        bits(numberOf(attributes, "epsilon", 1e-5)),
      ];
      runtime.run(op.NORMALIZE, args, rows, columns * 0.25 + 10);
      return mean ? [y, mean, scale] : [y, scale];
    };
    backward[name] = ([x, gain, bias], outputs, gradient, wanted) => {
      const { rows, columns } = rowsOf(x!);
      const scale = outputs[outputs.length - 1]!, mean = outputs[1]!;
      const length = Math.max(8, Math.ceil(rows / MOST_BLOCKS)), blocks = Math.ceil(rows / length);
      const dx = fresh(x!.shape);
      const partial = runtime.temporary(blocks * 2 * columns);
      const args = [
        ...bind(dx, x!, gradient, mean, scale, gain ?? filled(columns, 1)),
        partial.address,
        columns,
        centred,
        rows,
        length,
      ];
      runtime.run(op.NORMALIZE_BACKWARD, args, blocks, length * (columns * 0.5 + 20));
      const sums = [gain && wanted[1], bias && wanted[2]].map((asked, i) => {
        if (!asked) return undefined;
        const sum = fresh([columns]);
        const words = [...bind(sum), partial.address + i * columns * 4, blocks, columns, columns * 8];
        runtime.run(op.ADD_PARTIALS, words, Math.ceil(columns / 64), blocks * 8);
        return sum;
      });
      return [dx, ...sums];
    };
  }

  // ## Element by element

  for (const name of ["relu", "silu", "gelu"] as const) {
    const kindOf = (attributes: Attributes): typeof ACTIVATIONS[number] =>
      name === "gelu" && attributes.approximate ? "geluTanh" : name;
    forward[name] = ([x], attributes) => {
      if (!x || x.dtype !== "float32") return undefined;
      const kind = kindOf(attributes), count = sizeOf(x.shape);
      const y = fresh(x.shape);
      const args = [...bind(y, x), count, ACTIVATIONS.indexOf(kind)];
      runtime.run(op.ACTIVATION, args, Math.ceil(count / RUN), RUN * ACTIVATION_COST[kind]);
      return [y];
    };
    backward[name] = ([x], _outputs, gradient, _wanted, attributes) => {
      const kind = kindOf(attributes), count = sizeOf(x!.shape);
      const dx = fresh(x!.shape);
      const args = [...bind(dx, x!, gradient), count, ACTIVATIONS.indexOf(kind)];
      runtime.run(op.ACTIVATION_BACKWARD, args, Math.ceil(count / RUN), RUN * 1.3 * ACTIVATION_COST[kind]);
      return [dx];
    };
  }

  forward.dropout = ([x], attributes) => {
    if (!x || x.dtype !== "float32") return undefined;
    const count = sizeOf(x.shape), units = Math.ceil(count / RUN);
    const y = fresh(x.shape), kept = runtime.make("int32", [units * RUN / 32]);
    const rate = numberOf(attributes, "rate", 0), counter = numberOf(attributes, "counter", 0);
    const args = [
      ...bind(y, x),
      count,
      numberOf(attributes, "key0", 0) | 0,
      numberOf(attributes, "key1", 0) | 0,
      counter | 0,
      Math.floor(counter / 2 ** 32) | 0,
      Math.ceil(rate * 2 ** 24),
      bits(1 / (1 - rate)),
      ...bind(kept),
    ];
    runtime.run(op.DROPOUT, args, units, RUN * 2.5);
    return [y, kept];
  };
  backward.dropout = (_inputs, [, kept], gradient, _wanted, attributes) => {
    const count = sizeOf(gradient.shape), dx = fresh(gradient.shape);
    const args = [...bind(dx, gradient), count, bits(1 / (1 - numberOf(attributes, "rate", 0))), ...bind(kept!)];
    runtime.run(op.DROPOUT_BACKWARD, args, Math.ceil(count / RUN), RUN * 0.2);
    return [dx];
  };

  update.adamStep = (targets, [gradient], attributes) => {
    const [parameter, first, second] = targets;
    if (!parameter || !first || !second || !gradient) return false;
    if (![parameter, first, second, gradient].every(({ dtype }) => dtype === "float32")) return false;
    const count = sizeOf(parameter.shape);
    const at = (name: string): number => numberOf(attributes, name, 0);
    const args = [
      ...[parameter, first, second].map((target) => runtime.address(target)),
      ...bind(gradient),
      count,
      ...[
        1 - at("learningRate") * at("weightDecay"),
        at("learningRate") / at("correction1"),
        1 / Math.sqrt(at("correction2")),
        at("epsilon"),
        at("beta1"),
        1 - at("beta1"),
        at("beta2"),
        1 - at("beta2"),
        numberOf(attributes, "gradientScale", 1),
      ].map(bits),
    ];
    runtime.run(op.ADAM_STEP, args, Math.ceil(count / RUN), RUN);
    return true;
  };

  // In place: the sum of gradients as they arrive, and clipping.
  for (const [name, op] of [["accumulate", "add"], ["scale", "mul"]] as const) {
    update[name] = ([x], [y]) => {
      if (!x || !y || x.dtype !== "float32" || y.dtype !== "float32") return false;
      if (!isContiguous(x.shape, x.strides)) return false;
      // One number for all elements.
      const repeated = { ...y, buffer: y.buffer, shape: x.shape, strides: x.shape.map(() => 0) };
      binaryInPlace(runtime, op, x, y.shape.length === 0 ? repeated : y);
      return true;
    };
  }

  const heads = attentionKernels(runtime);
  return { forward: { ...forward, ...heads.forward }, backward: { ...backward, ...heads.backward }, update };
}

/** What the entries above share. */
function helpers(runtime: Runtime): {
  readonly bind: (...views: readonly View[]) => number[];
  readonly fresh: (shape: readonly number[]) => View;
  readonly filled: (count: number, value: number) => View;
} {
  return {
    bind: (...views) => views.map((view) => runtime.address(runtime.contiguous(view))),
    fresh: (shape) => runtime.make("float32", shape),
    filled: (count, value) => {
      const buffer = runtime.temporary(count);
      runtime.memory.float32.fill(value, buffer.address / 4, buffer.address / 4 + count);
      return { buffer, dtype: "float32", shape: [count], strides: [1], offset: 0 };
    },
  };
}

/** Refuses an id that is neither a class nor the ignored one. */
function checkTargets(runtime: Runtime, ids: View, V: number, ignored: number): void {
  const start = runtime.address(ids) / 4, words = runtime.memory.int32;
  for (let i = 0; i < ids.shape[0]!; i++) {
    const id = words[start + i]!;
    if (id !== ignored && (id < 0 || id >= V)) {
      throw new RangeError(`Cannot score target ${id}: it must be in [0, ${V}) or the ignored index ${ignored}`);
    }
  }
}
