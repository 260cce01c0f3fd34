/**
 * # Repetition in Shakespeare
 *
 * **Question.** Do contrastive search and contrastive decoding repeat less than greedy search, on a real text, and what do they give up?
 *
 * **Idea.** Language models learn the plays of Shakespeare by the program of this book. Passages of the tenth that is kept apart are continued in several ways. Kept are how many 4-grams of
 * tokens occur again, how diverse the continuations are, and how probable the model finds them; Shakespeare's own continuations are judged in the same way.
 *
 * ```sh
 * deno run -A mod.ts train lm --data input.txt --vocab-size 500 --context-length 128 --batch-size 8 --hidden-size 64 --num-layers 2 --steps 800 --out models/expert
 * deno run -A mod.ts train lm --data input.txt --vocab-size 500 --context-length 128 --batch-size 8 --hidden-size 16 --num-layers 1 --num-heads 2 --steps 1200 --out models/amateur
 * deno run -A docs/runs/contrastive_search.ts --data input.txt --model models/expert --amateur models/amateur
 * ```
 *
 * @module
 */

import process from "node:process";
import { text } from "../../core/cli/arguments.ts";
import { UsageError } from "../../core/cli/errors.ts";
import { kind } from "../../core/cli/kinds/decoder_only.ts";
import { openModel, readTextModelOf } from "../../core/cli/models.ts";
import { noGrad } from "../../core/engine/autograd.ts";
import { setBackend } from "../../core/engine/device.ts";
import { tensor } from "../../core/engine/create.ts";
import { Random } from "../../core/engine/random.ts";
import { scope } from "../../core/engine/scope.ts";
import { generate } from "../../core/07_generation/generate.ts";
import type { GenerateOptions } from "../../core/07_generation/options.ts";
import { logProbabilityOf } from "../../core/07_generation/sampling.ts";
import { createWasmDevice } from "../../mod.ts";
import { readTask, refuse } from "../arguments.ts";
import { type RecordedRun, runPath } from "./recorded_run.ts";

/** Passages, tokens of each that are read, and tokens that are written. */
const PASSAGES = 24, READ = 32, WRITTEN = 90;
/** Candidates of contrastive search, and weights of the penalty. */
const TOP_K = 4, ALPHAS = [0.4, 0.6, 0.8];
/** Continuations that are shown. */
const SHOWN = ["greedy", "contrastive search 0.6", "contrastive decoding", "top-p 0.95"];

/** How a method continues the passages. */
export interface Continued {
  readonly method: string;
  /** Mean fraction of the n-grams of a continuation that occurred before in it, for n of 2, 3 and 4. */
  readonly repeated: readonly [number, number, number];
  /** The mean product of one minus these. */
  readonly diversity: number;
  /** Mean logarithm of the probability of a token, by the model alone. */
  readonly logProbability: number;
  /** The continuation of the first passage, where it is shown. */
  readonly example?: string;
}

/** What is kept. */
export interface ContrastiveSearchRun {
  /** The commands that trained the models. */
  readonly training: readonly string[];
  /** Weights of the model and of the amateur. */
  readonly weights: readonly number[];
  readonly passages: number;
  readonly read: number;
  readonly written: number;
  readonly topK: number;
  /** The end of the first passage. */
  readonly passage: string;
  readonly methods: readonly Continued[];
}

/** Which fraction of the n-grams of some tokens occurred before. */
function repeatedShare(tokens: readonly number[], size: number): number {
  const grams = Array.from({ length: tokens.length - size + 1 }, (_, i) => tokens.slice(i, i + size).join());
  return 1 - new Set(grams).size / grams.length;
}

const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length;

