/**
 * # Decoding options
 *
 * **Question.** A caller writes `{ temperature: 0.7, topP: 0.9 }` or `{ numBeams: 4 }`. Who turns these words into rules
 * and a search, who notices that two of them do not go together, and how does a command line come to know a new one?
 *
 * **Idea.** One table. Each option has a row with what it may be, what it does in one line, and, if it asks for a rule,
 * the rule. Below it stand the searches, each with the options that it needs and those that it takes besides. Everything
 * else follows: checks, refusals, the options of the command line with their limits and help, the controls of the
 * playground. An option without a row does not compile. One whose row makes no rule reaches its search, or no search
 * takes it and it is refused; nothing is ignored.
 *
 * **Why options are refused.** `temperature` without `random` has no effect on a greedy search, and
 * `topK` none on beams. Whoever sets an option expects it to do something, so an option that
 * cannot is an error, and so is one that does not exist.
 *
 * **By hand.** Temperature and top-p need chance, beams need none, and groups divide the beams:
 *
 * ```ts
 * import { DecoderOnly, generate, type GenerateOptions, Random } from "@heed/heed";
 *
 * const sizes = { vocabSize: 20, hiddenSize: 16, numHeads: 2, numLayers: 1, contextLength: 32 };
 * const model = new DecoderOnly(sizes, new Random(1)), random = new Random(1);
 * const tried: Omit<GenerateOptions, "maxNewTokens">[] = [
 *   { temperature: 0.7, topP: 0.9, random },
 *   { temperature: 0.7, topP: 0.9 },
 *   { numBeams: 4, topK: 5 },
 *   { diversityPenalty: 0.5 },
 *   { numBeams: 4, numBeamGroups: 3 },
 *   { topP: 1.5, random },
 *   { dryBase: 2 },
 * ];
 * for (const options of tried) {
 *   const names = Object.keys(options).join(", ");
 *   try {
 *     const { tokens } = await generate(model, [3, 1, 4], { ...options, maxNewTokens: 5 });
 *     console.log(`${names}: ${tokens.length} tokens`);
 *   } catch (error) {
 *     console.log(`${names}: ${(error as Error).message}`);
 *   }
 * }
 * ```
 *
 * ```text
 * temperature, topP, random: 5 tokens
 * temperature, topP: Cannot use temperature without random: greedy search draws nothing, so it would have no effect
 * numBeams, topK: Cannot use topK without random: beam search draws nothing, so it would have no effect
 * diversityPenalty: Cannot use diversityPenalty without numBeams and numBeamGroups: a single group has no other to avoid
 * numBeams, numBeamGroups: Cannot divide 4 beams into numBeamGroups = 3: it must be a divisor of their number
 * topP, random: Cannot generate with topP = 1.5: topP must be a number greater than 0 and at most 1
 * dryBase: Cannot generate with dryBase: it has no effect without dryMultiplier
 * ```
 *
 * **Values beside words.** `{ search: beamSearch({ numBeams: 4 }), rules: [noRepeatNgramRule(3)] }` says the same as
 * `{ numBeams: 4, noRepeatNgramSize: 3 }`. A rule or a search that is not in the table is given so.
 *
 * @module
 */

