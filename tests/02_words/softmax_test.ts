import { assertEquals, assertThrows } from "@std/assert";
import { logSoftmax, softmax } from "../../core/02_words/softmax.ts";
import { withoutFusion } from "../../core/engine/fusable.ts";
import { parameter, tensor, zeros } from "../../core/engine/create.ts";
import { goldens, precision, read } from "../goldens/read.ts";
import { assertClose, assertGradients, Draws, normal, onEveryBackend } from "../support.ts";

const extremes = [[1, 2, 3], [1e4, -1e4, 0], [1e4, 1e4, 1e4], [-1e4, -1e4, -9999], [0, -Infinity, 1]];

onEveryBackend("softmax() ignores shifts", async () => {
  const scores = normal(1, 7, 65);
  await assertClose(softmax(scores.add(64)), softmax(scores), { rtol: 2e-5 });
});

onEveryBackend("softmax() shares out exactly one unit", async () => {
  for (const width of [1, 15, 16, 17, 1000]) {
    const sums = softmax(normal(width, 5, width)).sum(-1);
    await assertClose(sums, [1, 1, 1, 1, 1], { tolerance: 4, length: width });
  }
});

onEveryBackend("softmax() takes scores of ±1e4", async (device) => {
  const scores = parameter(tensor(extremes));
  const shares = softmax(scores);
  await assertClose(shares, read(goldens.softmax.y), precision(device));
  shares.backward(read(goldens.softmax.direction));
  await assertClose(scores.grad!, read(goldens.softmax.gradient), precision(device));
});

onEveryBackend("softmax() of (1000, 1, -1000) is one-hot and has no gradient, as the notes say", async () => {
  const scores = parameter(tensor([1000, 1, -1000]));
  const shares = softmax(scores);
  shares.backward(tensor([1, 2, 3]));
  assertEquals([...await shares.read()], [1, 0, 0]);
  await assertClose(scores.grad!, [0, 0, 0]);
});

onEveryBackend("softmax() yields zeros where every score is -Infinity, and no gradient", async () => {
  const scores = parameter(tensor([[-Infinity, -Infinity], [0, -Infinity]]));
  const shares = softmax(scores);
  shares.backward(tensor([[1, 2], [3, 4]]));
  assertEquals([...await shares.read()], [0, 0, 1, 0]);
  assertEquals((await scores.grad!.read()).every((g) => g === 0), true);
});

onEveryBackend("logSoftmax() keeps what softmax().log() loses", async () => {
  await assertClose(logSoftmax(tensor([0, -1000])), [0, -1000]);
});

onEveryBackend("logSoftmax() takes scores of ±1e4", async (device) => {
  const scores = parameter(tensor(extremes.slice(0, 4)));
  const logs = logSoftmax(scores);
  await assertClose(logs, read(goldens.logSoftmax.y), precision(device));
  logs.backward(read(goldens.softmax.direction).slice(0, 0, 4));
  await assertClose(scores.grad!, read(goldens.logSoftmax.gradient), precision(device));
});

onEveryBackend("logSoftmax() stays -Infinity where every score is", async () => {
  assertEquals([...await logSoftmax(tensor([[-Infinity, -Infinity]])).read()], [-Infinity, -Infinity]);
});

onEveryBackend("softmax() and logSoftmax() work along any axis", async () => {
  const scores = normal(3, 4, 5, 6);
  for (const f of [softmax, logSoftmax]) {
    await assertClose(f(scores, 1), f(scores.transpose(1, 2)).transpose(1, 2));
    await assertClose(f(scores, -3), f(scores.permute([1, 2, 0])).permute([2, 0, 1]));
  }
});

onEveryBackend("softmax() of nothing is nothing", () => {
  assertEquals(softmax(zeros([3, 0])).shape, [3, 0]);
  assertEquals(logSoftmax(zeros([0, 3])).shape, [0, 3]);
});

onEveryBackend("softmax() by kernel is softmax() by definition", async () => {
  for (const width of [1, 15, 16, 17, 63, 64, 65, 1000]) {
    const scores = normal(width, 3, width).mul(4);
    await assertClose(softmax(scores), withoutFusion(() => softmax(scores)), { tolerance: 16, length: width });
    await assertClose(logSoftmax(scores), withoutFusion(() => logSoftmax(scores)), { tolerance: 16, length: width });
  }
});

Deno.test("softmax() has the gradients of its formula", async () => {
  const scores = new Draws(5).normal(3, 7);
  await assertGradients((x) => softmax(x), [scores]);
  await assertGradients((x) => logSoftmax(x), [scores]);
  await assertGradients((x) => softmax(x, 0), [scores]);
});

Deno.test("softmax() says which axes there are", () => {
  assertThrows(() => softmax(zeros([2, 3]), 2), RangeError, "Cannot use axis 2 of an array with 2 axes");
});
