/**
 * What is particular to attention and rotary positions on the GPU: tiles, parts of the keys, views read in place.
 *
 * The truth is the definition on the reference device.
 */

import { assert, assertEquals } from "@std/assert";
import { applyRotary } from "../../core/04_attention/positions/mod.ts";
import { scaledDotProductAttention } from "../../core/04_attention/scaled_dot_product.ts";
import type { Backend, View } from "../../core/engine/backend.ts";
import { withBackend } from "../../core/engine/device.ts";
import { withoutFusion } from "../../core/engine/fusable.ts";
import { parameter } from "../../core/engine/create.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { runtimeOf } from "../../gpu/runtime.ts";
import { assertClose, build, type Closeness, Draws, HostArray, reference } from "../support.ts";
import { numbers, onGpu, runFused, upload } from "./support.ts";

/** A call of attention; mask and bias by their shapes. */
interface Call {
  readonly B?: number;
  readonly H?: number;
  readonly G?: number;
  readonly T: number;
  readonly S?: number;
  readonly D: number;
  readonly causal?: boolean;
  readonly mask?: readonly number[];
  readonly bias?: readonly number[];
  /** Share of pairs that a mask allows; 0.7 by default. */
  readonly allowed?: number;
  /** Whether query, key and value are cut out of longer and wider tensors. */
  readonly views?: boolean;
  /** Which gradients are wanted; all by default, none where empty. */
  readonly wanted?: readonly number[];
  readonly closeness?: Closeness;
}

/** `[B, H, T, D]` as part of `[B, T + 3, 2, H, D]`: the tensor and where the part lies in it. */
function cut(
  { shape, data }: HostArray,
): { readonly whole: HostArray; readonly strides: number[]; readonly offset: number } {
  const [B, H, T, D] = shape as [number, number, number, number];
  const whole = build(
    [B, T + 3, 2, H, D],
    (b, t, part, h, d) => part === 1 && t! > 0 && t! <= T ? data[((b! * H + h!) * T + t! - 1) * D + d!]! : 1e3,
  );
  return { whole, strides: [(T + 3) * 2 * H * D, D, 2 * H * D, 1], offset: 2 * H * D + H * D };
}

/** What goes in, the same on every device. */
function drawn({ B = 2, H = 2, G = H, T, S = T, D, mask, bias, allowed = 0.7 }: Call): {
  readonly inputs: readonly (HostArray | undefined)[];
  readonly gradient: HostArray;
} {
  const draws = new Draws(T * 31 + S * 7 + D);
  const inputs = [draws.normal(B, H, T, D), draws.normal(B, G, S, D), draws.normal(B, G, S, D)];
  const gradient = draws.normal(B, H, T, D);
  return { inputs: [...inputs, mask && draws.booleans(allowed, ...mask), bias && draws.normal(...bias)], gradient };
}

/** Value and gradients by the definition. */
async function defined(call: Call): Promise<readonly (HostArray | undefined)[]> {
  const { inputs, gradient } = drawn(call);
  return await withBackend(reference, async () => {
    const leaves = inputs.map((x) => x && (x.dtype === "float32" ? parameter(x.tensor()) : x.tensor()));
    const [query, key, value, mask, bias] = leaves as [Tensor, Tensor, Tensor, Tensor?, Tensor?];
    const output = withoutFusion(() =>
      scaledDotProductAttention(query, key, value, { mask, bias, causal: call.causal })
    );
    output.backward(gradient.tensor());
    return await Promise.all([output.detach(), ...leaves.map((x) => x?.grad)].map((x) => x && HostArray.of(x)));
  });
}

async function check(device: Backend, call: Call): Promise<void> {
  const { inputs, gradient } = drawn(call), { causal = false, D, closeness = { rtol: 1e-4, atol: 2e-5 } } = call;
  const place = (x: HostArray): View => {
    if (!call.views) return upload(device, x);
    const { whole, strides, offset } = cut(x);
    return { buffer: device.upload(whole.data, "float32"), dtype: "float32", shape: x.shape, strides, offset };
  };
  const views = inputs.map((x, i) => x && (i < 3 ? place(x) : upload(device, x, 3))), dO = place(gradient);
  const attributes = { causal, scale: 1 / Math.sqrt(D) };
  const wanted = inputs.map((x, i) => x?.dtype === "float32" && (call.wanted?.includes(i) ?? true));
  const found = await runFused(device, "attention", views, attributes, wanted.includes(true) ? dO : undefined, wanted);
  const [value, ...gradients] = await defined(call);
  await assertClose(found.value, value!, closeness);
  for (const [i, one] of gradients.entries()) {
    if (wanted[i]) await assertClose(found.gradients[i]!, one!, closeness);
    else assert(found.gradients[i] === undefined);
  }
  for (const view of [...views, dO]) if (view) device.release(view.buffer);
}

