import { assert, assertEquals, assertThrows } from "@std/assert";
import { withBackend } from "../../core/engine/device.ts";
import { withoutFusion } from "../../core/engine/fusable.ts";
import { full, ones, parameter, tensor, zeros } from "../../core/engine/create.ts";
import { concat } from "../../core/engine/joining.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import {
  binaryCrossEntropy,
  crossEntropy,
  type CrossEntropyOptions,
  klDivergence,
  meanSquaredError,
  type Reduction,
  softplus,
} from "../../core/06_training/loss.ts";
import { logSoftmax, softmax } from "../../core/02_words/softmax.ts";
import goldens from "../goldens/training.json" with { type: "json" };
import { assertClose, assertGradients, Draws, onEveryBackend, onReference, reference } from "../support.ts";

const numbers = (text: string): Float64Array => Float64Array.from(text.split(" "), Number);
const { N, V } = goldens;
const ids = (...list: number[]): Tensor => tensor(Int32Array.from(list));

onEveryBackend("crossEntropy() agrees with PyTorch for every option", async (device) => {
  const close = device === reference ? { rtol: 1e-11, atol: 1e-12 } : { rtol: 1e-4, atol: 1e-5 };
  for (const golden of goldens.crossEntropy) {
    const logits = parameter(tensor(numbers(goldens.logits), [N, V]));
    const soft = golden.kind === "soft";
    const targets = soft ? tensor(numbers(goldens.soft), [N, V]) : ids(...goldens.classes);
    const options: CrossEntropyOptions = {
      labelSmoothing: golden.labelSmoothing,
      reduction: golden.reduction as Reduction,
      ...(golden.weighted && { classWeights: tensor(numbers(goldens.weights)) }),
    };
    const loss = crossEntropy(logits, targets, options);
    await assertClose(await loss.read(), numbers(golden.loss), close);
    loss.sum().backward();
    await assertClose(await logits.grad!.read(), numbers(golden.gradient), close);
  }
});

onEveryBackend("crossEntropy() of uniform logits is log V", async () => {
  for (const size of [1, 2, 15, 16, 17, 1000]) {
    const loss = crossEntropy(zeros([3, size]), ids(0, size - 1, 0));
    await assertClose(loss, Math.log(size), { atol: 1e-6, rtol: 1e-6 });
  }
});

onEveryBackend("crossEntropy() by the fused kernel equals the definition", async () => {
  const draws = new Draws(3);
  for (const [rows, size] of [[1, 1], [3, 17], [64, 65], [5, 1000]] as const) {
    const values = draws.normal(rows, size), classes = draws.integers(0, size, rows);
    for (const labelSmoothing of [0, 0.1]) {
      const run = (): [Tensor, Tensor] => {
        const logits = parameter(values.tensor());
        const loss = crossEntropy(logits, classes.tensor(), { labelSmoothing, ignoreIndex: 0 });
        loss.backward();
        return [loss, logits.grad!];
      };
      const fused = run(), defined = withoutFusion(run);
      const close = { rtol: 1e-4, atol: 1e-6 };
      await assertClose(fused[0], defined[0], close);
      await assertClose(fused[1], defined[1], close);
    }
  }
});

onEveryBackend("crossEntropy() stays finite for logits of ±1e4", async () => {
  const logits = parameter(tensor([[1e4, -1e4, 0], [-1e4, -1e4, -1e4]]));
  const loss = crossEntropy(logits, ids(1, 2), { reduction: "none" });
  await assertClose(loss, [20000, Math.log(3)], { rtol: 1e-4 });
  loss.sum().backward();
  await assertClose(logits.grad!, [[1, -1, 0], [1 / 3, 1 / 3, -2 / 3]], { atol: 1e-6 });
});

onEveryBackend("crossEntropy() does not change when padding is added", async () => {
  const logits = new Draws(1).normal(2, 3, 7).tensor();
  const padded = concat([logits, full([2, 2, 7], 5)], 1);
  const targets = tensor([[1, 2, 3], [4, 5, 6]], undefined, "int32");
  const longer = concat([targets, full([2, 2], -100, "int32")], 1);
  await assertClose(crossEntropy(padded, longer), crossEntropy(logits, targets));
});

