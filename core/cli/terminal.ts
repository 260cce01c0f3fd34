/**
 * # Text on a terminal
 *
 * Columns are counted as a terminal draws them: a Chinese character takes two, a combining
 * mark none. The progress line rewrites itself where the output is a terminal, and becomes an
 * occasional plain line where it is a file or a pipe.
 *
 * @module
 */

import { escapeControl, OutputLost } from "./errors.ts";

/** First and last code points that a terminal draws two columns wide. */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f900, 0x1f9ff],
  [0x20000, 0x3fffd],
];

/** Columns that a text takes on a terminal. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (/\p{Mark}|\p{Default_Ignorable_Code_Point}/u.test(character)) continue;
    width += WIDE.some(([first, last]) => code >= first && code <= last) ? 2 : 1;
  }
  return width;
}

/** The text with spaces after it, up to a number of columns. */
export function padEnd(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - displayWidth(text)));
}

/** The text with spaces before it, up to a number of columns. */
export function padStart(text: string, columns: number): string {
  return " ".repeat(Math.max(0, columns - displayWidth(text))) + text;
}

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

/** Where the program writes; tests use their own. */
export interface Output {
  /** Whether a person watches: the line can be rewritten. */
  readonly isTerminal: boolean;
  /** Columns of the terminal. */
  columns(): number;
  /** Writes text as it is. */
  write(text: string): void;
}

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

/** Writes one line. */
export function line(text: string = ""): void {
  standardOutput.write(`${text}\n`);
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
  constructor(output: Output = standardOutput, now: () => number = () => performance.now() / 1000) {
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
