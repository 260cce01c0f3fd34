/**
 * # A window of word2vec
 *
 * One sentence twice: the word in the centre predicts its neighbours, and the mean of the neighbours predicts it.
 *
 * @module
 */

import { el, label, px } from "../figures/svg.ts";
import type { Picture } from "../picture.ts";

const WORDS = ["we", "drink", "hot", "tea", "at", "home"], CENTRE = 3, REACH = 2;

/** The picture. */
export const picture: Picture = {
  alternative:
    "The sentence “we drink hot tea at home” twice, the window around “tea” shaded. In skip-gram an arrow leads from “tea” to each of drink, hot, at, home. " +
    "In CBOW an arrow leads from each of them to a mean, and from the mean to “tea”.",
  draw: ({ width, say }) => {
    const parts: string[] = [], step = width / WORDS.length, high = 26;
    const middle = (i: number): number => step * (i + .5);
    const isNear = (i: number): boolean => i !== CENTRE && Math.abs(i - CENTRE) <= REACH;
    const text = (words: string, x: number, y: number, kind: string): void =>
      void parts.push(label(words, { class: kind, x, y, "text-anchor": "middle" }));
    const row = (y: number): void =>
      WORDS.forEach((word, i) => {
        const on = i === CENTRE, wide = Math.min(step - 4, 74);
        if (on || isNear(i)) {
          parts.push(el("rect", {
            class: on ? "cell on" : "cell",
            opacity: on ? ".45" : "1",
            x: px(middle(i) - wide / 2),
            y,
            width: px(wide),
            height: high,
            rx: 4,
          }));
        }
        text(word, middle(i), y + 17.5, on || isNear(i) ? "ink" : "small");
      });
    const near = WORDS.flatMap((_, i) => isNear(i) ? [i] : []);
    const arrow = (from: readonly [number, number], to: readonly [number, number]): void => {
      const angle = Math.atan2(to[1] - from[1], to[0] - from[0]);
      const tip = (turn: number): string =>
        `${px(to[0] - 6 * Math.cos(angle + turn))} ${px(to[1] - 6 * Math.sin(angle + turn))}`;
      parts.push(el("path", {
        class: "flow",
        d: `M${px(from[0])} ${px(from[1])}L${px(to[0])} ${px(to[1])}M${tip(.5)}L${px(to[0])} ${px(to[1])}L${tip(-.5)}`,
      }));
    };
    // Skip-gram: the sentence, and what is predicted below it.
    parts.push(label(say("skip-gram"), { class: "ink", x: 0, y: 12 }));
    row(22);
    for (const i of near) {
      arrow([middle(CENTRE), 22 + high], [middle(i), 92]);
      text(WORDS[i]!, middle(i), 107, "ink");
    }
    // CBOW: the neighbours, their mean, the centre.
    const top = 128;
    parts.push(label("CBOW", { class: "ink", x: 0, y: top }));
    row(top + 10);
    for (const i of near) arrow([middle(i), top + 10 + high], [middle(CENTRE), top + 74]);
    text(say("mean"), middle(CENTRE), top + 89, "small");
    arrow([middle(CENTRE), top + 95], [middle(CENTRE), top + 117]);
    text(WORDS[CENTRE]!, middle(CENTRE), top + 132, "ink");
    return { width, height: top + 138, parts };
  },
};
