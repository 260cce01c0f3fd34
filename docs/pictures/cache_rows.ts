/**
 * # The cache, row by row
 *
 * One row for each position, one column for each key. A prompt is computed in one pass, then one row at a time; the numbers are those
 * of a cache that the same positions were appended to.
 *
 * @module
 */

import { causalMask } from "../../core/04_attention/masks.ts";
import { KeyValueCache } from "../../core/07_generation/kv_cache.ts";
import { zeros } from "../../core/engine/create.ts";
import { scope } from "../../core/engine/scope.ts";
import { readMatrix } from "../../core/experiments/reading.ts";
import { el, label, px, textWidth, tip } from "../figures/svg.ts";
import type { Picture } from "../picture.ts";

/** The text of the notes: the first tokens are the prompt. */
const TOKENS = ["从前", "有", "座", "山", "，", "山", "上"], PROMPT = 4;

/** How strong what is read from the cache is drawn. */
const FAINT = ".4";

/** A pass through the model. */
interface Pass {
  /** The first of its positions, and the one behind its last. */
  readonly from: number;
  readonly to: number;
  /** Keys and values remembered afterwards. */
  readonly remembered: number;
}

/** What is drawn. */
interface Rows {
  readonly passes: readonly Pass[];
  /** Whether a query may look at a key. */
  readonly allowed: readonly (readonly boolean[])[];
  /** Positions that pass through the model, with the cache and without. */
  readonly positions: readonly [number, number];
}

/** Feeds the prompt, then one token at a time, and asks the cache how long it is. */
async function rowsOf(): Promise<Rows> {
  const cache = new KeyValueCache(), passes: Pass[] = [];
  for (let from = 0; from < TOKENS.length;) {
    const to = from === 0 ? PROMPT : from + 1;
    scope(() => {
      const positions = zeros([1, 1, to - from, 1]);
      cache.append(positions, positions);
    });
    passes.push({ from, to, remembered: cache.length });
    from = to;
  }
  const rows = await readMatrix(zeros([TOKENS.length, TOKENS.length]).where(causalMask(TOKENS.length), 1));
  const sum = (count: (pass: Pass) => number): number => passes.reduce((total, pass) => total + count(pass), 0);
  return {
    passes,
    allowed: rows.map((row) => row.map((one) => one === 0)),
    positions: [sum(({ from, to }) => to - from), sum(({ to }) => to)],
  };
}

/** The picture. */
export const picture: Picture<Rows> = {
  alternative: ({ passes, positions: [kept, again] }, say) =>
    passes.map(({ from, to, remembered }) =>
      `${say(from === 0 ? "Prefill" : "Decode")}: ${TOKENS.slice(from, to).join(" ")}, ${from} ${
        say("keys read from the cache")
      }, ${remembered} ${say("remembered")}.`
    ).join(" ") + ` ${say("Positions computed:")} ${kept}; ${say("without a cache:")} ${again}.`,
  measure: rowsOf,
  draw: ({ width, say }, { passes, allowed, positions: [kept, again] }) => {
    const narrow = width < 500, cell = narrow ? 19 : 24, left = narrow ? 92 : 128, top = 34, gap = 10;
    const parts: string[] = [], right = left + TOKENS.length * cell + 10;
    TOKENS.forEach((text, s) =>
      parts.push(
        label(text, {
          class: "small",
          x: left + (s + 0.5) * cell - 1,
          y: top - 8,
          "text-anchor": "middle",
          lang: "zh",
        }),
      )
    );
    parts.push(label(say("keys and values"), { class: "axis", x: left, y: 10 }));
    let y = top;
    passes.forEach(({ from, to, remembered }) => {
      const start = y;
      for (let t = from; t < to; t++, y += cell) {
        parts.push(label(TOKENS[t]!, { x: left - 8, y: y + cell / 2 + 4, "text-anchor": "end", lang: "zh" }));
        allowed[t]!.forEach((sees, s) => {
          const kind = sees ? "cell on" : "cell", opacity = sees && s < from ? FAINT : undefined;
          const what = !sees ? "not there yet" : s < from ? "read from the cache" : "computed in this pass";
          parts.push(
            el(
              "rect",
              { class: kind, opacity, x: left + s * cell, y, width: cell - 2, height: cell - 2 },
              tip(`${TOKENS[s]}: ${say(what)}`),
            ),
          );
        });
      }
      const middle = (start + y) / 2;
      parts.push(
        el("path", { class: "flow", d: `M${px(left - (narrow ? 38 : 46))} ${px(start + 2)}h-5V${px(y - 4)}h5` }),
        label(say(from === 0 ? "prefill" : "decode"), { class: "axis", x: 0, y: middle + 3 }),
        label(narrow ? String(remembered) : `${remembered} ${say("remembered")}`, {
          class: "small",
          x: right,
          y: y - cell / 2 + 3,
        }),
      );
      y += gap;
    });
    const key = [[undefined, "computed in this pass"], [FAINT, "read from the cache"]] as const;
    let x = 0;
    y += 6;
    for (const [opacity, text] of key) {
      parts.push(
        el("rect", { class: "cell on", opacity, x, y, width: 12, height: 12 }),
        label(say(text), { class: "small", x: x + 18, y: y + 10 }),
      );
      x += 18 + textWidth(say(text), { size: 11 }) + 20;
    }
    y += 30;
    parts.push(label(`${say("positions computed:")} ${kept}; ${say("without a cache:")} ${again}`, { x: 0, y }));
    return { width: Math.min(width, narrow ? width : 440), height: y + 6, parts };
  },
};
