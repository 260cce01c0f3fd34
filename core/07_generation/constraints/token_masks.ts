/**
 * # Masks over tokens
 *
 * **Question.** A grammar speaks of bytes, a model of tokens. A token may hold several marks of the grammar at once, `"},` for instance, or a part of a character. Which tokens may follow a text, and how is that known at each step
 * without asking for each of them?
 *
 * **Idea.** A token may follow if the grammar can read all of its bytes and some text goes on from there. Which tokens these are depends only on the state of the grammar, not on the way that led there. So the answer, a mask of one bit for each token,
 * is computed once for each state, by a walk over [the tree of the vocabulary](vocabulary.ts), and kept. There are few states: after the first texts every mask is there, and a step costs a
 * look-up.
 *
 * **By hand.** The grammar is `[0-9]+,` and the tokens are `1`, `12`, `1,`, `,`, `,2` and END. Where the text begins, `1`, `12` and `1,` may follow. After `12` the state is another one: a comma may follow as well, so `1`,
 * `12`, `1,` and `,`. `,2` never may: the text ends with the comma. END may follow after the comma only.
 *
 * ```ts
 * import { grammarRule, regularExpression } from "@heed/heed/generation";
 * import { TokenizerPipeline, WordLevel } from "@heed/heed/words";
 *
 * const tokens = ["1", "12", "1,", ",", ",2", "END", "[UNK]"], roles = { end: "END" };
 * const tokenizer = new TokenizerPipeline({ model: new WordLevel(tokens), specialTokens: ["END"], roles });
 * const rule = grammarRule(regularExpression("[0-9]+,"), tokenizer), logits = new Float64Array(tokens.length);
 * for (const text of [[], [1], [1, 3]]) {
 *   const left = rule.onHost(logits, { tokens: text, eosToken: tokenizer.endToken });
 *   const allowed = tokens.filter((_, token) => left[token]! > -Infinity);
 *   console.log(`after "${tokenizer.decode(text)}": ${allowed.join("  ")}`);
 * }
 * ```
 *
 * ```text
 * after "": 1  12  1,
 * after "12": 1  12  1,  ,
 * after "12,": END
 * ```
 *
 * **Formula.** With the state $s$ after the bytes so far, and $\delta^*(s, v)$ the state after the bytes of token $v$ too,
 *
 * $$\tilde z_v = \begin{cases} z_v & \delta^*(s, v) \text{ is alive} \\ -\infty & \text{otherwise} \end{cases} \qquad \tilde z_{\mathrm{END}} = \begin{cases} z_{\mathrm{END}} & s \text{ accepts} \\ -\infty & \text{otherwise} \end{cases}$$
 *
 * A state is alive if the text can be finished from there: there is a way to an accepting state, by tokens that the vocabulary has.
 *
 * | symbol      | in code  | meaning                            |
 * | ----------- | -------- | ---------------------------------- |
 * | $s$         | `state`  | where the grammar is               |
 * | $\delta^*$  | `after`  | reads all bytes of a token         |
 * | $\tilde z$  | `result` | logits, `[V]`                      |
 *
 * **Grammars with a stack.** [A machine with a stack](pushdown.ts) has no end of states: every depth of brackets is another one. Almost all tokens do not care. Inside a string of JSON, a word is read without a look at the stack; only a token with the closing
 * quotation mark and something behind it needs to know what is open. So the walk is done once for each state of an automaton, above a stack of which nothing is known. It notes the tokens that stay within the rule, and the nodes
 * of the tree at which the rule may end. For each stack only what is below these nodes has to be walked.
 *
 * Sources: Brandon Willard and Rémi Louf 2023, *Efficient Guided Generation for Large Language Models* (masks by state: Outlines); Terry Koo, Frederick Liu and Luheng He 2024, *Automata-based Constraints for
 * Language Model Decoding*; Yixin Dong and others 2024, *XGrammar: Flexible and Efficient Structured Generation Engine for Large Language Models* (what does not depend on the stack, computed once).
 *
 * @module
 */

