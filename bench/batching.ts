/**
 * What a batch is worth: one prompt beside eight prompts of different lengths, on a model of the shape of GPT-2.
 *
 * Prints a table in Markdown; `--write` keeps it in `BATCHING.md`. Packed weights, one thread, greedy search. One prompt and eight
 * take turns; the figures are medians over the turns, of the processor time of this process, which what else runs on the machine
 * disturbs less than the clock. A model of the machine says what could be had: one row is bound by the memory, eight by
 * the arithmetic, and both are measured here with the kernels themselves.
 *
 * deno run --allow-read --allow-write bench/batching.ts [--write] [float32|float16|int8|int4]
 *
 * @module
 */

import process from "node:process";
import { createWasmDevice, DecoderOnly, generate, pack, quantize, Random } from "../mod.ts";
import { setBackend } from "../core/engine/mod.ts";

const SHAPE = { vocabSize: 50257, hiddenSize: 768, numHeads: 12, numLayers: 12, contextLength: 256 };
const LENGTHS = [5, 9, 12, 16, 20, 25, 31, 40], ONE = 20, WRITTEN = 32, TURNS = 9;

const device = createWasmDevice({ threads: 1 });
setBackend(device);
const random = new Random(1);
const promptOf = (length: number): number[] => Array.from({ length }, () => random.integer(SHAPE.vocabSize));
const prompts = LENGTHS.map(promptOf), one = promptOf(ONE);

/** Milliseconds of processor time so far. */
const spent = (): number => process.cpuUsage().user / 1000;
const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!;

/** Reading the prompt, then one more token, in milliseconds; both for all texts together. */
interface Times {
  readonly prompt: number[];
  readonly token: number[];
}

async function turn(model: DecoderOnly, given: readonly number[] | readonly (readonly number[])[], to: Times) {
  const before = spent();
  await generate(model, given, { maxNewTokens: 1 });
  const between = spent();
  await generate(model, given, { maxNewTokens: WRITTEN });
  const prompt = between - before;
  to.prompt.push(prompt);
  to.token.push((spent() - between - prompt) / (WRITTEN - 1));
}

const formats = (["float32", "float16", "int8", "int4"] as const).filter((format) =>
  Deno.args.every((arg) => arg.startsWith("--")) || Deno.args.includes(format)
);
const rows: string[] = [];
for (const format of formats) {
  const whole32 = new DecoderOnly({ ...SHAPE, tieHead: true }, new Random(2)).eval() as DecoderOnly;
  const model = format === "int8" || format === "int4" ? quantize(whole32, format) : pack(whole32, format);
  const alone: Times = { prompt: [], token: [] }, together: Times = { prompt: [], token: [] };
  await turn(model, one, { prompt: [], token: [] });
  for (let i = 0; i < TURNS; i++) {
    await turn(model, one, alone);
    await turn(model, prompts, together);
  }
  const whole = (of: Times): number[] => of.prompt.map((prompt, i) => prompt + (WRITTEN - 1) * of.token[i]!);
  const ratio = (of: (times: Times) => readonly number[]): string =>
    (8 * median(of(alone)) / median(of(together))).toFixed(2);
  rows.push(
    `| ${format} | ${median(alone.prompt).toFixed(0)} | ${median(together.prompt).toFixed(0)} | ` +
      `${median(alone.token).toFixed(1)} | ${median(together.token).toFixed(1)} | ${ratio(({ token }) => token)} | ${
        ratio(whole)
      } |`,
  );
  console.log(rows.at(-1));
}

const text = `# What a batch is worth

Made by \`deno run --allow-read --allow-write bench/batching.ts --write\`; ${device.description}. The model has 12 layers, width
768, 12 heads and a vocabulary of ${SHAPE.vocabSize} tokens (GPT-2, 124 M), its weights are packed. One prompt of ${ONE} tokens,
and eight of ${LENGTHS.slice(0, -1).join(", ")} and ${
  LENGTHS.at(-1)
}; ${WRITTEN} tokens are written after each. Medians of
${TURNS} turns, in milliseconds of processor time. The last two columns are the tokens per second of eight texts over those of
one: while they are written, and with the reading of the prompts.

| weights | one prompt | eight prompts | a token of one | of eight | ratio, writing | ratio, all |
| :------ | ---------: | ------------: | -------------: | -------: | -------------: | ---------: |
${rows.join("\n")}

Where the ceiling lies: a token of one text reads every weight once and is bound by the memory; a token of eight texts does
2 · 8 · 124 M operations, about 2 · 10⁹, and is bound by the arithmetic. A core with two fused multiply-adds of four numbers in each
cycle does 16 operations a cycle, 51 · 10⁹ a second at 3.2 GHz: no less than 39 ms. By as much as a token of one text takes
longer than an eighth of that, eight together are faster.
`;
console.log(text);
if (Deno.args.includes("--write")) await Deno.writeTextFile(new URL("BATCHING.md", import.meta.url), text);
