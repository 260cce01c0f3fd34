/**
 * # Curves in a picture
 *
 * A picture of a page may hold a plot as the experiments have them: the same axes, marks and names, without a frame of its own.
 *
 * @module
 */

import type { Figure } from "../../core/experiments/figure.ts";
import type { Drawn } from "../picture.ts";
import { drawCurves } from "./curves.ts";
import type { Drawing } from "./svg.ts";

/**
 * Draws lines or points as a part of a picture.
 *
 * @param figure what to draw; its caption is not shown
 * @param drawing where, and in whose colours
 * @returns the elements, with the size that they take
 */
export function plotted(figure: Figure & { readonly kind: "line" | "scatter" }, drawing: Drawing): Drawn {
  const [, width, height, inner] = /^<svg[^>]* width="([\d.]+)" height="([\d.]+)"[^>]*><title.*?<\/desc>([^]*)<\/svg>$/
    .exec(drawCurves(figure, drawing))!;
  return { width: Number(width), height: Number(height), parts: [inner!] };
}
