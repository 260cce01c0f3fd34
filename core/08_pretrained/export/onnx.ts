/**
 * # A model as ONNX
 *
 * **Question.** A phone, a server in C++, a page with another library: none of them knows what a decoder is. How does a model get there?
 *
 * **Idea.** As the computation itself. The [decoder](../../05_transformer/decoder_only.ts) is written down once more, in the operations of ONNX, and with its options: every layout that trains here can leave this way, those too that no family of published models has. What is read is `input_ids`, what comes out is `logits`.
 *
 * **Formula.** With queries and keys of $T$ positions behind $P$ that are remembered, position $t$ may look at $s$ if
 *
 * $$s \le P + t, \qquad s > P + t - w$$
 *
 * | symbol | in code  | meaning                                        |
 * | ------ | -------- | ---------------------------------------------- |
 * | $T$    | `length` | one number: tokens of the call                 |
 * | $P$    | `past`   | one number: tokens of earlier calls, 0 without a cache |
 * | $w$    | `window` | one number: how far a position sees, if not everywhere |
 *
 * **Shapes that are not known yet.** Batch and length differ from call to call. Positions, mask and table rows are therefore computed from the shape of the input, in the graph.
 *
 * **With a cache.** `cache: true` adds an input `past_key_values.0.key` and an output `present.0.key` for each layer, and the same for values, by the names that other exporters use. A first call gives tensors of length 0.
 *
 * @module
 */

import { checkInstance } from "../../engine/arguments.ts";
import {
  abortSignal,
  callback,
  checkOptions,
  type Checks,
  checkValue,
  flag,
  integer,
  oneOf,
} from "../../engine/options.ts";
import { sinusoidalPositions } from "../../04_attention/positions/absolute.ts";
import { rotaryAngles, type RotaryOptions } from "../../04_attention/positions/rotary.ts";
import { DecoderOnly } from "../../05_transformer/decoder_only.ts";
import { planExport } from "../../06_training/state_names.ts";
import type { Tensor } from "../../engine/tensor.ts";
import type { Tokenizer } from "../../02_words/before_tokens/tokenizer.ts";
import { epsilonOf, unknownOptions, variantOf, windowOf } from "../files/fitting.ts";
import type { ReadOptions } from "../files/mod.ts";
import { misfitsOf } from "../files/settings.ts";
import { OnnxGraph } from "./onnx_file.ts";
import { EXPORT_KINDS, type SaveProgress, tokenizerFiles } from "./saving.ts";
import { elementsAs, type ExportKind, plannedTensors } from "./shards.ts";
import { type ModelSink, sinkCheck, textParts } from "./sink.ts";
import { tokenizerCheck } from "./tokenizer_json.ts";

/** How a model is written as ONNX. */
export interface OnnxOptions extends ReadOptions {
  /** How texts become the ids that the model knows; none is written by default. */
  readonly tokenizer?: Tokenizer | undefined;
  /** Bits of a weight in the file; float32 by default. Sums are float32 always. */
  readonly dtype?: ExportKind | undefined;
  /** Whether keys and values are inputs, and with those of the call outputs; false by default. */
  readonly cache?: boolean | undefined;
  /** Most bytes of weights in the model; more lie beside it; 2,000,000,000 by default. */
  readonly maxModelBytes?: number | undefined;
  /** Hears of every tensor that was written, and is waited for; nobody by default. */
  readonly onProgress?: ((progress: SaveProgress) => void | Promise<void>) | undefined;
}

/** Most bytes of constants within the model: a message has at most two gigabytes. */
const MOST_WITHIN = 2e9;

const onnxChecks: Checks<OnnxOptions> = {
  tokenizer: tokenizerCheck,
  dtype: oneOf(EXPORT_KINDS),
  cache: flag,
  maxModelBytes: integer({ min: 0, max: MOST_WITHIN }),
  signal: abortSignal,
  onProgress: callback(),
};

/** The version of the operators: the first one that has GELU. */
const OPERATOR_SET = 20;

/**
 * Writes a model as `model.onnx`, for onnxruntime and whatever else runs such files.
 *
 * Weights are written one at a time; those of more than two gigabytes go into `model.onnx_data`.
 *
 * @param model a language model
 * @param destination where the files go
 * @param options kind of numbers, cache, tokenizer, progress, a signal
 * @returns names of the files
 * @throws {RangeError} if a part of the model cannot be said in ONNX here, with all of those
 */
