/**
 * # What a mask guarantees, and what it distorts
 *
 * Two n-gram models of characters. One has read sums of two digits, and has to write sums with a given result; everything that it can write so is enumerated. The other has read lists and objects of JSON, and writes with and without a grammar.
 *
 * @module
 */

import { trainBytePairEncoding } from "../../02_words/byte_pair_encoding/mod.ts";
import type { BytePairEncoding } from "../../02_words/byte_pair_encoding/mod.ts";
import { type NGramModel, trainNGrams } from "../../03_language_models/n_grams/mod.ts";
import { Random } from "../../engine/random.ts";
import type { Experiment, Labels, Parts } from "../../experiments/experiment.ts";
import { percent } from "../../experiments/numbers.ts";
import { Steps } from "../../experiments/running.ts";
import { SEED } from "../../experiments/seed.ts";
import { jsonSchema } from "../constraints/json_schema.ts";
import { keptMass } from "../constraints/mod.ts";
import { regularExpression } from "../constraints/regular_expressions.ts";
import { grammarRule } from "../constraints/token_masks.ts";
import type { LogitsRule } from "../rules.ts";
import { logProbabilityOf, sample, toProbabilities } from "../sampling.ts";

/** Values of JSON that the second model reads, and the orders that it is tried with. */
const VALUES = 600, ORDERS = [2, 3, 4, 5, 6, 8];
/** Where a text of JSON is cut off, in tokens. */
const LONGEST = 200;
/** A model of sums has to see this many characters: `3+9=1`, and the one that follows. */
const ORDER = 6;
/** How often each sum is read. */
const COPIES = 20;

/** What is found. */
export interface ConstraintFindings {
  /** Probability that a text complies with no mask. */
  readonly complies: number;
  /** Probability that a sum is right: given that the text complies, under the mask, and as weighted samples estimate it. */
  readonly rightGiven: number;
  readonly rightMasked: number;
  readonly rightWeighted: number;
  /** Total variation between what the mask draws from and the model's distribution given the constraint. */
  readonly distance: number;
  /** How many samples of the conditional distribution the weighted ones are worth, as a fraction of their number. */
  readonly effective: number;
  /** Probability of the forbidden token once its logit is set to 0, over all steps, before and after. */
  readonly zeroBefore: number;
  readonly zeroAfter: number;
  /** Fraction of texts that are JSON, without and with the grammar, by order. */
  readonly plain: readonly number[];
  readonly masked: readonly number[];
  /** Fraction of texts that end before they are cut off, under the grammar, by order. */
  readonly ended: readonly number[];
  /** Probability mass that the mask keeps at a step, on average, and the product over a text, by order. */
  readonly kept: readonly number[];
  readonly keptOfText: readonly number[];
  readonly shown: {
    readonly result: number;
    readonly draws: number;
    readonly orders: readonly number[];
    /** Of each first digit, its probability given the constraint and under the mask. */
    readonly given: readonly number[];
    readonly underMask: readonly number[];
    /** A text of JSON from the lowest order, without and with the grammar. */
    readonly samples: readonly [string, string];
  };
}

/** What the experiment is made of. */
export interface Constraints extends Parts {
  findings: ConstraintFindings;
  controls: "result" | "draws" | "seed";
  claims: "masked" | "plain" | "kept" | "wrong" | "given" | "weights" | "zero";
  captions: "digits" | "sums" | "json" | "mass";
  labels:
    & Labels<
      | "digit"
      | "probability"
      | "given"
      | "underMask"
      | "how"
      | "right"
      | "costs"
      | "order"
      | "share"
      | "without"
      | "with"
      | "step"
      | "text"
      | "kept"
      | "rejection"
      | "mask"
      | "weighted"
    >
    & { texts(count: number): string };
}

/** A value of JSON with brackets inside brackets. */
function randomValue(random: Random, depth: number): unknown {
  const kind = Math.floor(random.next() * (depth === 0 ? 3 : 5));
  if (kind === 0) return Math.floor(random.next() * 100);
  if (kind === 1) return random.next() < 0.5;
  if (kind === 2) return ["ab", "cd", "b"][Math.floor(random.next() * 3)];
  const parts = Array.from({ length: 1 + Math.floor(random.next() * 3) }, () => randomValue(random, depth - 1));
  return kind === 3 ? parts : Object.fromEntries(parts.map((part, i) => ["xyz"[i], part]));
}

/** A model of characters, with what it needs to write. */
interface Writer {
  readonly model: NGramModel;
  readonly tokenizer: BytePairEncoding;
}

