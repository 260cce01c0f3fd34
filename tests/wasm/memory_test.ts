import { assert, assertEquals, assertThrows } from "@std/assert";
import { createWasmDevice } from "../../wasm/mod.ts";
import { runtimeOf } from "../../wasm/runtime.ts";
import { Memory } from "../../wasm/memory.ts";
import { noise, upload } from "./support.ts";

Deno.test("Memory.allocate() aligns blocks to 128 bytes and never lets two overlap", () => {
  const memory = new Memory(false);
  const random = noise(7);
  const live: { address: number; bytes: number }[] = [];
  for (let turn = 0; turn < 4000; turn++) {
    const pick = (random.next().value! + 1) / 2;
    if (live.length > 60 || (pick < 0.4 && live.length > 0)) {
      const [block] = live.splice(Math.floor(pick * live.length), 1);
      memory.free(block!.address, block!.bytes);
    } else {
      const bytes = Math.floor(Math.exp(pick * 14));
      live.push({ address: memory.allocate(bytes), bytes });
    }
  }
  live.sort((a, b) => a.address - b.address);
  live.forEach(({ address, bytes }, i) => {
    assertEquals(address % 128, 0);
    assert(i === 0 || address >= live[i - 1]!.address + live[i - 1]!.bytes);
    assert(address + bytes <= memory.wasm.buffer.byteLength);
  });
  assertEquals(memory.blocks, live.length);
  assertEquals(memory.bytes, live.reduce((sum, { bytes }) => sum + bytes, 0));
});

Deno.test("Memory.free() merges gaps, so that changing sizes do not make the memory grow", () => {
  const memory = new Memory(false);
  const round = (scale: number) => {
    const blocks = Array.from({ length: 20 }, (_, i) => (i + 1) * scale);
    const addresses = blocks.map((bytes) => memory.allocate(bytes));
    addresses.forEach((address, i) => memory.free(address, blocks[i]!));
  };
  round(100_000);
  const size = memory.wasm.buffer.byteLength;
  for (let scale = 40_000; scale <= 100_000; scale += 1_000) round(scale);
  assertEquals(memory.wasm.buffer.byteLength, size);
});

Deno.test("Memory.allocate() says what is held when there is no more, and goes on afterwards", () => {
  const memory = new Memory(false);
  const address = memory.allocate(1000);
  assertThrows(
    () => memory.allocate(2 ** 33),
    RangeError,
    "Cannot allocate 8589934592 bytes: 1 live buffers hold 1000 bytes",
  );
  memory.free(address, 1000);
  assertEquals(memory.allocate(1000), address);
});

Deno.test("buffers above 2 GiB are as good as others", async () => {
  const device = createWasmDevice({ threads: 1 });
  const runtime = runtimeOf(device);
  // The pages between are never touched and cost nothing but addresses.
  const bulk = device.allocate("float32", 0x2200_0000);
  const x = upload(device, Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
  assert(runtime.address(x) > 2 ** 31);
  const turned = { ...x, shape: [3, 2], strides: [1, 3] };
  const product = device.matmul(x, turned), sum = device.reduce("sum", turned, 1);
  const read = (buffer: typeof sum, shape: number[]) =>
    device.download({ buffer, dtype: "float32", shape, strides: shape.length === 1 ? [1] : [shape[1]!, 1], offset: 0 });
  assertEquals([...await read(product, [2, 2])], [14, 32, 32, 77]);
  assertEquals([...await read(sum, [3])], [5, 7, 9]);
  for (const buffer of [product, sum, x.buffer, bulk]) device.release(buffer);
  assertEquals(device.memory(), { buffers: 0, bytes: 0 });
});

Deno.test("release() refuses a buffer that has been released", () => {
  const device = createWasmDevice({ threads: 1 });
  const x = upload(device, new Float32Array(4), [4]);
  device.release(x.buffer);
  assertThrows(() => device.release(x.buffer), TypeError, "already been released");
  assertThrows(() => device.unary("neg", x), TypeError, "already been released");
});
