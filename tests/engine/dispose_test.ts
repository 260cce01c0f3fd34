/** A device can be ended: its memory and its threads are given back, and whoever uses it afterwards is told. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type Backend, DeviceLost } from "../../core/engine/backend.ts";
import { ones, tensor } from "../../core/engine/create.ts";
import { withBackend } from "../../core/engine/device.ts";
import { release } from "../../core/engine/scope.ts";
import { granted } from "../permissions.ts";
import { devices } from "../support.ts";

for (const { name, backend: present, another } of devices) {
  Deno.test({
    name: `a device that was disposed of gives everything back and says so to whoever uses it [${name}]`,
    ignore: present === undefined,
    fn: async () => {
      const device = await another(), x = withBackend(device, () => ones([64, 64]));
      const y = x.matmul(x);
      assertEquals((await y.read())[0], 64);
      assert(!device.lost);

      device.dispose();
      assertEquals(device.memory(), { buffers: 0, bytes: 0 });
      assert(device.lost);
      const sentence = `Cannot use the ${name} device: it was disposed of, so make another one`;
      assertThrows(() => x.add(1), DeviceLost, sentence);
      assertThrows(() => x.matmul(x), DeviceLost, sentence);
      assertThrows(() => withBackend(device, () => ones([2])), DeviceLost, sentence);
      assertThrows(() => withBackend(device, () => tensor([1, 2])), DeviceLost, sentence);
      await assertRejects(() => y.read(), DeviceLost, sentence);
      assert(String(x).includes("64, 64"));

      // Who still holds a tensor may let go of it, and twice is once.
      release(x);
      release(y);
      device.dispose();
      assertEquals(device.memory(), { buffers: 0, bytes: 0 });

      // Every other device goes on.
      const other = await another();
      assertEquals(Array.from(await withBackend(other, () => ones([2]).add(1)).read()), [2, 2]);
      other.dispose();
    },
  });

  Deno.test({
    name: `a device ends with the block that uses it [${name}]`,
    ignore: present === undefined,
    fn: async () => {
      let kept: Backend;
      {
        using device = await another();
        assertEquals(await withBackend(device, () => ones([3]).sum()).item(), 3);
        kept = device;
      }
      assert(kept.lost);
    },
  });
}

Deno.test({
  name: "the threads of a device end with it",
  ignore: Deno.build.os !== "linux" || !granted("read", "run"),
  fn: async () => {
    // Other tests have threads too, and only who may do everything is told how many there are.
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-all", "--no-check", "tests/engine/ending_threads.ts"],
      cwd: new URL("../../", import.meta.url),
      env: { NO_COLOR: "1" },
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
  },
});

/** Makes devices with threads, lets go of them, and prints how many threads there were and are. */
const DROPPING = `
import { ones } from "ROOTcore/engine/create.ts";
import { withBackend } from "ROOTcore/engine/device.ts";
import { scope } from "ROOTcore/engine/scope.ts";
import { createWasmDevice } from "ROOTwasm/mod.ts";
import { runtimeOf } from "ROOTwasm/runtime.ts";
const threads = () => Number(/Threads:\\s+(\\d+)/.exec(Deno.readTextFileSync("/proc/self/status"))[1]);
const turn = () => new Promise((resolve) => setTimeout(resolve, 5));
const before = threads();
let most = before;
for (let i = 0; i < 4; i++) {
  const device = createWasmDevice({ threads: 4 }), x = withBackend(device, () => ones([256, 256]));
  for (let j = 0; j < 400 && runtimeOf(device).threads.started < 3; j++) {
    scope(() => void x.matmul(x).mul(2));
    await turn();
  }
  most = Math.max(most, threads());
}
for (let j = 0; j < 500 && threads() > most - 9; j++) {
  gc();
  await turn();
}
console.log(most - before, most - threads());
`;

Deno.test({
  name: "a device that is dropped ends by itself once it is collected",
  ignore: Deno.build.os !== "linux" || !granted("read", "run"),
  fn: async () => {
    const root = new URL("../../", import.meta.url).href;
    const process = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--no-check", "--allow-all", "--v8-flags=--expose-gc", "-"],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      env: { NO_COLOR: "1" },
    }).spawn();
    const writer = process.stdin.getWriter();
    await writer.write(new TextEncoder().encode(DROPPING.replaceAll("ROOT", root)));
    await writer.close();
    const { code, stdout, stderr } = await process.output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    const [started, ended] = new TextDecoder().decode(stdout).trim().split(" ").map(Number);
    assert(started! >= 12, `${started} threads were started`);
    // Those of all devices but the last, which a variable may still hold.
    assert(ended! >= 9, `${ended} threads of ${started} ended`);
  },
});
