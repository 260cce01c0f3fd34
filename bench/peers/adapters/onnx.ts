/**
 * What both builds of ONNX Runtime share: the graphs, and how to time them.
 *
 * A kernel's data are constants of the graph, and one element of its result is fetched: data stay in
 * the runtime. Graph optimization is off there, or the whole computation would be folded into a
 * constant. A right side that is no weight passes through a Reshape, so that it is packed at each run.
 *
 * @module
 */

import type { Weights } from "../inputs/gpt.ts";
import type { ModelLayout } from "../workloads.ts";
import { type Adapter, causalBias, type Kernel, type Session as GptSession } from "./adapter.ts";
import { OnnxGraph } from "../../../core/08_pretrained/export/onnx_file.ts";

interface OnnxTensor {
  readonly data: Float32Array;
}

type Feeds = Record<string, OnnxTensor>;

interface OnnxSession {
  run(feeds: Feeds, fetches?: readonly string[]): Promise<Feeds>;
}

/** The part of the package that is used. */
export interface Onnx {
  readonly InferenceSession: { create(model: Uint8Array, options: object): Promise<OnnxSession> };
  readonly Tensor: new (
    type: "float32" | "int64",
    data: Float32Array | BigInt64Array,
    shape: readonly number[],
  ) => OnnxTensor;
}

/** A started runtime. */
export interface Runtime {
  readonly onnx: Onnx;
  /** For every session. */
  readonly options: object;
  readonly description: string;
}

interface Input {
  readonly data: Float32Array<ArrayBuffer>;
  readonly shape: readonly number[];
}

/** An adapter for a runtime that `load` starts. */
export function onnxAdapter(load: (threads: number) => Runtime | Promise<Runtime>): Adapter {
  let runtime: Runtime;

  async function kernel(
    inputs: Readonly<Record<string, Input>>,
    shape: readonly number[],
    build: (graph: OnnxGraph) => void,
    { variant, operatorSet = 20 }: { variant?: string; operatorSet?: number } = {},
  ): Promise<Kernel> {
    const graph = new OnnxGraph();
    for (const [name, { data, shape }] of Object.entries(inputs)) graph.constant(data, shape, name);
    build(graph);
    graph.output("result", shape);
    const first = [graph.integers(...shape.map(() => 0)), graph.integers(...shape.map(() => 1))];
    graph.node("Slice", ["result", ...first], {}, "probe");
    graph.output("probe", shape.map(() => 1));
    const options = { ...runtime.options, graphOptimizationLevel: "disabled" };
    const session = await runtime.onnx.InferenceSession.create(graph.bytes(operatorSet), options);
    return {
      ...(variant !== undefined && { variant }),
      run: () => session.run({}, ["probe"]),
      output: async () => (await session.run({}, ["result"]))["result"]!.data,
    };
  }

  return {
    async start(threads) {
      runtime = await load(threads);
      return runtime.description;
    },

    async matmul({ M, K, N, a, b, weights = false }) {
      const inputs = { a: { data: a, shape: [M, K] }, b: { data: b, shape: [K, N] } };
      return [
        await kernel(inputs, [M, N], (graph) => {
          const right = weights ? "b" : graph.node("Reshape", ["b", graph.integers(K, N)]);
          graph.node("MatMul", ["a", right], {}, "result");
        }),
      ];
    },

    async softmax({ rows, columns, x }) {
      const shape = [rows, columns];
      return [
        await kernel({ x: { data: x, shape } }, shape, (graph) => {
          graph.node("Softmax", ["x"], { axis: -1 }, "result");
        }),
      ];
    },

    async layernorm({ rows, columns, epsilon, x, gain, bias }) {
      const shape = [rows, columns], width = [columns];
      const inputs = { x: { data: x, shape }, gain: { data: gain, shape: width }, bias: { data: bias, shape: width } };
      return [
        await kernel(inputs, shape, (graph) => {
          graph.node("LayerNormalization", ["x", "gain", "bias"], { axis: -1, epsilon: { float: epsilon } }, "result");
        }),
      ];
    },

    async attention({ H, T, D, query, key, value }) {
      const shape = [1, H, T, D];
      const inputs = { query: { data: query, shape }, key: { data: key, shape }, value: { data: value, shape } };
      const masked = { ...inputs, bias: { data: causalBias(T), shape: [T, T] } };
      return [
        await kernel(masked, shape, (graph) => {
          const scores = graph.node("MatMul", ["query", graph.node("Transpose", ["key"], { perm: [0, 1, 3, 2] })]);
          const scaled = graph.node("Add", [graph.node("Mul", [scores, graph.scalar(1 / Math.sqrt(D))]), "bias"]);
          graph.node("MatMul", [graph.node("Softmax", [scaled], { axis: -1 }), "value"], {}, "result");
        }, { variant: "four operators" }),
        await kernel(inputs, shape, (graph) => {
          graph.node("Attention", ["query", "key", "value"], { is_causal: 1 }, "result");
        }, { variant: "Attention", operatorSet: 23 }),
      ];
    },

    async gpt(layout, weights): Promise<GptSession> {
      const options = { ...runtime.options, graphOptimizationLevel: "all" };
      const session = await runtime.onnx.InferenceSession.create(gptGraph(layout, weights), options);
      return continuation(runtime.onnx, session, layout);
    },
  };
}

