/**
 * # Choosing a device
 *
 * **Question.** The same chapter has to run on a laptop's CPU, in a browser with a GPU, and
 * in float64 when a test asks what is true. Who decides?
 *
 * **Idea.** One {@linkcode Backend} is current; new tensors live on it, and operations run
 * where their arguments live. The program chooses once, at its start, with
 * {@linkcode useDevice}; without a call the default device answers.
 *
 * **Why a registry.** The engine knows no device but the reference one. `mod.ts` registers
 * the others, so that a chapter imported alone does not pull in shaders or kernels.
 *
 * @module
 */

import type { Backend } from "./backend.ts";
import { type Check, checkFunction, checkValue, object, shown } from "./options.ts";
import { createReferenceDevice } from "./reference.ts";

/** Names that {@linkcode useDevice} understands. */
export type DeviceName = "auto" | "wasm" | "webgpu" | "reference";

/** What was chosen, and why. */
export interface DeviceChoice {
  /** The device that new tensors live on from here on. */
  readonly name: string;
  /** One sentence for a person. */
  readonly reason: string;
}

/** Thrown when the device that was asked for cannot be had here. */
export class DeviceUnavailable extends Error {
  /** The name of this class of errors. */
  override readonly name: string = "DeviceUnavailable";
}

/**
 * Opens a device, or throws {@linkcode DeviceUnavailable} with the reason why it cannot.
 *
 * Called at each choice, so it hands out what it has opened before. `named` is false where `"auto"` asks:
 * a device that is only good for tests then refuses.
 */
export type OpenDevice = (named: boolean) => Backend | Promise<Backend>;

const aDevice: Check<Backend> = object(
  "a device",
  (value) => typeof (value as Partial<Backend>).download === "function",
);

let reference: Backend | undefined;
const devices = new Map<string, OpenDevice>([[
  "reference",
  () => reference = !reference || reference.lost ? createReferenceDevice() : reference,
]]);
let openDefault: () => Backend = createReferenceDevice;
let current: Backend | undefined;

/**
 * Makes a device known under a name.
 *
 * @param name what {@linkcode useDevice} is to be asked for
 * @param open called at each choice
 */
export function registerDevice(name: string, open: OpenDevice): void {
  if (typeof name !== "string") throw new TypeError(`Cannot register a device as ${shown(name)}: a name is needed`);
  checkFunction(`register device ${name} by`, open);
  devices.set(name, open);
}

/**
 * Sets what answers while nobody has chosen.
 *
 * @param open called when the first tensor is made
 */
export function setDefaultDevice(open: () => Backend): void {
  checkFunction("open devices by", open);
  openDefault = open;
}

/** The device that new tensors live on. */
export function backend(): Backend {
  return current ??= openDefault();
}

/**
 * Makes a device current without asking the registry.
 *
 * @param device where new tensors live from here on
 */
export function setBackend(device: Backend): void {
  checkValue("compute", "device", device, aDevice);
  current = device;
}

/**
 * Runs a function with another device current, and restores the old one afterwards.
 *
 * @param device where tensors made by `f` live
 * @param f synchronous or asynchronous; while it waits, the device stays current for everybody
 * @returns what `f` returns
 */
export function withBackend<T>(device: Backend, f: () => T): T {
  if (typeof device?.download !== "function") checkValue("compute", "device", device, aDevice);
  checkFunction("compute by", f);
  const before = current;
  const restore = (): void => {
    current = before;
  };
  current = device;
  let result: T;
  try {
    result = f();
  } catch (error) {
    restore();
    throw error;
  }
  if (result instanceof Promise) return result.finally(restore) as T;
  restore();
  return result;
}

async function open(name: string, named: boolean): Promise<Backend> {
  const make = devices.get(name);
  if (!make) {
    throw new DeviceUnavailable(
      `Cannot use device ${shown(name)}: known here are auto, ${[...devices.keys()].join(", ")}`,
    );
  }
  return await make(named);
}

/**
 * Chooses the device for everything that follows.
 *
 * `"auto"` takes a real GPU (never a software adapter), else WASM SIMD, else the float64
 * reference device. Tensors that exist stay where they are.
 *
 * @param name which device
 * @param options none by default, and none are taken: a device with options is made, and given to {@linkcode setBackend}
 * @returns what was chosen and why
 * @throws {TypeError} if options are given
 * @throws {DeviceUnavailable} if a device asked for by name cannot be had
 */
export async function useDevice(name: DeviceName, options?: undefined): Promise<DeviceChoice> {
  if (options !== undefined) {
    throw new TypeError(
      `Cannot use device ${shown(name)} with ${shown(options)}: options are for createWasmDevice() or ` +
        "createWebgpuDevice(), whose device setBackend() or withBackend() makes current",
    );
  }
  const refused: string[] = [];
  for (const candidate of name === "auto" ? ["webgpu", "wasm", "reference"] : [name]) {
    if (name === "auto" && !devices.has(candidate)) continue;
    try {
      const device = await open(candidate, name !== "auto");
      setBackend(device);
      return { name: device.name, reason: [device.description, ...refused].join("; ") };
    } catch (error) {
      if (name !== "auto" || !(error instanceof DeviceUnavailable)) throw error;
      refused.push(`${candidate} was not chosen: ${error.message}`);
    }
  }
  throw new DeviceUnavailable(`Cannot use any device: ${refused.join("; ")}`);
}
