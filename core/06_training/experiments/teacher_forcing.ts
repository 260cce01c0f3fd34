/**
 * # One step wrong, every step wrong
 *
 * A line counts upwards and now and then jumps; it is heard through noise, and has to be written
 * down. Whoever is always told the right number before learns to trust it. This measures what
 * becomes of that trust when the numbers before are the model's own, and what scheduled sampling
 * changes: with guesses that follow right answers, and with guesses that follow guesses.
 *
 * @module
 */

import { DecoderOnly } from "../../05_transformer/decoder_only.ts";
import { noGrad } from "../../engine/autograd.ts";
import { Random } from "../../engine/random.ts";
import { scope } from "../../engine/scope.ts";
import { tensor } from "../../engine/create.ts";
import type { Tensor } from "../../engine/tensor.ts";
import { mean, rounded } from "../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts } from "../../experiments/experiment.ts";
import { discard, learn } from "../../experiments/learning.ts";
import { read } from "../../experiments/reading.ts";
import { part } from "../../experiments/running.ts";
import { SEED } from "../../experiments/seed.ts";
import { crossEntropy } from "../loss.ts";
import { scheduledSampling } from "../teacher_forcing.ts";

/** Numbers 0 to 9; heard ones are tokens 0 to 9, written ones 10 to 19. */
const NUMBERS = 10;
/** Numbers in a line, and lines to learn from at a time and to be tested on. */
const LENGTH = 12, BATCH = 32, TESTED = 256;
/** How often the sequence jumps, and what fraction of the source is wrong. */
const JUMPS = 0.1;
/** The models, and their learning rate. */
const SIZE = 32, LAYERS = 2, HEADS = 4, RATE = 4e-3;

/** What is found. */
export interface TeacherForcingFindings {
  /** Fraction of right numbers by place: taught with right answers, and fed right answers or its own. */
  readonly taughtFed: readonly number[];
  readonly taughtAlone: readonly number[];
  /** The same for the model that was trained with scheduled sampling. */
  readonly sampledFed: readonly number[];
  readonly sampledAlone: readonly number[];
  /** The same where the guesses that are mixed in follow guesses. */
  readonly thriceFed: readonly number[];
  readonly thriceAlone: readonly number[];
  /** What a copy of the source gets right. */
  readonly ear: number;
  readonly shown: {
    /** Fraction of right numbers in the last third of the places, under the same names. */
    readonly late: Readonly<Record<Training, number>>;
  };
}

/** How a model was trained, and what it is fed. */
type Training = "taughtFed" | "taughtAlone" | "sampledFed" | "sampledAlone" | "thriceFed" | "thriceAlone";

/** What the experiment is made of. */
export interface Trust extends Parts {
  findings: TeacherForcingFindings;
  controls: "noise" | "steps" | "floor" | "seed";
  claims: "alone" | "accumulate" | "sampling" | "worse" | "guesses";
  captions: "places" | "late";
  labels:
    & Labels<"place" | "share" | "fed" | "alone" | "taught" | "sampled" | "thrice">
    & Labels<"taughtFed" | "taughtAlone" | "sampledAlone" | "thriceAlone">;
}

interface Lines {
  /** What was said, and what was heard, `[rows][LENGTH]`. */
  readonly said: readonly number[][];
  readonly heard: readonly number[][];
}

function draw(rows: number, noise: number, random: Random): Lines {
  const said: number[][] = [], heard: number[][] = [];
  for (let row = 0; row < rows; row++) {
    const line = [random.integer(NUMBERS)];
    while (line.length < LENGTH) {
      line.push(random.next() < JUMPS ? random.integer(NUMBERS) : (line.at(-1)! + 1) % NUMBERS);
    }
    said.push(line);
    heard.push(line.map((number) => random.next() < noise ? random.integer(NUMBERS) : number));
  }
  return { said, heard };
}

/** Heard and written numbers in turn: at every heard one, the written one is asked for. */
function interleave({ said, heard }: Lines): { inputs: Tensor; targets: Tensor; isHeard: Tensor } {
  const T = 2 * LENGTH - 1, size = said.length * T;
  const inputs = new Int32Array(size), targets = new Int32Array(size).fill(-100), isHeard = new Int32Array(size);
  said.forEach((line, row) => {
    for (let t = 0; t < T; t++) {
      const at = row * T + t, place = t >> 1;
      inputs[at] = t % 2 ? NUMBERS + line[place]! : heard[row]![place]!;
      if (t % 2 === 0) {
        targets[at] = NUMBERS + line[place]!;
        isHeard[at] = 1;
      }
    }
  });
  const shape = [said.length, T];
  return {
    inputs: tensor(inputs, shape),
    targets: tensor(targets, shape),
    isHeard: tensor(isHeard, shape).cast("bool"),
  };
}

/** Fraction of right numbers by place, with right answers before. */
async function fed(model: DecoderOnly, lines: Lines): Promise<number[]> {
  const T = 2 * LENGTH - 1;
  const guesses = await read(() => model.forward(interleave(lines).inputs).argmax(2).cast("float32"));
  return lines.said[0]!.map((_, place) =>
    rounded(mean(lines.said.map((line, row) => Number(guesses[row * T + 2 * place] === NUMBERS + line[place]!))))
  );
}

