/**
 * What several callers of `heed serve` cost each other: tokens per second of all together, and how long one waits.
 *
 * The server runs in a process of its own, with a model of random weights of a small GPT's shape; callers ask over HTTP for texts of equal length, all at once, as
 * soon as the last round was answered. Prints a table in Markdown; the figure is the median of the rounds.
 *
 * deno run -A bench/serving.ts [THREADS]
 *
 * @module
 */

import { createWasmDevice, DecoderOnly, pack, Random, trainBytePairEncoding } from "../mod.ts";
import { noSpecialTokensOf } from "../core/cli/tokenizers.ts";
import { serverOf } from "../core/cli/serving/node_http.ts";
import { Service } from "../core/cli/serving/service.ts";
import { setBackend } from "../core/engine/mod.ts";

const SHAPE = { hiddenSize: 384, numHeads: 6, numLayers: 6, contextLength: 512 };
const TOKENS = 60, ROUNDS = 3, CALLERS = [1, 2, 4, 8];

/** Serves until its standard input ends, and prints its port. */
async function serve(threads: number): Promise<void> {
  setBackend(createWasmDevice({ threads }));
  const vocabulary = await trainBytePairEncoding(["the cat sat on the mat"], { vocabSize: 260, level: "bytes" });
  const model = pack(
    new DecoderOnly({ ...SHAPE, vocabSize: vocabulary.vocabSize }, new Random(1)).eval() as DecoderOnly,
  );
  const service = new Service({
    ...{ model, vocabulary, rules: [noSpecialTokensOf(vocabulary)], name: "random", created: 0, random: new Random(2) },
    ...{ maxTexts: 16, maxWaiting: 100, maxBody: 10_000, longest: 100 },
  });
  const server = serverOf((request) => service.answer(request));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  console.log((server.address() as { port: number }).port);
  for await (const _ of Deno.stdin.readable);
  Deno.exit(0);
}

/** Asks so many times at once; returns the seconds of each, and of all. */
async function round(address: string, callers: number): Promise<{ readonly all: number; readonly each: number[] }> {
  const start = performance.now();
  const each = await Promise.all(Array.from({ length: callers }, async (_, seed) => {
    const body = { model: "random", prompt: "the cat sat on the mat", max_tokens: TOKENS, seed };
    const headers = { "content-type": "application/json" };
    const response = await fetch(address, { method: "POST", headers, body: JSON.stringify(body) });
    const { usage } = await response.json();
    if (usage.completion_tokens !== TOKENS) throw new Error("The text is too short");
    return (performance.now() - start) / 1000;
  }));
  return { all: (performance.now() - start) / 1000, each };
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
}

async function measure(threads: number): Promise<void> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", new URL(import.meta.url).pathname, "--serve", String(threads)],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const address = `http://127.0.0.1:${(await lines.read()).value!.trim()}/v1/completions`;
  await round(address, 1);
  console.log(`${threads} ${threads === 1 ? "thread" : "threads"}, ${TOKENS} tokens for each caller\n`);
  console.log("| callers | tokens/s of all | times one caller | seconds that a caller waits |");
  console.log("| ------- | --------------- | ---------------- | --------------------------- |");
  let alone = 0;
  for (const callers of CALLERS) {
    const rounds = [];
    for (let i = 0; i < ROUNDS; i++) rounds.push(await round(address, callers));
    const rate = median(rounds.map(({ all }) => callers * TOKENS / all)),
      wait = median(rounds.flatMap(({ each }) => each));
    alone ||= rate;
    console.log(`| ${callers} | ${rate.toFixed(0)} | ${(rate / alone).toFixed(2)} | ${wait.toFixed(2)} |`);
  }
  await child.stdin.close();
  await lines.cancel();
  await child.status;
}

if (Deno.args[0] === "--serve") await serve(Number(Deno.args[1]));
else await measure(Number(Deno.args[0] ?? 1));
