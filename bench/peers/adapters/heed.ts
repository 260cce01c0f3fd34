/**
 * heed through its public interface: what a program that imports `mod.ts` would write.
 *
 * @module
 */

import configuration from "../../../deno.json" with { type: "json" };
import {
  adamW,
  createWasmDevice,
  crossEntropy,
  DecoderOnly,
  KeyValueCache,
  layerNorm,
  linear,
  noGrad,
  Optimizer,
  quantize,
  Random,
  release,
  scaledDotProductAttention,
  scope,
  softmax,
  type Tensor,
  tensor,
} from "../../../mod.ts";
import { gru, lstm, RecurrentLanguageModel } from "../../../core/03_language_models/mod.ts";
import { type Module, setBackend } from "../../../core/engine/mod.ts";
import type { Weights } from "../inputs/gpt.ts";
import type { ModelLayout, RecurrentLayout, RecurrentWorkload, TrainWorkload } from "../workloads.ts";
import type { Adapter, Kernel, Session, Trainer } from "./adapter.ts";

/** Work without gradients, freed as soon as it is done. */
function kernel(work: () => Tensor): Kernel[] {
  return [{
    run: () => noGrad(() => scope(() => void work())),
    output: () => work().read(),
  }];
}

/** A model with given weights: the peers' names translated. */
function load({ tieHead, ...layout }: ModelLayout, weights: Weights): DecoderOnly {
  const model = new DecoderOnly({ ...layout, tieHead }, Random.none);
  const E = layout.hiddenSize;
  scope(() => {
    const state = new Map<string, Tensor>();
    const of = (name: string) => tensor(weights[name]!.data, [...weights[name]!.shape]);
    const pair = (path: string, name: string, kinds: readonly [string, string]) => {
      state.set(`${path}.${kinds[0]}`, of(`${name}.${kinds[0][0]}`));
      state.set(`${path}.${kinds[1]}`, of(`${name}.b`));
    };
    state.set("embedding.weight", of("wte"));
    state.set("positions.weight", of("wpe"));
    for (let i = 0; i < layout.numLayers; i++) {
      const layer = `layers.${i}`;
      ["query", "key", "value"].forEach((part, j) => {
        state.set(`${layer}.attention.${part}.weight`, of(`h${i}.qkv.w`).slice(1, j * E, (j + 1) * E));
        state.set(`${layer}.attention.${part}.bias`, of(`h${i}.qkv.b`).slice(0, j * E, (j + 1) * E));
      });
      pair(`${layer}.attention.output`, `h${i}.proj`, ["weight", "bias"]);
      pair(`${layer}.attentionResidual.norm`, `h${i}.ln1`, ["gain", "bias"]);
      pair(`${layer}.feedForward.up`, `h${i}.fc`, ["weight", "bias"]);
      pair(`${layer}.feedForward.down`, `h${i}.fc2`, ["weight", "bias"]);
      pair(`${layer}.feedForwardResidual.norm`, `h${i}.ln2`, ["gain", "bias"]);
    }
    pair("norm", "lnf", ["gain", "bias"]);
    if (!tieHead) state.set("head.weight", of("head"));
    model.loadStateDict(state);
  });
  return model;
}

/** The same for a recurrent model. */
function loadRecurrent(
  { recurrence, hiddenSize, vocabSize }: RecurrentLayout,
  weights: Weights,
): RecurrentLanguageModel {
  const options = { vocabSize, hiddenSize, recurrence: { lstm, gru }[recurrence], tieHead: false };
  const model = new RecurrentLanguageModel(options, Random.none);
  scope(() => {
    const of = (name: string) => tensor(weights[name]!.data, [...weights[name]!.shape]);
    const cell = "network.layers.0.forwards";
    model.loadStateDict(
      new Map([
        ["embedding.weight", of("embedding")],
        [`${cell}.input.weight`, of("input.w")],
        [`${cell}.input.bias`, of("input.b")],
        [`${cell}.hidden.weight`, of("hidden.w")],
        [`${cell}.hidden.bias`, of("hidden.b")],
        ["head.weight", of("head.w")],
        ["head.bias", of("head.b")],
      ]),
    );
  });
  return model;
}

