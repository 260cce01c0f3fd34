/**
 * # A baseline, and what became slower
 *
 * **Question.** A kernel is changed and the benches run again: is a difference the change, or the day?
 *
 * **Idea.** Run all benches several times over, now and then, and keep of each run its fastest pass, which what else the
 * machine does can only lengthen. A bench has become slower if **every** run of it is slower than **every** run of the
 * baseline, and the medians differ by more than five in a hundred.
 *
 * **Why both.** If nothing changed, the ten times of two sides of five runs are in any order alike, and all of one side lie
 * above all of the other in one of $\binom{10}{5} = 252$ orders: one false alarm in 252 benches, whatever the noise looks like.
 * The second condition keeps silent about differences that are real and too small to act on.
 *
 * Machines are never compared: a baseline names the processor, its cores, the system and the version of Deno, and there
 * is one file for each such name in `bench/baselines`.
 *
 * `deno task bench:baseline [FILE…]` stores one, `deno task bench:compare [FILE…]` measures again and compares.
 *
 * @module
 */

import { number } from "../core/cli/arguments.ts";
import { readTask } from "../docs/arguments.ts";

/** What must agree for two times to be comparable. */
export interface Machine {
  /** Name of the processor. */
  readonly cpu: string;
  /** Cores of it that a program may use. */
  readonly cores: number;
  /** Operating system and architecture. */
  readonly system: string;
  /** Version of Deno. */
  readonly deno: string;
}

/** Nanoseconds of the fastest pass, one for each run, by `group / name` of the bench. */
export type Times = Readonly<Record<string, readonly number[]>>;

/** Times of one machine. */
export interface Baseline {
  /** Where they were measured. */
  readonly machine: Machine;
  /** When, as a date. */
  readonly date: string;
  /** What was measured. */
  readonly times: Times;
}

/** What `deno bench --json` prints, as far as it is read here. */
interface Printed {
  readonly runtime: string;
  readonly cpu: string;
  readonly benches: readonly {
    readonly group: string | null;
    readonly name: string;
    readonly results: readonly { readonly ok?: { readonly min: number } }[];
  }[];
}

/**
 * Reads what one run of `deno bench --json` printed.
 *
 * @param text the JSON
 * @param cores cores of the machine, which the JSON does not tell
 * @returns the machine, and one time for each bench
 * @throws {TypeError} if a bench has failed
 */
export function readRun(text: string, cores: number): { machine: Machine; times: Record<string, number> } {
  const { runtime, cpu, benches } = JSON.parse(text) as Printed;
  const [deno = "", system = ""] = runtime.replace("Deno/", "").split(" ");
  const times: Record<string, number> = {};
  for (const { group, name, results } of benches) {
    const label = group === null ? name : `${group} / ${name}`;
    const fastest = results[0]?.ok?.min;
    if (fastest === undefined) throw new TypeError(`Cannot use a run in which "${label}" failed`);
    times[label] = fastest;
  }
  return { machine: { cpu, cores, system, deno }, times };
}

/** Joins the times of several runs; a bench that is missing in one of them is left out. */
export function joinRuns(runs: readonly Readonly<Record<string, number>>[]): Times {
  const labels = Object.keys(runs[0] ?? {}).filter((label) => runs.every((run) => label in run));
  return Object.fromEntries(labels.map((label) => [label, runs.map((run) => run[label]!)]));
}

/** The file of a machine, in `bench/baselines`. */
export function fileOf({ cpu, cores, system, deno }: Machine): string {
  return `${cpu} ${cores} ${system} ${deno}`.toLowerCase().replaceAll(/[^a-z0-9.]+/g, "_") + ".json";
}

/** How much the medians must differ: a share of the baseline's. */
export const LEAST = 0.05;

/** What became of a bench. */
export interface Change {
  /** The bench. */
  readonly label: string;
  /** Median now over median then. */
  readonly ratio: number;
  /** What the two conditions say. */
  readonly verdict: "slower" | "faster" | "same";
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b), middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Compares the runs of one bench. */
function changeOf(label: string, then: readonly number[], now: readonly number[]): Change {
  const ratio = median(now) / median(then);
  const slower = Math.min(...now) > Math.max(...then) && ratio > 1 + LEAST;
  const faster = Math.max(...now) < Math.min(...then) && ratio < 1 / (1 + LEAST);
  return { label, ratio, verdict: slower ? "slower" : faster ? "faster" : "same" };
}

