/**
 * # Sequences under way
 *
 * **Question.** A search of one sequence answers with a token, a search of several with parents. How does the loop run
 * both without telling them apart?
 *
 * **Idea.** Each prompt has an object that is asked the same question at every step: here are your prefixes and their
 * logits, what follows? It applies the rules, asks its search, and keeps count of what comes of it. One sequence takes
 * the logarithm of the probability that the *model* gave its tokens; beams compete by what the rules leave.
 *
 * @module
 */

import { checkList } from "../engine/arguments.ts";
import {
  type Check,
  checkFunction,
  checkOptions,
  type Checks,
  checkValue,
  integer,
  object,
  required,
  shown,
} from "../engine/options.ts";
import { applyRules, checkRules, likeliest, type LogitsRule, nothingAllowed } from "./rules.ts";
import { logProbabilityOf, toLogProbabilities } from "./sampling.ts";
import { endOf, eosTokenCheck, Stops, stopStringsCheck } from "./stops.ts";
import type { SequenceRecorder, StepRecorder } from "./outputs.ts";
import type {
  Beam,
  Choice,
  Generation,
  ScoredPrefix,
  SearchState,
  SequenceLimits,
  SequenceSearch,
  StepOutput,
  TokenSearch,
} from "./search.ts";

const LIMITS: Checks<SequenceLimits> = {
  maxNewTokens: required(integer({ min: 1, max: Infinity })),
  eosToken: eosTokenCheck,
  stopStrings: stopStringsCheck,
};

const RECORDER: Check<SequenceRecorder> = object(
  "a recorder with look(), follow() and of()",
  (value) => "look" in value && "follow" in value && "of" in value,
);

/** Refuses what no text can begin with. */
function checkSearch(
  search: SequenceSearch | TokenSearch,
  does: "onHost" | "begin",
  rules: readonly LogitsRule[],
  limits: SequenceLimits,
): void {
  if (typeof (search as unknown as Partial<Record<string, unknown>> | null | undefined)?.[does] !== "function") {
    throw new TypeError(`Cannot begin a text with search = ${shown(search)}: a search with ${does}() is needed`);
  }
  checkRules(rules);
  checkOptions("begin a text", limits, LIMITS);
}

/** Refuses what is no list of prefixes with their logits. */
function checkPrefixes(prefixes: readonly ScoredPrefix[]): void {
  checkList("extend prefixes", "prefixes", prefixes, "prefixes with tokens and logits", isPrefix);
}

function isPrefix(prefix: unknown): boolean {
  const { tokens, logits } = (prefix ?? {}) as Partial<ScoredPrefix>;
  return Array.isArray(tokens) && ArrayBuffer.isView(logits);
}

/** One sequence, as a {@linkcode TokenSearch} goes on with it. */
export class SingleSequence implements SearchState {
  readonly #search: TokenSearch;
  readonly #rules: readonly LogitsRule[];
  readonly #limits: SequenceLimits;
  readonly #stops: Stops;
  readonly #tokens: number[] = [];
  readonly #chosen: ChosenToken[] = [];
  readonly #record: StepRecorder | undefined;
  readonly #steps: StepOutput[] = [];
  #logProbability = 0;
  #finished = false;
  #stop: number | string | undefined;
  #text: string | undefined;
  /** The token chosen last, unless it was the end. */
  last: { readonly token: number; readonly logProbability: number } | undefined;

  /**
   * Starts with the empty sequence.
   *
   * @param search which token follows
   * @param rules what is applied to the logits first, in order
   * @param limits where it ends
   * @param record makes records of its steps; none are kept by default
   */
  constructor(search: TokenSearch, rules: readonly LogitsRule[], limits: SequenceLimits, record?: StepRecorder) {
    checkSearch(search, "onHost", rules, limits);
    if (record !== undefined) checkFunction("keep records by", record);
    this.#record = record;
    this.#search = search;
    this.#rules = rules;
    this.#limits = limits;
    this.#stops = new Stops(limits);
  }

  /** The tokens that no stop string can take back any more, with their log-probabilities. */
  get certain(): readonly ChosenToken[] {
    const held = this.width === 0 ? 0 : this.#stops.held(this.#tokens);
    return this.#chosen.slice(0, this.#tokens.length - held);
  }

  /** 1, or 0 once it is over. */
  get width(): number {
    return this.#finished || this.#tokens.length === this.#limits.maxNewTokens ? 0 : 1;
  }