/** Registers a test with a step per call. */
function calls(name: string, list: readonly Call[]): void {
  onGpu(name, async (device, t) => {
    for (const call of list) await t.step(JSON.stringify(call), () => check(device, call));
  });
}

calls(
  "attention of every length and width equals its definition, forwards and backwards",
  [
    ...[1, 15, 16, 17, 31, 32, 33, 63, 64, 65].flatMap((T) => [16, 3].map((D) => ({ T, D, causal: D === 16 }))),
    ...[1, 3, 16, 64, 80, 128].map((D) => ({ T: 37, S: 45, D, causal: true })),
    { B: 1, H: 1, T: 1000, D: 4, causal: true },
    { B: 1, H: 1, T: 1000, D: 1 },
    { B: 1, H: 1, T: 20, S: 33, D: 260 },
  ],
);

calls(
  "attention of a few queries over keys in parts equals its definition",
  [1, 3].flatMap((T) =>
    [1, 17, 2000].flatMap((S) => [
      { B: 1, H: 2, T, S, D: 16, causal: true, wanted: [] },
      { B: 1, H: 8, G: 2, T, S, D: 20, causal: true, views: true, wanted: [] },
    ])
  ).concat([
    { B: 1, H: 2, T: 1, S: 700, D: 64, causal: true, wanted: [] },
    { B: 1, H: 2, T: 3, S: 300, D: 15, causal: false, wanted: [] },
    { B: 1, H: 1, T: 2, S: 300, D: 256, causal: true, wanted: [] },
    { B: 1, H: 1, T: 1, S: 200, D: 1, causal: false, wanted: [] },
  ]),
);

calls("attention of many queries over keys in parts equals its definition", [
  { B: 1, H: 1, T: 40, S: 600, D: 16, causal: true },
  { B: 1, H: 2, G: 1, T: 20, S: 300, D: 64, causal: true, views: true },
  { B: 1, H: 1, T: 300, S: 290, D: 16, causal: true },
  { B: 1, H: 4, G: 1, T: 100, S: 40, D: 72, mask: [100, 40] },
]);

calls("attention of grouped heads equals its definition, forwards and backwards", [
  { H: 6, G: 2, T: 9, D: 16, causal: true },
  { H: 6, G: 2, T: 45, D: 16, causal: true, views: true },
  { H: 4, G: 1, T: 65, S: 70, D: 20 },
  { H: 4, G: 2, T: 1, S: 33, D: 64, causal: true },
]);

calls("attention reads views in place, aligned to vectors or not", [
  { T: 33, D: 16, views: true, causal: true },
  { T: 33, D: 15, views: true },
  { H: 1, T: 5, S: 40, D: 64, views: true, mask: [2, 1, 1, 40] },
]);

calls(
  "attention under masks and with biases equals its definition, forwards and backwards",
  [3, 40].flatMap((T) => [
    { T, S: 35, D: 16, mask: [35] },
    { T, S: 35, D: 16, mask: [T, 1], causal: true },
    { T, S: 35, D: 16, mask: [2, 2, T, 35], allowed: 0.02 },
    { T, S: 35, D: 16, mask: [2, 1, 1, 35], bias: [2, T, 35] },
    { T, S: 35, D: 16, bias: [2, 2, T, 35], causal: true },
    { T, S: 35, D: 16, bias: [T, 35] },
    { H: 4, G: 2, T, S: 35, D: 16, bias: [2, 1, T, 35] },
    { T, S: 35, D: 16, mask: [T, 35], bias: [2, 1, 1, 35], wanted: [0, 1, 2] },
  ]),
);

