/**
 * # Every attention of a model
 *
 * The weights of all layers and heads of the playground's translator, while it translates one sentence: the encoder's
 * self-attention, the decoder's, and the cross-attention.
 *
 * @module
 */

import { el, escape, label, px, textWidth } from "../figures/svg.ts";
import type { Canvas, Picture } from "../picture.ts";
import { look, type Weights } from "../playground/look.ts";
import { openTranslator } from "../playground/pack.ts";
import { DEFAULTS } from "../playground/settings.ts";

/** The sentence of the notes. */
const SENTENCE = "中国的首都是哪里？";

/** The three kinds, with the class of their colour. */
const KINDS = [
  { name: "self-attention of the encoder", color: "c1" },
  { name: "causal self-attention of the decoder", color: "c3" },
  { name: "cross-attention of the decoder", color: "c5" },
] as const;

/** One kind of attention: a matrix for each head of each layer. */
export interface AttentionOfKind {
  /** Tokens whose queries ask, and whose keys are asked. */
  readonly queries: readonly string[];
  readonly keys: readonly string[];
  /** Whether a row writes a word: that of the next row. */
  readonly writes: boolean;
  readonly weights: Weights;
}

/** Sizes in pixels: a cell, as high and wide as a letter of its names, a line of text, the space between matrices. */
const CELL = 11, LINE = 13, GAP = 8;

const isChinese = (text: string): boolean => /^[\u3000-\u9fff\uff00-\uffef]+$/.test(text);

/** Cells that a column is wide: one for each Chinese character of its name, so that the names read as the sentence. */
const columnsOf = (key: string): number => isChinese(key) ? key.length : 1;

/** Where each column begins, in cells, and where the last one ends. */
function placesOf(keys: readonly string[]): number[] {
  return keys.reduce((places, key) => [...places, places.at(-1)! + columnsOf(key)], [0]);
}

/** What stands beside the rows: a row of the decoder reads one word and writes the next. */
function rowNames({ queries, writes }: AttentionOfKind): string[] {
  return queries.map((query, t) => writes ? `${query} → ${queries[t + 1] ?? "END"}` : query);
}

/** A matrix as one path for each fifth of weight, in units of a cell; neighbours of one shade are one line. */
function cells(rows: readonly (readonly number[])[], places: readonly number[]): string[] {
  const paths = new Map<number, string>();
  rows.forEach((row, t) => {
    const levels = row.map((weight) => Math.round(5 * weight));
    for (let s = 0, end = 0; s < levels.length; s = end) {
      const level = levels[s]!;
      while (levels[end] === level) end++;
      const line = `M${places[s]} ${t}h${places[end]! - places[s]!}`;
      if (level > 0) paths.set(level, `${paths.get(level) ?? ""}${line}`);
    }
  });
  return [...paths].sort(([a], [b]) => a - b).map(([level, d]) =>
    el("path", { d, "stroke-opacity": String(level / 5) })
  );
}

/** Words at places of one text. */
const at = (word: string, x: number, y: number): string => el("tspan", { x, y }, escape(word));

/** The names of the columns above a matrix: Chinese characters and signs upright, each above a cell; words turned. */
function columnNames(keys: readonly string[], places: readonly number[]): string[] {
  const isUpright = (key: string): boolean => isChinese(key) || [...key].length === 1;
  const upright = keys.flatMap((key, s) =>
    isUpright(key) ? [...key].map((character, i) => [character, (places[s]! + i + 0.5) * CELL] as const) : []
  );
  const turned = keys.flatMap((key, s) => isUpright(key) ? [] : [at(key, 4, (places[s]! + 0.5) * CELL + 4)]);
  const text = upright.map(([character]) => character).join(""), xs = upright.map(([, x]) => px(x)).join(" ");
  return [
    label(text, { class: "small", x: xs, y: -4, "text-anchor": "middle" }),
    el("text", { class: "small", transform: "rotate(-90)" }, ...turned),
  ];
}

/** Room above a matrix for the names of its columns. */
function roomAbove(keys: readonly string[]): number {
  return Math.ceil(Math.max(...keys.map((key) => isChinese(key) ? CELL : textWidth(key, { size: CELL })))) + 6;
}

