/**
 * Norms over the whole range of float32, against their formulas in double precision: rows of every size, alone or far from
 * zero, with and without epsilon, forwards and backwards.
 */

import { assert, assertEquals } from "@std/assert";
import { BatchNorm, layerNorm, rmsNorm } from "../../core/05_transformer/normalization.ts";
import { parameter, tensor } from "../../core/engine/create.ts";
import type { Backend } from "../../core/engine/backend.ts";
import { withoutFusion } from "../../core/engine/fusable.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { build, Draws, type HostArray, onEveryBackend } from "../support.ts";

interface Truth {
  readonly y: number[];
  readonly dx: number[];
  /** Size of the terms that the gradient is made of. */
  readonly slope: number;
}

/** A row normalized, and its gradient, in double precision; sizes are taken out first, since 10³⁸ squared thrice is too much. */
function truth(x: readonly number[], g: readonly number[], epsilon: number, centred: boolean): Truth {
  const n = x.length, mean = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0) / n;
  const first = centred ? mean(x) : 0, rest = centred ? mean(x.map((v) => v - first)) : 0;
  const c = x.map((v) => v - first - rest), r = 1 / Math.sqrt(mean(c.map((v) => v * v)) + epsilon);
  const y = c.map((v) => v * r), u = centred ? mean(g) : 0, w = mean(g.map((v, i) => v * y[i]!));
  return { y, dx: g.map((v, i) => r * (v - u - y[i]! * w)), slope: r * Math.max(...g.map(Math.abs)) };
}

/** Sizes of the numbers of a row. */
const sizes = [1e-37, 1e-30, 1e-22, 1e-19, 1e-10, 1e-3, 1, 1e4, 1e10, 1e18, 2e19, 1e25, 1e38];

const applied: Record<string, (x: Tensor, epsilon: number) => Tensor> = {
  layerNorm: (x, epsilon) => layerNorm(x, undefined, undefined, { epsilon }),
  rmsNorm: (x, epsilon) => rmsNorm(x, undefined, { epsilon }),
};

function assertRows(
  found: ArrayLike<number>,
  expected: readonly number[],
  units: number,
  sizes: readonly number[],
  what: string,
): void {
  const E = expected.length / sizes.length;
  expected.forEach((x, i) => {
    const allowed = units * 2 ** -24 * sizes[Math.floor(i / E)]! + 2 ** -126;
    assert(Math.abs(found[i]! - x) <= allowed, `${what}, element ${i}: ${found[i]} instead of ${x}`);
  });
}

async function assertNorm(
  name: string,
  x: HostArray,
  g: HostArray,
  epsilon: number,
  fuse: boolean,
  what: string,
): Promise<void> {
  const [rows, E] = x.shape as [number, number],
    row = ({ data }: HostArray, i: number) => Array.from(data.slice(i * E, i * E + E));
  const truths = Array.from({ length: rows }, (_, i) => truth(row(x, i), row(g, i), epsilon, name === "layerNorm"));
  const leaf = parameter(x.tensor());
  const call = (): Tensor => {
    const y = applied[name]!(leaf, epsilon);
    y.backward(g.tensor());
    return y.detach();
  };
  const y = await (fuse ? call() : withoutFusion(call)).read();
  // Sums of E terms, each rounded; √E ≤ 18.
  assertRows(y, truths.flatMap(({ y }) => y), 64, truths.map(({ y }) => Math.max(...y.map(Math.abs))), what);
  const slopes = truths.map(({ slope }) => slope);
  const inside = (i: number): boolean => slopes[i]! < 3e38;
  const dx = await leaf.grad!.read();
  truths.forEach(({ dx: expected }, i) => {
    // A row whose gradient leaves float32 is not judged.
    if (inside(i)) assertRows(dx.slice(i * E, i * E + E), expected, 256, [slopes[i]!], `gradient, row ${i}, ${what}`);
  });
}

/** Rows of each size. */
function drawSizes(draws: Draws, E: number, largest = Infinity): HostArray {
  const used = sizes.filter((size) => size <= largest);
  return build([used.length, E], (i) => Math.fround(used[i!]! * (2 * draws.next() - 1) * 3));
}