calls("attention yields the gradients that are wanted and no others", [
  { T: 9, D: 16, wanted: [0] },
  { T: 9, D: 16, wanted: [1] },
  { T: 9, D: 16, wanted: [2] },
  { T: 9, D: 16, bias: [9, 9], wanted: [4] },
]);

onGpu("attention leaves the gradient of a bias that repeats along queries to the definition", (device) => {
  const { inputs, gradient } = drawn({ T: 5, D: 4, bias: [1, 5] });
  const views = inputs.map((x) => x && upload(device, x)), dO = upload(device, gradient);
  const attributes = { causal: false, scale: 1 }, outputs = device.fused.forward.attention!(views, attributes)!;
  const wanted = [true, true, true, false, true];
  assertEquals(device.fused.backward.attention!(views, outputs, dO, wanted, attributes), undefined);
  for (const view of [...views, dO, ...outputs]) if (view) device.release(view.buffer);
});

onGpu("attention yields zeros and zero gradients where nothing is allowed", async (device) => {
  // T = 3 takes the way of few queries, 40 that of tiles, and both in parts of the keys.
  for (const [T, S] of [[3, 9], [3, 900], [40, 50], [40, 900]] as const) {
    const draws = new Draws(T), [B, H, D] = [1, 2, 8];
    const forbidden = build([T, S], (t, s) => t === 2 || s! % 2 === 0 ? 0 : 1, "bool");
    const bias = build([T, S], (t) => t === 1 ? -Infinity : 0);
    const arrays = [draws.normal(B, H, T, D), draws.normal(B, H, S, D), draws.normal(B, H, S, D), forbidden, bias];
    const views = arrays.map((x) => upload(device, x)), gradient = upload(device, draws.normal(B, H, T, D));
    const { value, gradients } = await runFused(device, "attention", views, { causal: false, scale: 1 }, gradient);
    const rows = (x: HostArray, t: number): number[] => [...x.data.slice(t * D, (t + 1) * D)];
    for (const t of [1, 2]) {
      assert(rows(value, t).every((x) => x === 0), `output, T = ${T}, S = ${S}`);
      assert(rows(gradients[0]!, t).every((x) => x === 0), `gradient, T = ${T}, S = ${S}`);
    }
    for (const x of [value, ...gradients]) assert(x === undefined || [...x.data].every(Number.isFinite));
    for (const view of [...views, gradient]) device.release(view.buffer);
  }
});

onGpu("attention does not let a key that is not seen change a bit", async (device) => {
  for (const [T, S] of [[2, 70], [40, 70]] as const) {
    const { inputs } = drawn({ T, S, D: 16 }), attributes = { causal: true, scale: 1 };
    const [query, key, value] = inputs as [HostArray, HostArray, HostArray];
    const changed = (x: HostArray): HostArray =>
      build(x.shape, (b, h, s, d) => s! === S - 1 ? 50 : x.at(b!, h!, s!, d!));
    const results = [];
    for (const [k, v] of [[key, value], [changed(key), changed(value)]] as const) {
      const views = [query, k, v].map((x) => upload(device, x));
      results.push((await runFused(device, "attention", views, attributes)).value);
      for (const view of views) device.release(view.buffer);
    }
    const past = ({ data }: HostArray): number[] => [...data].filter((_, i) => Math.floor(i / 16) % T !== T - 1);
    assertEquals(past(results[0]!), past(results[1]!));
  }
});

onGpu("attention lets a number that is none through, and keeps large scores exact", async (device) => {
  for (const T of [1, 40]) {
    const { inputs } = drawn({ B: 1, H: 1, T, S: 40, D: 4 });
    const [query, key, value] = inputs as [HostArray, HostArray, HostArray];
    const poisoned = build(key.shape, (_, h, s, d) => s === 7 ? NaN : key.at(0, h!, s!, d!));
    const huge = build(query.shape, (_, h, t, d) => 1e18 * query.at(0, h!, t!, d!));
    for (const [q, k, fine] of [[query, poisoned, false], [huge, key, true]] as const) {
      const views = [q, k, value].map((x) => upload(device, x));
      const { value: output } = await runFused(device, "attention", views, { causal: false, scale: 1 });
      assert([...output.data].every((x) => fine ? Number.isFinite(x) : Number.isNaN(x)), `T = ${T}, finite ${fine}`);
      for (const view of views) device.release(view.buffer);
    }
  }
});

