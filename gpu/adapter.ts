/**
 * # Finding a GPU
 *
 * A page or a program asks for an adapter (a GPU and its driver) and the adapter for a device (our share
 * of it). Each of the two may refuse. A *software adapter* computes on the CPU what a GPU should; it is
 * good for tests and slower than the CPU device, so it is taken only when it is asked for.
 *
 * @module
 */

import { checkOptions, type Checks, flag, numeric } from "../core/engine/options.ts";

/** How to set up the GPU device; every option has a sensible default. */
export interface WebgpuOptions {
  /** Whether an adapter that computes on the CPU will do; false by default. */
  readonly allowSoftware?: boolean;
  /** Most bytes to hold; four of the largest buffers by default, as drivers do not tell. */
  readonly memoryBytes?: number;
  /** Whether shaders may use 16-bit numbers where the adapter offers them; true by default. */
  readonly halves?: boolean;
}

const webgpuChecks: Checks<WebgpuOptions> = {
  allowSoftware: flag,
  memoryBytes: numeric({ above: 0, max: Infinity }),
  halves: flag,
};

/** A device and what is known of it. */
export interface Opened {
  /** The driver's handle. */
  readonly device: GPUDevice;
  /** What computes, for a person. */
  readonly title: string;
  /** Whether it computes on the CPU. */
  readonly software: boolean;
  /** Most bytes to hold. */
  readonly memoryBytes: number;
}

/** Limits that a device is given as high as the adapter has them; kernels need none beyond the defaults. */
const RAISED = ["maxBufferSize", "maxStorageBufferBindingSize"] as const;
/** Features that kernels use where they are. */
const WANTED: readonly GPUFeatureName[] = ["timestamp-query"];

/**
 * Asks for an adapter: whoever finds none need not load a shader.
 *
 * @param allowSoftware whether one that computes on the CPU will do
 * @throws {Error} if there is no WebGPU, no adapter, or only a software adapter
 */
export async function findAdapter(allowSoftware: boolean): Promise<GPUAdapter> {
  const gpu = (globalThis as { navigator?: { gpu?: GPU } }).navigator?.gpu;
  if (!gpu) throw new Error("Cannot use webgpu: this environment has no navigator.gpu");
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new Error("Cannot use webgpu: no adapter was found; a GPU and its driver are needed");
  if (!allowSoftware && isSoftware(adapter)) {
    throw new Error(`Cannot use webgpu: the only adapter is ${nameOf(adapter.info)}, which computes on the CPU`);
  }
  return adapter;
}

/**
 * Opens a device.
 *
 * @throws {Error} if there is no WebGPU, no adapter, only a software adapter, or the adapter refuses
 */
export async function open(options: WebgpuOptions = {}): Promise<Opened> {
  checkOptions("make the webgpu device", options, webgpuChecks);
  const { allowSoftware = false, memoryBytes, halves = true } = options;
  const adapter = await findAdapter(allowSoftware);
  const title = nameOf(adapter.info), software = isSoftware(adapter);
  const requiredLimits: Record<string, number> = {};
  for (const name of RAISED) requiredLimits[name] = adapter.limits[name];
  const wanted = halves ? [...WANTED, "shader-f16" as const] : WANTED;
  const requiredFeatures = wanted.filter((feature) => adapter.features.has(feature));
  let device: GPUDevice;
  try {
    device = await adapter.requestDevice({ requiredFeatures, requiredLimits });
  } catch (error) {
    throw new Error(`Cannot use webgpu: ${title} refused a device: ${(error as Error).message}`);
  }
  return { device, title, software, memoryBytes: memoryBytes ?? 4 * device.limits.maxBufferSize };
}

/** What computes, from what the driver says of itself. */
function nameOf({ description, vendor, architecture, device }: GPUAdapterInfo): string {
  return description || [vendor, architecture, device].filter((part) => part).join(" ") || "a GPU without a name";
}

/** Whether an adapter computes on the CPU. */
function isSoftware(adapter: GPUAdapter): boolean {
  const { isFallbackAdapter } = adapter.info as { isFallbackAdapter?: boolean };
  const older = (adapter as { isFallbackAdapter?: boolean }).isFallbackAdapter;
  return isFallbackAdapter ?? older ?? /swiftshader|llvmpipe|basic render/i.test(nameOf(adapter.info));
}
