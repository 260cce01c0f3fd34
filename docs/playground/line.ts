/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * # The line to the worker
 *
 * **Question.** A slider asks twenty times a second, a long sentence takes a second, the model has to be fetched first, and
 * any of it may fail. What does the page hear?
 *
 * **Idea.** Of the questions that wait, only the newest is asked, and only when the one before has ended: an answer cannot
 * overtake another. A question that makes a newer one wait is given up. The model stays with the page, so that a worker that
 * had to be ended costs nothing but its start.
 *
 * @module
 */

import type { Answer, Device, Message, Question, Reply } from "./protocol.ts";
import type { Settings } from "./settings.ts";

/** What the page hears. */
export type News =
  /** The model is on its way: the fraction that has arrived. */
  | { readonly kind: "fetching"; readonly share: number }
  /** The model is there, and nothing was asked. */
  | { readonly kind: "ready" }
  | { readonly kind: "computing" }
  | { readonly kind: "answer"; readonly answer: Answer }
  | { readonly kind: "cancelled" }
  /** In words, and whether to try again may help. */
  | { readonly kind: "failed"; readonly why: string; readonly again: boolean };

/** Milliseconds that a question may take while a newer one waits. */
const GRACE = 300;

/** Milliseconds that a worker has to give up; then it is ended. */
const PATIENCE = 1000;

/** Where the model is, and how many bytes it has. */
export interface ModelFile {
  readonly url: string;
  readonly bytes: number;
}

/** Answers the newest question. */
export class Line {
  readonly #model: ModelFile;
  readonly #hear: (news: News) => void;
  #bytes: Uint8Array | undefined;
  #fetching: { readonly controller: AbortController; readonly done: Promise<void> } | undefined;
  #worker: Worker | undefined;
  #hasModel = false;
  #wanted: Pick<Question, "settings" | "device"> | undefined;
  #running: { readonly run: number; readonly since: number } | undefined;
  #runs = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Fetches nothing yet.
   *
   * @param model the model's file
   * @param hear told of everything that happens
   */
  constructor(model: ModelFile, hear: (news: News) => void) {
    this.#model = model;
    this.#hear = hear;
  }

  /** Fetches model and worker, if that has not begun. */
  prepare(): void {
    this.#worker ??= this.#start();
    if (!this.#bytes) void this.#fetch();
  }

  /** Asks; whatever was asked before is no longer of interest. */
  ask(settings: Settings, device: Device): void {
    this.#wanted = { settings, device };
    if (!this.#running) void this.#next();
    else this.#interrupt(Math.max(0, this.#running.since + GRACE - performance.now()));
  }

  /** Gives up what is under way. */
  cancel(): void {
    this.#wanted = undefined;
    this.#fetching?.controller.abort();
    if (this.#running) this.#interrupt(0);
  }

  async #next(): Promise<void> {
    if (!this.#bytes) await this.#fetch();
    if (!this.#bytes || !this.#wanted || this.#running) return;
    const question = { ...this.#wanted, run: ++this.#runs };
    this.#wanted = undefined;
    this.#running = { run: question.run, since: performance.now() };
    this.#hear({ kind: "computing" });
    this.#worker ??= this.#start();
    this.#post(this.#hasModel ? question : { ...question, model: this.#bytes });
    this.#hasModel = true;
  }

  #post(message: Message): void {
    this.#worker?.postMessage(message);
  }

  /** Stops the running question after a while, and its worker if it does not stop. */
  #interrupt(after: number): void {
    const { run } = this.#running!;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#post({ cancel: run });
      this.#timer = setTimeout(() => {
        this.#end();
        this.#receive({ run, cancelled: true });
      }, PATIENCE);
    }, after);
  }

  #receive(reply: Reply): void {
    if (reply.run !== this.#running?.run) return;
    clearTimeout(this.#timer);
    this.#running = undefined;
    if ("view" in reply) this.#hear({ kind: "answer", answer: reply });
    else if (this.#wanted === undefined) {
      this.#hear("error" in reply ? { kind: "failed", why: reply.error, again: false } : { kind: "cancelled" });
    }
    if (this.#wanted) void this.#next();
  }

  #end(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#hasModel = false;
  }

  #start(): Worker {
    // The bundler puts both files beside each other.
    const worker = new Worker(new URL("./playground_worker.js", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<Reply>) => this.#receive(data);
    worker.onerror = (event) => {
      event.preventDefault();
      if (worker !== this.#worker) return;
      this.#end();
      clearTimeout(this.#timer);
      this.#wanted = this.#running = undefined;
      const why = event.message ? `The program stopped: ${event.message}` : "The program could not be fetched";
      this.#hear({ kind: "failed", why, again: true });
    };
    return worker;
  }

  #fetch(): Promise<void> {
    if (!this.#fetching) {
      const controller = new AbortController();
      const done = this.#download(controller.signal).then((bytes) => {
        this.#bytes = bytes;
        if (!this.#wanted) this.#hear({ kind: "ready" });
      }).catch((error: Error) => {
        this.#wanted = undefined;
        if (controller.signal.aborted) return this.#hear({ kind: "cancelled" });
        const why = error instanceof TypeError ? "the server cannot be reached" : error.message;
        this.#hear({ kind: "failed", why: `The model could not be fetched: ${why}`, again: true });
      }).finally(() => this.#fetching = undefined);
      this.#fetching = { controller, done };
    }
    return this.#fetching.done;
  }

  async #download(signal: AbortSignal): Promise<Uint8Array> {
    const { url, bytes } = this.#model;
    this.#hear({ kind: "fetching", share: 0 });
    const response = await fetch(url, { signal });
    if (!response.ok) throw new Error(`the server answers ${response.status}`);
    const file = new Uint8Array(bytes), reader = response.body!.getReader();
    let length = 0;
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      if (length + part.value.length > bytes) throw new Error("the file is longer than it should be");
      file.set(part.value, length);
      length += part.value.length;
      this.#hear({ kind: "fetching", share: length / bytes });
    }
    if (length < bytes) throw new Error("the file is shorter than it should be");
    return file;
  }
}
