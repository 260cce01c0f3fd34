/**
 * # What the program writes
 *
 * Standard output can close or fill up while a program runs, and standard error as well. What only prints stops then, what
 * learns goes on. Maps of attention are drawn in blocks, in columns that double-width characters keep straight.
 *
 * @module
 */

import { programName, shellWord } from "./calling.ts";
import { displayWidth, padEnd, padStart } from "../engine/printing.ts";
import type { Output } from "../host/terminal.ts";
import { escapeControl, OutputLost } from "./errors.ts";

/** Where bytes go. */
interface Stream {
  /** Writes some of the bytes and says how many. */
  writeSync(bytes: Uint8Array): number;
  /** Whether a person watches. */
  isTerminal(): boolean;
}

/** Writes all of a text. */
function writeAll(stream: Stream, text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) {
    try {
      at += stream.writeSync(bytes.subarray(at));
    } catch (error) {
      // A pipe that does not block, and whose reader is slow, is full for a while only.
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}

/** Standard output, which can close or fill up: then what only prints stops, and what does more than that goes on. */
export class StandardOutput implements Output {
  /** Whether a person watches. */
  readonly isTerminal: boolean;
  /** Why nothing can be written, once that is so. */
  lost: OutputLost | undefined;
  readonly #stream: Stream;
  #purpose: string | undefined;

  /** Writes there; tests have streams of their own. */
  constructor(stream: Stream = Deno.stdout) {
    this.#stream = stream;
    this.isTerminal = stream.isTerminal();
  }

  /** Columns of the terminal. */
  columns(): number {
    try {
      // A terminal that knows no size says 0.
      return Deno.consoleSize().columns || 80;
    } catch {
      return 80;
    }
  }

  /** From here on the program does more than to print, and goes on with that alone; the text says with what. */
  isNotAll(purpose: string): void {
    this.#purpose = purpose;
  }

  /**
   * Writes text as it is.
   *
   * @throws {OutputLost} if that is all the program does, and it cannot
   */
  write(text: string): void {
    if (this.lost) return;
    try {
      writeAll(this.#stream, text);
    } catch (error) {
      this.lost = new OutputLost(error, this.#purpose);
      if (this.#purpose === undefined) throw this.lost;
    }
  }
}

/** Standard output. */
export const standardOutput: StandardOutput = new StandardOutput();

/** Says on standard error what went wrong; where that is closed, nobody can be told. */
export function complain(text: string): void {
  try {
    writeAll(Deno.stderr, `heed: ${text}\n`);
  } catch { /* Whoever closed it does not listen. */ }
}

/** A line on standard error that says how far something is, and vanishes. */
export class StatusLine {
  readonly #isWatched = Deno.stderr.isTerminal();
  readonly #plainEvery: number;
  #told = -Infinity;
  #isShown = false;

  /** @param plainEvery milliseconds between two lines where standard error is no terminal; none are written by default */
  constructor(plainEvery: number = Infinity) {
    this.#plainEvery = plainEvery;
  }

  /** Shows a text in place of the one before. */
  update(text: string): void {
    const now = performance.now();
    if (now - this.#told < (this.#isWatched ? 100 : this.#plainEvery)) return;
    if (!this.#isWatched && this.#plainEvery === Infinity) return;
    this.#told = now;
    this.#isShown = this.#isWatched;
    this.#write(this.#isWatched ? `\r\x1b[K${text}` : `${text}\n`);
  }

  /** Takes it away. */
  clear(): void {
    if (this.#isShown) this.#write("\r\x1b[K");
    this.#isShown = false;
  }

  #write(text: string): void {
    try {
      writeAll(Deno.stderr, text);
    } catch { /* Whoever closed it does not listen. */ }
  }
}

/** Writes one line. */
export function line(text: string = ""): void {
  standardOutput.write(`${text}\n`);
}

/** Weights from 0 to 1 as blocks; the legend prints the same limits. */
const SHADES: readonly (readonly [limit: number, block: string])[] = [
  [0.05, " "],
  [0.2, "░"],
  [0.4, "▒"],
  [0.7, "▓"],
  [Infinity, "█"],
];

/** The block for one weight. */
export function shade(weight: number): string {
  return SHADES.find(([limit]) => !(weight >= limit))?.[1] ?? "█";
}

/** A token as a label: without the space before a word, other spaces visible, no control characters. */
function label(token: string): string {
  const word = token.length > 1 && token.startsWith(" ") ? token.slice(1) : token;
  return escapeControl(word.replaceAll(" ", "·")) || "∅";
}

/**
 * Draws which column each row attends to.
 *
 * A cell is as wide as the token above it, so double-width characters keep the columns straight.
 *
 * @param weights one row for each row token, one weight for each column token
 * @param rows tokens along the left side
 * @param columns tokens along the top
 * @returns the lines of the drawing
 */
export function shadedMap(
  weights: readonly (readonly number[])[],
  rows: readonly string[],
  columns: readonly string[],
): string[] {
  const top = columns.map(label), side = rows.map(label);
  const widths = top.map((token) => Math.max(2, displayWidth(token)));
  const left = Math.max(0, ...side.map(displayWidth));
  const lines = [`${" ".repeat(left)}  ${top.map((token, i) => padEnd(token, widths[i]!)).join(" ")}`.trimEnd()];
  side.forEach((token, r) => {
    const cells = widths.map((width, c) => shade(weights[r]?.[c] ?? 0).repeat(width));
    lines.push(`${padStart(token, left)}  ${cells.join(" ")}`.trimEnd());
  });
  return lines;
}

/** What the blocks of {@linkcode shadedMap} mean. */
export function shadeLegend(): string {
  return SHADES.map(([limit, block], i) => {
    const low = i === 0 ? "" : `≥ ${SHADES[i - 1]![0]}`;
    return i === 0 ? `blank < ${limit}` : `${block} ${low}`;
  }).join("   ");
}

/**
 * Says what to type next.
 *
 * @param purpose what for, such as `continue a text`
 * @param words the command, without the program
 */
export function sayNext(purpose: string, ...words: readonly string[]): void {
  line(`To ${purpose}:`);
  line(`  ${programName()} ${words.map((word) => shellWord(word)).join(" ")}`);
}
