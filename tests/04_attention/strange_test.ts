/**
 * Attention at the ends of float32: scores that share a large offset, values that are large, and what is infinite or NaN
 * where nobody may look. The judge is double precision, on inputs that a float32 score holds exactly.
 */

import { assert, assertEquals } from "@std/assert";
import {
  type AttentionOptions,
  scaledDotProductAttention as attention,
} from "../../core/04_attention/scaled_dot_product.ts";
import { lengthMask, overKeys, windowMask } from "../../core/04_attention/masks.ts";
import { full, parameter, tensor, zeros } from "../../core/engine/create.ts";
import { withBackend } from "../../core/engine/device.ts";
import { withoutFusion } from "../../core/engine/fusable.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { build, Draws, HostArray, onEveryBackend, reference } from "../support.ts";

/** A way to be asked, with extents B, H, G, T, S, D and masks made of them. */
interface Way {
  readonly name: string;
  readonly extents: readonly [number, number, number, number, number, number];
  readonly options?: () => AttentionOptions;
  /** Keys that nobody may see. */
  readonly hidden?: readonly number[];
}

const ways: readonly Way[] = [
  { name: "one query", extents: [1, 1, 1, 1, 4, 1] },
  { name: "few queries, grouped", extents: [2, 4, 2, 3, 9, 4] },
  { name: "few queries, causal", extents: [1, 2, 1, 5, 12, 8], options: () => ({ causal: true }) },
  { name: "many queries", extents: [2, 2, 2, 20, 23, 5] },
  { name: "many queries, causal, grouped", extents: [1, 4, 2, 65, 65, 16], options: () => ({ causal: true }) },
  { name: "one query of many keys", extents: [1, 2, 2, 1, 300, 8] },
  { name: "a window", extents: [1, 2, 2, 17, 17, 4], options: () => ({ mask: windowMask(17, 17, { before: 3 }) }) },
  {
    name: "padded keys",
    extents: [2, 2, 1, 9, 12, 8],
    options: () => ({ mask: overKeys(lengthMask([7, 7], 12)) }),
    hidden: [7, 8, 11],
  },
  {
    name: "padded keys, one query",
    extents: [1, 4, 2, 1, 200, 8],
    options: () => ({ mask: overKeys(lengthMask([130], 200)) }),
    hidden: [130, 131, 199],
  },
  {
    name: "padded keys, causal",
    extents: [1, 2, 2, 40, 40, 20],
    options: () => ({ mask: overKeys(lengthMask([33], 40)), causal: true }),
    hidden: [33, 39],
  },
  {
    name: "a bias of −∞",
    extents: [1, 2, 2, 10, 6, 4],
    options: () => ({ bias: tensor([0, 1, -Infinity, 0, 2, -Infinity], [1, 6]) }),
    hidden: [2, 5],
  },
  {
    name: "a bias of −∞, few queries",
    extents: [1, 2, 1, 2, 6, 4],
    options: () => ({ bias: tensor([0, 1, -Infinity, 0, 2, -Infinity], [1, 6]) }),
    hidden: [2, 5],
  },
  {
    name: "more queries than keys, causal",
    extents: [1, 1, 1, 9, 4, 4],
    options: () => ({ causal: true, mask: overKeys(lengthMask([3], 4)) }),
    hidden: [3],
  },
  {
    name: "nothing allowed",
    extents: [1, 2, 2, 11, 5, 4],
    options: () => ({ mask: overKeys(lengthMask([0], 5)) }),
    hidden: [0, 1, 2, 3, 4],
  },
];

interface Run {
  readonly output: HostArray;
  readonly gradients: readonly HostArray[];
}

