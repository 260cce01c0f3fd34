/**
 * The machine: what it is, what it can do at all, and whether it is left alone.
 *
 * Two things falsify a clock on a shared machine. Somebody else runs on our core: then the peer gets
 * less processor time than passes. Or a neighbour shares the physical core: then everything is
 * slower and no counter shows it, but a loop of multiply-adds on registers, whose rate is
 * otherwise constant, slows down too. `limits.c` has that loop; without a C compiler only the
 * first is seen.
 *
 * @module
 */

import { cpus, totalmem } from "node:os";

/** Share of the best rate ever seen that a probe has to reach. */
const QUIET_RATE = 0.92;

/** Share of a core that a peer of one thread has to get. */
const QUIET_SHARE = 0.93;

/** Cores' worth of others' work that several threads put up with. */
const QUIET_OTHERS = 0.1;

/** How often half a second is waited for a machine that is slow. */
const PATIENCE = 3;

/** What is written into the results. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memory: string;
  readonly system: string;
  readonly deno: string;
  readonly v8: string;
  /** Measured by `limits.c`; absent without a C compiler. */
  readonly limits?: Readonly<Record<string, string>>;
}

/**
 * Runs a program to its end.
 *
 * @returns what it wrote, or nothing if it is not there or failed
 */
export async function output(program: string, ...args: readonly string[]): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command(program, { args: [...args], stderr: "null" }).output();
    return success ? new TextDecoder().decode(stdout).trim() : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Whether a program is there. */
export async function has(program: string): Promise<boolean> {
  return await output(program, "--version") !== undefined;
}

/** The multiply-add loops, compiled on first use. */
export class Limits {
  readonly #program: string | undefined;

  private constructor(program: string | undefined) {
    this.#program = program;
  }

  /**
   * Compiles `limits.c` if there is a C compiler.
   *
   * @param cache folder for the program
   */
  static async open(cache: string): Promise<Limits> {
    const program = `${cache}/limits`, source = new URL("limits.c", import.meta.url).pathname;
    if (await output(program, "probe") !== undefined) return new Limits(program);
    const flags = ["-O3", "-march=native", "-ffp-contract=fast", "-pthread"];
    const made = await output("cc", ...flags, source, "-o", program);
    return new Limits(made === undefined ? undefined : program);
  }

  /** Rate of the loop on so many threads, or NaN. */
  async probe(threads: number): Promise<number> {
    return this.#program ? Number(await output(this.#program, "probe", String(threads)) ?? NaN) : NaN;
  }

  /** What the tables are to be compared with. */
  async all(): Promise<Record<string, string> | undefined> {
    if (!this.#program) return undefined;
    const [narrow, wide, read] = [
      await output(this.#program, "fma"),
      await output(this.#program, "fma-wide"),
      await output(this.#program, "read"),
    ];
    return {
      "multiply-adds of 128 bits, one core": `${narrow} GFLOP/s`,
      "multiply-adds of the widest registers, one core": `${wide} GFLOP/s`,
      "reading memory, one core": `${read} GB/s`,
    };
  }
}

/** Describes the machine. */
export async function describeMachine(limits: Limits): Promise<Machine> {
  const measured = await limits.all();
  return {
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: navigator.hardwareConcurrency,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${Deno.build.os} ${Deno.build.arch}`,
    deno: Deno.version.deno,
    v8: Deno.version.v8,
    ...(measured && { limits: measured }),
  };
}

/** Seconds of processor time that the whole machine has spent on anything; NaN where nobody says. */
function busy(): number {
  try {
    const fields = Deno.readTextFileSync("/proc/stat").split("\n")[0]!.trim().split(/ +/).slice(1).map(Number);
    const [user, nice, system, , , irq, softirq, steal] = fields as [number, ...number[]];
    return (user + nice! + system! + irq! + softirq! + (steal ?? 0)) / 100;
  } catch {
    return NaN;
  }
}

/** Tells whether something ran undisturbed. */
export class Watch {
  readonly #limits: Limits;
  readonly #threads: number;
  readonly #file: string;
  #best: number;
  #last = NaN;

  /**
   * Remembers the best rate of earlier runs.
   *
   * @param limits where the loop is
   * @param threads of the peers
   * @param cache folder of the best rate
   */
  constructor(limits: Limits, threads: number, cache: string) {
    this.#limits = limits;
    this.#threads = threads;
    this.#file = `${cache}/probe-${threads}`;
    try {
      this.#best = Number(Deno.readTextFileSync(this.#file));
    } catch {
      this.#best = 0;
    }
  }

  /**
   * Runs something between two probes.
   *
   * @param work resolves to what it returns and its processor time and duration in milliseconds
   * @returns the same, and whether nothing disturbed it
   */
  async during<T extends { readonly processor: number; readonly wall: number }>(
    work: () => Promise<T>,
  ): Promise<T & { readonly quiet: boolean }> {
    let before = Number.isNaN(this.#last) ? await this.#probe() : this.#last;
    for (let turn = 0; turn < PATIENCE && before < QUIET_RATE * this.#best; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      before = await this.#probe();
    }
    const start = busy();
    const result = await work();
    const others = (busy() - start) * 1000 - result.processor;
    this.#last = await this.#probe();
    const slow = Math.min(before, this.#last) < QUIET_RATE * this.#best;
    const disturbed = this.#threads > 1
      ? others > QUIET_OTHERS * result.wall
      : result.processor < QUIET_SHARE * result.wall;
    return { ...result, quiet: !slow && !disturbed };
  }

  /** Forgets the last probe: time has passed since. */
  reset(): void {
    this.#last = NaN;
  }

  async #probe(): Promise<number> {
    const rate = await this.#limits.probe(this.#threads);
    if (rate > this.#best) Deno.writeTextFileSync(this.#file, String(this.#best = rate));
    return rate;
  }
}
