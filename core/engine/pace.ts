/**
 * # Pace
 *
 * **Question.** While a loop runs without a pause, key presses, timers and clicks on *stop* queue up
 * behind it. How does a loop of an hour let them through, and say how long it will take?
 *
 * **Idea.** A promise that is already kept is no pause: what waits for it goes on before anything else. So
 * somebody has to make a real one, ten to twenty times a second, and nobody more often. One clock serves
 * all loops together: a thousand short texts in a row, each far below a twentieth of a second, pause as
 * often as one long one. Whoever waits for a number, `await loss.item()`, takes part without knowing it.
 *
 * **What a pause is.** In a page, a message to oneself: it waits behind what is queued, and neither for
 * milliseconds nor for a tab that is looked at. In Node, `setImmediate`, which a round of everything
 * else precedes. In Deno neither will do: while either is under way, its event loop keeps turning
 * without asking the system, and a signal waits for as many as sixty-four pauses. There it is a timer, the
 * one wait for which the loop falls idle; it takes two milliseconds, and pauses are rarer. Nowhere is it
 * `scheduler.yield()`, whose continuation goes before all that waits.
 *
 * @module
 */

import { abortSignal, checkFunction, checkValue, numeric } from "./options.ts";

/** What decides when loops pause, and how. */
export interface Clock {
  /** Milliseconds of work between two pauses. */
  readonly period: number;
  /** Milliseconds since some moment. */
  now(): number;
  /** Resolves after everything that is queued has had its turn: timers, signals, messages, clicks. */
  turn(): Promise<void>;
}

const isDeno = "Deno" in globalThis;
// Taken now: a test that replaces timers by its own shall not stop what it tests. Deno makes its timers when they are
// first named, in milliseconds that most programs can do without: there they are taken at the first pause.
const setImmediate = isDeno ? undefined : (globalThis as { setImmediate?: (then: () => void) => void }).setImmediate;
let denoTimeout: typeof setTimeout | undefined;

/** The clock of the host that runs this: Deno, Node or a page. What waits comes through within 200 milliseconds. */
export const hostClock: Clock = {
  // What arrives during a pause may be told in the next one.
  period: isDeno ? 80 : 50,
  now: () => performance.now(),
  turn: isDeno
    ? () => new Promise((resolve) => (denoTimeout ??= setTimeout)(resolve, 0))
    : setImmediate
    ? () => new Promise((resolve) => setImmediate(resolve))
    : messageTurn,
};

function messageTurn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
}

let clock = hostClock;
let rested = clock.now();
let resting: Promise<void> | undefined;

/**
 * Lets all loops go by another clock, as tests do that count pauses.
 *
 * @param other where the time comes from; the host's own by default
 */
export function useClock(other: Clock = hostClock): void {
  checkFunction("measure time by", other?.now);
  clock = other;
  rested = clock.now();
}

/**
 * Pauses if the last pause of any loop was a while ago: an abort or a click can arrive.
 *
 * @param signal what an abort is told by; nothing by default
 * @throws the signal's reason after an abort
 */
export async function rest(signal?: AbortSignal): Promise<void> {
  if (signal !== undefined) checkValue("rest", "signal", signal, abortSignal);
  // Whoever comes while another waits shares its pause.
  if (resting || clock.now() - rested >= clock.period) await (resting ??= pause());
  signal?.throwIfAborted();
}

async function pause(): Promise<void> {
  await clock.turn();
  rested = clock.now();
  resting = undefined;
}

/** Keeps time for a loop: how fast it is, how long it will take. */
export class Pace {
  /** Tokens since {@linkcode Pace.tokensPerSecond} was asked last. */
  tokens = 0;
  readonly #start = performance.now();
  readonly #planned: number;
  #lapped = performance.now();

  /**
   * Starts to measure.
   *
   * @param planned number of steps, for whoever asks how long they will take; 0 by default
   */
  constructor(planned: number = 0) {
    checkValue("keep time", "planned", planned, numeric({ max: Infinity }));
    this.#planned = planned;
  }

  /** Seconds for the steps that are left, at the mean speed so far. */
  secondsLeft(left: number): number {
    checkValue("keep time", "left", left, numeric({ max: Infinity }));
    const done = this.#planned - left;
    return done > 0 ? (performance.now() - this.#start) / 1000 / done * left : Infinity;
  }

  /** Tokens per second since this was asked last. */
  tokensPerSecond(): number {
    const now = performance.now();
    const speed = this.tokens / Math.max(1e-6, (now - this.#lapped) / 1000);
    this.lap();
    return speed;
  }

  /** Starts counting tokens anew: what was done since does not count as training. */
  lap(): void {
    this.tokens = 0;
    this.#lapped = performance.now();
  }
}