/** Output and gradients of the three inputs on the device at hand, the arriving gradient drawn. */
async function run(inputs: readonly HostArray[], options: AttentionOptions, fuse: boolean): Promise<Run> {
  const leaves = inputs.map(({ data, shape }) => parameter(tensor(data, shape))) as [Tensor, Tensor, Tensor];
  const call = (): Tensor => {
    const output = attention(...leaves, options);
    output.backward(new Draws(9).normal(...output.shape).tensor());
    return output.detach();
  };
  const output = fuse ? call() : withoutFusion(call);
  const numbers = [output, ...leaves.map(({ grad }) => grad!)].map(HostArray.of);
  const [first, ...gradients] = await Promise.all(numbers);
  return { output: first!, gradients };
}

function assertNear(found: Run, expected: Run, tolerance: number, what: string): void {
  const judges = [expected.output, ...expected.gradients];
  [found.output, ...found.gradients].forEach(({ data }, k) => {
    const judge = judges[k]!.data, size = Math.max(1, ...Array.from(judge, Math.abs));
    for (let i = 0; i < data.length; i++) {
      assert(
        Math.abs(data[i]! - judge[i]!) <= tolerance * size,
        `${what}, ${["output", "dQ", "dK", "dV"][k]}[${i}]: ${data[i]} instead of ${judge[i]}`,
      );
    }
  });
}

/** Queries, keys and values; the scores of queries and keys are multiples of 1/128 with `scale` 1/2. */
function drawn({ extents: [B, H, G, T, S, D] }: Way): HostArray[] {
  const draws = new Draws(4);
  const eighths = (...shape: number[]): HostArray => build(shape, () => Math.round(draws.next() * 16 - 8) / 8);
  return [eighths(B, H, T, D), eighths(B, G, S, D), draws.normal(B, G, S, D)];
}

onEveryBackend(
  "attention's gradient of the values is the weights, also where scores share a large offset",
  async () => {
    for (const offset of [-1e9, 1e9, -3e38]) {
      for (const [T, S] of [[1, 4], [9, 4], [1, 300]] as const) {
        const value = parameter(zeros([1, 1, S, 1]));
        const bias = full([1, S], offset);
        attention(zeros([1, 1, T, 1]), zeros([1, 1, S, 1]), value, { bias }).sum().backward();
        const found = await value.grad!.read();
        assert(found.every((x) => Math.abs(x - T / S) < 1e-6), `${offset}, ${T}, ${S}: ${found[0]}`);
      }
    }
  },
);

onEveryBackend("attention with an offset of all scores is attention without it, forwards and backwards", async () => {
  for (const way of ways) {
    const inputs = drawn(way), { bias, ...options } = way.options?.() ?? {};
    for (const offset of [-1e4, 1e4, 3e4]) {
      const shifted = full([1, way.extents[4]], offset), other = bias ? (bias as Tensor).add(shifted) : shifted;
      const expected = await withBackend(reference, () => {
        const { bias, ...options } = way.options?.() ?? {};
        return run(inputs, { ...options, ...(bias && { bias }), scale: 0.5 }, true);
      });
      for (const fuse of [true, false]) {
        const found = await run(inputs, { ...options, bias: other, scale: 0.5 }, fuse);
        // Sums of at most 300 products, each rounded once.
        assertNear(found, expected, 300 * 2 ** -24, `${way.name}, offset ${offset}`);
      }
    }
  }
});

onEveryBackend("nothing of a forbidden key reaches an output or a gradient, not even NaN", async () => {
  for (const way of ways.filter(({ hidden }) => hidden)) {
    const [B, , G, , S, D] = way.extents, clean = drawn(way);
    const options = (): AttentionOptions => ({ ...way.options?.(), scale: 0.5 });
    const expected = await withBackend(reference, () => run(clean, options(), true));
    for (const strange of [NaN, Infinity, -Infinity]) {
      const dirty = clean.map((x, i) =>
        i === 0
          ? x
          : build([B, G, S, D], (b, g, s, d) =>
            way.hidden!.includes(s!) && (d === 0 || i === 2) ? strange : x.at(b!, g!, s!, d!))
      );
      for (const fuse of [true, false]) {
        const found = await run(dirty, options(), fuse);
        assertNear(found, expected, 300 * 2 ** -24, `${way.name}, ${strange}, ${fuse}`);
      }
    }
  }
});