import {
  abortSignal,
  callback,
  type Check,
  type Checks,
  flag,
  group,
  integer,
  list,
  object,
  required,
} from "../engine/options.ts";
import { Random } from "../engine/random.ts";
import { beamSampling } from "./beam_sampling.ts";
import type { RequiredWords } from "./constraints/required_words.ts";
import {
  diverseBeamSearch,
  diversityPenaltyCheck,
  numBeamGroupsCheck,
  similarityCheck,
  stochasticBeamSearch,
  type TokenSimilarity,
} from "./beam_variants.ts";
import { contrastiveChecks, type ContrastiveOptions } from "./contrastive.ts";
import { contrastiveSearch, penaltyAlphaCheck } from "./contrastive_search.ts";
import {
  beamSearch,
  earlyStoppingCheck,
  greedySearch,
  type LengthPenalty,
  lengthPenaltyCheck,
  numBeamsCheck,
} from "./greedy_and_beam.ts";
import {
  bannedWordsRule,
  biasCheck,
  forcedCheck,
  forcedFirstRule,
  forcedLastRule,
  type LogitBias,
  logitBiasRule,
  minNewTokensRule,
  newTokensCheck,
  phrasesCheck,
  prefixRule,
  suppressRule,
} from "./forbidden_and_forced.ts";
import {
  baseCheck,
  differenceCheck,
  dryRule,
  frequencyRule,
  multiplierCheck,
  ngramSizeCheck,
  noRepeatNgramRule,
  passageCheck,
  penaltyCheck,
  presenceRule,
  repetitionRule,
} from "./repetition.ts";
import { type LogitsRule, tokensCheck } from "./rules.ts";
import { ancestralSampling } from "./sampling.ts";
import type { Search, TokenSearch } from "./search.ts";
import { type CacheType, cacheTypeCheck } from "./kv_cache.ts";
import type { PromptCache } from "./prompt_cache.ts";
import { type ContextWindow, windowCheck } from "./session.ts";
import { eosTokenCheck, type StopStrings, stopStringsCheck } from "./stops.ts";
import { type Draft, draftCheck } from "./speculative.ts";
import { temperatureCheck, temperatureRule } from "./temperature.ts";
import {
  deviationsCheck,
  epsilonRule,
  etaRule,
  minPRule,
  shareCheck,
  thresholdCheck,
  tokenCountCheck,
  topKRule,
  topNSigmaRule,
  topPRule,
  typicalRule,
} from "./truncation.ts";

/** Options that ask for a rule, in the order in which the rules apply. */
export interface RuleOptions {
  /** Adds a number to the logits of some tokens, by token id; nothing by default. */
  readonly logitBias?: LogitBias;
  /** Above 1, makes tokens of the prompt and the text less likely; 1 by default. */
  readonly repetitionPenalty?: number;
  /** Lets no n-gram of this many tokens occur twice, prompt included; any may by default. */
  readonly noRepeatNgramSize?: number;
  /** Subtracts this for each time that a token was generated; 0 by default. */
  readonly frequencyPenalty?: number;
  /** Subtracts this from every token that was generated; 0 by default. */
  readonly presencePenalty?: number;
  /** Subtracts this from what would continue a repeated passage; 0 by default. */
  readonly dryMultiplier?: number;
  /** What each further token of a passage multiplies that by, at least 1; 1.75 by default. Needs `dryMultiplier`. */
  readonly dryBase?: number;
  /** The shortest passage that costs, in tokens; 2 by default. Needs `dryMultiplier`. */
  readonly dryAllowedLength?: number;
  /** Tokens at which a passage ends; none by default. Needs `dryMultiplier`. */
  readonly dryBreakers?: readonly number[];
  /** Words and phrases that must not occur, each as its tokens; any may by default. */
  readonly bannedWords?: readonly (readonly number[])[];
  /** Tokens that must not occur; any may by default. */
  readonly suppressTokens?: readonly number[];
  /** Lets no text end before it has so many tokens; 0 by default. Needs `eosToken`. */
  readonly minNewTokens?: number;
  /** The first token after the prompt; any by default. Excludes `prefix`. */
  readonly forcedFirstToken?: number;
  /** The token at `maxNewTokens`, where a text has not ended before; any by default. */
  readonly forcedLastToken?: number;
  /** The tokens that a text begins with, part of the result; any by default. */
  readonly prefix?: readonly number[];
  /** Divides the logits, greater than 0; 1 by default. Needs `random`. */
  readonly temperature?: number;
  /** Keeps those within so many standard deviations of the largest logit; all by default. Needs `random`. */
  readonly topNSigma?: number;
  /** Keeps this many of the most probable tokens; all by default. Needs `random`. */
  readonly topK?: number;
  /** Keeps the fewest whose probability mass reaches this, in (0, 1]; 1 by default. Needs `random`. */
  readonly topP?: number;
  /** Keeps those with this fraction of the largest probability, in (0, 1]; all by default. Needs `random`. */
  readonly minP?: number;
  /** Keeps those more probable than this, in (0, 1); all by default. Needs `random`. */
  readonly epsilonCutoff?: number;
  /** Keeps those above a threshold that entropy lowers, in (0, 1); all by default. Needs `random`. */
  readonly etaCutoff?: number;
  /** Keeps the most typical whose probability mass reaches this, in (0, 1]; 1 by default. Needs `random`. */
  readonly typicalP?: number;
}

