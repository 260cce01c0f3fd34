import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Attributes, Backend } from "../../core/engine/backend.ts";
import { withBackend } from "../../core/engine/device.ts";
import { fusable, fusableUpdate } from "../../core/engine/fusable.ts";
import { lowerTriangle, parameter, tensor } from "../../core/engine/create.ts";
import { gather } from "../../core/engine/indexing.ts";
import { concat } from "../../core/engine/joining.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { Random } from "../../core/engine/random.ts";
import { createWasmDevice } from "../../wasm/mod.ts";
import { Draws, reference } from "../support.ts";
import { twoThreads } from "./support.ts";

/** Unit roundoff of float32. */
const EPSILON = 2 ** -24;

const shared = await twoThreads();

const devices: readonly (readonly [string, Backend])[] = [
  ["fused multiply-adds", createWasmDevice({ threads: 1, relaxed: true })],
  ["no fused multiply-adds", createWasmDevice({ threads: 1, relaxed: false })],
];

/** One use of a kernel: what goes in, what comes out by definition, and how exact it must be. */
interface Case {
  readonly name: string;
  readonly kernel: string;
  readonly attributes?: Attributes;
  /** Fresh inputs on the current device; the same numbers each time. */
  readonly inputs: () => (Tensor | undefined)[];
  /** Which inputs are differentiated; all floats by default. */
  readonly wanted?: readonly number[];
  readonly definition: (...inputs: Tensor[]) => Tensor;
  /** Multiple of the unit roundoff allowed, relative to the largest magnitude of the value, and for a gradient at least 1. */
  readonly tolerance: number;
}

/** Value and gradients of a case on one device. */
async function evaluate(
  device: Backend,
  { kernel, attributes = {}, inputs, wanted, definition }: Case,
  fused: boolean,
): Promise<Float64Array[]> {
  const results = withBackend(device, () => {
    const leaves = inputs().map((x, i) => {
      const differentiate = x?.dtype === "float32" && (wanted ? wanted.includes(i) : true);
      return x && (differentiate ? viewOfParameter(x) : { leaf: undefined, x });
    });
    const xs = leaves.map((leaf) => leaf?.x);
    const y = fused
      ? fusable(kernel, xs, attributes, () => {
        throw new Error(`The kernel ${kernel} declines`);
      })
      : definition(...xs as Tensor[]);
    const weights = new Draws(99).normal(...y.shape).tensor();
    y.mul(weights).sum().backward();
    return [y.detach(), ...leaves.map((leaf) => leaf?.leaf?.grad)];
  });
  return await Promise.all(
    results.filter((x) => x !== undefined).map(async (x) =>
      Float64Array.from(await withBackend(device, () => x.read()))
    ),
  );
}

/** A leaf whose view with the same strides is differentiated: the kernel sees the view. */
function viewOfParameter(x: Tensor): { leaf: Tensor; x: Tensor } {
  const leaf = parameter(x);
  return { leaf, x: leaf };
}

function compare(actual: readonly Float64Array[], expected: readonly Float64Array[], tolerance: number): void {
  assertEquals(actual.length, expected.length);
  actual.forEach((values, k) => {
    const judge = expected[k]!;
    assertEquals(values.length, judge.length);
    const size = judge.reduce((most, x) => Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most, 0);
    // Terms of a gradient are of size 1 and may cancel.
    const allowed = tolerance * EPSILON * Math.max(size, k === 0 ? 1e-30 : 1);
    judge.forEach((x, i) => {
      if (Object.is(values[i], x) || values[i] === x) return;
      const error = Math.abs(values[i]! - x);
      assert(
        error <= allowed,
        `result ${k}, element ${i}: ${values[i]} instead of ${x}, ${error * tolerance / allowed} ε`,
      );
    });
  });
}

const LENGTHS = [1, 3, 4, 7, 15, 16, 17, 63, 64, 65, 1000];
const cases: Case[] = [];

// ## Rows

const softmaxOf = (x: Tensor) => {
  const exponentials = x.sub(x.detach().max(-1, { keepDims: true }).maximum(-1e38)).exp();
  return exponentials.div(exponentials.sum(-1, { keepDims: true }).maximum(0.5));
};
const logSoftmaxOf = (x: Tensor) => {
  const shifted = x.sub(x.detach().max(-1, { keepDims: true }).maximum(-1e38));
  return shifted.sub(shifted.exp().sum(-1, { keepDims: true }).maximum(0.5).log());
};

