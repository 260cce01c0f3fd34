/** Each device against the reference device, on every case of the table. */

import { assert, assertEquals } from "@std/assert";
import { noGrad } from "../../core/engine/autograd.ts";
import type { Backend } from "../../core/engine/backend.ts";
import { withBackend } from "../../core/engine/device.ts";
import { ARITHMETIC, COMPARISON, REDUCTION, UNARY } from "../../core/engine/operations.ts";
import { createReferenceDevice } from "../../core/engine/reference.ts";
import { release, scope } from "../../core/engine/scope.ts";
import { parameter } from "../../core/engine/create.ts";
import { type Case, cases } from "../cases.ts";
import { assertClose, type Closeness, devices, Draws, HostArray, reference } from "../support.ts";

/** What is promised of every float32 device, where a case does not promise more. */
const usual: Closeness = { rtol: 1e-4, atol: 1e-5 };

/** The value of a case on a device, and the gradient of each float32 input, if there is one. */
async function evaluate(device: Backend, { inputs, run, differentiable = true }: Case): Promise<HostArray[]> {
  return await withBackend(device, async () => {
    const draws = new Draws(1);
    const [value, ...gradients] = scope(() => {
      const leaves = inputs(draws).map((x) =>
        x.dtype === "float32" && differentiable ? parameter(x.tensor()) : x.tensor()
      );
      const result = run(...leaves);
      if (result.requiresGrad) result.backward(draws.normal(...result.shape).tensor());
      const found = [noGrad(() => result.clone()), ...leaves.flatMap((leaf) => leaf.grad ?? [])];
      for (const leaf of leaves) release(leaf);
      return found;
    });
    const numbers = await Promise.all([value!, ...gradients].map(HostArray.of));
    for (const tensor of [value!, ...gradients]) release(tensor);
    return numbers;
  });
}

Deno.test("cases have names of their own", () => {
  const names = cases.map(({ name }) => name);
  assertEquals(names.filter((name, i) => names.indexOf(name) !== i), []);
});

/** Every operation of a device, with the dtype of its argument, that running the table's rows asks for. */
function askedFor(): Set<string> {
  const asked = new Set<string>(), plain = createReferenceDevice();
  const watched = new Proxy(plain, {
    get: (target, member) => {
      const value = Reflect.get(target, member, target);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        const [first, second] = args as [unknown, { readonly dtype?: string } | undefined];
        asked.add(typeof first === "string" && second?.dtype ? `${first} ${second.dtype}` : String(member));
        return value.apply(target, args);
      };
    },
  });
  withBackend(watched, () => {
    for (const { inputs, run } of cases) scope(() => void run(...inputs(new Draws(1)).map((x) => x.tensor())));
  });
  return asked;
}

Deno.test("every operation of a device has a row in the table", () => {
  const asked = askedFor();
  const both = Object.keys({ ...ARITHMETIC, ...COMPARISON, ...REDUCTION });
  const operations = [
    ...Object.keys(UNARY).map((op) => `${op} float32`),
    // A tensor refuses powers of integers; tests/engine/reference_test.ts asks the device.
    ...both.flatMap((op) => op === "pow" ? [`${op} float32`] : [`${op} float32`, `${op} int32`]),
    ...["allocate", "copy", "select", "matmul", "gather", "scatterAdd", "argsort"],
  ];
  assertEquals(operations.filter((operation) => !asked.has(operation)), []);
});

for (const device of devices) {
  if (device.backend === reference) continue;
  Deno.test({
    name: `${device.name} agrees with the reference device on every case`,
    ignore: device.backend === undefined,
    fn: async (t) => {
      const backend = device.backend!;
      const before = backend.memory();
      for (const entry of cases) {
        await t.step(entry.name, async () => {
          const [expected, ...derivatives] = await evaluate(reference, entry);
          const [actual, ...gradients] = await evaluate(backend, entry);
          assertEquals(actual!.dtype, expected!.dtype);
          const exact = expected!.dtype !== "float32";
          await assertClose(actual!, expected!, exact ? { tolerance: 0 } : entry.closeness ?? usual);
          assertEquals(gradients.length, derivatives.length);
          // Where hundreds of terms meet in one gradient, their rounding meets there too.
          const summed = entry.flops ? { rtol: 1e-4, atol: 1e-3 } : usual;
          for (const [i, gradient] of gradients.entries()) await assertClose(gradient, derivatives[i]!, summed);
        });
      }
      // Constants that the engine keeps for later are all that may remain.
      const grown = backend.memory().buffers - before.buffers;
      assert(grown < 100, `${grown} buffers were left behind`);
    },
  });
}
