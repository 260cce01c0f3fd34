import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { type Backend, DeviceLost, type View } from "../../core/engine/backend.ts";
import { backend, DeviceUnavailable, setBackend, useDevice, withBackend } from "../../core/engine/device.ts";
import { release, scope } from "../../core/engine/scope.ts";
import { ones, tensor, zeros } from "../../core/engine/create.ts";
import { createWebgpuDevice, type WebgpuOptions } from "../../gpu/mod.ts";
import { classBytes } from "../../gpu/memory.ts";
import { SLOTS } from "../../gpu/queue.ts";
import { runtimeOf } from "../../gpu/runtime.ts";
import { SHADERS } from "../../gpu/shaders.ts";
import { expand } from "../../gpu/template.ts";
import "../../mod.ts";
import { devices } from "../support.ts";

const ignore = devices.find(({ name }) => name === "webgpu")?.backend === undefined;

const open = (options: WebgpuOptions = {}): Promise<Backend> => createWebgpuDevice({ allowSoftware: true, ...options });

/** A contiguous view of a whole buffer of float32. */
const row = (buffer: View["buffer"]): View => {
  return { buffer, dtype: "float32", shape: [buffer.byteLength / 4], strides: [1], offset: 0 };
};

// ## Choosing

/** Runs `f` while `navigator.gpu.requestAdapter` answers as told. */
async function withAdapter(answer: unknown, f: () => Promise<void>): Promise<void> {
  const { gpu } = navigator;
  Object.defineProperty(gpu, "requestAdapter", { value: () => Promise.resolve(answer), configurable: true });
  try {
    await f();
  } finally {
    delete (gpu as { requestAdapter?: unknown }).requestAdapter;
  }
}

Deno.test("createWebgpuDevice() says that there is no adapter", async () => {
  await withAdapter(null, async () => {
    await assertRejects(open, Error, "Cannot use webgpu: no adapter was found; a GPU and its driver are needed");
  });
});

Deno.test("createWebgpuDevice() says which adapter refused, and why", async () => {
  const adapter = {
    info: { description: "Some GPU", isFallbackAdapter: false },
    features: new Set(),
    limits: {},
    requestDevice: () => Promise.reject(new Error("out of devices")),
  };
  await withAdapter(adapter, async () => {
    await assertRejects(open, Error, "Cannot use webgpu: Some GPU refused a device: out of devices");
  });
});

Deno.test("createWebgpuDevice() refuses a software adapter that nobody asked for", async () => {
  for (const info of [{ description: "Any", isFallbackAdapter: true }, { description: "SwiftShader Device" }]) {
    await withAdapter({ info }, async () => {
      await assertRejects(
        createWebgpuDevice,
        Error,
        `the only adapter is ${info.description}, which computes on the CPU`,
      );
    });
  }
});

Deno.test('useDevice("auto") goes on to the CPU where there is no GPU, and says why', async () => {
  const before = backend();
  try {
    await withAdapter({ info: { description: "llvmpipe", isFallbackAdapter: true } }, async () => {
      const { name, reason } = await useDevice("auto");
      assertEquals(name, "wasm");
      assertStringIncludes(reason, "webgpu was not chosen: Cannot use webgpu: the only adapter is llvmpipe");
    });
    await withAdapter(null, async () => {
      assertEquals((await useDevice("auto")).name, "wasm");
      await assertRejects(() => useDevice("webgpu"), DeviceUnavailable, "no adapter was found");
    });
  } finally {
    setBackend(before);
  }
});

Deno.test({
  name: 'useDevice("webgpu") takes what there is, twice the same, and a new one after a loss',
  ignore,
  async fn() {
    const before = backend();
    try {
      const { name, reason } = await useDevice("webgpu");
      const first = backend();
      assertEquals(name, "webgpu");
      assertStringIncludes(reason, "GPU by WebGPU: ");
      await useDevice("webgpu");
      assert(backend() === first);
      runtimeOf(first).queue.close();
      await assertRejects(() => ones([3]).add(1).read(), DeviceLost);
      await useDevice("webgpu");
      assert(backend() !== first);
      assertEquals([...await ones([3]).add(1).read()], [2, 2, 2]);
    } finally {
      setBackend(before);
    }
  },
});

