/** Whole models on the GPU device beside the other devices. */

import { assert, assertEquals } from "@std/assert";
import { softmax } from "../../core/02_words/softmax.ts";
import { scaledDotProductAttention } from "../../core/04_attention/scaled_dot_product.ts";
import { learned, type PositionScheme, rotary } from "../../core/04_attention/positions/mod.ts";
import { DecoderOnly } from "../../core/05_transformer/decoder_only.ts";
import { EncoderDecoder } from "../../core/05_transformer/encoder_decoder.ts";
import { crossEntropy } from "../../core/06_training/loss.ts";
import { train } from "../../core/06_training/loop.ts";
import { adamW } from "../../core/06_training/adam.ts";
import { Optimizer } from "../../core/06_training/optimizer.ts";
import { generate } from "../../core/07_generation/generate.ts";
import { noGrad } from "../../core/engine/autograd.ts";
import type { Backend } from "../../core/engine/backend.ts";
import { withBackend } from "../../core/engine/device.ts";
import { withoutFusion } from "../../core/engine/fusable.ts";
import { Random } from "../../core/engine/random.ts";
import { tensor } from "../../core/engine/create.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { runtimeOf } from "../../gpu/runtime.ts";
import { devices, Draws } from "../support.ts";

const gpu = devices.find(({ name }) => name === "webgpu")?.backend;
const ignore = gpu === undefined;
const all = devices.flatMap(({ backend }) => backend ?? []);

/** What `f` gives on every device. */
async function everywhere<T>(f: (device: Backend) => Promise<T>): Promise<T[]> {
  const found: T[] = [];
  for (const device of all) found.push(await withBackend(device, () => f(device)));
  return found;
}

/** Largest difference, relative to the largest magnitude. */
function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let most = 0, scale = 0;
  for (let i = 0; i < a.length; i++) {
    most = Math.max(most, Math.abs(a[i]! - b[i]!));
    scale = Math.max(scale, Math.abs(b[i]!));
  }
  return most / scale;
}

const layout = { vocabSize: 67, hiddenSize: 48, numHeads: 3, numLayers: 3, contextLength: 96 } as const;

/** A decoder after some steps on a text with a pattern, and the losses on the way. */
async function trained(
  positions: PositionScheme,
  steps: number,
): Promise<{ model: DecoderOnly; losses: number[] }> {
  const model = new DecoderOnly({ ...layout, positions }, new Random(5));
  const text = Int32Array.from({ length: 33 * 4 }, (_, i) => (i * i + 3 * i) % 61);
  const history = await train({
    model,
    loss: () => {
      const ids = tensor(text, [4, 33]);
      const logits = model.forward(ids.slice(1, 0, 32));
      return crossEntropy(logits, ids.slice(1, 1, 33));
    },
    batches: { next: () => 0 },
    optimizer: new Optimizer(model.parameters(), adamW({ learningRate: 3e-3 })),
    steps,
    clipNorm: 1,
    reportEvery: 5,
  });
  return { model, losses: history.map(({ loss }) => loss) };
}

Deno.test({
  name: "a decoder trains on the GPU as on the other devices",
  ignore,
  async fn() {
    const losses = await everywhere(async () => (await trained(rotary(), 20)).losses);
    assert(losses[0]!.at(-1)! < losses[0]![0]! - 0.5, `it does not learn: ${losses[0]}`);
    for (const found of losses) assert(distance(found, losses[0]!) < 1e-3, `${found} and ${losses[0]}`);
  },
});

Deno.test({
  name: "logits on the GPU agree within 1e-4 and greedy tokens are equal",
  ignore,
  async fn() {
    const found = await everywhere(async () => {
      const { model } = await trained(learned(), 10);
      model.eval();
      const prompt = Array.from({ length: 40 }, (_, i) => (i * 7) % 61);
      const logits = await noGrad(() => model.forward(tensor(Int32Array.from(prompt), [1, 40]))).read();
      const [greedy] = await generate(model, [prompt], { maxNewTokens: 50 });
      const beams = await generate(model, [prompt], { maxNewTokens: 12, numBeams: 3 });
      return { logits, tokens: greedy!.tokens, beams: beams[0]!.tokens };
    });
    for (const { logits, tokens, beams } of found) {
      assert(distance(logits, found[0]!.logits) < 1e-4, `${distance(logits, found[0]!.logits)}`);
      assertEquals(tokens, found[0]!.tokens);
      assertEquals(beams, found[0]!.beams);
    }
  },
});

Deno.test({
  name: "an encoder–decoder on the GPU scores and translates as on the other devices",
  ignore,
  async fn() {
    const found = await everywhere(async () => {
      const model = new EncoderDecoder({ vocabSize: 50, hiddenSize: 32, numHeads: 4, numLayers: 2 }, new Random(3));
      model.eval();
      const source = tensor([[5, 6, 7, 8, 9, 0], [9, 3, 4, 0, 0, 0]], undefined, "int32");
      const target = tensor([[1, 11, 12, 13], [1, 14, 15, 16]], undefined, "int32");
      return await noGrad(() => model.forward(source, target)).read();
    });
    for (const logits of found) assert(distance(logits, found[0]!) < 1e-4);
  },
});

Deno.test({
  name: "a line of a chapter is a dispatch or two",
  ignore,
  fn: () =>
    withBackend(gpu!, () => {
      const { queue } = runtimeOf(gpu!);
      const counted = (f: () => Tensor): number => {
        const before = queue.dispatches;
        f();
        return queue.dispatches - before;
      };
      const draws = new Draws(1);
      const [query, key, value] = [1, 2, 3].map(() => draws.normal(2, 4, 64, 32).tensor()) as [Tensor, Tensor, Tensor];
      assertEquals(counted(() => softmax(query)), 1);
      const fused = counted(() => scaledDotProductAttention(query, key, value, { causal: true }));
      const spelledOut = counted(() =>
        withoutFusion(() => scaledDotProductAttention(query, key, value, { causal: true }))
      );
      assert(fused <= 2 && spelledOut > 8, `${fused} and ${spelledOut} dispatches`);
    }),
});

Deno.test({
  name: "generation asks the GPU every sixteen tokens, and stops where the text ends",
  ignore,
  fn: () =>
    withBackend(gpu!, async () => {
      const model = new DecoderOnly(layout, new Random(1)).eval();
      // Reads that nobody has answered yet belong to one question.
      let reads = 0, waiting = 0, questions = 0;
      const { download } = gpu!;
      gpu!.download = (view) => {
        reads++;
        if (waiting++ === 0) questions++;
        return download.call(gpu!, view).finally(() => waiting--);
      };
      try {
        const [free] = await generate(model, [[1, 2, 3]], { maxNewTokens: 40 });
        assertEquals(free!.tokens.length, 40);
        // A token and its probability each.
        assertEquals([reads, questions], [80, 3]);
        const end = free!.tokens[20]!, first = free!.tokens.indexOf(end);
        const [cut] = await generate(model, [[1, 2, 3]], { maxNewTokens: 40, eosToken: end });
        assertEquals(cut!.tokens, free!.tokens.slice(0, first));
        assertEquals(cut!.finished, true);
        assertEquals(questions, 3 + Math.ceil((first + 1) / 16));
      } finally {
        gpu!.download = download;
      }
    }),
});
