/**
 * # Two dimensions of a hundred
 *
 * **Question.** Vectors of words have a hundred dimensions, a page has two. From which side does one look at them?
 *
 * **Idea.** From the side from which they look most spread out. The first *principal component* [主成分] is the direction in which the vectors have the largest variance, the second one is that of all directions at a right angle to it, and so on. This is
 * principal component analysis (PCA). It is linear: what lies on a line in the picture may lie apart in the space, but parallel differences stay parallel.
 *
 * **Formula.** With the vectors as the rows of $X$, their mean subtracted, the first component is the unit vector $d$ that makes the variance largest. *Power iteration* finds it:
 *
 * $$d = \arg\max_{\lVert d \rVert = 1} \frac{1}{N} \lVert X d \rVert^2, \qquad d \leftarrow \frac{X^\top X d}{\lVert X^\top X d \rVert}$$
 *
 * | symbol | in code      | shape    |
 * | ------ | ------------ | -------- |
 * | $X$    | `centred`    | `[N, E]` |
 * | $d$    | `direction`  | `[E]`    |
 *
 * **Why it gets there.** Written in the eigenvectors of $X^\top X$, a step multiplies each part of $d$ by its eigenvalue. The part with the largest eigenvalue grows most, and soon it is all that is left. Two eigenvalues of nearly the
 * same size take long; then any direction between the two shows as much.
 *
 * **Source.** Pearson 1901, *On Lines and Planes of Closest Fit to Systems of Points in Space*; Hotelling 1933, *Analysis of a Complex of Statistical Variables into Principal Components*.
 *
 * @module
 */

import { checkList, checkSizes, isListOfNumbers } from "../../engine/arguments.ts";

/** What {@linkcode principalComponents} finds. */
export interface PrincipalComponents {
  /** The mean of the vectors, `[E]`. */
  readonly mean: Float64Array;
  /** The directions, of length 1, at right angles, `[C, E]`. */
  readonly directions: readonly Float64Array[];
  /** Each vector in these directions, `[N, C]`. */
  readonly coordinates: readonly (readonly number[])[];
  /** Variance along each direction, the largest first, `[C]`. */
  readonly variances: readonly number[];
  /** Variance along all directions together. */
  readonly total: number;
}

/** Steps of the iteration at most, and the change below which it stops. */
const STEPS = 10_000, CHANGE = 1e-14;

/**
 * The directions in which some vectors vary most.
 *
 * The sign of a direction is free: its largest number is made positive.
 *
 * @param rows the vectors, `[N, E]`
 * @param count how many directions; 2 by default
 * @returns directions, coordinates and variances
 * @throws {RangeError} if there are more directions than dimensions
 */
export function principalComponents(rows: readonly ArrayLike<number>[], count: number = 2): PrincipalComponents {
  const { width, mean, centred } = centre(rows, count);
  const directions: Float64Array[] = [], variances: number[] = [];
  for (let c = 0; c < count; c++) {
    // Any start will do that has a part of the component: the longest row has, or all rows are 0.
    let direction = normalized(withoutParts(longest(centred, directions, width), directions));
    for (let step = 0; step < STEPS; step++) {
      // $X^\top X d$, the components before taken out of it.
      const next = normalized(withoutParts(pulled(centred, direction), directions));
      const change = next.reduce((sum, x, e) => sum + (x - direction[e]!) ** 2, 0);
      direction = next;
      if (change < CHANGE ** 2) break;
    }
    directions.push(oriented(direction));
    variances.push(centred.reduce((sum, row) => sum + dot(row, direction) ** 2, 0) / rows.length);
  }
  const coordinates = centred.map((row) => directions.map((direction) => dot(row, direction)));
  const total = centred.reduce((sum, row) => sum + dot(row, row), 0) / rows.length;
  return { mean, directions, coordinates, variances, total };
}

// #region Small algebra

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let e = 0; e < a.length; e++) sum += a[e]! * b[e]!;
  return sum;
}

function centre(
  rows: readonly ArrayLike<number>[],
  count: number,
): { readonly width: number; readonly mean: Float64Array; readonly centred: Float64Array[] } {
  checkList("project", "rows", rows, "lists of numbers", isListOfNumbers);
  checkSizes("project", { count });
  if (rows.length === 0) throw new RangeError("Cannot project no vectors: at least one is needed");
  const width = rows[0]!.length, wrong = rows.find((row) => row.length !== width);
  if (wrong) {
    throw new TypeError(`Cannot project vectors of ${width} and of ${wrong.length} numbers: the widths must agree`);
  }
  if (count > width) throw new RangeError(`Cannot find ${count} directions in ${width} dimensions`);
  const mean = new Float64Array(width);
  for (const row of rows) for (let e = 0; e < width; e++) mean[e] = mean[e]! + row[e]! / rows.length;
  return { width, mean, centred: rows.map((row) => Float64Array.from(row, (x, e) => x - mean[e]!)) };
}

/** A vector without its parts along some directions. */
function withoutParts(vector: Float64Array, directions: readonly Float64Array[]): Float64Array {
  const rest = vector.slice();
  // Twice, since the first time leaves what rounding made of it.
  for (const direction of [...directions, ...directions]) {
    const part = dot(rest, direction);
    for (let e = 0; e < rest.length; e++) rest[e] = rest[e]! - part * direction[e]!;
  }
  return rest;
}

/** The row that is longest without its parts along some directions; an axis that has a part left, if all are 0. */
function longest(rows: readonly Float64Array[], directions: readonly Float64Array[], width: number): Float64Array {
  const axes = Array.from(
    { length: width },
    (_, axis) => Float64Array.from({ length: width }, (_, e) => e === axis ? 1 : 0),
  );
  const longestOf = (some: readonly Float64Array[]): { row: Float64Array; length: number } =>
    some.reduce((best, row) => {
      const rest = withoutParts(row, directions), length = dot(rest, rest);
      return length > best.length ? { row, length } : best;
    }, { row: some[0]!, length: 0 });
  const found = longestOf(rows), scale = rows.reduce((most, row) => Math.max(most, dot(row, row)), 0);
  return found.length > 1e-24 * scale ? found.row : longestOf(axes).row;
}

/** $X^\top X d$. */
function pulled(rows: readonly Float64Array[], direction: Float64Array): Float64Array {
  const sum = new Float64Array(direction.length);
  for (const row of rows) {
    const part = dot(row, direction);
    for (let e = 0; e < sum.length; e++) sum[e] = sum[e]! + part * row[e]!;
  }
  // Where nothing varies any more the direction stays.
  return sum.some((x) => x !== 0) ? sum : direction;
}

function normalized(vector: Float64Array): Float64Array {
  const length = Math.sqrt(dot(vector, vector));
  return length === 0 ? vector : vector.map((x) => x / length);
}

function oriented(direction: Float64Array): Float64Array {
  const largest = direction.reduce((best, x) => Math.abs(x) > Math.abs(best) + 1e-12 ? x : best, 0);
  return largest < 0 ? direction.map((x) => -x) : direction;
}

// #endregion
