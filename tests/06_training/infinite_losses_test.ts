/**
 * Losses of logits over the whole range of float32, with classes ruled out by −∞, against their formula in double
 * precision; and what takes no part whatever it holds. PyTorch 2.15 agrees where a comment does not say otherwise.
 */

import { assert, assertEquals } from "@std/assert";
import {
  binaryCrossEntropy,
  crossEntropy,
  type CrossEntropyOptions,
  klDivergence,
  meanSquaredError,
  type Reduction,
} from "../../core/06_training/loss.ts";
import { policyGradientLoss } from "../../core/06_training/policy_gradient.ts";
import { logSoftmax, softmax } from "../../core/02_words/softmax.ts";
import { ones, parameter, tensor } from "../../core/engine/create.ts";
import { withoutFusion } from "../../core/engine/fusable.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { Draws, onEveryBackend } from "../support.ts";

const never = -Infinity;
const ids = (...list: number[]): Tensor => tensor(Int32Array.from(list));

/** Two numbers agree if both are the same infinity, or near each other. */
function assertNear(found: ArrayLike<number>, expected: readonly number[], what: string): void {
  assertEquals(found.length, expected.length, what);
  expected.forEach((x, i) => {
    const near = found[i] === Math.fround(x) || Math.abs(found[i]! - x) <= 2e-5 * Math.max(1, Math.abs(x));
    assert(near, `${what}, element ${i}: ${found[i]} instead of ${x}`);
  });
}

/** $\log p$ of a row in double precision; −∞ throughout where every logit is. */
function logarithms(row: readonly number[]): number[] {
  const m = Math.max(...row);
  if (m === never) return row.map(() => never);
  const s = row.reduce((sum, z) => sum + Math.exp(z - m), 0);
  return row.map((z) => z - m - Math.log(s));
}

/** Loss of a row and its gradient, for a share of belief times a weight of each class. */
function lossOf(row: readonly number[], shares: readonly number[]): { loss: number; gradient: number[] } {
  const logs = logarithms(row), total = shares.reduce((a, b) => a + b, 0);
  return {
    loss: shares.reduce((sum, q, c) => q === 0 ? sum : sum - q * logs[c]!, 0),
    gradient: shares.map((q, c) => total * Math.exp(logs[c]!) - q),
  };
}

/** A row of logits whose differences float32 holds. */
function drawRow(draws: Draws, V: number): number[] {
  const kinds = [0, 1, -2, 3, 1e4, -1e4, -1e38, -3e38, never, never].map(Math.fround);
  return Array.from({ length: V }, () => kinds[Math.floor(draws.next() * kinds.length)]!);
}

interface Variant {
  readonly soft: boolean;
  readonly labelSmoothing: number;
  readonly weights: "none" | "ones" | "some";
}

const variants: readonly Variant[] = [false, true].flatMap((soft) =>
  [0, 0.1].flatMap((labelSmoothing) =>
    (["none", "ones", "some"] as const).map((weights) => ({ soft, labelSmoothing, weights }))
  )
);

onEveryBackend(
  "crossEntropy() of logits with −∞ and ±3e38 is its formula, with every option and reduction",
  async () => {
    const draws = new Draws(11);
    for (const { soft, labelSmoothing, weights } of variants) {
      for (const V of [1, 4, 7]) {
        const rows = Array.from(
          { length: 6 },
          (_, i) => i === 5 ? Array.from({ length: V }, () => never) : drawRow(draws, V),
        );
        const w = Array.from({ length: V }, (_, c) => weights === "some" ? [0, 0.5, 2][c % 3]! : 1);
        const classes = rows.map((_, i) => i === 2 ? -100 : Math.floor(draws.next() * V));
        const q = classes.map((y) =>
          Array.from({ length: V }, (_, c) => soft ? [0, 0.25, 0.5][c % 3]! : Number(c === y))
        );
        const shares = q.map((row) => row.map((x, c) => ((1 - labelSmoothing) * x + labelSmoothing / V) * w[c]!));
        const asked = (n: number): boolean => soft || classes[n] !== -100;
        const found = rows.map((row, n) => lossOf(row, shares[n]!));
        const counts = classes.map((y, n) => soft ? 1 : asked(n) ? w[y]! : 0),
          count = counts.reduce((a, b) => a + b) || 1;
        for (const reduction of ["none", "sum", "mean"] as Reduction[]) {
          for (const fuse of [true, false]) {
            const logits = parameter(tensor(rows.flat(), [6, V]));
            const options: CrossEntropyOptions = {
              labelSmoothing,
              reduction,
              ...(weights !== "none" && { classWeights: tensor(w) }),
            };
            const call = (): Tensor => {
              const loss = crossEntropy(logits, soft ? tensor(q.flat(), [6, V]) : ids(...classes), options);
              loss.sum().backward();
              return loss;
            };
            const what = JSON.stringify({ soft, labelSmoothing, weights, V, reduction, fuse });
            const loss = await (fuse ? call() : withoutFusion(call)).read();
            const each = found.map((row, n) => asked(n) ? row.loss : 0), sum = each.reduce((a, b) => a + b);
            const expected = reduction === "none"
              ? each
              : [reduction === "sum" ? sum : each.reduce((a, x) => a + x / count, 0)];
            assertNear(loss, expected, what);
            const part = reduction === "mean" ? 1 / count : 1;
            const gradient = found.flatMap((row, n) => row.gradient.map((g) => asked(n) ? g * part : 0));
            assertNear(await logits.grad!.read(), gradient, `gradient, ${what}`);
          }
        }
      }
    }
  },
);