onEveryBackend("crossEntropy() is 0, with gradient 0, where everything is ignored", async () => {
  const logits = parameter(new Draws(2).normal(3, 4).tensor());
  const loss = crossEntropy(logits, ids(-100, -100, -100));
  assertEquals(await loss.item(), 0);
  loss.backward();
  await assertClose(logits.grad!, zeros([3, 4]), { tolerance: 0 });
});

onEveryBackend("crossEntropy() of one-hot shares equals that of class indices", async () => {
  const logits = new Draws(4).normal(2, 3).tensor();
  const shares = tensor([[0, 1, 0], [0, 0, 1]]);
  await assertClose(crossEntropy(logits, shares), crossEntropy(logits, ids(1, 2)));
});

Deno.test("crossEntropy() gradients agree with differences", async () => {
  const draws = new Draws(5);
  const logits = draws.normal(2, 3, 4), classes = draws.integers(0, 4, 2, 3);
  const weights = draws.uniform(0.5, 2, 4);
  for (const reduction of ["mean", "sum", "none"] as const) {
    for (const labelSmoothing of [0, 0.2]) {
      await assertGradients((x, y) => crossEntropy(x!, y!, { reduction, labelSmoothing, ignoreIndex: 1 }), [
        logits,
        classes,
      ]);
      await assertGradients(
        (x, y, w) => crossEntropy(x!, y!, { reduction, labelSmoothing, classWeights: w! }),
        [logits, classes, weights],
      );
      await assertGradients(
        (x, y) => crossEntropy(x!, softmax(y!), { reduction, labelSmoothing }),
        [logits, draws.normal(2, 3, 4)],
      );
    }
  }
});

onReference("crossEntropy() refuses shapes and options that do not fit", () => {
  assertThrows(
    () => crossEntropy(zeros([2, 3]), ids(0)),
    TypeError,
    "Cannot score logits [2, 3] against targets [1]: class ids have the shape [2]",
  );
  assertThrows(
    () => crossEntropy(zeros([2, 3]), zeros([2, 2])),
    TypeError,
    "Cannot score logits [2, 3] against targets [2, 2] of float32: they must be a share for each class, [2, 3]",
  );
  assertThrows(
    () => crossEntropy(zeros([2, 3]), tensor([1, 2])),
    TypeError,
    'Cannot score logits [2, 3] against targets [2] of float32: class ids must be int32, as tensor(ids, shape, "int32")',
  );
  assertThrows(
    () => crossEntropy(zeros([1, 3]), ids(0), { labelSmoothing: 1 }),
    RangeError,
    "labelSmoothing = 1: labelSmoothing must be a number of at least 0 and less than 1",
  );
  assertThrows(
    () => crossEntropy(zeros([1, 3]), ones([1, 3]), { ignoreIndex: 0 }),
    TypeError,
    "Cannot ignore an index among soft targets",
  );
  assertThrows(
    () => crossEntropy(zeros([1, 3]), ids(0), { classWeights: ones([2]) }),
    TypeError,
    "Cannot read shape [2] as [V=3]",
  );
});

onEveryBackend("binaryCrossEntropy() agrees with PyTorch, also at 0 and ±1000", async (device) => {
  const close = device === reference ? { rtol: 1e-11, atol: 1e-12 } : { rtol: 1e-4, atol: 1e-5 };
  for (const { positiveWeight, reduction, loss, gradient } of goldens.binary) {
    const logits = parameter(tensor(numbers(goldens.yesLogits)));
    const value = binaryCrossEntropy(logits, tensor(numbers(goldens.yes)), {
      positiveWeight,
      reduction: reduction as Reduction,
    });
    await assertClose(await value.read(), numbers(loss), close);
    value.sum().backward();
    await assertClose(await logits.grad!.read(), numbers(gradient), close);
  }
});

onReference("binaryCrossEntropy() refuses a weight that is not positive", () => {
  assertThrows(
    () => binaryCrossEntropy(zeros([1]), zeros([1]), { positiveWeight: 0 }),
    RangeError,
    "positiveWeight = 0: positiveWeight must be a number greater than 0",
  );
  assertThrows(() => binaryCrossEntropy(zeros([1]), zeros([2])), TypeError, "Cannot compare shape [1]");
});

