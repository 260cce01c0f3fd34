/**
 * # Shapes
 *
 * **Question.** A formula speaks of $Q \in \mathbb{R}^{T \times D}$; a program holds a
 * flat row of numbers. What connects the two?
 *
 * **Idea.** Three small lists. The *shape* says how far each axis extends, the *strides*
 * say how many elements to skip for one step along an axis, and an offset says where to
 * start. Transposing, slicing and repeating only rewrite these lists, so they cost nothing
 * whatever the size of the data.
 *
 * **Formula.** The element at index $(i_0, \dots, i_{n-1})$ of a view lies at
 *
 * $$\mathrm{offset} + \sum_{a} i_a \cdot \mathrm{stride}_a$$
 *
 * **Why names at the door.** A comment that says `[B, T, E]` cannot fail, and therefore
 * drifts. {@linkcode dims} states the same thing in code: it names the axes, checks the
 * ones already known, and its result is typed by its own argument, so that asking for a
 * letter that was not named does not compile.
 *
 * @module
 */

import { shown } from "./options.ts";

/** Extent of each axis, outermost first. */
export type Shape = readonly number[];

/** The letters in a list of axes such as `"B T E"`. */
export type Axis<S extends string> = S extends `${infer Head} ${infer Tail}` ? Head | Axis<Tail> : S;

/**
 * Number of elements of a shape: the product of its extents, 1 for a scalar.
 *
 * @param shape extent of each axis
 * @returns a count
 */
export function sizeOf(shape: Shape): number {
  if (!Array.isArray(shape)) extentsOf(shape, "measure");
  let size = 1;
  for (const extent of shape) {
    if (typeof extent !== "number") checkShape(shape, "measure");
    size *= extent;
  }
  return size;
}

/** Strides of a row-major array without gaps. */
export function contiguousStrides(shape: Shape): number[] {
  if (!Array.isArray(shape)) extentsOf(shape, "walk");
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = step;
    step *= shape[axis]!;
  }
  return strides;
}

/** Whether the strides walk memory in order without gaps; axes of extent 1 do not matter. */
export function isContiguous(shape: Shape, strides: Shape): boolean {
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const extent = shape[axis]!;
    if (extent === 0) return true;
    if (extent !== 1 && strides[axis] !== step) return false;
    step *= extent;
  }
  return true;
}

/** Whether two shapes agree in every axis. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}

/** A shape as an error message prints it: `[2, 3]`. */
export function format(shape: readonly (number | string)[]): string {
  return `[${shape.map(String).join(", ")}]`;
}

/**
 * The shape that several shapes stretch to when used together, as in NumPy.
 *
 * Axes are matched from the last one; an axis that is missing or of extent 1 repeats.
 *
 * @param shapes any number of shapes; none stretch to `[]`
 * @returns extents, as many as the longest has
 * @throws {TypeError} if two extents differ and neither is 1
 */
export function broadcastShapes(...shapes: readonly Shape[]): number[] {
  for (const shape of shapes) if (!Array.isArray(shape)) extentsOf(shape, "broadcast");
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  const result = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    const shift = rank - shape.length;
    shape.forEach((extent, axis) => {
      const known = result[axis + shift]!;
      if (known === 1) result[axis + shift] = extent;
      else if (extent !== 1 && extent !== known) {
        throw new TypeError(
          `Cannot broadcast ${shapes.map(format).join(" with ")}: ` +
            `extents ${shown(known)} and ${shown(extent)} differ and neither is 1`,
        );
      }
    });
  }
  return result;
}

/**
 * Strides under which an array of `shape` repeats itself to fill `target`.
 *
 * @throws {TypeError} if `shape` does not stretch to `target`
 */
export function broadcastStrides(shape: Shape, strides: Shape, target: Shape): number[] {
  const shift = target.length - shape.length;
  const result = new Array<number>(target.length).fill(0);
  const fits = shift >= 0 && shape.every((extent, axis) => {
    const wanted = target[axis + shift];
    if (extent === wanted) result[axis + shift] = extent === 1 ? 0 : strides[axis]!;
    return extent === wanted || extent === 1;
  });
  if (!fits) throw new TypeError(`Cannot broadcast ${format(shape)} to ${format(target)}`);
  return result;
}

