/**
 * # Hidden words
 *
 * `fill-mask` says which words may stand behind the masks of a text, and how probable each is.
 *
 * @module
 */

import { fillMask } from "../../08_pretrained/bert.ts";
import { type Command, defineCommand, flag, number } from "../arguments.ts";
import { encoderOptions, openMasked } from "../encoders.ts";
import { escapeControl, UsageError } from "../errors.ts";
import { jsonLine } from "../json_lines.ts";
import { line } from "../terminal.ts";

/** `fill-mask`. */
export const command: Command = defineCommand({
  operands: "MODEL TEXT",
  maxOperands: 2,
  details: [
    'MODEL is a folder with an encoder that scores words, such as bert-base-uncased. TEXT has one [MASK] or more: "The capital of France is [MASK]."',
    "Each mask is filled for itself, while the others stay hidden. <mask> means the same.",
  ],
  options: {
    top: number("N", "Most candidates of each mask", { min: 1, max: 1_000_000, whole: true }, 5),
    json: flag("Write a line of JSON for each candidate: mask, token, id, probability"),
    ...encoderOptions,
  },
  async run(values, [path, text]) {
    if (path === undefined) throw new UsageError("Cannot fill a mask without a model: write its folder first");
    if (text === undefined) throw new UsageError("Cannot fill a mask without a text: write it behind the model");
    const { model, tokenizer } = await openMasked(path, values);
    const masks = await fillMask(model, tokenizer, text, { topK: values.top });
    masks.forEach(({ candidates }, i) => {
      if (masks.length > 1 && !values.json) line(`${i > 0 ? "\n" : ""}mask ${i + 1}`);
      for (const { token, id, probability } of candidates) {
        const rounded = Number(probability.toPrecision(6));
        line(
          values.json
            ? jsonLine({ mask: i + 1, token, id, probability: rounded })
            : `${probability.toFixed(3)}  ${escapeControl(token)}`,
        );
      }
    });
  },
});
