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
