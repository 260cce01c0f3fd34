/**
 * # Faster routes on the GPU
 *
 * One entry per function that a chapter defines and that a shader computes in fewer dispatches than its
 * definition. An entry turns views into buffers and parameters, records the dispatch, and says what the
 * backward kernel will want to see again.
 *
 * **Rows.** 16, 64 or 256 threads share a row, so that short rows do not leave most of a workgroup idle. Where
 * the length of a row is a multiple of four, a thread loads four numbers at once.
 *
 * **Targets of the cross-entropy** cannot be refused without waiting. A target that is no class makes its loss
 * NaN, and with it the gradient of its whole row; nothing outside the logits is read.
 *
 * @module
 */

import type { Attributes, Backend, FusedBackward, FusedForward, FusedUpdate, View } from "../core/engine/backend.ts";
import { isContiguous, simplify, sizeOf } from "../core/engine/shape.ts";
import { cellsOf, LANES, wordsOf } from "./copy.ts";
import { bits, plane, type Runtime } from "./runtime.ts";
import type { Variant } from "./template.ts";

/** Columns of a workgroup that sums over rows. */
const COLUMNS = 64;
/** Fewest rows of a block whose gradients of gain and bias are added up apart. */
const BLOCK_ROWS = 16;
/** Fewest elements of a part of a row, more than 256 threads take in one turn. */
const PART = 1024;
/** Parts of a row at most, one for each thread that joins them. */
const MOST_PARTS = 128;
/** Rows that keep a GPU busy without being cut into parts. */
const ENOUGH_ROWS = 128;
/** Workgroups that keep a GPU busy. */
const ENOUGH_GROUPS = 1024;

/** What turns a kernel for single numbers into one for fours, by the name in the shader. */
const FOURS: Readonly<Record<string, string>> = {
  Element: "vec4f",
  Word: "vec4u",
  exponentials: "exponential4(x)",
  total: "(x.x + x.y) + (x.z + x.w)",
  largest: "max(max(x.x, x.y), max(x.z, x.w))",
  numberAt: "x[i / 4u][i % 4u]",
  classesOf: "vec4u(4u * i) + vec4u(0u, 1u, 2u, 3u)",
  within: "select(fresh, old, vec4u(4u * i) + vec4u(0u, 1u, 2u, 3u) >= vec4u(params.count))",
};

/** A number among the attributes, or its default. */
function numberOf(attributes: Attributes, name: string, otherwise: number): number {
  const value = attributes[name];
  return typeof value === "number" ? value : otherwise;
}

/** How a kernel goes through rows. */
interface Rows {
  readonly rows: number;
  readonly columns: number;
  /** Numbers that a thread loads at once: 1 or 4. */
  readonly each: number;
  /** Elements of a row, of `each` numbers. */
  readonly count: number;
  /** Where a view begins, in elements. */
  readonly at: (view: View) => number;
  /** Workgroups. */
  readonly grid: ReturnType<typeof plane>;
  /** The variant of a shader that declares `names` of {@linkcode FOURS}. */
  readonly variant: (...names: (keyof typeof FOURS)[]) => Variant;
}

/** Rows of the last axis of `x`; the other views are read or written in the same way. */
function rowsOf(x: View, ...others: readonly (View | undefined)[]): Rows {
  const columns = x.shape[x.shape.length - 1]!;
  const rows = x.shape.slice(0, -1).reduce((product, extent) => product * extent, 1);
  const aligned = columns % 4 === 0 && [x, ...others].every((view) => !view || view.offset % 4 === 0);
  const each = aligned ? 4 : 1, count = columns / each;
  const width = count <= 64 ? 16 : count <= 256 ? 64 : 256;
  return {
    rows,
    columns,
    each,
    count,
    at: ({ offset }) => offset / each,
    grid: plane(Math.ceil(rows * width / LANES)),
    variant: (...names) => {
      const parts = each === 4 ? names.map((name) => [name, FOURS[name]!] as const) : [];
      return { WIDTH: width, ...Object.fromEntries(parts) };
    },
  };
}

/**
 * The table of fused kernels.
 *
 * @param runtime where memory and the queue are
 * @returns forward, backward and update kernels by name
 */
