/**
 * # Wider beams, on real sentences
 *
 * What `docs/runs/beam_width.ts` recorded: BLEU and length by the width of the beam, and a few translations.
 *
 * @module
 */

import type { Figure } from "../../core/experiments/figure.ts";
import { fixed } from "../../core/experiments/numbers.ts";
import { drawPicture } from "../figures/mod.ts";
import { el, label, px, wrapped } from "../figures/svg.ts";
import type { Canvas, Picture } from "../picture.ts";
import type { BeamWidthRun, Setting } from "../runs/beam_width.ts";

const LINE = 18, GAP = 28;

/** One of the two charts. */
function chart(
  run: BeamWidthRun,
  title: string,
  value: (setting: Setting) => number,
  domain: readonly [number, number] | undefined,
  say: Canvas["say"],
): Figure {
  return {
    kind: "line",
    caption: say(title),
    x: { title: say("beams"), logarithmic: true },
    y: { title: say(title), ...domain && { domain } },
    series: run.alphas.map((alpha) => ({
      label: `α = ${alpha}`,
      points: run.settings.filter((one) => one.alpha === alpha).map((one) => [one.width, value(one)]),
    })),
  };
}

/** A drawing with its own size, moved. */
function placed(svg: string, x: number, y: number): { readonly part: string; readonly height: number } {
  const height = Number(/ height="([\d.]+)"/.exec(svg)?.[1] ?? 0);
  return { part: el("g", { transform: `translate(${px(x)} ${px(y)})` }, svg), height };
}

/** What the run was, and how sure its differences are. */
function facts(run: BeamWidthRun, say: Canvas["say"]): string[] {
  const widest = run.widths.at(-1)!;
  return [
    `${run.pairs.toLocaleString("en").replaceAll(",", "\u202f")} ${say("pairs")}, ${run.steps} ${say("steps")}, ` +
    `${say("width of the model")} ${run.hiddenSize}, ${run.numLayers} ${say("layers")}; ${run.sentences} ${
      say("unseen sentences")
    }.`,
    ...run.alphas.map((alpha) => {
      const last = run.settings.find((one) => one.alpha === alpha && one.width === widest)!;
      const best = run.settings.filter((one) => one.alpha === alpha).reduce((a, b) => b.bleu > a.bleu ? b : a);
      return `α = ${alpha}: ${say("best")} BLEU ${fixed(best.bleu, 1)} ${say("with")} ${best.width} ${say("beams")}; ${
        say("with")
      } ${widest}, ${fixed(last.bleu, 1)}, ${say("above greedy search by")} ${fixed(last.gain[0], 1)} ${say("to")} ${
        fixed(last.gain[1], 1)
      } (95\u202f%).`;
    }),
  ];
}

/** The picture. */
export const picture: Picture<BeamWidthRun> = {
  place: "wide",
  alternative: (run, say) =>
    `${say("BLEU and length of translations by the width of the beam.")} ` +
    run.settings.map(({ alpha, width, bleu, length }) =>
      `α = ${alpha}, ${width}: BLEU ${fixed(bleu, 1)}, ${say("length")} ${fixed(length, 2)}`
    ).join("; ") + `. ${facts(run, say).join(" ")}`,
  measure: async () =>
    JSON.parse(await Deno.readTextFile(new URL("../runs/beam_width.json", import.meta.url))) as BeamWidthRun,
  draw: ({ width, id, say }, run) => {
    const columns = width < 500 ? 1 : 2, wide = Math.min(480, (width - GAP * (columns - 1)) / columns);
    const figures = [
      chart(run, "BLEU", ({ bleu }) => bleu, undefined, say),
      chart(run, "length, reference = 1", ({ length }) => length, undefined, say),
    ];
    const parts: string[] = [];
    let y = 0;
    figures.forEach((figure, i) => {
      const { part, height } = placed(
        drawPicture(figure, { width: wide, id: `${id}-${i}` }),
        columns === 2 ? i * (wide + GAP) : 0,
        y,
      );
      parts.push(part);
      if (columns === 1 || i === 1) y += height + 24;
    });
    const write = (text: string, x: number, kind: string): void => {
      for (const line of wrapped(text, Math.min(width, 760) - x)) {
        parts.push(label(line, { class: kind, x, y: y + 13 }));
        y += LINE;
      }
    };
    facts(run, say).forEach((text) => write(text, 0, "note"));
    for (const { source, reference, translations } of run.examples) {
      y += LINE / 2;
      write(`${source} · ${reference}`, 0, "ink");
      for (const { width: beams, text, logProbability } of translations) {
        write(`W = ${beams}: ${text} (log P = ${fixed(logProbability, 1)})`, 14, "note");
      }
    }
    return { width, height: y + 4, parts };
  },
};
