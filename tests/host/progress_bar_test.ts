import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { type ProgressBar, progressBar } from "../../core/host/progress_bar.ts";
import type { Output } from "../../core/host/terminal.ts";
import type { TrainingReport } from "../../core/06_training/loop.ts";
import { testWithFolder } from "../permissions.ts";

function drawn(isTerminal: boolean, columns = 100): { readonly bar: ProgressBar; readonly text: () => string } {
  let text = "";
  const output: Output = { isTerminal, columns: () => columns, write: (more) => void (text += more) };
  return { bar: progressBar({ output }), text: () => text };
}

const report = (step: number, more: Partial<TrainingReport> = {}): TrainingReport => ({
  ...{ step, steps: 100, loss: 2.5, secondsLeft: 65, learningRate: 3e-4, tokensPerSecond: 12345.6 },
  ...more,
});

Deno.test("progressBar() draws step, bar, loss, rate, speed and the time that is left", () => {
  const { bar, text } = drawn(true);
  bar(report(50));
  const half = "██████      ";
  assertEquals(
    text(),
    `\rstep  50/100  ${half}  loss 2.500  rate 3.0e-4  12,346 tokens/s  1 min 5 s left\x1b[K`,
  );
  bar.finish();
  assert(text().endsWith("left\x1b[K\n"));
  bar.finish();
  assert(text().endsWith("left\x1b[K\n"), "an ended line is not ended again");
});

