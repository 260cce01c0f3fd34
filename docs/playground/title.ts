/**
 * # The picture of the title page
 *
 * **Question.** What does a reader see first, before a word is read?
 *
 * **Idea.** What attention is: a sentence, its translation, and for each word of it how much the model looked at each token of
 * the sentence. The recorded translation of the playground is drawn by the build; a sentence of the reader's own is drawn in the
 * page by the same function. Where there is room both sentences run from left to right, on a phone from top to bottom.
 *
 * @module
 */

import { el, escape, label, number, px, textWidth } from "../figures/svg.ts";
import type { View } from "./look.ts";

/** A translation, and where each of its words looked. */
export interface Alignment {
  /** The sentence in tokens, END included. */
  readonly source: readonly string[];
  /** The translation in tokens, END included. */
  readonly target: readonly string[];
  /** Weights of the cross-attention of the last layer, the mean of its heads: a row for each word of the translation. */
  readonly weights: readonly (readonly number[])[];
}

/** What the title page shows of a translation. */
export function alignmentOf({ source, inputs, cross }: Pick<View, "source" | "inputs" | "cross">): Alignment {
  const heads = cross.at(-1)!;
  return {
    source: source.tokens,
    target: [...inputs.slice(1), "END"],
    weights: heads[0]!.map((row, t) =>
      row.map((_, s) => heads.reduce((sum, head) => sum + head[t]![s]!, 0) / heads.length)
    ),
  };
}

/** Lines and numbers of less weight are left out. */
const LEAST = 0.02, WRITTEN = 0.1;

/** Sizes of letters: the largest, and the least that a line of text may have. */
const LARGE = 30, SMALL = 17;

/** Widths that the build draws for: a wide window and a phone. */
const WIDTHS = { wide: 1080, phone: 340 } as const;

/** Where a token stands: its middle, and where its lines end. */
interface Place {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  /** Where lines meet it. */
  readonly at: readonly [number, number];
  /** Where its weight is written. */
  readonly note: readonly [number, number];
}

interface Setting {
  readonly sources: readonly Place[];
  readonly words: readonly Place[];
  readonly size: number;
  readonly width: number;
  readonly height: number;
  readonly isAcross: boolean;
}

const isMark = (text: string): boolean => text === "END" || text === "UNK";
const sizeOf = (text: string, size: number): number => isMark(text) ? Math.round(size * 0.55) : size;
const wide = (text: string, size: number): number => textWidth(text, { size: sizeOf(text, size) });

/** Tokens from left to right in the middle of a width; a token that begins a word keeps away from the one before. */
function row(tokens: readonly string[], width: number, size: number, y: number, down: boolean): Place[] | undefined {
  const texts = tokens.map((text) => text.trim() || "·"),
    total = texts.reduce((sum, text) => sum + wide(text, size), 0);
  const gap = Math.min(size * 1.5, (width - total) / Math.max(1, texts.length - 1));
  if (gap < size * 0.35) return undefined;
  let x = (width - total - gap * (texts.length - 1)) / 2;
  return texts.map((text) => {
    const own = wide(text, size), middle = x + own / 2;
    x += own + gap;
    return {
      text,
      x: middle,
      y,
      width: own + gap,
      at: [middle, y + (down ? size * 0.45 : -size)],
      note: [middle, y + (down ? -size * 1.15 : size * 0.9)],
    };
  });
}

/** Sets both sentences from left to right, as large as they fit. */
function across(source: readonly string[], target: readonly string[], width: number): Setting | undefined {
  for (let size = LARGE; size >= SMALL; size--) {
    const top = size * 2.1, between = Math.max(150, width * 0.16);
    const sources = row(source, width, size, top, true), words = row(target, width, size, top + between, false);
    if (sources && words) return { sources, words, size, width, height: top + between + size * 0.6, isAcross: true };
  }
  return undefined;
}

/** Sets both from top to bottom. */
function below(source: readonly string[], target: readonly string[], width: number): Setting {
  const size = SMALL, step = 30, count = Math.max(source.length, target.length);
  const column = (tokens: readonly string[], isSource: boolean): Place[] => {
    const texts = tokens.map((text) => text.trim() || "·"), most = Math.max(...texts.map((text) => wide(text, size)));
    const edge = isSource ? 36 + most : width - Math.max(most, width * 0.28);
    return texts.map((text, i) => {
      const y = 8 + (i + 0.5 + (count - texts.length) / 2) * step, own = wide(text, size);
      const middle = isSource ? edge - own / 2 : edge + own / 2;
      return {
        text,
        x: middle,
        y: y + size * 0.35,
        width: own + 20,
        at: [isSource ? edge + 8 : edge - 8, y],
        note: [edge - own - 17, y + 4],
      };
    });
  };
  const height = 16 + count * step;
  return { sources: column(source, true), words: column(target, false), size, width, height, isAcross: false };
}

