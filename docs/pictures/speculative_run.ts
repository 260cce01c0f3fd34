/**
 * # Drafts on real text, shown
 *
 * @module
 */

import { fixed, number, percent } from "../../core/experiments/numbers.ts";
import type { RunFigures } from "../picture.ts";
import type { DraftResult, SpeculativeRun } from "../runs/speculative.ts";

const DRAFTS: Readonly<Record<DraftResult["draft"], string>> = {
  transformer: "smaller Transformer",
  ngrams: "n-gram model",
  text: "the text itself",
};

const WAYS = (temperature: number): Readonly<Record<DraftResult["way"], string>> => ({
  greedy: "greedy",
  sampling: "sampling",
  temperature: `sampling at temperature ${number(temperature)}`,
});

const lengthOf = (length: number): string => length > 0 ? String(length) : "adaptive";

/** The recorded run. */
export const run: RunFigures<SpeculativeRun> = {
  figures({ results, passages, given, written, rounds, temperature, order }) {
    const ways = WAYS(temperature);
    const lengths = [...new Set(results.map(({ length }) => length))];
    return [
      {
        kind: "bars",
        caption:
          `Tokens per call of the target, greedy search, by draft and number of proposals: ${passages} passages of ${given} tokens, each continued by ${written}.`,
        y: { title: "tokens per call" },
        bars: results.filter(({ way }) => way === "greedy").map(({ draft, length, tokensPerCall }) => ({
          group: DRAFTS[draft],
          label: lengthOf(length),
          value: tokensPerCall,
        })),
      },
      {
        kind: "table",
        isWide: true,
        caption:
          `How many times as fast as without a draft, median of ${rounds} rounds, and the fraction of proposals that is accepted. The n-gram model has order ${order}.`,
        columns: ["draft", "choice", ...lengths.map((length) => `${lengthOf(length)} proposals`)],
        rows: Object.entries(DRAFTS).flatMap(([draft, name]) =>
          Object.entries(ways).map(([way, called]) => [
            name,
            called,
            ...lengths.map((length) => {
              const found = results.find((one) => one.draft === draft && one.way === way && one.length === length)!;
              return `${fixed(found.speedup, 2)}× (${percent(found.accepted)})`;
            }),
          ])
        ),
      },
    ];
  },
  reading({ results, same, weights, temperature, alone, passages, written }) {
    const ways = WAYS(temperature);
    const best = results.reduce((a, b) => b.speedup > a.speedup ? b : a);
    const slower = results.filter(({ speedup }) => speedup < 1).length;
    return [
      `The fastest is ${DRAFTS[best.draft]} with ${lengthOf(best.length)} proposals, ${ways[best.way]}: ${
        fixed(best.speedup, 2)
      } times as fast, ${
        fixed(best.tokensPerCall, 2)
      } tokens per call. Of ${results.length} settings ${slower} are slower than no draft.`,
      `The target has ${number(weights[0])} weights and the smaller Transformer ${
        number(weights[1])
      }. Alone, the target writes ${number(passages * written / alone[0]!, 3)} tokens a second. ${
        same
          ? "Greedy search wrote the same text with every draft."
          : "Greedy search did not write the same text with every draft: where two tokens are equally probable up to rounding, rows that are computed together may be rounded differently."
      }`,
    ];
  },
};
