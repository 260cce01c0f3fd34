/**
 * # Speculative decoding
 *
 * **Question.** A large model computes one token, waits for it, and computes the next. To compute five rows at once takes hardly longer than one, since all weights have to be read in either case. But the fifth token depends on the fourth. How can five be
 * computed together?
 *
 * **Idea.** Guess. A draft model (草稿模型), which is cheap, proposes a few tokens. The target model (目标模型) reads all of them in one pass and says for each what it would have said there. They are accepted from the first one on, up to the first that is rejected;
 * in its place comes a token of the target model. What makes this more than an approximation is the rule of acceptance and rejection: with it, the text has exactly the distribution that the target model alone would give it. This is speculative decoding (推测解码).
 *
 * **By hand.** Three tokens. The target has $p = (0.5, 0.3, 0.2)$, the draft $q = (0.2, 0.6, 0.2)$. The first token is proposed with probability 0.2 and always accepted, since $p > q$. The second is proposed with 0.6 and accepted with 0.3 / 0.6, half of the time: 0.3. The third
 * is proposed with 0.2 and always accepted. Together 0.7 is accepted and 0.3 rejected. What $p$ has more than $q$ is 0.3, all of it at the first token, so that one is taken: it ends at 0.2 + 0.3 = 0.5, and each token has its probability under $p$.
 *
 * ```ts
 * import { acceptanceRate, residual } from "@heed/heed/generation";
 *
 * const p = [0.5, 0.3, 0.2], q = [0.2, 0.6, 0.2], left = residual(p, q);
 * const rejected = 1 - acceptanceRate(p, q);
 * console.log("accepted", acceptanceRate(p, q).toFixed(1), "left", Array.from(left, (x) => x.toFixed(1)).join(" "));
 * console.log(p.map((_, x) => (Math.min(p[x]!, q[x]!) + rejected * left[x]!).toFixed(1)).join(" "));
 * ```
 *
 * ```text
 * accepted 0.7 left 1.0 0.0 0.0
 * 0.5 0.3 0.2
 * ```
 *
 * **Formula.** With $p$ of the target, $q$ of the draft, and a proposal $x \sim q$,
 *
 * $$P(\text{accept } x) = \min\Big(1, \frac{p(x)}{q(x)}\Big), \qquad r(x) = \frac{\max(0,\ p(x) - q(x))}{\sum_y \max(0,\ p(y) - q(y))}$$
 *
 * and a token is drawn from $r$ after a rejection. A token comes out by either way, $q(x) \min(1, p(x)/q(x)) + (1 - \alpha)\, r(x)$, and this is $p(x)$, since the fraction that is rejected, $1 - \alpha$, is the sum under $r$. The rate of acceptance and, if it were the same everywhere,
 * the tokens of one call of the target with $\gamma$ proposals are
 *
 * $$\alpha = \sum_x \min(p(x), q(x)), \qquad \mathrm{E}[\text{tokens}] = 1 + \alpha + \dots + \alpha^\gamma = \frac{1 - \alpha^{\gamma + 1}}{1 - \alpha}$$
 *
 * | symbol   | in code            | meaning                                                          |
 * | -------- | ------------------ | ---------------------------------------------------------------- |
 * | $p$      | `wanted`           | probabilities of the target, after all rules, `[V]`              |
 * | $q$      | `probabilities`    | those that the draft drew from, `[V]`; all on one token for a guess without chance |
 * | $r$      | `residual()`       | what $p$ has more than $q$, `[V]`                                |
 * | $\alpha$ | `acceptanceRate()` | fraction of proposals that are accepted                             |
 * | $\gamma$ | `length`           | tokens that are proposed at once                                 |
 *
 * If all $\gamma$ are accepted, the last row of the target is one for a token that nobody proposed: it is drawn from $p$, and comes for nothing.
 *
 * **Greedy.** Then $p$ is 1 at the most probable token. A guess is accepted exactly if it is that token, which takes its place otherwise.
 *
 * **The notes, 004.117.** *Accept if equal* is exact for greedy decoding. For sampling it depends on what is compared and on what follows. To compare with the most probable token leaves only that one and the tokens drawn after a rejection: wrong. To compare with a token that is drawn
 * from $p$, and to write that token in any case, is exact; it accepts $\sum_x p(x) q(x)$ of the guesses, less than $\sum_x \min(p(x), q(x))$. To draw once more after such a comparison, as the fourth step of the notes says, is wrong again. The
 * [experiment](experiments/speculative.ts) compares all of them.
 *
 * **The notes, 004.118.** It holds for one text at a time. One row reads every weight and does two operations with each, so the memory sets the pace. With many texts in a batch the arithmetic does, and guesses that are rejected cost what others could have used.
 *
 * **The notes, 004.119.** It holds, and it is half of the answer: the draft has its cost as well. With a cost $c$ of one proposal, in calls of the target, the gain is the formula above divided by $1 + c\gamma$.
 *
 * Sources: Leviathan, Kalman and Matias 2023, *Fast Inference from Transformers via Speculative Decoding*; Chen, Borgeaud, Irving, Lespiau, Sifre and Jumper 2023, *Accelerating Large Language Model Decoding with Speculative Sampling*; for the prompt as draft,
 * Yang et al. 2023, *Inference with Reference: Lossless Acceleration of Large Language Models*, and Saxena 2023, *Prompt Lookup Decoding*.
 *
 * @module
 */