/**
 * Compares two measurements of one machine, bench by bench, the worst first.
 *
 * @returns a change for each bench that both have
 * @throws {TypeError} if the machines differ
 */
export function compare(then: Baseline, now: Baseline): Change[] {
  const names = ["cpu", "cores", "system", "deno"] as const;
  const differing = names.filter((name) => then.machine[name] !== now.machine[name]);
  if (differing.length > 0) {
    const differences = differing.map((name) => `${name} ${then.machine[name]} and ${now.machine[name]}`).join(", ");
    throw new TypeError(`Cannot compare two machines: ${differences}`);
  }
  return Object.keys(then.times).filter((label) => label in now.times)
    .map((label) => changeOf(label, then.times[label]!, now.times[label]!))
    .sort((a, b) => b.ratio - a.ratio);
}

/** The comparison as text: what changed, then one line of counts. */
export function report(changes: readonly Change[]): string {
  const percent = ({ ratio }: Change): string => `${ratio > 1 ? "+" : ""}${(100 * (ratio - 1)).toFixed(1)} %`;
  const changed = changes.filter(({ verdict }) => verdict !== "same");
  const count = (wanted: Change["verdict"]): number => changes.filter(({ verdict }) => verdict === wanted).length;
  return [
    ...changed.map((change) => `${change.verdict}  ${percent(change).padStart(9)}  ${change.label}`),
    `${changes.length} benches compared: ${count("slower")} slower, ${count("faster")} faster, ` +
    `${count("same")} within noise`,
  ].join("\n");
}

/** Runs the benches once. */
async function run(...args: readonly string[]): Promise<ReturnType<typeof readRun>> {
  const { code, stdout } = await new Deno.Command("deno", {
    args: ["bench", "--no-prompt", "--quiet", "--json", ...args],
    cwd: new URL("../", import.meta.url),
    stderr: "inherit",
  }).output();
  if (code !== 0) throw new Error("Cannot measure: deno bench failed");
  return readRun(new TextDecoder().decode(stdout), navigator.hardwareConcurrency);
}

/** Runs the benches several times over. */
async function measure(machine: Machine, files: readonly string[], runs: number): Promise<Baseline> {
  const measured: Record<string, number>[] = [];
  for (let count = 1; count <= runs; count++) {
    console.error(`Run ${count} of ${runs} …`);
    measured.push((await run(...files.length > 0 ? files : ["bench"])).times);
  }
  return { machine, date: new Date().toISOString().slice(0, 10), times: joinRuns(measured) };
}

const FOLDER = new URL("./baselines/", import.meta.url);

/** The stored baseline of a machine, or nothing. */
async function stored(machine: Machine): Promise<Baseline | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(new URL(fileOf(machine), FOLDER)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

if (import.meta.main) {
  const [action, ...given] = Deno.args;
  const isComparison = action === "compare";
  const { values: { runs }, operands } = await readTask({
    name: `bench:${action}`,
    summary: isComparison
      ? "Measure again, and say what became slower than the baseline of this machine"
      : "Measure the kernels several times over, and store the times as the baseline of this machine",
    operands: "[FILE…]",
    options: { runs: number("N", "How often everything is measured", { min: 3, max: 100, whole: true }, 5) },
  }, given);
  // A run of no bench tells the name of the machine.
  const { machine } = await run("--filter", "/^$/", "bench/softmax_bench.ts");
  const then = await stored(machine);
  if (isComparison && then === undefined) {
    console.error(`Cannot compare: bench/baselines has no ${fileOf(machine)}; deno task bench:baseline stores it`);
    Deno.exit(1);
  }
  const now = await measure(machine, operands, runs);
  if (!isComparison) {
    // Benches that were not measured this time keep their times.
    const times = { ...then?.times, ...now.times };
    await Deno.mkdir(FOLDER, { recursive: true });
    await Deno.writeTextFile(new URL(fileOf(now.machine), FOLDER), `${JSON.stringify({ ...now, times }, null, 1)}\n`);
    console.log(`Stored ${Object.keys(now.times).length} benches in bench/baselines/${fileOf(now.machine)}`);
  } else {
    const changes = compare(then!, now);
    console.log(`Baseline of ${then!.date}\n${report(changes)}`);
    if (changes.some(({ verdict }) => verdict === "slower")) Deno.exit(1);
  }
}
