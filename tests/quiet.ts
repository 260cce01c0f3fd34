/**
 * What `deno task test` prints: a line for each file when its first test has ended, what the files have to say, what fails
 * and why, what is ignored, and Deno's own summary.
 *
 * Reads what `deno test --parallel` prints. A run that ends without a summary, since it was killed, fails too.
 *
 * @module
 */

/** Most names of ignored tests that are listed. */
const LISTED = 20;

/** A line of Deno: a test or a step, and how it ended. */
const RESULT = /^\.\/(\S+) => (.*?) \.\.\. (.*\.\.\. )?(ok|FAILED|ignored)\b.*\)$/;

/** Deno's last line: `ok | 12 passed (3 steps) | 0 failed | 1 ignored (5s)`. */
const SUMMARY = /^(ok|FAILED) \| \d+ passed/;

/** What is said once, however many files say it; see {@linkcode note} in `permissions.ts`. */
const NOTE = /^note: /;

/** What Deno, and drivers under it, write that says nothing about the tests. */
const IDLE =
  /^$|^-+ (pre-test |post-test )?output( end)? -+$|^error: (Test failed|XDG_RUNTIME_DIR is invalid.*)$|^Stack backtrace:$|^ +0: <unknown>$/;

/** Reads lines and keeps what is worth a reader's time. */
export class Quiet {
  readonly #files = new Set<string>();
  readonly #notes = new Set<string>();
  readonly #ignored = new Set<string>();
  #inOutput = false;
  #hasErrors = false;
  #summary: string | undefined;

  /** Whether everything passed. */
  get passed(): boolean {
    return this.#summary?.startsWith("ok") ?? false;
  }

  /** What to print for a line. */
  read(text: string): string[] {
    // deno-lint-ignore no-control-regex -- colours are meant
    const line = text.replace(/\x1b\[[\d;]*m/g, "").trimEnd();
    if (NOTE.test(line)) return this.#once(this.#notes, line);
    if (/^-+ .*output -+$/.test(line)) this.#inOutput = true;
    if (/^-+ .*output end -+$/.test(line)) this.#inOutput = false;
    if (SUMMARY.test(line)) this.#summary = line;
    if (line === " ERRORS") this.#hasErrors = true;
    else if (this.#hasErrors) return this.#summary !== undefined || (line !== "" && IDLE.test(line)) ? [] : [line];
    const [, file, name, step, how] = RESULT.exec(line) ?? [];
    if (file !== undefined) {
      if (how === "ignored" && step === undefined) this.#ignored.add(`${name} (${file})`);
      return [...this.#once(this.#files, file), ...how === "FAILED" ? [line] : []];
    }
    return this.#inOutput || this.#summary !== undefined || IDLE.test(line) ? [] : [line];
  }

  /** What to print at the end. */
  end(): string[] {
    const names = [...this.#ignored], more = names.length - LISTED;
    return [
      ...names.slice(0, LISTED).map((name) => `ignored: ${name}`),
      ...more > 0 ? [`ignored: ${more} more; the notes above say why`] : [],
      this.#summary ?? "FAILED: the tests ended without a summary",
    ];
  }

  #once(said: Set<string>, line: string): string[] {
    if (said.has(line)) return [];
    said.add(line);
    return [line];
  }
}

if (import.meta.main) {
  const quiet = new Quiet();
  let rest = "";
  const print = (lines: readonly string[]): void => lines.forEach((line) => console.log(line));
  for await (const part of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + part).split("\n");
    rest = lines.pop()!;
    for (const line of lines) print(quiet.read(line));
  }
  print(quiet.read(rest));
  print(quiet.end());
  if (!quiet.passed) Deno.exit(1);
}
