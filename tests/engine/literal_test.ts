import { assertEquals, assertThrows } from "@std/assert";
import { concat, stack } from "../../core/engine/joining.ts";
import { full, ones, parameter, tensor, zeros } from "../../core/engine/create.ts";
import { gather, oneHot, scatter, take } from "../../core/engine/indexing.ts";
import { linear } from "../../core/engine/weight.ts";
import { Linear } from "../../core/engine/linear.ts";
import { Random } from "../../core/engine/random.ts";
import { withBackend } from "../../core/engine/device.ts";
import { createReferenceDevice } from "../../core/engine/reference.ts";
import type { Tensor, TensorLike } from "../../core/engine/tensor.ts";
import { Embedding } from "../../core/02_words/embeddings.ts";
import { additiveMask, combineMasks, overKeys, paddingMask } from "../../core/04_attention/masks.ts";
import { MultiHeadAttention } from "../../core/04_attention/multi_head.ts";
import { scaledDotProductAttention } from "../../core/04_attention/scaled_dot_product.ts";
import { DecoderOnly } from "../../core/05_transformer/decoder_only.ts";
import { EncoderDecoder } from "../../core/05_transformer/encoder_decoder.ts";
import { binaryCrossEntropy, crossEntropy, klDivergence, meanSquaredError } from "../../core/06_training/loss.ts";
import { policyGradientLoss } from "../../core/06_training/policy_gradient.ts";
import { assertClose, normal, onEveryBackend, onReference } from "../support.ts";

const ids = (rows: number[][]): Tensor => tensor(rows, undefined, "int32");
const same = (a: Tensor, b: Tensor): Promise<void> => assertClose(a, b, { tolerance: 0 });

onEveryBackend("a list beside a tensor is the tensor that it stands for, in every operator", async () => {
  const x = tensor([[1, 2], [3, 4]]), row = [2, 0.5], column = [[2], [3]];
  for (const op of ["add", "sub", "mul", "div", "pow", "mod", "maximum", "minimum"] as const) {
    for (const other of [row, column, 3]) await same(x[op](other), x[op](tensor(other)));
    await same(x[op](Float32Array.from(row)), x[op](tensor(row)));
    await same(x[op](Int32Array.of(2, 3)), x[op](tensor([2, 3])));
  }
  for (const op of ["equal", "notEqual", "less", "lessEqual", "greater", "greaterEqual"] as const) {
    await same(x[op]([1, 4]), x[op](tensor([1, 4])));
    await same(ids([[1, 2]])[op]([1, 4]), ids([[1, 2]])[op](ids([[1, 4]])));
    const truth = tensor([true, false]);
    await same(truth[op]([false, true]), truth[op](tensor([false, true])));
    await same(truth[op](true), truth[op](1));
  }
  await same(x.where([[true], [false]], [7, 8]), tensor([[1, 2], [7, 8]]));
  await same(tensor([true, false]).and([true, true]), tensor([true, false]));
  await same(tensor([true, false]).or(true), tensor([true, true]));
  await same(x.matmul([[1], [1]]), tensor([[3], [7]]));
  await same(x.matmul([1, 1]), tensor([3, 7]));
});

onEveryBackend("a list takes the dtype that its place needs, and the device that it meets", async () => {
  const counts = tensor([1, 2], undefined, "int32");
  assertEquals(counts.add([1, 2]).dtype, "int32");
  assertEquals(concat([[1], counts]).dtype, "int32");
  assertEquals(stack([[true, false], tensor([true, true])]).dtype, "bool");
  assertEquals(concat([[1], [2]]).dtype, "float32");
  const elsewhere = createReferenceDevice(), far = withBackend(elsewhere, () => ones([2]));
  for (const met of [far.add([1, 2]), concat([[1], far]), linear([[1, 2]], far.unsqueeze(1))]) {
    assertEquals(met.device === elsewhere, true);
  }
  const x = parameter([[1, 2], [3, 4]]);
  x.mul([[1, 2], [3, 4]]).sum().backward();
  await same(x.grad!, tensor([[1, 2], [3, 4]]));
  const y = zeros([2, 2]);
  y.assign([1, 2]);
  await same(y, tensor([[1, 2], [1, 2]]));
});