Deno.test("progressBar() leaves evaluations standing and ends with the last step", () => {
  const { bar, text } = drawn(true);
  bar(report(50));
  bar(report(60, { evaluation: { loss: 2.25, correct: 7, tiny: 1e-9, none: NaN } }));
  bar(report(100, { secondsLeft: 0 }));
  assertMatch(
    text(),
    // deno-lint-ignore no-control-regex -- the line is rewritten by such
    /left\x1b\[K\r\x1b\[Kstep {2}60\/100 {2}evaluation: loss 2.250 {2}correct 7 {2}tiny 1.0e-9 {2}none NaN\n\rstep {2}60\/100/,
  );
  // deno-lint-ignore no-control-regex -- the line is rewritten by such
  assertMatch(text(), /step 100\/100 {2}█{12} .* done\x1b\[K\n$/);
});

Deno.test("progressBar() says that training stopped early, and where the best evaluation was", () => {
  const { bar, text } = drawn(false);
  const best = { step: 20, value: 2 };
  bar(report(40, { evaluation: { loss: 2.5 }, best, stopped: "early", secondsLeft: 0 }));
  assertMatch(
    text(),
    /loss 2.500\nstep {2}40\/100 .* stopped\nstopped early: the best evaluation was after step 20\n$/,
  );
});

Deno.test("progressBar() says of a run that had ended that nothing is left", () => {
  for (const isTerminal of [true, false]) {
    const { bar, text } = drawn(isTerminal);
    bar(report(100, { loss: NaN, secondsLeft: 0, best: { step: 20, value: 2 }, stopped: "before" }));
    bar.finish();
    assertEquals(text(), "already at step 100 of 100: nothing left to train\n");
    bar(report(40, { loss: NaN, secondsLeft: 0, best: { step: 20, value: 2 }, stopped: "before" }));
    assert(text().endsWith("\nalready stopped early at step 40 of 100: nothing left to train\n"));
  }
});

Deno.test("progressBar() writes plain lines now and then where nobody watches, the last one too", () => {
  const { bar, text } = drawn(false);
  for (let step = 1; step <= 100; step++) bar(report(step, { secondsLeft: 100 - step }));
  const lines = text().trimEnd().split("\n");
  assertEquals(lines.length, 2);
  assertMatch(lines[0]!, /^step {3}1\/100/);
  assertMatch(lines[1]!, /^step 100\/100.*done$/);
  assertEquals(text().includes("\x1b") || text().includes("\r"), false);
});

Deno.test("progressBar() shows small losses as such", () => {
  const { bar, text } = drawn(false);
  bar(report(100, { loss: 2.7e-5 }));
  assertMatch(text(), /loss 2\.7e-5 /);
  // Of an evaluation that was made up for, no loss is known.
  const late = drawn(false);
  late.bar(report(50, { loss: NaN, evaluation: { score: 1 } }));
  assertMatch(late.text(), /^step {2}50\/100 {2}evaluation: score 1\nstep {2}50\/100 {2}█+ +rate 3\.0e-4 /);
});

Deno.test("progressBar() fits a narrow terminal, and says evaluations in the caller's words", () => {
  const { bar, text } = drawn(true, 20);
  bar(report(1));
  assertEquals(text(), "\rstep   1/100  ▏   …\x1b[K");
  let said = "";
  const output: Output = { isTerminal: false, columns: () => 80, write: (more) => void (said += more) };
  progressBar({ output, describe: ({ bleu }) => `BLEU ${bleu}` })(report(3, { evaluation: { bleu: 61 } }));
  assertMatch(said, /^step {3}3\/100 {2}BLEU 61\n/);
});

Deno.test("progressBar() refuses what is no output and what is no report", () => {
  for (const output of [null, 5, {}, { isTerminal: true, write: 1, columns: 2 }]) {
    assertThrows(
      () => progressBar({ output: output as never }),
      TypeError,
      "Cannot draw a progress bar with output = ",
    );
  }
  for (const wrong of [undefined, null, 5, []]) {
    assertThrows(() => drawn(true).bar(wrong as never), TypeError, "Cannot draw a progress bar with");
  }
});

testWithFolder(
  "progressBar() needs no permission, and training goes on where standard error is full",
  async (folder) => {
    const module = JSON.stringify(new URL("../../core/host/mod.ts", import.meta.url).href);
    await Deno.writeTextFile(
      `${folder}/use.ts`,
      `import { progressBar } from ${module};
    const bar = progressBar();
    for (const step of [1, 2]) bar({ step, steps: 2, loss: 1, secondsLeft: 0 });
    console.log("went on");`,
    );
    const start = (command: string): Promise<Deno.CommandOutput> =>
      new Deno.Command("sh", { args: ["-c", command, Deno.execPath(), `${folder}/use.ts`] }).output();
    if (Deno.build.os === "windows") return;
    const plain = '"$0" run --no-prompt --no-check --no-config "$1"', decoder = new TextDecoder();
    const seen = await start(plain);
    assertEquals(decoder.decode(seen.stdout), "went on\n");
    assertMatch(decoder.decode(seen.stderr), /^step 1\/2 .*\nstep 2\/2 .*done\n$/);
    for (const end of ["2>&-", ...(Deno.build.os === "linux" ? ["2>/dev/full"] : [])]) {
      assertEquals(decoder.decode((await start(`${plain} ${end}`)).stdout), "went on\n", end);
    }
  },
  "run",
);

Deno.test("progressBar() keeps the last line of a run that stopped early, with a best evaluation and without", () => {
  const { bar, text } = drawn(true);
  bar(report(40, { evaluation: { loss: NaN }, stopped: "early", secondsLeft: 0 }));
  // deno-lint-ignore no-control-regex -- the line is rewritten by such
  assertMatch(text(), /loss 2.500 .* stopped\x1b\[K\nstopped early: no evaluation was a number\n$/);
});

Deno.test("progressBar() refuses what is no report and no place to draw", () => {
  const { bar } = drawn(true);
  const needed = "report must be a report of train()";
  for (const wrong of [{}, "x", { step: 1, steps: 2, loss: 1 }]) {
    assertThrows(() => bar(wrong as TrainingReport), TypeError, needed);
  }
  const output = { columns: () => 80, write: () => {} } as unknown as Output;
  assertThrows(() => progressBar({ output }), TypeError, "output must be an object with isTerminal");
});