for (const V of LENGTHS) {
  for (const scale of [3, 1e4]) {
    const inputs = () => [new Draws(V).uniform(-scale, scale, 5, V).tensor()];
    cases.push({
      name: `${V} scores up to ±${scale}`,
      kernel: "softmax",
      inputs,
      definition: softmaxOf,
      tolerance: 16,
    });
    cases.push({
      name: `${V} scores up to ±${scale}`,
      kernel: "logSoftmax",
      inputs,
      definition: logSoftmaxOf,
      tolerance: 16,
    });
  }
}
cases.push({
  name: "rows along the first axis",
  kernel: "softmax",
  inputs: () => [new Draws(1).normal(17, 5).tensor().transpose(0, 1)],
  definition: softmaxOf,
  tolerance: 16,
});

for (const V of LENGTHS) {
  for (const labelSmoothing of [0, 0.1]) {
    for (const scale of [3, 1e4]) {
      cases.push({
        name: `${V} classes, smoothing ${labelSmoothing}, logits up to ±${scale}`,
        kernel: "crossEntropy",
        attributes: { ignoreIndex: -100, labelSmoothing },
        inputs: () => {
          const draws = new Draws(V);
          const targets = Array.from(draws.integers(0, V, 6).data, (id, i) => i === 2 ? -100 : id);
          return [draws.uniform(-scale, scale, 6, V).tensor(), tensor(targets, [6], "int32")];
        },
        definition: (logits, targets) => {
          const valid = targets.notEqual(-100);
          const safe = targets.where(valid, 0);
          const logs = logSoftmaxOf(logits);
          const surprise = gather(logs, 1, safe.unsqueeze(1)).squeeze(1).neg();
          return surprise.mul(1 - labelSmoothing).add(logs.mean(1).mul(-labelSmoothing)).where(valid, 0);
        },
        tolerance: 32,
      });
    }
  }
}

for (const E of LENGTHS) {
  for (const rows of [1, 6, 300]) {
    if (rows === 300 && E > 65) continue;
    const draws = () => new Draws(E + rows);
    const affine = (x: Tensor, centred: boolean, gain?: Tensor, bias?: Tensor) => {
      const rest = centred ? x.sub(x.mean(-1, { keepDims: true })) : x;
      let y = rest.div(rest.square().mean(-1, { keepDims: true }).add(1e-5).sqrt());
      if (gain) y = y.mul(gain);
      return bias ? y.add(bias) : y;
    };
    // A row of one or few elements cancels to almost nothing; its gradient is judged by the sums it comes from.
    const tolerance = E < 15 ? 4e4 : 400;
    for (const [vectors, count] of [["gain and bias", 2], ["gain", 1], ["neither", 0]] as const) {
      const inputs = () => {
        const d = draws();
        const all = [d.normal(2, rows / 2 || 1, E).tensor(), d.normal(E).tensor(), d.normal(E).tensor()];
        return [rows === 1 ? all[0]!.at(0, 0) : all[0], ...all.slice(1, 1 + count)];
      };
      if (rows === 1) continue;
      cases.push({
        name: `${rows} rows of ${E}, ${vectors}`,
        kernel: "layerNorm",
        attributes: { epsilon: 1e-5 },
        inputs,
        definition: (x, gain, bias) => affine(x, true, gain, bias),
        tolerance,
      });
      if (count === 2) continue;
      cases.push({
        name: `${rows} rows of ${E}, ${vectors}`,
        kernel: "rmsNorm",
        attributes: { epsilon: 1e-5 },
        inputs,
        definition: (x, gain) => affine(x, false, gain),
        tolerance,
      });
    }
  }
}

// ## Element by element

