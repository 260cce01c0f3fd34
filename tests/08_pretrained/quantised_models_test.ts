/** A model whose weights stay in blocks, against what the library computes with the numbers they stand for. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { noGrad } from "../../core/engine/autograd.ts";
import { tensor } from "../../core/engine/create.ts";
import { backend } from "../../core/engine/device.ts";
import { withoutFusion } from "../../core/engine/fusable.ts";
import { packLevels } from "../../core/engine/levels.ts";
import { generate } from "../../core/07_generation/generate.ts";
import { fromPretrained } from "../../core/08_pretrained/architecture.ts";
import { bytesSource, type ModelSource } from "../../core/08_pretrained/files/mod.ts";
import { BLOCK_KINDS, blockLevels, unpackBlocks } from "../../core/08_pretrained/quantised_weights.ts";
import { assertClose, onEveryBackend } from "../support.ts";
import blocks from "../goldens/gguf_files.json" with { type: "json" };
import golden from "../goldens/quantised_models.json" with { type: "json" };

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const source = (): ModelSource => bytesSource(new Map([["small.gguf", bytesOf(golden.file)]]));
const [T, V] = [golden.logits.length, golden.logits[0]!.length];

onEveryBackend("blocks that are unpacked compute what the library computes", async () => {
  const model = await fromPretrained(source(), { weights: "float32" });
  const logits = noGrad(() => model.forward([golden.tokens])).squeeze(0);
  await assertClose(logits, tensor(golden.logits.flat(), [T, V]), { rtol: 5e-5, atol: 5e-5 });
});

onEveryBackend("blocks that are kept differ by the rounding of the rows alone", async () => {
  const model = await fromPretrained(source()), isKept = backend().levels !== undefined;
  const formats = [...model.packable().values()].map(({ format }) => format);
  assertEquals(new Set(formats), new Set(isKept ? ["Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1"] : [undefined]));
  const logits = await noGrad(() => model.forward([golden.tokens])).squeeze(0).read();
  const expected = golden.logits.flat(), mean = expected.reduce((a, b) => a + b) / expected.length;
  const deviation = Math.sqrt(expected.reduce((sum, x) => sum + (x - mean) ** 2, 0) / expected.length);
  const error = Math.sqrt(expected.reduce((sum, x, i) => sum + (x - logits[i]!) ** 2, 0) / expected.length);
  assert(error < (isKept ? 0.05 : 1e-5) * deviation && (!isKept || error > 1e-5 * deviation), `${error / deviation}`);
  const defined = await withoutFusion(() => noGrad(() => model.forward([golden.tokens]))).squeeze(0).read();
  await assertClose(logits, defined, { rtol: 0, atol: 1e-4 * deviation });
});

onEveryBackend("a model with kept blocks writes the same with a cache and without", async () => {
  const model = await fromPretrained(source()), prompt = golden.tokens.slice(0, 5);
  const { tokens } = await generate(model, prompt, { maxNewTokens: 8 });
  const text = [...prompt];
  for (let i = 0; i < 8; i++) {
    const logits = await noGrad(() => model.forward([text])).read(), last = logits.slice(-V);
    text.push(last.indexOf(Math.max(...last)));
  }
  assertEquals([...tokens], text.slice(5));
});

Deno.test("every kind of block is kept as it is unpacked", async () => {
  for (const kind of BLOCK_KINDS) {
    const bytes = bytesOf(blocks.blocks[kind as keyof typeof blocks.blocks].bytes), numbers = unpackBlocks(kind, bytes);
    const table = packLevels(blockLevels(kind, [1, numbers.length], bytes), true, backend());
    const kept = Float32Array.from(await table.read());
    assertEquals(kept.map((x) => x + 0), numbers.map((x) => x + 0), kind);
  }
});

Deno.test("bytes that are no matrix of blocks are refused", () => {
  const bytes = new Uint8Array(40);
  assertEquals(blockLevels("Q4_1", [2, 32], bytes).format, "Q4_1");
  assertThrows(
    () => blockLevels("Q4_1", [1, 32], bytes),
    RangeError,
    "rows must be whole blocks of 32 weights in 20 bytes",
  );
  assertThrows(() => blockLevels("Q4_1", [64], bytes), RangeError, "as a matrix of shape [64]");
  assertThrows(() => blockLevels("IQ2_S", [2, 32], bytes), RangeError, "Cannot keep blocks of IQ2_S");
});