// ## Losing

Deno.test({
  name: "a lost device says so in every call, and the CPU goes on",
  ignore,
  async fn() {
    const device = await open();
    const x = withBackend(device, () => ones([4]));
    const pending = x.add(1).read();
    const outcome = pending.then(() => undefined, (error: unknown) => error);
    runtimeOf(device).queue.close();
    const error = await outcome;
    // The driver may have finished before it was closed.
    if (error !== undefined) assert(error instanceof DeviceLost, String(error));
    await assertRejects(() => x.read(), DeviceLost, 'useDevice("wasm") continues on the CPU');
    assertThrows(() => x.add(1), DeviceLost);
    assertThrows(() => withBackend(device, () => ones([4])), DeviceLost);
    release(x);
    assertEquals(device.lost, true);
    assertEquals([...await ones([2]).add(1).read()], [2, 2]);
  },
});

Deno.test({
  name: "an invalid shader is named by the next read, and the device goes on",
  ignore,
  async fn() {
    const device = await open(), { pipelines, queue } = runtimeOf(device);
    const x = device.upload(Float32Array.of(1, 2), "float32");
    const broken = pipelines.compile(
      "broken",
      "@group(0) @binding(0) var<uniform> p: vec4u; @compute @workgroup_size(1) fn main() { let a = nobody; }",
    );
    queue.dispatch(broken, [], [0], [1]);
    await assertRejects(() => device.download(row(x)), Error, 'Cannot compile the shader "broken": ');
    assertEquals([...await device.download(row(device.unary("neg", row(x))))], [-1, -2]);
  },
});

// ## Memory

Deno.test({
  name: "memory above the limit is refused with nothing lost",
  ignore,
  async fn() {
    const device = await open({ memoryBytes: 2 ** 20 });
    const kept = device.upload(Float32Array.of(5), "float32");
    const large = device.allocate("float32", 2 ** 17);
    assertThrows(
      () => device.allocate("float32", 2 ** 17),
      RangeError,
      "Cannot allocate 524288 bytes on webgpu: 2 live buffers hold 524292 bytes of the 1 MiB that this device may use",
    );
    device.release(large);
    // What waits to be used again makes room for another size.
    device.release(device.allocate("float32", 2 ** 17 + 2 ** 15));
    assertEquals([...await device.download(row(kept))], [5]);
    assertEquals(device.memory(), { buffers: 1, bytes: 4 });
  },
});

Deno.test({
  name: "a buffer that no shader could see whole is refused",
  ignore,
  async fn() {
    const device = await open();
    assertThrows(() => device.allocate("float32", 2 ** 30), RangeError, "a buffer that a shader sees has at most");
    assertThrows(() => device.allocate("float32", -1), RangeError, "Cannot allocate -1 elements");
  },
});

Deno.test({
  name: "a long loop holds no more memory than a short one",
  ignore,
  async fn() {
    const device = await open();
    const { pool } = runtimeOf(device).queue;
    await withBackend(device, async () => {
      const total = zeros([100]);
      const turn = (i: number): void => scope(() => total.assign(total.add(tensor(Float32Array.of(i)).mul(2))));
      for (let i = 0; i < 300; i++) turn(i);
      const { held } = pool;
      for (let i = 300; i < 1500; i++) turn(i);
      assertEquals(pool.held, held);
      assertEquals((await total.read())[99], 1500 * 1499);
    });
  },
});

