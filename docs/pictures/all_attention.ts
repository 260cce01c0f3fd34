/**
 * # Every attention of a model
 *
 * The weights of all layers and heads of the playground's translator, while it translates one sentence: the encoder's
 * self-attention, the decoder's, and the cross-attention.
 *
 * @module
 */

import { el, label, px, textWidth, wrapped } from "../figures/svg.ts";
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
  readonly weights: Weights;
}

const LINE = 13, GAP = 8;

/** A matrix as one path for each fifth of weight, in units of a cell. */
function cells(rows: readonly (readonly number[])[]): string[] {
  const paths = new Map<number, string>();
  rows.forEach((row, t) =>
    row.forEach((weight, s) => {
      const level = Math.round(5 * weight);
      if (level > 0) paths.set(level, `${paths.get(level) ?? ""}M${s} ${t}h1`);
    })
  );
  return [...paths].sort(([a], [b]) => a - b).map(([level, d]) =>
    el("path", { d, stroke: "currentColor", "stroke-opacity": String(level / 5) })
  );
}

const isChinese = (text: string): boolean => /^[\u3000-\u9fff\uff00-\uffef]+$/.test(text);

/** The name of a column above it: Chinese from top to bottom, others turned. */
function columnName(name: string, x: number, y: number): string {
  if (!isChinese(name)) {
    return label(name, { class: "small", transform: `translate(${px(x + 4)} ${px(y)}) rotate(-90)` });
  }
  return [...name].map((character, i) =>
    label(character, { class: "small", x, y: y - 11 * (name.length - 1 - i), "text-anchor": "middle" })
  ).join("");
}

/** All matrices of one kind, in lines of `perLine`. */
function block(
  { queries, keys, weights }: AttentionOfKind,
  { name, color, y, perLine, cell, left }: {
    readonly name: string;
    readonly color: string;
    readonly y: number;
    readonly perLine: number;
    readonly cell: number;
    /** Room for the names of the rows; without it they stand in lines above. */
    readonly left: number;
  },
  { say }: Canvas,
): { readonly parts: string[]; readonly height: number } {
  const parts = [label(say(name), { class: "axis", x: 0, y: y + 12 })];
  let at = y + 20;
  if (left === 0) {
    for (const [title, tokens] of [["rows:", queries], ["columns:", keys]] as const) {
      for (const line of wrapped(`${say(title)} ${tokens.join(" ")}`, 340)) {
        parts.push(label(line, { class: "small", x: 0, y: at += LINE - 2 }));
      }
    }
    at += 6;
  }
  const heads = weights.flatMap((layer, l) => layer.map((rows, h) => ({ rows, layer: l + 1, head: h + 1 })));
  const above = left === 0
    ? 0
    : Math.max(...keys.map((key) => isChinese(key) ? 11 * key.length : textWidth(key, { size: 11 }))) + 6;
  const [wide, high] = [keys.length * cell, queries.length * cell];
  for (let first = 0; first < heads.length; first += perLine) {
    const top = at + above;
    heads.slice(first, first + perLine).forEach(({ rows, layer, head }, i) => {
      const x = left + i * (wide + GAP);
      if (left > 0 && head === 1) keys.forEach((key, s) => parts.push(columnName(key, x + (s + 0.5) * cell, top - 4)));
      parts.push(
        el("rect", { class: "frame", x, y: top, width: wide, height: high }),
        el(
          "g",
          { class: color, transform: `translate(${px(x)} ${px(top + cell / 2)}) scale(${px(cell)})` },
          ...cells(rows),
        ),
        label(left === 0 ? `${layer}.${head}` : `${say("layer")} ${layer}, ${say("head")} ${head}`, {
          class: "small",
          x: x + wide / 2,
          y: top + high + LINE,
          "text-anchor": "middle",
        }),
      );
    });
    if (left > 0) {
      queries.forEach((query, t) =>
        parts.push(label(query, { class: "small", x: left - 5, y: top + (t + 0.5) * cell + 4, "text-anchor": "end" }))
      );
    }
    at = top + high + LINE + 8;
  }
  return { parts, height: at + 8 - y };
}

/** The picture. */
export const picture: Picture<readonly AttentionOfKind[]> = {
  place: "wide",
  alternative: (kinds, say) =>
    kinds.map(({ queries, keys, weights }, k) => {
      const last = weights.at(-1)!,
        mean = (t: number, s: number) => last.reduce((sum, head) => sum + head[t]![s]!, 0) / last.length;
      return `${say(KINDS[k]!.name)}: ${weights.length} × ${last.length}. ` + queries.map((query, t) => {
        const most = keys.reduce((best, _, s) => mean(t, s) > mean(t, best) ? s : best, 0);
        return `${query} → ${keys[most]} ${mean(t, most).toFixed(2)}`;
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
      { queries: source.tokens, keys: source.tokens, weights: encoder },
      { queries: words, keys: words, weights: self },
      { queries: words, keys: source.tokens, weights: cross },
    ];
  },
  draw: (canvas, kinds) => {
    const { width } = canvas, isPhone = width < 1000, perLine = isPhone ? 4 : 8;
    const names = kinds.flatMap(({ queries }) => queries.map((query) => textWidth(query, { size: 11 })));
    const left = isPhone ? 0 : Math.ceil(Math.max(...names)) + 8;
    const most = Math.max(...kinds.map(({ keys }) => keys.length));
    // Where both columns have no room, the form for a phone serves.
    const cell = Math.floor(((isPhone ? 320 : width) - left - (perLine - 1) * GAP) / perLine / most);
    const parts: string[] = [];
    let y = 0;
    if (isPhone) {
      // Below a matrix there is room for two numbers.
      parts.push(label(`1.2: ${canvas.say("layer")} 1, ${canvas.say("head")} 2`, { class: "small", x: 0, y: LINE }));
      y += LINE + GAP;
    }
    kinds.forEach((kind, k) => {
      const drawn = block(kind, { ...KINDS[k]!, y, perLine, cell, left }, canvas);
      parts.push(...drawn.parts);
      y += drawn.height;
    });
    return { width: left + perLine * (most * cell + GAP) - GAP, height: y, parts };
  },
};
