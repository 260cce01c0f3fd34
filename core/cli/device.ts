/**
 * # Device and interruption
 *
 * What every command that computes has in common: `--device` and `--threads`, `--weights` where a model
 * answers, and a signal that Ctrl-C raises.
 *
 * @module
 */

import type { PackedFormat } from "../engine/backend.ts";
import { backend, type DeviceName, setBackend, useDevice } from "../engine/device.ts";
import { createWasmDevice } from "../../wasm/mod.ts";
import { MOST_THREADS } from "../../wasm/assembly/layout.ts";
import { choice, number, type Option } from "./arguments.ts";
import { Interrupted, UsageError } from "./errors.ts";

/** Devices as the command line names them. */
const DEVICES: readonly DeviceName[] = ["auto", "wasm", "webgpu", "reference"];

/** The options of every command that computes. */
export const deviceOptions: {
  readonly device: Option<DeviceName>;
  readonly threads: Option<number | undefined>;
} = {
  device: choice(DEVICES, "What computes", "auto"),
  threads: number("N", "Threads of the CPU device; one for each core, at most 8, unless given", {
    min: 1,
    max: MOST_THREADS,
    whole: true,
  }),
};

/** Formats of weights as the command line names them. */
export const WEIGHT_FORMATS: readonly PackedFormat[] = ["float32", "float16", "int8", "int4"];

/** The option of every command that uses a saved model. */
export const weightsOption: { readonly weights: Option<PackedFormat | undefined> } = {
  weights: choice(
    WEIGHT_FORMATS,
    "How weights are kept: fewer bits are faster and coarser; as the file has them unless given",
  ),
};

/**
 * Chooses the device.
 *
 * @returns one sentence about what was chosen
 * @throws {UsageError} if threads are asked for on a device that has none
 */
export async function chooseDevice(
  { device, threads }: { readonly device: DeviceName; readonly threads: number | undefined },
): Promise<string> {
  if (threads === undefined) return (await useDevice(device)).reason;
  if (device === "reference" || device === "webgpu") {
    throw new UsageError(`Cannot use --threads with --device ${device}: only wasm has threads`);
  }
  setBackend(createWasmDevice({ threads }));
  return backend().description;
}

/** Signals that end a run: Ctrl-C, `kill`, and the terminal that closes. */
const ENDING: readonly Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * A signal that the first Ctrl-C raises; the second one ends the program at once.
 *
 * It is for work that has something to save. Whatever has nothing to save does not listen: the system ends it, however busy it is.
 *
 * @param onFirst called with the first Ctrl-C
 * @returns the signal, whose reason is {@linkcode Interrupted}, and what stops listening
 */
export function interruption(onFirst: () => void = () => {}): { signal: AbortSignal; stop: () => void } {
  const controller = new AbortController();
  const listeners = ENDING.map((name) => {
    const listener = async (): Promise<void> => {
      if (name === "SIGHUP" && await outlivesTerminal()) return;
      const reason = new Interrupted(name);
      if (controller.signal.aborted) Deno.exit(reason.code);
      controller.abort(reason);
      onFirst();
    };
    Deno.addSignalListener(name, listener);
    return { name, listener };
  });
  return {
    signal: controller.signal,
    stop() {
      for (const { name, listener } of listeners) Deno.removeSignalListener(name, listener);
    },
  };
}

/** Whether it was started by `nohup`, which leaves it a standard input that is not open for reading. */
async function outlivesTerminal(): Promise<boolean> {
  const isUnreadable = Deno.stdin.read(new Uint8Array(1)).then(
    () => false,
    (error) => /os error 9\b/.test(String(error)),
  );
  return await Promise.race([isUnreadable, new Promise<boolean>((resolve) => setTimeout(resolve, 1000, false))]);
}