export function fusedKernels(runtime: Runtime): Backend["fused"] {
  const forward: Record<string, FusedForward> = {};
  const backward: Record<string, FusedBackward> = {};
  const update: Record<string, FusedUpdate> = {};
  const fresh = (shape: readonly number[]): View => runtime.make("float32", shape);

  /** Contiguous, and beginning where a four of numbers begins. */
  const inFours = (view: View): View => {
    const flat = runtime.contiguous(view);
    if (flat.offset % 4 === 0) return flat;
    const { dtype, shape, strides } = flat;
    const copy: View = { buffer: runtime.temporary(sizeOf(shape)), dtype, shape, strides, offset: 0 };
    runtime.copy(flat, copy);
    return copy;
  };

  // ## Rows

  for (const [name, LOGARITHM] of [["softmax", false], ["logSoftmax", true]] as const) {
    forward[name] = ([scores]) => {
      if (!scores || scores.dtype !== "float32" || scores.shape.length === 0) return undefined;
      const x = runtime.contiguous(scores), y = fresh(x.shape);
      const { rows, count, at, grid, variant } = rowsOf(x);
      if (rows === 0 || count === 0) return [y];
      const kind = variant("Element", "Word", "exponentials", "total", "largest");
      // Few long rows would leave most of a GPU idle: their parts are scanned apart, and written apart.
      const wanted = Math.min(MOST_PARTS, Math.floor(ENOUGH_ROWS / rows), Math.floor(count / PART));
      const length = Math.ceil(count / Math.max(1, wanted)), parts = Math.ceil(count / length);
      const words = [rows, count, at(x), parts, length];
      const groups = parts === 1 ? grid : plane(rows * parts);
      const partial = parts === 1 ? runtime.nothing : runtime.temporary(4 * rows * parts);
      if (parts > 1) runtime.run("softmax_parts", [x.buffer, partial], words, groups, kind);
      runtime.run("softmax", [x.buffer, partial, y.buffer], words, groups, { LOGARITHM, ...kind });
      return [y];
    };
    backward[name] = (_inputs, [y], gradient) => {
      const g = runtime.contiguous(gradient), dx = fresh(y.shape);
      const { rows, count, at, grid, variant } = rowsOf(y, g);
      const kind = { LOGARITHM, ...variant("Element", "exponentials", "total") };
      const buffers = [y.buffer, g.buffer, dx.buffer];
      if (count > 0) runtime.run("softmax_backward", buffers, [rows, count, at(g)], grid, kind);
      return [dx];
    };
  }

  forward.crossEntropy = ([logits, targets], attributes) => {
    if (!logits || !targets || logits.dtype !== "float32" || logits.shape.length !== 2) return undefined;
    if (targets.dtype !== "int32" || targets.shape.length !== 1) return undefined;
    const x = runtime.contiguous(logits), N = x.shape[0]!;
    const { rows, count, columns, at, grid, variant } = rowsOf(x);
    const outputs = [fresh([N]), fresh([N]), fresh([N])] as const;
    runtime.run(
      "cross_entropy",
      [x.buffer, targets.buffer, ...outputs.map(({ buffer }) => buffer)],
      [
        rows,
        count,
        columns,
        at(x),
        targets.offset,
        targets.strides[0]!,
        numberOf(attributes, "ignoreIndex", -100),
        bits(numberOf(attributes, "labelSmoothing", 0)),
      ],
      grid,
      variant("Element", "Word", "exponentials", "total", "largest", "numberAt"),
    );
    return outputs;
  };
  backward.crossEntropy = ([logits, targets], [, maximum, sum], gradient, _wanted, attributes) => {
    const x = runtime.contiguous(logits!), dx = fresh(x.shape);
    const { rows, count, columns, at, grid, variant } = rowsOf(x);
    runtime.run(
      "cross_entropy_backward",
      [x, targets!, maximum!, sum!, gradient, dx].map(({ buffer }) => buffer),
      [
        rows,
        count,
        columns,
        at(x),
        targets!.offset,
        targets!.strides[0]!,
        numberOf(attributes, "ignoreIndex", -100),
        bits(numberOf(attributes, "labelSmoothing", 0)),
        gradient.offset,
        gradient.strides[0]!,
      ],
      grid,
      variant("Element", "Word", "exponentials", "classesOf"),
    );
    return [dx, undefined];
  };

  // ## Normalization

  for (const [name, centred] of [["layerNorm", 1], ["rmsNorm", 0]] as const) {
    forward[name] = ([features, gain, bias], attributes) => {
      if (!features || features.dtype !== "float32" || features.shape.length === 0) return undefined;
      const x = runtime.contiguous(features), E = x.shape[x.shape.length - 1]!;
      for (const vector of [gain, bias]) {
        if (vector && !(vector.dtype === "float32" && vector.shape.length === 1 && vector.shape[0] === E)) {
          return undefined;
        }
      }
      const [factors, shifts] = [gain, bias].map((vector) => vector && runtime.contiguous(vector));
      const { rows, count, columns, at, grid, variant } = rowsOf(x, factors, shifts);
      const y = fresh(x.shape), scales = fresh([rows, 2]);
      runtime.run(
        "normalize",
        [x.buffer, factors?.buffer ?? runtime.nothing, shifts?.buffer ?? runtime.nothing, y.buffer, scales.buffer],
        [
          rows,
          count,
          bits(columns),
          bits(numberOf(attributes, "epsilon", 1e-5)),
          at(x),
          factors ? at(factors) : 0,
          shifts ? at(shifts) : 0,
          centred,
          factors ? 1 : 0,
          shifts ? 1 : 0,
        ],
        grid,
        variant("Element", "total"),
      );
      return [y, scales];
    };
    backward[name] = ([features, gain, bias], [, scales], gradient, wanted) => {
      const x = runtime.contiguous(features!), g = runtime.contiguous(gradient);
      const dx = wanted[0] ? fresh(x.shape) : undefined;
      if (dx) {
        const factors = gain && runtime.contiguous(gain);
        const { rows, count, columns, at, grid, variant } = rowsOf(x, g, factors);
        runtime.run(
          "normalize_backward",
          [x.buffer, g.buffer, factors?.buffer ?? runtime.nothing, scales!.buffer, dx.buffer],
          [rows, count, bits(columns), centred, at(x), at(g), factors ? at(factors) : 0, factors ? 1 : 0],
          grid,
          variant("Element", "total"),
        );
      }
      const wantsGain = gain && wanted[1], wantsBias = bias && wanted[2];
      if (!wantsGain && !wantsBias) return [dx, undefined, undefined];
      const { gains, biases } = vectorGradients(runtime, x, g, scales!);
      return [dx, wantsGain ? gains : undefined, wantsBias ? biases : undefined];
    };
  }

  // ## Element by element

  const activations = {
    relu: { f: "relu(x)", through: "select(0.0, g, x > 0.0)" },
    silu: { f: "silu(x)", through: "g * siluSlope(x)" },
    gelu: { f: "gelu(x)", through: "g * geluSlope(x)" },
    geluTanh: { f: "geluTanh(x)", through: "g * geluTanhSlope(x)" },
  } as const;
  for (const name of ["relu", "silu", "gelu"] as const) {
    const kindOf = ({ approximate }: Attributes): typeof activations[keyof typeof activations] =>
      activations[name === "gelu" && approximate ? "geluTanh" : name];
    forward[name] = ([input], attributes) => {
      if (!input || input.dtype !== "float32") return undefined;
      const x = inFours(input), y = fresh(x.shape), count = Math.ceil(sizeOf(x.shape) / 4);
      const grid = plane(Math.ceil(count / LANES)), { f } = kindOf(attributes);
      runtime.run("activation", [x.buffer, y.buffer], [count, x.offset / 4], grid, { f });
      return [y];
    };
    backward[name] = ([input], _outputs, gradient, _wanted, attributes) => {
      const x = inFours(input!), g = inFours(gradient), dx = fresh(x.shape);
      const count = Math.ceil(sizeOf(x.shape) / 4), { through } = kindOf(attributes);
      const words = [count, x.offset / 4, g.offset / 4], grid = plane(Math.ceil(count / LANES));
      runtime.run("activation_backward", [x.buffer, g.buffer, dx.buffer], words, grid, { through });
      return [dx];
    };
  }

  const drop = (input: View, attributes: Attributes): View => {
    const x = inFours(input), y = fresh(x.shape), count = Math.ceil(sizeOf(x.shape) / 4);
    const rate = numberOf(attributes, "rate", 0), counter = numberOf(attributes, "counter", 0);
    const words = [
      count,
      x.offset / 4,
      Math.ceil(rate * 2 ** 24),
      bits(1 / (1 - rate)),
      numberOf(attributes, "key0", 0),
      numberOf(attributes, "key1", 0),
      counter % 2 ** 32,
      Math.floor(counter / 2 ** 32),
    ];
    runtime.run("dropout", [x.buffer, y.buffer], words, plane(Math.ceil(count / LANES)));
    return y;
  };
  forward.dropout = ([x], attributes) => x && x.dtype === "float32" ? [drop(x, attributes)] : undefined;
  backward.dropout = (_inputs, _outputs, gradient, _wanted, attributes) => [drop(gradient, attributes)];

  update.adamStep = (targets, [slopes], attributes) => {
    const [parameter, first, second] = targets;
    if (!parameter || !first || !second || !slopes) return false;
    if (![parameter, first, second, slopes].every(({ dtype }) => dtype === "float32")) return false;
    const gradient = runtime.contiguous(slopes), views = [parameter, first, second, gradient];
    // A shader cannot bind a buffer twice if it writes it.
    if (new Set(views.map(({ buffer }) => buffer)).size < views.length) return false;
    const each = views.every(({ offset }) => offset % 4 === 0) ? 4 : 1, count = sizeOf(parameter.shape);
    const at = (name: string): number => numberOf(attributes, name, 0);
    const words = [
      count,
      ...views.map(({ offset }) => offset / each),
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
    const kind: Variant = each === 4 ? { Element: FOURS.Element!, EACH: 4, within: FOURS.within! } : {};
    runtime.run("adam_step", views.map(({ buffer }) => buffer), words, plane(Math.ceil(count / each / LANES)), kind);
    return true;
  };

  // In place: the sum of gradients as they arrive, and clipping.
  for (const [name, op] of [["accumulate", "x + y"], ["scale", "x * y"]] as const) {
    update[name] = ([x], [y]) => {
      if (!x || !y || x.dtype !== "float32" || y.dtype !== "float32" || x.buffer === y.buffer) return false;
      if (!isContiguous(x.shape, x.strides) || sizeOf(x.shape) === 0) return false;
      // One number stands for all elements.
      const steps = y.shape.length === 0 ? x.shape.map(() => 0) : y.strides;
      const axes = simplify(x.shape, [x.strides, steps]), offsets = [x.offset, y.offset];
      const cells = cellsOf(axes, offsets, false);
      const four = cells && !cells.repeats[0], count = four ? cells.count : sizeOf(x.shape);
      const words = [count, 0, 0, 0, ...four ? cells.words : wordsOf(axes, offsets)];
      const kind = four ? { Cell: "vec4f", Other: cells.repeats[1] ? "f32" : "vec4f" } : {};
      runtime.run("in_place", [x.buffer, y.buffer], words, plane(Math.ceil(count / LANES)), { op, ...kind });
      return true;
    };
  }

  return { forward, backward, update };
}

/**
 * The gradients of gain and bias, sums over all rows: blocks of rows apart, then the blocks in order.
 *
 * The length of a block depends on the shape alone, so every run adds in the same order.
 */
function vectorGradients(
  runtime: Runtime,
  x: View,
  g: View,
  scales: View,
): { readonly gains: View; readonly biases: View } {
  const columns = x.shape[x.shape.length - 1]!, rows = scales.shape[0]!;
  // Both sums share a buffer; the second begins where a four of numbers begins.
  const pitch = Math.ceil(columns / 4) * 4, tiles = Math.ceil(columns / COLUMNS);
  const most = Math.ceil(ENOUGH_GROUPS / Math.max(1, tiles));
  const length = Math.max(BLOCK_ROWS, Math.ceil(rows / most)), blocks = Math.max(1, Math.ceil(rows / length));
  const sums = runtime.make("float32", [2 * pitch]);
  const partial = blocks === 1 ? sums.buffer : runtime.temporary(blocks * 2 * pitch);
  const words = [rows, columns, length, pitch, x.offset, g.offset];
  runtime.run("normalize_columns", [x.buffer, g.buffer, scales.buffer, partial], words, [tiles, blocks]);
  if (blocks > 1) {
    runtime.run("normalize_sum", [partial, sums.buffer], [blocks, 2 * pitch], [Math.ceil(2 * pitch / COLUMNS)]);
  }
  const part = (offset: number): View => ({
    buffer: sums.buffer,
    dtype: "float32",
    shape: [columns],
    strides: [1],
    offset,
  });
  return { gains: part(0), biases: part(pitch) };
}