import { checkNumbers } from "../engine/arguments.ts";
import { noGrad } from "../engine/autograd.ts";
import type { Numbers } from "../engine/backend.ts";
import { withoutChance } from "../engine/chance.ts";
import { tensor } from "../engine/create.ts";
import {
  type Check,
  checkOptions,
  type Checks,
  checkValue,
  integer,
  numeric,
  object,
  shown,
} from "../engine/options.ts";
import { rest } from "../engine/pace.ts";
import { checkRandom, type Random } from "../engine/random.ts";
import { scope } from "../engine/scope.ts";
import type { StateMemory } from "../03_language_models/feed_forward_lm.ts";
import type { KeyValueMemory } from "../04_attention/multi_head.ts";
import { KeyValueCache } from "./kv_cache.ts";
import { applyRules, type DecodingTask, likeliest, type LogitsRule, nothingAllowed } from "./rules.ts";
import { type Decoder, decoderCheck, logProbabilityOf, toProbabilities } from "./sampling.ts";
import type { TokenSearch } from "./search.ts";

// ## Accepting and rejecting

/**
 * What the target has more than the draft, as probabilities: where a token comes from after a rejection.
 *
 * @param wanted probabilities of the target, `[V]`
 * @param drawn those that the proposal was drawn from, `[V]`
 * @returns `[V]`
 * @throws {RangeError} if the target has nowhere more than the draft: then nothing is rejected
 */
export function residual(wanted: ArrayLike<number>, drawn: ArrayLike<number>): Float64Array {
  checkPair("subtract", wanted, drawn);
  const left = Float64Array.from(wanted, (p, x) => Math.max(0, p - drawn[x]!));
  const total = left.reduce((sum, share) => sum + share, 0);
  if (!(total > 0)) throw new RangeError("Cannot draw from what is left of equal probabilities: there is nothing left");
  return left.map((share) => share / total);
}

/**
 * The fraction of proposals that are accepted: $\sum_x \min(p(x), q(x))$.
 *
 * It is 1 minus the total variation distance of the two.
 *
 * @param wanted probabilities of the target, `[V]`
 * @param drawn those of the draft, `[V]`
 * @returns between 0 and 1
 */
export function acceptanceRate(wanted: ArrayLike<number>, drawn: ArrayLike<number>): number {
  checkPair("compare", wanted, drawn);
  let rate = 0;
  for (let x = 0; x < wanted.length; x++) rate += Math.min(wanted[x]!, drawn[x]!);
  return Math.min(rate, 1); // equal distributions that were rounded may sum to a little more
}

/**
 * Tokens that one call of the target is expected to give.
 *
 * @param rate $\alpha$, the fraction of proposals that are accepted, the same at every place
 * @param length $\gamma$, proposals per call
 * @returns between 1 and $\gamma + 1$
 */
export function expectedTokens(rate: number, length: number): number {
  checkValue("expect tokens", "rate", rate, numeric({ min: 0, max: 1 }));
  checkValue("expect tokens", "length", length, integer({ min: 0 }));
  return rate === 1 ? length + 1 : (1 - rate ** (length + 1)) / (1 - rate);
}