export async function saveOnnx(
  model: DecoderOnly,
  destination: ModelSink,
  options: OnnxOptions = {},
): Promise<readonly string[]> {
  checkInstance("save a model", "model", model, DecoderOnly);
  checkValue("save a model", "destination", destination, sinkCheck);
  checkOptions("save a model", options, onnxChecks);
  const { signal, tokenizer, onProgress, maxModelBytes = MOST_WITHIN } = options;
  requireSayable(model);
  const beside = tokenizerFiles(model, tokenizer), files: string[] = [];
  const write = async (path: string, parts: AsyncIterable<Uint8Array>): Promise<void> => {
    signal?.throwIfAborted();
    await destination.write(path, parts, { signal });
    files.push(path);
  };
  let written = 0;
  const graph = await graphOf(model, options, async (tensor, bytes, total) => {
    signal?.throwIfAborted();
    written += bytes;
    await onProgress?.({ written, total, tensor });
  });
  if (graph.constantBytes <= maxModelBytes) await write("model.onnx", graph.parts(OPERATOR_SET));
  else {
    await write("model.onnx_data", graph.partsBeside());
    await write("model.onnx", graph.parts(OPERATOR_SET, "model.onnx_data"));
  }
  for (const [path, content] of beside) await write(path, textParts(content));
  return files;
}

// ## What can be said

/** Positions that the graph has: those of the input, and rotations. */
const POSITIONS = ["learned", "sinusoidal", "rotary", "none"];

function requireSayable({ options }: DecoderOnly): void {
  const { attention, norm, positions, activation, placement } = options,
    bend = "gate" in activation ? activation.gate : activation;
  const wrong = misfitsOf({
    ...unknownOptions(options),
    attention: [attention, attention.word === "multiHead" ? undefined : '"multiHead"'],
    placement: [placement, ["pre", "post"].includes(placement) ? undefined : '"pre" or "post"'],
    norm: [norm, ["layer", "rms"].includes(norm.word) ? undefined : '"layer" or "rms"'],
    positions: [positions, POSITIONS.includes(positions.word) ? undefined : `one of ${POSITIONS.join(", ")}`],
    activation: [activation, BENDS[bend.word] ? undefined : `made of one of ${Object.keys(BENDS).join(", ")}`],
  });
  if (wrong.length > 0) throw new RangeError(`Cannot save the model as ONNX: it does not fit with ${wrong.join(", ")}`);
}

/** Activations in the operations of ONNX. */
const BENDS: Readonly<Record<string, (graph: OnnxGraph, x: string) => string>> = {
  relu: (graph, x) => graph.node("Relu", [x]),
  gelu: (graph, x) => graph.node("Gelu", [x], { approximate: "none" }),
  geluTanh: (graph, x) => graph.node("Gelu", [x], { approximate: "tanh" }),
  silu: (graph, x) => graph.node("Mul", [x, graph.node("Sigmoid", [x])]),
};

// ## The graph

/** What the parts of the graph share. */
interface Drawing {
  readonly graph: OnnxGraph;
  readonly model: DecoderOnly;
  /** Whether the model has a tensor of that path. */
  readonly has: (path: string) => boolean;
}

/** Adds weights; says which are there, by our paths. */
function addWeights(
  graph: OnnxGraph,
  model: DecoderOnly,
  dtype: ExportKind,
  onWritten: (tensor: string, bytes: number, total: number) => Promise<void>,
): (path: string) => boolean {
  // Matrices lie as they are used: inputs by outputs.
  const names = Object.fromEntries([...model.stateDict().keys()].map((path) => [path, { paths: [path] }]));
  const plan = planExport(model, { names }), planned = plannedTensors(plan, dtype);
  const total = planned.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { name, kind, shape, bytes } of planned) {
    const stored = dtype === "float32" ? name : `${name}, stored`;
    graph.weight(stored, dtype, shape, {
      length: bytes,
      async read() {
        const elements = elementsAs(name, await plan.read(name), kind);
        await onWritten(name, bytes, total);
        return elements;
      },
    });
    if (stored !== name) graph.node("Cast", [stored], { to: 1 }, name);
  }
  return (path) => plan.tensors.has(path);
}

