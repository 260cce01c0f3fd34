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
import type { Experiment, Labels, Parts, RunOptions } from "./experiment.ts";
import { discard, learn } from "./learning.ts";
import { percent } from "./numbers.ts";
import { read, readRows } from "./reading.ts";
import { Steps } from "./running.ts";
import { SEED } from "./seed.ts";

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

// ## An experiment of a table of mistakes

/** What is found, in the order of the mistakes; the right reading comes first. */
export interface MisreadFindings {
  /** Loss on texts that were not learned, in nats per character. */
  readonly nats: readonly number[];
  /** Places at which the most probable character is that of the right reading, as a fraction. */
  readonly same: readonly number[];
}

/** What such an experiment is made of. */
export interface MisreadParts<Name extends string, Claim extends string> extends Parts {
  findings: MisreadFindings;
  controls: "steps" | "seed";
  claims: Claim;
  captions: "nats" | "table";
  labels: Labels<Name | "right" | "nats" | "same" | "reading">;
}

/** What is misread, and what is claimed of it. */
export interface Misreading<Name extends string, Claim extends string> {
  /** The layout of the model. */
  readonly layout: Omit<DecoderOnlyOptions, "vocabSize">;
  /** What its file calls the tensors. */
  readonly names: StateNames;
  /** The mistakes, in the order of the figures. */
  readonly mistakes: Readonly<Record<Name, Mistake>>;
  /** What holds of a reading, by its own numbers and those of the right one. */
  readonly claims: Readonly<Record<Claim, (of: Readonly<Record<Name | "right", Reading>>) => boolean>>;
}

/** An experiment that reads weights with one mistake at a time. */
export function misreading<Name extends string, Claim extends string>(
  { layout, names, mistakes, claims }: Misreading<Name, Claim>,
): Experiment<MisreadParts<Name, Claim>> {
  const order = Object.keys(mistakes) as Name[];
  const byName = ({ nats, same }: MisreadFindings) =>
    Object.fromEntries(
      ["right", ...order].map((name, i) => [name, { nats: nats[i]!, same: same[i]! }]),
    ) as Record<Name | "right", Reading>;
  const held = Object.entries(claims) as [Claim, (of: Readonly<Record<Name | "right", Reading>>) => boolean][];
  return {
    controls: { steps: { default: 240, min: 40, max: 600, step: 20 }, seed: SEED },
    claims: Object.fromEntries(
      held.map(([claim, holds]) => [claim, { holds: (found: MisreadFindings) => holds(byName(found)) }]),
    ) as Experiment<MisreadParts<Name, Claim>>["claims"],
    async measure({ steps, seed }, options) {
      const found = await misread(layout, names, order.map((name) => mistakes[name]), { steps, seed }, options);
      return { nats: found.map(({ nats }) => nats), same: found.map(({ same }) => same) };
    },
    draw(findings, { captions, labels }) {
      const rows = (["right", ...order] as const).map((name) => labels[name as Name]);
      return [
        {
          kind: "bars",
          caption: captions.nats(findings),
          y: { title: labels.nats },
          bars: rows.map((label, i) => ({ label, value: findings.nats[i]! })),
        },
        {
          kind: "table",
          caption: captions.table(findings),
          columns: [labels.reading, labels.nats, labels.same],
          rows: rows.map((label, i) => [label, findings.nats[i]!.toFixed(3), percent(findings.same[i]!, 3)]),
        },
      ];
    },
  };
}
