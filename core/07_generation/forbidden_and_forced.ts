/**
 * # Forbidden and forced tokens
 *
 * **Question.** A user says: never these words, at least ten tokens, begin with *Dear*. The model knows nothing of it. How does
 * every text satisfy such a demand?
 *
 * **Idea.** By rules that need no probability, only the tokens so far. To *forbid* (ban) a token is to set its logit to $-\infty$.
 * A banned phrase forbids only its last token, and only where the text ends with the others. A shortest length forbids END. To
 * *force* a token is to forbid all others. Between the two, a *bias* adds a number to the logit of a token.
 *
 * **By hand.** The phrase *New York City* is banned. After *in New York* the logit of *City* is $-\infty$; after *in New* and
 * after *Mexico* it is what the model says. A bias of $\log 2 = 0.69$ makes a token of probability 0.2 twice as likely as before
 * against each other token: its probability is $0.4 / 1.2 = 0.33$.
 *
 * Now the first token is $A$ with probability 0.6 or $B$ with 0.4, and $x$ or $y$ follows: after $A$ with 0.9 and 0.1, after $B$
 * with 0.5 each. The phrase $Ax$ is banned. The rule gives $Ay$ a probability of 0.6, since all texts that have begun with $A$ end
 * there. Among the texts of the model that do not contain $Ax$, it has $0.06 / 0.46 = 0.13$.
 *
 * ```picture banned_phrase The probability of each text of the example: of the model, under the rule that bans *Ax*, and of the model given that *Ax* does not occur.
 * ```
 *
 * ```ts
 * import { bannedWordsRule, logitBiasRule, toProbabilities } from "@heed/heed/generation";
 *
 * const [a, b, x] = [0, 1, 2], first = [0.6, 0.4], after = [[0, 0, 0.9, 0.1], [0, 0, 0.5, 0.5]];
 * const logits = (probabilities: number[]) => Float64Array.from(probabilities, Math.log), rule = bannedWordsRule([[a, x]]);
 * const texts = (one: number, probabilities: ArrayLike<number>) =>
 *   [2, 3].map((other) => `${"AB"[one]}${"xy"[other - 2]} ${(first[one]! * probabilities[other]!).toFixed(2)}`).join(" ");
 * for (const one of [a, b]) {
 *   const ruled = toProbabilities(rule.onHost(logits(after[one]!), { tokens: [one] }));
 *   console.log("model", texts(one, after[one]!), "| rule", texts(one, ruled));
 * }
 * const biased = toProbabilities(logitBiasRule({ 0: Math.log(2) }).onHost(logits([0.2, 0.8]), { tokens: [] }));
 * console.log("bias", Math.log(2).toFixed(2), "gives", biased[0]!.toFixed(2), "as does", (0.4 / 1.2).toFixed(2));
 * console.log("without Ax", (0.06 + 0.4).toFixed(2));
 * ```
 *
 * ```text
 * model Ax 0.54 Ay 0.06 | rule Ax 0.00 Ay 0.60
 * model Bx 0.20 By 0.20 | rule Bx 0.20 By 0.20
 * bias 0.69 gives 0.33 as does 0.33
 * without Ax 0.46
 * ```
 *
 * **Formula.** With the banned phrases $w = (w_1, \dots, w_n)$, the biases $b_i$, and a shortest length of $m$ tokens, where
 * $j$ tokens have been generated,
 *
 * $$\tilde z_i = -\infty \ \text{ if }\ (y_{-n+1}, \dots, y_{-1}, i) = w \ \text{ or }\ (i = \mathrm{END},\ j < m), \qquad \tilde z_i = z_i + b_i \ \text{ otherwise}$$
 *
 * | symbol         | in code        | meaning                                             |
 * | -------------- | -------------- | --------------------------------------------------- |
 * | $w$            | `phrases`      | token ids of each banned word or phrase             |
 * | $y_{-1}$       | `tokens`       | the last token so far, of the prompt or generated  |
 * | $b_i$          | `bias`         | added to the logit of token $i$, in nats            |
 * | $j$            | `stepOf()`     | tokens generated so far                             |
 * | $m$            | `count`        | the fewest tokens                                   |
 *
 * **What is banned are tokens, not letters.** A tokenizer has several ways to write a word: with a space before it, as the first word of a text,
 * with a capital letter, or cut into other tokens. Each is a sequence of its own. A banned *cat* does not forbid *▁cat*, and a
 * banned *▁cat* forbids *▁catalogue* as well where that is *▁cat* and *alogue*. The program bans each word with and without a space before it.
 *
 * **Not the model given the demand.** A rule changes a token when it comes to it, and not those before it that have led there, as
 * the second example shows. To draw from the model given the demand, one draws whole texts and rejects those that violate it.
 *
 * **Who wins.** What is forced is forced, whatever other rules forbid: in the table of [options](options.ts) the rules that force come after those that forbid.
 * Two tokens forced at the same step, or a token that is forced and can never be allowed, are refused before the first step. The
 * tokens of a prefix belong to the result, and their log-probability counts as the model has it; beams, which are ranked
 * by what the rules leave, give a forced token probability one.
 *
 * **As elsewhere.** The rules do what the processors of Hugging Face transformers do (`bad_words_ids`, `sequence_bias`,
 * `suppress_tokens`, `min_new_tokens`, `forced_eos_token_id`), and the tests hold them to its numbers. There are
 * differences. END as a banned word is passed over there, and forbidden here. A first token is forced there (`forced_bos_token_id`) only
 * after a prompt of one token, here after any. A bias may be given to a sequence of tokens there, here to single tokens. And what would have no effect is refused here.
 *
 * Sources: Keskar et al. 2019 and Paulus et al. 2018 on [repetition](repetition.ts); Liu et al. 2020, *Multilingual Denoising
 * Pre-training for Neural Machine Translation* (the language of a translation as a forced first token).
 *
 * @module
 */