/** All matrices of one kind, in lines of `perLine`. */
function block(
  kind: AttentionOfKind,
  { name, color, y, perLine, left }: {
    readonly name: string;
    readonly color: string;
    readonly y: number;
    readonly perLine: number;
    /** Room for the names of the rows. */
    readonly left: number;
  },
  { say }: Canvas,
): { readonly parts: string[]; readonly height: number } {
  const { queries, keys, weights } = kind, places = placesOf(keys), wide = places.at(-1)! * CELL;
  const high = queries.length * CELL, above = roomAbove(keys), names = columnNames(keys, places);
  const parts = [label(say(name), { class: "axis", x: 0, y: y + 12 })];
  const heads = weights.flatMap((layer, l) =>
    layer.map((rows, h) => ({ rows, title: said(say("layer {}, head {}"), l + 1, h + 1) }))
  );
  let next = y + 20;
  for (let first = 0; first < heads.length; first += perLine) {
    const top = next + above;
    heads.slice(first, first + perLine).forEach(({ rows, title }, i) =>
      parts.push(el(
        "g",
        { transform: `translate(${px(left + i * (wide + GAP))} ${px(top)})` },
        el("rect", { class: "frame", width: wide, height: high }),
        el(
          "g",
          { class: color, stroke: "currentColor", transform: `translate(0 ${CELL / 2}) scale(${CELL})` },
          ...cells(rows, places),
        ),
        ...names,
        label(title, { class: "small", x: wide / 2, y: high + LINE, "text-anchor": "middle" }),
      ))
    );
    const rows = rowNames(kind).map((row, t) => at(row, 0, (t + 0.5) * CELL + 4));
    parts.push(el(
      "text",
      { class: "small", "text-anchor": "end", transform: `translate(${px(left - 5)} ${px(top)})` },
      ...rows,
    ));
    next = top + high + LINE + 8;
  }
  return { parts, height: next + 8 - y };
}

/** Words with numbers for each `{}`. */
const said = (words: string, ...values: readonly number[]): string =>
  values.reduce((text: string, value) => text.replace("{}", String(value)), words);

/** The picture. */
export const picture: Picture<readonly AttentionOfKind[]> = {
  place: "wide",
  alternative: (kinds, say) =>
    kinds.map((kind, k) => {
      const { keys, weights } = kind;
      const last = weights.at(-1)!,
        mean = (t: number, s: number) => last.reduce((sum, head) => sum + head[t]![s]!, 0) / last.length;
      return `${say(KINDS[k]!.name)}: ${weights.length} × ${last.length}. ` + rowNames(kind).map((query, t) => {
        const most = keys.reduce((best, _, s) => mean(t, s) > mean(t, best) ? s : best, 0);
        return `${query}: ${keys[most]}`;
      }).join(", ");
    }).join(". "),
  measure: async () => {
    const file = new URL("../playground/model/translator.safetensors", import.meta.url);
    const { source, inputs, encoder, self, cross } = await look(openTranslator(await Deno.readFile(file)), {
      ...DEFAULTS,
      numBeams: 1,
      sentence: SENTENCE,
    });
    const words = inputs.map((token) => token.trim());
    return [
      { queries: source.tokens, keys: source.tokens, writes: false, weights: encoder },
      { queries: words, keys: words, writes: true, weights: self },
      { queries: words, keys: source.tokens, writes: true, weights: cross },
    ];
  },
  draw: (canvas, kinds) => {
    const { width } = canvas;
    const left = Math.ceil(Math.max(...kinds.flatMap(rowNames).map((name) => textWidth(name, { size: CELL })))) + 7;
    const most = CELL * Math.max(...kinds.map(({ keys }) => placesOf(keys).at(-1)!)) + GAP;
    const perLine = [8, 4, 2].find((count) => left + count * most - GAP <= width) ?? 1;
    const parts: string[] = [];
    let y = 0;
    kinds.forEach((kind, k) => {
      const drawn = block(kind, { ...KINDS[k]!, y, perLine, left }, canvas);
      parts.push(...drawn.parts);
      y += drawn.height;
    });
    return { width: left + perLine * most - GAP, height: y, parts };
  },
};
