/**
 * Where the time goes: a step of training, the reading of a prompt, one more token, kernel by kernel.
 *
 * Prints a table in Markdown; `--write` keeps it in `PROFILE.md`. One thread. Every kernel that the device starts is
 * timed from outside, less what reading the clock takes; what is left of a turn is JavaScript. The figures are those
 * of the turn of median length.
 *
 * deno run --allow-read --allow-write bench/profile.ts [--write] [--shapes] [training|prompt|token]
 *
 * @module
 */

import {
  adamW,
  clipGradients,
  createWasmDevice,
  crossEntropy,
  DecoderOnly,
  KeyValueCache,
  noGrad,
  Optimizer,
  Random,
  scope,
  tensor,
} from "../mod.ts";
import { setBackend } from "../core/engine/mod.ts";
import * as fused from "../wasm/assembly/fused_opcodes.ts";
import * as plain from "../wasm/assembly/opcodes.ts";
import { runtimeOf } from "../wasm/runtime.ts";

/** One line of the table: kernels that do the same kind of work. */
interface Line {
  readonly name: string;
  readonly belongs: (kernel: string) => boolean;
}

const LINES: readonly Line[] = [
  { name: "matrix product", belongs: (kernel) => /^MULTIPLY|^ROWS_TIMES|^ROUND_ROWS/.test(kernel) },
  { name: "packing", belongs: (kernel) => /PACK/.test(kernel) },
  { name: "attention", belongs: (kernel) => /^ATTENTION|^ROTARY/.test(kernel) },
  { name: "softmax and loss", belongs: (kernel) => /SOFTMAX|^CROSS_ENTROPY/.test(kernel) },
  { name: "norms", belongs: (kernel) => /^NORMALIZE|^ADD_PARTIALS/.test(kernel) },
  { name: "activation", belongs: (kernel) => /^ACTIVATION/.test(kernel) },
  { name: "additions and other elementwise work", belongs: (kernel) => /^UNARY|^BINARY|^SELECT|^DROPOUT/.test(kernel) },
  { name: "sums", belongs: (kernel) => /^REDUCE/.test(kernel) },
  { name: "optimizer", belongs: (kernel) => /^ADAM/.test(kernel) },
  { name: "copies and look-ups", belongs: () => true },
];

const names = new Map<number, string>();
for (const table of [plain, fused]) {
  for (const [name, number] of Object.entries(table)) if (name !== "FUSED") names.set(number, name);
}

const device = createWasmDevice({ threads: 1 });
setBackend(device);
const runtime = runtimeOf(device);
const bySize = Deno.args.includes("--shapes");

/** Milliseconds that reading the clock takes. */
const CLOCK = (() => {
  const reads = 20_000, before = performance.now();
  for (let i = 0; i < reads; i++) performance.now();
  return (performance.now() - before) / reads;
})();

/** Milliseconds of each kernel since the last turn, and how often a kernel was started. */
let spent = new Map<string, number>(), starts = 0;

const start = runtime.run.bind(runtime);
runtime.run = (op, args, units, ...rest) => {
  const before = performance.now();
  start(op, args, units, ...rest);
  const name = (names.get(op) ?? String(op)) + (bySize ? sizeOf(op, args, units) : "");
  spent.set(name, (spent.get(name) ?? 0) + performance.now() - before - CLOCK);
  starts++;
};

/** What tells calls of one kernel apart. */
function sizeOf(op: number, args: readonly number[], units: number): string {
  if (op === plain.MULTIPLY) return ` ${args[4]}×${args[6]} by ${args[5]}`;
  if (op === plain.PACK) return ` ${args[6] ? "right" : "left"} ${args[4]} of ${args[5]}, ${args[2]} bytes apart`;
  return ` ${units} units`;
}

/** A measured turn. */
interface Turn {
  readonly total: number;
  readonly spent: ReadonlyMap<string, number>;
  readonly starts: number;
}

/** The turn of median length, after some that are not counted. */
async function measure(turn: () => Promise<void> | void, times: number): Promise<Turn> {
  const turns: Turn[] = [];
  for (let i = 0; i < times + 5; i++) {
    spent = new Map();
    starts = 0;
    const before = performance.now();
    await turn();
    if (i >= 5) turns.push({ total: performance.now() - before - 2 * starts * CLOCK, spent, starts });
  }
  return turns.sort((a, b) => a.total - b.total)[times >> 1]!;
}