/** Options that choose a search. */
export interface SearchOptions {
  /** Searches with this many beams, which `random` draws; 1 by default, which is greedy search. */
  readonly numBeams?: number;
  /** When beams end early, as in `transformers`; when nothing better can follow by default. */
  readonly earlyStopping?: boolean | "never";
  /** Texts for each prompt, at most `numBeams`; 1 by default. Needs `random` or `numBeams`. */
  readonly numReturnSequences?: number;
  /** What scores are divided by: a power of the length or a function; 1 by default. Needs `numBeams`. */
  readonly lengthPenalty?: number | LengthPenalty;
  /** Groups of beams that avoid each other's tokens, a divisor of `numBeams`; 1 by default. */
  readonly numBeamGroups?: number;
  /** What a token costs that an earlier group has just taken; 0.5 nats by default. Needs `numBeamGroups`. */
  readonly diversityPenalty?: number;
  /** Gives similar tokens a part of the penalty; only the same one does by default. Needs `numBeamGroups`. */
  readonly similarity?: TokenSimilarity;
  /** What similarity to the text so far costs a token, in (0, 1]; nothing by default. Takes `topK`. */
  readonly penaltyAlpha?: number;
  /** Draws the beams, no sequence twice; false by default. Needs `numBeams` and `random`. */
  readonly stochastic?: boolean;
  /** Words that every text must contain, as `requiredWords()` makes them; none by default. Needs `numBeams`. */
  readonly requiredWords?: RequiredWords;
  /** Where random numbers come from; nothing is drawn by default, the search is greedy. */
  readonly random?: Random;
}

/** Options of the loop. */
export interface LoopOptions {
  /** Most tokens to generate, a positive integer; `Infinity` if nothing else bounds the text. */
  readonly maxNewTokens: number;
  /** The token, or several, that end a text and are not part of the result; none by default. */
  readonly eosToken?: number | readonly number[];
  /** Remembers the text from call to call: only what is new is read; nothing does by default. */
  readonly cache?: PromptCache;
  /** How keys and values are kept: `"int8"` takes a quarter of the memory; as they are by default. Excludes `cache` and `draft`. */
  readonly cacheType?: CacheType;
  /** Strings that end a text and are not part of it, with a tokenizer; none by default. */
  readonly stopStrings?: StopStrings;
  /** Further rules, applied to the logits before all others; none by default. */
  readonly rules?: readonly LogitsRule[];
  /** A weaker model, which is contrasted with this one before all rules; none by default. */
  readonly contrastive?: ContrastiveOptions;
  /** Goes on in a full context by forgetting its older half; false by default: an error. */
  readonly slide?: boolean;
  /** Keeps the memory at a fixed size, such as `rollingWindow({ size: 512 })`; it grows with the text by default. */
  readonly window?: ContextWindow;
  /** Proposes tokens, of which the model checks several at once; none by default. Without beams, and text by text. */
  readonly draft?: Draft;
  /** What is kept of each step besides the token, as `steps` of the result; nothing by default. */
  readonly output?: OutputOptions;
  /** Stops between two tokens, with the signal's reason; nothing does by default. */
  readonly signal?: AbortSignal;
}

/** What is kept of each step, besides the token and its log-probabilities. */
export interface OutputOptions {
  /** So many of the most probable tokens, before the rules and after them; 0 by default. */
  readonly alternatives?: number;
  /** The log-probabilities of all tokens, before the rules and after them; false by default. */
  readonly logProbabilities?: boolean;
  /** What the position looked at that the token was chosen at; false by default. */
  readonly attentions?: boolean;
  /** The vector that the logits were made of; false by default. */
  readonly hiddenStates?: boolean;
}

/** Options of {@linkcode stream}. */
export interface StreamOptions extends LoopOptions, RuleOptions, Pick<SearchOptions, "random"> {
  /** A search of the caller's own, in place of `random`; none by default. */
  readonly search?: TokenSearch;
}

