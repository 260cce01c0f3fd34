/** Weights in levels: what a device keeps of them, multiplies by them and looks up, against the definition. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import type { LevelForm, Levels } from "../../core/engine/backend.ts";
import { backend, withBackend } from "../../core/engine/device.ts";
import { withoutFusion } from "../../core/engine/fusable.ts";
import { pack, quantize } from "../../core/engine/inference.ts";
import { Linear } from "../../core/engine/linear.ts";
import { levelNumbers, type LevelSource, packLevels } from "../../core/engine/levels.ts";
import { roundRows } from "../../core/engine/packed.ts";
import { Random } from "../../core/engine/random.ts";
import { tensor } from "../../core/engine/create.ts";

import { createWasmDevice } from "../../wasm/mod.ts";
import { assertClose, Draws, onEveryBackend } from "../support.ts";

const forms: readonly LevelForm[] = [
  { bits: 4, block: 32, least: false },
  { bits: 4, block: 32, least: true },
  { bits: 7, block: 32, least: false },
  { bits: 7, block: 32, least: true },
  { bits: 7, block: 16, least: false },
  { bits: 8, block: 32, least: false },
  { bits: 8, block: 16, least: true },
];

/** Random levels, all of them among the first, and steps of both signs. */
function source(form: LevelForm, N: number, K: number): LevelSource {
  const random = new Random(N + K), most = 2 ** form.bits, count = N * K / form.block;
  const levels = Uint8Array.from({ length: N * K }, (_, i) => i < most ? i : Math.floor(random.next() * most));
  const numbers = (): Float32Array => Float32Array.from({ length: count }, () => random.next() - 0.4);
  const all: Levels = { levels, steps: numbers(), ...(form.least && { leasts: numbers() }) };
  const rows = (from: number, n: number): Levels => {
    const part = (x: Float32Array): Float32Array => x.slice(from * K / form.block, (from + n) * K / form.block);
    const { leasts } = all;
    return {
      levels: levels.slice(from * K, (from + n) * K),
      steps: part(all.steps),
      ...(leasts && { leasts: part(leasts) }),
    };
  };
  return { format: "some", form, shape: [N, K], rows };
}

for (const form of forms) {
  const name = `levels of ${form.bits} bits in blocks of ${form.block}${form.least ? " with a least weight" : ""}`;

  onEveryBackend(`${name} are kept as they come`, async () => {
    for (const [N, K] of [[1, 32], [9, 64], [40, 96], [2050, 32]] as const) {
      const given = source(form, N, K), numbers = levelNumbers(form, given.rows(0, N));
      const matrix = packLevels(given, false, backend()),
        table = packLevels(given, true, backend());
      assertEquals([matrix.shape, table.shape, table.format], [[K, N], [N, K], "some"]);
      assertEquals(Float32Array.from(await table.read()), numbers);
      await assertClose(matrix.unpack().transpose(), tensor(numbers, [N, K]), { rtol: 0, atol: 0 });
      const ids = [N - 1, 0, N >> 1];
      const expected = ids.flatMap((id) => [...numbers.subarray(id * K, id * K + K)]);
      assertEquals([...Float32Array.from(await table.rows(tensor(Int32Array.from(ids))).read())], expected);
    }
  });

  onEveryBackend(`${name} are multiplied as their definition says`, async () => {
    for (const [N, K] of [[1, 32], [9, 64], [40, 96], [17, 160]] as const) {
      const given = source(form, N, K), packed = packLevels(given, false, backend());
      const numbers = tensor(levelNumbers(form, given.rows(0, N)), [N, K]);
      for (const rows of [1, 2, 3, 4, 5, 8, 33]) {
        const draws = new Draws(rows), x = draws.normal(rows, K).tensor(), bias = draws.normal(N).tensor();
        const expected = roundRows(x, form.block).matmul(numbers.transpose()).add(bias);
        // Integers agree exactly. Levels of eight bits and steps up to 0.6 make numbers up to 80.
        const closeness = { rtol: 1e-5, atol: 2 ** form.bits * 3e-8 * K };
        await assertClose(packed.multiply(x, bias), expected, closeness);
        await assertClose(withoutFusion(() => packed.multiply(x, bias)), expected, closeness);
      }
    }
  });

  Deno.test(`${name} give a row the same bits alone, among others, on any number of threads`, async () => {
    const N = 300, K = 320, most = 11, given = source(form, N, K);
    const product = (options: Parameters<typeof createWasmDevice>[0], rows: number): Promise<unknown> => {
      const device = createWasmDevice(options);
      return withBackend(device, () => {
        const x = new Draws(4).normal(most, K).tensor().slice(0, most - rows);
        return packLevels(given, false, device).multiply(x).read();
      });
    };
    const all = await product({ threads: 1 }, most) as Float32Array;
    assertEquals(await product({ threads: 3 }, most), all);
    assertEquals(await product({ shared: false }, most), all);
    for (const rows of [1, 2, 3, 4, 7]) assertEquals(await product({ threads: 1 }, rows), all.slice((most - rows) * N));
    await assertClose(await product({ relaxed: false }, most) as Float32Array, all, { rtol: 1e-4, atol: 1e-2 });
  });
}

Deno.test("levels of a file are neither rounded again nor trained, and packing leaves them", () => {
  const form = forms[1]!, layer = new Linear(64, 8, new Random(1), { bias: false });
  layer.weight.replace(packLevels(source(form, 8, 64), false, backend()));
  assert(pack(layer).weight.format === "some");
  assertThrows(() => quantize(layer, "int8"), TypeError, "they are in some");
  assertThrows(() => layer.train(), TypeError, "packed weights");
  const { form: kept } = layer.weight;
  assertThrows(
    () => kept.assign(tensor(new Float32Array(512), [64, 8])),
    TypeError,
    "they stay as their file has them",
  );
});

Deno.test("what is no matrix in levels is refused", () => {
  const good = source(forms[0]!, 8, 64), device = backend();
  const attempts: [LevelSource, string][] = [
    [{ ...good, shape: [8, 63] }, "rows must be whole blocks of 32"],
    [{ ...good, form: { bits: 5, block: 32, least: false } as unknown as LevelForm }, "form"],
    [{ ...good, form: { bits: 4, block: 16, least: false } }, "form"],
    [{ ...good, rows: undefined as unknown as LevelSource["rows"] }, "rows"],
  ];
  for (const [given, message] of attempts) {
    assertThrows(() => packLevels(given, false, device), TypeError, message);
  }
});
