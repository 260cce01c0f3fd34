import { assertEquals, assertThrows } from "@std/assert";
import { generate } from "../../core/07_generation/generate.ts";
import { cacheBytes, KeyValueCache, plainDecoding } from "../../core/07_generation/kv_cache.ts";
import { DecoderOnly } from "../../core/05_transformer/decoder_only.ts";
import { tensor, zeros } from "../../core/engine/create.ts";
import { withoutFusion } from "../../core/engine/fusable.ts";
import { roundEvenly } from "../../core/engine/records.ts";
import { noGrad } from "../../core/engine/autograd.ts";
import { scaledDotProductAttention } from "../../core/04_attention/scaled_dot_product.ts";
import { take } from "../../core/engine/indexing.ts";
import { concat } from "../../core/engine/joining.ts";
import { memory, scope } from "../../core/engine/scope.ts";
import { Random } from "../../core/engine/random.ts";
import { assertClose, normal, onEveryBackend, onItsOwnBackend, onReference } from "../support.ts";

const [B, G, D] = [3, 2, 4];

onEveryBackend("KeyValueCache() returns everything appended, in order", async () => {
  const cache = new KeyValueCache();
  const parts = [5, 1, 1, 20, 1, 64].map((T, i) => [normal(i, B, G, T, D), normal(i + 50, B, G, T, D)] as const);
  for (const [i, [key, value]] of parts.entries()) {
    const all = cache.append(key, value);
    await assertClose(all.key, concat(parts.slice(0, i + 1).map(([k]) => k), 2), { tolerance: 0 });
    await assertClose(all.value, concat(parts.slice(0, i + 1).map(([, v]) => v), 2), { tolerance: 0 });
  }
  assertEquals(cache.length, 92);
  cache.dispose();
});

onItsOwnBackend("KeyValueCache() grows by doubling and survives scopes", async () => {
  const cache = new KeyValueCache();
  const before = memory().tensors;
  const rooms = new Set<number>();
  for (let t = 0; t < 100; t++) {
    scope(() => cache.append(zeros([1, 1, 1, 2]).add(t), zeros([1, 1, 1, 2]).sub(t)));
    rooms.add(cache.room);
  }
  assertEquals([...rooms], [16, 32, 64, 128]);
  assertEquals(cache.bytes, 2 * 128 * 2 * 4);
  const { key, value } = cache.contents();
  await assertClose(key.slice(3, 0, 1).flatten(), Array.from({ length: 100 }, (_, t) => t));
  await assertClose(value.slice(3, 1, 2).flatten(), Array.from({ length: 100 }, (_, t) => -t));
  cache.dispose();
  assertEquals([cache.length, cache.bytes], [0, 0]);
  // Operands 0 … 99 are kept by the engine.
  assertEquals(memory().tensors <= before + 102, true);
});

onEveryBackend("reorder() repeats, drops and exchanges texts, and goes on in place", async () => {
  const cache = new KeyValueCache();
  const [key, value] = [normal(1, B, G, 5, D), normal(2, B, G, 5, D)];
  cache.append(key, value);
  let expected = key;
  for (const rows of [[0, 1, 2], [2, 0, 1], [1, 1, 0], [0, 0, 1, 1, 2, 2], [5, 0], [1]]) {
    cache.reorder(rows);
    const ids = tensor(Int32Array.from(rows));
    expected = take(expected, ids);
    await assertClose(cache.contents().key, expected, { tolerance: 0 });
    const next = normal(rows.length, rows.length, G, 1, D);
    expected = concat([expected, next], 2);
    await assertClose(cache.append(next, next).key, expected, { tolerance: 0 });
  }
  cache.dispose();
});

onReference("KeyValueCache() refuses what does not fit", () => {
  const cache = new KeyValueCache();
  cache.reorder([0, 1]);
  assertThrows(() => cache.contents(), TypeError, "before anything was appended");
  cache.append(zeros([B, G, 2, D]), zeros([B, G, 2, D]));
  assertThrows(
    () => cache.append(zeros([1, G, 1, D]), zeros([1, G, 1, D])),
    TypeError,
    "Cannot read shape [1, 2, 1, 4]",
  );
  assertThrows(
    () => cache.append(zeros([B, G, 1, D]), zeros([B, G, 2, D])),
    TypeError,
    "Cannot read shape [3, 2, 2, 4]",
  );
  assertThrows(() => cache.reorder([0, 3]), RangeError, "Cannot go on with text 3 of 3");
  assertEquals(cache.length, 2);
  cache.dispose();
});