/** A line from a word to a token that it looked at. */
function look([x, y]: Place["at"], [toX, toY]: Place["at"], isAcross: boolean, weight: number): string {
  const bend = isAcross ? (y - toY) * 0.5 : (x - toX) * 0.45;
  const [first, second] = isAcross
    ? [`${px(x)} ${px(y - bend)}`, `${px(toX)} ${px(toY + bend)}`]
    : [`${px(x - bend)} ${px(y)}`, `${px(toX + bend)} ${px(toY)}`];
  return el("path", {
    d: `M${px(x)} ${px(y)}C${first} ${second} ${px(toX)} ${px(toY)}`,
    "stroke-width": 0.6 + 8 * weight,
    "stroke-opacity": String(Math.round((0.2 + 0.8 * weight) * 100) / 100),
  });
}

/** A token as text. */
function written({ text, x, y }: Place, size: number, kind: string, language?: string): string {
  return label(text, {
    class: isMark(text) ? `${kind} mark` : kind,
    x,
    y,
    "text-anchor": "middle",
    style: `font-size:${px(sizeOf(text, size))}px`,
    lang: isMark(text) ? undefined : language,
  });
}

/** A word of the translation with its lines. */
function wordOf(
  { sources, words, size, isAcross, width }: Setting,
  weights: readonly number[],
  t: number,
  chosen: boolean,
): string {
  const word = words[t]!, best = weights.indexOf(Math.max(...weights));
  const looked = sources.flatMap((source, s) => {
    const weight = weights[s]!;
    if (weight < LEAST) return [];
    const token = el(
      "g",
      { opacity: String(Math.round(Math.min(1, 0.25 + weight * 1.2) * 100) / 100) },
      written(source, size, "seen", "zh"),
    );
    const [x, y] = source.note;
    return [
      look(word.at, source.at, isAcross, weight) + token +
      (weight >= WRITTEN
        ? label(weight.toFixed(2).replace(/^0/, ""), { class: "weight", x, y, "text-anchor": "middle" })
        : ""),
    ];
  });
  const high = isAcross ? size * 2 : 30;
  const from = isAcross ? word.x - word.width / 2 : word.at[0];
  return el(
    "g",
    {
      class: chosen ? "word chosen" : "word",
      style: `--t:${t}`,
      tabindex: 0,
      role: "img",
      "aria-label": `${word.text}: ${sources[best]?.text ?? ""} ${number(weights[best] ?? 0, 2)}`,
    },
    el("rect", {
      class: "touch",
      x: from,
      y: word.y - (isAcross ? size * 1.3 : 21),
      width: isAcross ? word.width : width - from,
      height: high,
    }),
    el("g", { class: "looks" }, ...looked),
    written(word, size, "said"),
  );
}

/** The word whose lines are shown while nobody points at another: of those that look at one token, the longest. */
function firstShown({ target, weights }: Alignment): number {
  const sure = target.map((text, t) => isMark(text) ? 0 : Math.max(...weights[t]!) * Math.sqrt(text.trim().length));
  return sure.indexOf(Math.max(...sure));
}

/** Draws a translation for one width. */
function drawn(alignment: Alignment, width: number, kind: string): string {
  const { source, target, weights } = alignment;
  const setting = (kind === "phone" ? undefined : across(source, target, width)) ??
    below(source, target, Math.min(width, 520));
  const { sources, words, size, isAcross, height } = setting, first = firstShown(alignment);
  const faint = words.flatMap(({ at }, t) =>
    sources.flatMap((place, s) =>
      weights[t]![s]! < WRITTEN ? [] : [look(at, place.at, isAcross, weights[t]![s]! * 0.4)]
    )
  );
  return el(
    "svg",
    {
      class: `picture p-translation at-${kind}`,
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: `0 0 ${px(setting.width)} ${px(height)}`,
      width: setting.width,
      height,
      role: "group",
      style: `--n:${target.length}`,
      "aria-label": `${source.slice(0, -1).join("")}: ${target.slice(0, -1).join("").trim()}`,
    },
    el("g", { class: "every", "aria-hidden": "true" }, ...faint),
    el("g", { class: "sources" }, ...sources.map((place) => written(place, size, "source", "zh"))),
    // What is drawn last lies on top: the word that is shown.
    ...words.map((_, t) => wordOf(setting, weights[t]!, t, t === first)),
  );
}

/**
 * Draws a translation, for wide windows and for phones; the style sheet shows one of them.
 *
 * @param alignment what to draw
 * @returns markup
 */
export function alignmentHtml(alignment: Alignment): string {
  return Object.entries(WIDTHS).map(([kind, width]) => drawn(alignment, width, kind)).join("");
}

/** The figure as the build writes it. */
export function titleHtml(
  view: Pick<View, "source" | "inputs" | "cross" | "settings">,
  { bytes, caption }: { readonly bytes: number; readonly caption: string },
): string {
  return `<figure class="translated" id="translated" data-bytes="${bytes}" data-sentence="${
    escape(view.settings.sentence)
  }"><div class="drawing">${
    alignmentHtml(alignmentOf(view))
  }</div><div class="trial"></div><figcaption>${caption}</figcaption></figure>`;
}