async function learn(texts: readonly string[], order: number): Promise<Writer> {
  const tokenizer = await trainBytePairEncoding(texts, { vocabSize: "alphabet", level: "characters" });
  const { vocabSize, beginToken, endToken } = tokenizer, ids = texts.map((text) => tokenizer.encode(text));
  return { tokenizer, model: await trainNGrams(ids, { order, vocabSize, beginToken, endToken }) };
}

/** A text that was written. */
interface Written {
  readonly text: string;
  readonly ended: boolean;
  /** The mass that the rule kept at each step. */
  readonly kept: readonly number[];
}

/** Draws a text. */
function write({ model, tokenizer }: Writer, rule: LogitsRule | undefined, random: Random): Written {
  const { beginToken, endToken } = tokenizer, tokens: number[] = [beginToken], kept: number[] = [];
  while (tokens.length <= LONGEST) {
    const logits = model.next(tokens);
    const allowed = rule?.onHost(logits, { tokens, promptLength: 1, eosToken: endToken }) ?? logits;
    kept.push(keptMass(logits, allowed));
    const token = sample(allowed, random);
    if (token === endToken) return { text: tokenizer.decode(tokens), ended: true, kept };
    tokens.push(token);
  }
  return { text: tokenizer.decode(tokens), ended: false, kept };
}