Deno.test("classBytes() wastes at most a quarter", () => {
  for (let bytes = 1; bytes < 1e8; bytes = Math.ceil(bytes * 1.37)) {
    const size = classBytes(bytes);
    assert(size >= bytes && size % 256 === 0 && size <= Math.max(256, bytes * 1.25 + 256), `${bytes}: ${size}`);
  }
});

// ## Order

Deno.test({
  name: "data from the host does not overtake commands that wait to be sent",
  ignore,
  async fn() {
    const device = await open();
    const results: View[] = [];
    for (let i = 0; i < 20; i++) {
      const x = device.upload(new Float32Array(64).fill(i), "float32");
      results.push(row(device.unary("neg", row(x))));
      // The block of x is free again while the command that reads it has not been sent.
      device.release(x);
    }
    const read = await Promise.all(results.map((view) => device.download(view)));
    assertEquals(read.map((numbers) => numbers[63]), results.map((_, i) => 0 - i));
  },
});

Deno.test({
  name: "reads of one moment are sent together, and nothing waits before",
  ignore,
  async fn() {
    const device = await open(), { queue } = runtimeOf(device);
    const x = row(device.upload(Float32Array.of(1, 2, 3), "float32"));
    const before = queue.batch;
    const results = Array.from({ length: 16 }, () => row(device.unary("neg", x)));
    assertEquals(queue.batch, before);
    await Promise.all(results.map((view) => device.download(view)));
    assertEquals(queue.batch, before + 1);
    for (let i = 0; i < 2 * SLOTS + 1; i++) device.release(device.unary("neg", x));
    assertEquals(queue.batch, before + 3);
    await queue.done();
  },
});

Deno.test({
  name: "a view is read as it is when its tensor is released right after",
  ignore,
  async fn() {
    const device = await open();
    const x = device.upload(Float32Array.of(1, 2, 3, 4, 5, 6), "float32");
    const reading = device.download({ ...row(x), buffer: x, shape: [3, 2], strides: [1, 3] });
    device.release(x);
    device.upload(new Float32Array(6).fill(9), "float32");
    assertEquals([...await reading], [1, 4, 2, 5, 3, 6]);
    assertThrows(() => device.release(x), TypeError, "already been released");
    await assertRejects(() => device.download(row(x)), TypeError, "already been released");
  },
});

// ## Variants

Deno.test("expand() replaces what a shader declares, and refuses other names", () => {
  const files = {
    main:
      "const N = 64u;\nconst ON = false;\nalias E = f32;\n// include part\n// include part\nfn op(x: f32) -> f32 { return x; }\n",
    part: "// a part\n",
  };
  const plain =
    "const N = 64u;\nconst ON = false;\nalias E = f32;\n// a part\n\n\nfn op(x: f32) -> f32 { return x; }\n";
  assertEquals(expand("main", {}, files), plain);
  assertEquals(expand("main", { N: 64, ON: false, E: "f32", op: "x" }, files), plain);
  assertEquals(
    expand("main", { N: 8, ON: true, E: "i32", op: "x * vec2(1, 2).x" }, files),
    "const N = 8u;\nconst ON = true;\nalias E = i32;\n// a part\n\n\nfn op(x: f32) -> f32 { return x * vec2(1, 2).x; }\n",
  );
  assertThrows(() => expand("main", { M: 1 }, files), TypeError, 'Cannot vary M of shader "main"');
  assertThrows(() => expand("main", { N: "f32" }, files), TypeError, 'Cannot vary N of shader "main"');
  assertThrows(() => expand("other", {}, files), TypeError, 'Cannot find shader "other"');
});

Deno.test("every shader has a header that names its definition, its bindings and its dispatch", () => {
  for (const [name, text] of Object.entries(SHADERS)) {
    assert(text.startsWith(`// ${name} — `), name);
    if (!text.includes("@compute")) continue;
    for (const word of ["definition", "binding", "dispatch", "threads"]) {
      assert(new RegExp(`^// ${word}`, "m").test(text), `${name}: ${word}`);
    }
  }
});