/** Steps of AdamW on a model that makes logits `[B, T, V]`. */
function trainerOf<M extends Module>(
  { model: { contextLength: T, vocabSize: V }, batch: B, optimizer: options }: TrainWorkload | RecurrentWorkload,
  model: M,
  forward: (model: M, tokens: Tensor) => Tensor,
): Trainer {
  const optimizer = new Optimizer(model.parameters(), adamW(options));
  return {
    async step(inputs, targets) {
      const loss = scope(() => {
        const logits = forward(model, tensor(inputs, [B, T])).reshape([B * T, V]);
        const loss = crossEntropy(logits, tensor(targets, [B * T]));
        loss.backward();
        return loss.detach();
      });
      optimizer.step();
      optimizer.zeroGrad();
      const value = await loss.item();
      release(loss);
      return value;
    },
  };
}

/** Logits after the last position only, as every peer computes them. */
function lastLogits(model: DecoderOnly, tokens: Tensor, caches: readonly KeyValueCache[]): Tensor {
  const start = caches[0]!.length;
  let hidden = model.positions!.forward(model.embedding.forward(tokens), start);
  model.layers.forEach((layer, i) => {
    hidden = layer.forward(hidden, { causal: true, cache: caches[i] });
  });
  return model.embedding.weight.multiplyTransposed(model.norm!.forward(hidden.slice(1, -1)));
}

/** A model that reads and continues a text. */
function session(model: DecoderOnly): Session {
  let caches: KeyValueCache[] = [];
  const read = (tokens: Int32Array) =>
    noGrad(() => {
      const logits = scope(() => lastLogits(model, tensor(tokens, [1, tokens.length]), caches));
      const numbers = logits.read();
      release(logits);
      return numbers;
    });
  return {
    prefill(tokens) {
      for (const cache of caches) cache.dispose();
      caches = model.newCaches(() => new KeyValueCache());
      return read(tokens);
    },
    decode: (token) => read(Int32Array.of(token)),
  };
}

/** heed on its CPU device. */
export const adapter: Adapter = {
  start(threads) {
    const device = createWasmDevice({ threads });
    setBackend(device);
    return `heed ${configuration.version}, ${device.description.replace(/, [^,]*threads?$/, "")}`;
  },

  matmul({ M, K, N, a, b, weights }) {
    const left = tensor(a, [M, K]), right = tensor(b, [K, N]);
    return kernel(() => weights ? linear(left, right) : left.matmul(right));
  },

  softmax({ rows, columns, x }) {
    const scores = tensor(x, [rows, columns]);
    return kernel(() => softmax(scores));
  },

  layernorm({ rows, columns, epsilon, x, gain, bias }) {
    const features = tensor(x, [rows, columns]), [g, b] = [tensor(gain), tensor(bias)];
    return kernel(() => layerNorm(features, g, b, { epsilon }));
  },

  attention({ H, T, D, ...given }) {
    const query = tensor(given.query, [1, H, T, D]);
    const key = tensor(given.key, [1, H, T, D]), value = tensor(given.value, [1, H, T, D]);
    return kernel(() => scaledDotProductAttention(query, key, value, { causal: true }));
  },

  gpt: (layout, weights) => session(load(layout, weights).eval()),

  quantizedGpt: (layout, weights, format) => session(quantize(load(layout, weights), format)),

  train: (work, weights) => trainerOf(work, load(work.model, weights), (model, tokens) => model.forward(tokens)),

  trainRecurrent: (work, weights) =>
    trainerOf(work, loadRecurrent(work.model, weights), (model, tokens) => model.forward(tokens)),
};