onEveryBackend("ids, weights, targets and masks may be written down", async () => {
  const random = new Random(1), table = normal(2, 5, 3);
  await same(take(table, [[0, 4]]), take(table, ids([[0, 4]])));
  await same(gather(table, 1, [[0], [1], [2], [0], [1]]), gather(table, 1, ids([[0], [1], [2], [0], [1]])));
  await same(scatter(zeros([3]), 0, [2, 0], [5, 6]), tensor([6, 0, 5]));
  await same(oneHot([1, 0], 2), tensor([[0, 1], [1, 0]]));
  await same(linear([[1, 2, 3]], [[1], [1], [1]], [4]), tensor([[10]]));
  const map = new Linear(2, 3, random);
  await same(map.forward([[1, 2]]), map.forward(tensor([[1, 2]])));
  const embedding = new Embedding(5, 3, random, { paddingIndex: 0 });
  await same(embedding.forward([[1, 0]]), embedding.forward(ids([[1, 0]])));
  await same(paddingMask([[5, 0]], 0), tensor([[true, false]]));
  await same(overKeys([[true, false]]), tensor([[[[true, false]]]]));
  await same(combineMasks([true, false], undefined, tensor([true, true]))!, tensor([true, false]));
  await same(additiveMask([true, false], -1), tensor([0, -1]));
  const heads = normal(3, 1, 1, 2, 4), mask = [[true, false], [true, true]], bias = [[0, 1], [2, 3]];
  await same(
    scaledDotProductAttention(heads, heads, heads, { mask, bias }),
    scaledDotProductAttention(heads, heads, heads, { mask: tensor(mask), bias: tensor(bias) }),
  );
  const attention = new MultiHeadAttention(4, 2, random), x = normal(4, 1, 2, 4);
  await same(attention.forward(x, { mask }), attention.forward(x, { mask: tensor(mask) }));
});

onEveryBackend("losses read lists of targets by their depth", async () => {
  const logits = normal(5, 2, 3);
  await same(crossEntropy(logits, [2, 0]), crossEntropy(logits, tensor([2, 0], undefined, "int32")));
  await same(crossEntropy(logits, Float32Array.of(2, 0)), crossEntropy(logits, [2, 0]));
  const shares = [[0, 0, 1], [0.5, 0.5, 0]], classWeights = [1, 2, 3];
  await same(crossEntropy(logits, shares, { classWeights }), crossEntropy(logits, tensor(shares), { classWeights }));
  await same(crossEntropy(logits.at(0, 0), 2), crossEntropy(logits.slice(0, 0, 1), [2]));
  const truths = [[0, 1, 0], [1, 1, 0]];
  await same(binaryCrossEntropy(logits, truths), binaryCrossEntropy(logits, tensor(truths)));
  await same(meanSquaredError(logits, truths), meanSquaredError(logits, tensor(truths)));
  await same(klDivergence(logits, shares), klDivergence(logits, tensor(shares)));
  const texts = normal(6, 1, 2, 3);
  await same(
    policyGradientLoss(texts, [[1, 2]], [0.5]),
    policyGradientLoss(texts, ids([[1, 2]]), tensor([0.5])),
  );
});

onEveryBackend("models read lists of tokens and of masks", async () => {
  const small = { hiddenSize: 4, numHeads: 2, vocabSize: 8, contextLength: 8, numLayers: 1 };
  const gpt = new DecoderOnly(small, new Random(1)).eval(), mask = [[true, true, false]];
  await same(gpt.forward([[5, 6, 7]], { mask }), gpt.forward(ids([[5, 6, 7]]), { mask: tensor(mask) }));
  const translator = new EncoderDecoder(small, new Random(1)).eval();
  await same(
    translator.forward([[5, 6, 7]], [[1, 2]], { sourceMask: mask }),
    translator.forward(ids([[5, 6, 7]]), ids([[1, 2]]), { sourceMask: tensor(mask) }),
  );
  const memory = translator.encode([[5, 6, 7]], { mask });
  await same(
    translator.given(memory, mask).forward(ids([[1]])),
    translator.decode([[1]], memory, { sourceMask: tensor(mask) }),
  );
});

onEveryBackend("rows may be typed arrays, and rows of ids alone are ids", async () => {
  const rows = [Int32Array.of(5, 6, 7), Int32Array.of(1, 2, 3)];
  await same(tensor(rows), ids([[5, 6, 7], [1, 2, 3]]));
  await same(tensor([Float32Array.of(0.5, 1), Float64Array.of(2, 3)]), tensor([[0.5, 1], [2, 3]]));
  await same(tensor([Uint8Array.of(255), Uint8Array.of(0)]), tensor([[255], [0]]));
  await same(tensor([Int32Array.of(1), [2]] as never), tensor([[1], [2]]));
  await same(ones([2, 3]).add(rows), tensor([[6, 7, 8], [2, 3, 4]]));
  const gpt = new DecoderOnly(
    { hiddenSize: 4, numHeads: 2, vocabSize: 8, contextLength: 8, numLayers: 1 },
    new Random(1),
  );
  await same(gpt.forward(rows), gpt.forward([[5, 6, 7], [1, 2, 3]]));
});

