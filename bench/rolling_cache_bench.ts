/**
 * Steps of decoding with a rolling cache of 512 positions, and with caches that have grown to 512, 1,024, 2,048 and 4,096.
 *
 * The model has packed weights, the width of a small GPT and rotary positions; one thread. A rolling cache marks all its keys at each step, and moves its sinks; a cache that grows does neither,
 * and compares one more key at each step.
 */

import { rotary } from "../core/04_attention/positions/rotary.ts";
import { DecoderOnly } from "../core/05_transformer/decoder_only.ts";
import { KeyValueCache } from "../core/07_generation/kv_cache.ts";
import { RollingCache } from "../core/07_generation/windows_and_sinks.ts";
import { noGrad } from "../core/engine/autograd.ts";
import { setBackend } from "../core/engine/device.ts";
import { tensor } from "../core/engine/create.ts";
import { pack } from "../core/engine/inference.ts";
import { Random } from "../core/engine/random.ts";
import { scope } from "../core/engine/scope.ts";
import { createWasmDevice } from "../mod.ts";

setBackend(createWasmDevice({ threads: 1 }));

const SIZE = 512, STEPS = 8, LENGTHS = [512, 1024, 2048, 4096];
const sizes = { vocabSize: 1000, contextLength: 16_384, hiddenSize: 512, numHeads: 8, numLayers: 4 };
const model = pack(new DecoderOnly({ ...sizes, positions: rotary() }, new Random(1)));

/** Feeds tokens; returns once they are computed. */
async function feed(caches: readonly (KeyValueCache | RollingCache)[], count: number, steps: number): Promise<void> {
  for (let step = 0; step < steps; step++) {
    const logits = scope(() =>
      noGrad(() => model.forward(tensor(new Int32Array(count), [1, count]), { caches, lastOnly: true }).flatten())
    );
    await logits.slice(0, 0, 1).read();
  }
}

for (
  const [name, length, create] of [
    [`rolling, ${SIZE} positions, no sinks`, SIZE, () => new RollingCache({ size: SIZE, sinks: 0 })],
    [`rolling, ${SIZE} positions, 4 sinks`, SIZE, () => new RollingCache({ size: SIZE, sinks: 4 })],
    ...LENGTHS.map((length) => [`growing, from ${length} positions`, length, () => new KeyValueCache()] as const),
  ] as const
) {
  const caches = model.newCaches<KeyValueCache | RollingCache>(create);
  let isFull = false;
  Deno.bench({
    group: `${STEPS} steps of decoding, width 512, 4 layers`,
    name,
    n: 10,
    warmup: 2,
    fn: async () => {
      if (!isFull) await feed(caches, length, 1);
      isFull = true;
      await feed(caches, 1, STEPS);
    },
  });
}
