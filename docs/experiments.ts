/**
 * Runs experiments and records what they find.
 *
 * `deno task experiments` runs all, on the CPU device, and writes `recorded/NAME.json`; with names, only those.
 * With `--check` it compares instead, within the tolerance of each experiment, and fails where they differ.
 * `--device webgpu` or `--threads 1` compare other ways to compute.
 *
 * @module
 */

import { choice, flag, number } from "../core/cli/arguments.ts";
import { quote, UsageError } from "../core/cli/errors.ts";
import { backend, setBackend } from "../core/engine/device.ts";
import { defaultControls, type Entry } from "../core/experiments/experiment.ts";
import { EXPERIMENTS } from "../core/experiments/registry.ts";
import { createWasmDevice, useDevice } from "../mod.ts";
import { readTask, refuse } from "./arguments.ts";
import {
  differences,
  isRecordingDevice,
  readRecording,
  recordingPath,
  recordingText,
  rounded,
  type Subject,
} from "./recorded.ts";

/** Claims that the findings do not bear out, or that they bear out although they count as refuted. */
function broken({ experiment, words }: Subject, findings: object): string[] {
  return Object.entries(experiment.claims).filter(([, claim]) => claim.holds(findings) === (claim.refuted ?? false))
    .map(([name, { refuted }]) => `${refuted ? "is not refuted" : "does not hold"}: ${words.claims[name]}`);
}

/** Runs one experiment; says what is wrong with it. */
async function examine({ name, load, words }: Entry, check: boolean): Promise<string[]> {
  const subject = { experiment: await load(), words: await words() };
  const controls = defaultControls(subject.experiment);
  const exact = await subject.experiment.measure(controls, {});
  const recording = { controls, findings: rounded(exact) };
  const wrong = broken(subject, exact);
  if (wrong.length === 0) wrong.push(...broken(subject, recording.findings).map((text) => `after rounding ${text}`));
  if (!check) {
    if (wrong.length > 0) return wrong;
    const path = recordingPath(name);
    await Deno.mkdir(new URL("./", path), { recursive: true });
    await Deno.writeTextFile(path, recordingText(recording));
    return [];
  }
  try {
    return [...wrong, ...differences(subject, readRecording(name), exact, isRecordingDevice(backend()))];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [...wrong, "nothing was recorded"];
    throw error;
  }
}

/** How to compute. */
interface Choice {
  readonly device: "wasm" | "webgpu" | "reference";
  readonly threads: number | undefined;
  readonly strict: boolean;
}

/** Makes a device the current one. */
async function choose({ device, threads, strict }: Choice): Promise<void> {
  if (device === "wasm") {
    return setBackend(createWasmDevice({ ...threads ? { threads } : {}, ...strict ? { relaxed: false } : {} }));
  }
  const given = threads !== undefined ? "--threads" : strict ? "--strict" : undefined;
  if (given) throw new UsageError(`Cannot use ${given} with --device ${device}: only wasm has it`);
  await useDevice(device);
}

if (import.meta.main) {
  const { values: { check, ...how }, operands } = await readTask({
    name: "experiments",
    operands: "[NAME…]",
    summary: "Record what the experiments of the book find, in docs/recorded.",
    options: {
      check: flag("Compare with what was recorded instead"),
      device: choice<Choice["device"]>(["wasm", "webgpu", "reference"], "Device to compute on", "wasm"),
      threads: number("N", "Threads of the CPU device; all cores unless given", { min: 1, max: 256, whole: true }),
      strict: flag("Without fused multiply-adds, on the CPU device"),
    },
  });
  const names = new Set(operands);
  try {
    const unknown = operands.find((name) => !EXPERIMENTS.some((experiment) => experiment.name === name));
    if (unknown !== undefined) {
      const known = EXPERIMENTS.map(({ name }) => name).join(", ");
      throw new UsageError(`Cannot run ${quote(unknown)}: the experiments are ${known}`);
    }
    await choose(how);
    if (!check && !isRecordingDevice(backend())) {
      throw new UsageError("Cannot record what this device computes, its bits are its own: add --check to compare");
    }
  } catch (error) {
    refuse(error);
  }
  console.log(backend().description);
  let failed = 0;
  for (const experiment of EXPERIMENTS) {
    if (names.size > 0 && !names.has(experiment.name)) continue;
    const start = performance.now();
    const wrong = await examine(experiment, check);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    console.log(
      `${wrong.length === 0 ? (check ? "agrees  " : "recorded") : "fails   "}  ${experiment.name}  ${seconds} s`,
    );
    for (const text of wrong.slice(0, 10)) console.log(`          ${text}`);
    if (wrong.length > 10) console.log(`          and ${wrong.length - 10} more`);
    if (wrong.length > 0) failed++;
  }
  if (failed > 0) Deno.exit(1);
}