if (import.meta.main) {
  const { values: { data, model: folder, amateur: other } } = await readTask({
    name: "contrastive_search",
    summary: "Continue passages in several ways, and record what is repeated.",
    options: {
      data: text("FILE", "The text that the models were trained on"),
      model: text("FOLDER", "The model that `train lm` saved"),
      amateur: text("FOLDER", "A smaller model of the same vocabulary"),
    },
  });
  if (data === undefined || folder === undefined || other === undefined) {
    throw refuse(new UsageError("Cannot run without --data, --model and --amateur"));
  }
  setBackend(createWasmDevice({ threads: 1 }));
  const before = process.cpuUsage();
  const [saved, small] = [await readTextModelOf(kind, folder, "lm"), await readTextModelOf(kind, other, "lm")];
  const model = openModel(saved), amateur = openModel(small), { vocabulary } = saved.notes;
  const tokens = vocabulary.encode(await Deno.readTextFile(data)),
    heldOut = tokens.slice(Math.floor(tokens.length * 0.9));
  const stride = Math.floor((heldOut.length - READ - WRITTEN) / PASSAGES);
  const passages = Array.from({ length: PASSAGES }, (_, i) => heldOut.slice(i * stride, i * stride + READ));
  const own = passages.map((_, i) => heldOut.slice(i * stride + READ, i * stride + READ + WRITTEN));

  /** Mean log-probability of continuations, by the model alone. */
  const judge = async (continuations: readonly (readonly number[])[]): Promise<number> => {
    const scores = [];
    for (const [i, continuation] of continuations.entries()) {
      const whole = [...passages[i]!, ...continuation];
      let reading: Promise<ArrayLike<number>> | undefined;
      scope(() =>
        noGrad(() =>
          void (reading = model.forward(tensor(Int32Array.from(whole.slice(0, -1)), [1, whole.length - 1])).read())
        )
      );
      const logits = Float32Array.from(await reading!), V = model.vocabSize;
      scores.push(mean(continuation.map((token, t) => {
        const at = READ - 1 + t;
        return logProbabilityOf(logits.subarray(at * V, (at + 1) * V), token);
      })));
    }
    return mean(scores);
  };
  const methods: Continued[] = [];
  const note = async (method: string, continuations: readonly (readonly number[])[]): Promise<void> => {
    const shares = continuations.map((one) => [2, 3, 4].map((size) => repeatedShare(one, size)));
    methods.push({
      method,
      repeated: [0, 1, 2].map((i) => mean(shares.map((own) => own[i]!))) as [number, number, number],
      diversity: mean(shares.map((own) => own.reduce((product, share) => product * (1 - share), 1))),
      logProbability: await judge(continuations),
      ...SHOWN.includes(method) && { example: vocabulary.decode([...continuations[0]!]) },
    });
    console.log(methods.at(-1));
  };
  const ways: Readonly<Record<string, Partial<GenerateOptions>>> = {
    "greedy": {},
    ...Object.fromEntries(
      ALPHAS.map((penaltyAlpha) => [`contrastive search ${penaltyAlpha}`, { penaltyAlpha, topK: TOP_K }]),
    ),
    "contrastive decoding": { contrastive: { amateur } },
    "no 4-gram twice": { noRepeatNgramSize: 4 },
    "top-p 0.95": { random: new Random(1), topP: 0.95 },
  };
  for (const [method, options] of Object.entries(ways)) {
    const found = await generate(model, passages, { maxNewTokens: WRITTEN, ...options });
    await note(method, found.map(({ tokens }) => tokens));
  }
  await note("Shakespeare", own);

  const trained = ({ recipe, layout }: typeof saved.notes, out: string): string =>
    "deno run -A mod.ts train lm --data input.txt --vocab-size 500 --context-length 128 --batch-size 8 " +
    `--hidden-size ${layout.hiddenSize} --num-layers ${layout.numLayers}${
      layout.numHeads === 4 ? "" : ` --num-heads ${layout.numHeads}`
    } ` +
    `--steps ${recipe.steps} --out models/${out}`;
  const bytes = await Deno.readFile(data), { user, system } = process.cpuUsage(before);
  const run: RecordedRun<ContrastiveSearchRun> = {
    command:
      "deno run -A docs/runs/contrastive_search.ts --data input.txt --model models/expert --amateur models/amateur",
    data: {
      name: "input.txt",
      origin: "tinyshakespeare of github.com/karpathy/char-rnn, data/tinyshakespeare/input.txt",
      licence: "public domain",
      bytes: bytes.length,
      sha256: new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex(),
    },
    seconds: Math.round((user + system) / 1e6),
    findings: {
      training: [trained(saved.notes, "expert"), trained(small.notes, "amateur")],
      weights: [model.parameterCount(), amateur.parameterCount()],
      passages: PASSAGES,
      read: READ,
      written: WRITTEN,
      topK: TOP_K,
      passage: vocabulary.decode([...passages[0]!]),
      methods,
    },
  };
  const short = (_: string, value: unknown): unknown =>
    typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;
  await Deno.writeTextFile(runPath("contrastive_search"), `${JSON.stringify(run, short, 2)}\n`);
}