function checkPair(what: string, wanted: ArrayLike<number>, drawn: ArrayLike<number>): void {
  checkNumbers(what, "wanted", wanted);
  checkNumbers(what, "drawn", drawn);
  if (wanted.length !== drawn.length) {
    throw new TypeError(
      `Cannot ${what} probabilities of ${wanted.length} and of ${drawn.length} tokens: one vocabulary is needed`,
    );
  }
}

const aProposal: Check<Proposal> = object("a proposal with a token", (value) => "token" in value);

/** A token that was proposed. */
export interface Proposal {
  /** Its id. */
  readonly token: number;
  /** The probabilities that it was drawn from, `[V]`; absent for a guess without chance. */
  readonly probabilities?: Float64Array;
}

/**
 * Accepts a proposal, or puts another token in its place.
 *
 * Whatever was proposed, the token that comes out has the probabilities of the target.
 *
 * @param wanted probabilities of the target, `[V]`
 * @param proposal what was proposed, and how
 * @param random where chance comes from; advances by one draw, or by two after a rejection
 * @returns the token, and whether it is the one proposed
 */
export function judge(
  wanted: Float64Array,
  proposal: Proposal,
  random: Random,
): { readonly token: number; readonly accepted: boolean } {
  checkNumbers("judge a proposal", "wanted", wanted);
  checkValue("judge a proposal", "proposal", proposal, aProposal);
  checkRandom("judge a proposal", random);
  const { token, probabilities } = proposal;
  checkValue("judge a proposal", "token", token, integer({ min: 0, max: wanted.length - 1 }));
  const p = wanted[token]!, q = probabilities ? probabilities[token]! : 1;
  if (random.next() * q < p) return { token, accepted: true };
  // A guess without chance has all its probability at one token.
  const drawn = probabilities ?? Float64Array.from(wanted, (_, x) => x === token ? 1 : 0);
  return { token: random.categorical(residual(wanted, drawn)), accepted: false };
}

// ## How many to propose
//
// Many proposals pay where most are accepted. A constant number suits a text that is equally hard everywhere; texts are not. {@linkcode adaptiveLength} proposes two more after a call in which all were accepted, and one less after any other, as `transformers` does.

/** How many tokens are proposed at once. */
export interface DraftLength {
  /** At first. */
  readonly start: number;
  /** After a call that accepted so many of so many proposals. */
  next(length: number, accepted: number, proposed: number): number;
}

/**
 * The same number of proposals in every call.
 *
 * @param length how many, at least 1
 * @returns a length for a draft
 */
export function constantLength(length: number): DraftLength {
  checkValue("draft", "length", length, integer({ min: 1, max: 1024 }));
  return { start: length, next: () => length };
}

/** How {@linkcode adaptiveLength} adapts. */
export interface AdaptiveLengthOptions {
  /** At first; 5 by default. */
  readonly start?: number;
  /** At most; 20 by default. */
  readonly most?: number;
}

const ADAPTIVE: Checks<AdaptiveLengthOptions> = {
  start: integer({ min: 1, max: 1024 }),
  most: integer({ min: 1, max: 1024 }),
};

/**
 * More proposals while they are accepted, fewer where they are rejected.
 *
 * @param options at first, and at most
 * @returns a length for a draft
 */
export function adaptiveLength(options: AdaptiveLengthOptions = {}): DraftLength {
  checkOptions("draft", options, ADAPTIVE);
  const { start = 5, most = 20 } = options;
  return {
    start: Math.min(start, most),
    next: (length, accepted, proposed) => Math.max(1, Math.min(most, accepted === proposed ? length + 2 : length - 1)),
  };
}

// ## Drafts

/** What a draft is told at the start of a text. */
export interface DraftStart extends DecodingTask {
  /** Entries of the vocabulary of the target. */
  readonly vocabSize: number;
  /** Rules that the target's logits go through; a model that drafts goes through them as well. */
  readonly rules: readonly LogitsRule[];
  /** Where chance comes from; absent where the target takes the most probable token. */
  readonly random: Random | undefined;
}

