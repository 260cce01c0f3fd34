/**
 * # Weights in blocks, on real text
 *
 * **Question.** What does a trained model lose if its weights are kept in fewer bits, and how much faster does it answer?
 *
 * **Idea.** SmolLM2-135M-Instruct reads passages of Shakespeare with its weights as its file has them, unpacked to float32, and rounded again to every kind that is written here. Compared with the
 * unpacked numbers are the perplexity and all logits; counted are the bytes; timed are a prompt that is read and tokens that are written, on one core.
 *
 * ```sh
 * deno run -A docs/runs/stored_weights.ts --data input.txt --model SmolLM2-135M-Instruct.Q4_1.gguf
 * ```
 *
 * @module
 */

import type { DecoderOnly } from "../../core/05_transformer/decoder_only.ts";
import { generate } from "../../core/07_generation/generate.ts";
import { logProbabilityOf } from "../../core/07_generation/sampling.ts";
import { fromPretrained } from "../../core/08_pretrained/architecture.ts";
import { bytesSource } from "../../core/08_pretrained/files/mod.ts";
import { blockLevels, packBlocks } from "../../core/08_pretrained/quantised_weights.ts";
import { openTokenizer } from "../../core/08_pretrained/tokenizer_files/opening.ts";
import { noGrad } from "../../core/engine/autograd.ts";
import { tensor } from "../../core/engine/create.ts";
import { pack, quantize } from "../../core/engine/inference.ts";
import { packLevels } from "../../core/engine/levels.ts";
import { release, scope } from "../../core/engine/scope.ts";
import { record } from "./run.ts";

/** Passages that are read, and tokens of each. */
const PASSAGES = 8, LENGTH = 128;
/** Tokens that are written, and how often reading and writing are timed. */
const WRITTEN = 32, ROUNDS = 5;

/** What is measured of one way to keep the weights. */
export interface StoredWeightsRow {
  /** As stored, or what the unpacked numbers are turned into. */
  readonly format: string;
  /** Bytes that the model takes on the device. */
  readonly bytes: number;
  readonly perplexity: number;
  /** Root of the mean square of the difference of logits, by their standard deviation. */
  readonly error: number;
  /** The largest of them. */
  readonly largest: number;
  /** Fraction of places where the most probable token is that of the unpacked numbers. */
  readonly same: number;
  /** Tokens a second: of a prompt that is read, and written one by one. */
  readonly reading: number;
  readonly writing: number;
}

/** What is kept. */
export interface StoredWeightsRun {
  readonly passages: number;
  readonly length: number;
  readonly weights: number;
  readonly rows: readonly StoredWeightsRow[];
}

/** The kinds of the file, and those that the numbers are turned into. */
const FORMATS = ["float32", "stored", "float16", "int8", "int4", "Q8_0", "Q5_1", "Q5_0", "Q4_1", "Q4_0"] as const;

/** Turns every matrix of a model into blocks of a kind. */
async function turn(model: DecoderOnly, kind: string): Promise<void> {
  for (const weight of model.packable().values()) {
    const { tensor: values } = weight, rows = weight.isTable ? values : values.transpose();
    const numbers = await scope(() => rows.clone()).read();
    const blocks = packBlocks(kind, numbers), shape = [...rows.shape];
    weight.replace(packLevels(blockLevels(kind, shape, blocks), weight.isTable, values.device));
    release(values);
  }
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

async function make(path: string, file: string): Promise<StoredWeightsRun> {
  const source = bytesSource(new Map([["model.gguf", await Deno.readFile(file)]]));
  const tokenizer = await openTokenizer(source), text = await Deno.readTextFile(path);
  const stride = Math.floor(text.length / (PASSAGES + 1));
  const passages = Array.from(
    { length: PASSAGES },
    (_, i) => tokenizer.encode(text.slice((i + 1) * stride, (i + 1) * stride + 8 * LENGTH)).slice(0, LENGTH),
  );
  const exact: Float32Array[] = [], rows: StoredWeightsRow[] = [];
  let weights = 0;
  for (const format of FORMATS) {
    const model = await fromPretrained(source, { weights: format === "stored" ? "stored" : "float32" });
    if (format === "float32") weights = [...model.stateDict().values()].reduce((sum, { size }) => sum + size, 0);
    if (format === "float32" || format === "float16") pack(model, format);
    else if (format === "int8" || format === "int4") quantize(model, format);
    else if (format !== "stored") await turn(model, format);

    let surprisal = 0, squares = 0, largest = 0, sum = 0, total = 0, count = 0, same = 0, places = 0;
    for (const [number, tokens] of passages.entries()) {
      const result = noGrad(() => scope(() => model.forward(tensor(Int32Array.from(tokens), [1, LENGTH]))));
      const logits = await result.read() as Float32Array, V = logits.length / LENGTH;
      release(result);
      const judge = exact[number] ??= logits;
      for (let place = 0; place < LENGTH; place++) {
        const row = logits.subarray(place * V, place * V + V), other = judge.subarray(place * V, place * V + V);
        if (place + 1 < LENGTH) surprisal -= logProbabilityOf(row, tokens[place + 1]!);
        let best = 0, bestOther = 0;
        for (let i = 0; i < V; i++) {
          const difference = Math.abs(row[i]! - other[i]!);
          largest = Math.max(largest, difference);
          squares += difference ** 2;
          sum += other[i]!;
          total += other[i]! ** 2;
          if (row[i]! > row[best]!) best = i;
          if (other[i]! > other[bestOther]!) bestOther = i;
        }
        count += V;
        places++;
        if (best === bestOther) same++;
      }
    }
    const deviation = Math.sqrt(total / count - (sum / count) ** 2);

    const [prompt] = passages, reading: number[] = [], writing: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const start = performance.now();
      await generate(model, prompt!, { maxNewTokens: 1 });
      const middle = performance.now();
      await generate(model, prompt!.slice(0, 4), { maxNewTokens: WRITTEN });
      reading.push(LENGTH / (middle - start) * 1000);
      writing.push(WRITTEN / (performance.now() - middle) * 1000);
    }
    const storages = new Set([...model.stateDict().values()].map(({ storage }) => storage));
    rows.push({
      format,
      bytes: [...storages].reduce((bytes, { byteLength }) => bytes + byteLength, 0),
      perplexity: Math.exp(surprisal / (PASSAGES * (LENGTH - 1))),
      error: Math.sqrt(squares / count) / deviation,
      largest: largest / deviation,
      same: same / places,
      reading: median(reading),
      writing: median(writing),
    });
    for (const storage of storages) storage.release();
  }
  return { passages: PASSAGES, length: LENGTH, weights, rows };
}

if (import.meta.main) {
  await record({
    name: "stored_weights",
    summary: "Read passages of a text with the weights of a GGUF kept in every kind of block, and record what is lost.",
    origin:
      "Tiny Shakespeare, parts of plays by William Shakespeare, as Andrej Karpathy's char-rnn has them (data/tinyshakespeare)",
    licence: "public domain",
    files: { model: "A GGUF of the LLaMA family" },
    make: (path, { model }) => make(path, model!),
  });
}