for (const n of [1, 3, 15, 16, 17, 1000, 1025, 5000]) {
  const inputs = () => [new Draws(n).uniform(-6, 6, n).tensor()];
  const tanhForm = (x: Tensor) =>
    x.mul(0.5).mul(x.add(x.pow(3).mul(0.044715)).mul(Math.sqrt(2 / Math.PI)).tanh().add(1));
  const name = `${n} elements`;
  cases.push(
    { name, kernel: "relu", inputs, definition: (x) => x.maximum(0), tolerance: 1 },
    { name, kernel: "silu", inputs, definition: (x) => x.mul(x.sigmoid()), tolerance: 8 },
    {
      name,
      kernel: "gelu",
      attributes: { approximate: false },
      inputs,
      definition: (x) => x.mul(0.5).mul(x.div(Math.SQRT2).erf().add(1)),
      tolerance: 8,
    },
    { name, kernel: "gelu", attributes: { approximate: true }, inputs, definition: tanhForm, tolerance: 16 },
  );
}
for (
  const [kernel, definition] of [["silu", (x: Tensor) => x.mul(x.sigmoid())], [
    "relu",
    (x: Tensor) => x.maximum(0),
  ]] as const
) {
  const inputs = () => [new Draws(7).uniform(-200, 200, 1000).tensor()];
  cases.push({ name: "numbers up to ±200", kernel, inputs, definition, tolerance: 8 });
}
for (const approximate of [false, true]) {
  cases.push({
    name: "numbers up to ±200",
    kernel: "gelu",
    attributes: { approximate },
    inputs: () => [new Draws(7).uniform(-200, 200, 1000).tensor()],
    definition: (x) => {
      const bend = approximate
        ? x.add(x.pow(3).mul(0.044715)).mul(Math.sqrt(2 / Math.PI)).tanh()
        : x.div(Math.SQRT2).erf();
      return x.mul(0.5).mul(bend.add(1));
    },
    tolerance: 8,
  });
}
for (const n of [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 1000, 1023, 1025]) {
  for (const counter of [0, 2 ** 32 - 3, 2 ** 40 + 5]) {
    const attributes = { rate: 0.3, key0: 0x89abcdef, key1: 0x01234567, counter };
    cases.push({
      name: `${n} elements from block ${counter}`,
      kernel: "dropout",
      attributes,
      inputs: () => [new Draws(n).normal(n).tensor()],
      definition: (x) => {
        const uniforms = Random.from({ key: [0x89abcdef, 0x01234567], counter }).uniforms(n);
        return x.mul(tensor(Float64Array.from(uniforms, (u) => u >= 0.3 ? 1 / 0.7 : 0), [n]));
      },
      tolerance: 2,
    });
  }
}
for (const D of [2, 6, 8, 10, 64]) {
  for (const interleaved of [false, true]) {
    cases.push({
      name: `heads of ${D}, ${interleaved ? "neighbours" : "halves"}`,
      kernel: "rotary",
      attributes: { interleaved },
      inputs: () => {
        const draws = new Draws(D);
        const x = draws.normal(2, 5, 3, D).tensor().transpose(1, 2);
        const angles = draws.uniform(-3, 3, 5, D / 2).tensor();
        return [x, angles.cos(), angles.sin()];
      },
      wanted: [0],
      definition: (x, cosine, sine) => {
        const first = interleaved ? x.slice(-1, 0, D, 2) : x.slice(-1, 0, D / 2);
        const second = interleaved ? x.slice(-1, 1, D, 2) : x.slice(-1, D / 2, D);
        const turned = [first.mul(cosine).sub(second.mul(sine)), first.mul(sine).add(second.mul(cosine))];
        if (!interleaved) return concat(turned, -1);
        return concat(turned.map((half) => half.unsqueeze(-1)), -1).reshape(x.shape);
      },
      tolerance: 8,
    });
  }
}

// ## Attention

interface AttentionCase {
  readonly B?: number;
  readonly H: number;
  readonly G?: number;
  readonly T: number;
  readonly S?: number;
  readonly D: number;
  readonly causal?: boolean;
  /** Shapes of mask and bias. */
  readonly mask?: readonly number[];
  readonly bias?: readonly number[];
  readonly size?: number;
  /** Whether the views are cut out of longer tensors of another layout. */
  readonly views?: boolean;
}

function attentionOf(causal: boolean, scale: number) {
  return (query: Tensor, key: Tensor, value: Tensor, mask?: Tensor, bias?: Tensor): Tensor => {
    const [, H, T] = query.shape as [number, number, number];
    const [B, G, S, D] = key.shape as [number, number, number, number];
    const share = (x: Tensor) => x.unsqueeze(2).expand([B, G, H / G, S, D]).reshape([B, H, S, D]);
    let scores = query.matmul(share(key).transpose(-2, -1)).mul(scale);
    if (bias) scores = scores.add(bias);
    if (mask) scores = scores.where(mask, -Infinity);
    if (causal) scores = scores.where(lowerTriangle(T, S, S - T), -Infinity);
    return softmaxOf(scores).matmul(share(value));
  };
}