/** What proposes tokens. */
export interface Draft {
  /** What errors call it. */
  readonly name: string;
  /** How many at once. */
  readonly length: DraftLength;
  /** Begins with a text. */
  begin(start: DraftStart): Drafter;
}

/** A draft as an option. */
export const draftCheck: Check<Draft> = object(
  "a draft such as modelDraft(model) or promptLookup()",
  (value) => typeof (value as unknown as Draft).begin === "function" && "length" in value,
);

/** A draft at work on one text. */
export interface Drafter {
  /**
   * Proposes tokens that may follow.
   *
   * @param tokens the prompt and everything accepted so far
   * @param count at most so many
   * @returns fewer or none where it has no guess
   */
  propose(tokens: readonly number[], count: number): Promise<readonly Proposal[]>;
  /** Gives memory back. */
  dispose(): void;
}

/** How {@linkcode modelDraft} proposes. */
export interface ModelDraftOptions {
  /** How many at once; {@linkcode constantLength} of 5 by default. */
  readonly length?: DraftLength;
  /** Stops proposing after a token less probable than this, in [0, 1); 0 by default: never. */
  readonly minConfidence?: number;
}

const aLength: Check<DraftLength> = object(
  "a length with start and next()",
  (value) => typeof (value as unknown as DraftLength).next === "function" && "start" in value,
);

const MODEL_DRAFT: Checks<ModelDraftOptions> = { length: aLength, minConfidence: numeric({ min: 0, below: 1 }) };

/**
 * Lets a smaller model propose.
 *
 * Any model with the target's vocabulary can: a Transformer, a recurrent network, an n-gram model.
 *
 * @param model the smaller model
 * @param options how many at once, and when to stop
 * @returns a draft
 */
export function modelDraft(model: Decoder, options: ModelDraftOptions = {}): Draft {
  checkOptions("draft", options, MODEL_DRAFT);
  checkValue("draft", "model", model, decoderCheck);
  const { length = constantLength(5), minConfidence = 0 } = options;
  return {
    name: "a model as draft",
    length,
    begin({ vocabSize, rules, random, ...task }) {
      if (model.vocabSize !== vocabSize) {
        throw new TypeError(
          `Cannot draft with a model of ${
            shown(model.vocabSize)
          } tokens for one of ${vocabSize}: both need one vocabulary`,
        );
      }
      const reader = new Reader(model);
      return {
        async propose(tokens, count) {
          const text = [...tokens], proposals: Proposal[] = [];
          while (proposals.length < count) {
            const [logits] = await reader.read(text, 1);
            const allowed = applyRules(rules, logits!, { ...task, tokens: text });
            const highest = likeliest(allowed);
            // Where its rules leave nothing, it has no guess.
            if (highest === undefined) break;
            const probabilities = toProbabilities(allowed);
            const token = random ? random.categorical(probabilities) : highest;
            proposals.push(random ? { token, probabilities } : { token });
            if (token === task.eosToken || probabilities[token]! < minConfidence) break;
            text.push(token);
          }
          return proposals;
        },
        dispose: () => reader.dispose(),
      };
    },
  };
}

/** How {@linkcode promptLookup} proposes. */
export interface PromptLookupOptions {
  /** How many at once; {@linkcode constantLength} of 10 by default. */
  readonly length?: DraftLength;
  /** Longest run of last tokens that is looked for; 3 by default. */
  readonly maxNgramSize?: number;
}

const PROMPT_LOOKUP: Checks<PromptLookupOptions> = { length: aLength, maxNgramSize: integer({ min: 1, max: 64 }) };

/**
 * Proposes what followed the last tokens before: the text is its own draft.
 *
 * It costs nothing, and it is right where a text repeats its prompt, as in summaries, corrections and code. The last few tokens are looked for in the text, the longest run first, and the tokens behind its last occurrence are proposed.
 *
 * @param options how many at once, and what is looked for
 * @returns a draft
 */
