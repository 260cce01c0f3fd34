/**
 * # Required words
 *
 * **Question.** A translation has to use the customer's word for a product, and a summary has to name a place. The model does not know that. How does a search find a sequence that is probable and contains given words?
 *
 * **Idea.** By beam search with a beam for each amount of what is missing. A prefix that has a required word already is usually less probable than one that goes its own way, since the word was not the model's first choice. In one beam it would be pruned. So prefixes are
 * compared only with those that miss as many tokens: these form a *bank*. At each step the banks take turns, each with its best prefix, until the beam is full. A text may end once nothing is missing. This is *constrained beam search* [约束束搜索] with *dynamic beam allocation*.
 *
 * **By hand.** The sentence of [the notes](notes:004.112), *The mountain was steep, and he began his …*, has to contain *climb* or *ascent*. The model says *walk* 0.7, *slow* 0.2 or *climb* 0.1. After *walk* the sentence ends with 0.98, and goes on with *climb* or *ascent* with 0.01 each.
 * After *slow* comes *walk* with 0.3 or *ascent* with 0.7. After *climb* and *ascent* it ends.
 *
 * *Two beams.* At first, one token is missing from *walk* (0.7) and from *slow* (0.2), and none from *climb* (0.1). Each bank keeps its best: *climb* with 0.1 and *walk* with 0.7. In the next step *climb* ends with 0.1, and *walk* cannot end: *walk climb* has $0.7 \cdot 0.01 = 0.007$. So *climb* is found, with 0.1.
 *
 * *Three beams.* The bank that misses one token keeps *slow* too, and *slow ascent* has $0.2 \cdot 0.7 = 0.14$: the better sentence, in which the synonym fits.
 *
 * *One prefix under a rule* that forbids the end while the word is missing: greedy search takes *walk*, and then has to add *climb*: 0.007. The word is there, where it does not belong.
 *
 * ```picture required_banks The example with two beams and with three. After each step the prefixes that are kept stand in the row of what they miss; a square marks a sentence that has ended, bold is the one that is found.
 * ```
 *
 * ```ts
 * import { constrainedBeamSearch, neededTokens } from "@heed/heed/generation";
 *
 * const [end, walk, slow, climb, ascent] = [0, 1, 2, 3, 4], words = ["END", "walk", "slow", "climb", "ascent"];
 * const model = (text: readonly number[]) => {
 *   if (text.length === 0) return [0, 0.7, 0.2, 0.1, 0];
 *   if (text.at(-1) === walk) return [0.98, 0, 0, 0.01, 0.01];
 *   return text.at(-1) === slow ? [0, 0.3, 0, 0, 0.7] : [1, 0, 0, 0, 0];
 * };
 * const required = [[[climb], [ascent]]];
 * console.log([[walk], [slow], [climb]].map((text) => `${words[text[0]!]}: ${neededTokens(required, text)}`).join(", "));
 *
 * for (const numBeams of [2, 3]) {
 *   const search = constrainedBeamSearch({ numBeams, requiredWords: required }).begin({ maxNewTokens: 4, eosToken: end });
 *   while (search.live.length > 0) search.extend(search.live.map(({ tokens }) => model(tokens).map(Math.log)));
 *   const found = search.results.map(({ tokens, logProbability }) =>
 *     `${tokens.map((token) => words[token]).join(" ")} ${Math.exp(logProbability).toFixed(3)}`);
 *   console.log(`${numBeams} beams: ${found.join(", ")}`);
 * }
 * ```
 *
 * ```text
 * walk: 1, slow: 1, climb: 0
 * 2 beams: climb 0.100, walk climb 0.007
 * 3 beams: slow ascent 0.140, climb 0.100, slow walk climb 0.001
 * ```
 *
 * **Formula.** Let $\mathcal{C}$ be the required words, each a set of spellings $a$ of $\lvert a \rvert$ tokens, and $\mathcal{C}(y)$ those of which the text $y$ contains no spelling. With $k_a(y)$, the most tokens of $a$ that $y$ ends with, and the cheapest spelling of each word, the missing tokens are
 *
 * $$m(y) = \sum_{c \in \mathcal{C}(y)} \min_{a \in c} \lvert a \rvert \;-\; \max_{c \in \mathcal{C}(y),\, a \in c} \Big( \min_{b \in c} \lvert b \rvert - \lvert a \rvert + k_a(y) \Big)^{+}, \qquad \mathcal{B}_t^{(m)} = \{\, y : m(y) = m \,\}$$
 *
 * | symbol                 | in code          | meaning                                              |
 * | ---------------------- | ---------------- | ---------------------------------------------------- |
 * | $\mathcal{C}$          | `requiredWords`  | words, each with one spelling or several             |
 * | $k_a$                  | `begunTokens()`  | how much of a spelling the end of the text has begun |
 * | $m(y)$                 | `neededTokens()` | tokens that are missing; 0 where the text may end    |
 * | $\mathcal{B}_t^{(m)}$  | `banks`          | continuations of a step that miss $m$ tokens         |
 *
 * **What is guaranteed.** Each text that is returned contains all required words, also one that `maxNewTokens` cuts off. A prefix that misses $m$ tokens is dropped when fewer than $m$ steps are left. One token more of a missing word makes $m$ smaller by one at least, so that there is always a way on.
 * Two things can stand against it, and both are errors: required words that are longer than `maxNewTokens`, and a rule that forbids one of their tokens.
 *
 * **What it costs.** As many prefixes as the beam has, and so as many calls of the model as a beam search. Post and Vilar's point is that the number of required words does not matter. In the grid of Hokamp and Liu each bank has a beam of its own, and the cost grows with the words.
 *
 * **Tokens, not letters.** A word has several spellings, with and without a space before it, and each is a sequence of tokens. All of them together are one required word. As with [banned words](../forbidden_and_forced.ts), *▁cat* is also contained in *▁cat alogue*.
 *
 * **As elsewhere.** In Hugging Face transformers a word with one spelling is a `PhrasalConstraint`, and one with several is a `DisjunctiveConstraint`. There a token counts for one word only, and a phrase that is interrupted must begin again. Here a text contains a word wherever its tokens stand, also
 * where two required phrases overlap.
 *
 * Sources: Chris Hokamp and Qun Liu 2017, *Lexically Constrained Decoding for Sequence Generation Using Grid Beam Search*; Matt Post and David Vilar 2018, *Fast Lexically Constrained Decoding with Dynamic Beam Allocation for Neural Machine Translation*; Peter Anderson and others 2017, *Guided Open
 * Vocabulary Image Captioning with Constrained Beam Search* (sets of synonyms). In the paper of 2018 each bank has an equal number of places, and passes on what it does not use. To take turns is the same but for rounding.
 *
 * @module
 */

