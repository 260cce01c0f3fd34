/// <reference lib="dom" />
/**
 * The model of the page: where it is, and the line to the worker that holds it.
 *
 * A run that does not stop by itself takes the worker with it. The files stay with the page, so that the model is opened again.
 *
 * @module
 */

import { type Run, type RunEnd, Runs } from "../live/runs.ts";
import type { Given } from "./dropping.ts";
import { type Answer, type Ask, type Facts, GOES_ON, type Means } from "./protocol.ts";

/** Milliseconds that a run has to stop by itself: between two tokens, or two parts of a prompt. */
const PATIENCE = 4000;

/** Hears answers. */
export type Hear = (answer: Answer | RunEnd) => void;

/** What is open, and how. */
export interface Opened {
  readonly given: Given;
  readonly means: Means;
  readonly facts: Facts;
}

/** A worker with a model. */
export class ModelLine {
  readonly #runs: Runs<Ask, Answer>;
  #opened: Opened | undefined;

  /**
   * Starts nothing yet.
   *
   * @param onLost hears that a model has to be opened again
   */
  constructor(onLost: (opened: Opened) => void) {
    this.#runs = new Runs({
      // The bundler puts both files beside each other.
      start: () => new Worker(new URL("./open_worker.js", import.meta.url), { type: "module" }),
      patience: PATIENCE,
      goesOn: GOES_ON,
      onEnd: () => {
        const opened = this.#opened;
        this.#opened = undefined;
        if (opened) onLost(opened);
      },
    });
  }

  /** What is open. */
  get opened(): Opened | undefined {
    return this.#opened;
  }

  /** Closes what is open and gives its memory back. */
  close(): void {
    this.#opened = undefined;
    this.#runs.end();
  }

  /** Opens a model in the place of what is open. */
  open(given: Given, means: Means, hear: Hear): Run {
    this.close();
    return this.#runs.run({ kind: "open", ...given, means }, (answer) => {
      if (answer.kind === "opened") this.#opened = { given, means, facts: answer.facts };
      hear(answer);
    });
  }

  /** Asks the model. */
  ask(ask: Exclude<Ask, { readonly kind: "open" }>, hear: Hear): Run {
    return this.#runs.run(ask, hear);
  }
}