/** Options of {@linkcode generate}. */
export interface GenerateOptions extends LoopOptions, RuleOptions, SearchOptions {
  /** A search of the caller's own, in place of the options that choose one; none by default. */
  readonly search?: Search;
  /** Hears of the progress after every token, and is waited for; nobody by default. */
  readonly onProgress?: (progress: GenerationProgress) => void;
}

/** How far a generation has come. */
export interface GenerationProgress {
  /** Tokens generated for each prompt; with a draft, of the text that is being written. */
  readonly step: number;
  /** Texts that are complete. */
  readonly done: number;
  /** Tokens generated per second since the last report, over all texts. */
  readonly tokensPerSecond: number;
}

/** Where a slider can stand. */
export interface Slider {
  /** The lowest place. */
  readonly min: number;
  /** The highest place. */
  readonly max: number;
  /** From one place to the next; 1 by default. */
  readonly step?: number;
  /** The place that stands for no such option. */
  readonly none: number;
  /** The place at which only the most probable token is left; absent where there is none. */
  readonly likeliest?: number;
}

/** A row of the table: what an option may be, and how it is told. */
export interface DecodingOption<T> extends Check<T> {
  /** What it does, in one line; absent where no command line offers the option. */
  readonly help?: string;
  /** What stands for its value in the help; absent for a switch. */
  readonly placeholder?: string;
  /** The value that stands for no such option; absent where none does. */
  readonly none?: T;
  /** What it is for, where it is refused; absent where that is clear. */
  readonly use?: string;
  /** Where it is offered as a slider; absent where it is not. */
  readonly slider?: Slider;
}

/** A row of an option that asks for a rule. */
export interface RuleOption<T> extends DecodingOption<T> {
  /** Makes the rule, of this option and of those that need it; null if it needs another option, whose rule it is part of. */
  readonly rule: ((value: T, options: RuleOptions) => LogitsRule) | null;
  /** The option without which it has no effect; absent where there is none. */
  readonly needs?: keyof RuleOptions;
  /** Options that contradict it, each with the reason; absent where none does. */
  readonly excludes?: { readonly [K in keyof RuleOptions]?: string };
}

/** A row for every option that asks for a rule, in the order in which the rules apply. */
type RuleRows = {
  readonly [K in keyof RuleOptions]-?: RuleOption<NonNullable<RuleOptions[K]>> & {
    readonly needs?: Exclude<keyof RuleOptions, K>;
  };
};

/** A row for every option that chooses a search. */
type SearchRows = { readonly [K in keyof SearchOptions]-?: DecodingOption<NonNullable<SearchOptions[K]>> };

const SEARCHING: SearchRows = {
  numBeams: {
    ...numBeamsCheck,
    placeholder: "N",
    help: "Beams of the search; 1 takes the most probable token",
    none: 1,
    slider: { min: 1, max: 8, none: 1 },
  },
  lengthPenalty: {
    ...lengthPenaltyCheck,
    placeholder: "ALPHA",
    help: "How much a longer text is favoured by the beams",
    slider: { min: 0, max: 2, step: 0.1, none: 1 },
    use: "only beams that are searched, not drawn, are ranked by it",
  },
  earlyStopping: { ...earlyStoppingCheck, use: "only beams that keep finished texts apart end early" },
  numReturnSequences: {
    ...integer({ min: 1, max: 2 ** 16 }),
    none: 1,
    use: "without chance or beams all texts would be the same",
  },
  numBeamGroups: {
    ...numBeamGroupsCheck,
    placeholder: "G",
    help: "Groups of beams that avoid each other's words",
    none: 1,
  },
  diversityPenalty: {
    ...diversityPenaltyCheck,
    placeholder: "LAMBDA",
    help: "What a word of an earlier group costs, in nats",
    use: "a single group has no other to avoid",
  },
  similarity: { ...similarityCheck, use: "a single group has no other to avoid" },
  penaltyAlpha: {
    ...penaltyAlphaCheck,
    placeholder: "ALPHA",
    help: "How much a token costs whose hidden state is like those before it",
  },
  requiredWords: {
    ...object<RequiredWords>("words, as requiredWords() makes them", (value) => "search" in value),
    placeholder: "LIST",
    help: 'Words and phrases that must occur: "cat,climb|ascent"',
    use: "a single text has no other to fall back on",
  },
  stochastic: { ...flag, help: "Draw the beams at random, no text twice", none: false },
  random: {
    ...object<Random>("a Random", (value) => value instanceof Random),
    use: "groups of beams are searched without chance",
  },
};

