/**
 * The floor: loops over typed arrays, the textbook's and the one that walks memory in order.
 *
 * @module
 */

import { type Adapter, Unsupported } from "./adapter.ts";

type Product = (a: Float32Array, b: Float32Array, c: Float32Array, M: number, K: number, N: number) => void;

const textbook: Product = (a, b, c, M, K, N) => {
  for (let i = 0; i < M; i++) {
    for (let j = 0; j < N; j++) {
      let sum = 0;
      for (let k = 0; k < K; k++) sum += a[i * K + k]! * b[k * N + j]!;
      c[i * N + j] = sum;
    }
  }
};

const inOrder: Product = (a, b, c, M, K, N) => {
  c.fill(0);
  for (let i = 0; i < M; i++) {
    for (let k = 0; k < K; k++) {
      const factor = a[i * K + k]!, from = k * N, to = i * N;
      for (let j = 0; j < N; j++) c[to + j]! += factor * b[from + j]!;
    }
  }
};

/** Plain JavaScript. */
export const adapter: Adapter = {
  start(threads) {
    if (threads > 1) throw new Unsupported("one thread only");
    return "loops over Float32Array";
  },
  matmul({ M, K, N, a, b }) {
    if (M * K * N > 2 ** 27) throw new Unsupported("too slow to be worth the time");
    const c = new Float32Array(M * N);
    return Object.entries({ textbook, inOrder }).map(([variant, product]) => ({
      variant,
      run: () => product(a, b, c, M, K, N),
      output: () => c,
    }));
  },
};