onEveryBackend("layerNorm() and rmsNorm() of rows of any size are their formulas, forwards and backwards", async () => {
  const draws = new Draws(21);
  for (const name of Object.keys(applied)) {
    for (const E of [2, 3, 7, 16, 65, 300]) {
      for (const epsilon of [1e-5, 0, 1e-12]) {
        for (const fuse of [true, false]) {
          // A difference of two numbers must fit float32 where it is spelled out.
          const x = drawSizes(draws, E, fuse ? Infinity : 1e37), g = draws.normal(...x.shape);
          await assertNorm(name, x, g, epsilon, fuse, `${name}, ${E}, epsilon ${epsilon}, ${fuse}`);
        }
      }
    }
  }
});

onEveryBackend("layerNorm() of rows far from zero is its formula, forwards and backwards", async () => {
  const draws = new Draws(22);
  for (const E of [2, 5, 300]) {
    for (const far of [1e2, 1e6, 1.6e7]) {
      for (const size of [1e-15, 1, 1e20]) {
        for (const epsilon of [1e-5, 0]) {
          const x = build([5, E], (i) => Math.fround(size * ((i! % 2 ? far : -far) + 4 * draws.next())));
          // A row of equal numbers has no deviation to divide by.
          for (let i = 0; i < 5 && epsilon === 0; i++) x.data[i * E] = Math.fround(x.data[i * E + 1]! * 1.0000003);
          const g = draws.normal(5, E);
          for (const fuse of [true, false]) {
            await assertNorm("layerNorm", x, g, epsilon, fuse, `${E}, ${far}, ${size}, ${epsilon}, ${fuse}`);
          }
        }
      }
    }
  }
});

onEveryBackend(
  "layerNorm() and rmsNorm() of the largest numbers are ±1, of broken rows NaN, and no other row hears of it",
  async (device: Backend) => {
    const largest = (2 - 2 ** -23) * 2 ** 127;
    for (const fuse of [true, false]) {
      const apply = async (name: string, rows: number[][], epsilon = 1e-5): Promise<number[]> => {
        const call = (): Tensor => applied[name]!(tensor(rows), epsilon);
        return [...await (fuse ? call() : withoutFusion(call)).read()].map((x) => Math.round(x * 1e5) / 1e5);
      };
      for (const name of Object.keys(applied)) {
        assertEquals(await apply(name, [[2e19, -2e19], [largest, -largest], [1, -1]], 0), [1, -1, 1, -1, 1, -1]);
        assertEquals(await apply(name, [[1e-30, -1e-30], [1e-37, -1e-37]], 0), [1, -1, 1, -1]);
        for (const strange of [NaN, Infinity, -Infinity]) {
          const [a, b, ...rest] = await apply(name, [[strange, 1], [2, -2]]);
          assert(
            Number.isNaN(name === "layerNorm" || strange !== strange ? a! + b! : a!),
            `${name}, ${strange}: ${a}, ${b}`,
          );
          assertEquals(rest, [1, -1], device.name);
        }
      }
      assertEquals(await apply("layerNorm", [[1e30, 1e30], [largest, largest], [0, 0]]), [0, 0, 0, 0, 0, 0]);
      const one = await apply("layerNorm", [[largest, largest, -largest]]);
      if (fuse) assertEquals(one, [0.70711, 0.70711, -1.41421]);
    }
  },
);

onEveryBackend(
  "BatchNorm() of large and of tiny features is ±1, and does not hear of what does not count",
  async () => {
    const norm = new BatchNorm(3, { epsilon: 1e-30 });
    const x = parameter(tensor([[2e19, 1e-12, 1e30], [-2e19, -1e-12, -1e30], [NaN, Infinity, 3e38]]));
    const mask = tensor([true, true, false]);
    const y = norm.forward(x, mask);
    y.slice(0, 0, 2).mul(tensor([[1, 2, 3], [4, 5, 6]])).sum().backward();
    const found = await y.read();
    for (let i = 0; i < 6; i++) assert(Math.abs(found[i]! - (i < 3 ? 1 : -1)) < 1e-5, `${found}`);
    assert((await x.grad!.read()).every((g) => Number.isFinite(g)));
    assert((await norm.runningMean.read()).every((m) => Math.abs(m) < 1e30));
  },
);
