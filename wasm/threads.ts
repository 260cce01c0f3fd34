/**
 * # Running jobs
 *
 * A kernel is started by a number, a few argument words and a count of independent units
 * (`assembly/jobs.ts`). Little work runs at once on the calling thread. Larger work is
 * offered to workers that sleep inside WASM on the shared memory (`assembly/threads.ts`);
 * the calling thread takes part, and results are the same bits either way.
 *
 * **Start.** Workers start once there has been enough work to repay it. Nobody waits for
 * them: a worker that is not there yet misses the job, no more. They need no permission:
 * on Deno, Node and Bun they come from `node:worker_threads`, whose workers can be told not to
 * keep the program alive; in a page from a `blob:` URL.
 *
 * **Busy machines.** Where other programs use the cores, a worker keeps everybody waiting
 * for its ticket, or takes the very core that the calling thread needs. What kernels take
 * alone is remembered, and compared every few milliseconds with what they take together. If
 * sharing did not pay, some work is done alone, twice as much each time.
 *
 * **End.** Idle workers sleep. They end with their device or with the program, and do not delay its end.
 *
 * @module
 */

import { disposed } from "../core/engine/requirements.ts";
import * as layout from "./assembly/layout.ts";
import * as word from "./assembly/words/job.ts";
import type { Memory } from "./memory.ts";

/** What the compiled kernels export. */
export interface Kernels {
  /** Runs a whole job on the calling thread. */
  runAlone(op: number, units: number): void;
  /** Runs the job described in the control block with all threads. */
  runTogether(): void;
}

/** Work below this, in nanoseconds, is not worth sharing even with workers that are awake. */
const WORTH_SHARING = 12_000;
/** Work below this, in nanoseconds, is not worth waking workers for. */
const WORTH_WAKING = 60_000;
/** Work worth sharing, in nanoseconds, that has to come together before workers start: starting takes as long. */
const WORTH_STARTING = 30e6;
/** Work of one ticket, in nanoseconds. */
const TICKET = 4_000;
/** Tickets per thread at most. */
const MOST_TICKETS = 32;
/** How often an idle worker looks for the next job before it sleeps: about 100 microseconds. Waking it takes 30. */
const IDLE_TURNS = 100_000;
/** How often main looks for the last worker before it sleeps: about 20 microseconds. */
const JOIN_TURNS = 20_000;
/** Nanoseconds after which it is looked back whether sharing was worth it. */
const WINDOW = 5e6;
/** Share of the time alone that sharing must not exceed. */
const WORTH_IT = 0.9;
/** Calls of a kernel that are done alone in any case, to learn what it takes. */
const LEARNING = 4;
/** Work done alone, in nanoseconds, after sharing was not worth it: at first, and at most. */
const LEAST_PAUSE = 20e6;
const MOST_PAUSE = 200e6;

/** Where words of 32 bits lie. */
const [JOB, CONTROL, ASLEEP, STARTED, WORDS] = [
  layout.JOB / 4,
  layout.CONTROL / 4,
  layout.ASLEEP / 4,
  layout.STARTED / 4,
  layout.ARGS / 4,
] as const;

/** Whether this is the main thread of a page, which must not sleep. */
const inPage = (globalThis as { document?: unknown }).document !== undefined;

/** What stands for the number of growths before a worker has served, and once it shall leave. */
const [FIRST, LEAVE] = [-1, -2] as const;

/** What a worker does, wherever it comes from: serve until the reason to leave is negative. */
const SERVE = `({ module, memory, thread }) => {
  const { serve } = new WebAssembly.Instance(module, { env: { memory } }).exports;
  let reason = ${FIRST};
  do reason = serve(thread, reason); while (reason >= 0);
}`;

/** What can be ended, wherever it comes from. */
interface Ending {
  terminate(): unknown;
}

/** What this module needs of Node's own modules, which Deno and Bun have too. */
interface NodeModules {
  "node:worker_threads": {
    Worker: new (
      source: string,
      options: { eval: true; workerData: unknown; execArgv: readonly string[]; env: Readonly<Record<string, string>> },
    ) => Ending & { unref(): void };
  };
  "node:os": { availableParallelism(): number };
}

/** What this module looks for around it. */
const around = globalThis as {
  process?: { getBuiltinModule?<Name extends keyof NodeModules>(name: Name): NodeModules[Name] | undefined };
  navigator?: { hardwareConcurrency?: number };
  Deno?: unknown;
};

/** The cores that programs may use; Node says it in `navigator` from version 21 on. */
export function cores(): number {
  return around.navigator?.hardwareConcurrency ??
    around.process?.getBuiltinModule?.("node:os")?.availableParallelism() ?? 1;
}