const RULES: RuleRows = {
  logitBias: {
    ...biasCheck,
    rule: logitBiasRule,
    placeholder: "LIST",
    help: 'Add to the logits of tokens: "cat=2,dog=-1.5"',
  },
  repetitionPenalty: {
    ...penaltyCheck,
    rule: repetitionRule,
    placeholder: "THETA",
    help: "Above 1, avoid what was said before",
    slider: { min: 1, max: 2, step: 0.1, none: 1 },
  },
  noRepeatNgramSize: {
    ...ngramSizeCheck,
    rule: noRepeatNgramRule,
    placeholder: "N",
    help: "Let no N tokens in a row occur twice",
    slider: { min: 0, max: 5, none: 0 },
  },
  frequencyPenalty: {
    ...differenceCheck,
    rule: frequencyRule,
    placeholder: "ALPHA",
    help: "What a token costs for each time it was written, in nats",
    slider: { min: -2, max: 2, step: 0.1, none: 0 },
  },
  presencePenalty: {
    ...differenceCheck,
    rule: presenceRule,
    placeholder: "BETA",
    help: "What a token costs that was written, in nats",
    slider: { min: -2, max: 2, step: 0.1, none: 0 },
  },
  dryMultiplier: {
    ...multiplierCheck,
    rule: (multiplier, { dryBase = 1.75, dryAllowedLength = 2, dryBreakers }) =>
      dryRule({
        multiplier,
        base: dryBase,
        allowedLength: dryAllowedLength,
        ...dryBreakers !== undefined && { breakers: dryBreakers },
      }),
    placeholder: "M",
    help: "What a token costs that goes on with a repeated passage, in nats",
    slider: { min: 0, max: 3, step: 0.1, none: 0 },
  },
  dryBase: {
    ...baseCheck,
    rule: null,
    needs: "dryMultiplier",
    placeholder: "B",
    help: "What each further token of the passage multiplies that by",
    slider: { min: 1, max: 3, step: 0.05, none: 1.75 },
  },
  dryAllowedLength: {
    ...passageCheck,
    rule: null,
    needs: "dryMultiplier",
    placeholder: "N",
    help: "The shortest passage that costs, in tokens",
    slider: { min: 1, max: 6, none: 2 },
  },
  dryBreakers: {
    ...tokensCheck,
    rule: null,
    needs: "dryMultiplier",
    placeholder: "LIST",
    help: 'Where passages end: ".,:"',
  },
  bannedWords: {
    ...phrasesCheck,
    rule: bannedWordsRule,
    placeholder: "LIST",
    help: 'Words and phrases that must not occur: "cat,New York"',
  },
  suppressTokens: {
    ...tokensCheck,
    rule: suppressRule,
    placeholder: "LIST",
    help: 'Tokens that must not occur: "cat,ing"',
  },
  minNewTokens: {
    ...newTokensCheck,
    rule: minNewTokensRule,
    placeholder: "N",
    help: "Let no text end before it has N tokens",
    slider: { min: 0, max: 10, none: 0 },
  },
  forcedFirstToken: {
    ...forcedCheck,
    rule: forcedFirstRule,
    excludes: { prefix: "both say what the first token is" },
    placeholder: "TEXT",
    help: "The first token",
  },
  forcedLastToken: {
    ...forcedCheck,
    rule: forcedLastRule,
    placeholder: "TEXT",
    help: "The token at --max-new-tokens, where a text has not ended before",
  },
  prefix: {
    ...tokensCheck,
    rule: prefixRule,
    excludes: { forcedFirstToken: "both say what the first token is" },
    placeholder: "TEXT",
    help: "What a text must begin with",
  },
  temperature: {
    ...temperatureCheck,
    rule: temperatureRule,
    placeholder: "T",
    help: "Above 1 more diverse, below 1 less",
    slider: { min: 0, max: 3, step: 0.1, none: 1, likeliest: 0 },
  },
  topNSigma: {
    ...deviationsCheck,
    rule: topNSigmaRule,
    placeholder: "N",
    help: "Draw from tokens within N standard deviations of the largest logit",
    slider: { min: 0, max: 5, step: 0.1, none: 0 },
  },
  topK: {
    ...tokenCountCheck,
    rule: topKRule,
    placeholder: "K",
    help: "Draw from the K most probable tokens",
    slider: { min: 0, max: 20, none: 0, likeliest: 1 },
  },
  topP: {
    ...shareCheck,
    rule: topPRule,
    placeholder: "P",
    help: "Draw from the fewest tokens with this probability mass",
    slider: { min: 0, max: 1, step: 0.05, none: 1, likeliest: 0 },
  },
  minP: {
    ...shareCheck,
    rule: minPRule,
    placeholder: "P",
    help: "Draw from tokens with this fraction of the largest probability",
    slider: { min: 0, max: 1, step: 0.05, none: 0, likeliest: 1 },
  },
  epsilonCutoff: {
    ...thresholdCheck,
    rule: epsilonRule,
    placeholder: "P",
    help: "Draw from tokens more probable than this",
    slider: { min: 0, max: 0.5, step: 0.01, none: 0 },
  },
  etaCutoff: {
    ...thresholdCheck,
    rule: etaRule,
    placeholder: "P",
    help: "Draw from tokens more probable than this, less where many are probable",
    slider: { min: 0, max: 0.5, step: 0.01, none: 0 },
  },
  typicalP: {
    ...shareCheck,
    rule: typicalRule,
    placeholder: "P",
    help: "Draw from the most typical tokens with this probability mass",
    slider: { min: 0.05, max: 1, step: 0.05, none: 1 },
  },
};

