import { assert, assertEquals } from "@std/assert";
import { RELAXED, STRICT } from "../../wasm/kernels.ts";
import { granted } from "../permissions.ts";

Deno.test("kernels.ts holds two modules that together stay below 40 kB compressed", async () => {
  let total = 0;
  for (const text of [RELAXED, STRICT]) {
    const bytes = Uint8Array.from(text.match(/../g)!, (digits) => parseInt(digits, 16));
    assertEquals([...bytes.subarray(0, 4)], [0, 97, 115, 109]);
    const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
    total += (await new Response(stream).arrayBuffer()).byteLength;
  }
  assert(total < 40_000, `${total} bytes`);
});

Deno.test("kernels.ts is what assembly/ compiles to, for the device and for the ladder", {
  ignore: !granted("read", "run"),
}, async (t) => {
  const root = new URL("../../", import.meta.url);
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--quiet", "-A", "--config", "wasm/deno.json", "wasm/build.ts", "--check"],
    cwd: root,
    stdout: "piped",
    stderr: "piped",
  });
  const { code, stderr } = await command.output();
  const message = new TextDecoder().decode(stderr);
  // Without the compiler, and without a network to fetch it from, there is nothing to compare.
  await t.step({
    name: "the bytes agree",
    ignore: code !== 0 && !message.includes("differs"),
    fn: () => assertEquals(code, 0, message),
  });
});
