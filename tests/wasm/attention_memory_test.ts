import { assert, assertLess } from "@std/assert";
import { scaledDotProductAttention } from "../../core/04_attention/scaled_dot_product.ts";
import { withBackend } from "../../core/engine/device.ts";
import { scope } from "../../core/engine/scope.ts";
import { full, parameter } from "../../core/engine/create.ts";
import { createWasmDevice } from "../../wasm/mod.ts";
import { peakBytes } from "./support.ts";

const [H, D] = [2, 16], LENGTHS = [512, 1024, 2048, 4096] as const;

/** Bytes that attention over `length` positions needs beyond its inputs and output, and the gradients of those. */
function beyond(length: number, causal: boolean, threads: number, isLearning: boolean): number {
  const device = createWasmDevice({ threads });
  return withBackend(device, () => {
    const [query, key, value] = [1, 2, 3].map((x) => parameter(full([1, H, length, D], x / 10)));
    const most = peakBytes(device, () =>
      scope(() => {
        const output = scaledDotProductAttention(query!, key!, value!, { causal });
        if (isLearning) output.backward(full(output.shape, 1));
      }));
    return most - (isLearning ? 8 : 4) * 4 * H * length * D;
  });
}

for (const threads of [1, 2]) {
  for (const causal of [false, true]) {
    for (const isLearning of [false, true]) {
      const name = `${causal ? "causal" : "full"}, ${isLearning ? "with gradients" : "forwards"}, ${
        threads === 1 ? "one thread" : `${threads} threads`
      }`;
      Deno.test(`the memory of attention beyond its inputs and output is linear in the length: ${name}`, () => {
        const bytes = LENGTHS.map((length) => beyond(length, causal, threads, isLearning));
        const steps = bytes.slice(1).map((more, i) => more - bytes[i]!);
        // What twice the length adds doubles with it if memory is linear, and grows fourfold if it is quadratic.
        for (const [i, step] of steps.slice(1).entries()) {
          assertLess(step, 2 * steps[i]! + 3 * 4096 * (threads + 8), `${bytes}`);
        }
        assert(bytes[3]! < 4 * H * LENGTHS[3] ** 2 / 20, `${bytes}: more than a twentieth of the scores`);
      });
    }
  }
}
