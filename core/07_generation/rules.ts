/**
 * # Decoding rules
 *
 * **Question.** A cut, a temperature, a penalty on what was said before, a forbidden word: the chapter has many of these,
 * and a program brings its own. What do they have in common, so that one loop applies any of them, on any device?
 *
 * **Idea.** Each is a function from logits to logits. A rule is a value that carries the function twice: on one row of
 * plain numbers, where it can be read and tested by hand, and, if it can be written so, on rows of tensors,
 * so that a GPU need not wait for the program. The second is tested against the first. No list anywhere says which
 * rules have both forms: the loop looks at the rules in use.
 *
 * **Formula.** Rules $r_1, \dots, r_n$ apply one after the other, and each may look at the tokens $y_{<j}$ so far:
 *
 * $$\tilde z_j = r_n(\dots r_2(r_1(z_j,\ y_{<j}),\ y_{<j}) \dots,\ y_{<j})$$
 *
 * | symbol      | in code          | on the host | on the device    |
 * | ----------- | ---------------- | ----------- | ---------------- |
 * | $z$         | `logits`         | `[V]`       | `[B, V]`         |
 * | $y_{<j}$    | `tokens`         | a list      | `[B, T]`, int32  |
 * | $\tilde z$  | `allowed`        | `[V]`       | `[B, V]`         |
 *
 * **What a logit may be.** A number, or $-\infty$ for a token that is forbidden. NaN and $+\infty$ are no logits: wherever
 * they turn up, in what the model says or in what the rules leave of it, the search ends with an error that says so. Where
 * the rules leave nothing, a search of one sequence ends with an error; a beam is dropped and the others go on. If
 * no beam and no finished hypothesis is left, that too is an error. This holds in every search, on the host and on the device.
 *
 * **Before the first token.** A rule that is given more than the logits can be in vain: a shortest length above the longest one,
 * a token that the vocabulary lacks, two tokens forced at the same step. Such a rule says what it needs, and the loop asks it
 * before the model runs.
 *
 * **Two forms, not quite equal.** Rules on tensors differ from those on plain numbers in the last digit of float32, so a
 * draw that lands within $10^{-6}$ of the border between two tokens may choose the other one. Greedy choices are the same.
 *
 * @module
 */

import { checkList, checkNumbers, checkSizes } from "../engine/arguments.ts";
import { type Check, checkValue, list, object, shown } from "../engine/options.ts";
import type { Tensor } from "../engine/tensor.ts";

/** What is the same for every sequence and at every step. */
export interface DecodingTask {
  /** How many of the tokens are the prompt's; none by default. */
  readonly promptLength?: number | undefined;
  /** The token that ends a sequence, the first of several; none by default. */
  readonly eosToken?: number | undefined;
  /** All tokens that end a sequence, where there are several; none by default. */
  readonly eosTokens?: readonly number[] | undefined;
  /** Most tokens after the prompt; any number by default. */
  readonly maxNewTokens?: number | undefined;
}

/** A token that a rule forces, and the rule. */
export interface ForcedToken {
  /** Its id. */
  readonly token: number;
  /** What errors call the rule. */
  readonly by: string;
}

/** What is known before the first token: the task, the vocabulary, and which tokens are forced. */
export interface RuleTask extends DecodingTask {
  /** How many tokens there are. */
  readonly vocabSize: number;
  /** By step, 0 for the first token after the prompt. */
  readonly forced: ReadonlyMap<number, ForcedToken>;
}

/** What a rule may look at besides the logits. */
export interface DecodingContext extends DecodingTask {
  /** The prompt and everything generated so far. */
  readonly tokens: readonly number[];
}

/** The same on the device, for a batch of sequences. */
export interface DeviceContext extends DecodingTask {
  /** The prompts and everything generated so far, int32 `[B, T]`. */
  readonly tokens: Tensor;
}

