/**
 * # What comes back
 *
 * A small language model is trained, saved with four bytes for a weight and with two, and opened again. How much of it has come back?
 *
 * @module
 */

import type { Experiment, Labels, Parts } from "../../experiments/experiment.ts";
import { readCharacters } from "../../experiments/characters.ts";
import { discard, learn } from "../../experiments/learning.ts";
import { read, readRows } from "../../experiments/reading.ts";
import { percent } from "../../experiments/numbers.ts";
import { Steps } from "../../experiments/running.ts";
import { SEED } from "../../experiments/seed.ts";
import { noGrad } from "../../engine/autograd.ts";
import { Random } from "../../engine/random.ts";
import { DecoderOnly } from "../../05_transformer/decoder_only.ts";
import { SequenceWindows } from "../../06_training/batching.ts";
import { crossEntropy } from "../../06_training/loss.ts";
import { nextTokens } from "../../06_training/teacher_forcing.ts";
import { fromPretrained } from "../architecture.ts";
import { bytesSource } from "../files/mod.ts";
import { savePretrained } from "../export/saving.ts";
import type { ExportKind } from "../export/shards.ts";
import { bytesSink } from "../export/sink.ts";

const KINDS: readonly ExportKind[] = ["float32", "float16", "bfloat16"];
const LAYOUT = { hiddenSize: 64, numHeads: 4, numLayers: 2 };
/** Characters of a window, windows of a batch, and windows that are judged by. */
const LENGTH = 48, BATCH = 16, JUDGED = 40;

/** What is found, in the order of the kinds of numbers. */
export interface ExportFindings {
  /** Loss before it was saved, in nats per character, on texts that were not learned. */
  readonly before: number;
  /** The same afterwards. */
  readonly nats: readonly number[];
  /** The largest difference of two logits, as a fraction of the largest logit. */
  readonly farthest: readonly number[];
  /** Places at which the most probable character is the same, as a fraction. */
  readonly same: readonly number[];
  /** Bytes of the weights. */
  readonly bytes: readonly number[];
}

/** What the experiment is made of. */
export interface Returns extends Parts {
  findings: ExportFindings;
  controls: "steps" | "seed";
  claims: "exact" | "half" | "mantissa" | "loss";
  captions: "farthest" | "table";
  labels: Labels<"kind" | "bytes" | "nats" | "same" | "farthest">;
}

/** Saved and opened again. */
export const experiment: Experiment<Returns> = {
  controls: { steps: { default: 240, min: 40, max: 600, step: 20 }, seed: SEED },
  claims: {
    exact: { holds: ({ farthest, nats, before }) => farthest[0] === 0 && nats[0] === before },
    half: { holds: ({ bytes }) => bytes[1]! === bytes[0]! / 2 && bytes[2]! === bytes[0]! / 2 },
    mantissa: { holds: ({ farthest }) => farthest[2]! > 4 * farthest[1]! },
    loss: { holds: ({ before, nats }) => nats.every((loss) => Math.abs(loss - before) < 0.01) },
  },
  async measure({ steps, seed }, options) {
    const random = new Random(seed), { vocabulary, training, heldOut } = await readCharacters(options.signal);
    const model = new DecoderOnly({ ...LAYOUT, vocabSize: vocabulary.vocabSize, contextLength: LENGTH }, random);
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
    model.eval();
    const judged = new SequenceWindows(heldOut, { contextLength: LENGTH, batchSize: JUDGED, random: new Random(7) })
      .next();
    const { inputs, targets } = nextTokens(judged);
    const judge = async (one: DecoderOnly) => {
      const [nats] = await read(() => noGrad(() => crossEntropy(one.forward(inputs), targets)));
      const logits = Array.from(await read(() => noGrad(() => one.forward(inputs))));
      const [best] = await readRows(() => noGrad(() => one.forward(inputs).argmax(-1).reshape([1, -1])));
      return { nats: nats!, logits, best: best! };
    };
    const own = await judge(model), largest = own.logits.reduce((most, logit) => Math.max(most, Math.abs(logit)), 0);
    const found = { nats: [] as number[], farthest: [] as number[], same: [] as number[], bytes: [] as number[] };
    const readings = new Steps({ ...options.signal && { signal: options.signal } }, KINDS.length);
    for (const dtype of KINDS) {
      await readings.next();
      const place = bytesSink(), { bytes } = await savePretrained(model, place, { dtype });
      const back = await fromPretrained(bytesSource(place.files)), { nats, logits, best } = await judge(back);
      const far = logits.reduce((most, logit, i) => Math.max(most, Math.abs(logit - own.logits[i]!)), 0);
      found.nats.push(nats);
      found.farthest.push(far / largest);
      found.same.push(best.filter((token, i) => token === own.best[i]).length / best.length);
      found.bytes.push(bytes);
      discard(back);
    }
    discard(model);
    return { before: own.nats, ...found };
  },
  draw(findings, { captions, labels }) {
    const { nats, farthest, same, bytes } = findings;
    return [
      {
        kind: "bars",
        caption: captions.farthest(findings),
        y: { title: labels.farthest },
        bars: KINDS.map((label, i) => ({ label, value: farthest[i]! })),
      },
      {
        kind: "table",
        caption: captions.table(findings),
        columns: [labels.kind, labels.bytes, labels.nats, labels.same],
        rows: KINDS.map((kind, i) => [kind, String(bytes[i]), nats[i]!.toFixed(4), percent(same[i]!, 3)]),
      },
    ];
  },
};