import { full, tensor } from "../engine/create.ts";
import { scatter } from "../engine/indexing.ts";
import { concat } from "../engine/joining.ts";
import { type Check, checkValue, integer, list, object } from "../engine/options.ts";
import type { Tensor } from "../engine/tensor.ts";
import {
  type DecodingTask,
  isToken,
  type LogitsRule,
  requireToken,
  ruleInPlace,
  type RuleTask,
  stepOf,
  tokensCheck,
} from "./rules.ts";

/** What a token may be. */
export const forcedCheck: Check<number> = integer({ min: 0 });
/** What a number of tokens may be. */
export const newTokensCheck: Check<number> = integer();
/** What a list of phrases may be. */
export const phrasesCheck: Check<readonly (readonly number[])[]> = {
  ...list<readonly number[]>("a list of words or phrases, each a list of token ids, at least one", tokensCheck.fits),
  allows: (phrases) => phrases.length > 0 && phrases.every(({ length }) => length > 0),
};
/** What biases may be. */
export const biasCheck: Check<LogitBias> = {
  ...object<LogitBias>(
    "an object with a finite number for each of some token ids",
    (bias) => Object.entries(bias).every(([token, value]) => isToken(Number(token)) && typeof value === "number"),
  ),
  allows: (bias) => Object.keys(bias).length > 0 && Object.values(bias).every(Number.isFinite),
};

/** What is added to the logits of some tokens, by token id. */
export type LogitBias = Readonly<Record<number, number>>;

/**
 * Forbids words and phrases.
 *
 * @param phrases the tokens of each, in every way in which a text can write it
 * @returns a rule
 * @throws {RangeError} if there is none, or one is empty
 */
export function bannedWordsRule(phrases: readonly (readonly number[])[]): LogitsRule {
  checkValue("generate", "bannedWords", phrases, phrasesCheck);
  const words = phrases.flatMap((phrase) => phrase.length === 1 ? phrase : []);
  const longer = phrases.filter(({ length }) => length > 1);
  return ruleInPlace({
    name: "bannedWords",
    check(task) {
      for (const token of phrases.flat()) requireToken("bannedWords", token, task.vocabSize);
      requireNotForced("bannedWords", words, task);
    },
    inPlace: (row, { tokens }) => {
      forbid(row, words);
      for (const phrase of longer) {
        // $(y_{-n+1}, \dots, y_{-1}) = (w_1, \dots, w_{n-1})$: what completes it is forbidden.
        const before = phrase.length - 1, start = tokens.length - before;
        if (start < 0) continue;
        let same = 0;
        while (same < before && tokens[start + same] === phrase[same]) same++;
        if (same === before) forbid(row, phrase.slice(-1));
      }
    },
    onDevice: (logits, { tokens }) => {
      const [B = 0, T = 0] = tokens.shape, ends = longer.filter(({ length }) => length <= T + 1);
      const matches = ends.map((phrase) => {
        const before = tensor(Int32Array.from(phrase.slice(0, -1)), [1, phrase.length - 1]);
        return tokens.slice(1, T - phrase.length + 1).equal(before).cast("float32").min(-1, { keepDims: true });
      });
      const places = [...words, ...ends.map((phrase) => phrase[phrase.length - 1]!)];
      if (places.length === 0) return logits;
      const counted = [...words.length > 0 ? [full([B, words.length], 1)] : [], ...matches];
      const forbidden = scatter(full(logits.shape, 0), -1, rowOf(places, B), concat(counted, 1));
      return logits.where(forbidden.equal(0), -Infinity);
    },
  });
}

