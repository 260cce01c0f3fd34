/**
 * # Operations on several tensors, and by index
 *
 * What has no natural receiver stands here as functions: joining and splitting, rearranging,
 * looking up and sorting, and Einstein's summation. Each is composed of the few members of
 * {@linkcode Backend}; none adds to them.
 *
 * @module
 */

import { noGrad } from "./autograd.ts";
import { withBackend } from "./device.ts";
import { checkOptions, type Checks, flag } from "./options.ts";
import { format, resolveAxis, sameShape, type Shape, sizeOf } from "./shape.ts";
import { adopt, arange, record, sameDevice, type Tensor, uninitialized } from "./tensor.ts";

/**
 * Joins tensors along an axis.
 *
 * @param tensors of equal dtype; equal extents on every other axis
 * @param axis the axis that grows
 * @throws {TypeError} if shapes or dtypes disagree
 */
export function concat(tensors: readonly Tensor[], axis: number = 0): Tensor {
  const first = tensors[0];
  if (!first) throw new TypeError("Cannot join no tensors");
  const along = resolveAxis(axis, first.rank);
  const shape = [...first.shape];
  shape[along] = 0;
  for (const part of tensors) {
    const fits = part.rank === first.rank && part.dtype === first.dtype &&
      part.shape.every((extent, i) => i === along || extent === shape[i]);
    if (!fits) {
      throw new TypeError(
        `Cannot join ${tensors.map((t) => `${t.dtype} ${format(t.shape)}`).join(", ")} along axis ${along}`,
      );
    }
    shape[along] += part.shape[along]!;
  }
  const result = uninitialized(first.device, shape, first.dtype);
  let start = 0;
  const ranges = tensors.map((part) => [start, start += part.shape[along]!] as const);
  tensors.forEach((part, i) => result.slice(along, ...ranges[i]!).assign(part));
  return record(result, tensors, (g) => ranges.map((range) => g.slice(along, ...range)));
}

/**
 * Joins tensors of equal shape along a new axis.
 *
 * @param tensors at least one
 * @param axis where the new axis stands, the first by default
 */
export function stack(tensors: readonly Tensor[], axis: number = 0): Tensor {
  return concat(tensors.map((part) => part.unsqueeze(axis)), axis);
}

/**
 * Cuts a tensor into consecutive parts.
 *
 * @param x what is cut
 * @param parts how many equal parts, or the extent of each
 * @param axis along which axis
 * @throws {RangeError} if the parts do not make up the axis
 */
export function split(x: Tensor, parts: number | readonly number[], axis: number = 0): Tensor[] {
  const along = resolveAxis(axis, x.rank);
  const extent = x.shape[along]!;
  const sizes = typeof parts === "number" ? new Array<number>(parts).fill(extent / parts) : parts;
  const whole = sizes.every((size) => Number.isInteger(size) && size >= 0);
  if (!whole || sizes.reduce((a, b) => a + b, 0) !== extent) {
    throw new RangeError(
      `Cannot split an extent of ${extent} into ${typeof parts === "number" ? parts : format(parts)}`,
    );
  }
  let start = 0;
  return sizes.map((size) => x.slice(along, start, start += size));
}

/**
 * Surrounds a tensor with a constant.
 *
 * @param x what is surrounded
 * @param widths `[before, after]` for each axis
 * @param value what stands in the margin
 */
export function pad(x: Tensor, widths: readonly (readonly [number, number])[], value: number = 0): Tensor {
  const valid = widths.length === x.rank && widths.flat().every((width) => Number.isInteger(width) && width >= 0);
  if (!valid) {
    throw new RangeError(
      `Cannot pad shape ${format(x.shape)} by ${JSON.stringify(widths)}: two widths per axis are needed`,
    );
  }
  const shape = x.shape.map((extent, axis) => extent + widths[axis]![0] + widths[axis]![1]);
  const inner = (whole: Tensor): Tensor =>
    widths.reduce((part, [before], axis) => part.slice(axis, before, before + x.shape[axis]!), whole);
  const result = uninitialized(x.device, shape, x.dtype);
  result.assign(value);
  inner(result).assign(x);
  return record(result, [x], (g) => [inner(g)]);
}

