/**
 * # A stream longer than the context, shown
 *
 * @module
 */

import { fixed, number, percent } from "../../core/experiments/numbers.ts";
import type { RunFigures } from "../picture.ts";
import type { Memory, StreamResult, StreamRun } from "../runs/windows_and_sinks.ts";

/** What a memory is called. */
function nameOf(memory: Memory): string {
  if (memory === "grows") return "cache that grows";
  if (memory === "anew") return "window read anew for each token";
  if (memory === "slide") return "newer half read again";
  return memory === 0 ? "rolling, no sinks" : `rolling, ${memory} ${memory === 1 ? "sink" : "sinks"}`;
}

const perplexity = (nats: number): string => {
  const value = Math.exp(nats);
  return value < 100 ? fixed(value, 2) : number(value, 3);
};

function find(results: readonly StreamResult[], memory: Memory): StreamResult {
  return results.find((one) => one.memory === memory)!;
}

/** The recorded run. */
export const run: RunFigures<StreamRun> = {
  before: () => "deno run -A docs/runs/stream_model.ts --data input.txt --out model.safetensors",
  figures({ results, block, distances, asked, training: { context }, anew, stream }) {
    const drawn = results.filter(({ memory }) => memory === "grows" || memory === 0 || memory === 4);
    return [
      {
        kind: "line",
        caption: `Nats per letter along the stream, mean of each ${
          number(block)
        } tokens, rotary positions, trained on texts of ${context} tokens. The cache that grows ends with token ${
          number(find(results, "grows").tokens)
        }.`,
        x: { title: "tokens read" },
        y: { title: "nats per letter" },
        series: drawn.map(({ memory, blocks }) => ({
          label: nameOf(memory),
          points: blocks.map((nats, i): [number, number] => [(i + 1) * block, nats]),
          dashed: memory === "grows",
        })),
      },
      {
        kind: "line",
        caption: `Fraction of the signs that get more than half of the probability, by their distance: ${
          Math.min(...asked)
        } to ${Math.max(...asked)} questions each. The cache has ${context} places.`,
        x: { title: "tokens from the sign to the question", logarithmic: true },
        y: { title: "signs recalled", domain: [0, 1] },
        series: results.filter(({ memory }) => memory === 0 || memory === 4 || memory === "slide").map((
          { memory, recalled },
        ) => ({
          label: nameOf(memory),
          points: distances.map((distance, i): [number, number] => [distance, recalled[i]!]),
          dashed: memory === "slide",
        })),
      },
      {
        kind: "table",
        isWide: true,
        caption: `Perplexity of a letter, bytes of keys and values, and time: a stream of ${
          number(stream)
        } tokens. What takes too long was read in part, and all are compared on the first ${
          number(anew)
        } tokens as well.`,
        columns: [
          "memory",
          "tokens read",
          "perplexity",
          `of the first ${number(anew)}`,
          "kB",
          "CPU seconds per 1000",
        ],
        rows: results.map(({ memory, tokens, nats, begin, bytes, seconds }) => [
          nameOf(memory),
          number(tokens + 1),
          perplexity(nats),
          perplexity(begin),
          bytes > 0 ? number(Math.round(bytes / 1000)) : "–",
          fixed(seconds, 2),
        ]),
      },
    ];
  },
  reading({ results, first, distances, training: { context }, stream }) {
    const none = find(results, 0),
      four = find(results, 4),
      grows = find(results, "grows");
    const largest = Math.max(...first.flat()), equal = 1 / (0.75 * context);
    const beyond = (recalled: readonly number[]): number[] => recalled.filter((_, i) => distances[i]! > context);
    const within = (recalled: readonly number[]): number[] => recalled.filter((_, i) => distances[i]! < 0.75 * context);
    const ratio = Math.exp(none.nats - four.nats);
    const lost = [...beyond(none.recalled), ...beyond(four.recalled)];
    return [
      `Over ${number(stream)} tokens the rolling cache stays at ${
        number(Math.round(four.bytes / 1000))
      } kB. Its perplexity is ${perplexity(four.nats)} with four sinks and ${perplexity(none.nats)} without, ${
        ratio > 1.05
          ? `${fixed(ratio, 2)} times as much: the sinks are needed`
          : "which is hardly a difference: this small model does without sinks"
      }. No head puts more than ${fixed(largest, 2)} of its weight on the first token; equal weights would be ${
        fixed(equal, 3)
      }. Llama-2 with 13 billion weights is another matter: Xiao and others report a perplexity of 5158 for the window and of 5.40 with four sinks.`,
      `A cache that grows is past the trained length soon. Rotary positions that were never trained raise its perplexity to ${
        perplexity(grows.nats)
      }; its memory is ${number(grows.bytes / four.bytes, 2)} times as large by then.`,
      `Signs within three quarters of the window are recalled in ${
        percent(Math.min(...within(four.recalled)))
      } of the cases or more: the right sign gets more than half of the probability. Evicted ones are recalled in at most ${
        percent(Math.max(...lost))
      }, with sinks and without.`,
    ];
  },
};
