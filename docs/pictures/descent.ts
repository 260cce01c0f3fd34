/**
 * # Three ways down a valley
 *
 * SGD, momentum and Adam from one start, each in a panel of its own: the same valley, the same scale. The paths are made by the
 * library's rules.
 *
 * @module
 */

import { adam } from "../../core/06_training/adam.ts";
import { Optimizer, type OptimizerRule } from "../../core/06_training/optimizer.ts";
import { sgd } from "../../core/06_training/optimizers.ts";
import { parameter, tensor } from "../../core/engine/create.ts";
import { number } from "../../core/experiments/numbers.ts";
import { el, label, px, seriesTints } from "../figures/svg.ts";
import type { Picture } from "../picture.ts";

/** How much steeper the valley is across than along, where the paths start, steps of each. */
const STEEPNESS = 100, START = [-2, 1] as const, STEPS = 40;
/** The rate of SGD nearly reaches that at which it would climb the walls, 2 / STEEPNESS; momentum has the same one. */
const RULES: readonly (readonly [name: string, rule: OptimizerRule, rate: number])[] = [
  ["SGD", sgd(), 1.8 / STEEPNESS],
  ["momentum", sgd({ momentum: 0.9 }), 1.8 / STEEPNESS],
  ["Adam", adam(), 0.1],
];

type Place = readonly [number, number];

interface Path {
  readonly name: string;
  readonly rate: number;
  readonly places: readonly Place[];
}

/** Steps at the end of a path, the farthest of which is told: one that swings may be near by chance. */
const LAST = 10;

/** Farthest distance of the last places from the minimum, rounded up. */
const within = ({ places }: Path): string =>
  number(Math.ceil(100 * Math.max(...places.slice(-LAST).map((at) => Math.hypot(...at)))) / 100, 3);

async function descend(name: string, rule: OptimizerRule, rate: number): Promise<Path> {
  const place = parameter(tensor([...START])), optimizer = new Optimizer(new Map([["place", place]]), rule);
  const places: Place[] = [START];
  for (let step = 0; step < STEPS; step++) {
    place.square().mul(tensor([1, STEEPNESS])).sum().mul(0.5).backward();
    optimizer.step(rate);
    optimizer.zeroGrad();
    const [x, y] = await place.read();
    places.push([x!, y!]);
  }
  return { name, rate, places };
}

/** The picture. */
export const picture: Picture<readonly Path[]> = {
  alternative: (paths, say) =>
    `${say("Three paths through a valley that is steep across and flat along, from the same start.")} ` +
    paths.map((path) =>
      `${say(path.name)}: ${say("at most")} ${within(path)} ${say("from the minimum in the last ten of")} ${STEPS} ${
        say("steps")
      }.`
    )
      .join(" "),
  measure: () => Promise.all(RULES.map((rule) => descend(...rule))),
  draw: (canvas, paths) => {
    const { width, say } = canvas, top = 24, high = width < 400 ? 84 : 112, gap = 36;
    const low = -2.3, far = 1.1, scaleX = width / (far - low), scaleY = high / 2.3;
    const at = ([x, y]: Place, middle: number): Place => [(x - low) * scaleX, middle - y * scaleY];
    const parts: string[] = [], colors = seriesTints(canvas, paths.map(() => undefined));
    paths.forEach((path, i) => {
      const y = top + i * (high + gap), middle = y + high / 2, [cx, cy] = at([0, 0], middle), id = `${canvas.id}-${i}`;
      parts.push(
        el("clipPath", { id }, el("rect", { x: 0, y, width, height: high })),
        el("rect", { class: "frame", x: 0.5, y, width: width - 1, height: high }),
        el(
          "g",
          { "clip-path": `url(#${id})` },
          ...[0.5, 4, 12, 25, 42].map((height) =>
            el("ellipse", {
              class: "rule",
              fill: "none",
              cx,
              cy,
              rx: Math.sqrt(2 * height) * scaleX,
              ry: Math.sqrt(2 * height / STEEPNESS) * scaleY,
            })
          ),
        ),
        el("path", { class: "base", d: `M${px(cx - 5)} ${px(cy)}h10m-5-5v10` }),
      );
      const places = path.places.map((place) => at(place, middle));
      parts.push(el(
        "g",
        colors[i]!,
        el("path", { class: "curve", d: places.map(([x, y], j) => `${j ? "L" : "M"}${px(x)} ${px(y)}`).join("") }),
        el("path", {
          class: "curve",
          d: places.map(([x, y]) => `M${px(x)} ${px(y)}h0`).join(""),
          style: "stroke-width:4.4;stroke-linecap:round",
        }),
        label(say(path.name), { class: "name", x: 0, y: y - 7 }),
      ));
      const told = width < 400
        ? `${say("rate")} ${number(path.rate, 2)} · ${say("last ten steps within")} ${within(path)}`
        : `${say("learning rate")} ${number(path.rate, 2)} · ${say("last ten steps within")} ${within(path)}`;
      parts.push(label(told, { x: width, y: y - 7, "text-anchor": "end" }));
    });
    return { width, height: top + 3 * high + 2 * gap + 2, parts };
  },
};
