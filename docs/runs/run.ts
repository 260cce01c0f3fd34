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
  /** Further files that it reads, by the option that names each, with what the help says of it; none by default. */
  readonly files?: Readonly<Record<string, string>>;
  /** Makes the run, of the file to learn from and of the further ones. */
  readonly make: (path: string, files: Readonly<Record<string, string>>) => Promise<Findings>;
}

/** Digits that are kept: more than a caption shows. */
const DIGITS = 5;

/** The name of a file, without its folder. */
const nameOf = (path: string): string => path.split(/[/\\]/).at(-1)!;

/** Makes a run on one core and writes it down; the paths of the files are the arguments. */
export async function record<Findings extends object>(
  { name, summary, origin, licence, files = {}, make }: RunPlan<Findings>,
): Promise<void> {
  const options = Object.entries({ data: "The file to learn from", ...files });
  const { values } = await readTask({
    name,
    summary,
    options: Object.fromEntries(options.map(([option, help]) => [option, text("FILE", help)])),
  });
  const given = options.map(([option, help]): [string, string] => {
    const path = values[option];
    if (path === undefined) refuse(new UsageError(`Cannot run ${quote(name)}: --${option} names a file: ${help}`));
    return [option, path];
  });
  const data = given[0]![1], bytes = await Deno.readFile(data);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  setBackend(createWasmDevice({ threads: 1 }));
  const before = process.cpuUsage(),
    findings = await make(data, Object.fromEntries(given.slice(1))),
    { user, system } = process.cpuUsage(before);
  const run: RecordedRun<Findings> = {
    command: `deno run --allow-read --allow-write=docs/runs docs/runs/${name}.ts ${
      given.map(([option, path]) => `--${option} ${nameOf(path)}`).join(" ")
    }`,
    data: { name: nameOf(data), origin, licence, bytes: bytes.length, sha256: digest.toHex() },
    seconds: Math.round((user + system) / 1e6),
    findings,
  };
  const short = (_: string, value: unknown): unknown =>
    typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(DIGITS)) : value;
  await Deno.writeTextFile(runPath(name), `${JSON.stringify(run, short, 2)}\n`);
}
