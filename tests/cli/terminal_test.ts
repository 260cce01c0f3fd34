import { assertEquals, assertThrows } from "@std/assert";
import { OutputLost } from "../../core/cli/errors.ts";
import { shade, shadedMap, StandardOutput } from "../../core/cli/terminal.ts";

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