/**
 * The axis counted from the front; negative axes count from the back.
 *
 * @throws {RangeError} if there is no such axis
 */
export function resolveAxis(axis: number, rank: number): number {
  const resolved = Number.isInteger(axis) && axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || resolved < 0 || resolved >= rank) {
    throw new RangeError(
      `Cannot use axis ${shown(axis)} of an array with ${rank} axes: ` +
        (rank === 0 ? "a scalar has none" : `axis must be an integer in [${-rank}, ${rank - 1}]`),
    );
  }
  return resolved;
}

/** Several axes counted from the front, in ascending order; `undefined` means all of them. */
export function resolveAxes(axes: number | readonly number[] | undefined, rank: number): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, axis) => axis);
  const list = typeof axes === "number" ? [axes] : axes;
  if (!Array.isArray(list)) {
    throw new TypeError(`Cannot use axes ${shown(axes)}: a number or a list of numbers is needed`);
  }
  const resolved = [...list].map((axis) => resolveAxis(axis, rank)).sort((a, b) => a - b);
  if (new Set(resolved).size !== resolved.length) {
    throw new TypeError(`Cannot use axes ${format(list)}: an axis is named twice`);
  }
  return resolved;
}

/**
 * A copy of the shape, of which every extent is known to be a whole number.
 *
 * It is a copy so that nobody changes it afterwards.
 *
 * @param shape what was given
 * @param action what is attempted, as in `Cannot expand to`
 * @throws {TypeError} if it is no list of integers of at least 0
 */
export function checkShape(shape: Shape, action: string = "make a tensor of"): number[] {
  const extents = extentsOf(shape, action);
  if (extents.every(isExtent)) return extents;
  const found = extents.map(shown).join(", ");
  throw new TypeError(`Cannot ${action} shape [${found}]: a list of integers of at least 0 is needed`);
}

/** The entries of a list, holes included. */
function extentsOf(shape: Shape, action: string): number[] {
  if (Array.isArray(shape)) return [...shape];
  throw new TypeError(`Cannot ${action} shape ${shown(shape)}: a list of integers of at least 0 is needed`);
}

function isExtent(extent: unknown): boolean {
  return Number.isSafeInteger(extent) && extent as number >= 0;
}

/**
 * Replaces the one `-1` in a shape by whatever `size` leaves for it.
 *
 * @throws {TypeError} if the extents do not multiply to `size`
 */
export function resolveShape(shape: Shape, size: number): number[] {
  const extents = extentsOf(shape, "reshape to"), unknown = extents.indexOf(-1);
  if (unknown >= 0) {
    const known = extents.reduce((product, extent, axis) => axis === unknown ? product : product * extent, 1);
    extents[unknown] = known === 0 ? 0 : size / known;
  }
  if (extents.every(isExtent) && sizeOf(extents) === size) return extents;
  throw new TypeError(`Cannot reshape ${size} elements to [${[...shape].map(shown).join(", ")}]`);
}

/**
 * Strides that present the same elements in the same order under another shape.
 *
 * @returns the strides, or `undefined` where no strides can and a copy is needed
 */
export function reshapeStrides(shape: Shape, strides: Shape, target: Shape): number[] | undefined {
  // An array without elements lies in any order.
  if (target.includes(0) || isContiguous(shape, strides)) return contiguousStrides(target);
  const kept = shape.map((extent, axis) => ({ extent, stride: strides[axis]! })).filter(({ extent }) => extent !== 1);
  const result = new Array<number>(target.length).fill(0);
  let next = 0;
  for (let axis = 0; axis < target.length;) {
    if (target[axis] === 1) {
      axis++;
      continue;
    }
    // The smallest runs of old and new axes that hold equally many elements.
    const oldStart = next, newStart = axis;
    let oldSize = kept[next++]!.extent, newSize = target[axis++]!;
    while (oldSize !== newSize) {
      if (oldSize < newSize) oldSize *= kept[next++]!.extent;
      else newSize *= target[axis++]!;
    }
    for (let i = oldStart; i + 1 < next; i++) {
      if (kept[i]!.stride !== kept[i + 1]!.stride * kept[i + 1]!.extent) return undefined;
    }
    let step = kept[next - 1]!.stride;
    for (let i = axis - 1; i >= newStart; i--) {
      result[i] = step;
      step *= target[i]!;
    }
  }
  return result;
}

