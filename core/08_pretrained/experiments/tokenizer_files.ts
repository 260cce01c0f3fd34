/**
 * # A step that is left out
 *
 * A small tokenizer is written as a file and read back whole, and then with one of its steps left out. Five kinds of texts are cut by each, and the texts are counted whose ids are others.
 *
 * @module
 */

import type { Experiment, Labels, Parts } from "../../experiments/experiment.ts";
import { percent } from "../../experiments/numbers.ts";
import { Steps } from "../../experiments/running.ts";
import { sentiment } from "../../corpora/sentiment.ts";
import { trainBytePairEncoding } from "../../02_words/byte_pair_encoding/mod.ts";
import { readTokenizerJson } from "../tokenizer_files/mod.ts";

const STEPS = ["normalizer", "digits", "added", "prefix"] as const;
const KINDS = ["plain", "numbers", "accents", "chat", "spaces"] as const;
const TEXTS = 60;

/** What is found: texts with other ids, as a fraction, by step and kind of text. */
export interface LeftOutFindings {
  /** With the file as it is. */
  readonly whole: readonly number[];
  readonly normalizer: readonly number[];
  readonly digits: readonly number[];
  readonly added: readonly number[];
  /** With a space in front of each piece, which is what a file means that does not say otherwise. */
  readonly prefix: readonly number[];
  /** Tokens of all plain texts. */
  readonly tokens: number;
}

/** What the experiment is made of. */
export interface LeftOut extends Parts {
  findings: LeftOutFindings;
  controls: "vocabulary";
  claims: "whole" | "plain" | "own" | "prefix";
  captions: "texts" | "table";
  labels: Labels<typeof STEPS[number] | typeof KINDS[number] | "changed" | "step">;
}

/** The same reviews, with what some texts have and others do not. */
const change: Readonly<Record<typeof KINDS[number], (text: string, i: number) => string>> = {
  plain: (text) => text,
  numbers: (text, i) => `${text} ${1980 + 7 * i}`,
  accents: (text) => `${text} Cafe\u0301!`,
  chat: (text) => `<|user|>${text}<|end|>`,
  spaces: (text) => text.replaceAll(" ", "  "),
};

/** Files with and without their steps. */
export const experiment: Experiment<LeftOut> = {
  controls: { vocabulary: { default: 600, min: 300, max: 1200, step: 100 } },
  constants: { texts: TEXTS },
  claims: {
    whole: { holds: ({ whole }) => whole.every((part) => part === 0) },
    plain: { holds: ({ normalizer, digits, added }) => normalizer[0] === 0 && digits[0] === 0 && added[0] === 0 },
    own: { holds: ({ normalizer, digits, added }) => normalizer[2]! > 0.9 && digits[1]! > 0.5 && added[3]! > 0.9 },
    prefix: { holds: ({ prefix }) => prefix[0]! > 0.9 },
  },
  async measure({ vocabulary }, options) {
    const steps = new Steps(options, STEPS.length + 2), reviews = sentiment("english").training.map(({ text }) => text);
    const numbered = reviews.map((text, i) => change.numbers(text, i % TEXTS));
    const learned = await trainBytePairEncoding(numbered, { vocabSize: vocabulary, level: "bytes" });
    await steps.next();
    const names = ["<|user|>", "<|end|>"];
    const tokens = learned.tokens.slice(4), vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
    const file = {
      normalizer: { type: "NFC" },
      pre_tokenizer: {
        type: "Sequence",
        pretokenizers: [{ type: "Digits", individual_digits: true }, { type: "ByteLevel", add_prefix_space: false }],
      },
      model: { type: "BPE", vocab, merges: learned.merges.map(([left, right]) => [left, right]) },
      decoder: { type: "ByteLevel" },
      added_tokens: names.map((content, i) => ({ id: tokens.length + i, content, special: true, normalized: false })),
    };
    const others = {
      whole: file,
      normalizer: { ...file, normalizer: null },
      digits: { ...file, pre_tokenizer: { type: "ByteLevel", add_prefix_space: false } },
      added: { ...file, added_tokens: [] },
      prefix: {
        ...file,
        pre_tokenizer: {
          type: "Sequence",
          pretokenizers: [{ type: "Digits", individual_digits: true }, { type: "ByteLevel" }],
        },
      },
    };
    const right = readTokenizerJson(file), texts = reviews.slice(0, TEXTS);
    const found: Record<string, number[]> = {};
    let count = 0;
    for (const text of texts) count += right.encode(text).length;
    for (const [name, other] of Object.entries(others)) {
      await steps.next();
      const tokenizer = readTokenizerJson(JSON.parse(JSON.stringify(other)));
      found[name] = KINDS.map((kind) => {
        const differ = texts.map(change[kind]).filter((text) =>
          tokenizer.encode(text, { specialTokens: true }).join() !== right.encode(text, { specialTokens: true }).join()
        );
        return differ.length / TEXTS;
      });
    }
    return { ...found, tokens: count } as unknown as LeftOutFindings;
  },
  draw(findings, { captions, labels }) {
    return [
      {
        kind: "bars",
        caption: captions.texts(findings),
        y: { title: labels.changed },
        bars: STEPS.flatMap((step) =>
          KINDS.map((kind, i) => ({ label: labels[kind], group: labels[step], value: findings[step][i]! }))
        ),
      },
      {
        kind: "table",
        caption: captions.table(findings),
        columns: [labels.step, ...KINDS.map((kind) => labels[kind])],
        rows: STEPS.map((step) => [labels[step], ...findings[step].map((part) => percent(part, 2))]),
      },
    ];
  },
};