Deno.test("cacheBytes() is the formula", () => {
  const llama = { numLayers: 32, numGroups: 32, headSize: 128, length: 4096 };
  assertEquals(cacheBytes(llama), 4 * 2 ** 30);
  assertEquals(cacheBytes({ ...llama, numGroups: 8, bytesPerNumber: 2, batchSize: 3 }), 3 * 2 ** 29);
});

onEveryBackend(
  "KeyValueCache() in int8 attends as to the rounded keys and values, by kernel and by definition",
  async () => {
    for (const D of [1, 7, 20, 64]) {
      for (const [H, T, S] of [[2, 1, 5], [6, 3, 70], [2, 12, 20]] as const) {
        const [query, key, value] = [normal(1, B, H, T, D), normal(2, B, G, S, D), normal(3, B, G, S, D)];
        const mask = tensor(Array.from({ length: B * S }, (_, i) => i % 5 !== 1), [B, 1, 1, S]);
        const cache = new KeyValueCache("int8"), [keys, values] = [roundEvenly(key), roundEvenly(value)];
        // In parts, so that there is room to spare.
        noGrad(() => cache.append(key.slice(2, 0, S - T), value.slice(2, 0, S - T)));
        const kept = noGrad(() => cache.append(key.slice(2, S - T, S), value.slice(2, S - T, S)));
        for (const options of [{ causal: true }, { mask, scale: 0.3 }, { mask, causal: true }]) {
          const attend = () => kept.attend ? kept.attend(query, options) : attention(kept, options);
          const attention = ({ key, value }: typeof kept, given: typeof options) =>
            scaledDotProductAttention(query, key, value, given);
          const wanted = attention({ key: keys, value: values }, options);
          await assertClose(attend(), wanted, { rtol: 1e-4, atol: 1e-5 });
          await assertClose(withoutFusion(attend), wanted, { rtol: 1e-4, atol: 1e-5 });
        }
        await assertClose(kept.key, keys, { tolerance: 0 });
        await assertClose(withoutFusion(() => roundEvenly(key)), keys, { tolerance: 0 });
        cache.dispose();
      }
    }
  },
);

onEveryBackend("KeyValueCache() in int8 follows its texts, joins its like and refuses others", async () => {
  const cache = new KeyValueCache("int8"), other = new KeyValueCache("int8"), plain = new KeyValueCache();
  const [key, value] = [normal(1, B, G, 5, D), normal(2, B, G, 5, D)];
  cache.append(key, value);
  other.append(key.slice(2, 0, 3), value.slice(2, 0, 3));
  cache.reorder([2, 0]);
  await assertClose(cache.contents().key, take(roundEvenly(key), tensor(Int32Array.of(2, 0))), { tolerance: 0 });
  cache.join(other);
  assertEquals(cache.contents().value.shape, [5, G, 5, D]);
  await assertClose(cache.contents().value.slice(0, 2).slice(2, 2, 5), roundEvenly(value).slice(2, 0, 3), {
    tolerance: 0,
  });
  cache.crop(4);
  assertEquals(cache.length, 4);
  plain.append(key, value);
  assertThrows(() => cache.join(plain), TypeError, "Cannot join texts kept as float32 to those kept as int8");
  assertThrows(() => new KeyValueCache("int4" as "int8"), TypeError);
  for (const each of [cache, other, plain]) each.dispose();
});

onEveryBackend("plainDecoding() writes what generate() writes, one position after the prompt", async () => {
  const sizes = { vocabSize: 13, hiddenSize: 16, numHeads: 2, numLayers: 2, contextLength: 24 };
  const model = new DecoderOnly(sizes, new Random(4)), prompt = [3, 1, 4, 1, 5];
  const { tokens, positions } = await plainDecoding(model, prompt, 8);
  assertEquals(tokens, (await generate(model, prompt, { maxNewTokens: 8 })).tokens);
  assertEquals(positions, [5, 1, 1, 1, 1, 1, 1, 1]);
});