/** The table: every option that decides what is generated. */
export const DECODING: SearchRows & RuleRows = { ...SEARCHING, ...RULES };

/** The searches, each with the options that it needs, and those that it takes besides. */
const SEARCHES: readonly SearchFactory[] = [
  from([], [], greedySearch),
  from(["random"], ["numReturnSequences"], ({ random }) => ancestralSampling(random)),
  from(["penaltyAlpha"], ["topK"], contrastiveSearch),
  from(["numBeams"], ["lengthPenalty", "earlyStopping", "numReturnSequences"], (o) => beamSearch(of(o))),
  from(["numBeams", "random"], ["lengthPenalty", "earlyStopping", "numReturnSequences"], (o) => beamSampling(of(o))),
  from(
    ["numBeams", "numBeamGroups"],
    ["lengthPenalty", "diversityPenalty", "similarity", "numReturnSequences"],
    (o) => diverseBeamSearch(of(o)),
  ),
  from(
    ["numBeams", "stochastic", "random"],
    ["numReturnSequences"],
    ({ numBeams, random }) => stochasticBeamSearch({ numBeams, random }),
  ),
  from(
    ["numBeams", "requiredWords"],
    ["lengthPenalty", "numReturnSequences"],
    ({ requiredWords, ...o }) => requiredWords.search(of(o)),
  ),
];

/** What a search itself is told: how many of its texts are returned is the loop's. */
function of<O extends Pick<SearchOptions, "numReturnSequences">>(
  { numReturnSequences: _, ...own }: O,
): Omit<O, "numReturnSequences"> {
  return own;
}

/** Options that a search may read: those that choose one, and one that asks for a rule of others. */
type SearchedOptions = SearchOptions & Pick<RuleOptions, "topK">;
type SearchName = keyof SearchedOptions;

/** Makes a search of options. */
interface SearchFactory {
  /** Without all of these it is not meant. */
  readonly needs: readonly SearchName[];
  /** These and no others mean it. */
  readonly takes: readonly SearchName[];
  make(options: SearchedOptions): Search;
}

/** A search that reads an option it does not name does not compile. */
function from<N extends SearchName, T extends SearchName>(
  needs: readonly N[],
  others: readonly T[],
  make: (options: Required<Pick<SearchedOptions, N>> & Pick<SearchedOptions, T>) => Search,
): SearchFactory {
  const takes = [...needs, ...others];
  const chosen = (options: SearchedOptions) =>
    Object.fromEntries(takes.flatMap((name) => options[name] === undefined ? [] : [[name, options[name]]]));
  return { needs, takes, make: (options) => make(chosen(options) as Parameters<typeof make>[0]) };
}

