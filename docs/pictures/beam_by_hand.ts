/**
 * # A beam as it prunes
 *
 * The worked example of greedy and beam search as two trees: one beam, and two. The prefixes are ranked by the library.
 *
 * @module
 */

import { beamStep, type Prefix } from "../../core/07_generation/greedy_and_beam.ts";
import { type Attributes, el, escape, label, px, textWidth, tint, tip } from "../figures/svg.ts";
import type { Canvas, Picture } from "../picture.ts";

/** The words of the example, and how probable each is after each prefix. */
const WORDS = ["sat", "ran", "away", "END"], END = 3;
const NEXT: Readonly<Record<string, readonly number[]>> = {
  "": [0.5, 0.4, 0.1, 0],
  "sat": [0.3, 0, 0.36, 0.34],
  "ran": [0, 0.02, 0.48, 0.5],
  "sat away": [0, 0, 0.2, 0.8],
  "ran away": [0, 0, 0.2, 0.8],
};
const PROMPT = "The cat", STEPS = 3;

/** A prefix that was ranked. */
interface Ranked {
  readonly words: readonly string[];
  readonly logProbability: number;
  readonly kept: boolean;
}

/** What a beam of some width ranks, step by step, best first. */
interface Search {
  readonly numBeams: number;
  readonly steps: readonly (readonly Ranked[])[];
}

const spell = ({ tokens }: Prefix): string[] => tokens.map((token) => WORDS[token]!);

function searchOf(numBeams: number): Search {
  let beam: readonly Prefix[] = [{ tokens: [], logProbability: 0 }];
  const steps = Array.from({ length: STEPS }, () => {
    const rows = beam.map((prefix) => NEXT[spell(prefix).join(" ")]!.map(Math.log));
    const ranked = beamStep(beam, rows, numBeams * WORDS.length);
    beam = ranked.slice(0, numBeams).filter(({ tokens }) => tokens.at(-1) !== END);
    return ranked.map((prefix, place): Ranked => ({
      words: spell(prefix),
      logProbability: prefix.logProbability,
      kept: place < numBeams,
    }));
  });
  return { numBeams, steps };
}

const ROW = 21, HEAD = 26, GAP = 16;

/** The most probable sentence that a search finished. */
const bestOf = ({ steps }: Search): Ranked =>
  steps.flat().filter(({ words, kept }) => kept && words.at(-1) === WORDS[END])
    .reduce((best, one) => one.logProbability > best.logProbability ? one : best);

/** How a prefix is drawn: the best sentence, another one in the beam, or pruned. */
type Look = "best" | "kept" | "pruned";

const LINES: Readonly<Record<Look, Attributes>> = {
  best: { class: "s1", "stroke-width": 2.5 },
  kept: { class: "s2", "stroke-width": 1.5 },
  pruned: { class: "s2", "stroke-dasharray": "3 3" },
};

const line = (look: Look, d: string): string => el("path", { ...LINES[look], fill: "none", stroke: "currentColor", d });

/** A branch from one place to another; a pruned one ends in a cross stroke. */
function branch(x: number, y: number, toX: number, toY: number, look: Look): string {
  const r = y === toY ? 0 : 6, trunk = toX - 18;
  const path = y === toY
    ? `M${px(x)} ${px(y)}H${px(toX)}`
    : `M${px(trunk)} ${px(y)}V${px(toY - r)}q0 ${r} ${r} ${r}H${px(toX)}`;
  return line(look, path) + (look === "pruned" ? line("kept", `M${px(toX - 7)} ${px(toY - 4)}v8`) : "");
}

/** One search as a tree. */
function tree(
  search: Search,
  y: number,
  canvas: Canvas,
): { readonly parts: string[]; readonly height: number } {
  const { numBeams, steps } = search, { width, say } = canvas, parts: string[] = [];
  // On a phone the prompt stands in the line above.
  const isNarrow = width < 400, starts = isNarrow ? [0, 22, 118, 224] : [0, 114, 250, 385];
  const best = bestOf(search).words.join(" ");
  const write = (ranked: Ranked | undefined, x: number, y: number, text: string, look: Look): number => {
    const value = ranked ? ranked.logProbability.toFixed(3).replace("-", "−") : "", end = x + textWidth(text) + 6;
    parts.push(el(
      "g",
      { opacity: look === "pruned" ? ".75" : undefined },
      el(
        "text",
        { class: look === "pruned" ? undefined : "ink", x, y: y + 4 },
        look === "best" ? el("tspan", { "font-weight": 620 }, escape(text)) : escape(text),
      ),
      ranked ? el("g", tint(canvas, "\\log P", 0), label(value, { class: "name", x: end, y: y + 4 })) : "",
      ranked ? tip(`${ranked.words.join(" ")}: ${value}, ${say(look)}`) : "",
    ));
    return ranked ? end + textWidth(value) : end - 6;
  };
  const title = numBeams === 1 ? say("greedy search, W = 1") : `${say("beam search")}, W = ${numBeams}`;
  parts.push(label(isNarrow ? `${title}: ${PROMPT} …` : title, { class: "axis", x: 0, y: y + 12 }));
  let row = 0;
  const grow = (prefix: readonly string[], x: number, fromY: number): void => {
    const depth = prefix.length;
    const next = steps[depth]?.filter(({ words }) => words.slice(0, -1).join(" ") === prefix.join(" ")) ?? [];
    next.forEach((one, i) => {
      if (i > 0) row++;
      const at = y + HEAD + (row + 0.5) * ROW, text = one.words.join(" ");
      const look = best.startsWith(text) && one.kept ? "best" : one.kept ? "kept" : "pruned", left = starts[depth + 1]!;
      parts.push(branch(x + 6, fromY, left - 5, at, look));
      const end = write(one, left, at, one.words.at(-1)!, look);
      if (one.kept) grow(one.words, end, at);
    });
  };
  const first = y + HEAD + 0.5 * ROW;
  grow([], write(undefined, 0, first, isNarrow ? "" : PROMPT, "kept"), first);
  return { parts, height: HEAD + (row + 1) * ROW };
}

/** The picture. */
export const picture: Picture<readonly Search[]> = {
  alternative: (searches, say) =>
    searches.map(({ numBeams, steps }) =>
      `${say("Beams:")} ${numBeams}. ` +
      steps.map((step, i) =>
        `${say("Step")} ${i + 1}: ${
          step.map(({ words, logProbability, kept }) =>
            `${words.join(" ")} ${logProbability.toFixed(3)} ${say(kept ? "kept" : "pruned")}`
          ).join(", ")
        }.`
      ).join(" ")
    ).join(" "),
  measure: () => [1, 2].map(searchOf),
  draw: (canvas, searches) => {
    const { width, say } = canvas, parts: string[] = [];
    let y = 0;
    for (const search of searches) {
      const drawn = tree(search, y, canvas);
      parts.push(...drawn.parts);
      y += drawn.height + GAP;
    }
    let x = 0;
    for (const [look, text] of [["best", "result"], ["kept", "kept"], ["pruned", "pruned"]] as const) {
      parts.push(branch(x, y + 6, x + 28, y + 6, look), label(say(text), { class: "small", x: x + 34, y: y + 10 }));
      x += 34 + textWidth(say(text), { size: 11 }) + 22;
    }
    return { width: Math.min(width, 520), height: y + 16, parts };
  },
};
