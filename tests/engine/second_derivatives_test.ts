/** Second derivatives of every case of both tables: against central differences, and on other devices against the reference. */

import { assert, assertGreater } from "@std/assert";
import { alibi, learned, noPositions, rotary, shaw, sinusoidal, t5 } from "../../core/04_attention/positions/mod.ts";
import { DecoderOnly } from "../../core/05_transformer/decoder_only.ts";
import { gelu, swiGlu } from "../../core/05_transformer/feed_forward/activations.ts";
import { BatchNorm, rmsNormalization } from "../../core/05_transformer/normalization.ts";
import { binaryCrossEntropy, crossEntropy, klDivergence, meanSquaredError } from "../../core/06_training/loss.ts";
import { isRecording, noGrad, withRecording } from "../../core/engine/autograd.ts";
import type { Backend } from "../../core/engine/backend.ts";
import { withBackend } from "../../core/engine/device.ts";
import { gradientsOf } from "../../core/engine/derivatives.ts";
import { release, scope } from "../../core/engine/scope.ts";
import { parameter, tensor, zeros } from "../../core/engine/create.ts";
import { concat } from "../../core/engine/joining.ts";
import type { Module } from "../../core/engine/module.ts";
import { Random } from "../../core/engine/random.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { cases } from "../cases.ts";
import { fusedCases } from "../fused_cases.ts";
import {
  assertClose,
  assertGradients,
  assertModuleGradients,
  devices,
  Draws,
  HostArray,
  normal,
  onReference,
  reference,
} from "../support.ts";

/** A function of some inputs, and numbers for them. */
interface Subject {
  readonly name: string;
  readonly arrays: readonly (HostArray | undefined)[];
  readonly run: (...inputs: Tensor[]) => Tensor;
  /** Shape of the result. */
  readonly shape: readonly number[];
  /** Difference that rounding to float32 may make, relative to the largest number. */
  readonly rtol: number;
}

/** Scores so far apart that differences of any step are of another size than the derivative. */
const STEEP = /±1e[34]/;

function* subjects(): Generator<Subject> {
  const plain = cases.filter(({ flops, differentiable = true }) => !flops && differentiable);
  const fused = Object.entries(fusedCases).flatMap(([name, rows]) =>
    rows.cases.map((row) => ({ ...row, name: `${name}(): ${row.name}` }))
  );
  for (const { name, inputs, run, closeness } of [...plain, ...fused]) {
    const arrays = inputs(new Draws(1));
    if (!arrays.some((x) => x?.dtype === "float32")) continue;
    const result = withBackend(reference, () => run(...arrays.map((x) => x?.tensor()) as Tensor[]));
    if (result.dtype === "float32") yield { name, arrays, run, shape: result.shape, rtol: closeness?.rtol ?? 1e-4 };
  }
}

/** The gradients of all inputs in a row, for a cotangent that comes last; on the tape, where there is one. */
function slopes({ run }: Subject, given: readonly (Tensor | undefined)[]): Tensor {
  const createGraph = isRecording(), inputs = given.slice(0, -1), cotangent = given.at(-1)!;
  const result = withRecording(true, () => run(...inputs as Tensor[]));
  const targets = inputs.filter((x): x is Tensor => x?.dtype === "float32");
  if (!result.requiresGrad) return zeros([0]);
  return concat(gradientsOf(result, targets, { gradient: cotangent, createGraph }).map((g) => g.reshape([g.size])));
}

Deno.test("second derivatives agree with central differences in every case", async (t) => {
  let checked = 0;
  for (const subject of subjects()) {
    if (STEEP.test(subject.name)) continue;
    const { name, arrays, shape } = subject;
    await t.step(name, async () => {
      const present = arrays.filter((x) => x !== undefined);
      const spread = (given: readonly Tensor[]): (Tensor | undefined)[] => {
        let next = 0;
        return [...arrays.map((x) => x && given[next++]), given.at(-1)];
      };
      const inputs = [...present, new Draws(7).normal(...shape)];
      await assertGradients((...given) => slopes(subject, spread(given)), inputs);
      await withBackend(reference, async () => {
        const given = spread(inputs.map((x) => x.dtype === "float32" ? parameter(x.tensor()) : x.tensor()));
        await assertClose(slopes(subject, given), noGrad(() => slopes(subject, given)), { tolerance: 0 });
      });
      checked++;
    });
  }
  assertGreater(checked, 900);
});