/**
 * Rows of a table: an embedding look-up.
 *
 * @param table `[N, …]`
 * @param ids int32 of any shape, each in $[0, N)$
 * @returns `[...ids.shape, …]`
 * @throws {RangeError} on a CPU device, if an id is outside the table
 */
export function take(table: Tensor, ids: Tensor): Tensor {
  requireIds("take rows", ids);
  sameDevice(table, ids);
  if (table.rank === 0) throw new TypeError("Cannot take rows of a scalar");
  const shape = [...ids.shape, ...table.shape.slice(1)];
  const result = adopt(table.device, table.device.gather(table, ids), table.dtype, shape);
  return record(result, [table], (g) => {
    const sums = uninitialized(table.device, table.shape, "float32");
    sums.assign(0);
    table.device.scatterAdd(sums, ids, g);
    return [sums];
  });
}

function requireIds(action: string, ids: Tensor): void {
  if (ids.dtype !== "int32") throw new TypeError(`Cannot ${action} by ${ids.dtype}: ids must be int32`);
}

/** Counts on the device of `x`, whichever is current. */
function countBeside(x: Tensor, start: number, end?: number, step?: number): Tensor {
  return withBackend(x.device, () => arange(start, end, step));
}

/** `take` along any axis: index `ids[i]` of the axis becomes index `i`. */
function takeAlong(x: Tensor, axis: number, ids: Tensor): Tensor {
  return axis === 0 ? take(x, ids) : take(x.transpose(0, axis), ids).transpose(0, axis);
}

/**
 * Reverses the order along an axis.
 *
 * @param x what is reversed
 * @param axis along which axis; negative counts from the last
 */
export function flip(x: Tensor, axis: number): Tensor {
  const along = resolveAxis(axis, x.rank);
  return takeAlong(x, along, countBeside(x, x.shape[along]! - 1, -1, -1));
}

/**
 * Moves elements along an axis by some places; what leaves at one end enters at the other.
 *
 * @param x what is moved
 * @param shift by how many places, towards higher indices
 * @param axis along which axis; negative counts from the last
 */
export function roll(x: Tensor, shift: number, axis: number): Tensor {
  const along = resolveAxis(axis, x.rank);
  const extent = x.shape[along]!;
  if (!Number.isInteger(shift)) throw new RangeError(`Cannot roll by ${shift}: it must be an integer`);
  if (extent === 0) return x;
  const cut = ((-shift % extent) + extent) % extent;
  return concat([x.slice(along, cut), x.slice(along, 0, cut)], along);
}

/** Position in row-major order of each element that `index` names along an axis of `shape`. */
function linearIndex(action: string, shape: Shape, axis: number, index: Tensor): Tensor {
  requireIds(action, index);
  const fits = index.rank === shape.length && index.shape.every((extent, i) => i === axis || extent === shape[i]);
  if (!fits) {
    throw new TypeError(
      `Cannot ${action} shape ${format(shape)} along axis ${axis} by an index of shape ${format(index.shape)}: ` +
        "the other extents must be equal",
    );
  }
  let position: Tensor = index.mul(sizeOf(shape.slice(axis + 1)));
  shape.forEach((extent, i) => {
    if (i === axis) return;
    const column = index.shape.map((_, j) => j === i ? extent : 1);
    position = position.add(countBeside(index, extent).mul(sizeOf(shape.slice(i + 1))).reshape(column));
  });
  return position;
}

/** Checks that each element of an index lies in the axis, by looking it up among as many views of one number. */
function checkIndex(index: Tensor, extent: number): void {
  index.device.release(index.device.gather(countBeside(index, 1).expand([extent]), index));
}

