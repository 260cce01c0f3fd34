/**
 * # A beam in banks
 *
 * The worked example of required words, with two beams and with three: which prefixes are kept after each step, in the bank of what is missing from them.
 *
 * @module
 */

import { constrainedBeamSearch, neededTokens } from "../../core/07_generation/constraints/required_words.ts";
import { el, label, px, textWidth } from "../figures/svg.ts";
import type { Picture } from "../picture.ts";

/** The words of the example, and how probable each is after the last one. */
const WORDS = ["END", "walk", "slow", "climb", "ascent"], END = 0;
const NEXT: Readonly<Record<string, readonly number[]>> = {
  "": [0, 0.7, 0.2, 0.1, 0],
  walk: [0.98, 0, 0, 0.01, 0.01],
  slow: [0, 0.3, 0, 0, 0.7],
};
const CERTAIN = [1, 0, 0, 0, 0], REQUIRED = [[[3], [4]]], WIDTHS = [2, 3], STEPS = 2;

/** A prefix or a finished sentence after a step. */
interface Kept {
  readonly words: string;
  readonly probability: number;
  readonly missing: number;
  readonly finished: boolean;
}

/** What a beam of some width keeps, step by step. */
interface Search {
  readonly numBeams: number;
  readonly steps: readonly (readonly Kept[])[];
  readonly best: string;
}

function searchOf(numBeams: number): Search {
  const beam = constrainedBeamSearch({ numBeams, requiredWords: REQUIRED }).begin({ maxNewTokens: 4, eosToken: END });
  const steps: Kept[][] = [];
  const spell = (tokens: readonly number[]): string => tokens.map((token) => WORDS[token]!).join(" ");
  while (beam.live.length > 0) {
    const before = beam.results.map(({ tokens }) => spell(tokens));
    beam.extend(beam.live.map(({ tokens }) => (NEXT[spell(tokens.slice(-1))] ?? CERTAIN).map(Math.log)));
    const kept = (tokens: readonly number[], logProbability: number, finished: boolean): Kept => ({
      words: spell(tokens),
      probability: Math.exp(logProbability),
      missing: neededTokens(REQUIRED, tokens),
      finished,
    });
    steps.push([
      ...beam.live.map(({ tokens, logProbability }) => kept(tokens, logProbability, false)),
      ...beam.results.filter(({ tokens }) => !before.includes(spell(tokens)))
        .map(({ tokens, logProbability }) => kept(tokens, logProbability, true)),
    ]);
  }
  return { numBeams, steps: steps.slice(0, STEPS), best: spell(beam.results[0]!.tokens) };
}

const ROW = 22, HEAD = 44, GAP = 22;

/** The picture. */
export const picture: Picture<readonly Search[]> = {
  alternative: (searches, say) =>
    searches.map(({ numBeams, steps }) =>
      `${say("Beams:")} ${numBeams}. ` +
      steps.map((step, i) =>
        `${say("Step")} ${i + 1}: ${
          step.map(({ words, probability, missing }) =>
            `${words} ${probability.toFixed(3)}, ${say("missing")} ${missing}`
          )
            .join("; ")
        }.`
      ).join(" ")
    ).join(" "),
  measure: () => WIDTHS.map(searchOf),
  draw: ({ width, say }, searches) => {
    const names = width < 400 ? 70 : 84, column = (width - names) / STEPS, parts: string[] = [];
    let top = 0;
    for (const { numBeams, steps, best } of searches) {
      const banks = [1, 0].map((missing) => ({
        missing,
        rows: Math.max(1, ...steps.map((step) => step.filter((one) => one.missing === missing).length)),
      }));
      parts.push(label(`${say("constrained beams")}, W = ${numBeams}`, { class: "axis", x: 0, y: top + 12 }));
      steps.forEach((_, i) =>
        parts.push(label(`${say("step")} ${i + 1}`, { class: "name", x: names + i * column, y: top + HEAD - 12 }))
      );
      let y = top + HEAD;
      for (const { missing, rows } of banks) {
        parts.push(
          el("path", { class: "rule", d: `M0 ${px(y - 4)}H${px(width)}` }),
          label(`${missing} ${say("missing")}`, { class: "name", x: 0, y: y + ROW / 2 + 4 }),
        );
        steps.forEach((step, i) =>
          step.filter((one) => one.missing === missing).forEach(({ words, probability, finished }, j) => {
            const x = names + i * column,
              at = y + (j + 0.5) * ROW + 4,
              isBest = words === best && i === steps.length - 1;
            const text = finished ? `${words} ■` : words;
            parts.push(
              el("text", { class: "ink", x, y: at, "font-weight": isBest ? 620 : undefined }, text),
              label(probability.toFixed(3), { class: "value", x: x + textWidth(text) + 10, y: at }),
            );
          })
        );
        y += rows * ROW + 8;
      }
      top = y + GAP - 8;
    }
    return { width, height: top - GAP + 8, parts };
  },
};