import type { Tokenizer } from "../../02_words/before_tokens/tokenizer.ts";
import { checkInstance } from "../../engine/arguments.ts";
import { checkValue, object } from "../../engine/options.ts";
import type { DecodingContext, LogitsRule } from "../rules.ts";
import { Grammar } from "./grammar.ts";
import type { Pushdown, PushdownState, Stack } from "./pushdown.ts";
import { type Context, Spelling, Vocabulary } from "./vocabulary.ts";

/** One bit for each token: whether it may follow. */
export type TokenMask = Uint32Array;

/** Where a text is: the state of the grammar, and how the next token is written. */
export interface TextState {
  readonly state: PushdownState;
  readonly context: Context;
}

/** What the walk finds above a stack of which nothing is known. */
interface Inside {
  /** Tokens that the rule can read. */
  readonly mask: TokenMask;
  /** Nodes of the tree at which the rule may end. */
  readonly exits: readonly number[];
}

/** Masks that are kept at most. */
const MOST_MASKS = 2 ** 13;

/** Which tokens of a vocabulary may follow, for each state of a grammar. */
export class TokenMasks {
  readonly #machine: Pushdown;
  readonly #vocabulary: Vocabulary;
  /** From where a text can be finished; absent where it always can. */
  readonly #spelling: Spelling | undefined;
  #masks: Record<Context, Map<PushdownState, TokenMask>> = { first: new Map(), later: new Map() };
  readonly #inside = new Map<number, Inside>();
  /** Masks computed so far. */
  computed = 0;

  /**
   * Prepares the masks; each is computed when it is first asked for.
   *
   * @param grammar the texts that may be written
   * @param vocabulary the tokens
   * @throws {RangeError} if no text of the grammar can be spelled by the tokens
   */
  constructor(grammar: Grammar, vocabulary: Vocabulary) {
    this.#machine = grammar.machine;
    this.#vocabulary = vocabulary;
    const missing = grammar.machine.bytes.difference(vocabulary.single());
    if (missing.size > 0) this.#spelling = new Spelling(grammar.machine, vocabulary);
    const contexts = vocabulary.spelled.first === vocabulary.spelled.later
      ? ["later"] as const
      : ["first", "later"] as const;
    if (contexts.every((context) => !this.#isAlive(grammar.machine.start, context))) {
      throw new RangeError(
        `Cannot follow the ${grammar.name} with a vocabulary of ${vocabulary.size} tokens: they spell none of its texts`,
      );
    }
  }

  /** Where a text begins. */
  start(context: Context): TextState {
    return { state: this.#machine.start, context };
  }

  /** Where a text is after a token; undefined if the grammar does not go on so. */
  after({ state, context }: TextState, token: number): TextState | undefined {
    const bytes = this.#vocabulary.spelled[context][token];
    if (!bytes || bytes.length === 0) return undefined;
    let next: PushdownState | undefined = state;
    for (const byte of bytes) {
      next = this.#machine.step(next, byte);
      if (!next) return undefined;
    }
    const following = this.#vocabulary.after(token, context);
    return this.#isAlive(next, following) ? { state: next, context: following } : undefined;
  }

  /** The tokens that may follow. */
  mask({ state, context }: TextState): TokenMask {
    const masks = this.#masks[context], known = masks.get(state);
    if (known) return known;
    this.computed++;
    const mask = this.#empty();
    if (this.#spelling || context === "first" || this.#machine.isFinite) this.#walk(state, context, mask);
    else this.#gather(state, mask);
    // The masks of the oldest texts are the least likely to be asked for again.
    if (masks.size >= MOST_MASKS) this.#masks[context] = new Map();
    this.#masks[context].set(state, mask);
    return mask;
  }

  #isAlive(state: PushdownState, context: Context): boolean {
    return this.#spelling === undefined || this.#spelling.isAlive(state, context);
  }

  #empty(): TokenMask {
    return new Uint32Array((this.#vocabulary.size + 31) >>> 5);
  }

  /** Allows the tokens below a node, or all, that can be read from a state. */
  #walk(
    state: PushdownState,
    context: Context,
    mask: TokenMask,
    below?: number,
    leaves?: (node: number) => void,
  ): void {
    const tree = this.#vocabulary.trees[context], { bytes, depths, ends, firsts, tokens } = tree;
    const top = below === undefined ? 0 : depths[below]!;
    const path: PushdownState[] = new Array(tree.height + 1);
    path[top] = state;
    const end = below === undefined ? bytes.length : ends[below]!;
    for (let node = below === undefined ? 0 : below + 1; node < end;) {
      const depth = depths[node]!, before = path[depth - 1]!, byte = bytes[node]!;
      const known = before.next[byte];
      const next = known === undefined ? this.#machine.step(before, byte) : known;
      if (!next) {
        // All tokens below begin with what is refused.
        node = ends[node]!;
        continue;
      }
      path[depth] = next;
      if (next.leaves) leaves?.(node);
      for (let i = firsts[node]!; i < firsts[node + 1]!; i++) {
        const token = tokens[i]!;
        if (this.#spelling && !this.#spelling.isAlive(next, this.#vocabulary.after(token, context))) continue;
        mask[token >>> 5]! |= 1 << (token & 31);
      }
      node++;
    }
  }

  // Masks above a stack

  /** The tokens that the places of a state can read, each above its stack. */
  #gather(state: PushdownState, mask: TokenMask): void {
    for (const { state: place, stack } of state.kernel) {
      const { mask: own, exits } = this.#insideOf(place);
      for (let i = 0; i < own.length; i++) mask[i]! |= own[i]!;
      this.#goOn(stack, exits, mask);
    }
  }

  #goOn(stack: Stack, exits: readonly number[], mask: TokenMask): void {
    if (stack.below.length === 0) return;
    const popped = this.#machine.popped(stack);
    for (const exit of exits) {
      if (exit >= 0) this.#walk(popped, "later", mask, exit);
      else {
        // The rule may end before the token.
        const other = this.mask({ state: popped, context: "later" });
        for (let i = 0; i < other.length; i++) mask[i]! |= other[i]!;
      }
    }
  }

  #insideOf(place: number): Inside {
    const known = this.#inside.get(place);
    if (known) return known;
    const state = this.#machine.above(place), mask = this.#empty(), exits: number[] = state.leaves ? [-1] : [];
    this.#walk(state, "later", mask, undefined, (node) => exits.push(node));
    const inside = { mask, exits };
    this.#inside.set(place, inside);
    return inside;
  }
}

