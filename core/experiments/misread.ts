/**
 * # Weights, read with a mistake
 *
 * A small language model is trained, its weights are written under the names of another library, and read back: once as they were written, and then with one mistake in the settings or in the table of names.
 *
 * @module
 */

import { noGrad } from "../engine/autograd.ts";
import { Random } from "../engine/random.ts";
import { DecoderOnly, type DecoderOnlyOptions } from "../05_transformer/decoder_only.ts";
import { SequenceWindows } from "../06_training/batching.ts";
import { crossEntropy } from "../06_training/loss.ts";
import { exportState, importState, type StateNames } from "../06_training/state_names.ts";
import { nextTokens } from "../06_training/teacher_forcing.ts";
import { readCharacters } from "./characters.ts";
import type { RunOptions } from "./experiment.ts";
import { discard, learn } from "./learning.ts";
import { read, readRows } from "./reading.ts";
import { Steps } from "./running.ts";

/** What is read in another way than it was written. */
export interface Mistake {
  /** Settings that are others. */
  readonly options?: Partial<DecoderOnlyOptions>;
  /** Names that lead elsewhere. */
  readonly names?: StateNames;
}

/** What a reading is worth. */
export interface Reading {
  /** Mean loss on texts that were not learned, in nats per character. */
  readonly nats: number;
  /** Fraction of places at which the most probable character is that of the right reading. */
  readonly same: number;
}

/** How the model is trained. */
export interface Training {
  /** Steps. */
  readonly steps: number;
  /** Where everything random comes from. */
  readonly seed: number;
}

/** Characters of a window, windows of a batch, and windows that are judged by. */
const LENGTH = 48, BATCH = 16, JUDGED = 40;

/** Trains, writes, and reads with each mistake; the first reading is the right one. */
export async function misread(
  layout: Omit<DecoderOnlyOptions, "vocabSize">,
  names: StateNames,
  mistakes: readonly Mistake[],
  { steps, seed }: Training,
  options: RunOptions,
): Promise<Reading[]> {
  const random = new Random(seed), { vocabulary, training, heldOut } = await readCharacters(options.signal);
  const whole = { ...layout, vocabSize: vocabulary.vocabSize, contextLength: LENGTH };
  const model = new DecoderOnly(whole, random);
  const windows = new SequenceWindows(training, { contextLength: LENGTH, batchSize: BATCH, random });
  await learn({
    model,
    next: () => windows.next(),
    loss: (batch) => {
      const { inputs, targets } = nextTokens(batch);
      return crossEntropy(model.forward(inputs), targets);
    },
    steps,
    learningRate: 3e-3,
    every: steps,
  }, { ...options, onProgress: (done) => options.onProgress?.(0.9 * done) });
  const file = await exportState(model, { names });
  const judged = new SequenceWindows(heldOut, { contextLength: LENGTH, batchSize: JUDGED, random: new Random(7) })
    .next();
  const { inputs, targets } = nextTokens(judged), found: Reading[] = [];
  const readings = new Steps({ ...options.signal && { signal: options.signal } }, mistakes.length + 1);
  let right: readonly number[] = [];
  for (const mistake of [{}, ...mistakes] as readonly Mistake[]) {
    await readings.next();
    const other = new DecoderOnly({ ...whole, ...mistake.options }, Random.none);
    importState(other, file, { names: { ...names, ...mistake.names } });
    other.eval();
    const [nats] = await read(() => noGrad(() => crossEntropy(other.forward(inputs), targets)));
    const [best] = await readRows(() => noGrad(() => other.forward(inputs).argmax(-1).reshape([1, -1])));
    if (right.length === 0) right = best!;
    found.push({ nats: nats!, same: best!.filter((token, i) => token === right[i]).length / best!.length });
    discard(other);
  }
  discard(model);
  return found;
}
