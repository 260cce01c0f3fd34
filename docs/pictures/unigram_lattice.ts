/**
 * # The lattice of *est*
 *
 * The worked example of unigram segmentation: five pieces, three paths from the start of the word to its end. The paths are found by the
 * library.
 *
 * @module
 */

import { type Segmentation, Unigram } from "../../core/02_words/unigram/mod.ts";
import { type Attributes, el, label, px, textWidth, tint, tip } from "../figures/svg.ts";
import type { Picture } from "../picture.ts";

const WORD = "est";
/** Pieces and probabilities, in the order of the example. */
const PIECES: Readonly<Record<string, number>> = { e: 0.3, s: 0.1, t: 0.2, es: 0.1, st: 0.15 };

/** What the library finds. */
interface Found {
  readonly ways: readonly Segmentation[];
  readonly total: number;
}

const TOP = 62, BASE = TOP + 12, FOOT = 62;

/** The picture. */
export const picture: Picture<Found> = {
  alternative: ({ ways, total }, say) =>
    `${say("Four places in a row, and between them an edge for each piece:")} ` +
    `${Object.entries(PIECES).map(([piece, p]) => `${piece} ${p}`).join(", ")}. ` +
    ways.map(({ pieces, logProbability }) => {
      const p = Math.exp(logProbability);
      return `${pieces.join(" ")}: ${p.toFixed(3)}, ${say("given the word")} ${(p / total).toFixed(3)}.`;
    }).join(" "),
  measure: () => {
    const vocabulary = new Unigram({
      pieces: Object.entries(PIECES).map(([piece, p]) => [piece, Math.log(p)]),
      specialTokens: { pad: "<pad>", begin: "<begin>", end: "<end>", unknown: "<unknown>" },
      byteFallback: false,
      prefixSpace: false,
      unknownPenalty: 10,
    });
    return { ways: vocabulary.nBest(WORD, 9), total: Math.exp(vocabulary.logProbability(WORD)) };
  },
  draw: (canvas, { ways, total }) => {
    const width = Math.min(canvas.width, 460), { say } = canvas, parts: string[] = [];
    const at = (place: number): number => 14 + place * (width - 28) / WORD.length;
    const best = ways[0]!.pieces, cuts = [0, ...best.map((_, i) => best.slice(0, i + 1).join("").length)];
    const isBest = (start: number, end: number): boolean =>
      cuts.includes(start) && cuts[cuts.indexOf(start) + 1] === end;

    for (let start = 0; start < WORD.length; start++) {
      for (let end = start + 1; end <= WORD.length; end++) {
        const piece = WORD.slice(start, end), p = PIECES[piece];
        if (p === undefined) continue;
        const long = end - start > 1,
          up = start === 0,
          from = at(start) + 6,
          to = at(end) - 6,
          middle = (from + to) / 2;
        // Two pieces of two letters cross: one bends up, the other one down.
        const bend = long ? (up ? -1 : 1) * 2 * FOOT * 0.74 : 0;
        const d = long
          ? `M${px(at(start))} ${px(BASE + Math.sign(bend) * 6)}Q${px(middle)} ${px(BASE + bend)} ${px(at(end))} ${
            px(BASE + Math.sign(bend) * 6)
          }`
          : `M${px(from)} ${px(BASE)}H${px(to)}`;
        const look: Attributes = isBest(start, end)
          ? { class: "s1", "stroke-width": 2.5 }
          : { class: "s2", "stroke-width": 1.2 };
        const text = `${piece}  ${p}`, y = long ? BASE + bend / 2 + (up ? -8 : 18) : BASE - 7;
        parts.push(
          el("path", { ...look, d, fill: "none", stroke: "currentColor" }),
          el(
            "g",
            tint(canvas, "p", 0),
            label(text, { class: "name", x: middle, y, "text-anchor": "middle" }),
            tip(`${piece}: ${p}`),
          ),
        );
      }
    }
    for (let place = 0; place <= WORD.length; place++) {
      parts.push(el("circle", { class: "s2", cx: at(place), cy: BASE, r: 5, fill: "currentColor" }));
    }

    let y = BASE + FOOT + 34;
    parts.push(
      label(say("segmentation"), { class: "axis", x: 0, y }),
      label(say("probability"), { class: "axis", x: width * 0.34, y }),
      label(say("given the word"), { class: "axis", x: width * 0.64, y }),
    );
    for (const [i, { pieces, logProbability }] of ways.entries()) {
      y += 20;
      const p = Math.exp(logProbability);
      const write = (text: string, x: number): string =>
        el("text", { class: "ink", x, y }, i === 0 ? el("tspan", { "font-weight": 620 }, text) : text);
      parts.push(
        write(pieces.join(" "), 0),
        write(p.toFixed(3), width * 0.34),
        write((p / total).toFixed(3), width * 0.64),
      );
    }
    return { width: Math.max(width, textWidth(say("segmentation"))), height: y + 8, parts };
  },
};
