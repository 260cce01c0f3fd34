/**
 * # A cache, timed, shown
 *
 * @module
 */

import { fixed, number } from "../../core/experiments/numbers.ts";
import type { RunFigures } from "../picture.ts";
import type { CacheRun } from "../runs/kv_cache.ts";

/** The recorded run. */
export const run: RunFigures<CacheRun> = {
  before: ({ training }) => training,
  figures: ({ decode, prefill, rounds, block, prompt }) => [
    {
      kind: "line",
      caption: `Milliseconds of one token, by the length of the text: means of ${
        number(block)
      } tokens, each the median of ${number(rounds)} passes.`,
      x: { title: "tokens of the text" },
      y: { title: "milliseconds" },
      series: [
        { label: "without a cache", points: decode.map(({ length, plain }): [number, number] => [length, plain]) },
        { label: "with a cache", points: decode.map(({ length, cached }): [number, number] => [length, cached]) },
      ],
    },
    {
      kind: "line",
      caption: "Prefill: milliseconds of one pass over a whole prompt.",
      x: { title: "tokens of the prompt" },
      y: { title: "milliseconds" },
      series: [
        {
          label: "one pass",
          points: prefill.map(({ tokens, milliseconds }): [number, number] => [tokens, milliseconds]),
        },
      ],
    },
    {
      kind: "table",
      isWide: true,
      caption: `The same text row by row. A row of decoding is one token at the end of ${
        number(block)
      }; what it computes is one position with a cache, and all of them without.`,
      columns: [
        "pass",
        "positions computed",
        "keys read from the cache",
        "bytes of the cache",
        "ms with a cache",
        "ms without",
      ],
      rows: [
        [
          `prefill of ${number(prompt)}`,
          number(prompt),
          "0",
          number(decode[0]!.bytes / decode[0]!.length * prompt),
          fixed(prefill.find(({ tokens }) => tokens === prompt)!.milliseconds, 2),
          fixed(prefill.find(({ tokens }) => tokens === prompt)!.milliseconds, 2),
        ],
        ...decode.filter((_, i) => i % 3 === 2 || i === 0).map(({ length, cached, plain, bytes }) => [
          `decode, token ${number(length)}`,
          "1",
          number(length - 1),
          number(bytes),
          fixed(cached, 2),
          fixed(plain, 2),
        ]),
      ],
    },
  ],
  reading({ decode, prefill, same, weights, numLayers, prompt, written }) {
    const first = decode[0]!, last = decode.at(-1)!, longest = prefill.at(-1)!, one = prefill[0]!;
    const sum = (of: "cached" | "plain"): number =>
      decode.reduce((total, step) => total + step[of], 0) / decode.length * written / 1000;
    return [
      `Without a cache the time of a token grows with the text, from ${fixed(first.plain, 1)} to ${
        fixed(last.plain, 1)
      } ms; with one it is ${fixed(first.cached, 2)} ms at first and ${fixed(last.cached, 2)} ms at the end. All ${
        number(written)
      } tokens after the prompt take ${fixed(sum("cached"), 2)} s and not ${fixed(sum("plain"), 2)} s: ${
        fixed(sum("plain") / sum("cached"), 1)
      } times as fast, and more the longer the text.`,
      `A prompt of ${number(longest.tokens)} tokens is read at ${
        fixed(longest.milliseconds / longest.tokens, 2)
      } ms a token, a single token takes ${
        fixed(one.milliseconds, 2)
      } ms: each weight that is loaded serves all positions of a pass. ${
        same
          ? "The most probable token was the same at every place, with the cache and without."
          : "The most probable token was not the same at every place: rows that are computed in another order are rounded differently."
      }`,
      `One core of a CPU, a Transformer of ${number(numLayers)} layers and ${
        number(weights)
      } weights, after a prompt of ${
        number(prompt)
      }. A larger model gains more, since more is computed for each position.`,
    ];
  },
};
