/**
 * # Walking views
 *
 * Where an element of a view lies: its number in row-major order is taken apart along the axes.
 *
 * @module
 */

import { EXTENTS, OPERAND, STRIDES } from "./words/axes.ts";

/** Address of the extents of the outer axes among argument words. */
// @inline
export function extentsOf(args: usize): usize {
  return args + (<usize> EXTENTS << 2);
}

/** Address of the strides along them of one of the operands. */
// @inline
export function stridesOf(args: usize, operand: i32): usize {
  return args + (<usize> (STRIDES + operand * OPERAND) << 2);
}

/**
 * Byte offset of the element number `index` in row-major order.
 *
 * | argument  | meaning                                              |
 * | --------- | ---------------------------------------------------- |
 * | `operand` | whose strides: 0 for the first that is walked         |
 * | `axes`    | number of axes, any including zero                   |
 */
export function offsetOf(args: usize, operand: i32, index: i32, axes: i32): usize {
  const extents = extentsOf(args), strides = stridesOf(args, operand);
  if (axes == 1) return <usize> index * load<usize>(strides);
  let offset: usize = 0, rest = <u32> index;
  for (let axis = axes - 1; axis > 0; axis--) {
    const extent = load<u32>(extents + (<usize> axis << 2));
    offset += <usize> (rest % extent) * load<usize>(strides + (<usize> axis << 2));
    rest /= extent;
  }
  return axes ? offset + <usize> rest * load<usize>(strides) : 0;
}