onEveryBackend("crossEntropy() of an impossible class is infinite, and its gradient is p − q", async () => {
  const cases: readonly [number[], number, number, number[]][] = [
    [[0, -3e38, -3e38, 1], 0, 1.3132616875, [-0.7310585786, 0, 0, 0.7310585786]],
    [[0, never, 1], 0, 1.3132616875, [-0.7310585786, 0, 0.7310585786]],
    [[0, never, 1], 1, Infinity, [0.2689414214, -1, 0.7310585786]],
    // PyTorch: NaN, as is its softmax of such a row.
    [[never, never, never], 1, Infinity, [0, -1, 0]],
  ];
  for (const [row, y, loss, gradient] of cases) {
    for (const weighted of [false, true]) {
      const logits = parameter(tensor([row])), options = weighted ? { classWeights: ones([row.length]) } : {};
      const found = crossEntropy(logits, ids(y), options);
      found.backward();
      assertNear(await found.read(), [loss], `${row}`);
      assertNear(await logits.grad!.read(), gradient, `${row}`);
    }
  }
});

onEveryBackend("the mean of large losses is finite where their sum is not", async () => {
  const logits = tensor([[0, -3e38], [0, -3e38], [0, -3e38]]), targets = ids(1, 1, 1);
  assertNear(await crossEntropy(logits, targets).read(), [3e38], "classes");
  assertNear(await crossEntropy(logits, targets, { classWeights: ones([2]) }).read(), [3e38], "weighted");
  assertNear(await crossEntropy(logits, tensor([[0, 1], [0, 1], [0, 1]])).read(), [3e38], "soft");
  assertNear(await binaryCrossEntropy(tensor([3e38, 3e38]), tensor([0, 0])).read(), [3e38], "binary");
  assertNear(await meanSquaredError(tensor([1.8e19, 1.8e19]), tensor([0, 0])).read(), [3.24e38], "squares");
  assertNear(await klDivergence(tensor([[-3e38], [-3e38]]), tensor([[1], [1]])).read(), [3e38], "divergence");
});

onEveryBackend("crossEntropy() of nothing is 0: no position, all ignored, no weight, no share", async () => {
  const logits = (): Tensor => parameter(tensor([[1, NaN], [Infinity, 3]]));
  const classWeights = tensor([0, 0]);
  const runs: readonly ((x: Tensor) => Tensor)[] = [
    (x) => crossEntropy(x, ids(-100, -100)),
    (x) => crossEntropy(x, ids(-100, -100), { classWeights: ones([2]), labelSmoothing: 0.1 }),
    (x) => crossEntropy(x, tensor([[0, 0], [0, 0]])),
    (x) => crossEntropy(x, tensor([[0.5, 0.5], [1, 0]]), { classWeights }),
  ];
  for (const run of runs) {
    for (const fuse of [true, false]) {
      const x = logits();
      const call = (): Tensor => {
        const loss = run(x);
        loss.backward();
        return loss;
      };
      assertEquals(await (fuse ? call() : withoutFusion(call)).item(), 0, String(run));
      assertEquals([...await x.grad!.read()].map((g) => g + 0), [0, 0, 0, 0], String(run));
    }
  }
  assertEquals(await crossEntropy(tensor([], [0, 3]), tensor(new Int32Array(0), [0], "int32")).item(), 0);
  assertEquals(await crossEntropy(tensor([], [0, 3]), tensor([], [0, 3])).item(), 0);
  assertEquals(await meanSquaredError(tensor([]), tensor([])).item(), 0);
});