/** What a worker of Node runs: a module or a script, as flags of the program may have it, so it imports nothing. */
const SERVE_NODE = `(${SERVE})(process.getBuiltinModule("node:worker_threads").workerData)`;

/** Starts a worker that does not keep the program alive; `undefined` where there is no such worker. */
function startWorker(
  data: { module: WebAssembly.Module; memory: WebAssembly.Memory; thread: number },
  crew: Crew,
): Ending | undefined {
  try {
    const threads = around.process?.getBuiltinModule?.("node:worker_threads");
    if (threads) {
      // Flags of the program, such as modules to load first, are not for its workers. Nor is its environment: to copy it
      // asks for permission in Deno, and waits for the answer in a terminal.
      const worker = new threads.Worker(SERVE_NODE, { eval: true, workerData: data, execArgv: [], env: {} });
      worker.unref();
      return worker;
    }
    if (around.Deno !== undefined || typeof Worker !== "function") return undefined;
    const url = URL.createObjectURL(
      new Blob([`onmessage = (event) => (${SERVE})(event.data)`], { type: "text/javascript" }),
    );
    const worker = new Worker(url);
    // A page whose policy forbids workers says so later. The device that is told must not be held by it.
    worker.onerror = (event) => {
      if (Atomics.load(crew.words, STARTED) > 0) return;
      crew.refused = true;
      event.preventDefault();
    };
    worker.postMessage(data);
    return worker;
  } catch {
    return undefined;
  }
}

// A net for devices that are dropped without having been disposed of: no device holds the program's threads for ever.
const dropped = new FinalizationRegistry<Crew>(dismiss);

/** Workers, and the memory through which they are told what to do. */
interface Crew {
  readonly workers: Ending[];
  readonly words: Int32Array;
  /** Whether it turned out that no worker may be made here. */
  refused: boolean;
}

/** Wakes the workers to leave: who sleeps inside WASM does not hear of its termination. */
function dismiss({ workers, words }: Crew): void {
  if (workers.length === 0) return;
  Atomics.store(words, JOB + word.GROWTHS, LEAVE);
  Atomics.add(words, CONTROL, 1);
  Atomics.notify(words, CONTROL);
  for (const worker of workers.splice(0)) worker.terminate();
}

const oneFloat = new Float32Array(1);
const oneWord = new Int32Array(oneFloat.buffer);

/** The 32 bits of a float32, as an argument word for {@linkcode Threads.run}. */
export function bits(x: number): number {
  oneFloat[0] = x;
  return oneWord[0]!;
}

/** Hands jobs to the kernels, alone or together with workers. */
export class Threads {
  /** The exports of the compiled kernels. */
  kernels: Kernels;
  readonly #memory: Memory;
  readonly #module: WebAssembly.Module;
  #count = 1;
  readonly #workers: Ending[] = [];
  readonly #crew: Crew;
  #missed = 0;
  #pause = 0;
  #alone = 0;
  /** Nanoseconds that kernels take alone, per nanosecond that they were said to cost. */
  readonly #pace = new Map<number, { pace: number; calls: number }>();
  #took = 0;
  #wouldTake = 0;
  #scratchAddress = 0;
  #scratchBytes = 0;

