/** A training run that is killed again and again, in whatever runs JavaScript, and ends as if it had never been. */

import { assert, assertEquals } from "../../core/cli/std/assert/mod.ts";

/** The program: it trains in a folder, the second argument, and says how far it is; the weights are its last line. */
const program = (library: string, host: string): string =>
  `import { adamW, Batches, DecoderOnly, crossEntropy, EarlyStopping, nextTokens, Optimizer, Random, tensor, train } from "${library}";
import { folderStorage, progressBar } from "${host}";
import { argv } from "node:process";

const random = new Random(1), size = { vocabSize: 8, contextLength: 8, hiddenSize: 8, numHeads: 2, numLayers: 1 };
const model = new DecoderOnly(size, random.split());
const windows = Array.from({ length: 24 }, (_, i) => Int32Array.from({ length: 9 }, (_, j) => (i + j * j) % 8));
const loss = (batch) => {
  const { inputs, targets } = nextTokens(batch);
  return crossEntropy(model.forward(inputs), targets);
};
const bar = progressBar();
await train({
  model,
  loss,
  batches: new Batches(windows, { batchSize: 5, random: random.split() }),
  optimizer: new Optimizer(model.parameters(), adamW({ learningRate: 0.01 })),
  steps: 60,
  evaluate: async () => ({ loss: await loss(windows.slice(0, 4)).item() }),
  evaluateEvery: 5,
  earlyStopping: new EarlyStopping({ measure: "loss", patience: 2, minDelta: 0.02 }),
  checkpoints: { storage: folderStorage(argv[2]), every: 1, resume: true },
  onProgress: (report) => {
    bar(report);
    console.log("step " + report.step);
  },
});
const sums = await Promise.all([...model.parameters().values()].map((x) => x.square().sum().item()));
console.log("ended with " + sums.join());
`;

/** What starts it: a command with the arguments before the file, and how its imports are named. */
export interface Runtime {
  /** The command. */
  readonly command: string;
  /** What stands between the command and the file. */
  readonly args: readonly string[];
  /** What the library is imported from. */
  readonly library: string;
  /** What files and the terminal are imported from. */
  readonly host: string;
}

/** Runs it once, or until it has made a few steps; its lines. */
async function start(
  { command, args }: Runtime,
  file: string,
  folder: string,
  mostSteps: number,
): Promise<readonly string[]> {
  const child = new Deno.Command(command, { args: [...args, file, folder], stdout: "piped", stderr: "piped" }).spawn();
  const complaints = new Response(child.stderr).text();
  let output = "";
  const decoder = new TextDecoder();
  for await (const part of child.stdout) {
    output += decoder.decode(part);
    if (output.split("step ").length <= mostSteps) continue;
    child.kill("SIGKILL");
    break;
  }
  const { success } = await child.status;
  if (mostSteps === Infinity) assert(success, await complaints);
  return output.trimEnd().split("\n");
}

/** Kills it every few steps until it ends by itself, and compares the end. */
export async function killAndResume(runtime: Runtime, folder: string): Promise<void> {
  const file = `${folder}/killed.mjs`;
  await Deno.writeTextFile(file, program(runtime.library, runtime.host));
  const whole = await start(runtime, file, `${folder}/whole`, Infinity), end = whole.at(-1)!;
  assert(end.startsWith("ended with "), end);
  const steps = whole.length - 1;
  let starts = 0, last = "";
  for (; !last.startsWith("ended with ") && starts < 40; starts++) {
    last = (await start(runtime, file, `${folder}/killed`, starts < 4 ? 1 + 3 * starts : Infinity)).at(-1)!;
  }
  assertEquals(last, end);
  assert(starts > 2, `it was never killed in ${steps} steps`);
  const [a, b] = await Promise.all(["whole", "killed"].map((run) => Deno.readFile(`${folder}/${run}/checkpoint`)));
  assertEquals(a, b);
}
