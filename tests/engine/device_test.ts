import { assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import {
  backend,
  DeviceUnavailable,
  registerDevice,
  setBackend,
  setDefaultDevice,
  useDevice,
  withBackend,
} from "../../core/engine/device.ts";
import { createReferenceDevice } from "../../core/engine/reference.ts";
import { zeros } from "../../core/engine/create.ts";

Deno.test("backend() is the default device until another is chosen", () => {
  const first = createReferenceDevice(), second = createReferenceDevice();
  setDefaultDevice(() => first);
  assertStrictEquals(backend(), first);
  assertStrictEquals(zeros([1]).device, first);
  setBackend(second);
  assertStrictEquals(zeros([1]).device, second);
});

Deno.test("withBackend() restores the device before it, however the function ends", async () => {
  const outer = createReferenceDevice(), inner = createReferenceDevice();
  setBackend(outer);
  assertStrictEquals(withBackend(inner, () => backend()), inner);
  assertStrictEquals(backend(), outer);
  assertThrows(() =>
    withBackend(inner, () => {
      throw new RangeError("inside");
    }), RangeError);
  assertStrictEquals(backend(), outer);
  const later = withBackend(inner, async () => {
    await Promise.resolve();
    return backend();
  });
  assertStrictEquals(backend(), inner);
  assertStrictEquals(await later, inner);
  assertStrictEquals(backend(), outer);
  await assertRejects(() => withBackend(inner, () => Promise.reject(new RangeError("later"))), RangeError);
  assertStrictEquals(backend(), outer);
});

Deno.test("useDevice() chooses by name and says what it chose", async () => {
  const choice = await useDevice("reference");
  assertEquals(choice.name, "reference");
  assertEquals(choice.reason, backend().description);
  const again = backend();
  await useDevice("reference");
  assertStrictEquals(backend(), again);
});

Deno.test("useDevice() refuses options, and says where they go", async () => {
  const before = backend();
  await assertRejects(
    () => useDevice("wasm", { threads: 1 } as never),
    TypeError,
    'Cannot use device "wasm" with an object: options are for createWasmDevice() or createWebgpuDevice(), whose device',
  );
  assertStrictEquals(backend(), before);
});

Deno.test("useDevice() names the devices it knows when asked for another", async () => {
  await assertRejects(
    () => useDevice("abacus" as "wasm"),
    DeviceUnavailable,
    'Cannot use device "abacus": known here are auto, reference',
  );
});

Deno.test("useDevice() of auto falls back, and says why the better devices were not chosen", async () => {
  registerDevice("webgpu", () => {
    throw new DeviceUnavailable("no adapter");
  });
  registerDevice("wasm", () => Promise.reject(new DeviceUnavailable("no SIMD")));
  const { name, reason } = await useDevice("auto");
  assertEquals(name, "reference");
  assertEquals(reason.endsWith("; webgpu was not chosen: no adapter; wasm was not chosen: no SIMD"), true);
  await assertRejects(() => useDevice("wasm"), DeviceUnavailable, "no SIMD");
});

Deno.test("useDevice() does not hide a fault behind a fallback", async () => {
  registerDevice("webgpu", () => {
    throw new RangeError("a bug");
  });
  await assertRejects(() => useDevice("auto"), RangeError, "a bug");
});

Deno.test("useDevice() leaves the current device alone when it fails", async () => {
  const before = createReferenceDevice();
  setBackend(before);
  registerDevice("wasm", () => Promise.reject(new DeviceUnavailable("no SIMD")));
  await assertRejects(() => useDevice("wasm"), DeviceUnavailable);
  assertStrictEquals(backend(), before);
});
