/** A program whose device has threads, and ends them: it fails if they are still there. */

import { assert, assertEquals } from "@std/assert";
import { ones } from "../../core/engine/create.ts";
import { withBackend } from "../../core/engine/device.ts";
import { scope } from "../../core/engine/scope.ts";
import { createWasmDevice } from "../../wasm/mod.ts";
import { runtimeOf } from "../../wasm/runtime.ts";

/** How many threads the program has, where the system tells. */
const threads = (): number => Number(/Threads:\s+(\d+)/.exec(Deno.readTextFileSync("/proc/self/status"))?.[1]);

/** Lets workers come and go until there are so many threads, for so many turns at most. */
async function waitForThreads(fit: (count: number) => boolean): Promise<void> {
  for (let turn = 0; turn < 6000 && !fit(threads()); turn++) await new Promise((resolve) => setTimeout(resolve, 10));
  assert(fit(threads()), `there are ${threads()} threads`);
}

const device = createWasmDevice({ threads: 4 }), before = threads();
const work = withBackend(device, () => ones([256, 256]));
// Workers start once there has been enough to do.
for (let turn = 0; turn < 4000 && runtimeOf(device).threads.started < 3; turn++) {
  scope(() => void work.matmul(work));
  await new Promise((resolve) => setTimeout(resolve, 0));
}
assertEquals(runtimeOf(device).threads.started, 3);
await waitForThreads((count) => count >= before + 3);
device.dispose();
await waitForThreads((count) => count <= before);