/** GPT-2 with the keys and values of earlier calls as inputs and outputs. */
function gptGraph({ hiddenSize: E, numHeads: H, numLayers, vocabSize }: ModelLayout, weights: Weights): Uint8Array {
  const D = E / H, graph = new OnnxGraph();
  for (const [name, { data, shape }] of Object.entries(weights)) graph.constant(data, shape, name);
  graph.input("ids", "int64", [1, "T"]);
  graph.input("positions", "int64", [1, "T"]);
  graph.input("bias", "float32", ["T", "S"]);
  const linear = (x: string, name: string) => graph.node("Add", [graph.node("MatMul", [x, `${name}.w`]), `${name}.b`]);
  const norm = (x: string, name: string) =>
    graph.node("LayerNormalization", [x, `${name}.g`, `${name}.b`], { axis: -1, epsilon: { float: 1e-5 } });
  const turn = (x: string, ...perm: readonly number[]) => graph.node("Transpose", [x], { perm });
  const heads = graph.integers(1, -1, H, D), flat = graph.integers(1, -1, E), thirds = graph.integers(E, E, E);
  const scale = graph.scalar(1 / Math.sqrt(D));

  let hidden = graph.node("Add", [
    graph.node("Gather", ["wte", "ids"]),
    graph.node("Gather", ["wpe", "positions"]),
  ]);
  for (let i = 0; i < numLayers; i++) {
    const projected = linear(norm(hidden, `h${i}.ln1`), `h${i}.qkv`);
    const parts = graph.nodes("Split", [projected, thirds], { axis: 2 }, [`query${i}`, `newKey${i}`, `newValue${i}`]);
    const [query, newKey, newValue] = parts.map((part) => turn(graph.node("Reshape", [part, heads]), 0, 2, 1, 3));
    const remember = (kind: string, added: string) => {
      graph.input(`past${kind}${i}`, "float32", [1, H, "P", D]);
      graph.output(`all${kind}${i}`, [1, H, "S", D]);
      return graph.node("Concat", [`past${kind}${i}`, added], { axis: 2 }, `all${kind}${i}`);
    };
    const key = remember("Key", newKey!), value = remember("Value", newValue!);
    const scores = graph.node("Mul", [graph.node("MatMul", [query!, turn(key, 0, 1, 3, 2)]), scale]);
    const attention = graph.node("Softmax", [graph.node("Add", [scores, "bias"])], { axis: -1 });
    const mixed = turn(graph.node("MatMul", [attention, value]), 0, 2, 1, 3);
    hidden = graph.node("Add", [hidden, linear(graph.node("Reshape", [mixed, flat]), `h${i}.proj`)]);
    const wide = graph.node("Gelu", [linear(norm(hidden, `h${i}.ln2`), `h${i}.fc`)], { approximate: "tanh" });
    hidden = graph.node("Add", [hidden, linear(wide, `h${i}.fc2`)]);
  }
  const last = graph.node("Slice", [hidden, graph.integers(-1), graph.integers(2 ** 31), graph.integers(1)]);
  const row = graph.node("Reshape", [norm(last, "lnf"), graph.integers(1, E)]);
  graph.node("Gemm", [row, "wte"], { transB: 1 }, "logits");
  graph.output("logits", [1, vocabSize]);
  return graph.bytes(20);
}

/** Feeds the keys and values of each call to the next. */
function continuation(
  onnx: Onnx,
  session: OnnxSession,
  { hiddenSize, numHeads: H, numLayers }: ModelLayout,
): GptSession {
  const D = hiddenSize / H;
  let past: Feeds = {}, length = 0;
  const floats = (data: Float32Array, shape: readonly number[]) => new onnx.Tensor("float32", data, shape);
  const integers = (data: readonly number[]) =>
    new onnx.Tensor("int64", BigInt64Array.from(data, BigInt), [1, data.length]);
  const layers = Array.from({ length: numLayers }, (_, i) => [`Key${i}`, `Value${i}`]).flat();

  async function read(tokens: readonly number[]): Promise<Float32Array> {
    const T = tokens.length;
    const results = await session.run({
      ids: integers(tokens),
      positions: integers(tokens.map((_, t) => length + t)),
      bias: floats(causalBias(T, length), [T, length + T]),
      ...past,
    });
    past = Object.fromEntries(layers.map((name) => [`past${name}`, results[`all${name}`]!]));
    length += T;
    return results["logits"]!.data;
  }
  return {
    prefill(tokens) {
      const empty = floats(new Float32Array(0), [1, H, 0, D]);
      past = Object.fromEntries(layers.map((name) => [`past${name}`, empty]));
      length = 0;
      return read([...tokens]);
    },
    decode: (token) => read([token]),
  };
}