onReference("what a list cannot stand for is refused in a sentence that names the argument", () => {
  const x = ones([2]), counts = full([2], 1, "int32"), mask = (value: unknown) => ({ mask: value as boolean[][] });
  const heads = ones([1, 1, 2, 2]);
  const add = (value: unknown): Tensor => x.add(value as TensorLike);
  const cases: readonly (readonly [call: () => unknown, sentence: string])[] = [
    [() => add([[1, 2], [3]]), "Cannot compute add with other of rows of lengths 2 and 1"],
    [() => add([1, [2]]), "Cannot compute add with other of rows of different depth"],
    [() => add([[1], 2]), "Cannot compute add with other of rows of different depth"],
    [() => add([new BigInt64Array(2)]), "with other of a BigInt64Array: numbers or booleans are needed"],
    [() => add([new Float32Array(2), new Float32Array(1)]), "with other of rows of lengths 2 and 1"],
    [() => add([new Float32Array(2), 1]), "with other of rows of different depth"],
    [() => add(["a"]), 'Cannot compute add with other of "a": numbers or booleans are needed'],
    [() => add([10n]), "Cannot compute add with other of 10n: numbers or booleans are needed"],
    [() => add([true, false]), "Cannot compute add with other of booleans: numbers are needed"],
    [() => add([1, true]), "Cannot compute add with other of booleans: numbers are needed"],
    [
      () => add(new Uint16Array(2) as never),
      "of a Uint16Array: a Float32Array, Float64Array, Int32Array or Uint8Array is needed",
    ],
    [() => add("a"), 'Cannot compute add with other = "a": other must be a Tensor or nested lists of numbers'],
    [
      () => add(undefined),
      "Cannot compute add with other = undefined: other must be a Tensor or nested lists of numbers",
    ],
    [() => add({ shape: [2] }), "Cannot compute add with other = an object"],
    [() => counts.add([0.5, 1]), "Cannot compute add with other of 0.5: integers in [-2147483648, 2147483647]"],
    [() => take(ones([3, 1]), [1, NaN]), "Cannot take rows with ids of NaN: integers in"],
    [() => take(ones([3, 1]), [2 ** 31]), "Cannot take rows with ids of 2147483648: integers in"],
    [() => take(ones([3, 1]), [0.5]), "Cannot take rows with ids of 0.5: integers in"],
    [() => crossEntropy(ones([2, 3]), [0.5, 1]), "Cannot measure a loss with targets of 0.5: integers in"],
    [
      () => scaledDotProductAttention(heads, heads, heads, mask([[1, 0]])),
      "Cannot attend with mask of numbers: true and",
    ],
    [() => scaledDotProductAttention(heads, heads, heads, mask("no")), "mask must be a Tensor or nested lists of true"],
    [() => concat([x, "a" as unknown as Tensor]), "tensors must be a list of tensors or nested lists"],
    [() => concat([x, [[1]]]), "Cannot join float32 [2], float32 [1, 1] along axis 0"],
    [() => tensor([1, true] as unknown as number[]), "Cannot make a tensor of numbers and booleans: name the dtype"],
  ];
  for (const [call, sentence] of cases) assertThrows(call, TypeError, sentence);
});

Deno.test("what is ragged or of two kinds does not compile", () => {
  const check = (_: TensorLike): void => {}, checkMask = (_: TensorLike<boolean>): void => {};
  check([[1, 2], [3, 4]]);
  checkMask([[true], [false]]);
  // @ts-expect-error rows of different depth
  check([1, [2]]);
  // @ts-expect-error a string is no number
  check(["a"]);
  // @ts-expect-error booleans where numbers are needed
  check([true]);
  // @ts-expect-error numbers where a mask is needed
  checkMask([[1, 0]]);
  // @ts-expect-error numbers where a mask is needed
  checkMask(new Float32Array(2));
  // @ts-expect-error two kinds
  checkMask([true, 1]);
});

onReference("tensor() takes bytes, such as the pixels of a canvas, as float32", async () => {
  for (const bytes of [new Uint8Array([0, 128, 255]), new Uint8ClampedArray([-5, 128, 300])]) {
    const x = tensor(bytes, [3, 1]);
    assertEquals([x.dtype, x.shape, [...await x.read()]], ["float32", [3, 1], [0, 128, 255]]);
    assertEquals([...await ones([3]).mul(bytes).read()], [0, 128, 255]);
  }
  assertEquals(tensor(new Uint8Array([1, 2]), [2], "int32").dtype, "int32");
});
