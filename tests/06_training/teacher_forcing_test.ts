import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  exponentialDecay,
  inverseSigmoidDecay,
  linearDecay,
  nextTokens,
  scheduledSampling,
  teacherForcing,
} from "../../core/06_training/teacher_forcing.ts";
import { tensor, zeros } from "../../core/engine/create.ts";
import { oneHot } from "../../core/engine/indexing.ts";
import { Random } from "../../core/engine/random.ts";
import { onEveryBackend, onReference } from "../support.ts";

const options = { beginToken: 1, endToken: 2, padToken: 0 };

onEveryBackend("teacherForcing() asks for END after the last token", async () => {
  const { inputs, targets, mask } = teacherForcing([[7, 8, 9], [5], []], options);
  assertEquals([inputs.shape, targets.shape, mask.shape], [[3, 4], [3, 4], [3, 4]]);
  assertEquals([...await inputs.read()], [1, 7, 8, 9, 1, 5, 0, 0, 1, 0, 0, 0]);
  assertEquals([...await targets.read()], [7, 8, 9, 2, 5, 2, -100, -100, 2, -100, -100, -100]);
  assertEquals([...await mask.read()], [1, 1, 1, 1, 1, 1, 0, 0, 1, 0, 0, 0]);
});

onEveryBackend("nextTokens() asks each token of a window for the next one", async () => {
  const { inputs, targets } = nextTokens([Int32Array.of(1, 2, 3), Int32Array.of(4, 5, 6)]);
  assertEquals([...await inputs.read()], [1, 2, 4, 5]);
  assertEquals([...await targets.read()], [2, 3, 5, 6]);
  assertThrows(() => nextTokens([Int32Array.of(1)]), RangeError, "Cannot shift windows of 1 tokens");
  assertThrows(() => nextTokens([new Int32Array(3), new Int32Array(4)]), TypeError, "of 3 and 4 tokens");
});

onEveryBackend("scheduledSampling() feeds the guess of the position before", async () => {
  const inputs = tensor([[1, 5, 6, 7], [1, 8, 9, 0]], undefined, "int32");
  const guesses = tensor([[3, 2, 4, 1], [0, 3, 2, 1]], undefined, "int32");
  const mixed = scheduledSampling(inputs, oneHot(guesses, 10), 0, new Random(1));
  assertEquals([...await mixed.read()], [1, 3, 2, 4, 1, 0, 3, 2]);
  assertEquals(mixed.dtype, "int32");
  const kept = scheduledSampling(inputs, oneHot(guesses, 10), 1, new Random(1));
  assertEquals([...await kept.read()], [...await inputs.read()]);
});

onEveryBackend("scheduledSampling() keeps the share of inputs that truth says", async () => {
  const shape = [100, 101];
  const mixed = scheduledSampling(zeros(shape, "int32"), oneHot(zeros(shape, "int32").add(1), 2), 0.7, new Random(3));
  const values = await mixed.read();
  const kept = values.filter((token, i) => token === 0 && i % 101 !== 0).length / 10_000;
  assert(Math.abs(kept - 0.7) < 0.02, `kept ${kept}`);
});

onReference("scheduledSampling() refuses a truth that is no probability", () => {
  assertThrows(
    () => scheduledSampling(zeros([1, 2], "int32"), zeros([1, 2, 3]), 1.5, new Random(1)),
    RangeError,
    "Cannot keep inputs with truth = 1.5: it must be in [0, 1]",
  );
});

Deno.test("the three decays are those of Bengio et al.", () => {
  const linear = linearDecay({ slope: 0.01, floor: 0.2 });
  assertEquals([0, 50, 80, 1000].map(linear), [1, 0.5, 0.2, 0.2]);
  const exponential = exponentialDecay(0.5);
  assertEquals([0, 1, 3].map(exponential), [1, 0.5, 0.125]);
  const sigmoid = inverseSigmoidDecay(10);
  assert(Math.abs(sigmoid(0) - 10 / 11) < 1e-12);
  assert(Math.abs(sigmoid(10 * Math.log(10)) - 0.5) < 1e-12);
  assert(sigmoid(1e6) === 0);
  assertThrows(() => linearDecay({ slope: -1 }), RangeError, "Cannot decay with slope = -1");
  assertThrows(() => linearDecay({ slope: 1, start: 0.1, floor: 0.2 }), RangeError, "floor must be at most start");
  assertThrows(() => linearDecay({ slope: 1, end: 0 } as never), TypeError, 'option "end"');
  assertThrows(() => exponentialDecay(1), RangeError, "Cannot decay by rate 1: it must be in (0, 1)");
  assertThrows(() => inverseSigmoidDecay(0.5), RangeError, "Cannot decay by rate 0.5");
});