/**
 * For each place of `index`, the element that it names along an axis.
 *
 * `result[i][j] = x[index[i][j]][j]` for axis 0 of two.
 *
 * @param x where elements are taken from
 * @param axis the axis that `index` names
 * @param index int32; on the other axes it has the extents of `x`
 */
export function gather(x: Tensor, axis: number, index: Tensor): Tensor {
  const along = resolveAxis(axis, x.rank);
  const position = linearIndex("gather from", x.shape, along, index);
  checkIndex(index, x.shape[along]!);
  return take(x.reshape([x.size]), position);
}

/**
 * Adds `values` to `x` at the places that `index` names along an axis.
 *
 * The transpose of {@linkcode gather}: places named twice receive both.
 *
 * @param x what is added to
 * @param axis the axis that `index` names
 * @param index int32; on the other axes it has the extents of `x`
 * @param values of the shape of `index`
 */
export function scatter(x: Tensor, axis: number, index: Tensor, values: Tensor): Tensor {
  const along = resolveAxis(axis, x.rank);
  const position = linearIndex("scatter into", x.shape, along, index);
  if (!sameShape(values.shape, index.shape)) {
    throw new TypeError(
      `Cannot scatter values of shape ${format(values.shape)} by an index of shape ${format(index.shape)}`,
    );
  }
  sameDevice(x, index);
  sameDevice(x, values);
  checkIndex(index, x.shape[along]!);
  const result = noGrad(() => x.clone());
  x.device.scatterAdd(result.detach().reshape([x.size]), position, values);
  return record(result, [x, values], (g) => [g, take(g.reshape([x.size]), position)]);
}

/**
 * Rows of zeros with a single one.
 *
 * @param ids int32 of any shape
 * @param size length of each row; an id outside $[0, \mathrm{size})$ gives a row of zeros
 * @returns float32 `[...ids.shape, size]`
 */
export function oneHot(ids: Tensor, size: number): Tensor {
  requireIds("encode", ids);
  return ids.unsqueeze(-1).equal(countBeside(ids, size)).cast("float32");
}

/** Options of {@linkcode argsort} and {@linkcode sort}. */
export interface SortOptions {
  /** Whether elements fall; they rise by default. */
  readonly descending?: boolean;
}

const sortChecks: Checks<SortOptions> = { descending: flag };

/**
 * Order in which elements of the last axis rise (or fall); equal elements keep their order.
 *
 * @param x numbers, at least one axis
 * @param options `descending`: whether elements fall
 */
export function argsort(x: Tensor, options: SortOptions = {}): Tensor {
  checkOptions("sort", options, sortChecks);
  if (x.rank === 0 || x.dtype === "bool") {
    throw new TypeError(
      `Cannot sort ${x.dtype} of shape ${format(x.shape)}: numbers with at least one axis are needed`,
    );
  }
  return adopt(x.device, x.device.argsort(x, options.descending ?? false), "int32", x.shape);
}

/**
 * The last axis in rising (or falling) order, and where each element stood.
 *
 * @param x numbers, at least one axis
 * @param options `descending`: whether elements fall
 */
export function sort(
  x: Tensor,
  options: SortOptions = {},
): { readonly values: Tensor; readonly indices: Tensor } {
  const indices = argsort(x, options);
  return { values: gather(x, -1, indices), indices };
}

/**
 * The `k` largest elements of the last axis, in falling order.
 *
 * Of equal elements, the ones that stand first are taken, and in that order.
 *
 * @param x numbers, `[…, N]`
 * @param k how many, from 0 to N
 * @throws {RangeError} if there are fewer than `k`
 */
