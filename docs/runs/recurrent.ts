/**
 * # Recurrent models on Shakespeare
 *
 * **Question.** What do the gates buy on real text, and at what price?
 *
 * **Idea.** A recurrent network, an LSTM, a GRU and a Transformer learn the characters of Tiny Shakespeare with the same batches, steps and
 * schedule, those of the program's recipe. The widths are chosen so that the numbers of weights are close. Kept are weights, seconds, and the perplexity on the last tenth of the
 * text, which nobody was trained on: in windows that begin with nothing, and, for recurrent models, with the state carried over from window to window.
 *
 * ```sh
 * deno run --allow-read --allow-write=docs/runs docs/runs/recurrent.ts --data input.txt
 * ```
 *
 * @module
 */

import process from "node:process";
import { trainBytePairEncoding } from "../../core/02_words/byte_pair_encoding/mod.ts";
import {
  type ContinuedResult,
  elman,
  gru,
  lstm,
  RecurrentLanguageModel,
} from "../../core/03_language_models/lstm/language_model.ts";
import { DecoderOnly } from "../../core/05_transformer/decoder_only.ts";
import { adamW } from "../../core/06_training/adam.ts";
import { SequenceWindows } from "../../core/06_training/batching.ts";
import { train } from "../../core/06_training/loop.ts";
import { crossEntropy } from "../../core/06_training/loss.ts";
import { Optimizer } from "../../core/06_training/optimizers.ts";
import { cosineSchedule } from "../../core/06_training/schedules.ts";
import { nextTokens } from "../../core/06_training/teacher_forcing.ts";
import { noGrad } from "../../core/engine/autograd.ts";
import { tensor } from "../../core/engine/create.ts";
import { Random } from "../../core/engine/random.ts";
import { keep, release, scope } from "../../core/engine/scope.ts";
import { discard } from "../../core/experiments/learning.ts";
import { record } from "./run.ts";

/** The recipe of the program, with fewer steps. */
const STEPS = 500, BATCH = 12, LENGTH = 64, RATE = 2e-3, WARMUP = 100, DECAY = 0.1, BETA2 = 0.99, CLIP = 1;
/** Windows of the last tenth that are measured, and texts that are read side by side with a carried state. */
const WINDOWS = 400, ROWS = 16;

/** What one model reaches. */
export interface Reached {
  readonly name: string;
  readonly hiddenSize: number;
  readonly weights: number;
  /** Seconds of training on one core. */
  readonly seconds: number;
  /** Perplexity per character in windows that begin with nothing. */
  readonly perplexity: number;
  /** The same with the state carried from window to window; absent without a state. */
  readonly carried?: number;
}

/** What is kept. */
export interface RecurrentRun {
  readonly steps: number;
  readonly batch: number;
  readonly length: number;
  readonly characters: number;
  readonly models: readonly Reached[];
}

type Model = RecurrentLanguageModel | DecoderOnly;

/** Mean loss over windows that begin with nothing. */
async function lossInWindows(model: Model, heldOut: Int32Array): Promise<number> {
  const stride = Math.floor((heldOut.length - LENGTH - 1) / WINDOWS);
  let total = 0;
  for (let at = 0; at < WINDOWS; at += 40) {
    const some = Array.from(
      { length: 40 },
      (_, i) => heldOut.subarray((at + i) * stride, (at + i) * stride + LENGTH + 1),
    );
    const loss = scope(() =>
      noGrad(() => {
        const { inputs, targets } = nextTokens(some);
        return crossEntropy(model.forward(inputs), targets);
      })
    );
    total += 40 * await loss.item();
  }
  return total / WINDOWS;
}

