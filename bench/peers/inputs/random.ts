/**
 * Numbers that JavaScript and Python make alike without exchanging files.
 *
 * Number `i` of stream `seed` is a hash of both, uniform on [-1, 1); `torch/peer.py` has the same hash.
 *
 * @module
 */

/**
 * A stream of random numbers.
 *
 * @param count how many
 * @param seed which stream
 * @param scale what they are multiplied by
 * @param offset what is then added
 */
export function random(count: number, seed: number, scale = 1, offset = 0): Float32Array<ArrayBuffer> {
  const numbers = new Float32Array(count);
  const start = Math.imul(seed, 0x9e3779b1);
  for (let i = 0; i < count; i++) {
    let x = (i + start) | 0;
    x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
    x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
    x ^= x >>> 16;
    numbers[i] = ((x >>> 8) / 8388608 - 1) * scale + offset;
  }
  return numbers;
}

/**
 * Random token ids.
 *
 * @param count how many
 * @param seed which stream
 * @param vocabSize ids are below it
 */
export function randomTokens(count: number, seed: number, vocabSize: number): Int32Array<ArrayBuffer> {
  const numbers = random(count, seed);
  return Int32Array.from(numbers, (x) => Math.min(vocabSize - 1, Math.floor((x + 1) / 2 * vocabSize)));
}