onReference("losses refuse options that they do not know", () => {
  const [x, y] = [zeros([1, 2]), zeros([1, 2])];
  const refused: [() => unknown, string][] = [
    [() => crossEntropy(x, ids(0), { smoothing: 0.1 } as never), 'Cannot measure a loss with option "smoothing"'],
    [() => crossEntropy(x, ids(0), { reduction: "max" } as never), "reduction must be one of mean, sum, none"],
    [() => binaryCrossEntropy(x, y, { weight: 1 } as never), '"weight": options are positiveWeight, reduction'],
    [() => meanSquaredError(x, y, { reduce: "sum" } as never), '"reduce": options are reduction'],
    [() => klDivergence(x, y, { reduction: true } as never), "reduction = true"],
  ];
  for (const [measure, message] of refused) assertThrows(measure, TypeError, message);
});

onEveryBackend("klDivergence() agrees with PyTorch and ignores shares of 0", async (device) => {
  const close = device === reference ? { rtol: 1e-11, atol: 1e-12 } : { rtol: 1e-4, atol: 1e-5 };
  const prediction = logSoftmax(tensor(numbers(goldens.logits), [N, V]));
  const shares = tensor(numbers(goldens.shares), [N, V]);
  for (const reduction of ["mean", "sum", "none"] as const) {
    const value = klDivergence(prediction, shares, { reduction });
    await assertClose(await value.read(), numbers(goldens.kl[reduction]), close);
  }
});

onEveryBackend("klDivergence() of a distribution from itself is 0", async () => {
  const logits = new Draws(7).normal(4, 9).tensor();
  await assertClose(klDivergence(logSoftmax(logits), softmax(logits)), 0, { atol: 1e-6 });
});

onEveryBackend("klDivergence() plus entropy is crossEntropy() with soft targets", async () => {
  const logits = new Draws(8).normal(4, 9).tensor(), shares = softmax(new Draws(9).normal(4, 9).tensor());
  const entropy = shares.mul(shares.log()).sum(-1).neg().mean();
  await assertClose(klDivergence(logSoftmax(logits), shares).add(entropy), crossEntropy(logits, shares), {
    rtol: 1e-5,
    atol: 1e-6,
  });
});

onEveryBackend("meanSquaredError() agrees with PyTorch", async (device) => {
  const close = device === reference ? { rtol: 1e-11, atol: 1e-12 } : { rtol: 1e-4, atol: 1e-5 };
  const [a, b] = [tensor(numbers(goldens.logits), [N, V]), tensor(numbers(goldens.soft), [N, V])];
  for (const reduction of ["mean", "sum", "none"] as const) {
    const value = meanSquaredError(a, b, { reduction });
    await assertClose(await value.read(), numbers(goldens.mse[reduction]), close);
  }
});

Deno.test("the other losses have the gradients that differences say", async () => {
  const draws = new Draws(10);
  for (const reduction of ["mean", "sum", "none"] as const) {
    await assertGradients((x, y) => binaryCrossEntropy(x!, y!, { reduction, positiveWeight: 2 }), [
      draws.normal(5),
      draws.uniform(0, 1, 5),
    ]);
    await assertGradients((x, y) => meanSquaredError(x!, y!, { reduction }), [draws.normal(2, 3), draws.normal(2, 3)]);
    await assertGradients((x, y) => klDivergence(logSoftmax(x!), softmax(y!), { reduction }), [
      draws.normal(2, 3),
      draws.normal(2, 3),
    ]);
  }
});

Deno.test("klDivergence() passes no NaN back through a share of 0", async () => {
  await withBackend(reference, async () => {
    const prediction = parameter(tensor([[-Infinity, 0]]));
    const shares = parameter(tensor([[0, 1]]));
    klDivergence(prediction, shares).backward();
    for (const leaf of [prediction, shares]) assert((await leaf.grad!.read()).every(Number.isFinite));
  });
});

onEveryBackend("softplus() neither overflows nor vanishes", async () => {
  await assertClose(softplus(tensor([-1e4, -80, 0, 1e4])), [0, Math.exp(-80), Math.LN2, 1e4], { rtol: 1e-6 });
});