function attentionCase(options: AttentionCase): Case {
  const { B = 2, H, G = H, T, S = T, D, causal = false, mask, bias, size = 1, views = false } = options;
  const scale = 1 / Math.sqrt(D);
  return {
    name: JSON.stringify(options),
    kernel: "attention",
    attributes: { causal, scale },
    inputs: () => {
      const draws = new Draws(T * 31 + S * 7 + D);
      const make = (heads: number, length: number) => {
        if (!views) return draws.normal(B, heads, length, D).tensor();
        // A projection [B, length, 2, heads, D] or a cache with room for three more positions.
        return draws.normal(B, length + 3, 2, heads, D).tensor().at(2, 1).slice(1, 0, length).transpose(1, 2);
      };
      const query = make(H, T).mul(size), key = make(G, S), value = make(G, S);
      return [
        query,
        key,
        value,
        mask && draws.booleans(0.7, ...mask).tensor(),
        bias && draws.normal(...bias).tensor(),
      ];
    },
    definition: attentionOf(causal, scale),
    // Errors of the scores, of size √D · ε · |score|, appear in the exponent.
    tolerance: 60 * Math.sqrt(D) * Math.max(1, size),
  };
}

for (const D of [1, 4, 8, 17, 20, 32, 64]) {
  for (const T of [1, 2, 8, 9, 16, 17, 65]) {
    for (const causal of [false, true]) cases.push(attentionCase({ H: 2, T, D, causal }));
  }
}
for (const T of [1, 5, 9, 64, 130]) {
  for (const S of [1, 15, 63, 64, 65, 130]) {
    for (const causal of [false, true]) cases.push(attentionCase({ H: 4, G: 2, T, S, D: 16, causal, views: true }));
  }
}
for (const T of [3, 20]) {
  for (const mask of [[2, 1, 1, 11], [T, 11], [2, 2, T, 11], [T, 1], [1], [2, 1, T, 1]]) {
    cases.push(attentionCase({ H: 2, T, S: 11, D: 8, mask }));
    cases.push(attentionCase({ H: 2, T, S: 11, D: 8, mask, causal: true, views: true }));
  }
  for (const bias of [[2, 2, T, 11], [2, T, 11], [1, 2, T, 11]]) {
    cases.push(attentionCase({ H: 2, T, S: 11, D: 8, bias, mask: [2, 1, 1, 11] }));
  }
}
cases.push(attentionCase({ B: 1, H: 1, T: 200, D: 8, causal: true, views: true }));
cases.push(attentionCase({ B: 1, H: 2, T: 1000, D: 4 }));
cases.push(attentionCase({ B: 3, H: 8, G: 1, T: 1, S: 1000, D: 64 }));
cases.push(attentionCase({ H: 6, G: 2, T: 3, S: 130, D: 20, causal: true, views: true }));
cases.push(attentionCase({ H: 2, T: 20, D: 64, size: 100 }));

/** What the reference device found, for all other devices. */
const judgements = new Map<Case, Float64Array[]>();

for (const [label, device] of devices) {
  for (const kernel of [...new Set(cases.map((x) => x.kernel))]) {
    Deno.test(`${kernel} of the wasm device equals its definition, forwards and backwards [${label}]`, async () => {
      for (const each of cases.filter((x) => x.kernel === kernel)) {
        try {
          let expected = judgements.get(each);
          if (!expected) judgements.set(each, expected = await evaluate(reference, each, false));
          compare(await evaluate(device, each, true), expected, each.tolerance);
        } catch (error) {
          throw new Error(`${kernel}, ${each.name}: ${(error as Error).message}`, { cause: error });
        }
      }
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
        const draws = new Draws(n);
        const [p, m, v, g] = [draws.normal(n), draws.normal(n), draws.normal(n), draws.normal(n)];
        const targets = [p.tensor(), m.tensor(), v.tensor().square()];
        const [learningRate, beta1, beta2, epsilon, weightDecay, gradientScale] = [0.01, 0.9, 0.999, 1e-8, 0.1, 0.5];
        const [correction1, correction2] = [1 - beta1 ** 3, 1 - beta2 ** 3];
        const attributes = {
          learningRate,
          beta1,
          beta2,
          epsilon,
          weightDecay,
          correction1,
          correction2,
          gradientScale,
        };
        fusableUpdate("adamStep", targets, [g.tensor()], attributes, () => {
          throw new Error("declined");
        });
        const [parameters, first, second] = await Promise.all(targets.map((x) => x.read()));
        for (let i = 0; i < n; i++) {
          const slope = g.data[i]! * gradientScale;
          const mean = beta1 * m.data[i]! + (1 - beta1) * slope;
          const square = beta2 * Math.fround(v.data[i]! ** 2) + (1 - beta2) * slope ** 2;
          const step = learningRate * (mean / correction1) / (Math.sqrt(square / correction2) + epsilon);
          const moved = p.data[i]! * (1 - learningRate * weightDecay) - step;
          assert(Math.abs(first![i]! - mean) <= 4 * EPSILON * (Math.abs(m.data[i]!) + Math.abs(slope)));
          assert(Math.abs(second![i]! - square) <= 4 * EPSILON * square);
          assert(
            Math.abs(parameters![i]! - moved) <=
              8 * EPSILON * (Math.abs(p.data[i]!) + Math.abs(step) * (1 + Math.abs(m.data[i]! / mean))),
          );
        }
      });
    }
  });
}