export function topK(x: Tensor, k: number): { readonly values: Tensor; readonly indices: Tensor } {
  const extent = x.shape[x.rank - 1] ?? 0;
  if (!Number.isInteger(k) || k < 0 || k > extent) {
    throw new RangeError(`Cannot take the top ${k} of ${extent}: k must be in [0, ${extent}]`);
  }
  const indices = argsort(x, { descending: true }).slice(-1, 0, k);
  return { values: gather(x, -1, indices), indices };
}

/**
 * A triangle of true: row `t` is true in columns `s ≤ t + diagonal`.
 *
 * @param T rows
 * @param S columns
 * @param diagonal how far the triangle reaches beyond the main diagonal
 * @returns bool `[T, S]`
 */
export function lowerTriangle(T: number, S: number, diagonal: number = 0): Tensor {
  return arange(S).lessEqual(arange(T).add(diagonal).unsqueeze(1));
}

/**
 * A smooth `relu` that does not overflow: $\ln(1 + e^x)$.
 *
 * @param x any shape
 */
export function softplus(x: Tensor): Tensor {
  // At 0 `maximum` has slope 1/2, as softplus does; `relu` has 0.
  return x.maximum(0).add(x.abs().neg().exp().log1p());
}

// ## Einstein's summation

interface Operand {
  readonly x: Tensor;
  readonly labels: string;
}

/**
 * Sums of products over named axes (Einstein, 1916).
 *
 * Each letter names an axis. A letter that is missing on the right is summed over; a letter
 * that stands twice in one operand takes the diagonal; `...` stands for leading axes that
 * broadcast.
 *
 * @example
 * ```ts
 * import { ones } from "@heed/heed";
 * import { einsum } from "@heed/heed/engine";
 *
 * const scores = einsum("bhtd,bhsd->bhts", ones([2, 3, 4, 8]), ones([2, 3, 5, 8]));
 * console.assert(String(scores.shape) === "2,3,4,5");
 * ```
 *
 * @param equation such as `"bij,bjk->bik"`; without `->`, letters that stand once are kept,
 *   in alphabetical order
 * @param tensors one per comma-separated term
 * @throws {SyntaxError} if the equation cannot be read
 * @throws {TypeError} if extents disagree
 */
export function einsum(equation: string, ...tensors: readonly Tensor[]): Tensor {
  const { terms, output } = parseEquation(equation, tensors);
  let operands: Operand[] = tensors.map((x, i) => takeDiagonals(x, terms[i]!));
  checkExtents(equation, operands);
  while (operands.length > 1) {
    const [a, b, ...rest] = operands as [Operand, Operand, ...Operand[]];
    const needed = new Set([output, ...rest.map(({ labels }) => labels)].join(""));
    operands = [contract(a, b, needed), ...rest];
  }
  const { x, labels } = sumOut(operands[0]!, new Set(output));
  return x.permute([...output].map((label) => labels.indexOf(label)));
}

function parseEquation(equation: string, tensors: readonly Tensor[]): { terms: string[]; output: string } {
  const match = /^([a-zA-Z.,]*)(?:->([a-zA-Z.]*))?$/.exec(equation.replaceAll(" ", ""));
  const terms = match?.[1]?.split(",") ?? [];
  const wellFormed = terms.every((term) => /^[a-zA-Z]*(\.\.\.)?[a-zA-Z]*$/.test(term));
  if (!match || !wellFormed || terms.length !== tensors.length) {
    throw new SyntaxError(`Cannot read einsum("${equation}") for ${tensors.length} tensors`);
  }
  // Axes behind an ellipsis get letters that no equation can contain, aligned at the last one.
  const hidden = Math.max(0, ...terms.map((term, i) => term.includes("...") ? tensors[i]!.rank - term.length + 3 : 0));
  const names = Array.from({ length: hidden }, (_, i) => String.fromCharCode(0xe000 + i)).join("");
  const expanded = terms.map((term, i) => {
    const missing = tensors[i]!.rank - term.replace("...", "").length;
    if (missing < 0 || (missing > 0 && !term.includes("..."))) {
      throw new TypeError(`Cannot name the axes of ${format(tensors[i]!.shape)} by "${term}" in einsum("${equation}")`);
    }
    return term.replace("...", names.slice(hidden - missing));
  });
  const once = [...new Set(expanded.join(""))].filter((label) =>
    expanded.join("").split(label).length === 2 && !names.includes(label)
  ).sort();
  const output = match[2] === undefined ? names + once.join("") : match[2].replace("...", names);
  for (const label of output) {
    if (!expanded.some((term) => term.includes(label)) || output.split(label).length !== 2) {
      throw new SyntaxError(`Cannot read einsum("${equation}"): "${label}" must stand once, and on the left`);
    }
  }
  return { terms: expanded, output };
}

