/**
 * # Pictures
 *
 * **Question.** A figure is drawn when the page is built, and again when a reader moves a slider. How do both look the
 * same, and how does the second cost the page little?
 *
 * **Idea.** One pure function from data to markup, without a library, is called in both places. The kinds of this
 * book, attention between tokens, token strips, trees of beginnings, are not to be had from plotting libraries, and
 * what they have is a few hundred lines.
 *
 * @module
 */

import type { Figure } from "../../core/experiments/figure.ts";
import { lineWithNotes, withoutNotes } from "../note_marks.ts";
import { drawAttention } from "./attention.ts";
import { drawBars } from "./bars.ts";
import { drawCurves, drawHistogram, marginsOf } from "./curves.ts";
import { drawHeatMap } from "./heat_map.ts";
import { type Drawing, escape, filled } from "./svg.ts";
import { tableHtml, tablesOf } from "./tables.ts";
import { drawTokens } from "./tokens.ts";
import { drawTree } from "./tree.ts";

export type { Drawing } from "./svg.ts";
export { type Table, tableCsv, tableHtml, tablesOf } from "./tables.ts";

/** Width of pictures drawn at build, in CSS pixels: readable where a phone shrinks them. */
export const STATIC_WIDTH = 560;

/**
 * The picture of a figure as HTML: SVG, except for tables and texts.
 *
 * @param shown what to draw
 * @param drawing where, and in whose colours
 */
export function drawPicture(shown: Figure, drawing: Drawing): string {
  // The name of a picture is its caption, without links.
  const figure = { ...shown, caption: withoutNotes(shown.caption) };
  switch (figure.kind) {
    case "line":
    case "scatter":
      return drawCurves(figure, drawing);
    case "bars":
      return drawBars(figure, drawing);
    case "heatMap":
      return drawHeatMap(figure, drawing);
    case "attention":
      return drawAttention(figure, drawing);
    case "histogram":
      return drawHistogram(figure, drawing);
    case "tree":
      return drawTree(figure, drawing);
    case "tokens":
      return drawTokens(figure, drawing);
    case "table":
      return tablesOf(figure).map(tableHtml).join("");
    case "text":
      return `<blockquote class="stream">${escape(figure.text)}</blockquote>`;
  }
}

/**
 * A whole figure: picture, caption, and the numbers as a table.
 *
 * @param figure what to draw
 * @param drawing where, and in whose colours
 */
export function figureHtml(figure: Figure, drawing: Drawing): string {
  return framed(figure, drawPicture(figure, drawing), drawing);
}

/** A text whose formulas do not break. */
const glued = (text: string): string => text.replace(/ ([=≈<>−+×]) /g, "\u00a0$1\u00a0");

/** Chinese words, so that they are spoken and broken as such. */
const CHINESE = /[\u3400-\u9fff\u3001-\u3011\uff00-\uff60]+/g;

/** A caption as HTML; a link to the notes is a mark. */
const captionHtml = (text: string): string =>
  lineWithNotes(glued(text)).replace(CHINESE, (words) => `<span lang="zh">${words}</span>`);

/** A picture with its caption and its numbers. */
function framed(
  figure: Figure,
  picture: string,
  { say = filled }: Drawing,
  size: "" | " half" | " narrow" | " is-whole" = "",
): string {
  const isTable = figure.kind === "table" || figure.kind === "text";
  const tables = isTable
    ? ""
    : tablesOf(figure).map((table) => tableHtml({ ...table, columns: table.columns.map((words) => say(words)) })).join(
      "",
    );
  const data = tables &&
    `<details class="data"><summary>${say("data")}</summary><div class="scroll" tabindex="0">${tables}</div></details>`;
  const scrolls = isTable ? ' tabindex="0"' : "";
  return `<figure class="figure kind-${figure.kind}${size}"><div class="canvas"${scrolls}>${picture}</div>` +
    `<figcaption>${captionHtml(figure.caption)}</figcaption><div class="tools">${data}</div></figure>`;
}

/** Pictures up to this width are narrow; those that stand in pairs have the second. */
const NARROW = 440, HALF = 352;

/** Whether a picture fills less than the width it was given. */
function isNarrow(picture: string, { width }: Drawing): boolean {
  const widths = [...picture.matchAll(/<svg [^>]* width="([\d.]+)"/g)].map(([, width]) => Number(width));
  return width > NARROW && widths.length > 0 && Math.max(...widths) <= NARROW;
}

/**
 * The figures of an experiment: their plots have one left and one right edge, and narrow pictures of one kind that follow each
 * other may stand side by side.
 *
 * @param figures what to draw
 * @param drawing where, and in whose colours; the id of each figure is this one's with its number
 */
export function figuresHtml(figures: readonly Figure[], drawing: Drawing): string[] {
  const needed = figures.flatMap((figure) => marginsOf(figure, drawing) ?? []);
  const margins = {
    left: Math.max(0, ...needed.map(({ left }) => left)),
    right: Math.max(0, ...needed.map(({ right }) => right)),
  };
  const drawings = figures.map((_, i): Drawing => ({ ...drawing, margins, id: `${drawing.id}-${i + 1}` }));
  const pictures = figures.map((figure, i) => drawPicture(figure, drawings[i]!));
  const narrow = pictures.map((picture) => isNarrow(picture, drawing));
  const halves = new Set<number>();
  figures.forEach(({ kind }, i) => {
    if (i === 0 || halves.has(i - 1) || !narrow[i] || !narrow[i - 1] || figures[i - 1]!.kind !== kind) return;
    halves.add(i - 1).add(i);
  });
  return figures.map((figure, i) => {
    if (figure.kind === "table" && figure.isWide) return framed(figure, pictures[i]!, drawing, " is-whole");
    if (!halves.has(i)) return framed(figure, pictures[i]!, drawing, narrow[i] ? " narrow" : "");
    return framed(figure, drawPicture(figure, { ...drawings[i]!, width: HALF }), drawing, " half");
  });
}
