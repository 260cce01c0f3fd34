/** The comparison of benches, on recorded runs and made-up times; nothing here measures. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { type Baseline, compare, fileOf, joinRuns, LEAST, readRun, report } from "../../bench/baseline.ts";
// What `deno bench --json --filter '/^wasm$/' bench/softmax_bench.ts` printed on one machine.
import recorded from "../goldens/bench.json" with { type: "json" };

const { machine, times } = readRun(JSON.stringify(recorded), 2);

Deno.test("readRun() reads what deno bench prints: the machine, and the fastest pass of each bench", () => {
  assertEquals(machine, { cpu: "AMD EPYC", cores: 2, system: "x86_64-unknown-linux-gnu", deno: "2.9.6" });
  assertEquals(Object.keys(times).length, recorded.benches.length);
  assertEquals(times["softmax 64×64 / wasm"], recorded.benches[0]!.results[0]!.ok.min);
  assertEquals(fileOf(machine), "amd_epyc_2_x86_64_unknown_linux_gnu_2.9.6.json");
});

Deno.test("readRun() refuses a run in which a bench failed", () => {
  const failed = { ...recorded, benches: [{ group: null, name: "broken", results: [{ failed: {} }] }] };
  assertThrows(() => readRun(JSON.stringify(failed), 2), TypeError, 'Cannot use a run in which "broken" failed');
});

Deno.test("joinRuns() keeps the benches that every run has", () => {
  assertEquals(joinRuns([{ a: 1, b: 2 }, { a: 3 }]), { a: [1, 3] });
  assertEquals(joinRuns([]), {});
});

const of = (runs: Record<string, readonly number[]>, changed: Partial<Baseline["machine"]> = {}): Baseline => ({
  machine: { ...machine, ...changed },
  date: "2026-11-29",
  times: runs,
});
const verdicts = (then: readonly number[], now: readonly number[]): string =>
  compare(of({ bench: then }), of({ bench: now }))[0]!.verdict;

Deno.test("compare() finds a run equal to itself", () => {
  const runs = joinRuns([times, times, times]);
  assert(compare(of(runs), of(runs)).every(({ verdict, ratio }) => verdict === "same" && ratio === 1));
});

Deno.test("compare() calls slower what is above every earlier run and by more than noise", () => {
  assertEquals(verdicts([100, 101, 102, 103, 104], [120, 121, 122, 123, 124]), "slower");
  assertEquals(verdicts([120, 121, 122, 123, 124], [100, 101, 102, 103, 104]), "faster");
  // One run that overlaps is enough for doubt, whatever the medians say.
  assertEquals(verdicts([100, 101, 102, 103, 121], [120, 130, 131, 132, 133]), "same");
  // Apart, but too close to act on.
  assertEquals(verdicts([100, 100, 100, 100, 100], [100 * (1 + LEAST) - 1].concat(104, 104, 104, 104)), "same");
});

Deno.test("compare() raises no more false alarms than its header says, whatever the order of the times", () => {
  // All ways in which ten distinct times fall into two sides of five.
  const values = Array.from({ length: 10 }, (_, i) => 100 * 1.2 ** i);
  let alarms = 0, orders = 0;
  for (let chosen = 0; chosen < 1 << 10; chosen++) {
    const now = values.filter((_, i) => chosen >> i & 1);
    if (now.length !== 5) continue;
    orders++;
    if (verdicts(values.filter((value) => !now.includes(value)), now) === "slower") alarms++;
  }
  assertEquals([alarms, orders], [1, 252]);
});

Deno.test("compare() refuses two machines and names what differs", () => {
  const other = of({}, { cpu: "Apple M4", deno: "2.10.0" });
  const message = "Cannot compare two machines: cpu AMD EPYC and Apple M4, deno 2.9.6 and 2.10.0";
  assertThrows(() => compare(of({}), other), TypeError, message);
});

Deno.test("report() lists what changed, the worst first, and counts the rest", () => {
  const then = of({ a: [1, 1, 1], b: [1, 1, 1], c: [10, 11, 12], gone: [1, 1, 1] });
  const now = of({ a: [2, 2, 2], b: [4, 4, 4], c: [11, 11, 11], fresh: [1, 1, 1] });
  assertEquals(report(compare(then, now)).split("\n"), [
    "slower   +300.0 %  b",
    "slower   +100.0 %  a",
    "3 benches compared: 2 slower, 0 faster, 1 within noise",
  ]);
});
