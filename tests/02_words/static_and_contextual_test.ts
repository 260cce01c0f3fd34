import { assertAlmostEquals, assertEquals, assertGreater, assertThrows } from "@std/assert";
import { cosineMatrix, occurrencesOf, selfSimilarity, windowMeans } from "../../core/02_words/static_and_contextual.ts";
import { cosine } from "../../core/02_words/word2vec/mod.ts";
import { tensor, zeros } from "../../core/engine/create.ts";
import { assertClose, normal, onEveryBackend } from "../support.ts";

onEveryBackend("windowMeans() averages each word with its neighbours", async () => {
  const x = tensor([[1, 0], [0, 1], [4, 4], [2, 6]]);
  await assertClose(windowMeans(x, 0), x, { tolerance: 0 });
  await assertClose(windowMeans(x, 1), [[0.5, 0.5], [5 / 3, 5 / 3], [2, 11 / 3], [3, 5]], { rtol: 1e-6 });
  await assertClose(windowMeans(x, 9), Array.from({ length: 4 }, () => [7 / 4, 11 / 4]), { rtol: 1e-6 });
  assertEquals(windowMeans(zeros([0, 3]), 1).shape, [0, 3]);
});

onEveryBackend("cosineMatrix() has the cosines of all pairs", async () => {
  const a = normal(1, 5, 7), b = normal(2, 3, 7), x = await a.read(), y = await b.read();
  const expected = Array.from(
    { length: 5 },
    (_, i) => Array.from({ length: 3 }, (_, j) => cosine(x.slice(7 * i, 7 * i + 7), y.slice(7 * j, 7 * j + 7))),
  );
  await assertClose(cosineMatrix(a, b), expected, { rtol: 1e-4, atol: 1e-5 });
  await assertClose(cosineMatrix(tensor([[0, 0]]), tensor([[1, 1]])), [[0]]);
});

onEveryBackend("occurrencesOf() finds a word wherever it stands, and not in padding", async () => {
  const states = tensor([[[1, 1], [2, 2], [3, 3]], [[4, 4], [5, 5], [6, 6]]]);
  await assertClose(occurrencesOf(states, [[7, 0, 7], [0]], 0), [[2, 2], [4, 4]], { tolerance: 0 });
  assertThrows(() => occurrencesOf(states, [[1], [2]], 3), RangeError, "Cannot find token 3 in 2 sentences");
  assertThrows(() => occurrencesOf(states, [[1, 2, 3, 4], [2]], 2), RangeError, "a sentence of 4 tokens");
});

onEveryBackend("selfSimilarity() is the mean cosine of all pairs", async () => {
  const x = normal(3, 6, 4), all = await cosineMatrix(x, x).read();
  let sum = 0;
  for (let i = 0; i < 6; i++) for (let j = 0; j < i; j++) sum += all[6 * i + j]!;
  assertAlmostEquals(await selfSimilarity(x).item(), sum / 15, 1e-5);
  assertAlmostEquals(await selfSimilarity(tensor([[1, 2], [1, 2], [3, 6]])).item(), 1, 1e-5);
  assertThrows(() => selfSimilarity(tensor([[1, 2]])), RangeError, "Cannot compare 1 vectors");
});

Deno.test("selfSimilarity() is that of all words where a cone is narrow", async () => {
  // Different words, all with the same large part.
  const words = normal(4, 20, 8), cone = words.add(tensor([30, 0, 0, 0, 0, 0, 0, 0]));
  assertGreater(await selfSimilarity(cone).item(), 0.95);
  assertAlmostEquals(await selfSimilarity(words).item(), 0, 0.1);
});