/** Gradients on the tape, and the gradients of their weighted sum by inputs and cotangent. */
async function bothOrders(device: Backend, subject: Subject): Promise<HostArray[]> {
  return await withBackend(device, async () => {
    const draws = new Draws(7), cotangent = parameter(draws.normal(...subject.shape).tensor());
    const leaves = subject.arrays.map((x) => x && (x.dtype === "float32" ? parameter(x.tensor()) : x.tensor()));
    const results = scope(() => {
      const first = slopes(subject, [...leaves, cotangent]);
      const targets = [...leaves, cotangent].filter((x): x is Tensor => x?.dtype === "float32");
      if (!first.requiresGrad) return [first];
      const weights = draws.normal(...first.shape).tensor();
      return [first.clone(), ...gradientsOf(first, targets, { gradient: weights }).map((g) => g.clone())];
    });
    const numbers = await Promise.all(results.map(HostArray.of));
    for (const used of [...results, ...leaves, cotangent]) if (used) release(used);
    return numbers;
  });
}

// Each kernel of each device has tests of its own; one device with kernels shows that none of them is taken for a formula.
Deno.test("first and second derivatives of wasm are those of the reference in every case", async (t) => {
  const device = devices.find(({ name }) => name === "wasm")!.backend!;
  for (const subject of subjects()) {
    await t.step(subject.name, async () => {
      const expected = await bothOrders(reference, subject), actual = await bothOrders(device, subject);
      expected.forEach(({ data }, k) => {
        let size = 1;
        for (const x of data) if (Number.isFinite(x)) size = Math.max(size, Math.abs(x));
        const found = actual[k]!.data;
        data.forEach((x, i) => {
          const off = Math.abs(found[i]! - x) / size, what = k === 0 ? "gradient" : "second gradient";
          assert(
            Object.is(found[i], x) || off <= subject.rtol,
            `${what}, element ${i}: ${found[i]} instead of ${x}, off by ${off}`,
          );
        });
      });
    });
  }
});

// ## What the chapters make of them

Deno.test("losses with all their options have the second derivatives that central differences say", async () => {
  const draws = new Draws(2), logits = draws.normal(4, 7), right = draws.integers(0, 7, 4);
  const weights = draws.uniform(0.5, 2, 7), probabilities = draws.uniform(0.1, 1, 4, 7);
  const losses: readonly [(...inputs: Tensor[]) => Tensor, ...HostArray[]][] = [
    ...[0, 0.1].flatMap((labelSmoothing) =>
      [
        [
          (z, y, w) => crossEntropy(z!, y!, { labelSmoothing, classWeights: w!, ignoreIndex: 2 }),
          logits,
          right,
          weights,
        ],
        [(z, q, w) => crossEntropy(z!, q!, { labelSmoothing, classWeights: w! }), logits, probabilities, weights],
      ] as const satisfies readonly [(...inputs: Tensor[]) => Tensor, ...HostArray[]][]
    ),
    [(z, q) => binaryCrossEntropy(z!, q!, { positiveWeight: 3 }), logits, probabilities],
    [(z, q) => klDivergence(z!, q!), logits, probabilities],
    [(z, y) => meanSquaredError(z!, y!, { reduction: "sum" }), logits, probabilities],
  ];
  for (const [run, ...arrays] of losses) {
    const subject = { name: "", arrays, run, shape: [], rtol: 0 };
    await assertGradients((...given) => slopes(subject, given), [...arrays, draws.normal()]);
  }
});

/** Fails unless gradients of the parameters' gradients agree with central differences. */
async function assertModuleCurvature(module: Module, f: () => Tensor): Promise<void> {
  const parameters = [...module.parameters().values()];
  const gradients = (): Tensor => {
    const createGraph = isRecording(), output = withRecording(true, f);
    const cotangent = new Draws(3).normal(...output.shape).tensor();
    const found = gradientsOf(output, parameters, { gradient: cotangent, createGraph });
    return concat(found.map((g) => g.reshape([g.size])));
  };
  // A norm of few features bends its gradients sharply: quotients err by the square of the step.
  await assertModuleGradients(module, gradients, { tolerance: 1e-5, step: 2e-6 });
}

onReference("models of every kind of positions have the second derivatives that central differences say", async () => {
  const small = { vocabSize: 7, contextLength: 4, hiddenSize: 4, numHeads: 2, numLayers: 1, feedForwardSize: 4 };
  const text = tensor([[1, 5, 0, 4]], undefined, "int32");
  for (const positions of [learned(), sinusoidal, shaw(), t5({ numBuckets: 4 }), rotary(), alibi, noPositions]) {
    const model = new DecoderOnly({ ...small, positions, activation: gelu, dropout: 0 }, new Random(1)).eval();
    await assertModuleCurvature(model, () => model.forward(text));
  }
  const options = { activation: swiGlu, norm: rmsNormalization(), bias: false, numGroups: 1 } as const;
  const model = new DecoderOnly({ ...small, ...options, dropout: 0 }, new Random(1)).eval();
  await assertModuleCurvature(model, () => model.forward(text));
  const norm = new BatchNorm(3), x = normal(1, 5, 3), mask = tensor([true, true, false, true, true]);
  await assertModuleCurvature(norm, () => norm.forward(x, mask).square());
});
