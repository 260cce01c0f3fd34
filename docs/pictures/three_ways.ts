/**
 * # Three ways from a text to an answer
 *
 * What goes in, what holds the knowledge, who put it there, what comes out.
 *
 * @module
 */

import { zeroShotPrompt } from "../../core/01_introduction/three_ways.ts";
import { el, label } from "../figures/svg.ts";
import type { Picture } from "../picture.ts";

/** A way: what goes in, what it meets, where that comes from. */
interface Way {
  readonly name: string;
  readonly input: readonly string[];
  readonly holder: string;
  readonly origin: string;
}

/** The picture. */
export const picture: Picture<readonly Way[]> = {
  alternative: (ways, say) =>
    ways.map(({ name, input, holder, origin }) =>
      `${say(name)}: ${input.join(" ")} → ${say(holder)} (${say(origin)}) → ${say("positive")}.`
    )
      .join(" "),
  measure() {
    const text = "I love it.",
      prompt = zeroShotPrompt(text, { labels: ["positive", "negative"], input: "Review:", output: "Mood:" });
    return [
      { name: "rules", input: [text], holder: "a table of points", origin: "written by a person" },
      { name: "training", input: [text], holder: "weights", origin: "found from labelled texts" },
      {
        name: "prompting",
        input: prompt.split("\n"),
        holder: "a language model",
        origin: "trained before, not changed",
      },
    ];
  },
  draw: ({ width, say }, ways) => {
    const narrow = width < 500, wide = narrow ? 138 : 190, parts: string[] = [], step = 84;
    const middle = narrow ? 114 : 150, end = middle + wide + (narrow ? 20 : 26), shaft = narrow ? 8 : 18;
    ways.forEach(({ name, input, holder, origin }, i) => {
      const y = 14 + i * step;
      parts.push(label(say(name), { class: "ink group", x: 0, y: y + 4 }));
      input.forEach((line, n) => parts.push(label(line, { class: "small", x: 0, y: y + 26 + 15 * n })));
      parts.push(el("rect", { class: "cell", x: middle, y: y + 4, width: wide, height: 46, rx: 4 }));
      parts.push(label(say(holder), { class: "ink", x: middle + wide / 2, y: y + 24, "text-anchor": "middle" }));
      parts.push(label(say(origin), { class: "small", x: middle + wide / 2, y: y + 41, "text-anchor": "middle" }));
      parts.push(
        el("path", {
          class: "step",
          d: `M${middle - shaft - 6} ${y + 27}h${shaft}m-5 -4l5 4l-5 4M${middle + wide + 4} ${y + 27}h${
            shaft - 2
          }m-5 -4l5 4l-5 4`,
        }),
      );
      parts.push(label(say("positive"), { class: "small", x: end, y: y + 31 }));
    });
    return { width: Math.min(width, end + 56), height: ways.length * step, parts };
  },
};