import { checkNumbers } from "../../engine/arguments.ts";
import { type Check, checkOptions, type Checks, checkValue, list, required } from "../../engine/options.ts";
import { phrasesCheck } from "../forbidden_and_forced.ts";
import {
  BeamSearch,
  type Continuation,
  type LengthPenalty,
  lengthPenaltyCheck,
  limitChecks,
  notComparable,
  numBeamsCheck,
  type Prefix,
} from "../greedy_and_beam.ts";
import { type LogitsRule, requireToken, ruleInPlace, stepOf, tokensCheck } from "../rules.ts";
import type { SequenceLimits, SequenceSearch } from "../search.ts";
import { Stops, tokensOf } from "../stops.ts";

/**
 * The tokens that a text still needs to contain all required words.
 *
 * Where words overlap, fewer may do: each is counted as if it stood alone.
 *
 * @param words each as its tokens, or as several spellings of which one is enough
 * @param tokens the text so far
 * @returns 0 if it contains all of them
 */
export function neededTokens(words: readonly RequiredWord[], tokens: readonly number[]): number {
  checkValue("count missing tokens", "words", words, requiredWordsCheck);
  checkNumbers("count missing tokens", "tokens", tokens);
  return missing(words.map(spellingsOf), tokens);
}

/** A required word as its spellings. */
type Spellings = readonly (readonly number[])[];

/** $m(y)$ */
function missing(words: readonly Spellings[], tokens: readonly number[]): number {
  let total = 0, saved = 0;
  for (const spellings of words) {
    if (spellings.some((spelling) => contains(tokens, spelling))) continue;
    const shortest = Math.min(...spellings.map(({ length }) => length));
    total += shortest;
    // The end of the text may have begun one of the spellings: the one that saves most counts.
    for (const spelling of spellings) {
      saved = Math.max(saved, shortest - spelling.length + begunTokens(spelling, tokens));
    }
  }
  return total - saved;
}