  /** Chooses a token. */
  extend(prefixes: readonly ScoredPrefix[]): readonly Choice[] {
    checkPrefixes(prefixes);
    const [prefix] = prefixes;
    if (this.width === 0) return [];
    if (!prefix) throw new TypeError("Cannot extend a text without its prefix: one prefix is needed");
    const { logits } = prefix, allowed = applyRules(this.#rules, logits, prefix);
    const token = this.#search.onHost(allowed);
    if (!(allowed[token]! > -Infinity)) {
      if (likeliest(allowed) === undefined) throw nothingAllowed(allowed.length);
      throw new RangeError(
        `Cannot go on with token ${token} of ${allowed.length}, which ${this.#search.name} chose: it is not allowed`,
      );
    }
    this.#take(token, logProbabilityOf(logits, token), this.#record?.(prefix, allowed)(token));
    return [{ parent: 0, token }];
  }

  /** Goes on with a token chosen here or on the device; what comes after the end is dropped. */
  accept(token: number, logProbability: number): void {
    checkValue("accept a token", "token", token, integer({ min: 0 }));
    if (typeof logProbability !== "number") {
      throw new TypeError(`Cannot accept a token with logProbability = ${shown(logProbability)}: it must be a number`);
    }
    this.#take(token, logProbability, undefined);
  }

  #take(token: number, logProbability: number, output: StepOutput | undefined): void {
    if (this.width === 0) return;
    this.#logProbability += logProbability;
    this.#finished = this.#stops.isEnd(token);
    this.last = this.#finished ? undefined : { token, logProbability };
    if (output) this.#steps.push(output);
    if (this.#finished) this.#stop = token;
    else {
      this.#tokens.push(token);
      this.#chosen.push({ token, logProbability, ...output && { output } });
      this.#cut();
    }
  }

  /** Ends the text where a stop string has been completed. */
  #cut(): void {
    const cut = this.#stops.cut(this.#tokens);
    if (!cut) return;
    this.#tokens.length = cut.tokens.length;
    if (this.#record) this.#steps.length = cut.tokens.length;
    [this.#finished, this.#stop, this.#text] = [true, cut.stop, cut.text];
    this.last = undefined;
  }

  /** The sequence. */
  result(): Generation {
    const [tokens, logProbability, finished] = [this.#tokens, this.#logProbability, this.#finished];
    const text = this.#text ?? this.#stops.textOf(tokens);
    return {
      tokens,
      logProbability,
      finished,
      ...endOf(this.#limits, this.#stop),
      ...(text !== undefined && { text }),
      ...this.#record && { steps: this.#steps },
    };
  }
}

/** A token that was chosen, and the logarithm of the probability that the model gave it. */
export interface ChosenToken {
  /** Its id. */
  readonly token: number;
  /** Before any rule. */
  readonly logProbability: number;
  /** What `output` asks for; absent without that option. */
  readonly output?: StepOutput;
}

/** Several sequences, as a {@linkcode SequenceSearch} goes on with them. */
export class SeveralSequences implements SearchState {
  readonly #beam: Beam;
  readonly #rules: readonly LogitsRule[];
  readonly #recorder: SequenceRecorder | undefined;

  /**
   * Starts with the empty sequence.
   *
   * @param search which prefixes go on
   * @param rules what is applied to the logits first, in order
   * @param limits where a sequence ends
   * @param recorder keeps records of the steps; none are kept by default
   */
  constructor(
    search: SequenceSearch,
    rules: readonly LogitsRule[],
    limits: SequenceLimits,
    recorder?: SequenceRecorder,
  ) {
    checkSearch(search, "begin", rules, limits);
    if (recorder !== undefined) checkValue("begin a text", "recorder", recorder, RECORDER);
    this.#beam = search.begin(limits);
    this.#rules = rules;
    this.#recorder = recorder;
  }

  /** Live prefixes. */
  get width(): number {
    return this.#beam.live.length;
  }

  /** Continues the prefixes by what is likely under the rules. */
  extend(prefixes: readonly ScoredPrefix[]): readonly Choice[] {
    checkPrefixes(prefixes);
    if (this.width === 0) return [];
    const live = prefixes.slice(0, this.width);
    const allowed = live.map((prefix) => applyRules(this.#rules, prefix.logits, prefix));
    // A prefix for which nothing is allowed has no continuation, and the beam goes on with the others.
    const rows = allowed.map((row) => likeliest(row) === undefined ? row : toLogProbabilities(row));
    this.#beam.hear?.(live.map(({ features = [] }): ArrayLike<number> => features));
    this.#recorder?.look(this.#beam, live, allowed);
    const parents = this.#beam.extend(rows);
    this.#recorder?.follow(this.#beam, parents);
    if (this.width === 0 && this.#beam.results.length === 0) throw nothingAllowed(allowed[0]!.length);
    return this.#beam.live.map(({ tokens }, i) => ({ parent: parents[i]!, token: tokens[tokens.length - 1]! }));
  }

  /** The best sequence, and all. */
  result(): Generation {
    const beams = this.#recorder ? this.#beam.results.map((one) => this.#recorder!.of(one)) : this.#beam.results;
    const { score: _, ...best } = beams[0]!;
    return { ...best, beams };
  }
}
