/**
 * What rounding the weights costs: logits and perplexity of a trained model in each format.
 *
 * A character model of four layers is trained on the English half of the embedded corpus; its test
 * part is kept aside. The same weights are then packed in each format and read the text that was kept aside.
 * The seed is fixed; prints a table in Markdown and writes the figures to a file if one is named.
 *
 * deno run --allow-write=bench bench/quantization.ts [bench/quantization.json]
 *
 * @module
 */

import { chineseEnglish } from "../core/corpora/chinese_english.ts";
import {
  adamW,
  cosineSchedule,
  createWasmDevice,
  crossEntropy,
  DecoderOnly,
  memory,
  noGrad,
  Optimizer,
  pack,
  quantize,
  Random,
  scope,
  SequenceWindows,
  type Tensor,
  tensor,
  train,
} from "../mod.ts";
import { setBackend } from "../core/engine/mod.ts";

const STEPS = 400, CONTEXT = 64, BATCH = 32, SEED = 1;

/** What one format costs. */
interface Row {
  readonly format: string;
  /** Bytes that the model holds. */
  readonly bytes: number;
  /** Of the text kept aside, per character. */
  readonly perplexity: number;
  /** Root mean square of the difference of logits, over that of the logits about the mean of their position. */
  readonly relativeError: number;
  /** Largest difference of two logits. */
  readonly largestError: number;
  /** Share of positions whose likeliest character stays the same. */
  readonly sameChoice: number;
}

setBackend(createWasmDevice());

const corpus = chineseEnglish();
const textOf = (part: keyof typeof corpus): string => [...new Set(corpus[part].map(({ target }) => target))].join("\n");
const characters = [...new Set(textOf("training") + textOf("test"))].sort();
const encode = (text: string): Int32Array => Int32Array.from([...text], (character) => characters.indexOf(character));
const [training, aside] = [encode(textOf("training")), encode(textOf("test"))];

const sizes = { vocabSize: characters.length, contextLength: CONTEXT, hiddenSize: 128, numHeads: 4, numLayers: 4 };
const create = (): DecoderOnly => scope(() => new DecoderOnly(sizes, new Random(SEED)));

/** Tokens and the ones that follow them, `[B, T]` each. */
function split(windows: readonly Int32Array[]): { input: Tensor; target: Tensor } {
  const all = tensor(Int32Array.from(windows.flatMap((window) => [...window])), [windows.length, CONTEXT + 1]);
  return { input: all.slice(1, 0, CONTEXT), target: all.slice(1, 1).reshape([-1]) };
}

const model = create();
const random = new Random(SEED + 1);
await train<readonly Int32Array[]>({
  model,
  optimizer: new Optimizer(model.parameters(), adamW({ learningRate: 3e-3, weightDecay: 0.01 })),
  steps: STEPS,
  schedule: cosineSchedule({ peak: 3e-3, warmupSteps: 40, steps: STEPS }),
  clipNorm: 1,
  batches: new SequenceWindows(training, { contextLength: CONTEXT, batchSize: BATCH, random }),
  loss: (windows) => {
    const { input, target } = split(windows);
    return crossEntropy(model.forward(input).reshape([-1, sizes.vocabSize]), target);
  },
  reportEvery: 50,
  onProgress: ({ step, loss }) => console.error(`step ${step}: ${loss.toFixed(3)}`),
});

const windows = Array.from(
  { length: Math.min(128, Math.floor((aside.length - 1) / CONTEXT)) },
  (_, i) => aside.subarray(i * CONTEXT, (i + 1) * CONTEXT + 1),
);

/** Logits for the text kept aside, and how surprised they are by it. */
async function read(reader: DecoderOnly): Promise<{ logits: Float64Array; perplexity: number }> {
  const { logits, loss } = scope(() =>
    noGrad(() => {
      const { input, target } = split(windows);
      const logits = reader.forward(input).reshape([-1, sizes.vocabSize]);
      return { logits, loss: crossEntropy(logits, target) };
    })
  );
  return { logits: Float64Array.from(await logits.read()), perplexity: Math.exp(await loss.item()) };
}

/** Compares logits row by row. */
function compare(logits: Float64Array, truth: Float64Array): Omit<Row, "format" | "bytes" | "perplexity"> {
  const V = sizes.vocabSize, rows = truth.length / V;
  let error = 0, scale = 0, largestError = 0, same = 0;
  for (let row = 0; row < rows; row++) {
    const [a, b] = [logits, truth].map((all) => all.subarray(row * V, (row + 1) * V)) as [Float64Array, Float64Array];
    const mean = b.reduce((sum, x) => sum + x, 0) / V;
    for (let i = 0; i < V; i++) {
      const difference = Math.abs(a[i]! - b[i]!);
      error += difference ** 2;
      scale += (b[i]! - mean) ** 2;
      largestError = Math.max(largestError, difference);
    }
    same += Number(a.indexOf(Math.max(...a)) === b.indexOf(Math.max(...b)));
  }
  return { relativeError: Math.sqrt(error / scale), largestError, sameChoice: same / rows };
}

const truth = await read(model);
const rows: Row[] = [];
for (const format of ["float32", "float16", "int8", "int4"] as const) {
  const before = memory().bytes;
  const packed = create();
  packed.loadStateDict(model.stateDict());
  if (format === "float32" || format === "float16") pack(packed, format);
  else quantize(packed, format);
  const bytes = memory().bytes - before;
  const { logits, perplexity } = await read(packed);
  rows.push({ format, bytes, perplexity, ...compare(logits, truth.logits) });
}

console.log(`perplexity of the model as trained: ${truth.perplexity.toFixed(4)}\n`);
console.log("| format | bytes | perplexity | relative error of logits | largest | same choice |");
console.log("| --- | --- | --- | --- | --- | --- |");
for (const { format, bytes, perplexity, relativeError, largestError, sameChoice } of rows) {
  const cells = [format, bytes, perplexity.toFixed(4), relativeError.toExponential(1), largestError.toExponential(1)];
  console.log(`| ${[...cells, `${(100 * sameChoice).toFixed(2)} %`].join(" | ")} |`);
}
const [file] = Deno.args;
if (file) {
  const characterCount = windows.length * CONTEXT;
  const results = { seed: SEED, steps: STEPS, sizes, characters: characterCount, perplexity: truth.perplexity, rows };
  Deno.writeTextFileSync(file, JSON.stringify(results, null, 2) + "\n");
}