Deno.test("fused kernels of the wasm device accept tensors without elements", async () => {
  const [, device] = devices[0]!;
  await withBackend(device, async () => {
    const empty = (...shape: number[]) => parameter(tensor(new Float32Array(0), shape));
    const runs: [string, (Tensor | undefined)[], Attributes, number[]][] = [
      ["softmax", [empty(0, 5)], {}, [0, 5]],
      ["softmax", [empty(5, 0)], {}, [5, 0]],
      ["logSoftmax", [empty(5, 0)], {}, [5, 0]],
      ["layerNorm", [empty(0, 5), parameter(tensor([1, 2, 3, 4, 5])), undefined], { epsilon: 1e-5 }, [0, 5]],
      ["rmsNorm", [empty(3, 0), empty(0)], { epsilon: 1e-5 }, [3, 0]],
      ["gelu", [empty(0)], { approximate: false }, [0]],
      ["relu", [empty(0, 3)], {}, [0, 3]],
      ["dropout", [empty(0)], { rate: 0.5, key0: 1, key1: 2, counter: 0 }, [0]],
      ["rotary", [empty(2, 2, 0, 4), tensor(new Float32Array(0), [0, 2]), tensor(new Float32Array(0), [0, 2])], {}, [
        2,
        2,
        0,
        4,
      ]],
      ["attention", [empty(0, 2, 9, 4), empty(0, 2, 9, 4), empty(0, 2, 9, 4)], { causal: false, scale: 1 }, [
        0,
        2,
        9,
        4,
      ]],
      ["crossEntropy", [empty(0, 5), tensor(new Int32Array(0), [0])], { ignoreIndex: -100, labelSmoothing: 0 }, [0]],
    ];
    for (const [name, inputs, attributes, shape] of runs) {
      const y = fusable(name, inputs, attributes, () => {
        throw new Error(`${name} declines`);
      });
      assertEquals(y.shape, shape, name);
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
    const normal = (seed: number, ...shape: number[]) => () => new Draws(seed).normal(...shape).tensor();
    const heads = (seed: number) => normal(seed, 6, 70, 3, 32);
    const runs: Pick<Case, "kernel" | "attributes" | "inputs">[] = [
      { kernel: "softmax", inputs: () => [normal(1, 700, 333)()] },
      {
        kernel: "layerNorm",
        attributes: { epsilon: 1e-5 },
        inputs: () => [normal(1, 700, 333)(), normal(2, 333)(), normal(3, 333)()],
      },
      { kernel: "gelu", attributes: { approximate: false }, inputs: () => [normal(1, 300_001)()] },
      {
        kernel: "dropout",
        attributes: { rate: 0.1, key0: 1, key1: 2, counter: 3 },
        inputs: () => [normal(1, 300_001)()],
      },
      {
        kernel: "attention",
        attributes: { causal: true, scale: 0.2 },
        inputs: () => [1, 2, 3].map((seed) => heads(seed)().transpose(1, 2)),
      },
      {
        kernel: "attention",
        attributes: { causal: false, scale: 0.2 },
        inputs: () => [normal(1, 2, 8, 4, 64)(), normal(2, 2, 4, 2000, 64)(), normal(3, 2, 4, 2000, 64)()],
      },
    ];
    for (const run of runs) {
      const each: Case = { name: "threads", tolerance: 0, definition: (x) => x, ...run };
      const alone = await evaluate(devices[0]![1], each, true);
      for (let turn = 0; turn < 3; turn++) assertEquals(await evaluate(shared!, each, true), alone);
    }
  },
});