onGpu("attention cuts the keys of one token into parts", async (device) => {
  const draws = new Draws(1), [H, S, D] = [4, 8192, 16];
  const views = [draws.normal(1, H, 1, D), draws.normal(1, H, S, D), draws.normal(1, H, S, D)]
    .map((x) => upload(device, x));
  const { queue } = runtimeOf(device), before = queue.dispatches;
  const outputs = device.fused.forward.attention!(views, { causal: true, scale: 0.25 })!;
  assertEquals(queue.dispatches - before, 2);
  const { data } = await numbers(device, outputs[0]);
  assert(data.every(Number.isFinite));
  for (const view of [...views, ...outputs]) device.release(view.buffer);
});

onGpu("attention of more workgroups than fit one axis of a dispatch", async (device) => {
  const values = build([66_000, 1, 1, 1], (b) => b!), one = upload(device, new HostArray(Float64Array.of(1), [1]));
  const views = [{ ...one, shape: values.shape, strides: [0, 0, 0, 0] }, upload(device, values)] as const;
  const inputs = [views[0], views[0], views[1]];
  const { value } = await runFused(device, "attention", inputs, { causal: true, scale: 1 });
  await assertClose(value, values, { tolerance: 0 });
  for (const { buffer } of views) device.release(buffer);
});

onGpu("attention of nothing is nothing", async (device) => {
  const empty = { T: 0, S: 4, D: 8 };
  await check(device, empty);
  await check(device, { ...empty, B: 0, T: 3 });
  const query = upload(device, new Draws(1).normal(1, 2, 3, 4));
  const none = upload(device, new HostArray(new Float64Array(0), [1, 2, 0, 4]));
  const { value, gradients } = await runFused(
    device,
    "attention",
    [query, none, none],
    { causal: true, scale: 1 },
    query,
  );
  for (const x of [value, gradients[0]!]) assert(x.data.every((y) => y === 0));
  assertEquals(gradients[1]!.shape, [1, 2, 0, 4]);
  for (const { buffer } of [query, none]) device.release(buffer);
});

onGpu("rotary positions equal their definition in both pairings, forwards and backwards", async (device) => {
  for (const [B, H, T, D] of [[1, 1, 1, 2], [2, 3, 5, 6], [2, 2, 65, 16], [1, 4, 1, 64], [1, 2, 0, 4]] as const) {
    for (const interleaved of [false, true]) {
      for (const views of [false, true]) {
        const draws = new Draws(T + D);
        const [x, gradient] = [draws.normal(B, H, T, D), draws.normal(B, H, T, D)];
        // The tables of a generator: rows from the middle of longer ones.
        const tables = [draws.normal(T + 9, D / 2), draws.normal(T + 9, D / 2)];
        const expected = await withBackend(reference, async () => {
          const leaf = parameter(x.tensor());
          const [cosine, sine] = tables.map((table) => table.tensor().slice(0, 4, T + 4));
          const y = withoutFusion(() => applyRotary(leaf, cosine!, sine!, { interleaved }));
          y.backward(gradient.tensor());
          return await Promise.all([y.detach(), leaf.grad!].map(HostArray.of));
        });
        const place = (array: HostArray): View => {
          if (!views) return upload(device, array);
          const { whole, strides, offset } = cut(array);
          return {
            buffer: device.upload(whole.data, "float32"),
            dtype: "float32",
            shape: array.shape,
            strides,
            offset,
          };
        };
        const [cosine, sine] = tables.map((table): View => {
          const view = upload(device, table);
          return { ...view, shape: [T, D / 2], offset: 4 * (D / 2) };
        });
        const source = place(x), dY = place(gradient), inputs = [source, cosine, sine];
        const { value, gradients } = await runFused(device, "rotary", inputs, { interleaved }, dY, [
          true,
          false,
          false,
        ]);
        await assertClose(value, expected[0]!, { rtol: 1e-6, atol: 1e-6 });
        await assertClose(gradients[0]!, expected[1]!, { rtol: 1e-6, atol: 1e-6 });
        for (const view of [source, cosine!, sine!, dY]) device.release(view.buffer);
      }
    }
  }
});