// ## The rule

const vocabularies = new WeakMap<Tokenizer, Vocabulary>();

const aTokenizer = object<Tokenizer>("a tokenizer with tokenBytes()", (value) => "tokenBytes" in value);

/** A text that was asked about before. */
interface KnownText {
  readonly tokens: readonly number[];
  readonly promptLength: number;
  readonly at: TextState;
}

/** Texts that are remembered: more than a beam is wide, so that each finds its prefix. */
const MOST_TEXTS = 256;

/**
 * Lets only texts of a grammar be written behind the prompt.
 *
 * END is allowed exactly where such a text may end. It works under every search. `eosToken` has to be set, unless `maxNewTokens` ends the text before the grammar does.
 *
 * @example
 * ```ts
 * import { DecoderOnly, generate, Random, trainBytePairEncoding } from "@heed/heed";
 * import { grammarRule, regularExpression } from "@heed/heed/generation";
 *
 * const tokenizer = await trainBytePairEncoding(["12 34"], { vocabSize: 262, level: "bytes" });
 * const sizes = { vocabSize: tokenizer.vocabSize, hiddenSize: 16, numHeads: 2, numLayers: 1, contextLength: 32 };
 * const model = new DecoderOnly(sizes, new Random(1));
 * const rules = [grammarRule(regularExpression("[0-9]{3}-[0-9]{4}"), tokenizer)], random = new Random(2);
 * const { tokens } = await generate(model, [1], { maxNewTokens: 20, eosToken: tokenizer.endToken, rules, random });
 * console.assert(/^[0-9]{3}-[0-9]{4}$/.test(tokenizer.decode(tokens)));
 * ```
 *
 * @param grammar the texts that may be written
 * @param tokenizer the model's
 * @returns a rule
 * @throws {TypeError} if the tokenizer writes a token by what follows it
 * @throws {RangeError} if no text of the grammar can be spelled by the tokens
 */