function takeDiagonals(x: Tensor, labels: string): Operand {
  for (const label of labels) {
    const a = labels.indexOf(label), b = labels.lastIndexOf(label);
    if (a !== b) {
      const others = [...labels].filter((_, axis) => axis !== a && axis !== b).join("");
      return takeDiagonals(x.diagonal(a, b), others + label);
    }
  }
  return { x, labels };
}

function checkExtents(equation: string, operands: readonly Operand[]): void {
  const known = new Map<string, number>();
  for (const { x, labels } of operands) {
    [...labels].forEach((label, axis) => {
      const extent = x.shape[axis]!;
      const before = known.get(label) ?? 1;
      if (before !== 1 && extent !== 1 && before !== extent) {
        throw new TypeError(`Cannot compute einsum("${equation}"): axis "${label}" is ${before} and ${extent}`);
      }
      if (extent !== 1 || !known.has(label)) known.set(label, before === 1 ? extent : before);
    });
  }
}

/** Sums over the axes that nobody needs any more. */
function sumOut({ x, labels }: Operand, needed: ReadonlySet<string>): Operand {
  const gone = [...labels].map((_, axis) => axis).filter((axis) => !needed.has(labels[axis]!));
  if (!gone.length) return { x, labels };
  return { x: x.sum(gone), labels: [...labels].filter((label) => needed.has(label)).join("") };
}

/** One pairwise product: shared axes become batch or inner axes of one matmul. */
function contract(first: Operand, second: Operand, needed: ReadonlySet<string>): Operand {
  const a = sumOut(first, new Set([...needed, ...second.labels]));
  const b = sumOut(second, new Set([...needed, ...first.labels]));
  const shared = [...a.labels].filter((label) => b.labels.includes(label));
  const batch = shared.filter((label) => needed.has(label));
  const inner = shared.filter((label) => !needed.has(label));
  const left = [...a.labels].filter((label) => !shared.includes(label));
  const right = [...b.labels].filter((label) => !shared.includes(label));

  const extent = ({ x, labels }: Operand, label: string): number => x.shape[labels.indexOf(label)]!;
  const both = (label: string): number => Math.max(extent(a, label), extent(b, label));
  const arrange = (operand: Operand, order: readonly string[]): Tensor => {
    const axes = order.map((label) => operand.labels.indexOf(label));
    const shape = order.map((label) => shared.includes(label) ? both(label) : extent(operand, label));
    return operand.x.permute(axes).expand(shape);
  };
  const size = (labels: readonly string[], of: (label: string) => number): number =>
    labels.reduce((product, label) => product * of(label), 1);
  const [B, K] = [batch.map(both), size(inner, both)];
  const [M, N] = [size(left, (l) => extent(a, l)), size(right, (l) => extent(b, l))];
  const x = arrange(a, [...batch, ...left, ...inner]).reshape([...B, M, K])
    .matmul(arrange(b, [...batch, ...inner, ...right]).reshape([...B, K, N]));
  const shape = [...B, ...left.map((l) => extent(a, l)), ...right.map((l) => extent(b, l))];
  return { x: x.reshape(shape), labels: [...batch, ...left, ...right].join("") };
}
