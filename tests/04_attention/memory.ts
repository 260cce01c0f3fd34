/** The plainest memory of keys and values: everything is copied at every step. */

import type { KeyValueMemory } from "../../core/04_attention/multi_head.ts";
import { concat } from "../../core/engine/joining.ts";
import type { Tensor } from "../../core/engine/tensor.ts";

interface Contents {
  readonly key: Tensor;
  readonly value: Tensor;
}

/** What section 7.11 does in place, by joining. */
export class PlainMemory implements KeyValueMemory {
  #contents: Contents | undefined;

  get length(): number {
    return this.#contents?.key.shape[2] ?? 0;
  }

  append(key: Tensor, value: Tensor): Contents {
    const before = this.#contents;
    return this.#contents = before
      ? { key: concat([before.key, key], 2), value: concat([before.value, value], 2) }
      : { key, value };
  }

  contents(): Contents {
    if (!this.#contents) throw new TypeError("Cannot read an empty memory");
    return this.#contents;
  }
}