export function promptLookup(options: PromptLookupOptions = {}): Draft {
  checkOptions("draft", options, PROMPT_LOOKUP);
  const { length = constantLength(10), maxNgramSize = 3 } = options;
  return {
    name: "the text as draft",
    length,
    begin() {
      /** Where the tokens behind each n-gram begin, the last place; by size. */
      const places = Array.from({ length: maxNgramSize }, () => new Map<string, number>());
      let known = 0;
      return {
        propose(tokens, count) {
          // The n-gram at the very end has nothing behind it yet.
          for (; known < tokens.length - 1; known++) {
            places.forEach((of, n) => {
              if (known >= n) of.set(tokens.slice(known - n, known + 1).join(), known + 1);
            });
          }
          for (let n = Math.min(maxNgramSize, tokens.length - 1); n >= 1; n--) {
            const place = places[n - 1]!.get(tokens.slice(-n).join());
            if (place !== undefined) {
              return Promise.resolve(tokens.slice(place, place + count).map((token) => ({ token })));
            }
          }
          return Promise.resolve([]);
        },
        dispose() {},
      };
    },
  };
}

// #region A model that reads on, and back

/** Reads a text that grows, and whose end may be taken back. */
class Reader {
  readonly #decoder: Decoder;
  #caches: KeyValueCache[] = [];
  #memories: readonly (KeyValueMemory & StateMemory)[] | undefined;
  /** What the caches hold, and where in the text it begins. */
  #held: number[] = [];
  #start = 0;

  constructor(decoder: Decoder) {
    this.#decoder = decoder;
    this.#open();
  }