/** The banks take turns, each with its best, until there are enough. */
function takeTurns<T>(banks: readonly (readonly T[])[], count: number): T[] {
  const taken: T[] = [], longest = Math.max(0, ...banks.map(({ length }) => length));
  for (let round = 0; round < longest && taken.length < count; round++) {
    // What misses least comes first, so that a narrow beam finishes its words.
    for (const bank of banks) if (round < bank.length && taken.length < count) taken.push(bank[round]!);
  }
  return taken;
}

/**
 * Searches a probable sequence that contains required words.
 *
 * @param options width, words, and how lengths are compared
 * @returns a search; all its texts contain the words
 * @throws {RangeError} if an option is outside its interval
 */
export function constrainedBeamSearch(options: ConstrainedBeamOptions): SequenceSearch {
  checkOptions("search", options, constrainedChecks);
  const { requiredWords, ...beams } = options, words = requiredWords.map(spellingsOf);
  return {
    name: "constrained beam search",
    numBeams: options.numBeams,
    begin(limits) {
      checkOptions("search", limits, limitChecks);
      requireRoom(words, limits);
      const banks = new Banks(words, limits);
      return new BeamSearch({ ...beams, ...limits }, (live, rows, count) => banks.choose(live, rows, count));
    },
  };
}

/** Words that beams have to contain, as an option of {@linkcode generate}. */
export interface RequiredWords {
  /** Each as its tokens, or as several spellings of which one is enough. */
  readonly words: readonly RequiredWord[];
  /** The search that finds them, with the other options of beams. */
  search(options: Omit<ConstrainedBeamOptions, "requiredWords">): SequenceSearch;
}

/**
 * Words that every text must contain, as the value of the option `requiredWords`.
 *
 * @example
 * ```ts
 * import { DecoderOnly, generate, Random } from "@heed/heed";
 * import { requiredWords } from "@heed/heed/generation";
 *
 * const sizes = { vocabSize: 20, hiddenSize: 16, numHeads: 2, numLayers: 1, contextLength: 32 };
 * const model = new DecoderOnly(sizes, new Random(1));
 * // The tokens 7 and 8 in a row, and one of 9 and 10.
 * const words = requiredWords([[7, 8], [[9], [10]]]);
 * const { tokens } = await generate(model, [3], { maxNewTokens: 8, numBeams: 4, requiredWords: words });
 * console.assert(tokens.join().includes("7,8") && (tokens.includes(9) || tokens.includes(10)));
 * ```
 *
 * @param words each as its tokens, or as several spellings of which one is enough
 * @returns the value of the option
 * @throws {RangeError} if there is no word, or an empty one
 */
export function requiredWords(words: readonly RequiredWord[]): RequiredWords {
  checkValue("require words", "words", words, requiredWordsCheck);
  return { words, search: (options) => constrainedBeamSearch({ ...options, requiredWords: words }) };
}

// #region The banks of a step
//
// The state of the search is that of [beam search](../greedy_and_beam.ts). Only which continuations are kept is decided here. All tokens that occur in no required word leave the same number of tokens missing,
// so that this number is computed once for each prefix, and again only for the tokens of the words.

/** Chooses the continuations of a step, bank by bank. */
class Banks {
  readonly #words: readonly Spellings[];
  readonly #watched: readonly number[];
  readonly #maxNewTokens: number;
  readonly #ends: readonly number[];
  readonly #stops: Stops;

  constructor(words: readonly Spellings[], limits: SequenceLimits) {
    this.#words = words;
    this.#watched = [...new Set(words.flat(2))];
    this.#maxNewTokens = limits.maxNewTokens;
    this.#ends = tokensOf(limits.eosToken);
    this.#stops = new Stops(limits);
  }

