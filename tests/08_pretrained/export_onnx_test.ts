import { assertEquals, assertRejects } from "@std/assert";
import { alibi } from "../../core/04_attention/positions/relative.ts";
import { DecoderOnly } from "../../core/05_transformer/decoder_only.ts";
import { OnnxGraph } from "../../core/08_pretrained/export/onnx_file.ts";
import { type OnnxOptions, saveOnnx } from "../../core/08_pretrained/export/onnx.ts";
import { bytesSink, type MemorySink } from "../../core/08_pretrained/export/sink.ts";
import { noGrad } from "../../core/engine/autograd.ts";
import { tensor } from "../../core/engine/create.ts";
import { Random } from "../../core/engine/random.ts";
import { assertClose, onEveryBackend } from "../support.ts";
import golden from "../goldens/export.json" with { type: "json" };
import { exactModel, LAYOUTS, TOKENS, UNPUBLISHED } from "./exported.ts";
import { TOKENIZERS } from "./exported_tokenizers.ts";

interface Recorded {
  readonly onnx: {
    readonly file: string;
    readonly cached: string;
    readonly logits: readonly (readonly number[])[];
  };
}
const recorded = golden.models as unknown as Readonly<Record<string, Recorded>>;
const ALL = { ...LAYOUTS, ...UNPUBLISHED };

const sha256 = async (bytes: Uint8Array): Promise<string> =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", bytes.slice())).toHex();

async function saved(model: DecoderOnly, options: OnnxOptions = {}): Promise<MemorySink> {
  const sink = bytesSink();
  await saveOnnx(model, sink, options);
  return sink;
}

// ## A reader of its own, as small as the tests need

type Message = Map<number, (number | Uint8Array)[]>;