/**
 * Forbids tokens everywhere.
 *
 * @param suppressed their ids
 * @returns a rule
 * @throws {RangeError} if there is none
 */
export function suppressRule(suppressed: readonly number[]): LogitsRule {
  checkValue("generate", "suppressTokens", suppressed, tokensCheck);
  return ruleInPlace({
    name: "suppressTokens",
    check(task) {
      for (const token of suppressed) requireToken("suppressTokens", token, task.vocabSize);
      requireNotForced("suppressTokens", suppressed, task);
    },
    inPlace: (row) => forbid(row, suppressed),
    onDevice: (logits) => logits.where(marked(logits, suppressed).equal(0), -Infinity),
  });
}

/**
 * Adds a number to the logits of some tokens.
 *
 * @param bias what is added, in nats, by token id
 * @returns a rule
 * @throws {RangeError} if a number is not finite, or there is none
 */
export function logitBiasRule(bias: LogitBias): LogitsRule {
  checkValue("generate", "logitBias", bias, biasCheck);
  const tokens = Object.keys(bias).map(Number), values = Object.values(bias);
  return ruleInPlace({
    name: "logitBias",
    check: ({ vocabSize }) => tokens.forEach((token) => requireToken("logitBias", token, vocabSize)),
    inPlace: (row) => {
      tokens.forEach((token, i) => {
        if (token < row.length) row[token]! += values[i]!;
      });
    },
    onDevice: (logits) => logits.add(marked(logits, tokens, values)),
  });
}

/**
 * Forbids the end of a text until it has so many tokens.
 *
 * @param count the fewest tokens, a positive integer
 * @returns a rule
 * @throws {RangeError} if the count is not a positive integer
 */
export function minNewTokensRule(count: number): LogitsRule {
  checkValue("generate", "minNewTokens", count, newTokensCheck);
  const isEarly = (length: number, task: DecodingTask): boolean => stepOf(length, task) < count;
  return ruleInPlace({
    name: "minNewTokens",
    check({ eosToken, eosTokens = [eosToken!], maxNewTokens = Infinity, forced }) {
      if (eosToken === undefined) {
        throw new TypeError("Cannot use minNewTokens without eosToken: nothing else ends a text before maxNewTokens");
      }
      if (count > maxNewTokens) {
        throw new RangeError(
          `Cannot use minNewTokens = ${count} with maxNewTokens = ${maxNewTokens}: no text becomes that long`,
        );
      }
      for (const [step, { token, by }] of forced) {
        if (eosTokens.includes(token) && step < count) {
          throw new RangeError(`Cannot use minNewTokens = ${count} with ${by}: it forces the end after ${step} tokens`);
        }
      }
    },
    inPlace: (row, context) => {
      if (isEarly(context.tokens.length, context)) forbid(row, endsOf(context));
    },
    onDevice: (logits, context) =>
      endsOf(context).length > 0 && isEarly(context.tokens.shape[1]!, context)
        ? logits.where(marked(logits, endsOf(context)).equal(0), -Infinity)
        : logits,
  });
}

// ## Forcing
//
// A forced token is a rule that says which token stands at which step. One function makes the rule of it; the three
// demands below differ only in the steps.

/**
 * Forces a token as the first after the prompt.
 *
 * @param token its id
 * @returns a rule
 * @throws {RangeError} if it is no token id
 */
export function forcedFirstRule(token: number): LogitsRule {
  checkValue("generate", "forcedFirstToken", token, forcedCheck);
  return forcing("forcedFirstToken", () => new Map([[0, token]]));
}

/**
 * Forces a token as the last one that a text may have, where it has not ended before.
 *
 * @param token its id
 * @returns a rule
 * @throws {RangeError} if it is no token id
 */
export function forcedLastRule(token: number): LogitsRule {
  checkValue("generate", "forcedLastToken", token, forcedCheck);
  return forcing(
    "forcedLastToken",
    ({ maxNewTokens = Infinity }) => new Map(maxNewTokens < Infinity ? [[maxNewTokens - 1, token]] : []),
    ({ maxNewTokens = Infinity }) => {
      if (maxNewTokens < Infinity) return;
      throw new TypeError("Cannot use forcedLastToken with maxNewTokens = Infinity: no token is the last");
    },
  );
}

/**
 * Forces the tokens that a text begins with; they are part of the result.
 *
 * @param tokens their ids
 * @returns a rule
 * @throws {RangeError} if there is none
 */
