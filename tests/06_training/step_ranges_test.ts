/**
 * Clipping and steps of optimizers over the whole range of float32, against their formulas in double precision.
 */

import { assert, assertEquals } from "@std/assert";
import { adaGrad, rmsProp } from "../../core/06_training/adagrad_and_rmsprop.ts";
import { adam, adamW } from "../../core/06_training/adam.ts";
import { clipGradients } from "../../core/06_training/clipping.ts";
import { lion } from "../../core/06_training/lion.ts";
import { Optimizer, type OptimizerRule } from "../../core/06_training/optimizer.ts";
import { sgd } from "../../core/06_training/optimizers.ts";
import { parameter, tensor } from "../../core/engine/create.ts";
import { withoutFusion } from "../../core/engine/fusable.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { Draws, onEveryBackend, reference } from "../support.ts";

/** Parameters whose gradients are these. */
function withGradients(...lists: number[][]): Map<string, Tensor> {
  return new Map(lists.map((list, i) => {
    const x = parameter(tensor(list.map(() => 0)));
    x.grad = tensor(list);
    return [`x${i}`, x];
  }));
}

const gradientsOf = async (parameters: ReadonlyMap<string, Tensor>): Promise<number[]> =>
  (await Promise.all([...parameters.values()].map((x) => x.grad!.read()))).flatMap((list) => [...list]);

/** Runs with kernels and without. */
async function both(f: (fuse: boolean) => Promise<void>): Promise<void> {
  for (const fuse of [true, false]) await f(fuse);
}

const near = (found: number, expected: number, units: number): boolean =>
  found === Math.fround(expected) || Math.abs(found - expected) <= units * 2 ** -24 * Math.abs(expected);

onEveryBackend("clipGradients() of gradients of any size is its formula", async () => {
  const draws = new Draws(31);
  for (const size of [1e-44, 1e-30, 1e-19, 1, 1e18, 3e20, 1e38]) {
    for (const maxNorm of [1e-30, 1, 1e10]) {
      for (const lengths of [[2], [1, 3], [17, 300, 5]]) {
        const lists = lengths.map((n) => Array.from({ length: n }, () => Math.fround(size * (1 + draws.next()))));
        const length = Math.hypot(...lists.flat()), factor = Math.min(1, maxNorm / length);
        await both(async (fuse) => {
          const parameters = withGradients(...lists);
          const norm = fuse
            ? clipGradients(parameters, maxNorm)
            : withoutFusion(() => clipGradients(parameters, maxNorm));
          const found = await gradientsOf(parameters), what = `${size}, ${maxNorm}, ${lengths}, ${fuse}`;
          // Below 2^-126 a number has fewer digits, or none on some devices.
          if (size > 1e-37) {
            assert(near(await norm.item(), length, 64), `${what}: length ${await norm.item()} instead of ${length}`);
          }
          if (size < 1e-37) return;
          lists.flat().forEach((g, i) => {
            const expected = g * factor;
            assert(expected < 2e-38 || near(found[i]!, expected, 64), `${what}: ${found[i]} instead of ${expected}`);
          });
        });
      }
    }
  }
});

onEveryBackend("clipGradients() of (3e20, 4e20) is (0.6, 0.8), of (∞, 4) is (0, 0), and NaN stays NaN", async () => {
  await both(async (fuse) => {
    const clip = async (...lists: number[][]): Promise<[number, number[]]> => {
      const parameters = withGradients(...lists);
      const norm = fuse ? clipGradients(parameters, 1) : withoutFusion(() => clipGradients(parameters, 1));
      return [await norm.item(), await gradientsOf(parameters)];
    };
    const [length, found] = await clip([3e20], [4e20]);
    assert(near(length, 5e20, 8) && near(found[0]!, 0.6, 8) && near(found[1]!, 0.8, 8), `${length}, ${found}`);
    // Both fit float32, and their length does not.
    const [beyond, clipped] = await clip([3e38, -3e38]);
    assertEquals(Math.fround(beyond), Infinity);
    assert(near(clipped[0]!, Math.SQRT1_2, 16) && near(clipped[1]!, -Math.SQRT1_2, 16), `${clipped}`);
    assertEquals(await clip([Infinity, 4], [3]), [Infinity, [0, 0, 0]]);
    assertEquals(await clip([-Infinity, Infinity]), [Infinity, [0, 0]]);
    assertEquals(await clip([NaN, 4], [3]), [NaN, [NaN, 4, 3]]);
    assertEquals(await clip([0, 0], [0]), [0, [0, 0, 0]]);
    assertEquals(await clip([]), [0, []]);
  });
});

