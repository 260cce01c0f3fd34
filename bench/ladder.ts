/**
 * The ladder as a table: what each step of a kernel gains on this machine, and how far the last one is from what
 * nothing can beat.
 *
 * Rungs and ceilings are run in turns and medians are taken, so that what another program does falls on all
 * of them. `--write` puts the page into `bench/LADDER.md`.
 *
 * deno run bench/ladder.ts [KERNEL …]
 * deno run --allow-sys --allow-write=bench bench/ladder.ts --write
 *
 * @module
 */

import { cpus, totalmem } from "node:os";
import { type Kernel, KERNELS, Ladder, type PlacedRung } from "../wasm/ladder/mod.ts";
import { runtimeOf } from "../wasm/runtime.ts";

/** Turns, at least and at most. */
const LEAST = 7, MOST = 31;
/** Milliseconds that one size of a kernel may take. */
const BUDGET = 2500;
/** Milliseconds that a short run is repeated for. */
const SLICE = 3;

/** Middle of some numbers. */
function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!;
}

/** Milliseconds of one call, as the mean of `times`. */
function time(run: () => void, times: number): number {
  const start = performance.now();
  for (let i = 0; i < times; i++) run();
  return (performance.now() - start) / times;
}

/** Something that is measured in turns with others. */
interface Lane {
  readonly run: () => void;
  readonly times: number;
  readonly samples: number[];
}

/** Waits for the workers of the device, which start when there has been enough work. */
async function startWorkers(ladder: Ladder): Promise<void> {
  const { threads } = runtimeOf(ladder.device);
  const placed = ladder.place(KERNELS[0]!, [512, 512, 512]), all = placed.rungs.at(-1)!;
  for (let i = 0; i < 200 && threads.started < ladder.threads - 1; i++) {
    all.run();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  placed.release();
}

/** Gives the engine time to compile, and finds how often to repeat. */
function lane(run: () => void): Lane {
  for (let i = 0; i < 4; i++) run();
  return { run, times: Math.max(1, Math.ceil(SLICE / Math.max(time(run, 2), 1e-4))), samples: [] };
}

/** What was found about one rung. */
interface Row {
  readonly rung: PlacedRung;
  /** Milliseconds of a run, and of the ceiling on as many threads. */
  readonly milliseconds: number;
  readonly limit: number;
}

function measure(ladder: Ladder, kernel: Kernel, sizes: readonly number[]): Row[] {
  const placed = ladder.place(kernel, sizes), { rungs } = placed;
  const lanes: Lane[] = [], limits = new Map<number, Lane>();
  for (const rung of rungs) {
    lanes.push(lane(() => void rung.run()));
    if (!limits.has(rung.amount)) limits.set(rung.amount, lane(() => rung.limit()));
  }
  const end = performance.now() + BUDGET;
  for (let turn = 0; turn < LEAST || (turn < MOST && performance.now() < end); turn++) {
    for (const { run, times, samples } of [...lanes, ...limits.values()]) {
      // Once unmeasured: the lane before has left its own data in the caches, and workers may be asleep.
      time(run, Math.ceil(times / 2));
      samples.push(time(run, times));
    }
  }
  placed.release();
  return rungs.map((rung, i) => {
    const limit = median(limits.get(rung.amount)!.samples) / rung.threads;
    return { rung, milliseconds: median(lanes[i]!.samples), limit };
  });
}

/** Three digits. */
function digits(x: number): string {
  return x >= 100 ? x.toFixed(0) : x.toPrecision(3);
}

/** A table in columns of equal width; all but the first align to the right. */
function table([head, ...body]: readonly (readonly string[])[]): string {
  const widths = head!.map((_, i) => Math.max(...[head!, ...body].map((cells) => cells[i]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)).join(" | ")} |`;
  const rule = widths.map((width, i) => i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`);
  return [line(head!), line(rule), ...body.map(line)].join("\n");
}

/** The section of one size. */
function section(kernel: Kernel, sizes: readonly number[], rows: readonly Row[]): string {
  const unit = kernel.ceiling === "multiply-adds" ? "GFLOP/s" : "GB/s";
  const body = rows.map(({ rung, milliseconds, limit }, i) => [
    rung.threads > 1 ? `${rung.name} (${rung.threads})` : rung.name,
    milliseconds >= 1 ? `${digits(milliseconds)} ms` : `${digits(1000 * milliseconds)} µs`,
    `${digits(rung.amount / milliseconds / 1e6)} ${unit}`,
    i === 0 ? "" : `${digits(rows[i - 1]!.milliseconds / milliseconds)}×`,
    i === 0 ? "" : `${digits(rows[0]!.milliseconds / milliseconds)}×`,
    `${(100 * limit / milliseconds).toFixed(0)} %`,
  ]);
  const extents = kernel.axes.map((axis, i) => `${axis} = ${sizes[i]}`).join(", ");
  return [
    `### ${extents}`,
    "",
    `Ceiling: ${kernel.ceiling}, ${digits(rows[0]!.rung.amount / rows[0]!.limit / 1e6)} ${unit} on one thread.`,
    "",
    table([["rung", "time", "rate", "gain", "in all", "of the ceiling"], ...body]),
    "",
  ].join("\n");
}

/** The machine in a line, as far as it may be asked. */
function machine(): string {
  const asked = (name: "cpus" | "systemMemoryInfo") =>
    Deno.permissions.querySync({ name: "sys", kind: name }).state === "granted";
  const processor = asked("cpus") ? `${cpus()[0]?.model.trim() ?? "unknown processor"}, ` : "";
  const memory = asked("systemMemoryInfo") ? `${Math.round(totalmem() / 2 ** 30)} GiB, ` : "";
  const { deno, v8 } = Deno.version, date = new Date().toISOString().slice(0, 10);
  return `${processor}${navigator.hardwareConcurrency} cores, ${memory}${Deno.build.os} ${Deno.build.arch}; ` +
    `Deno ${deno}, V8 ${v8}; ${date}.`;
}

const only = Deno.args.filter((argument) => !argument.startsWith("-"));
const chosen = KERNELS.filter(({ name }) => only.length === 0 || only.includes(name));
if (chosen.length === 0) {
  console.error(`Cannot climb ${only.join(", ")}: the kernels are ${KERNELS.map(({ name }) => name).join(", ")}`);
  Deno.exit(2);
}
const writes = Deno.args.includes("--write");
if (writes && chosen.length < KERNELS.length) {
  console.error("Cannot write a page of some kernels: --write measures all of them");
  Deno.exit(2);
}

const ladder = new Ladder();
await startWorkers(ladder);
const page: string[] = [];
function say(text: string): void {
  console.log(text);
  page.push(text);
}

say(`# The ladder

Made by \`deno run --allow-sys --allow-write=bench bench/ladder.ts --write\`. Each kernel from its naive loop to what
the device runs; the pages in \`wasm/ladder/assembly\` say what each rung adds and what bounds it. *Gain* is over the
rung before, *in all* over the first. Rungs and ceilings were run in turns; figures are medians. A ceiling is measured
on one thread and multiplied by the threads of the rung, which caches and memory that are shared need not keep.

${machine()}
${ladder.device.description}.
`);
for (const kernel of chosen) {
  say(`## ${kernel.name}\n`);
  for (const sizes of kernel.measured) say(section(kernel, sizes, measure(ladder, kernel, sizes)));
}
if (writes) await Deno.writeTextFile(new URL("LADDER.md", import.meta.url), page.join("\n").trimEnd() + "\n");
