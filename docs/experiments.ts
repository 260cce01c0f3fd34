/**
 * Runs experiments and records what they find.
 *
 * `deno task experiments` runs all, on the CPU device, and writes `recorded/NAME.json`; with names, only those.
 * With `--check` it compares instead, within the tolerance of each experiment, and fails where they differ.
 * `--device webgpu` or `--threads 1` compare other ways to compute.
 *
 * @module
 */

import { defaultControls, type Experiment, EXPERIMENTS, type Outcome } from "../core/experiments.ts";
import { backend, setBackend } from "../core/engine/device.ts";
import { createWasmDevice, useDevice } from "../mod.ts";
import { differences, isRecordingDevice, readRecording, recordingPath, recordingText, rounded } from "./recorded.ts";

/** Claims that the outcome does not bear out, or that it bears out although they count as refuted. */
function broken({ claims }: Experiment, { findings }: Outcome): string[] {
  return claims.filter((claim) => claim.holds(findings) === (claim.refuted ?? false))
    .map(({ text, refuted }) => `${refuted ? "is not refuted" : "does not hold"}: ${text}`);
}

/** Runs one experiment; says what is wrong with it. */
async function examine(experiment: Experiment, check: boolean): Promise<string[]> {
  const controls = defaultControls(experiment);
  const exact = await experiment.run(controls, {});
  const recording = { name: experiment.name, controls, outcome: rounded(exact) };
  const wrong = broken(experiment, exact);
  if (wrong.length === 0) wrong.push(...broken(experiment, recording.outcome).map((text) => `after rounding ${text}`));
  if (!check) {
    if (wrong.length > 0) return wrong;
    const path = recordingPath(experiment.name);
    await Deno.mkdir(new URL("./", path), { recursive: true });
    await Deno.writeTextFile(path, recordingText(recording));
    return [];
  }
  try {
    return [...wrong, ...differences(experiment, readRecording(experiment.name), exact, isRecordingDevice(backend()))];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [...wrong, "nothing was recorded"];
    throw error;
  }
}

if (import.meta.main) {
  const names = new Set<string>();
  let check = false, device = "wasm", threads: number | undefined, strict = false;
  const args = [...Deno.args];
  for (let arg = args.shift(); arg !== undefined; arg = args.shift()) {
    if (arg === "--check") check = true;
    else if (arg === "--strict") strict = true;
    else if (arg === "--device") device = args.shift() ?? "";
    else if (arg === "--threads") threads = Number(args.shift());
    else names.add(arg);
  }
  const unknown = [...names].filter((name) => !EXPERIMENTS.some((experiment) => experiment.name === name));
  if (unknown.length > 0) {
    console.error(`Cannot run ${unknown.join(", ")}: known are ${EXPERIMENTS.map(({ name }) => name).join(", ")}`);
    Deno.exit(2);
  }
  if (device === "wasm") {
    setBackend(createWasmDevice({ ...threads ? { threads } : {}, ...strict ? { relaxed: false } : {} }));
  } else await useDevice(device as "webgpu" | "reference");
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
