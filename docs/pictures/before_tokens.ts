/**
 * # A text on its way to tokens
 *
 * The parts of a tokenizer as rows of boxes, each below the characters that it was made from. All of it is computed by the library.
 *
 * @module
 */

import { alignText } from "../../core/02_words/before_tokens/aligned_text.ts";
import { bertNormalizer, wordPieceDecoder } from "../../core/02_words/before_tokens/mod.ts";
import { TokenizerPipeline } from "../../core/02_words/before_tokens/pipeline.ts";
import { bertPreTokenizer, characters } from "../../core/02_words/before_tokens/pre_tokenizers.ts";
import { WordPiece } from "../../core/02_words/before_tokens/word_piece.ts";
import { el, label, textWidth, tip } from "../figures/svg.ts";
import type { Picture } from "../picture.ts";

const TEXT = "Café  isn't";
const TOKENS = ["[UNK]", "ca", "##fe", "is", "##n", "'", "t"];

/** A box and the range of the text that it was made from. */
interface Box {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

interface Row {
  readonly name: string;
  readonly boxes: readonly Box[];
}

function rows(): { rows: Row[]; back: string } {
  const tokenizer = new TokenizerPipeline({
    normalizer: bertNormalizer(),
    preTokenizer: bertPreTokenizer,
    model: new WordPiece(TOKENS),
    decoder: wordPieceDecoder(),
  });
  const box = (text: string, [start, end]: readonly [number, number]): Box => ({ text, start, end });
  const given = alignText(TEXT), changed = bertNormalizer().apply(given);
  const letters = (text: typeof given): Box[] => characters.cut(text).map((one) => box(one.text, one.source()));
  const tokens = tokenizer.tokenize(TEXT);
  return {
    rows: [
      { name: "text", boxes: letters(given) },
      { name: "normalized", boxes: letters(changed) },
      { name: "pieces", boxes: tokenizer.cut(TEXT).map((one) => box(one.text, one.source())) },
      { name: "tokens", boxes: tokens.map(({ token, start, end }) => ({ text: token, start, end })) },
      { name: "ids", boxes: tokens.map(({ id, start, end }) => ({ text: String(id), start, end })) },
    ],
    back: tokenizer.decode(tokens.map(({ id }) => id)),
  };
}

/** The picture. */
export const picture: Picture<ReturnType<typeof rows>> = {
  alternative: ({ rows, back }, say) =>
    `${say("Rows of boxes, each below the characters that it was made from.")} ` +
    rows.map(({ name, boxes }) => `${say(name)}: ${boxes.map(({ text }) => text === " " ? "␣" : text).join(" | ")}.`)
      .join(" ") +
    ` ${say("decoded")}: ${back}.`,
  measure: rows,
  draw: ({ width, say }, { rows, back }) => {
    const names = [...rows.map(({ name }) => name), "decoded"].map((name) => say(name));
    const left = Math.max(...names.map((name) => textWidth(name))) + 12;
    const unit = Math.min(38, Math.floor((width - left) / TEXT.length)), height = 34, parts: string[] = [];
    rows.forEach(({ boxes }, i) => {
      const y = i * height;
      parts.push(label(names[i]!, { class: "ink", x: 0, y: y + 18 }));
      for (const { text, start, end } of boxes) {
        const x = left + start * unit, size = (end - start) * unit - 3;
        parts.push(
          el(
            "rect",
            { class: "cell", x, y: y + 2, width: size, height: 24 },
            tip(`${start}–${end}`),
          ),
        );
        parts.push(
          label(text === " " ? "␣" : text, { class: "ink", x: x + size / 2, y: y + 19, "text-anchor": "middle" }),
        );
      }
    });
    const y = rows.length * height;
    parts.push(
      label(names.at(-1)!, { class: "ink", x: 0, y: y + 18 }),
      label(back, { class: "ink", x: left, y: y + 18 }),
    );
    return { width: left + TEXT.length * unit, height: y + 28, parts };
  },
};
