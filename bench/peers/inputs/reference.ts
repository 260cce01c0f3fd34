/**
 * What the answers should be, in float64 and plain loops, and how far a result is from them.
 *
 * @module
 */

/** Distance from the reference, relative to its length; infinite if the sizes differ. */
export function relativeError(got: ArrayLike<number>, want: ArrayLike<number>): number {
  if (got.length !== want.length) return Infinity;
  let difference = 0, total = 0;
  for (let i = 0; i < want.length; i++) {
    difference += (got[i]! - want[i]!) ** 2;
    total += want[i]! ** 2;
  }
  return Math.sqrt(difference / total);
}

/** The same for a matrix product; above 512 rows it looks at 64 rows, evenly spread. */
export function matmulError(
  got: ArrayLike<number>,
  a: Float32Array,
  b: Float32Array,
  [M, K, N]: readonly [number, number, number],
): number {
  if (got.length !== M * N) return Infinity;
  let difference = 0, total = 0;
  for (let row = 0; row < M; row += M > 512 ? M / 64 : 1) {
    const i = Math.floor(row), want = new Float64Array(N);
    for (let k = 0; k < K; k++) {
      const factor = a[i * K + k]!;
      for (let j = 0; j < N; j++) want[j]! += factor * b[k * N + j]!;
    }
    for (let j = 0; j < N; j++) {
      difference += (got[i * N + j]! - want[j]!) ** 2;
      total += want[j]! ** 2;
    }
  }
  return Math.sqrt(difference / total);
}

/** Softmax of every row. */
export function softmax(x: Float32Array, columns: number): Float64Array {
  const y = new Float64Array(x.length);
  for (let row = 0; row < x.length; row += columns) {
    let largest = -Infinity, total = 0;
    for (let i = row; i < row + columns; i++) largest = Math.max(largest, x[i]!);
    for (let i = row; i < row + columns; i++) total += y[i] = Math.exp(x[i]! - largest);
    for (let i = row; i < row + columns; i++) y[i]! /= total;
  }
  return y;
}

/** Layer norm of every row; its width is that of `gain`. */
export function layerNorm(x: Float32Array, gain: Float32Array, bias: Float32Array, epsilon: number): Float64Array {
  const y = new Float64Array(x.length), columns = gain.length;
  for (let row = 0; row < x.length; row += columns) {
    let mean = 0, variance = 0;
    for (let i = 0; i < columns; i++) mean += x[row + i]! / columns;
    for (let i = 0; i < columns; i++) variance += (x[row + i]! - mean) ** 2 / columns;
    const scale = 1 / Math.sqrt(variance + epsilon);
    for (let i = 0; i < columns; i++) y[row + i] = (x[row + i]! - mean) * scale * gain[i]! + bias[i]!;
  }
  return y;
}

/** Causal attention, `[H, T, D]`. */
export function causalAttention(
  query: Float32Array,
  key: Float32Array,
  value: Float32Array,
  [H, T, D]: readonly [number, number, number],
): Float64Array {
  const output = new Float64Array(query.length), scores = new Float64Array(T);
  for (let start = 0; start < H * T * D; start += T * D) {
    for (let t = 0; t < T; t++) {
      let largest = -Infinity, total = 0;
      for (let s = 0; s <= t; s++) {
        let score = 0;
        for (let d = 0; d < D; d++) score += query[start + t * D + d]! * key[start + s * D + d]!;
        scores[s] = score / Math.sqrt(D);
        largest = Math.max(largest, scores[s]!);
      }
      for (let s = 0; s <= t; s++) total += scores[s] = Math.exp(scores[s]! - largest);
      for (let s = 0; s <= t; s++) {
        for (let d = 0; d < D; d++) {
          output[start + t * D + d]! += scores[s]! / total * value[start + s * D + d]!;
        }
      }
    }
  }
  return output;
}