// ## From options to values

/** What is applied to the logits, and what chooses. */
export interface Decoding {
  /** In order. */
  readonly rules: readonly LogitsRule[];
  /** How sequences are found. */
  readonly search: Search;
}

/** Rows by name. */
const rows = Object.entries(DECODING) as unknown as [string, DecodingOption<unknown> & Partial<RuleOption<unknown>>][];

/** Whether an option is given, and is not what stands for none. */
function isGiven(options: object, name: string, { none }: DecodingOption<unknown>): boolean {
  const value = (options as Readonly<Record<string, unknown>>)[name];
  return value !== undefined && value !== none;
}

/**
 * The rules that options ask for: the caller's own, then those of the table in its order.
 *
 * @param options checked one by one
 * @throws {TypeError} if an option has no effect without another, or contradicts another
 */
export function rulesOf(options: RuleOptions & Pick<LoopOptions, "rules">): LogitsRule[] {
  const given = options as Readonly<Record<string, unknown>>;
  const asked = rows.flatMap(([name, { rule, needs, excludes = {} }]) => {
    if (given[name] === undefined) return [];
    if (needs && given[needs] === undefined) {
      throw new TypeError(`Cannot use ${name} without ${needs}: it would have no effect`);
    }
    for (const [other, reason] of Object.entries(excludes)) {
      if (given[other] !== undefined) throw new TypeError(`Cannot use ${name} with ${other}: ${reason}`);
    }
    return rule ? [rule(given[name], options)] : [];
  });
  return [...options.rules ?? [], ...asked];
}

/**
 * The rules and the search that options ask for.
 *
 * @param options checked one by one
 * @throws {TypeError} if an option has no effect with the others
 */
export function decodingOf(options: Omit<GenerateOptions, "maxNewTokens">): Decoding {
  // Candidates of a search are no cut of a draw: there topK asks for no rule.
  const { topK, ...others } = options, isTaken = topK !== undefined && options.penaltyAlpha !== undefined;
  const rules = rulesOf(isTaken ? others : options), search = searchOf(options);
  const idle = search.random ? undefined : rules.find(({ needsDraw }) => needsDraw);
  if (idle) {
    throw new TypeError(
      `Cannot use ${idle.name} without random: ${search.name} draws nothing, so it would have no effect`,
    );
  }
  return { rules, search };
}

function searchOf(options: Omit<GenerateOptions, "maxNewTokens">): Search {
  const given = rows.flatMap(([name, row]) =>
    row.rule === undefined && isGiven(options, name, row) ? [name as SearchName] : []
  );
  if (options.search) {
    if (given.some((name) => name !== "numReturnSequences")) {
      throw new TypeError(
        `Cannot use ${given.find((name) => name !== "numReturnSequences")} with search: the search has its own options`,
      );
    }
    return options.search;
  }
  const factory = findSearch(given);
  if (!factory) throw new TypeError(refusal(given));
  return factory.make(options);
}

/**
 * Which search the options of these names mean.
 *
 * @param given names of options; those that ask for rules mean none
 * @returns undefined if there is none
 */
export function findSearch(given: readonly string[]): SearchFactory | undefined {
  const names = given.filter((name) => !Object.hasOwn(DECODING, name) || !("rule" in DECODING[name as SearchName]));
  return SEARCHES.find(({ needs, takes }) =>
    needs.every((name) => names.includes(name)) && names.every((name) => (takes as readonly string[]).includes(name))
  );
}

