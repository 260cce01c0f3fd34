/** The package in Node and Bun. */

import { assert, assertEquals, assertStringIncludes } from "../../core/cli/std/assert/mod.ts";
import { killAndResume } from "../host/killed_runs.ts";
import { missing, project, testUnless, versions, write } from "./project.ts";
import { output, run } from "../running.ts";
import { expected, type Found } from "./expected.ts";

/** Prints what the work finds, as JSON. */
const PROGRAM = `import { work } from "./work.js";\nconsole.log(JSON.stringify(await work()));\n`;

/** Prints how many workers have started, once there was work for them. */
const STARTED = `
const { createWasmDevice, ones, withBackend } = await import("@heed/heed");
// Below what the package exports: what counts the workers.
const { runtimeOf } = await import(process.cwd() + "/node_modules/@heed/heed/wasm/runtime.js");
const device = createWasmDevice({ threads: 2 });
const x = withBackend(device, () => ones([256, 256]));
for (let i = 0; i < 2000 && runtimeOf(device).threads.started === 0; i++) {
  x.matmul(x);
  await new Promise((resolve) => setTimeout(resolve, 1));
}
console.log(runtimeOf(device).threads.started);
`;

/** Prints a summary of memory, as a model of every chapter holds it. */
const SUMMARY = `
const { adamW, Linear, Optimizer, Random } = await import("@heed/heed");
const { memorySummary } = await import("@heed/heed/engine");
for (const chapter of ["words", "language-models", "attention", "transformer", "training", "generation", "webgpu", "figures", "host"]) {
  await import("@heed/heed/" + chapter);
}
const model = new Linear(30, 20, new Random(1));
const optimizer = new Optimizer(model.parameters(), adamW());
console.log(memorySummary({ model, optimizer }).named.model.bytes);
`;

/** Puts the work beside the programs that do it. */
async function provide(program: string, name: string): Promise<void> {
  await write("work.js", await Deno.readTextFile(new URL("work.js", import.meta.url)));
  await write(name, program);
}

for (const runtime of ["node", "bun"] as const) {
  testUnless(missing(runtime), `${runtime} computes the bits of Deno, on one thread and on two, and ends`, async () => {
    await provide(PROGRAM, "program.mjs");
    const found = JSON.parse(await output(runtime, ["program.mjs"], await project())) as Found;
    assertEquals([found.alone, found.together, found.device], [await expected(), await expected(), "wasm"]);
    const several = navigator.hardwareConcurrency > 1;
    if (several) assertStringIncludes(found.description, `${Math.min(8, navigator.hardwareConcurrency)} threads`);
  });

  testUnless(missing(runtime), `${runtime} starts threads, whatever it was started with`, async () => {
    await provide(STARTED, "started.mjs");
    assertEquals(await output(runtime, ["started.mjs"], await project()), "1");
    if (runtime === "node") {
      assertEquals(await output("node", ["--input-type=module", "--eval", STARTED], await project()), "1");
      assertEquals(await output("node", ["--import", "./work.js", "started.mjs"], await project()), "1");
    }
  });

  testUnless(missing(runtime), `${runtime} loads every chapter and sums up memory`, async () => {
    await provide(SUMMARY, "summary.mjs");
    assertEquals(await output(runtime, ["summary.mjs"], await project()), "2480");
  });

  testUnless(missing(runtime), `${runtime} trains, is killed, resumes, and ends as if it had not been`, async () => {
    const library = "@heed/heed", host = "@heed/heed/host";
    const folder = `${await project()}/${runtime}`;
    await Deno.mkdir(folder);
    await killAndResume({ command: runtime, args: [], library, host }, folder);
  });

  testUnless(missing(runtime), `${runtime} imports and requires the package from CommonJS`, async () => {
    await provide(`import("@heed/heed").then(({ ones }) => console.log(String(ones([1]))));`, "dynamic.cjs");
    assertEquals(await output(runtime, ["dynamic.cjs"], await project()), "tensor float32 [1] on wasm: [1]");
    await provide(`const { ones } = require("@heed/heed"); console.log(String(ones([1])));`, "required.cjs");
    const { code, printed } = await run(runtime, ["required.cjs"], await project());
    const [major, minor] = versions[runtime]!.replace("v", "").split(".").map(Number) as [number, number];
    const requires = runtime === "bun" || major > 22 || major === 22 && minor >= 12 || major === 20 && minor >= 19;
    if (requires) assertStringIncludes(printed, "tensor float32 [1] on wasm: [1]");
    else assert(code !== 0 && printed.includes("ERR_REQUIRE_ESM"), printed);
  });
}