/** A step of training: 4 layers, width 128, 4 heads, 32 texts of 64 tokens, gradients clipped, AdamW. */
function training(): Promise<Turn> {
  const [B, T, V] = [32, 64, 96];
  const layout = { vocabSize: V, contextLength: T, hiddenSize: 128, numHeads: 4, numLayers: 4, tieHead: false };
  const random = new Random(1);
  const model = new DecoderOnly(layout, random).train();
  const optimizer = new Optimizer(model.parameters(), adamW({ learningRate: 1e-3, weightDecay: 0.1 }));
  const tokens = Int32Array.from({ length: B * T + 1 }, (_, i) => i * 7919 % V);
  return measure(() => {
    scope(() => {
      const logits = model.forward(tensor(tokens.subarray(0, B * T), [B, T])).reshape([B * T, V]);
      crossEntropy(logits, tensor(tokens.subarray(1), [B * T])).backward();
      clipGradients(optimizer.parameters, 1);
      optimizer.step();
    });
    optimizer.zeroGrad();
  }, 25);
}

/** A model of the shape of GPT-2 (124 M) that reads 128 tokens, or one more after them. */
function reading(what: "prompt" | "token"): Promise<Turn> {
  const layout = { vocabSize: 50257, contextLength: 256, hiddenSize: 768, numHeads: 12, numLayers: 12 };
  const model = new DecoderOnly(layout, new Random(1)).eval();
  const prompt = tensor(Int32Array.from({ length: 128 }, (_, i) => i * 7919 % 50257), [1, 128]);
  const one = tensor(Int32Array.of(7), [1, 1]);
  let caches: KeyValueCache[] = [];
  const fresh = (): void => {
    for (const cache of caches) cache.dispose();
    caches = model.newCaches(() => new KeyValueCache());
  };
  const read = (tokens: typeof prompt): Promise<unknown> =>
    noGrad(() => scope(() => model.forward(tokens, { caches, lastOnly: true }))).read();
  const turn = what === "prompt"
    ? async () => {
      fresh();
      await read(prompt);
    }
    : async () => void await read(one);
  fresh();
  if (what === "token") noGrad(() => scope(() => void model.forward(prompt, { caches, lastOnly: true })));
  return measure(turn, what === "prompt" ? 9 : 25);
}

const works: Readonly<Record<string, () => Promise<Turn>>> = {
  training,
  prompt: () => reading("prompt"),
  token: () => reading("token"),
};

const chosen = Object.keys(works).filter((name) =>
  Deno.args.every((arg) => arg.startsWith("--")) || Deno.args.includes(name)
);
const turns: Turn[] = [];
for (const name of chosen) turns.push(await works[name]!());

if (bySize) {
  for (const turn of turns) {
    console.log(`\n${turn.total.toFixed(2)} ms, ${turn.starts} kernels`);
    for (const [name, ms] of [...turn.spent].sort((a, b) => b[1] - a[1])) console.log(ms.toFixed(3).padStart(9), name);
  }
}

/** Milliseconds of each line, then what no kernel took, then all. */
function linesOf({ total, spent }: Turn): number[] {
  const sums = LINES.map(() => 0);
  for (const [kernel, ms] of spent) sums[LINES.findIndex(({ belongs }) => belongs(kernel))]! += ms;
  return [...sums, total - sums.reduce((a, b) => a + b, 0), total];
}
const columns = turns.map(linesOf);
const rows = [...LINES.map(({ name }) => name), "JavaScript", "all"].map((name, i) => [
  name,
  ...columns.flatMap((column) => [column[i]!.toFixed(2), `${(100 * column[i]! / column.at(-1)!).toFixed(1)} %`]),
]);
const head = ["", ...chosen.flatMap((name) => [`${name}, ms`, "share"])];
const table = [head, ["---", ...head.slice(1).map(() => "---:")], ...rows].map((row) => `| ${row.join(" | ")} |`);
const text = `# Where the time goes

Made by \`deno run --allow-read --allow-write bench/profile.ts --write\`; ${device.description}.

- training: one step of a GPT of 4 layers, width 128, 4 heads, on 32 texts of 64 tokens, clipping and AdamW included
- prompt: a GPT of 12 layers, width 768, 12 heads, 50257 tokens (GPT-2, 124 M) reads 128 tokens
- token: the same model reads one more

${table.join("\n")}

Kernels started: ${turns.map(({ starts }, i) => `${starts} (${chosen[i]})`).join(", ")}.
`;
console.log(text);
if (Deno.args.includes("--write")) {
  Deno.writeTextFileSync(new URL("PROFILE.md", import.meta.url), text);
}