/** The same with the model's own numbers before. */
async function alone(model: DecoderOnly, lines: Lines, next: () => void): Promise<number[]> {
  const written = lines.said.map((): number[] => []), right: number[] = [];
  for (let place = 0; place < LENGTH; place++) {
    next();
    const rows = lines.heard.map((heard, row) =>
      written[row]!.flatMap((token, at) => [heard[at]!, token]).concat(heard[place]!)
    );
    const guesses = await read(() =>
      model.forward(tensor(Int32Array.from(rows.flat()), [rows.length, 2 * place + 1]), { lastOnly: true })
        .argmax(2).cast("float32")
    );
    written.forEach((tokens, row) => tokens.push(guesses[row]!));
    right.push(rounded(mean(lines.said.map((line, row) => Number(guesses[row] === NUMBERS + line[place]!)))));
  }
  return right;
}

/** Mean over the last third of the places. */
const late = (shares: readonly number[]): number => mean(shares.slice(-LENGTH / 3));

/** Errors pile up at test time; scheduled sampling prepares for them. */
export const experiment: Experiment<Trust> = {
  controls: {
    noise: { default: 0.3, min: 0, max: 0.8, step: 0.1 },
    steps: { default: 200, min: 20, max: 600, step: 20 },
    floor: { default: 0, min: 0, max: 1, step: 0.1 },
    seed: SEED,
  },
  constants: {
    ...{ length: LENGTH, numbers: NUMBERS, jumps: JUMPS },
    ...{ width: SIZE, layers: LAYERS, heads: HEADS, rate: RATE, batch: BATCH, tests: TESTED },
  },
  tolerance: 0.3,
  claims: {
    alone: { holds: ({ taughtFed, taughtAlone }) => late(taughtFed) - late(taughtAlone) > 0.1 },
    accumulate: {
      holds: ({ taughtFed, taughtAlone }) =>
        taughtAlone[1]! - late(taughtAlone) > 0.05 && taughtFed[1]! - late(taughtFed) < 0.05,
    },
    sampling: { holds: ({ taughtAlone, sampledAlone }) => late(sampledAlone) > late(taughtAlone) + 0.03 },
    worse: { holds: ({ sampledAlone, ear }) => late(sampledAlone) < ear - 0.03 },
    guesses: { holds: ({ thriceAlone, ear }) => late(thriceAlone) > ear - 0.05 },
  },
  async measure({ noise, steps, floor, seed }, options) {
    options.signal?.throwIfAborted();
    const measured: number[][] = [];
    // Teacher forcing mixes nothing in; every pass makes guesses from what the one before it mixed.
    for (const [turn, passes] of [0, 1, 3].entries()) {
      const random = new Random(seed);
      const layout = {
        vocabSize: 2 * NUMBERS,
        contextLength: 2 * LENGTH,
        hiddenSize: SIZE,
        numLayers: LAYERS,
        numHeads: HEADS,
      };
      const model = new DecoderOnly(layout, random.split());
      const draws = random.split(), coins = random.split();
      await learn({
        model,
        next: () => draw(BATCH, noise, draws),
        loss: (lines, step) => {
          const { inputs, targets, isHeard } = interleave(lines);
          // Truth falls in a straight line, and stays at its floor for the last third.
          const truth = Math.max(floor, 1 - (1 - floor) * 1.5 * step / steps);
          let fed = inputs;
          for (let pass = 0; pass < passes; pass++) {
            const before = fed, logits = noGrad(() => scope(() => model.forward(before)));
            // Only written numbers are replaced: what was heard is given at test time too.
            fed = inputs.where(isHeard, scheduledSampling(inputs, logits, truth, coins));
          }
          return crossEntropy(model.forward(fed), targets);
        },
        steps,
        learningRate: RATE,
        every: steps,
      }, part(options, turn / 3, turn / 3 + 0.3));
      const tests = draw(TESTED, noise, new Random(seed + 1));
      measured.push(await fed(model, tests), await alone(model, tests, () => options.signal?.throwIfAborted()));
      discard(model);
    }
    const [taughtFed, taughtAlone, sampledFed, sampledAlone, thriceFed, thriceAlone] = measured as [
      number[],
      number[],
      number[],
      number[],
      number[],
      number[],
    ];
    options.onProgress?.(1);
    return {
      taughtFed,
      taughtAlone,
      sampledFed,
      sampledAlone,
      thriceFed,
      thriceAlone,
      ear: rounded(1 - noise * (1 - 1 / NUMBERS)),
      shown: {
        late: {
          taughtFed: late(taughtFed),
          taughtAlone: late(taughtAlone),
          sampledFed: late(sampledFed),
          sampledAlone: late(sampledAlone),
          thriceFed: late(thriceFed),
          thriceAlone: late(thriceAlone),
        },
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { taughtFed, taughtAlone, sampledAlone, thriceAlone, shown: { late } } = findings;
    const byPlace = (shares: readonly number[]) => shares.map((y, i): [number, number] => [i + 1, y]);
    return [
      {
        kind: "line",
        caption: captions.places(findings),
        x: { title: labels.place },
        y: { title: labels.share, domain: [0, 1] },
        series: [
          { label: labels.taughtFed, points: byPlace(taughtFed), dashed: true },
          { label: labels.taughtAlone, points: byPlace(taughtAlone) },
          { label: labels.sampledAlone, points: byPlace(sampledAlone) },
          { label: labels.thriceAlone, points: byPlace(thriceAlone) },
        ],
      },
      {
        kind: "bars",
        caption: captions.late(findings),
        y: { title: labels.share, domain: [0, 1] },
        bars: [
          { label: labels.taught, group: labels.fed, value: late.taughtFed },
          { label: labels.sampled, group: labels.fed, value: late.sampledFed },
          { label: labels.thrice, group: labels.fed, value: late.thriceFed },
          { label: labels.taught, group: labels.alone, value: late.taughtAlone },
          { label: labels.sampled, group: labels.alone, value: late.sampledAlone },
          { label: labels.thrice, group: labels.alone, value: late.thriceAlone },
        ],
      },
    ];
  },
};
