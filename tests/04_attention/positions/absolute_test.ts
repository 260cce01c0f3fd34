import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  learned,
  LearnedPositions,
  SinusoidalPositions,
  sinusoidalPositions,
} from "../../../core/04_attention/positions/mod.ts";
import { zeros } from "../../../core/engine/create.ts";
import { Random } from "../../../core/engine/random.ts";
import { goldens, precision, read } from "../../goldens/read.ts";
import { assertClose, build, normal, onEveryBackend, onReference } from "../../support.ts";

onEveryBackend("LearnedPositions() adds a row per position", async () => {
  const positions = new LearnedPositions(6, 4, new Random(1));
  const hidden = normal(1, 2, 3, 4);
  await assertClose(positions.forward(hidden, 2).sub(hidden).at(0, 1), positions.weight.slice(0, 2, 5), { atol: 1e-6 });
  assertThrows(
    () => positions.forward(hidden, 4),
    RangeError,
    "Cannot place 3 tokens from position 4: the table ends at position 5",
  );
});

onEveryBackend("sinusoidalPositions() agrees with its published program", async (device) => {
  await assertClose(sinusoidalPositions(12, 8), read(goldens.sinusoidal), precision(device));
  await assertClose(sinusoidalPositions(5, 8, 7), read(goldens.sinusoidal).slice(0, 7), precision(device));
});

onReference("sinusoidalPositions() at p + k are one rotation of those at p, for every p", async () => {
  const E = 8, k = 5;
  const codes = sinusoidalPositions(40, E);
  // (sin, cos) of p + k from (sin, cos) of p: the addition theorems, as a matrix that knows only k.
  const turn = build([E, E], (row, column) => {
    if (Math.floor(row! / 2) !== Math.floor(column! / 2)) return 0;
    const angle = k * 10000 ** (-2 * Math.floor(row! / 2) / E);
    if (row === column) return Math.cos(angle);
    return row! % 2 === 1 ? Math.sin(angle) : -Math.sin(angle);
  });
  await assertClose(codes.slice(0, 0, 35).matmul(turn.tensor()), codes.slice(0, k), { atol: 1e-12 });
});

onEveryBackend("SinusoidalPositions() adds codes at any start, also far beyond the first", async () => {
  const positions = new SinusoidalPositions(6);
  for (const start of [0, 3, 100, 5]) {
    const codes = positions.forward(zeros([2, 4, 6]), start);
    await assertClose(codes.at(0, 1), sinusoidalPositions(4, 6, start), { tolerance: 0 });
  }
  assertEquals(sinusoidalPositions(2, 5).shape, [2, 5]);
});

onReference("learned() starts positions with the deviation of the words", async () => {
  const sizes = { contextLength: 100, hiddenSize: 64, numHeads: 2, headSize: 32, causal: true };
  for (const deviation of [0.02, 0.5]) {
    const table = learned().input!({ ...sizes, deviation }, new Random(1)) as LearnedPositions;
    const found = Math.sqrt(await table.weight.square().mean().item());
    // Five standard errors of a deviation from so many draws.
    assert(Math.abs(found / deviation - 1) < 5 / Math.sqrt(2 * 100 * 64), `${found} for ${deviation}`);
  }
});