/** A decoding rule: logits in, logits out. */
export interface LogitsRule {
  /** What errors call it: the option that asks for it, such as `topP`. */
  readonly name: string;
  /** Whether it only shapes a draw, and is refused where nothing is drawn; false by default. */
  readonly needsDraw?: boolean;
  /** Whether it does nothing in place but forbid tokens, so that those before it are not looked at again; false by default. */
  readonly cuts?: boolean;
  /**
   * Changes one row of logits; the argument stays as it is.
   *
   * @param logits `[V]`
   * @param context the tokens so far, how many of them are the prompt, what ends a sequence
   * @returns `[V]`, a new row or the argument
   */
  onHost(logits: Float64Array, context: DecodingContext): Float64Array;
  /**
   * Changes a row that nobody else reads, as `onHost` would.
   *
   * Where all rules in use have it, a step copies the logits once and not once for each rule.
   *
   * @param row `[V]`
   * @param context the tokens so far
   */
  inPlace?(row: Float64Array, context: DecodingContext): void;
  /**
   * Changes the logits of a batch by tensors alone.
   *
   * Without it the loop asks the host at every token.
   *
   * @param logits `[B, V]`
   * @param context the tokens so far
   * @returns `[B, V]`
   */
  onDevice?(logits: Tensor, context: DeviceContext): Tensor;
  /** The tokens that it forces, by step, 0 for the first one after the prompt; none by default. */
  forces?(task: DecodingTask): ReadonlyMap<number, number>;
  /**
   * Refuses a task in which it would be in vain.
   *
   * @param task what is known before the first token
   * @throws {TypeError} if it would have no effect
   * @throws {RangeError} if a number does not go with the task
   */
  check?(task: RuleTask): void;
}

/**
 * A rule that is written as a change in place; its form on the host copies the row first.
 *
 * @param rule all of it but `onHost`
 * @returns the rule
 */
export function ruleInPlace(rule: Omit<LogitsRule, "onHost"> & Required<Pick<LogitsRule, "inPlace">>): LogitsRule {
  return {
    ...rule,
    onHost: (logits, context) => {
      const row = logits.slice();
      rule.inPlace(row, context);
      return row;
    },
  };
}

/** How many tokens follow the prompt, which is the step: 0 for the first. */
export function stepOf(length: number, { promptLength = 0 }: DecodingTask): number {
  return length - promptLength;
}

/** Refuses what is no list of rules. */
export function checkRules(rules: unknown): void {
  checkList(
    "apply rules",
    "rules",
    rules,
    "rules",
    (rule) => typeof (rule as LogitsRule | null)?.onHost === "function",
  );
}

/**
 * Applies rules to a row of logits, one after the other.
 *
 * @param rules in order
 * @param logits `[V]`
 * @param context the tokens so far
 * @returns what the rules leave, `[V]`
 * @throws {TypeError} if there are no rules, no tokens, or a rule returns another number of logits
 */
export function applyRules(
  rules: readonly LogitsRule[],
  logits: Float64Array,
  context: DecodingContext,
): Float64Array {
  checkRules(rules);
  if (!Array.isArray(context?.tokens)) {
    throw new TypeError(`Cannot apply rules to ${shown(context)}: a context with tokens is needed`);
  }
  likeliest(logits);
  if (rules.length === 0) return logits;
  try {
    const allowed = applyAll(rules, logits, context);
    likeliest(allowed);
    return allowed;
  } catch (error) {
    // Once more, step by step: which rule began it?
    rules.reduce((left, rule) => {
      const right = applyRule(rule, left, context);
      likeliest(right, ` after the rule ${rule.name}`);
      return right;
    }, logits);
    throw error;
  }
}

/** While rules follow each other: the row in which only rules that cut have changed since its tokens that are left were listed. */
export const listed: { row: Float64Array | undefined; isFollowed: boolean } = { row: undefined, isFollowed: false };

/** Copies the logits before the first change in place, and again only after a rule that answered with a row of its own. */
function applyAll(rules: readonly LogitsRule[], logits: Float64Array, context: DecodingContext): Float64Array {
  let row = logits, isOurs = false;
  try {
    for (const rule of rules) {
      if (!rule.cuts) listed.row = undefined;
      listed.isFollowed = true;
      if (rule.inPlace) {
        if (!isOurs) row = row.slice();
        isOurs = true;
        rule.inPlace(row, context);
      } else {
        const answer = applyRule(rule, row, context);
        isOurs &&= answer === row;
        row = answer;
      }
    }
  } finally {
    [listed.row, listed.isFollowed] = [undefined, false];
  }
  return row;
}