  #open(): void {
    this.dispose();
    this.#held = [];
    this.#memories = this.#decoder.newCaches?.(() => {
      const cache = new KeyValueCache();
      this.#caches.push(cache);
      return cache;
    }) as readonly (KeyValueMemory & StateMemory)[] | undefined;
  }

  /** Scores what follows each of the last `count` tokens of a text, `[V]` each. */
  async read(text: readonly number[], count: number): Promise<Float64Array[]> {
    const { contextLength, vocabSize } = this.#decoder;
    if (text.length - this.#start > contextLength) {
      // The newer half is read again, at positions that begin anew; more of it if more is asked for.
      this.#start = text.length - Math.max(Math.ceil(contextLength / 2), count);
      this.#open();
    }
    const seen = text.slice(this.#start);
    let common = 0;
    while (common < this.#held.length && this.#held[common] === seen[common]) common++;
    // The last tokens are read again where their rows are asked for.
    common = this.#caches.length > 0 ? Math.min(common, seen.length - count) : 0;
    if (common < this.#held.length && this.#caches.length > 0) {
      // Some caches hold a source and not the text: their length is another one, or nobody knows which they are.
      const holding = this.#caches.filter(({ length }) => length === this.#held.length);
      const isKnown = this.#decoder.numSources === undefined || holding.length < this.#caches.length;
      if (isKnown && this.#caches.every(({ grows }) => grows)) { for (const cache of holding) cache.crop(common); }
      else {
        // States of a recurrent network cannot be taken back.
        this.#open();
        common = 0;
      }
    }
    const fed = seen.slice(common);
    let reading: Promise<Numbers> | undefined;
    scope(() =>
      noGrad(() => {
        const tokens = tensor(Int32Array.from(fed), [1, fed.length]);
        const call = { caches: this.#memories, lastOnly: count === 1 };
        const logits = withoutChance(() => this.#decoder.forward(tokens, call));
        const T = logits.shape[1]!;
        reading = logits.slice(1, T - count, T).read();
      })
    );
    this.#held = seen;
    const numbers = new Float64Array(await reading!);
    return Array.from({ length: count }, (_, i) => numbers.subarray(i * vocabSize, (i + 1) * vocabSize));
  }

  dispose(): void {
    for (const cache of this.#caches) cache.dispose();
    this.#caches = [];
  }
}

// #endregion

// ## The loop

/** A token that was chosen. */
export interface SpeculatedToken {
  readonly token: number;
  /** Logarithm of the probability that the target gave it, before any rule. */
  readonly logProbability: number;
}

/** What one call of the target gave. */
export interface SpeculatedStep {
  /** Tokens, the last one chosen by the target itself. */
  readonly tokens: readonly SpeculatedToken[];
  /** How many tokens were proposed, and how many of them accepted. */
  readonly proposed: number;
  readonly accepted: number;
}

/** What a text is generated with. */
export interface SpeculationOptions extends DecodingTask {
  /** What proposes. */
  readonly draft: Draft;
  /** Most tokens. */
  readonly maxNewTokens: number;
  /** Applied to the logits of the target, in order. */
  readonly rules: readonly LogitsRule[];
  /** Which token follows. */
  readonly search: TokenSearch;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Takes steps of draft and target until the text ends.
 *
 * @param target the model whose text it is
 * @param prompt token ids
 * @param options draft, rules, limits
 * @returns what each call of the target gave
 */
export async function* speculate(
  target: Decoder,
  prompt: readonly number[],
  { draft, rules, search, signal, ...task }: SpeculationOptions,
): AsyncGenerator<SpeculatedStep, void, void> {
  const reader = new Reader(target);
  const drafter = draft.begin({ ...task, vocabSize: target.vocabSize, rules, random: search.random?.fork() });
  const text = [...prompt], end = prompt.length + task.maxNewTokens;
  const ends = new Set(task.eosTokens ?? [task.eosToken]);
  let length = draft.length.start;
  try {
    while (text.length < end) {
      await rest(signal);
      // One token always comes from the target itself.
      const room = Math.min(length, end - text.length - 1, target.contextLength - 1);
      const proposals = room > 0 ? await drafter.propose(text, room) : [];
      const rows = await reader.read([...text, ...proposals.map(({ token }) => token)], proposals.length + 1);
      const tokens: SpeculatedToken[] = [];
      let accepted = 0;
      for (const [i, logits] of rows.entries()) {
        const allowed = applyRules(rules, logits, { ...task, tokens: text });
        const proposal = proposals[i], found = choose(allowed, proposal, search);
        tokens.push({ token: found.token, logProbability: logProbabilityOf(logits, found.token) });
        text.push(found.token);
        if (!found.accepted) break;
        accepted++;
        if (ends.has(found.token)) break;
      }
      yield { tokens, proposed: proposals.length, accepted };
      if (ends.has(text.at(-1))) return;
      if (proposals.length > 0) length = draft.length.next(length, accepted, proposals.length);
    }
  } finally {
    reader.dispose();
    drafter.dispose();
  }
}

/** The target's token at one place, and whether it was proposed. */
function choose(
  allowed: Float64Array,
  proposal: Proposal | undefined,
  search: TokenSearch,
): { readonly token: number; readonly accepted: boolean } {
  if (proposal && search.drawsByProbability && search.random) {
    return judge(toProbabilities(allowed), proposal, search.random);
  }
  if (likeliest(allowed) === undefined) throw nothingAllowed(allowed.length);
  // Exact for every search: its token is written in any case, and the proposal only says it beforehand.
  const token = search.onHost(allowed);
  return { token, accepted: token === proposal?.token };
}

// ## Every search
//
// The rule with $\min(1, p/q)$ is for a search that draws each token with its probability. Any other search of one sequence can have a draft as well: its own token is written in any case, and a proposal is accepted if it is that one.

// ## On real text
//
// A Transformer writes Shakespeare, with three drafts: a smaller Transformer, an n-gram model, and the text itself. The model is small, so a proposal of the smaller Transformer costs a large part of a call, and the formula's $c$ decides.
//
// ```picture speculative_run Tokens per call and seconds, with three drafts.
// ```

// ## Pitfall: a draft with other rules
//
// The target's distribution is what its rules leave: of `topK: 1`, one token. A draft that draws from all of its own tokens is still exact, and most of its proposals are rejected. A model that drafts here goes through the rules of the target, and what it reports is the distribution
// it has drawn from, after them. Were it the one before, tokens would be accepted too often. The test "speculate() draws whole texts with the probabilities of the target, enumerated" fails for that version.

// ## Exercise
//
// A draft costs a tenth of a call of the target, and 80 % of its proposals are accepted. How many should be proposed?
//
// **Hint.** Divide the expected tokens by the cost of a call with its proposals, $1 + 0.1\gamma$.
//
// **Solution.** Six: it is 2.47 times as fast. Five and seven are hardly worse.
//
// ```ts
// import { expectedTokens } from "@heed/heed/generation";
//
// const gains = [4, 5, 6, 7, 8].map((length) => expectedTokens(0.8, length) / (1 + 0.1 * length));
// console.log(gains.map((gain) => gain.toFixed(2)).join(" "));
// ```
//
// ```text
// 2.40 2.46 2.47 2.45 2.40
// ```