/** Where some steps of a rule take zeros, with gradients that these factors make of the first. */
async function walk(
  rule: OptimizerRule,
  gradients: readonly number[],
  steps: number,
  fuse: boolean,
): Promise<number[]> {
  const x = parameter(tensor(gradients.map(() => 0))), optimizer = new Optimizer(new Map([["x", x]]), rule);
  for (let i = 0; i < steps; i++) {
    x.grad = tensor([...gradients]);
    if (fuse) optimizer.step();
    else withoutFusion(() => optimizer.step());
  }
  return [...await x.read()];
}

const wide = [1e20, -1e25, 3e38, -3e38, 1e19, 1e10, 1, -1e-3, 1e-12, 1e-17];

onEveryBackend(
  "adam() and adamW() take steps of the learning rate whatever the size of a constant gradient",
  async () => {
    await both(async (fuse) => {
      for (const rule of [adam, adamW]) {
        for (const steps of [1, 3, 40]) {
          const found = await walk(rule({ learningRate: 0.5, epsilon: 0 }), wide, steps, fuse);
          found.forEach((x, i) =>
            assert(near(x, -0.5 * steps * Math.sign(wide[i]!), 64), `${steps}, ${wide[i]}: ${x}`)
          );
        }
        const [x] = await walk(rule({ learningRate: 1, epsilon: 1e-8 }), [1e-25], 1, fuse);
        assert(near(x!, -1e-17, 64), `${x}`);
      }
    });
  },
);

onEveryBackend(
  "adamW() stays where there was no gradient, with epsilon 0 too, and NaN is not hidden",
  async (device) => {
    await both(async (fuse) => {
      const found = await walk(
        adamW({ learningRate: 0.5, epsilon: 0 }),
        [0, device === reference ? 0 : 1e-30, NaN, 1, Infinity],
        2,
        fuse,
      );
      assertEquals(found.slice(0, 2).map((x) => x + 0), [0, 0]);
      assert(Number.isNaN(found[2]));
      assert(near(found[3]!, -1, 16) && near(found[4]!, -1, 16), `${found}`);
    });
  },
);

onEveryBackend("lion() and sgd() take gradients of any size", async () => {
  await both(async (fuse) => {
    const found = await walk(lion({ learningRate: 0.5 }), [...wide, 0, 1e-37], 3, fuse);
    found.forEach((x, i) => assert(near(x, -1.5 * Math.sign([...wide, 0, 1e-37][i]!), 4), `${i}: ${x}`));
    const moved = await walk(sgd({ learningRate: 0.5, momentum: 0.5 }), [1e38, -1e-36], 2, fuse);
    assert(near(moved[0]!, -1.25e38, 4) && near(moved[1]!, 1.25e-36, 4), `${moved}`);
  });
});

onEveryBackend("adaGrad() and rmsProp() take gradients of any size, and stay where there was none", async (device) => {
  const least = device === reference ? 0 : 1e-30;
  await both(async (fuse) => {
    const gradients = [1e38, -1e19, 1, -1e-15, Infinity, 0, least];
    const once = await walk(adaGrad({ learningRate: 0.5, epsilon: 0 }), gradients, 1, fuse);
    gradients.slice(0, 5).forEach((g, i) => assert(near(once[i]!, -0.5 * Math.sign(g), 16), `${g}: ${once[i]}`));
    assertEquals(once.slice(5).map((x) => x + 0), [0, 0]);
    // The first step of RMSProp is 1 / √(1 − β₂) learning rates long.
    const first = await walk(rmsProp({ learningRate: 0.5, beta2: 0.75, epsilon: 0 }), gradients, 1, fuse);
    gradients.slice(0, 5).forEach((g, i) => assert(near(first[i]!, -Math.sign(g), 16), `${g}: ${first[i]}`));
    assertEquals(first.slice(5).map((x) => x + 0), [0, 0]);
    for (const rule of [adaGrad(), rmsProp()]) assert(Number.isNaN((await walk(rule, [NaN], 1, fuse))[0]));
  });
});