function read(bytes: Uint8Array): Message {
  const found: Message = new Map();
  let place = 0;
  const varint = (): number => {
    let value = 0, scale = 1;
    for (;; scale *= 128) {
      const byte = bytes[place++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (place < bytes.length) {
    const key = varint(), field = key >> 3, wire = key & 7;
    let value: number | Uint8Array;
    if (wire === 0) value = varint();
    else {
      const length = wire === 5 ? 4 : varint();
      value = bytes.subarray(place, place += length);
    }
    found.set(field, [...found.get(field) ?? [], value]);
  }
  assertEquals(place, bytes.length);
  return found;
}

const inner = (message: Message, field: number): Message[] =>
  (message.get(field) ?? []).map((bytes) => read(bytes as Uint8Array));
const text = (message: Message, field: number): string =>
  new TextDecoder().decode((message.get(field) ?? [])[0] as Uint8Array);
const texts = (message: Message, field: number): string[] =>
  (message.get(field) ?? []).map((bytes) => new TextDecoder().decode(bytes as Uint8Array));

/** What a graph declares of an input or an output. */
function declared(value: Message): [name: string, element: number, axes: (string | number)[]] {
  const tensor = inner(inner(value, 2)[0]!, 1)[0]!;
  const axes = inner(inner(tensor, 2)[0]!, 1).map((axis) => axis.has(2) ? text(axis, 2) : axis.get(1)![0] as number);
  return [text(value, 1), tensor.get(1)![0] as number, axes];
}

// ## What onnxruntime makes of it

for (const [name, layout] of Object.entries(ALL)) {
  Deno.test(`${name}: the file is the one that onnxruntime has run`, async () => {
    const model = exactModel(layout), { file, cached } = recorded[name]!.onnx;
    assertEquals(await sha256((await saved(model)).files.get("model.onnx")!), file);
    assertEquals(await sha256((await saved(model, { cache: true })).files.get("model.onnx")!), cached);
  });
}

onEveryBackend("onnxruntime computes the logits of heed", async () => {
  for (const [name, layout] of Object.entries(ALL)) {
    const own = noGrad(() => exactModel(layout).forward([TOKENS])).squeeze(0), { logits } = recorded[name]!.onnx;
    await assertClose(own, tensor(logits.flat(), [TOKENS.length, layout.vocabSize]), { rtol: 2e-5, atol: 2e-5 });
  }
});

// ## What the file says

Deno.test("a graph says what it reads and what it makes, with the axes that vary by name", async () => {
  const model = exactModel(LAYOUTS["llama"]!), sink = await saved(model, { cache: true });
  const file = read(sink.files.get("model.onnx")!), graph = inner(file, 7)[0]!;
  assertEquals(inner(file, 8).map((operators) => operators.get(2)), [[20]]);
  const [int64, float32] = [7, 1], past = ["batch", 2, "past", 2];
  assertEquals(inner(graph, 11).map(declared), [
    ["input_ids", int64, ["batch", "sequence"]],
    ["past_key_values.0.key", float32, past],
    ["past_key_values.0.value", float32, past],
    ["past_key_values.1.key", float32, past],
    ["past_key_values.1.value", float32, past],
  ]);
  const outputs = inner(graph, 12).map(declared);
  assertEquals(outputs.at(-1), ["logits", float32, ["batch", "sequence", 20]]);
  assertEquals(outputs[0], ["present.0.key", float32, ["batch", 2, "total", 2]]);
  // What a node reads was made before it.
  const known = new Set([
    ...inner(graph, 5).map((one) => text(one, 8)),
    ...inner(graph, 11).map((one) => text(one, 1)),
  ]);
  for (const node of inner(graph, 1)) {
    for (const name of texts(node, 1)) assertEquals(known.has(name), true, `${text(node, 4)} reads ${name}`);
    for (const name of texts(node, 2)) known.add(name);
  }
  for (const [name] of outputs) assertEquals(known.has(name), true, name);
});

Deno.test("every weight is in the graph, as it lies here, and once", async () => {
  const model = exactModel(LAYOUTS["gpt2"]!), graph = inner(read((await saved(model)).files.get("model.onnx")!), 7)[0]!;
  const constants = new Map(inner(graph, 5).map((one) => [text(one, 8), one]));
  assertEquals(constants.size, inner(graph, 5).length);
  for (const [path, entry] of model.stateDict()) {
    const constant = constants.get(path)!;
    assertEquals(constant.get(1), [...entry.shape], path);
    const bytes = (constant.get(9)![0] as Uint8Array).slice();
    assertEquals([...new Float32Array(bytes.buffer)], [...await entry.read()].map(Math.fround), path);
  }
});

Deno.test("weights beside the model are named with their places", async () => {
  const model = exactModel(LAYOUTS["gpt2"]!), sink = await saved(model, { maxModelBytes: 100 });
  const beside = sink.files.get("model.onnx_data")!, graph = inner(read(sink.files.get("model.onnx")!), 7)[0]!;
  let found = 0;
  for (const constant of inner(graph, 5)) {
    const entries = new Map(inner(constant, 13).map((entry) => [text(entry, 1), text(entry, 2)]));
    assertEquals(constant.has(9), entries.size === 0);
    if (entries.size === 0) continue;
    assertEquals([constant.get(14), entries.get("location")], [[1], "model.onnx_data"]);
    const path = text(constant, 8), begin = Number(entries.get("offset"));
    const bytes = beside.slice(begin, begin + Number(entries.get("length")));
    const entry = model.stateDict().get(path)!;
    assertEquals([...new Float32Array(bytes.buffer)], [...await entry.read()].map(Math.fround), path);
    found += bytes.length;
  }
  assertEquals(found, beside.length);
});

Deno.test("halves are cast to float32 before anything is computed", async () => {
  const sink = await saved(exactModel(LAYOUTS["gpt2"]!), { dtype: "float16" });
  const graph = inner(read(sink.files.get("model.onnx")!), 7)[0]!;
  const [embedding] = inner(graph, 5).filter((one) => text(one, 8).startsWith("embedding.weight"));
  assertEquals([embedding!.get(2), (embedding!.get(9)![0] as Uint8Array).length], [[10], 2 * 20 * 8]);
  const casts = inner(graph, 1).filter((node) => text(node, 4) === "Cast").flatMap((node) => texts(node, 2));
  assertEquals(casts.toSorted(), [...exactModel(LAYOUTS["gpt2"]!).stateDict().keys()].toSorted());
});

Deno.test("the bytes of a graph at once are those of its parts", async () => {
  const make = (): OnnxGraph => {
    const graph = new OnnxGraph();
    graph.node("Add", [graph.input("x", "float32", ["n"]), graph.scalar(1.5)], {}, "y");
    graph.output("y", ["n"]);
    graph.constant(new Float32Array(40_000), [40_000], "large");
    return graph;
  };
  const parts: number[] = [];
  for await (const part of make().parts(20)) for (const byte of part) parts.push(byte);
  assertEquals(Uint8Array.from(parts), make().bytes(20));
});

// ## Around it

Deno.test("saveOnnx() writes the tokenizer beside, tells how far it is, and stops when it is told to", async () => {
  const tokenizer = await TOKENIZERS["characters alone"]!(), told: number[] = [];
  const model = new DecoderOnly({ ...LAYOUTS["gpt2"]!, vocabSize: tokenizer.vocabSize }, new Random(1));
  const sink = await saved(model, {
    tokenizer,
    onProgress: ({ written, total }) => void told.push(written / total),
  });
  assertEquals([...sink.files.keys()], ["model.onnx", "tokenizer.json", "tokenizer_config.json"]);
  assertEquals([told.length, told.at(-1)], [model.stateDict().size, 1]);
  const stop = new AbortController(), empty = bytesSink();
  const onProgress = () => stop.abort(new Error("enough"));
  await assertRejects(() => saveOnnx(model, empty, { signal: stop.signal, onProgress }), Error, "enough");
  assertEquals(empty.files.size, 0);
});

Deno.test("positions that the graph does not have are refused by name", async () => {
  const model = new DecoderOnly({ ...LAYOUTS["gpt2"]!, positions: alibi }, new Random(1));
  await assertRejects(() => saved(model), RangeError, 'as ONNX: it does not fit with positions = "alibi"');
});