/** The logarithms of the probabilities of a text: of the model, and under the mask. */
function score(
  { model, tokenizer }: Writer,
  rule: LogitsRule,
  text: string,
): { readonly plain: number; readonly masked: number } {
  const { beginToken, endToken } = tokenizer, ids = [...tokenizer.encode(text), endToken];
  const tokens: number[] = [beginToken];
  let plain = 0, masked = 0;
  for (const token of ids) {
    const logits = model.next(tokens);
    plain += logProbabilityOf(logits, token);
    masked += logProbabilityOf(rule.onHost(logits, { tokens, promptLength: 1, eosToken: endToken }), token);
    tokens.push(token);
  }
  return { plain, masked };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const isRight = (text: string): boolean => {
  const [, a, b, c] = /^(\d)\+(\d)=(\d+)$/.exec(text) ?? [];
  return Number(a) + Number(b) === Number(c);
};
const sum = (numbers: Iterable<number>): number => [...numbers].reduce((a, b) => a + b, 0);
const mean = (numbers: readonly number[]): number => sum(numbers) / numbers.length;
const DIGITS = Array.from({ length: 10 }, (_, digit) => digit);

/** What a mask guarantees, and how far it is from the model's distribution. */
export const experiment: Experiment<Constraints> = {
  controls: {
    result: { default: 12, min: 0, max: 18 },
    draws: { default: 300, min: 50, max: 2000, step: 50 },
    seed: SEED,
  },
  constants: { order: ORDER, copies: COPIES, values: VALUES, longest: LONGEST },
  claims: {
    masked: { holds: ({ masked, ended }) => masked.every((share, i) => share === ended[i]) },
    plain: { holds: ({ plain }) => plain[0]! < 0.7 && plain.every((share) => share < 0.95) },
    kept: { holds: ({ kept }) => kept.at(-1)! > kept[0]! },
    given: { holds: ({ rightGiven }) => rightGiven > 0.9 },
    wrong: { holds: ({ rightMasked }) => rightMasked < 0.2 },
    weights: { holds: ({ rightWeighted, rightGiven }) => Math.abs(rightWeighted - rightGiven) < 0.1 },
    zero: { holds: ({ zeroAfter }) => zeroAfter < 0.01, refuted: true },
  },
  async measure({ result, draws, seed }, options) {
    const steps = new Steps(options, 3 + ORDERS.length), random = new Random(seed);
    await steps.next();
    const sums = DIGITS.flatMap((a) => DIGITS.map((b) => `${a}+${b}=${a + b}`));
    const adder = await learn(sums.flatMap((text) => Array<string>(COPIES).fill(text)), ORDER);
    const rule = grammarRule(regularExpression(`\\d\\+\\d=${result}`), adder.tokenizer);

    // Every text that complies, its probability and its probability under the mask.
    await steps.next();
    const texts = DIGITS.flatMap((a) => DIGITS.map((b) => `${a}+${b}=${result}`)),
      scores = texts.map((text) => score(adder, rule, text));
    const plain = scores.map((one) => Math.exp(one.plain)), underMask = scores.map((one) => Math.exp(one.masked));
    const complies = sum(plain), given = plain.map((probability) => probability / complies);
    const right = (probabilities: readonly number[]): number => sum(probabilities.filter((_, i) => isRight(texts[i]!)));

    // Samples under the mask, each with the product of the masses that were kept as its weight.
    await steps.next();
    const samples = Array.from({ length: draws }, () => write(adder, rule, random));
    const weights = samples.map(({ kept }) => kept.reduce((product, mass) => product * mass, 1));
    const total = sum(weights);

    // A digit is forbidden at each step by a logit of 0 in place of its own, which is the logarithm of a probability.
    const forbidden = adder.tokenizer.idOf("7")!, before: number[] = [], after: number[] = [];
    for (const text of sums) {
      const logits = adder.model.next([adder.tokenizer.beginToken, ...adder.tokenizer.encode(text.slice(0, -1))]);
      before.push(toProbabilities(logits)[forbidden]!);
      after.push(toProbabilities(logits.map((logit, token) => token === forbidden ? 0 : logit))[forbidden]!);
    }

    const values = Array.from({ length: VALUES }, () => JSON.stringify(randomValue(random, 3)));
    const found: { plain: number; masked: number; ended: number; kept: number; keptOfText: number }[] = [],
      examples: string[] = [];
    const grammar = jsonSchema(true, { whitespace: "" });
    for (const order of ORDERS) {
      await steps.next();
      const writer = await learn(values, order), json = grammarRule(grammar, writer.tokenizer);
      const without = Array.from({ length: draws }, () => write(writer, undefined, random));
      const under = Array.from({ length: draws }, () => write(writer, json, random));
      if (order === ORDERS[0]) {
        examples.push(...[without, under].map((all) => all.find(({ text }) => text.length > 15)?.text ?? ""));
      }
      found.push({
        plain: mean(without.map(({ text, ended }) => Number(ended && isJson(text)))),
        masked: mean(under.map(({ text, ended }) => Number(ended && isJson(text)))),
        ended: mean(under.map(({ ended }) => Number(ended))),
        kept: mean(under.flatMap(({ kept }) => kept)),
        keptOfText: mean(under.map(({ kept }) => kept.reduce((product, mass) => product * mass, 1))),
      });
    }
    const byFirst = (probabilities: readonly number[]): number[] =>
      DIGITS.map((digit) => sum(probabilities.slice(10 * digit, 10 * digit + 10)));
    return {
      complies,
      rightGiven: right(given),
      rightMasked: right(underMask),
      rightWeighted: sum(weights.filter((_, i) => isRight(samples[i]!.text))) / total,
      distance: sum(given.map((p, i) => Math.abs(p - underMask[i]!))) / 2,
      effective: total ** 2 / sum(weights.map((weight) => weight ** 2)) / draws,
      zeroBefore: mean(before),
      zeroAfter: mean(after),
      plain: found.map((one) => one.plain),
      masked: found.map((one) => one.masked),
      ended: found.map((one) => one.ended),
      kept: found.map((one) => one.kept),
      keptOfText: found.map((one) => one.keptOfText),
      shown: {
        result,
        draws,
        orders: ORDERS,
        given: byFirst(given),
        underMask: byFirst(underMask),
        samples: [examples[0]!, examples[1]!],
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { plain, masked, kept, keptOfText, complies, effective, rightGiven, rightMasked, rightWeighted, shown } =
      findings;
    const over = (numbers: readonly number[]) => shown.orders.map((x, i): [number, number] => [x, numbers[i]!]);
    return [
      {
        kind: "bars",
        caption: captions.digits(findings),
        y: { title: labels.probability },
        bars: DIGITS.flatMap((digit) => [
          { label: labels.given, group: `${digit}`, value: shown.given[digit]! },
          { label: labels.underMask, group: `${digit}`, value: shown.underMask[digit]! },
        ]),
      },
      {
        kind: "table",
        caption: captions.sums(findings),
        columns: [labels.how, labels.right, labels.costs],
        rows: [
          [labels.rejection, percent(rightGiven, 3), labels.texts(1 / complies)],
          [labels.mask, percent(rightMasked, 3), labels.texts(1)],
          [labels.weighted, percent(rightWeighted, 3), labels.texts(1 / effective)],
        ],
      },
      {
        kind: "line",
        caption: captions.json(findings),
        x: { title: labels.order },
        y: { title: labels.share, domain: [0, 1] },
        series: [
          { label: labels.without, points: over(plain) },
          { label: labels.with, points: over(masked) },
        ],
      },
      {
        kind: "line",
        caption: captions.mass(findings),
        x: { title: labels.order },
        y: { title: labels.kept, domain: [0, 1] },
        series: [
          { label: labels.step, points: over(kept) },
          { label: labels.text, points: over(keptOfText) },
        ],
      },
    ];
  },
};
