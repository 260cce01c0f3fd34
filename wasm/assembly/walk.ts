/**
 * # Walking views
 *
 * Walking views of several axes.
 *
 * @module
 */

/**
 * Byte offset of the element number `index` in row-major order.
 *
 * | argument  | meaning                                            |
 * | --------- | -------------------------------------------------- |
 * | `axes`    | number of axes, any including zero                 |
 * | `extents` | address of their extents, outermost first          |
 * | `strides` | address of the bytes per step along each axis      |
 */
export function offsetOf(index: i32, axes: i32, extents: usize, strides: usize): usize {
  if (axes == 1) return <usize> index * load<usize>(strides);
  let offset: usize = 0, rest = <u32> index;
  for (let axis = axes - 1; axis > 0; axis--) {
    const extent = load<u32>(extents + (<usize> axis << 2));
    offset += <usize> (rest % extent) * load<usize>(strides + (<usize> axis << 2));
    rest /= extent;
  }
  return axes ? offset + <usize> rest * load<usize>(strides) : 0;
}