  /** The best continuations, the banks in turn. */
  choose(live: readonly Prefix[], rows: readonly ArrayLike<number>[], count: number): Continuation[] {
    const banks: Continuation[][] = [];
    rows.forEach((row, parent) => {
      requireWords(this.#watched, row.length);
      this.#sort(live[parent]!, row, parent, banks, count);
    });
    const kept = takeTurns(Array.from(banks, (bank = []) => bank), count);
    if (kept.length > 0) return kept;
    throw new RangeError("Cannot write the required words: a rule forbids what is left of them");
  }

  /** Puts each continuation of a prefix into its bank. */
  #sort(
    { tokens, logProbability }: Prefix,
    row: ArrayLike<number>,
    parent: number,
    banks: Continuation[][],
    count: number,
  ) {
    const left = this.#maxNewTokens - tokens.length - 1, others = missing(this.#words, [...tokens, NONE]);
    const needed = new Map(this.#watched.map((token) => [token, missing(this.#words, [...tokens, token])]));
    for (let token = 0; token < row.length; token++) {
      const value = logProbability + row[token]!, after = needed.get(token) ?? others;
      if (Number.isNaN(value) || value === Infinity) throw notComparable(parent, token, value);
      // What cannot become complete any more, and an end before it is complete.
      if (value === -Infinity || after > left || after > 0 && this.#ends.includes(token)) continue;
      const bank = banks[after] ??= [];
      if (bank.length === count && !(value > bank[count - 1]!.value)) continue;
      if (this.#isCut(tokens, token)) continue;
      let place = bank.length;
      while (place > 0 && bank[place - 1]!.value < value) place--;
      bank.splice(place, 0, { parent, token, logProbability: value, value });
      if (bank.length > count) bank.pop();
    }
  }

  /** Whether a stop string would end the text before it is complete. */
  #isCut(tokens: readonly number[], token: number): boolean {
    const cut = this.#stops.cut([...tokens, token]);
    return cut !== undefined && missing(this.#words, cut.tokens) > 0;
  }
}

/** Stands for a token that occurs in no required word. */
const NONE = -1;

/** Whether a text contains a spelling. */
function contains(tokens: readonly number[], spelling: readonly number[]): boolean {
  for (let start = 0; start + spelling.length <= tokens.length; start++) {
    if (spelling.every((token, i) => tokens[start + i] === token)) return true;
  }
  return false;
}

/** How many tokens of a spelling the text ends with. */
function begunTokens(spelling: readonly number[], tokens: readonly number[]): number {
  for (let count = Math.min(spelling.length - 1, tokens.length); count > 0; count--) {
    const start = tokens.length - count;
    let same = 0;
    while (same < count && tokens[start + same] === spelling[same]) same++;
    if (same === count) return count;
  }
  return 0;
}

function spellingsOf(word: RequiredWord): Spellings {
  return (typeof word[0] === "number" ? [word] : word) as Spellings;
}
// #endregion

// ## One text, without beams
//
// A rule can require words too. It forbids END while a word is missing, and once as few steps are left as tokens are missing, it allows only what makes fewer of them missing. Under it any search writes the words, also one that draws. But it acts too late. The example above
// has it: *walk* is written because it is probable, and what has to follow no longer fits. It is the myopia of every [mask](mod.ts).

/**
 * Lets no text end, or be cut off, before it contains required words.
 *
 * @param words each as its tokens, or as several spellings of which one is enough
 * @returns a rule
 * @throws {RangeError} if there is no word, or an empty one
 */
export function requiredWordsRule(words: readonly RequiredWord[]): LogitsRule {
  checkValue("generate", "requiredWords", words, requiredWordsCheck);
  const all = words.map(spellingsOf), watched = [...new Set(all.flat(2))];
  return ruleInPlace({
    name: "requiredWords",
    check({ vocabSize, eosToken, eosTokens, maxNewTokens = Infinity }) {
      requireWords(watched, vocabSize);
      if (maxNewTokens === Infinity && eosToken === undefined) {
        throw new TypeError("Cannot require words of a text without an end: eosToken or maxNewTokens is needed");
      }
      requireRoom(all, { maxNewTokens, eosToken: eosTokens ?? eosToken });
    },
    inPlace: (row, context) => {
      const { tokens, promptLength = 0, eosToken, eosTokens = tokensOf(eosToken), maxNewTokens = Infinity } = context;
      const text = tokens.slice(promptLength), left = maxNewTokens - stepOf(tokens.length, context) - 1;
      const others = missing(all, [...text, NONE]), isComplete = missing(all, text) === 0;
      if (isComplete) return;
      for (const end of eosTokens) if (end < row.length) row[end] = -Infinity;
      const needed = new Map(watched.map((token) => [token, missing(all, [...text, token])]));
      // Nearly always all others may follow: then only the words are looked at.
      if (others > left) row.forEach((_, token) => needed.has(token) || (row[token] = -Infinity));
      for (const [token, after] of needed) if (after > left && token < row.length) row[token] = -Infinity;
    },
  });
}

// #region Options and their checks

/** A word that a text must contain: its tokens, or several spellings of which one is enough. */
export type RequiredWord = readonly number[] | readonly (readonly number[])[];

/** What a list of required words may be. */
const requiredWordsCheck: Check<readonly RequiredWord[]> = {
  ...list<RequiredWord>(
    "a list of words, each a list of token ids or a list of such spellings, at least one and none empty",
    (word) => tokensCheck.fits(word) || phrasesCheck.fits(word),
  ),
  allows: (words) =>
    words.length > 0 &&
    Array.from(words).every((word) =>
      word?.length > 0 &&
      (typeof word[0] === "number" || Array.from(word as readonly number[][]).every((one) => one?.length > 0))
    ),
};

/** Options of {@linkcode constrainedBeamSearch}. */
export interface ConstrainedBeamOptions {
  /** Prefixes that survive a step, a positive integer. */
  readonly numBeams: number;
  /** What every text must contain: words as tokens, or lists of spellings of which one is enough. */
  readonly requiredWords: readonly RequiredWord[];
  /** What scores are divided by: a power of the length or a function; 1 by default. */
  readonly lengthPenalty?: number | LengthPenalty;
}

const constrainedChecks: Checks<ConstrainedBeamOptions> = {
  numBeams: required(numBeamsCheck),
  requiredWords: required(requiredWordsCheck),
  lengthPenalty: lengthPenaltyCheck,
};

function requireWords(tokens: readonly number[], vocabSize: number): void {
  for (const token of tokens) requireToken("requiredWords", token, vocabSize);
}

/** Refuses words that no text can contain. */
function requireRoom(words: readonly Spellings[], { maxNewTokens, eosToken }: SequenceLimits): void {
  const end = tokensOf(eosToken).find((token) => words.some((spellings) => spellings.flat().includes(token)));
  if (end !== undefined) {
    throw new RangeError(`Cannot require token ${end} in a text: it is eosToken, with which the text would end`);
  }
  const needed = missing(words, []);
  if (needed > maxNewTokens) {
    throw new RangeError(
      `Cannot use requiredWords with maxNewTokens = ${maxNewTokens}: the words have ${needed} tokens`,
    );
  }
}
// #endregion

// ## What it costs, beside other methods
//
// [The experiment](../experiments/constraints/required_words.ts) stands on [the section's first page](mod.ts): a small model writes sentences with given words, by asking for them, by rejection, under the rule and by constrained beams.

// ## In a translation
//
// A customer's word for a product is the usual demand. Here a word of the human translation is required of a small translator that missed it.
//
// ```picture required_words_run A small translator from Chinese into English, with a word of the human translation required, and with a wrong one.
// ```

// ## What the notes say
//
// **The notes, 004.112.** All three faults are faults of a list of tokens, and the first two have an answer here. Synonyms can be listed as spellings of one word, and the search takes the one that fits; banned words need such a list too. Where the banned word is the only good one, the loss can be measured: the
// text becomes less probable at that place, as under the rule of the example above. Beams that see the ban coming begin the sentence in another way. For the third fault there is no list: which meaning is meant, a token does not say.

// ## Pitfall: one beam for all
//
// With all prefixes in one beam those that contain the word are pruned, and at the end the search has to put the word wherever it is. The test "one beam for all prefixes loses the required word, and banks keep it" has a model for which that happens.

// ## Pitfall: the word in the prompt
//
// Who looks for required words in all tokens finds them in the prompt, and a text that lacks them counts as complete. The test "a prompt that contains the word is not enough" has such a prompt.

// ## Pitfall: a phrase that begins inside itself
//
// After *1 1 2 1 1* two tokens of the phrase *1 1 2 3* are there. To start from nothing when a token does not fit misses them. The test "neededTokens() counts what is missing, and what has begun" has the example.

// ## Exercise
//
// *How wide?* Three required words have two tokens each. How many banks can there be, and what does a beam of four do with them?
//
// **Hint.** How many tokens can be missing?
//
// **Solution.** From none to six, which are seven banks. Turns begin with the bank that misses least, so that a beam of four keeps the four most complete prefixes, one of each bank. It writes the words early. A beam of seven or more has a place for the prefix that waits with them.
