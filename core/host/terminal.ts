/**
 * # Text on a terminal
 *
 * Columns are counted as a terminal draws them ({@linkcode displayWidth}). The progress line
 * rewrites itself where the output is a terminal, and becomes an occasional plain line where it
 * is a file or a pipe.
 *
 * @module
 */

import type { TrainingReport } from "../06_training/loop.ts";
import { displayWidth, padEnd } from "../engine/printing.ts";

/** As much of a text as fits into a number of columns. */
export function fit(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  let kept = "", width = 0;
  for (const character of text) {
    width += displayWidth(character);
    if (width > columns - 1) break;
    kept += character;
  }
  return `${kept}…`;
}

/** A bar that is filled to a fraction, in eighths of a column. */
export function bar(fraction: number, columns: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, fraction)) * columns * 8);
  const full = eighths >> 3, rest = eighths & 7;
  const cells = "█".repeat(full) + (rest === 0 ? "" : " ▏▎▍▌▋▊▉"[rest]!);
  return padEnd(cells, columns);
}

/** A duration as people say it: `7 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "unknown";
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor(whole % 3600 / 60)} min`;
}

/** A count with separators: `12,345`. */
export function count(value: number): string {
  return Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Where lines are written; tests use their own. */
export interface Output {
  /** Whether a person watches: the line can be rewritten. */
  readonly isTerminal: boolean;
  /** Columns of the terminal. */
  columns(): number;
  /** Writes text as it is. */
  write(text: string): void;
}

/**
 * The line that shows how far training is: step, bar, loss, what else is known, time left.
 *
 * @param report where training is
 * @param parts what stands between the loss and the time; empty ones are left out
 */
export function progressText(report: TrainingReport, parts: readonly string[]): string {
  const { step, steps, loss, secondsLeft, stopped } = report;
  const all = [
    `step ${String(step).padStart(String(steps).length)}/${steps}`,
    bar(step / steps, 12),
    Number.isNaN(loss) ? "" : `loss ${Math.abs(loss) < 5e-4 && loss !== 0 ? loss.toExponential(1) : loss.toFixed(3)}`,
    ...parts,
    stopped ? "stopped" : step === steps ? "done" : `${duration(secondsLeft)} left`,
  ];
  return all.filter(Boolean).join("  ");
}

/** Seconds between two plain lines where the output is not a terminal. */
const PLAIN_EVERY = 5;

/** A line that shows how far something is. */
export class ProgressLine {
  readonly #output: Output;
  readonly #now: () => number;
  #last = -Infinity;
  #pending: string | undefined;
  #onScreen = false;

  /**
   * @param output where to write
   * @param now the time in seconds
   */
  constructor(output: Output, now: () => number = () => performance.now() / 1000) {
    this.#output = output;
    this.#now = now;
  }

  /** Shows the text in place of the previous one. */
  update(text: string): void {
    const now = this.#now();
    if (this.#output.isTerminal) {
      if (now - this.#last < 0.05) {
        this.#pending = text;
        return;
      }
      this.#output.write(`\r${fit(text, this.#output.columns() - 1)}\x1b[K`);
      this.#onScreen = true;
    } else {
      this.#pending = text;
      if (now - this.#last < PLAIN_EVERY) return;
      this.#output.write(`${text.trimEnd()}\n`);
    }
    this.#pending = undefined;
    this.#last = now;
  }

  /** Writes a line that stays, above the one that is rewritten. */
  note(text: string): void {
    this.#output.write(this.#onScreen ? `\r\x1b[K${text}\n` : `${text}\n`);
    this.#onScreen = false;
    this.#pending = undefined;
    this.#last = -Infinity;
  }

  /** Leaves the last text standing and goes to the next line. */
  finish(): void {
    if (this.#pending !== undefined) {
      const columns = this.#output.columns() - 1;
      const text = this.#pending;
      this.#output.write(this.#output.isTerminal ? `\r${fit(text, columns)}\x1b[K` : `${text.trimEnd()}\n`);
      this.#onScreen = this.#output.isTerminal;
    }
    if (this.#onScreen) this.#output.write("\n");
    this.#pending = undefined;
    this.#onScreen = false;
    this.#last = -Infinity;
  }
}
