import { assertEquals } from "@std/assert";
import { displayWidth, padEnd, padStart } from "../../core/engine/printing.ts";
import { bar, count, duration, fit, type Output, ProgressLine } from "../../core/host/terminal.ts";

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
