/**
 * # Looking up by index
 *
 * **Question.** A word is an id, and an id is a place in a table. How do integers choose among numbers, and how does a
 * gradient find its way back to what was chosen?
 *
 * **Idea.** Two transposes of one another. Looking up copies the rows that ids name; its derivative adds the arriving rows
 * into the table at the same ids, and a row that was named twice receives both. An index along any other axis is a look-up
 * in the flat tensor, at positions that are computed from the index.
 *
 * @module
 */

import { noGrad } from "./autograd.ts";
import { checkSizes, checkTensors } from "./arguments.ts";
import { arange } from "./create.ts";
import { withBackend } from "./device.ts";
import { sameDevice } from "./refusals.ts";
import { format, resolveAxis, sameShape, type Shape, sizeOf } from "./shape.ts";
import { adopt, asTensor, record, type Tensor, type TensorLike, uninitialized } from "./tensor.ts";

/**
 * Rows of a table: an embedding look-up.
 *
 * @example
 * ```ts
 * import { tensor } from "@heed/heed";
 * import { take } from "@heed/heed/engine";
 *
 * const table = tensor([[1, 2], [3, 4], [5, 6]]);
 * console.assert(String(await take(table, [2, 0]).read()) === "5,6,1,2");
 * ```
 *
 * @param table `[N, …]`
 * @param ids int32 of any shape, each in $[0, N)$
 * @returns `[...ids.shape, …]`
 * @throws {RangeError} on a CPU device, if an id is outside the table
 */
export function take(table: Tensor, ids: TensorLike): Tensor {
  checkTensors("take rows", { table });
  ids = asTensor("take rows", "ids", ids, "int32", table);
  requireIds("take rows", ids);
  sameDevice(table, ids);
  if (table.rank === 0) throw new TypeError("Cannot take rows of a scalar");
  const shape = [...ids.shape, ...table.shape.slice(1)];
  const result = adopt(table.device, table.device.gather(table, ids), table.dtype, shape);
  return record(result, [table], (g) => [sumRows(g, ids, table.shape)]);
}

/** Rows added into a table of zeros, at the places that ids name: the transpose of {@linkcode take}. */
function sumRows(rows: Tensor, ids: Tensor, shape: Shape): Tensor {
  const table = uninitialized(rows.device, shape, "float32");
  table.assign(0);
  rows.device.scatterAdd(table, ids, rows);
  return record(table, [rows], (g) => [take(g, ids)]);
}

function requireIds(action: string, ids: Tensor): void {
  if (ids.dtype !== "int32") throw new TypeError(`Cannot ${action} by ${ids.dtype}: ids must be int32`);
}

/** Counts on the device of `x`, whichever is current. */
export function countBeside(x: Tensor, start: number, end?: number, step?: number): Tensor {
  return withBackend(x.device, () => arange(start, end, step));
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
 * @returns the shape of `index`
 */
export function gather(x: Tensor, axis: number, index: TensorLike): Tensor {
  checkTensors("gather", { x });
  index = asTensor("gather", "index", index, "int32", x);
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
 * @returns a copy, of the shape of `x`
 */
export function scatter(x: Tensor, axis: number, index: TensorLike, values: TensorLike): Tensor {
  checkTensors("scatter", { x });
  index = asTensor("scatter", "index", index, "int32", x);
  values = asTensor("scatter", "values", values, x.dtype, x);
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
  return record(result, [x, values], (g, [, added]) => [g, added ? take(g.reshape([x.size]), position) : undefined]);
}

/**
 * Rows of zeros with a single one.
 *
 * @param ids int32 of any shape
 * @param size length of each row; an id outside $[0, \mathrm{size})$ gives a row of zeros
 * @returns float32 `[...ids.shape, size]`
 */
export function oneHot(ids: TensorLike, size: number): Tensor {
  checkSizes("encode", { size });
  ids = asTensor("encode", "ids", ids, "int32");
  requireIds("encode", ids);
  return ids.unsqueeze(-1).equal(countBeside(ids, size)).cast("float32");
}