onEveryBackend("what is ignored takes no part in loss or gradient, whatever its logits are", async () => {
  const clean = [[0, 0, 1], [1, 2, 3]];
  for (const strange of [NaN, Infinity, never]) {
    for (const options of [{}, { labelSmoothing: 0.1 }, { classWeights: tensor([1, 2, 3]) }]) {
      for (const fuse of [true, false]) {
        const run = async (rows: number[][]): Promise<[number, Float32Array | Float64Array]> => {
          const x = parameter(tensor([rows]));
          const call = (): Tensor => {
            const loss = crossEntropy(x, tensor(Int32Array.from([2, -100, 0]), [1, 3], "int32"), options);
            loss.backward();
            return loss;
          };
          const loss = await (fuse ? call() : withoutFusion(call)).item();
          return [loss, await x.grad!.read() as Float32Array];
        };
        const expected = await run([clean[0]!, [0, 0, 0], clean[1]!]);
        assertEquals(await run([clean[0]!, [strange, 0, strange], clean[1]!]), expected);
      }
    }
  }
});

onEveryBackend(
  "binaryCrossEntropy() takes infinite logits: 0 where they are right, ∞ where they are wrong",
  async () => {
    // PyTorch: NaN for the first three, since it multiplies by 0.
    const logits = parameter(tensor([never, Infinity, never, Infinity, never, 0]));
    const losses = binaryCrossEntropy(logits, tensor([0, 1, 1, 0, 0.5, 1]), { reduction: "none", positiveWeight: 2 });
    assertNear(await losses.read(), [0, 0, Infinity, Infinity, Infinity, 2 * Math.LN2], "losses");
    losses.sum().backward();
    assertNear(await logits.grad!.read(), [0, 0, -2, 1, -1, -1], "gradient");
  },
);

onEveryBackend(
  "klDivergence() adds 0 for a share of 0, ∞ for an impossible class that has one, NaN for NaN",
  async () => {
    const logits = parameter(tensor([[0, never, 0], [0, never, 0], [0, 1, 2], [0, 1, 2]]));
    const targets = tensor([[0.5, 0, 0.5], [0.5, 0.25, 0.25], [0, 0, 0], [NaN, 0, 1]]);
    const losses = klDivergence(logSoftmax(logits), targets, { reduction: "none" });
    const found = await losses.read();
    assertNear(found.slice(0, 3), [0, Infinity, 0], "divergence");
    assert(Number.isNaN(found[3]));
    losses.slice(0, 0, 3).sum().backward();
    const gradient = await logits.grad!.read();
    assertNear(gradient.slice(0, 6), [0, 0, 0, 0, -0.25, 0.25], "gradient");
  },
);

onEveryBackend("policyGradientLoss() of an impossible text without an advantage is 0", async () => {
  const logits = parameter(tensor([[[0, never, 0]], [[0, 0, 0]]]));
  const loss = policyGradientLoss(logits, tensor(Int32Array.from([1, 0]), [2, 1], "int32"), tensor([0, 1]));
  loss.backward();
  assertNear(await loss.read(), [Math.log(3) / 2], "loss");
  assertNear((await logits.grad!.read()).slice(0, 3), [0, 0, 0], "gradient");
});

onEveryBackend("logSumExp() of nothing is −∞, and passes no gradient back where every element is −∞", async () => {
  assertEquals([...await tensor([], [3, 0]).logSumExp(1).read()], [never, never, never]);
  assertEquals([...await tensor([], [0, 2]).logSumExp(0, { keepDims: true }).read()], [never, never]);
  assertEquals(await tensor([]).logSumExp().item(), never);
  const x = parameter(tensor([[never, never], [never, 1], [-3e38, -3e38]]));
  const y = x.logSumExp(1);
  assertNear(await y.read(), [never, 1, -3e38], "value");
  y.backward(ones([3]));
  assertNear(await x.grad!.read(), [0, 0, 0, 1, 0.5, 0.5], "gradient");
});

onEveryBackend(
  "softmax() of a row of −∞ is zeros, of ∞ or NaN is NaN, of ±3e38 one-hot; its gradient likewise",
  async () => {
    for (const n of [3, 8, 40]) {
      const pad = (row: number[]): number[] => [...row, ...Array.from({ length: n - 3 }, () => never)];
      const x = parameter(tensor([pad([never, never, never]), pad([3e38, -3e38, 0]), pad([-3e38, -3e38, never])]));
      const y = softmax(x);
      const shares = [pad([0, 0, 0]), pad([1, 0, 0]), pad([0.5, 0.5, 0])].flat().map((p) => Math.max(0, p));
      assertNear(await y.read(), shares, "shares");
      y.backward(tensor(Array.from({ length: 3 * n }, (_, i) => Number(i % n === 0)), [3, n]));
      const slopes = [pad([0, 0, 0]), pad([0, 0, 0]), pad([0.25, -0.25, 0])].flat().map((g) => g === never ? 0 : g);
      assertNear(await x.grad!.read(), slopes, "slopes");
      for (const strange of [Infinity, NaN]) {
        const row = await softmax(tensor([pad([strange, 0, never])])).read();
        assert(row.every(Number.isNaN), `${strange}: ${row}`);
      }
    }
  },
);
