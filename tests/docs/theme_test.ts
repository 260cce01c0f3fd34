/** Colours of the theme: readable, and told apart by those who see fewer colours. */

import { assert } from "@std/assert";
import { HUES } from "../../docs/quantities.ts";
import { granted } from "../permissions.ts";

type Colour = readonly [number, number, number];

/** Linear red, green and blue of `#rrggbb`. */
const linear = (hex: string): Colour => {
  const part = (at: number): number => {
    const share = parseInt(hex.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  return [part(1), part(3), part(5)];
};

const times = (rows: readonly Colour[], x: Colour): Colour =>
  rows.map((row) => row[0] * x[0] + row[1] * x[1] + row[2] * x[2]) as unknown as Colour;

/** Ottosson 2020: differences of equal length look equally large; black to white is 1. */
function oklab(colour: Colour): Colour {
  const cones = times([
    [0.4122214708, 0.5363325363, 0.0514459929],
    [0.2119034982, 0.6806995451, 0.1073969566],
    [0.0883024619, 0.2817188376, 0.6299787005],
  ], colour).map((x) => Math.cbrt(Math.max(0, x))) as unknown as Colour;
  return times([
    [0.2104542553, 0.793617785, -0.0040720468],
    [1.9779984951, -2.428592205, 0.4505937099],
    [0.0259040371, 0.7827717662, -0.808675766],
  ], cones);
}

/** Machado et al. 2009: what is left without one kind of cone. */
const EYES: Readonly<Record<string, readonly Colour[]>> = {
  all: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  "no red": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  "no green": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
};

/** How different two colours look to eyes. */
function difference(one: Colour, other: Colour, rows: readonly Colour[]): number {
  const [a, b] = [oklab(times(rows, one)), oklab(times(rows, other))];
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

const luminance = ([r, g, b]: Colour): number => 0.2126 * r + 0.7152 * g + 0.0722 * b;

Deno.test("hues of quantities are readable and differ, also without red or green", { ignore: !granted("read") }, () => {
  const css = Deno.readTextFileSync(new URL("../../docs/theme/base.css", import.meta.url));
  for (const [theme, at] of [["light", 1], ["dark", 2]] as const) {
    const colour = (name: string): Colour => {
      const found = new RegExp(`--${name}: light-dark\\((#\\w{6}), (#\\w{6})\\)`).exec(css);
      assert(found, `${name} has no colours`);
      return linear(found[at]!);
    };
    const hues = Array.from({ length: HUES }, (_, i) => colour(`q${i + 1}`));
    for (const ground of ["paper", "panel"]) {
      for (const [i, hue] of hues.entries()) {
        const [a, b] = [luminance(hue), luminance(colour(ground))];
        const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        assert(contrast >= 4.5, `${theme}: q${i + 1} on ${ground} ${contrast.toFixed(2)} to 1`);
      }
    }
    for (const [eyes, rows] of Object.entries(EYES)) {
      const least = eyes === "all" ? 0.08 : 0.045;
      hues.forEach((one, i) =>
        hues.forEach((other, j) => {
          if (j <= i) return;
          const distance = difference(one, other, rows);
          assert(distance >= least, `${theme}, ${eyes}: q${i + 1} and q${j + 1} differ by ${distance.toFixed(3)}`);
        })
      );
    }
  }
});

Deno.test("what is below zero differs from what is above it, for all eyes; series have the hues of the book", {
  ignore: !granted("read"),
}, () => {
  const read = (path: string): string => Deno.readTextFileSync(new URL(`../../docs/${path}`, import.meta.url));
  const css = read("theme/base.css") + read("figures/figures.css");
  for (let i = 1; i <= HUES; i++) assert(css.includes(`.picture .c${i} {\n  color: var(--q${i});\n}`), `c${i}`);
  for (const at of [1, 2]) {
    const colour = (name: string): Colour =>
      linear(new RegExp(`--${name}: light-dark\\((#\\w{6}), (#\\w{6})\\)`).exec(css)![at]!);
    const pairs = [
      ["s1", "below"],
      ...Array.from({ length: HUES }, (_, i) => {
        return [`q${i + 1}`, [2, 3, 5, 7].includes(i + 1) ? "below-warm" : "below"];
      }),
    ];
    for (const [above, below] of pairs) {
      for (const [eyes, rows] of Object.entries(EYES)) {
        const distance = difference(colour(above!), colour(below!), rows);
        assert(
          distance >= (eyes === "all" ? 0.18 : 0.12),
          `${at}, ${eyes}: ${above} and ${below} ${distance.toFixed(3)}`,
        );
      }
    }
  }
});
