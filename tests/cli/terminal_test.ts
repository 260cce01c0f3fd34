import { assertEquals, assertThrows } from "@std/assert";
import { OutputLost } from "../../core/cli/errors.ts";
import {
  bar,
  count,
  displayWidth,
  duration,
  fit,
  type Output,
  padEnd,
  padStart,
  ProgressLine,
  shade,
  shadedMap,
  StandardOutput,
} from "../../core/cli/terminal.ts";

Deno.test("displayWidth() counts Chinese characters twice and marks not at all", () => {
  assertEquals(["", "abc", "我是", "a我", "é", "e\u0301", "，。", "한국", "\u{20000}"].map(displayWidth), [
    0,
    3,
    4,
    3,
    1,
    1,
    4,
    4,
    2,
  ]);
});

Deno.test("padEnd(), padStart() and fit() keep columns straight", () => {
  assertEquals(padEnd("我", 4), "我  ");
  assertEquals(padStart("我", 4), "  我");
  assertEquals(fit("我是学生", 6), "我是…");
  assertEquals(fit("short", 6), "short");
});

Deno.test("bar() fills in eighths and never overflows", () => {
  assertEquals(bar(0.5, 4), "██  ");
  assertEquals(bar(1 / 32, 4), "▏   ");
  assertEquals([bar(-1, 2), bar(2, 2), bar(NaN, 2)].map(displayWidth), [2, 2, 2]);
});

Deno.test("duration() and count() read as people say them", () => {
  assertEquals([0.4, 59, 61, 3725, Infinity].map(duration), ["0 s", "59 s", "1 min 1 s", "1 h 2 min", "unknown"]);
  assertEquals([0, 999, 1000, 1234567].map(count), ["0", "999", "1,000", "1,234,567"]);
});

Deno.test("shade() grows with the weight and takes anything", () => {
  assertEquals([0, 0.1, 0.3, 0.5, 0.9, 1, NaN].map(shade), [" ", "░", "▒", "▓", "█", "█", " "]);
});

Deno.test("shadedMap() lines cells up under double-width tokens", () => {
  assertEquals(shadedMap([[0.9, 0, 0.1], [0, 0.5, 0.3]], ["I", "am"], ["我", "是", "学生"]), [
    "    我 是 学生",
    " I  ██    ░░░░",
    "am     ▓▓ ▒▒▒▒",
  ]);
});

Deno.test("shadedMap() shows spaces and escapes control characters in tokens", () => {
  assertEquals(shadedMap([[1], [1]], [" a", " "], ["\x1b"]), ["   \\x1b", "a  ████", "·  ████"]);
});

function fake(isTerminal: boolean): Output & { text: string } {
  return {
    isTerminal,
    text: "",
    columns: () => 20,
    write(text) {
      this.text += text;
    },
  };
}

Deno.test("ProgressLine rewrites one line on a terminal", () => {
  const output = fake(true);
  let now = 0;
  const progress = new ProgressLine(output, () => now);
  progress.update("step 1");
  now = 0.01;
  progress.update("step 2");
  now = 1;
  progress.update("step 3, which is too long");
  progress.finish();
  assertEquals(output.text, "\rstep 1\x1b[K\rstep 3, which is t…\x1b[K\n");
});

Deno.test("ProgressLine writes an occasional plain line where nobody watches", () => {
  const output = fake(false);
  let now = 0;
  const progress = new ProgressLine(output, () => now);
  for (; now < 12; now++) progress.update(`step ${now}`);
  progress.finish();
  assertEquals(output.text, "step 0\nstep 5\nstep 10\nstep 11\n");
});

/** An output that fails after a few bytes. */
function breaking(error: Error): { output: StandardOutput; written: () => number } {
  let written = 0;
  const writeSync = (bytes: Uint8Array): number => {
    if (written >= 4) throw error;
    written += Math.min(bytes.length, 4);
    return Math.min(bytes.length, 4);
  };
  return { output: new StandardOutput({ writeSync, isTerminal: () => false }), written: () => written };
}

Deno.test("StandardOutput that cannot be written stops what only prints, and is silent where a pipe was closed", () => {
  const closed = breaking(new Deno.errors.BrokenPipe());
  const error = assertThrows(() => closed.output.write("longer than four"), OutputLost);
  assertEquals([error.isQuiet, closed.written()], [true, 4]);
  closed.output.write("what a finally block still says");
  const full = breaking(new Error("No space left on device (os error 28)"));
  const noSpace = assertThrows(() => full.output.write("longer than four"), OutputLost, "output: the disk is full");
  assertEquals(noSpace.isQuiet, false);
});

Deno.test("StandardOutput waits for a slow reader of a pipe that does not block", () => {
  let written = "", calls = 0;
  const writeSync = (bytes: Uint8Array): number => {
    if (calls++ % 2 === 0) throw new Deno.errors.WouldBlock();
    written += new TextDecoder().decode(bytes.subarray(0, 2));
    return 2;
  };
  new StandardOutput({ writeSync, isTerminal: () => false }).write("slowly");
  assertEquals(written, "slowly");
});

Deno.test("StandardOutput that cannot be written stops nothing that does more than print, and is told of at the end", () => {
  const { output } = breaking(new Deno.errors.BrokenPipe());
  output.isNotAll("training went on");
  output.write("1234");
  assertEquals(output.lost, undefined);
  output.write("more");
  output.write("and more");
  const { message, isQuiet } = output.lost!;
  assertEquals(message, "Cannot write to standard output: its reader has closed it; training went on");
  assertEquals(isQuiet, false);
});
