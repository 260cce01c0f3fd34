/**
 * # Who looks at whom
 *
 * Two columns of tokens, as wide lines as there is weight between them. Pointing at a token leaves its lines alone.
 * Heads are pictures of their own, one of which is shown: two lines of CSS choose it, so that it works without scripts.
 *
 * @module
 */

import type { Figure } from "../../core/experiments/figure.ts";
import { type Drawing, el, escape, filled, fitted, label, number, picture, px, shown, textWidth, tip } from "./svg.ts";

type Attention = Figure & { readonly kind: "attention" };

/** Lines of less weight are not drawn. */
const LEAST = 0.02;

/** The name of a head. */
export function headName({ heads }: Attention, index: number): string {
  return heads?.[index] ?? `head ${index + 1}`;
}

/** One head. */
function drawHead(figure: Attention, index: number, drawing: Drawing): string {
  const weights = figure.weights[index]!, from = figure.from.map(shown), to = figure.to.map(shown);
  const count = Math.max(from.length, to.length), step = count > 60 ? 15 : 21;
  const names = (tokens: readonly string[]): number =>
    Math.min(drawing.width * 0.33, Math.max(...tokens.map((text) => textWidth(text)))) + 1;
  const before = names(from), after = names(to);
  const width = Math.min(drawing.width, before + after + Math.max(160, Math.min(320, count * 18)) + 20);
  const left = before + 8, right = width - after - 8, top = 10;
  const place = (i: number, of: number): number => top + (i + 0.5 + (count - of) / 2) * step;
  const groups = from.map((text, t) => {
    const y = place(t, from.length), bend = (right - left) * 0.4;
    const lines = to.flatMap((other, s) => {
      const weight = weights[t]![s]!;
      if (weight < LEAST) return [];
      const end = place(s, to.length);
      return [el(
        "path",
        {
          d: `M${px(left)} ${px(y)}C${px(left + bend)} ${px(y)} ${px(right - bend)} ${px(end)} ${px(right)} ${px(end)}`,
          "stroke-width": 0.5 + 4.5 * weight,
          // Rounding to one decimal would make light lines vanish.
          "stroke-opacity": String(Math.round((0.15 + 0.85 * weight) * 100) / 100),
        },
        tip(`${text} → ${other}: ${number(weight, 3)}`),
      )];
    });
    const best = weights[t]!.indexOf(Math.max(...weights[t]!));
    return el(
      "g",
      { class: "from" },
      el(
        "rect",
        { class: "touch", x: 0, y: y - step / 2, width: left, height: step },
        tip(`${text} → ${to[best] ?? ""}`),
      ),
      label(fitted(text, before), { x: left - 7, y: y + 4, "text-anchor": "end" }),
      ...lines,
    );
  });
  const targets = to.map((text, s) => label(fitted(text, after), { x: right + 7, y: place(s, to.length) + 4 }));
  const { say = filled } = drawing;
  const looks = from.slice(0, 40).map((text, t) => {
    const row = weights[t]!, best = row.indexOf(Math.max(...row));
    return `${text} → ${to[best]} (${number(row[best] ?? 0, 2)})`;
  });
  const description = `${say("Most weight")}: ${looks.join("; ")}.`;
  return picture(
    { ...drawing, id: `${drawing.id}-${index}`, width },
    {
      kind: "attention",
      height: top * 2 + count * step,
      title: `${headName(figure, index)}. ${figure.caption}`,
      description,
    },
    el("g", { class: "s1" }, ...groups),
    ...targets,
  );
}

/** Draws every head, the first one visible. */
export function drawAttention(figure: Attention, drawing: Drawing): string {
  const heads = figure.weights.map((_, index) => drawHead(figure, index, drawing));
  if (heads.length === 1) return heads[0]!;
  const { id } = drawing;
  const choices = heads.map((_, i) =>
    `<input type="radio" name="${id}-h" id="${id}-h${i}"${i === 0 ? " checked" : ""}>` +
    `<label for="${id}-h${i}">${escape(headName(figure, i))}</label>`
  );
  // Which head is shown follows from which button is on, by position: the theme knows sixteen.
  return `<div class="heads" role="radiogroup" aria-label="Head">${choices.join("")}${
    heads.map((svg) => `<div class="head">${svg}</div>`).join("")
  }</div>`;
}
