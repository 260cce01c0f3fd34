/**
 * # Heads that share keys and values
 *
 * Which query heads read which keys and values, with as many groups as heads, with fewer, and with one. The bytes are those of the
 * cache of one layer.
 *
 * @module
 */

import { MultiHeadAttention } from "../../core/04_attention/multi_head.ts";
import { cacheBytes } from "../../core/07_generation/kv_cache.ts";
import { Random } from "../../core/engine/random.ts";
import { el, label, px } from "../figures/svg.ts";
import type { Picture } from "../picture.ts";

const HEADS = 8, HEAD_SIZE = 64, LENGTH = 1024;

/** One way to share. */
interface Sharing {
  readonly name: string;
  readonly heads: number;
  readonly groups: number;
  /** Of the cache. */
  readonly bytes: number;
}

/** The picture. */
export const picture: Picture<readonly Sharing[]> = {
  alternative: (sharings, say) =>
    sharings.map(({ name, heads, groups, bytes }) =>
      `${say(name)}: ${heads} ${say("query heads")}, ${say("sets of keys and values:")} ${groups}, ${
        bytes / 2 ** 20
      } MiB.`
    ).join(" "),
  measure: () =>
    ([["multi-head", HEADS], ["grouped-query", 2], ["multi-query", 1]] as const).map(([name, numGroups]) => {
      const attention = new MultiHeadAttention(HEADS * HEAD_SIZE, HEADS, Random.none, { numGroups });
      return {
        name,
        heads: attention.numHeads,
        groups: attention.numGroups,
        bytes: cacheBytes({
          numLayers: 1,
          batchSize: 1,
          numGroups: attention.numGroups,
          length: LENGTH,
          headSize: HEAD_SIZE,
          bytesPerNumber: 4,
        }),
      };
    }),
  draw: ({ width, say }, sharings) => {
    const narrow = width < 500, box = narrow ? 20 : 22, pitch = box + (narrow ? 6 : 8), left = 84, parts: string[] = [];
    let y = 6;
    for (const { name, heads, groups, bytes } of sharings) {
      parts.push(
        label(`${say(name)}, G = ${groups}`, { class: "ink", x: 0, y: y + 10 }),
        label(say("queries"), { class: "small", x: 0, y: y + 34 }),
        label(say("keys, values"), { class: "small", x: 0, y: y + 84 }),
      );
      const middle = (group: number): number => left + ((group + 0.5) * heads / groups - 0.5) * pitch + box / 2;
      for (let h = 0; h < heads; h++) {
        const x = left + h * pitch, group = Math.floor(h * groups / heads);
        parts.push(
          el("path", { class: "flow", d: `M${px(x + box / 2)} ${px(y + 42)}L${px(middle(group))} ${px(y + 70)}` }),
          el("rect", { class: "cell on", x, y: y + 20, width: box, height: box, rx: 3 }),
        );
      }
      for (let g = 0; g < groups; g++) {
        parts.push(
          el("rect", {
            class: "cell on",
            opacity: ".45",
            x: middle(g) - box / 2,
            y: y + 70,
            width: box,
            height: box,
            rx: 3,
          }),
        );
      }
      parts.push(
        label(`${say("cache of a layer, 1024 positions:")} ${bytes / 2 ** 20} MiB`, {
          class: "small",
          x: left,
          y: y + 108,
        }),
      );
      y += 130;
    }
    return { width: Math.min(width, left + HEADS * pitch + 60), height: y - 14, parts };
  },
};
