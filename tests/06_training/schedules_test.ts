import { assert, assertEquals, assertThrows } from "@std/assert";
import { cosineSchedule, inverseSquareRootSchedule, linearSchedule } from "../../core/06_training/schedules.ts";
import goldens from "../goldens/training.json" with { type: "json" };
import { numbers } from "./trajectories.ts";

Deno.test("cosineSchedule() and linearSchedule() agree with PyTorch", () => {
  for (
    const [make, expected] of [[cosineSchedule, goldens.schedules.cosine], [
      linearSchedule,
      goldens.schedules.linear,
    ]] as const
  ) {
    const schedule = make({ peak: 0.3, floor: 0.03, steps: 20 });
    for (const [i, rate] of numbers(expected).entries()) assert(Math.abs(schedule(i + 1) - rate) < 1e-13);
  }
});

Deno.test("schedules climb to the peak, then fall to the floor and stay there", () => {
  for (const make of [cosineSchedule, linearSchedule]) {
    const schedule = make({ peak: 2, floor: 0.5, warmupSteps: 4, steps: 14 });
    assertEquals([1, 2, 3, 4].map(schedule), [0.5, 1, 1.5, 2]);
    assertEquals([9, 14, 15, 1000].map((step) => Number(schedule(step).toFixed(12))), [1.25, 0.5, 0.5, 0.5]);
  }
});

Deno.test("inverseSquareRootSchedule() is the one of the paper", () => {
  const schedule = inverseSquareRootSchedule({ hiddenSize: 512, warmupSteps: 4000 });
  for (const [step, rate] of [[1, 1.7469e-7], [4000, 6.9877e-4], [100_000, 1.39754e-4]] as const) {
    assert(Math.abs(schedule(step) / rate - 1) < 1e-4, `${step}: ${schedule(step)}`);
  }
  assert(schedule(3999) < schedule(4000) && schedule(4001) < schedule(4000));
});

Deno.test("schedules answer before the first step and after the last", () => {
  for (const make of [cosineSchedule, linearSchedule]) {
    const bare = make({ peak: 1, steps: 10 });
    assertEquals([0, 10, 11, Infinity].map(bare), [1, 0, 0, 0]);
    assert(bare(1) < 1 && bare(1) > bare(9) && bare(9) > 0);

    const warm = make({ peak: 1, floor: 0.25, warmupSteps: 2, steps: 10 });
    assertEquals([0, 1, 2, 10, 11, Infinity].map(warm), [0, 0.5, 1, 0.25, 0.25, 0.25]);
    assertEquals(make({ peak: 3, steps: 1 })(1), 0);
    assertEquals(make({ peak: 3, floor: 3, steps: 1 })(0), 3);
  }
  const root = inverseSquareRootSchedule({ hiddenSize: 4, warmupSteps: 2 });
  assertEquals([root(0), root(Infinity)], [0, 0]);
});

Deno.test("schedules refuse what is out of range", () => {
  const refused: [() => unknown, typeof TypeError | typeof RangeError, string][] = [
    [() => cosineSchedule({ peak: 1, warmupSteps: 5, steps: 5 }), RangeError, "Cannot warm up for 5 of 5 steps"],
    [() => linearSchedule({ peak: 1, floor: 2, steps: 5 }), RangeError, "Cannot fall from peak 1 to floor 2"],
    [() => cosineSchedule({ peak: -1, steps: 5 }), RangeError, "Cannot schedule with peak = -1"],
    [() => linearSchedule({ peak: 1, steps: Infinity }), RangeError, "Cannot schedule with steps = Infinity"],
    [() => cosineSchedule({ peak: 1 } as never), TypeError, "Cannot schedule with steps = undefined"],
    [() => cosineSchedule({ peak: 1, steps: 5, warmup: 2 } as never), TypeError, 'option "warmup"'],
    [
      () => inverseSquareRootSchedule({ hiddenSize: 0, warmupSteps: 1 }),
      RangeError,
      "Cannot schedule with hiddenSize = 0",
    ],
  ];
  for (const [make, type, message] of refused) assertThrows(make, type, message);
});
