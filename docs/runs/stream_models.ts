/**
 * # Models that read a stream
 *
 * **Question.** Which models are the memories of a stream compared with?
 *
 * **Idea.** A Transformer on letters for each kind of positions: rotary, learned and ALiBi. A text of the training begins with a token that says so and has a fixed length. Signs are planted in it, with a question further on
 * whose answer is the sign. Answers are rare, so their loss is counted once more.
 *
 * ```sh
 * deno run -A docs/runs/stream_models.ts --data input.txt --positions rotary --out models/rotary.safetensors
 * ```
 *
 * @module
 */

import { text } from "../../core/cli/arguments.ts";
import { quote, UsageError } from "../../core/cli/errors.ts";
import { learned } from "../../core/04_attention/positions/absolute.ts";
import { alibi } from "../../core/04_attention/positions/relative.ts";
import { rotary } from "../../core/04_attention/positions/rotary.ts";
import type { PositionScheme } from "../../core/04_attention/positions/scheme.ts";
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
import { readTask, refuse } from "../arguments.ts";

/** Tokens of a text in training, and the longest text of a cache that grows. */
export const CONTEXT = 128, LONGEST = 8192;
/** Signs to remember, steps of training, and how much the loss of the answers counts once more. */
const SIGNS = 8, STEPS = 700, ANSWERS = 0.5;
const SIZES = { hiddenSize: 96, numHeads: 4, numLayers: 3 }, BATCH = 16, RATE = 0.003;
/** The part of the file that is learned from. */
const LEARNED = 0.9;

/** How the models were trained. */
export const TRAINING = { ...SIZES, context: CONTEXT, signs: SIGNS, steps: STEPS, batch: BATCH } as const;

/** The models, by their positions. */
export const SCHEMES = { rotary: rotary(), alibi, learned: learned() } as const;
/** Which positions a model has. */
export type SchemeName = keyof typeof SCHEMES;

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
export function newModel(name: SchemeName, { begin }: Letters): DecoderOnly {
  const positions: PositionScheme = SCHEMES[name], contextLength = name === "learned" ? CONTEXT : LONGEST;
  return new DecoderOnly({ ...SIZES, vocabSize: begin + 1, contextLength, positions }, new Random(1));
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
async function train(name: SchemeName, letters: Letters): Promise<DecoderOnly> {
  const model = newModel(name, letters), random = new Random(2), { ask } = letters.alphabet;
  await learn({
    model,
    next: () => draw(letters, random),
    loss: (batch, step) => {
      const inputs = batch.slice(1, 0, CONTEXT), targets = batch.slice(1, 1, CONTEXT + 1);
      const logits = model.forward(inputs), answers = targets.where(inputs.equal(ask), -100);
      const loss = crossEntropy(logits, targets);
      if (step % 50 === 0) void loss.item().then((nats) => console.error(name, step, nats.toFixed(3)));
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
    name: "stream_models",
    summary: "Train the model of one kind of positions that docs/runs/windows_and_sinks.ts reads a stream with.",
    options: {
      data: text("FILE", "The file to learn from", "input.txt"),
      positions: text("WORD", Object.keys(SCHEMES).join(", "), "rotary"),
      out: text("FILE", "Where the weights go", "model.safetensors"),
    },
  });
  const { positions: name } = values;
  if (!Object.hasOwn(SCHEMES, name)) {
    refuse(new UsageError(`Cannot train positions ${quote(name)}: there are ${Object.keys(SCHEMES).join(", ")}`));
  }
  setBackend(createWasmDevice({ threads: 1 }));
  const model = await train(name as SchemeName, lettersOf(await Deno.readTextFile(values.data)));
  await Deno.writeFile(values.out, await encodeCheckpoint({ model }));
}