onEveryBackend("a query sees what is strange only where it may look", async () => {
  for (const T of [4, 30]) {
    const S = T, D = 12, draws = new Draws(3), q = draws.normal(1, 1, T, D), k = draws.normal(1, 1, S, D);
    const v = draws.normal(1, 1, S, D);
    // The last two values: NaN in column 1, ∞ in column 5.
    const dirty = build(
      [1, 1, S, D],
      (_, __, s, d) => s === S - 2 && d === 1 ? NaN : s === S - 1 && d === 5 ? Infinity : v.at(0, 0, s!, d!),
    );
    for (const options of [{ causal: true }, { mask: windowMask(T, S, { after: 0 }) }]) {
      const clean = await HostArray.of(attention(q.tensor(), k.tensor(), v.tensor(), options));
      const found = await HostArray.of(attention(q.tensor(), k.tensor(), dirty.tensor(), options));
      for (let t = 0; t < T; t++) {
        for (let d = 0; d < D; d++) {
          const strange = d === 1 && t >= S - 2 ? NaN : d === 5 && t === S - 1 ? Infinity : undefined;
          if (strange !== undefined) assertEquals(found.at(0, 0, t, d), strange, `${t}, ${d}`);
          else assert(Math.abs(found.at(0, 0, t, d) - clean.at(0, 0, t, d)) < 1e-5, `${t}, ${d}`);
        }
      }
    }
  }
});

onEveryBackend("texts packed into one row keep their NaN to themselves, forwards and backwards", async () => {
  for (const T of [6, 24]) {
    const D = 4, half = T / 2, draws = new Draws(7), clean = [0, 1, 2].map(() => draws.normal(1, 2, T, D));
    const dirty = clean.map((x) => build([1, 2, T, D], (b, h, t, d) => t === 1 ? NaN : x.at(b!, h!, t!, d!)));
    const mask = (): Tensor =>
      tensor(Array.from({ length: T * T }, (_, i) => Number((i % T < half) === (i < half * T))), [T, T]).notEqual(0);
    const expected = await withBackend(reference, () => run(clean, { mask: mask() }, true));
    for (const fuse of [true, false]) {
      const found = await run(dirty, { mask: mask() }, fuse);
      [found.output, ...found.gradients].forEach((x, k) => {
        const judge = [expected.output, ...expected.gradients][k]!;
        for (let h = 0; h < 2; h++) {
          for (let t = half; t < T; t++) {
            for (let d = 0; d < D; d++) {
              assert(
                Math.abs(x.at(0, h, t, d) - judge.at(0, h, t, d)) < 1e-5,
                `${k}: ${h}, ${t}, ${d}: ${x.at(0, h, t, d)}`,
              );
            }
          }
        }
      });
    }
  }
});

onEveryBackend("an average of large values is finite, where their sum would not be", async () => {
  for (const [T, S] of [[1, 4], [9, 4], [1, 300], [20, 300]] as const) {
    const values = full([1, 1, S, 2], 3e38);
    const found = await attention(zeros([1, 1, T, 2]), zeros([1, 1, S, 2]), values).read();
    assert(found.every((x) => Math.abs(x / 3e38 - 1) < 1e-5), `${T}, ${S}: ${found[0]}`);
  }
});

onEveryBackend(
  "the lowest finite number as a bias hides a key beside others, and shifts them all if all have it",
  async () => {
    const lowest = -3.4028234663852886e38, value = tensor([1, 2, 3, 4], [1, 1, 4, 1]);
    for (const T of [1, 9]) {
      const ask = async (bias: number[]): Promise<number> =>
        (await attention(zeros([1, 1, T, 1]), zeros([1, 1, 4, 1]), value, { bias: tensor(bias, [1, 4]) }).read())[0]!;
      assertEquals(await ask([0, lowest, lowest, 0]), 2.5);
      assertEquals(await ask([lowest, lowest, lowest, lowest]), 2.5);
    }
  },
);