/** Why no search takes these options, in a sentence. */
function refusal(given: readonly SearchName[]): string {
  const because = (name: SearchName): string => DECODING[name].use ? `: ${DECODING[name].use}` : "";
  for (const name of given) {
    const takers = SEARCHES.filter(({ takes }) => takes.includes(name));
    // What every search that takes it needs, and is not there.
    const missing = (takers[0]?.needs ?? []).filter((other) =>
      !given.includes(other) && takers.every(({ needs }) => needs.includes(other))
    );
    if (missing.length > 0) return `Cannot use ${name} without ${missing.join(" and ")}${because(name)}`;
  }
  for (const [i, name] of given.entries()) {
    const other = given.slice(i + 1).find((other) =>
      !SEARCHES.some(({ takes }) => takes.includes(name) && takes.includes(other))
    );
    if (other) return `Cannot use ${name} with ${other}${because(name)}`;
  }
  const all = [...given].reverse(), first = all[0]!;
  const closest = SEARCHES.find(({ takes }) => given.every((name) => takes.includes(name)));
  const missing = closest?.needs.filter((name) => !given.includes(name)) ?? [];
  const without = missing.length > 0 ? ` without ${missing.join(" and ")}` : "";
  return `Cannot use ${all.join(" with ")}${without}${because(first)}`;
}

// ## What each option may be

/** What may be kept of a step. */
export const outputChecks: Checks<OutputOptions> = {
  alternatives: integer({ min: 0, max: 2 ** 24 }),
  logProbabilities: flag,
  attentions: flag,
  hiddenStates: flag,
};

const loopChecks: Checks<LoopOptions> = {
  maxNewTokens: required(integer({ min: 1, max: Infinity })),
  eosToken: eosTokenCheck,
  stopStrings: stopStringsCheck,
  // By what it can do: whoever needs no cache does not load the class.
  cache: object<PromptCache>("a PromptCache", (value) => "lend" in value && "keep" in value),
  cacheType: cacheTypeCheck,
  rules: list<LogitsRule>("a list of rules with a name and onHost", isNamed("onHost")),
  contrastive: group(contrastiveChecks),
  slide: flag,
  window: windowCheck,
  draft: draftCheck,
  output: group(outputChecks),
  signal: abortSignal,
};

function isNamed(...methods: readonly string[]): (value: object) => boolean {
  return (value) => {
    const members = (value ?? {}) as Readonly<Record<string, unknown>>;
    return typeof members["name"] === "string" && methods.some((method) => typeof members[method] === "function");
  };
}

/** What the options of {@linkcode stream} may be. */
export const streamChecks: Checks<StreamOptions> = {
  ...loopChecks,
  ...RULES,
  random: SEARCHING.random,
  search: object<TokenSearch>("a search of one sequence, with a name and onHost", isNamed("onHost")),
};

/** What the options of {@linkcode generate} may be. */
export const generateChecks: Checks<GenerateOptions> = {
  ...loopChecks,
  ...DECODING,
  search: object<Search>("a search, with a name and onHost or begin", isNamed("onHost", "begin")),
  onProgress: callback(),
};

// ## Pitfall: an option that is read and forgotten
//
// A loop with a branch for each search reads `topP` in one of them, and drops it in the others without a word. Here the search says which options it takes, and what nobody takes is refused. The test
// "options reach their rules, in the order that is written down" tries every row of the table.

// ## Exercise
//
// Add a rule: forbid every token with an odd id. Which lines have to change, and which errors does the
// compiler report if only half of them do?
//
// **Hint.** The rule is a function in a file of its own. It is asked for by a word, which needs a type and a row.
//
// **Solution.** A line of `RuleOptions` with the type, and a row of `RULES` with its check and its rule. Without the row `RULES` lacks a property and does not compile; without the line of the interface the row has a name that the type does not
// know. Command line, help, refusals and playground read the table. A rule for one program alone needs none of it: it goes into `rules`.
//
// ```ts
// import { DecoderOnly, generate, type LogitsRule, Random } from "@heed/heed";
//
// const evenTokens: LogitsRule = {
//   name: "evenTokens",
//   onHost: (logits) => logits.map((logit, token) => token % 2 === 0 ? logit : -Infinity),
// };
// const sizes = { vocabSize: 20, hiddenSize: 16, numHeads: 2, numLayers: 1, contextLength: 32 };
// const model = new DecoderOnly(sizes, new Random(1));
// const { tokens } = await generate(model, [3, 1, 4], { maxNewTokens: 8, rules: [evenTokens], random: new Random(1) });
// console.log(tokens.every((token) => token % 2 === 0), tokens.length);
// ```
//
// ```text
// true 8
// ```