  constructor(memory: Memory, kernels: Kernels, module: WebAssembly.Module, count: number) {
    this.#memory = memory;
    this.kernels = kernels;
    this.#module = module;
    this.count = count;
    this.#crew = { workers: this.#workers, words: memory.int32, refused: false };
    dropped.register(this, this.#crew);
  }

  /** Ends the workers and lets go of the kernels; what is still run is refused. */
  end(): void {
    dismiss(this.#crew);
    this.#count = 1;
    this.#scratchBytes = 0;
    const refuse = (): never => {
      throw disposed("wasm");
    };
    this.kernels = { runAlone: refuse, runTogether: refuse };
  }

  /** Threads that take part, the calling one included. */
  get count(): number {
    return this.refused ? 1 : this.#count;
  }

  set count(count: number) {
    if (!Number.isInteger(count) || count < 1 || count > layout.MOST_THREADS) {
      throw new RangeError(`Cannot use ${count} threads: the number must be an integer in [1, ${layout.MOST_THREADS}]`);
    }
    this.#dropScratch();
    this.#count = this.#memory.shared ? count : 1;
  }

  /** Whether it turned out, when there was work for workers, that none may be made here. */
  get refused(): boolean {
    return this.#crew.refused;
  }

  /** Workers that have started; those to come join later jobs. */
  get started(): number {
    return Atomics.load(this.#memory.int32, STARTED);
  }

  /**
   * Runs the kernel numbered `op` over the units `[0, units)`.
   *
   * @param args argument words: addresses, counts, {@linkcode bits} of float32 numbers
   * @param unitCost rough nanoseconds that one unit takes; decides about sharing only
   * @param scratchBytes memory that each thread needs for itself; 4096 bytes are always there
   */
  run(op: number, args: readonly number[], units: number, unitCost: number, scratchBytes = 0): void {
    if (units <= 0) return;
    const large = scratchBytes > 4096;
    if (large) this.#provideScratch(scratchBytes);
    const words = this.#memory.int32;
    for (let i = 0; i < args.length; i++) words[WORDS + i] = args[i]!;
    words[JOB + word.SCRATCH] = this.#scratchAddress;
    words[JOB + word.SCRATCH_BYTES] = large ? this.#scratchBytes : 0;
    const cost = units * unitCost;
    if (cost < WORTH_SHARING || units === 1 || this.#count === 1) {
      this.kernels.runAlone(op, units);
      return;
    }
    const start = performance.now();
    const known = this.#pace.get(op);
    if (!this.#helped(cost) || known === undefined || known.calls < LEARNING) {
      this.kernels.runAlone(op, units);
      this.#learn(op, (performance.now() - start) * 1e6 / cost);
      return;
    }
    words[JOB + word.OPERATION] = op;
    words[JOB + word.UNITS] = units;
    words[JOB + word.GRAIN] = Math.max(
      1,
      Math.ceil(TICKET / unitCost),
      Math.ceil(units / (this.#count * MOST_TICKETS)),
    );
    words[JOB + word.IDLE_TURNS] = IDLE_TURNS;
    words[JOB + word.GROWTHS] = this.#memory.growths;
    words[JOB + word.THREADS] = this.#count;
    words[JOB + word.LATE] = 0;
    words[JOB + word.AWAKE] = inPage ? 1 : 0;
    words[JOB + word.JOIN_TURNS] = JOIN_TURNS;
    this.kernels.runTogether();
    this.#lookBack((performance.now() - start) * 1e6, known.pace * cost);
  }

  /** Remembers what a kernel takes alone; the first calls of a program are slow, so less counts at once. */
  #learn(op: number, pace: number): void {
    const known = this.#pace.get(op);
    if (!known) this.#pace.set(op, { pace, calls: 1 });
    else {
      known.pace = Math.min(pace, known.pace + 0.1 * (pace - known.pace));
      known.calls++;
    }
  }

  /** Compares what shared work took with what it would have taken alone. */
  #lookBack(took: number, wouldTake: number): void {
    this.#took += took;
    this.#wouldTake += wouldTake;
    if (Math.max(this.#took, this.#wouldTake) < WINDOW) return;
    if (this.#took <= WORTH_IT * this.#wouldTake) this.#pause /= 2;
    else this.#pause = this.#alone = Math.min(2 * this.#pause + LEAST_PAUSE, MOST_PAUSE);
    this.#took = this.#wouldTake = 0;
  }

  /** Whether workers can help with work of this cost; starts them once there was enough of it. */
  #helped(cost: number): boolean {
    if (this.#workers.length < this.#count - 1) {
      this.#missed += cost;
      if (this.#missed < WORTH_STARTING) return false;
      while (this.#workers.length < this.#count - 1) {
        const data = { module: this.#module, memory: this.#memory.wasm, thread: this.#workers.length + 1 };
        const worker = startWorker(data, this.#crew);
        if (!worker) {
          this.#crew.refused = this.#workers.length === 0;
          this.#count = this.#workers.length + 1;
          break;
        }
        this.#workers.push(worker);
      }
    }
    const started = this.started;
    if (started === 0) return false;
    if (this.#alone > 0) {
      this.#alone -= cost;
      return false;
    }
    return cost >= WORTH_WAKING || Atomics.load(this.#memory.int32, ASLEEP) < started;
  }

  /** One block of scratch for each thread, kept and enlarged on demand. */
  #provideScratch(bytes: number): void {
    if (bytes <= this.#scratchBytes) return;
    this.#dropScratch();
    const rounded = Math.ceil(bytes / 4096) * 4096;
    this.#scratchAddress = this.#memory.allocate(rounded * this.#count);
    this.#scratchBytes = rounded;
  }

  #dropScratch(): void {
    if (this.#scratchBytes > 0) this.#memory.free(this.#scratchAddress, this.#scratchBytes * this.#count);
    this.#scratchBytes = 0;
  }
}