async function graphOf(
  model: DecoderOnly,
  { dtype = "float32", cache = false }: OnnxOptions,
  onWritten: (tensor: string, bytes: number, total: number) => Promise<void>,
): Promise<OnnxGraph> {
  const graph = new OnnxGraph(), { options } = model;
  const has = addWeights(graph, model, dtype, onWritten), drawing = { graph, model, has };
  const { numLayers, numGroups, headSize, vocabSize, placement, positions } = options;

  const ids = graph.input("input_ids", "int64", ["batch", "sequence"]);
  const memory = Array.from({ length: cache ? numLayers : 0 }, (_, layer) =>
    ["key", "value"].map((kind) => {
      graph.output(`present.${layer}.${kind}`, ["batch", numGroups, "total", headSize]);
      return graph.input(`past_key_values.${layer}.${kind}`, "float32", ["batch", numGroups, "past", headSize]);
    }));

  // $P$ and $T$, and the positions of queries and keys.
  const none = graph.integers(), length = graph.node("Shape", [ids], { start: 1, end: 2 });
  const past = memory[0] ? graph.node("Shape", [memory[0][0]!], { start: 2, end: 3 }) : graph.integers(0);
  const single = (list: string): string => graph.node("Reshape", [list, none]);
  const end = single(graph.node("Add", [past, length]));
  const places = graph.node("Range", [single(past), end, graph.whole(1)]);
  const allowed = allowedPairs(
    graph,
    places,
    graph.node("Range", [graph.whole(0), end, graph.whole(1)]),
    windowOf(options),
  );
  const turn = await rotation(drawing, places);

  let hidden = graph.node("Gather", ["embedding.weight", ids]);
  if (positions.word === "learned") {
    hidden = graph.node("Add", [hidden, graph.node("Gather", ["positions.weight", places])]);
  }
  if (positions.word === "sinusoidal") {
    const table = await constantOf(graph, sinusoidalPositions(options.contextLength, options.hiddenSize));
    hidden = graph.node("Add", [hidden, graph.node("Gather", [table, places])]);
  }
  for (let layer = 0; layer < numLayers; layer++) {
    const path = `layers.${layer}`;
    const steps = [
      ["attentionResidual", (x: string) => attention(drawing, x, path, { allowed, turn, memory: memory[layer] })],
      ["feedForwardResidual", (x: string) => feedForward(drawing, x, `${path}.feedForward`)],
    ] as const;
    for (const [residual, step] of steps) {
      const normed = (x: string): string => norm(drawing, x, `${path}.${residual}.norm`);
      hidden = placement === "pre"
        ? graph.node("Add", [hidden, step(normed(hidden))])
        : normed(graph.node("Add", [hidden, step(hidden)]));
    }
  }
  if (options.closingNorm) hidden = norm(drawing, hidden, "norm");
  const head = has("head.weight") ? "head.weight" : graph.node("Transpose", ["embedding.weight"], { perm: [1, 0] });
  graph.node("MatMul", [hidden, head], {}, "logits");
  graph.output("logits", ["batch", "sequence", vocabSize]);
  return graph;
}

async function constantOf(graph: OnnxGraph, table: Tensor): Promise<string> {
  return graph.constant(Float32Array.from(await table.read()), table.shape);
}

/** $s \le P + t$ and, with a window, $s > P + t - w$: `[T, S]`. */
function allowedPairs(graph: OnnxGraph, places: string, keys: string, window: number | undefined): string {
  const rows = graph.node("Unsqueeze", [places, graph.integers(1)]);
  const before = graph.node("LessOrEqual", [keys, rows]);
  if (window === undefined) return before;
  const near = graph.node("Greater", [keys, graph.node("Sub", [rows, graph.whole(window)])]);
  return graph.node("And", [before, near]);
}

function linear({ graph, has }: Drawing, x: string, path: string): string {
  const product = graph.node("MatMul", [x, `${path}.weight`]);
  return has(`${path}.bias`) ? graph.node("Add", [product, `${path}.bias`]) : product;
}

function norm({ graph, model, has }: Drawing, x: string, path: string): string {
  const { norm } = model.options, epsilon = epsilonOf(norm), gain = `${path}.gain`;
  if (norm.word === "layer") {
    const bias = has(`${path}.bias`) ? [`${path}.bias`] : [];
    return graph.node("LayerNormalization", [x, gain, ...bias], { axis: -1, epsilon: { float: epsilon } });
  }
  const square = graph.node("ReduceMean", [graph.node("Mul", [x, x]), graph.integers(-1)], { keepdims: 1 });
  const root = graph.node("Sqrt", [graph.node("Add", [square, graph.scalar(epsilon)])]);
  return graph.node("Mul", [graph.node("Div", [x, root]), gain]);
}

function feedForward(drawing: Drawing, x: string, path: string): string {
  const { graph, model: { options: { activation } } } = drawing, wide = linear(drawing, x, `${path}.up`);
  const bent = "gate" in activation
    ? graph.node("Mul", [BENDS[activation.gate.word]!(graph, linear(drawing, x, `${path}.gate`)), wide])
    : BENDS[activation.word]!(graph, wide);
  return linear(drawing, bent, `${path}.down`);
}

