/**
 * # Features, score, decision
 *
 * The words of a text, the points of those that rules know, what reverses them, the sum and the answer.
 *
 * @module
 */

import {
  decide,
  type Feature,
  findFeatures,
  scoreFeatures,
  splitText,
} from "../../core/01_introduction/rule_based_classifier.ts";
import { el, label, textWidth } from "../figures/svg.ts";
import type { Picture } from "../picture.ts";

const TEXT = "The soup was not good, but the cake was great";
const RULES = {
  tokenize: splitText,
  points: { good: 1, great: 2, boring: -2 },
  factors: { not: -1 },
  reach: 3,
  contrasts: ["but"],
  concession: 0.5,
};

/** What is drawn. */
interface Steps {
  readonly words: readonly string[];
  readonly features: readonly Feature[];
  readonly sum: number;
  readonly answer: string;
}

const signed = (value: number): string => String(value).replace("-", "−");

/** The picture. */
export const picture: Picture<Steps> = {
  alternative: ({ words, features, sum, answer }, say) =>
    `${words.join(" ")}. ` +
    features.map(({ phrase, points, value, because }) =>
      `${phrase}: ${signed(points)} → ${signed(value)} (${because.join(", ")})`
    ).join("; ") + `. ${say("score")} ${signed(sum)}: ${say(answer)}.`,
  measure() {
    const features = findFeatures(TEXT, RULES), sum = scoreFeatures(features);
    return {
      words: splitText(TEXT),
      features,
      sum,
      answer: decide(sum, [-0.5, 0.5], ["negative", "neutral", "positive"]),
    };
  },
  draw: ({ width, say }, { words, features, sum, answer }) => {
    const parts: string[] = [], places: number[] = [], lines: number[] = [];
    let x = 0, line = 0;
    for (const word of words) {
      const size = textWidth(word) + 10;
      if (x + size > Math.min(width, 420)) [x, line] = [0, line + 1];
      places.push(x + size / 2);
      lines.push(line);
      const feature = features.find(({ at, phrase }) => words[at] === word && phrase === word);
      const modifies = features.some(({ because }) => because.includes(word));
      const y = 18 + line * 74;
      if (feature || modifies) {
        parts.push(el("rect", { class: feature ? "cell" : "frame", x, y: y - 14, width: size, height: 20, rx: 3 }));
      }
      parts.push(label(word, { class: "ink", x: x + 5, y }));
      if (feature) {
        parts.push(label(`${signed(feature.points)} → ${signed(feature.value)}`, {
          class: "small ink",
          x: x + size / 2,
          y: y + 24,
          "text-anchor": "middle",
        }));
        parts.push(label(feature.because.map((one) => say(one)).join(", "), {
          class: "small",
          x: x + size / 2,
          y: y + 38,
          "text-anchor": "middle",
        }));
      }
      x += size + 2;
    }
    const y = 18 + line * 74 + 68;
    const added = features.map(({ value }) => value < 0 ? `(${signed(value)})` : signed(value)).join(" + ");
    parts.push(label(`${say("score")}  ${added} = ${signed(sum)}`, { class: "ink", x: 5, y }));
    parts.push(label(`${say("decision")}  ${signed(sum)} ≥ 0.5: ${say(answer)}`, { class: "ink", x: 5, y: y + 22 }));
    return { width: Math.min(width, 430), height: y + 32, parts };
  },
};