export function prefixRule(tokens: readonly number[]): LogitsRule {
  checkValue("generate", "prefix", tokens, tokensCheck);
  const steps = new Map(Array.from(tokens, (token, step) => [step, token]));
  return forcing("prefix", () => steps, ({ maxNewTokens = Infinity, ...task }) => {
    if (tokens.length > maxNewTokens) {
      throw new RangeError(
        `Cannot use a prefix of ${tokens.length} tokens with maxNewTokens = ${maxNewTokens}: it does not fit`,
      );
    }
    const eosToken = endsOf(task).find((end) => tokens.includes(end));
    if (eosToken !== undefined) {
      throw new RangeError(`Cannot use a prefix with token ${eosToken}, which is eosToken: the text would end there`);
    }
  });
}

/** All tokens that end a text. */
function endsOf({ eosToken, eosTokens }: DecodingTask): readonly number[] {
  return eosTokens ?? (eosToken === undefined ? [] : [eosToken]);
}

/** A rule that allows one token at some steps. */
function forcing(
  name: string,
  forces: (task: DecodingTask) => ReadonlyMap<number, number>,
  check?: (task: RuleTask) => void,
): LogitsRule {
  return ruleInPlace({
    name,
    forces,
    ...check && { check },
    inPlace: (row, context) => {
      const token = forces(context).get(stepOf(context.tokens.length, context));
      if (token === undefined) return;
      row.fill(-Infinity);
      if (token < row.length) row[token] = 0;
    },
    onDevice: (logits, context) => {
      const token = forces(context).get(stepOf(context.tokens.shape[1]!, context));
      if (token === undefined) return logits;
      // NaN and infinity stay NaN, for whoever refuses them.
      const zero = logits.max(-1, { keepDims: true }).clamp(-1, Infinity).mul(0);
      return full(logits.shape, -Infinity).where(marked(logits, [token]).equal(0), zero);
    },
  });
}

/** Refuses tokens that are forced somewhere. */
function requireNotForced(name: string, forbidden: readonly number[], { forced }: RuleTask): void {
  for (const { token, by } of forced.values()) {
    if (forbidden.includes(token)) {
      throw new RangeError(`Cannot use ${name} with ${by}: one forbids token ${token}, the other forces it`);
    }
  }
}

function forbid(row: Float64Array, tokens: readonly number[]): void {
  for (const token of tokens) if (token < row.length) row[token] = -Infinity;
}

/** Tokens as a row for each of `B` sequences, int32 `[B, K]`. */
function rowOf(tokens: readonly number[], B: number): Tensor {
  return tensor(Int32Array.from({ length: B * tokens.length }, (_, i) => tokens[i % tokens.length]!), [
    B,
    tokens.length,
  ]);
}

/** Values at some tokens of a row, 1 unless given, and 0 elsewhere: `[V]`. */
function marked(logits: Tensor, tokens: readonly number[], values = tokens.map(() => 1)): Tensor {
  const places = tensor(Int32Array.from(tokens), [tokens.length]);
  return scatter(full(logits.shape.slice(-1), 0), 0, places, tensor(Float32Array.from(values), [values.length]));
}

// ## Pitfall: a phrase begun in the prompt
//
// A rule that looks at the generated tokens alone lets a text complete what the prompt has begun: after the prompt *in New
// York* it writes *City*. The test "bannedWordsRule() forbids what completes a phrase, wherever it began" fails for it.

// ## Pitfall: the shortest length counted with the prompt
//
// A shortest length in tokens of prompt and text together is reached by a long prompt alone, and the text may be empty. The test
// "minNewTokensRule() counts what was generated" uses such a prompt.

// ## Exercise
//
// With the probabilities of the example above, by which bias on $A$ does the rule that bans $Ax$ give $Ay$ the probability that it has
// among the texts without $Ax$? Is there one for every model?
//
// **Hint.** Under the rule all texts that begin with $A$ end as $Ay$. So $A$ has to have $0.06 / 0.46$ in place of 0.6.
//
// **Solution.** The ratio of $A$ to $B$ is 0.6 to 0.4, and is to be 0.06 to 0.4. The bias is the logarithm of $0.06 / 0.6$: of the mass that the ban leaves after $A$. For every model there is one, but one has to know beforehand how much each prefix will
// lose, and of longer texts nobody can enumerate that.
//
// ```ts
// import { logitBiasRule, toProbabilities } from "@heed/heed/generation";
//
// const bias = Math.log(0.06 / 0.6), logits = Float64Array.from([0.6, 0.4], Math.log);
// const biased = toProbabilities(logitBiasRule({ 0: bias }).onHost(logits, { tokens: [] }));
// console.log(bias.toFixed(3), biased[0]!.toFixed(2));
// ```
//
// ```text
// -2.303 0.13
// ```