/** The lowest float32: what is forbidden weighs nothing beside any score. */
const LOWEST = -3.4028234663852886e38;

function attention(
  drawing: Drawing,
  x: string,
  layer: string,
  { allowed, turn, memory }: {
    readonly allowed: string;
    readonly turn: (x: string) => string;
    readonly memory: readonly string[] | undefined;
  },
): string {
  const { graph, model } = drawing, { numHeads, numGroups, headSize } = model.options, path = `${layer}.attention`;
  const heads = (part: string, count: number): string => {
    const cut = graph.node("Reshape", [linear(drawing, x, `${path}.${part}`), graph.integers(0, 0, count, headSize)]);
    return graph.node("Transpose", [cut], { perm: [0, 2, 1, 3] });
  };
  const remember = (kind: number, added: string): string => {
    if (!memory) return added;
    return graph.node(
      "Concat",
      [memory[kind]!, added],
      { axis: 2 },
      memory[kind]!.replace("past_key_values", "present"),
    );
  };
  const query = turn(heads("query", numHeads));
  const key = remember(0, turn(heads("key", numGroups))), value = remember(1, heads("value", numGroups));

  // Heads of a group read the same keys and values: `[B, G, H/G, T, D]` beside `[B, G, 1, S, D]`.
  const grouped = graph.node("Reshape", [query, graph.integers(0, numGroups, numHeads / numGroups, -1, headSize)]);
  const beside = (x: string): string => graph.node("Unsqueeze", [x, graph.integers(2)]);
  const keys = graph.node("Transpose", [beside(key)], { perm: [0, 1, 2, 4, 3] });
  const { scale = 1 / Math.sqrt(headSize) } = variantOf(model.options);
  const scores = graph.node("Mul", [graph.node("MatMul", [grouped, keys]), graph.scalar(scale)]);
  const masked = graph.node("Where", [allowed, scores, graph.scalar(LOWEST)]);
  const mixed = graph.node("MatMul", [graph.node("Softmax", [masked], { axis: -1 }), beside(value)]);
  const inHeads = graph.node("Reshape", [mixed, graph.integers(0, numHeads, -1, headSize)]);
  const turned = graph.node("Transpose", [inHeads], { perm: [0, 2, 1, 3] });
  const merged = graph.node("Reshape", [turned, graph.integers(0, 0, numHeads * headSize)]);
  return linear(drawing, merged, `${path}.output`);
}

/** What turns queries and keys by their positions; leaves them alone where positions are no angles. */
async function rotation({ graph, model }: Drawing, places: string): Promise<(x: string) => string> {
  const { positions, contextLength, headSize } = model.options;
  if (positions.word !== "rotary") return (x) => x;
  const { base, scaling, share = 1, interleaved = false } = (positions.settings ?? {}) as RotaryOptions;
  const width = Math.floor(share * headSize), angles = rotaryAngles(contextLength, width, { base, scaling });
  const rows = async (table: Tensor): Promise<string> => graph.node("Gather", [await constantOf(graph, table), places]);
  const cosine = await rows(angles.cosine), sine = await rows(angles.sine);
  const slice = (x: string, from: number, to: number, step: number): string =>
    graph.node("Slice", [x, ...[from, to, -1, step].map((number) => graph.integers(number))]);
  return (x) => {
    const first = interleaved ? slice(x, 0, width, 2) : slice(x, 0, width / 2, 1);
    const second = interleaved ? slice(x, 1, width, 2) : slice(x, width / 2, width, 1);
    const mul = (a: string, b: string): string => graph.node("Mul", [a, b]);
    const turned = [
      graph.node("Sub", [mul(first, cosine), mul(second, sine)]),
      graph.node("Add", [mul(first, sine), mul(second, cosine)]),
    ];
    const rest = width < headSize ? [slice(x, width, headSize, 1)] : [];
    if (!interleaved) return graph.node("Concat", [...turned, ...rest], { axis: -1 });
    const pairs = graph.node("Concat", turned.map((part) => graph.node("Unsqueeze", [part, graph.integers(-1)])), {
      axis: -1,
    });
    const whole = graph.node("Reshape", [pairs, graph.integers(0, 0, -1, width)]);
    return rest.length > 0 ? graph.node("Concat", [whole, ...rest], { axis: -1 }) : whole;
  };
}

// ## Pitfall: a length that is remembered
//
// A graph that is recorded from one run has the length of that run in its shapes: it opens, answers texts of that length, and fails or errs with others. The test "onnxruntime computes the logits of heed" reads two rows where the graph was drawn for none, and its golden asks for other lengths too.