function namesIn(axes: string): readonly string[] {
  if (typeof axes === "string") return axes.split(" ");
  throw new TypeError(`Cannot name axes by ${shown(axes)}: names separated by spaces are needed`);
}

/** The names in strings that {@linkcode dims} has met: as many as there are in the source. */
const split = new Map<string, readonly string[]>();

/**
 * Names the axes of an array and checks those whose extent is already known.
 *
 * Every public function opens with it: the shapes in its doc comment are the shapes that
 * this call enforces.
 *
 * @example
 * ```ts
 * import { dims, zeros } from "@heed/heed";
 *
 * const { B, T, E } = dims(zeros([2, 5, 8]), "B T E");
 * dims(zeros([5, 5]), "T S", { T });
 * ```
 *
 * @param x anything with a shape
 * @param axes one name per axis, separated by spaces
 * @param known extents that must be met; none by default
 * @returns the extent of each named axis
 * @throws {TypeError} if the number of axes or a known extent differs
 */
export function dims<S extends string>(
  x: { readonly shape: Shape },
  axes: S,
  known: Readonly<Record<string, number>> = {},
): Record<Axis<S>, number> {
  if (typeof known !== "object" || known === null || Array.isArray(known)) {
    throw new TypeError(`Cannot compare axes with ${shown(known)}: an object of extents is needed`);
  }
  let names = split.get(axes);
  if (!names) split.set(axes, names = namesIn(axes));
  const found: Record<string, number> = {}, shape: unknown = x?.shape;
  let fits = Array.isArray(shape) && names.length === shape.length;
  for (let axis = 0; fits && axis < names.length; axis++) {
    const name = names[axis]!, extent = x.shape[axis]!, expected = known[name] ?? found[name];
    found[name] = extent;
    fits = expected === undefined || expected === extent;
  }
  if (!fits) {
    const wanted = names.map((name) => known[name] === undefined ? name : `${name}=${known[name]}`);
    const read = Array.isArray(shape) ? `shape ${format(shape)}` : shown(x);
    const need = Array.isArray(shape) ? "" : ": a tensor is needed";
    throw new TypeError(`Cannot read ${read} as [${wanted.join(", ")}]${need}`);
  }
  return found as Record<Axis<S>, number>;
}

// ## Fewer axes
//
// A kernel has one inner loop. Views of several operands are simplified until as much as possible lies in
// the last axis.

/** Axes common to several operands, simplified. */
export interface Axes {
  /** Extents, outermost first; never empty unless there is nothing to walk. */
  readonly shape: number[];
  /** Strides of each operand, in elements. */
  readonly strides: number[][];
}

/** Drops axes of extent 1 and merges neighbours that all operands step through as one. */
export function simplify(shape: Shape, operands: readonly Shape[]): Axes {
  const extents: number[] = [];
  const strides: number[][] = operands.map((): number[] => []);
  for (let axis = 0; axis < shape.length; axis++) {
    const extent = shape[axis]!;
    if (extent === 1) continue;
    const last = extents.length - 1;
    let merges = last >= 0;
    for (let i = 0; merges && i < operands.length; i++) {
      merges = strides[i]![last] === operands[i]![axis]! * extent;
    }
    if (merges) {
      extents[last]! *= extent;
      for (let i = 0; i < operands.length; i++) strides[i]![last] = operands[i]![axis]!;
    } else {
      extents.push(extent);
      for (let i = 0; i < operands.length; i++) strides[i]!.push(operands[i]![axis]!);
    }
  }
  return { shape: extents, strides };
}

/** Product of some extents. */
export function product(extents: readonly number[], start = 0, end: number = extents.length): number {
  let result = 1;
  for (let i = start; i < end; i++) result *= extents[i]!;
  return result;
}