function applyRule(rule: LogitsRule, logits: Float64Array, context: DecodingContext): Float64Array {
  const allowed = rule.onHost(logits, context);
  if (allowed?.length === logits.length) return allowed;
  throw new TypeError(`Cannot apply the rule ${rule.name}: it has to return ${logits.length} logits`);
}

const aTask: Check<DecodingTask> = object("an object with what a text ends with", (task) => !Array.isArray(task));

/**
 * Refuses rules that would be in vain, or that contradict each other.
 *
 * @param rules in order
 * @param task the prompt's length, what ends a sequence, most tokens
 * @param vocabSize how many tokens there are
 * @throws {TypeError} if a rule would have no effect
 * @throws {RangeError} if a token does not exist, a number does not go with the task, or two tokens are forced at once
 */
export function checkTask(rules: readonly LogitsRule[], task: DecodingTask, vocabSize: number): void {
  checkRules(rules);
  checkValue("check a task", "task", task, aTask);
  checkSizes("check a task", { vocabSize });
  const forced = new Map<number, ForcedToken>();
  for (const rule of rules) {
    for (const [step, token] of rule.forces?.(task) ?? []) {
      requireToken(rule.name, token, vocabSize);
      const other = forced.get(step);
      if (other && other.token !== token) {
        throw new RangeError(
          `Cannot use ${rule.name} with ${other.by}: they force tokens ${token} and ${other.token} at step ${step}`,
        );
      }
      forced.set(step, { token, by: rule.name });
    }
  }
  for (const rule of rules) rule.check?.({ ...task, vocabSize, forced });
}

/** What a list of tokens may be. */
export const tokensCheck: Check<readonly number[]> = {
  ...list<number>("a list of token ids, at least one", isToken),
  allows: ({ length }) => length > 0,
};

/** Whether something can be the id of a token. */
export function isToken(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Refuses a token that the vocabulary lacks. */
export function requireToken(rule: string, token: number, vocabSize: number): void {
  if (token < vocabSize) return;
  throw new RangeError(`Cannot use ${rule} with token ${token}: the vocabulary has ${vocabSize}`);
}

/**
 * The token with the highest logit, the lowest id of equal ones.
 *
 * @param logits `[V]`
 * @param where what the error adds
 * @returns undefined if every token is forbidden
 * @throws {RangeError} if a logit is NaN or infinite
 */
export function likeliest(logits: ArrayLike<number>, where = ""): number | undefined {
  checkNumbers("choose", "logits", logits);
  let best: number | undefined, highest = -Infinity;
  for (let token = 0; token < logits.length; token++) {
    // One comparison for nearly every token: what is larger, and what cannot be compared.
    if (logits[token]! <= highest) continue;
    const logit = logits[token]!;
    if (!(logit < Infinity)) {
      throw new RangeError(`Cannot choose among logits: that of token ${token} is ${shown(logit)}${where}`);
    }
    [best, highest] = [token, logit];
  }
  return best;
}

/** The error of a search for which nothing is allowed. */
export function nothingAllowed(vocabSize: number): RangeError {
  return new RangeError(`Cannot choose among ${vocabSize} tokens: every one of them is forbidden`);
}

// ## A rule of one's own
//
// A value with a name and a form on the host is enough. This one forbids a token, under every search and on every device:
//
// ```ts
// const noSemicolon: LogitsRule = {
//   name: "noSemicolon",
//   onHost: (logits) => logits.map((logit, token) => token === SEMICOLON ? -Infinity : logit),
// };
// await generate(model, prompt, { maxNewTokens: 50, rules: [noSemicolon] });
// ```

// ## Pitfall: a rule that some path forgets
//
// A loop with a route for each device can apply a rule on one and drop it on the other, and nobody is told. Here every
// route takes the same list, and the one that cannot apply it is not taken. The test "a rule of the caller's own acts
// under every search and on every device" fails for a loop that forgets one.
