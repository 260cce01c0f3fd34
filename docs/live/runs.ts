/// <reference lib="dom" />
/**
 * One run after the other in a worker.
 *
 * A page asks for runs and hears their answers. One runs at a time, since the device is shared; the others wait. A run that is
 * cancelled has a while to stop by itself; then its worker is ended, and the next run gets another one.
 *
 * @module
 */

/** What a worker answers: several of one kind while a run goes on, and one at its end. */
export interface RunAnswer {
  /** The run. */
  readonly run: number;
  /** What is said. */
  readonly kind: string;
}

/** An answer that any run may have. */
export type RunEnd =
  | { readonly run: number; readonly kind: "cancelled" }
  | { readonly run: number; readonly kind: "error"; readonly message: string };

/** A worker, and how it is dealt with. */
export interface RunsOptions {
  /** Starts the worker. */
  readonly start: () => Worker;
  /** Milliseconds that a run has to stop by itself. */
  readonly patience: number;
  /** Kinds of answers after which a run goes on. */
  readonly goesOn: readonly string[];
  /** Hears that a worker was ended, with all it held; nobody by default. */
  readonly onEnd?: () => void;
}

/** A run under way. */
export interface Run {
  /** Stops it. */
  cancel(): void;
}

/** A run that was asked for. */
interface Entry<Answer> {
  readonly id: number;
  readonly request: object;
  readonly hear: (answer: Answer) => void;
}

/** Hears how a run ends. */
type Hear = (end: RunEnd) => void;

/** A worker with a queue. */
export class Runs<Request extends object, Answer extends RunAnswer> {
  readonly #options: RunsOptions;
  #worker: Worker | undefined;
  #count = 0;
  #running: Entry<Answer> | undefined;
  readonly #waiting: Entry<Answer>[] = [];

  /** Starts nothing yet. */
  constructor(options: RunsOptions) {
    this.#options = options;
  }

  /**
   * Runs something in the worker, after what was asked for before.
   *
   * @param request what
   * @param hear told of progress, and of the end
   */
  run(request: Request, hear: (answer: Answer | RunEnd) => void): Run {
    const id = ++this.#count, entry: Entry<Answer> = { id, request: { ...request, run: id }, hear };
    this.#waiting.push(entry);
    this.#proceed();
    return {
      cancel: () => {
        if (this.#running !== entry) {
          const at = this.#waiting.indexOf(entry);
          if (at < 0) return;
          this.#waiting.splice(at, 1);
          return hear({ run: id, kind: "cancelled" });
        }
        this.#worker?.postMessage({ cancel: id });
        setTimeout(() => {
          if (this.#running === entry) this.#stop({ run: id, kind: "cancelled" });
        }, this.#options.patience);
      },
    };
  }

  /** Ends the worker, what it holds, and all that was asked for. */
  end(): void {
    for (const { id, hear } of this.#waiting.splice(0)) (hear as Hear)({ run: id, kind: "cancelled" });
    this.#stop({ run: this.#running?.id ?? 0, kind: "cancelled" });
  }

  /** Ends the worker; the run that it had ends so, and the next has its turn. */
  #stop(end: RunEnd): void {
    const entry = this.#running, had = this.#worker;
    this.#worker = this.#running = undefined;
    had?.terminate();
    if (entry) (entry.hear as Hear)(end);
    if (had) this.#options.onEnd?.();
    this.#proceed();
  }

  /** Hands the next run to the worker, if it has none. */
  #proceed(): void {
    if (this.#running || this.#waiting.length === 0) return;
    this.#running = this.#waiting.shift()!;
    this.#worker ??= this.#start();
    this.#worker.postMessage(this.#running.request);
  }

  /** Passes an answer on; after the last one, the next run has its turn. */
  #answer(data: Answer): void {
    const entry = this.#running;
    if (data.run !== entry?.id) return;
    if (!this.#options.goesOn.includes(data.kind)) this.#running = undefined;
    entry.hear(data);
    this.#proceed();
  }

  #start(): Worker {
    const made = this.#options.start();
    made.onmessage = ({ data }: MessageEvent<Answer>) => this.#answer(data);
    made.onerror = (event) => {
      event.preventDefault();
      if (this.#worker !== made) return;
      const message = event.message || "the browser could not load the worker";
      this.#stop({ run: this.#running?.id ?? 0, kind: "error", message });
    };
    return made;
  }
}