export function grammarRule(grammar: Grammar, tokenizer: Tokenizer): LogitsRule {
  checkInstance("follow a grammar", "grammar", grammar, Grammar);
  checkValue("follow a grammar", "tokenizer", tokenizer, aTokenizer);
  let vocabulary = vocabularies.get(tokenizer);
  if (!vocabulary) vocabularies.set(tokenizer, vocabulary = new Vocabulary(tokenizer.tokenBytes()));
  const masks = new TokenMasks(grammar, vocabulary), texts = new KnownTexts(masks, vocabulary, grammar);
  return {
    name: grammar.name,
    onHost(logits, context) {
      const at = texts.find(context), mask = masks.mask(at), result = new Float64Array(logits.length).fill(-Infinity);
      const isAny = keep(logits, mask, result), { eosToken } = context;
      const ends = (context.eosTokens ?? (eosToken === undefined ? [] : [eosToken])).filter((end) =>
        end < logits.length
      );
      for (const end of ends) result[end] = at.state.accepts ? logits[end]! : -Infinity;
      if (ends.length > 0) return result;
      if (!isAny && mask.every((bits) => bits === 0)) throw atTheEnd(grammar, at);
      return result;
    },
  };
}

/** Copies the logits of the tokens that may follow; says whether there is one. */
function keep(logits: Float64Array, mask: TokenMask, result: Float64Array): boolean {
  let isAny = false;
  for (let word = 0; word < mask.length; word++) {
    const bits = mask[word]!;
    if (bits === 0) continue;
    const end = Math.min(32, logits.length - 32 * word);
    for (let bit = 0; bit < end; bit++) {
      if ((bits >>> bit & 1) === 0) continue;
      result[32 * word + bit] = logits[32 * word + bit]!;
      isAny = true;
    }
  }
  return isAny;
}

/** The error of a text that can neither go on nor end. */
function atTheEnd({ name }: Grammar, { state }: TextState): Error {
  return state.accepts
    ? new TypeError(
      `Cannot end a text of the ${name} without eosToken: nothing follows it, so the token that ends it is needed`,
    )
    : new RangeError(`Cannot continue a text of the ${name}: no token of the vocabulary goes on so`);
}

/** Where texts are; each is found from its prefix, not from its start. */
class KnownTexts {
  readonly #masks: TokenMasks;
  readonly #vocabulary: Vocabulary;
  readonly #grammar: Grammar;
  readonly #known: KnownText[] = [];

  constructor(masks: TokenMasks, vocabulary: Vocabulary, grammar: Grammar) {
    this.#masks = masks;
    this.#vocabulary = vocabulary;
    this.#grammar = grammar;
  }

  find({ tokens, promptLength = 0 }: DecodingContext): TextState {
    const known = this.#prefixOf(tokens, promptLength);
    let at = known?.at ?? this.#masks.start(this.#contextAfter(tokens.slice(0, promptLength)));
    for (const token of tokens.slice(known?.tokens.length ?? promptLength)) {
      const next = this.#masks.after(at, token);
      if (!next) {
        throw new RangeError(
          `Cannot continue a text of the ${this.#grammar.name}: token ${token} does not go on as the grammar does`,
        );
      }
      at = next;
    }
    if (known?.tokens.length !== tokens.length) {
      if (this.#known.length >= MOST_TEXTS) this.#known.shift();
      this.#known.push({ tokens: tokens.slice(), promptLength, at });
    }
    return at;
  }

  /** The longest text that was asked about and is a prefix of this one; usually among the last. */
  #prefixOf(tokens: readonly number[], promptLength: number): KnownText | undefined {
    let best: KnownText | undefined;
    for (let i = this.#known.length - 1; i >= 0 && (best?.tokens.length ?? 0) < tokens.length - 1; i--) {
      const one = this.#known[i]!, { length } = one.tokens;
      if (one.promptLength !== promptLength || length > tokens.length || length <= (best?.tokens.length ?? -1)) {
        continue;
      }
      // Texts of one search differ at their ends, if at all.
      let place = length - 1;
      while (place >= 0 && one.tokens[place] === tokens[place]) place--;
      if (place < 0) best = one;
    }
    return best;
  }

  #contextAfter(prompt: readonly number[]): Context {
    return prompt.reduce<Context>((context, token) => this.#vocabulary.after(token, context), "first");
  }
}