/** Mean loss with the state handed on: the text in rows side by side, each read from its beginning to its end. */
async function lossCarried(model: RecurrentLanguageModel, heldOut: Int32Array): Promise<number> {
  const each = Math.floor((heldOut.length - 1) / ROWS), pieces = Math.floor(each / LENGTH);
  let total = 0, states: Omit<ContinuedResult, "logits"> | undefined;
  for (let piece = 0; piece < pieces; piece++) {
    const cut = (shift: number) =>
      tensor(
        Int32Array.from({ length: ROWS * LENGTH }, (_, i) =>
          heldOut[Math.floor(i / LENGTH) * each + piece * LENGTH + i % LENGTH + shift]!),
        [ROWS, LENGTH],
      );
    const { loss, next } = scope(() =>
      noGrad(() => {
        const { logits, ...next } = model.read(cut(0), states ?? {});
        return { loss: crossEntropy(logits, cut(1)), next: { ...next } };
      })
    );
    for (const state of Object.values(states ?? {})) release(state);
    for (const state of Object.values(next)) keep(state);
    states = next;
    // The beginning of a row has nothing before it, and is not counted.
    if (piece > 0) total += await loss.item();
  }
  return total / (pieces - 1);
}

if (import.meta.main) {
  await record<RecurrentRun>({
    name: "recurrent",
    summary: "Train recurrent models and a Transformer on the characters of a text, and record what they reach.",
    origin: "tinyshakespeare of github.com/karpathy/char-rnn, data/tinyshakespeare/input.txt",
    licence: "public domain",
    make: async (path) => {
      const text = await Deno.readTextFile(path);
      const vocabulary = await trainBytePairEncoding([text], { vocabSize: "alphabet", level: "characters" });
      const tokens = Int32Array.from(vocabulary.encode(text)), border = Math.floor(tokens.length * 0.9);
      const { vocabSize } = vocabulary, models: Reached[] = [];
      const plans = [
        [
          "recurrent network",
          256,
          (random: Random) => new RecurrentLanguageModel({ vocabSize, hiddenSize: 256, recurrence: elman }, random),
        ],
        [
          "LSTM",
          128,
          (random: Random) => new RecurrentLanguageModel({ vocabSize, hiddenSize: 128, recurrence: lstm }, random),
        ],
        [
          "GRU",
          148,
          (random: Random) => new RecurrentLanguageModel({ vocabSize, hiddenSize: 148, recurrence: gru }, random),
        ],
        [
          "Transformer",
          52,
          (random: Random) =>
            new DecoderOnly({ vocabSize, contextLength: LENGTH, hiddenSize: 52, numLayers: 4, numHeads: 4 }, random),
        ],
      ] as const;
      for (const [name, hiddenSize, make] of plans) {
        const random = new Random(1), model: Model = make(random);
        const optimizer = new Optimizer(
          model.parameters(),
          adamW({ learningRate: RATE, weightDecay: DECAY, beta2: BETA2 }),
        );
        const before = process.cpuUsage();
        await train({
          model,
          optimizer,
          batches: new SequenceWindows(tokens.subarray(0, border), {
            contextLength: LENGTH,
            batchSize: BATCH,
            random: new Random(2),
          }),
          loss: (windows) => {
            const { inputs, targets } = nextTokens(windows);
            return crossEntropy(model.forward(inputs), targets);
          },
          steps: STEPS,
          schedule: cosineSchedule({ peak: RATE, floor: RATE / 10, warmupSteps: WARMUP, steps: STEPS }),
          clipNorm: CLIP,
        });
        const { user, system } = process.cpuUsage(before), heldOut = tokens.subarray(border);
        model.eval();
        const reached = {
          name,
          hiddenSize,
          weights: model.parameterCount(),
          seconds: (user + system) / 1e6,
          perplexity: Math.exp(await lossInWindows(model, heldOut)),
          ...model instanceof RecurrentLanguageModel && { carried: Math.exp(await lossCarried(model, heldOut)) },
        };
        models.push(reached);
        console.error(JSON.stringify(reached));
        discard(model, optimizer);
      }
      return { steps: STEPS, batch: BATCH, length: LENGTH, characters: tokens.length, models };
    },
  });
}
