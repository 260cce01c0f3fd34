/**
 * # How a run is recorded
 *
 * The command line, the device and the clock are the same for every program of this folder; what it finds is its own.
 *
 * @module
 */

import process from "node:process";
import { text } from "../../core/cli/arguments.ts";
import { quote, UsageError } from "../../core/cli/errors.ts";
import { createWasmDevice } from "../../mod.ts";
import { setBackend } from "../../core/engine/device.ts";
import { readTask, refuse } from "../arguments.ts";
import { type RecordedRun, runPath } from "./recorded_run.ts";

/** A program that makes a run. */
export interface RunPlan<Findings extends object> {
  /** Its name, and that of what it writes. */
  readonly name: string;
  /** One line for the help. */
  readonly summary: string;
  /** Where the file is from. */
  readonly origin: string;
  /** What may be done with it. */
  readonly licence: string;
  /** Makes the run. */
  readonly make: (path: string) => Promise<Findings>;
}

/** Digits that are kept: more than a caption shows. */
const DIGITS = 5;

/** Makes a run on one core and writes it down; the path of the file is the one argument. */
export async function record<Findings extends object>(
  { name, summary, origin, licence, make }: RunPlan<Findings>,
): Promise<void> {
  const { values: { data } } = await readTask({
    name,
    summary,
    options: { data: text("FILE", "The file to learn from") },
  });
  if (data === undefined) refuse(new UsageError(`Cannot run ${quote(name)}: --data names the file to learn from`));
  const bytes = await Deno.readFile(data);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  setBackend(createWasmDevice({ threads: 1 }));
  const before = process.cpuUsage(), findings = await make(data), { user, system } = process.cpuUsage(before);
  const run: RecordedRun<Findings> = {
    command: `deno run --allow-read --allow-write=docs/runs docs/runs/${name}.ts --data ${data.split(/[/\\]/).at(-1)}`,
    data: { name: data.split(/[/\\]/).at(-1)!, origin, licence, bytes: bytes.length, sha256: digest.toHex() },
    seconds: Math.round((user + system) / 1e6),
    findings,
  };
  const short = (_: string, value: unknown): unknown =>
    typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(DIGITS)) : value;
  await Deno.writeTextFile(runPath(name), `${JSON.stringify(run, short, 2)}\n`);
}
