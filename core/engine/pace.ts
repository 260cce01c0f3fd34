/**
 * # Pace
 *
 * **Question.** While a loop runs without a pause, key presses, timers and clicks on *stop* queue up
 * behind it. How does a loop of an hour let them through, and say how long it will take?
 *
 * **Idea.** Reading a number on the CPU is no pause: its promise is already kept. The loop therefore
 * makes a real one about twenty times a second, and measures its own speed between two reports. All
 * long loops share both.
 *
 * @module
 */

/** Milliseconds of work between two pauses. */
const WORK = 50;

/** Keeps time for a loop: when to pause, how fast it is, how long it will take. */
export class Pace {
  /** Tokens since {@linkcode Pace.tokensPerSecond} was asked last. */
  tokens = 0;
  readonly #start = performance.now();
  readonly #planned: number;
  #lapped = performance.now();
  #rested = performance.now();

  /** Starts the clock; the number of planned steps is for whoever asks how long they will take. */
  constructor(planned: number = 0) {
    this.#planned = planned;
  }

  /**
   * Pauses if the last pause was a while ago, so that an abort or a click can arrive.
   *
   * @param signal what an abort is told by
   * @throws the signal's reason after an abort
   */
  async rest(signal?: AbortSignal): Promise<void> {
    if (performance.now() - this.#rested >= WORK) {
      await nextTurn();
      this.#rested = performance.now();
    }
    signal?.throwIfAborted();
  }

  /** Seconds for the steps that are left, at the mean speed so far. */
  secondsLeft(left: number): number {
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

/** Resolves after everything that is queued has had its turn; a timer would wait for milliseconds. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
}
