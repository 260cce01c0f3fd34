/**
 * # The model that reads a stream
 *
 * **Question.** Which model are the memories of a stream compared with?
 *
 * **Idea.** A Transformer on letters with rotary positions. A text of the training begins with a token that says so and has a fixed length. Signs are planted in it, with a question further on
 * whose answer is the sign. Answers are rare, so their loss is counted once more.
 *
 * ```sh
 * deno run -A docs/runs/stream_model.ts --data input.txt --out model.safetensors
 * ```
 *
 * @module
 */

import { text } from "../../core/cli/arguments.ts";
import { rotary } from "../../core/04_attention/positions/rotary.ts";
import { DecoderOnly } from "../../core/05_transformer/decoder_only.ts";
import { encodeCheckpoint } from "../../core/06_training/checkpoints.ts";
import { crossEntropy } from "../../core/06_training/loss.ts";
import { tensor } from "../../core/engine/create.ts";
import { setBackend } from "../../core/engine/device.ts";
import { Random } from "../../core/engine/random.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { learn } from "../../core/experiments/learning.ts";
import { plant, type PlantedAlphabet, plantedAlphabet } from "../../core/experiments/planted.ts";
import { createWasmDevice } from "../../mod.ts";
import { readTask } from "../arguments.ts";

/** Tokens of a text in training, and the longest text of a cache that grows. */
export const CONTEXT = 128, LONGEST = 8192;
/** Signs to remember, steps of training, and how much the loss of the answers counts once more. */
const SIGNS = 8, STEPS = 700, ANSWERS = 0.5;
const SIZES = { hiddenSize: 96, numHeads: 4, numLayers: 3 }, BATCH = 16, RATE = 0.003;
/** The part of the file that is learned from. */
const LEARNED = 0.9;

/** How the models were trained. */
export const TRAINING: Readonly<
  Record<"hiddenSize" | "numHeads" | "numLayers" | "context" | "signs" | "steps" | "batch", number>
> = { ...SIZES, context: CONTEXT, signs: SIGNS, steps: STEPS, batch: BATCH };

/** A file as letters. */
export interface Letters {
  readonly alphabet: PlantedAlphabet;
  /** The token that begins a text. */
  readonly begin: number;
  readonly training: Int32Array;
  readonly heldOut: Int32Array;
}

/** Reads a file as letters. */
export function lettersOf(file: string): Letters {
  const alphabet = plantedAlphabet(file, SIGNS), ids = Int32Array.from(file, (letter) => alphabet.ids.get(letter)!);
  const cut = Math.floor(LEARNED * ids.length);
  return { alphabet, begin: alphabet.vocabSize, training: ids.subarray(0, cut), heldOut: ids.subarray(cut) };
}

/** A model that has learned nothing. */
export function newModel({ begin }: Letters): DecoderOnly {
  const layout = { ...SIZES, vocabSize: begin + 1, contextLength: LONGEST, positions: rotary() };
  return new DecoderOnly(layout, new Random(1));
}

/** Texts of the training, `[BATCH, CONTEXT + 1]`. */
function draw({ alphabet, begin, training }: Letters, random: Random): Tensor {
  const rows = Array.from({ length: BATCH }, () => {
    const from = random.integer(training.length - CONTEXT);
    const planted = plant(training.subarray(from, from + CONTEXT), alphabet, random, {
      gap: () => random.integer(CONTEXT / 2),
      distance: () => 2 + random.integer(CONTEXT - 4),
    });
    return [begin, ...planted.subarray(0, CONTEXT)];
  });
  return tensor(Int32Array.from(rows.flat()), [BATCH, CONTEXT + 1]);
}

/** Trains a model. */
async function train(letters: Letters): Promise<DecoderOnly> {
  const model = newModel(letters), random = new Random(2), { ask } = letters.alphabet;
  await learn({
    model,
    next: () => draw(letters, random),
    loss: (batch, step) => {
      const inputs = batch.slice(1, 0, CONTEXT), targets = batch.slice(1, 1, CONTEXT + 1);
      const logits = model.forward(inputs), answers = targets.where(inputs.equal(ask), -100);
      const loss = crossEntropy(logits, targets);
      if (step % 50 === 0) void loss.item().then((nats) => console.error(step, nats.toFixed(3)));
      return loss.add(crossEntropy(logits, answers).mul(ANSWERS));
    },
    steps: STEPS,
    learningRate: RATE,
    every: STEPS,
  }, {});
  return model;
}

if (import.meta.main) {
  const { values } = await readTask({
    name: "stream_model",
    summary: "Train the model that docs/runs/windows_and_sinks.ts reads a stream with.",
    options: {
      data: text("FILE", "The file to learn from", "input.txt"),
      out: text("FILE", "Where the weights go", "model.safetensors"),
    },
  });
  setBackend(createWasmDevice({ threads: 1 }));
  const model = await train(lettersOf(await Deno.readTextFile(values.data)));
  await Deno.writeFile(values.out, await encodeCheckpoint({ model }));
}
