import { assert, assertEquals } from "@std/assert";
import type { Backend } from "../../core/engine/backend.ts";
import { createWasmDevice } from "../../wasm/mod.ts";
import { runtimeOf } from "../../wasm/runtime.ts";
import { noisy, take, twoThreads, upload } from "./support.ts";
import { granted } from "../permissions.ts";

const shared = await twoThreads();
const alone = createWasmDevice({ threads: 1 });

/** A test that needs two threads. */
function onTwoThreads(name: string, f: (device: Backend) => Promise<void>): void {
  Deno.test({ name, ignore: shared === undefined, fn: () => f(shared!) });
}

/** Large jobs of every kind. */
async function results(device: Backend): Promise<Float32Array[]> {
  const found: Float32Array[] = [];
  const keep = async (buffer: Parameters<Backend["release"]>[0], shape: number[]) => {
    found.push(await take(device, buffer, shape) as Float32Array);
  };
  const x = upload(device, noisy(1, 700 * 900), [700, 900]), y = upload(device, noisy(2, 900 * 800), [900, 800]);
  const turned = { ...x, shape: [900, 700], strides: [1, 900] };
  await keep(device.matmul(x, y), [700, 800]);
  const few = { ...x, shape: [3, 900] };
  await keep(device.matmul(few, y), [3, 800]);
  const heads = { ...x, shape: [10, 70, 90], strides: [63000, 900, 1] };
  const others = { ...y, shape: [10, 90, 80], strides: [72000, 800, 1] };
  await keep(device.matmul(heads, others), [10, 70, 80]);
  await keep(device.unary("tanh", x), [700, 900]);
  await keep(device.binary("add", turned, { ...x, shape: [900, 700], strides: [700, 1] }), [900, 700]);
  await keep(device.reduce("sum", x, 1), [700]);
  await keep(device.reduce("sum", turned, 1), [900]);
  await keep(device.reduce("sum", x, 2), []);
  const ids = upload(device, Int32Array.from({ length: 5000 }, (_, i) => i * 7919 % 700), [5000], "int32");
  await keep(device.gather(x, ids), [5000, 900]);
  const table = upload(device, new Float32Array(700 * 4), [700, 4]);
  device.scatterAdd(table, ids, { ...x, shape: [5000, 4], strides: [4, 1] });
  await keep(table.buffer, [700, 4]);
  for (const { buffer } of [x, y, ids]) device.release(buffer);
  return found;
}

onTwoThreads("two threads compute the same bits as one", async (device) => {
  const expected = await results(alone);
  for (let turn = 0; turn < 3; turn++) {
    const found = await results(device);
    found.forEach((numbers, i) => {
      const a = new Int32Array(numbers.buffer), b = new Int32Array(expected[i]!.buffer);
      assert(a.every((word, j) => word === b[j]), `result ${i} differs`);
    });
  }
});

onTwoThreads("a worker that slept while the memory grew sees all of it", async (device) => {
  const runtime = runtimeOf(device);
  for (let turn = 0; turn < 6; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 3));
    const before = runtime.memory.growths;
    // Stays allocated, so that every turn grows anew.
    device.allocate("float32", (12 + turn) << 20);
    const x = upload(device, noisy(turn, 1 << 20), [1 << 20]);
    assert(runtime.memory.growths > before);
    const found = await take(device, device.unary("sin", x), [1 << 20]);
    const host = await device.download(x);
    for (let i = 0; i < found.length; i += 997) assert(Math.abs(found[i]! - Math.sin(host[i]!)) < 1e-6);
    device.release(x.buffer);
  }
});

onTwoThreads("threads.count can be lowered and raised again", async (device) => {
  const { threads } = runtimeOf(device);
  const x = upload(device, noisy(5, 1 << 18), [512, 512]);
  const expected = await take(device, device.matmul(x, x), [512, 512]);
  for (const count of [1, 2, 1, 2]) {
    threads.count = count;
    assertEquals(await take(device, device.matmul(x, x), [512, 512]), expected);
  }
  device.release(x.buffer);
});

Deno.test("a worker that starts inside a test trips no sanitizer", async () => {
  const device = createWasmDevice({ threads: 2 });
  const x = upload(device, noisy(1, 1 << 18), [512, 512]);
  for (let i = 0; i < 20; i++) device.release(device.matmul(x, x));
  assertEquals((await take(device, device.matmul(x, x), [512, 512])).length, 1 << 18);
  device.release(x.buffer);
});

Deno.test("idle workers do not keep a program alive", { ignore: !granted("read", "write", "run") }, async () => {
  const program = `
    import { createWasmDevice } from ${JSON.stringify(new URL("../../wasm/mod.ts", import.meta.url).href)};
    const device = createWasmDevice({ threads: 2 });
    const buffer = device.upload(new Float32Array(1 << 20), "float32");
    const x = { buffer, dtype: "float32", shape: [1024, 1024], strides: [1024, 1], offset: 0 };
    for (let i = 0; i < 40; i++) device.release(device.matmul(x, x));
    console.log("done");`;
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, program);
    const command = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", "--no-prompt", file],
      stdout: "piped",
      stderr: "piped",
      signal: AbortSignal.timeout(30_000),
    });
    const { success, stdout, stderr } = await command.output();
    assertEquals(new TextDecoder().decode(stdout).trim(), "done", new TextDecoder().decode(stderr));
    assert(success);
  } finally {
    await Deno.remove(file);
  }
});
