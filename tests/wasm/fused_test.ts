/**
 * Fused kernels of the CPU device: each against its definition at the borders of its loops, with fused multiply-adds
 * and without, and the rules that no definition states.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Backend, FusedName } from "../../core/engine/backend.ts";
import { withBackend } from "../../core/engine/device.ts";
import { fusable, fusableUpdate } from "../../core/engine/fusable.ts";
import { lowerTriangle, parameter, tensor } from "../../core/engine/create.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { createWasmDevice } from "../../wasm/mod.ts";
import { ADAM, assertAdam, assertBorders, drawAdam, evaluate } from "../fused.ts";
import { fusedCases } from "../fused_cases.ts";
import { Draws } from "../support.ts";
import { twoThreads } from "./support.ts";

const shared = await twoThreads();

const devices: readonly (readonly [string, Backend])[] = [
  ["fused multiply-adds", createWasmDevice({ threads: 1, relaxed: true })],
  ["no fused multiply-adds", createWasmDevice({ threads: 1, relaxed: false })],
];

for (const [label, device] of devices) {
  for (const kernel of Object.keys(fusedCases) as FusedName[]) {
    Deno.test(`${kernel} of the wasm device equals its definition, forwards and backwards [${label}]`, async () => {
      await assertBorders(kernel, device, [0]);
    });
  }

  Deno.test(`softmax and logSoftmax of the wasm device give a forbidden score no share [${label}]`, async () => {
    await withBackend(device, async () => {
      const never = -Infinity;
      const scores = tensor([[never, 1, never, 1, never], [never, never, never, never, never]]);
      const declined = (): Tensor => {
        throw new Error("declined");
      };
      const shares = fusable("softmax", [scores], {}, declined);
      assertEquals([...await shares.read()], [0, 0.5, 0, 0.5, 0, 0, 0, 0, 0, 0]);
      const logs = [...await fusable("logSoftmax", [scores], {}, declined).read()];
      assertEquals(logs.map(Number.isFinite), [false, true, false, true, false, false, false, false, false, false]);
      assert(logs.every((x) => !Number.isNaN(x)));
    });
  });

  Deno.test(`attention of the wasm device yields zeros and zero gradients where nothing is allowed [${label}]`, async () => {
    for (const T of [3, 12]) {
      await withBackend(device, async () => {
        const [query, key, value] = [1, 2, 3].map((seed) => parameter(new Draws(seed).normal(1, 2, T, 8).tensor()));
        const mask = new Draws(4).booleans(0.5, T, T).tensor().and(lowerTriangle(T, T, -1));
        const y = fusable("attention", [query, key, value, mask, undefined], { causal: false, scale: 1 }, () => {
          throw new Error("declined");
        });
        y.sum().backward();
        const [output, gradient] = [await y.at(2, 0).read(), await query!.grad!.at(2, 0).read()];
        assert(output.every((x) => x === 0) && gradient.every((x) => x === 0));
        for (const x of [query, key, value]) assert((await x!.grad!.read()).every(Number.isFinite));
      });
    }
  });

  Deno.test(`crossEntropy of the wasm device refuses targets that are no class [${label}]`, () => {
    withBackend(device, () => {
      const before = device.memory().buffers;
      const logits = new Draws(1).normal(2, 5).tensor();
      for (const bad of [5, -1, -99]) {
        const targets = tensor([1, bad], [2], "int32");
        assertThrows(
          () => fusable("crossEntropy", [logits, targets], { ignoreIndex: -100, labelSmoothing: 0 }, () => logits),
          RangeError,
          `Cannot score target ${bad}: it must be in [0, 5) or the ignored index -100`,
        );
      }
      assertEquals(device.memory().buffers, before + 4);
    });
  });

  Deno.test(`adamStep of the wasm device equals its definition [${label}]`, async () => {
    for (const n of [1, 3, 16, 17, 1000, 1025, 4097]) {
      await withBackend(device, async () => {
        const before = drawAdam(new Draws(n), n), [p, m, v, g] = before.map((x) => x.tensor());
        fusableUpdate("adamStep", [p!, m!, v!], [g], ADAM, () => {
          throw new Error("declined");
        });
        const [parameters, first, second] = await Promise.all([p!, m!, v!].map((x) => x.read()));
        for (let i = 0; i < n; i++) assertAdam([parameters![i]!, first![i]!, second![i]!], before, i, 8);
      });
    }
  });
}

Deno.test("fused kernels of the wasm device accept tensors without elements", async () => {
  const [, device] = devices[0]!;
  await withBackend(device, async () => {
    const empty = (...shape: number[]) => parameter(tensor(new Float32Array(0), shape));
    const declined = (): Tensor => {
      throw new Error("a kernel declines");
    };
    const gain = parameter(tensor([1, 2, 3, 4, 5])), table = tensor(new Float32Array(0), [0, 2]);
    const heads = [1, 2, 3].map(() => empty(0, 2, 9, 4)), ids = tensor(new Int32Array(0), [0]);
    const runs: readonly (readonly [number[], () => Tensor])[] = [
      [[0, 5], () => fusable("softmax", [empty(0, 5)], {}, declined)],
      [[5, 0], () => fusable("softmax", [empty(5, 0)], {}, declined)],
      [[5, 0], () => fusable("logSoftmax", [empty(5, 0)], {}, declined)],
      [[0, 5], () => fusable("layerNorm", [empty(0, 5), gain, undefined], { epsilon: 1e-5 }, declined)],
      [[3, 0], () => fusable("rmsNorm", [empty(3, 0), empty(0)], { epsilon: 1e-5 }, declined)],
      [[0], () => fusable("gelu", [empty(0)], {}, declined)],
      [[0, 3], () => fusable("relu", [empty(0, 3)], {}, declined)],
      [[0], () => fusable("dropout", [empty(0)], { rate: 0.5, key0: 1, key1: 2, counter: 0 }, declined)],
      [[2, 2, 0, 4], () => fusable("rotary", [empty(2, 2, 0, 4), table, table], { interleaved: false }, declined)],
      [[0, 2, 9, 4], () => fusable("attention", heads, { causal: false, scale: 1 }, declined)],
      [[0], () => fusable("crossEntropy", [empty(0, 5), ids], { ignoreIndex: -100, labelSmoothing: 0 }, declined)],
    ];
    for (const [shape, run] of runs) {
      const y = run();
      assertEquals(y.shape, shape, String(run));
      y.sum().backward();
    }
    // No keys: every query yields zeros.
    for (const T of [2, 20]) {
      const query = parameter(new Draws(1).normal(1, 2, T, 4).tensor());
      const y = fusable("attention", [query, empty(1, 2, 0, 4), empty(1, 2, 0, 4)], { causal: true, scale: 1 }, () => {
        throw new Error("attention declines");
      });
      y.sum().backward();
      assert((await y.read()).every((x) => x === 0));
      assert((await query.grad!.read()).every((x) => x === 0));
    }
  });
});

Deno.test({
  name: "fused kernels of the wasm device give the same bits on one thread and on two",
  ignore: shared === undefined,
  fn: async () => {
    for (const { large } of Object.values(fusedCases)) {
      for (const row of large) {
        const alone = await evaluate(devices[0]![1], row);
        for (let turn = 0; turn < 3; turn++) assertEquals(await evaluate(shared!, row), alone, row.name);
      }
    }
  },
});
