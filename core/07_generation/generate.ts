/**
 * # The generation loop
 *
 * **Question.** Sampling, greedy and beam search, with or without a source sentence, for one
 * prompt or for a batch: is there one loop behind all of them?
 *
 * **Idea.** There is. Feed the tokens that are new, read one row of logits per sequence, let a
 * *search* decide which tokens follow and which sequences they continue, rearrange the caches
 * accordingly, and feed those tokens. Greedy search and sampling keep one prefix per prompt,
 * beam search several; the loop does not know the difference.
 *
 * ```diagram One step, read from the bottom. A text that is over leaves the batch; the loop ends when all are.
 * tokens for the next step
 * [step], until texts are over:
 *   [rearrange the caches](session.ts)
 *   tokens and parents
 *   [search](search.ts)
 *   logits that are left
 *   [rules](rules.ts)
 *   logits
 *   [model and caches](session.ts)
 * prompt
 * ```
 *
 * **By hand.** A prompt of 3 tokens goes on by 4, with a beam of 2. In the first step the model reads the whole prompt (prefill): one row of 3 positions. The search keeps two prefixes, both continue row 0, so the caches of that row are
 * copied: the batch has 2 rows. From there on each step reads one position of each of 2 rows (decode), while the caches hold 3, then 4, then 5. The last token is never read: after 4 steps the model has
 * read $3 + 3 \cdot 2 = 9$ positions. Without caches it would read whole sequences, $3 + 2 \cdot (4 + 5 + 6) = 33$.
 *
 * ```ts
 * import { DecoderOnly, generate, Random } from "@heed/heed";
 * import type { Decoder } from "@heed/heed/generation";
 *
 * const sizes = { vocabSize: 20, hiddenSize: 16, numHeads: 2, numLayers: 1, contextLength: 32 };
 * const model = new DecoderOnly(sizes, new Random(1)), prompt = [3, 1, 4];
 * let positions = 0;
 * // The model, which says what it is fed; with its caches, or without.
 * const heard = (hasCaches: boolean): Decoder => ({
 *   vocabSize: 20,
 *   contextLength: 32,
 *   ...hasCaches && { newCaches: (create) => model.newCaches(create) },
 *   forward(tokens, options) {
 *     const [B = 0, T = 0] = tokens.shape, held = options.caches?.[0]?.length ?? 0;
 *     positions += B * T;
 *     console.log(`rows ${B}, positions ${T}, in the cache ${held}`);
 *     return model.forward(tokens, options);
 *   },
 * });
 * for (const hasCaches of [true, false]) {
 *   positions = 0;
 *   await generate(heard(hasCaches), prompt, { maxNewTokens: 4, numBeams: 2 });
 *   console.log("together", positions);
 * }
 * ```
 *
 * ```text
 * rows 1, positions 3, in the cache 0
 * rows 2, positions 1, in the cache 3
 * rows 2, positions 1, in the cache 4
 * rows 2, positions 1, in the cache 5
 * together 9
 * rows 1, positions 3, in the cache 0
 * rows 2, positions 4, in the cache 0
 * rows 2, positions 5, in the cache 0
 * rows 2, positions 6, in the cache 0
 * together 33
 * ```
 *
 * **Formula.** With the decoder $f$, its caches $C$, tokens $y_j$ and the parents $\pi_j$ that they
 * continue, and $C[\pi]$ for the caches whose row $i$ is what row $\pi_i$ was,
 *
 * $$(z_j, C_j) = f(y_{j-1}, C_{j-1}), \qquad (y_j, \pi_j) = \mathrm{search}(z_j), \qquad C_j \leftarrow C_j[\pi_j]$$
 *
 * | symbol         | in code              | what it is                                          |
 * | -------------- | -------------------- | --------------------------------------------------- |
 * | $f$, $C$       | `session`            | [a model in use](session.ts)                        |
 * | $z$            | `session.read()`     | logits of every prefix                              |
 * | search         | `text.extend()`      | [a search](search.ts), after the [rules](rules.ts)  |
 * | $C[\pi]$       | `session.follow()`   | sequences and caches, rearranged                    |
 *
 * Where search and rules can do without the host, the device [runs ahead](on_device.ts): it takes several steps before it
 * is asked.
 *
 * @module
 */

import { checkOptions } from "../engine/options.ts";
import { Pace, rest } from "../engine/pace.ts";
import { contrastiveDecoder } from "./contrastive.ts";
import { chooseOnDevice, requireChoice, stepsAhead } from "./on_device.ts";
import { decodingOf, generateChecks, type GenerateOptions, streamChecks, type StreamOptions } from "./options.ts";
import { checkTask, type LogitsRule } from "./rules.ts";
import type { Decoder, PreparingSearch } from "./sampling.ts";
import type {
  Choice,
  Generation,
  ScoredPrefix,
  Search,
  SearchState,
  SequenceLimits,
  Speculation,
  StepOutput,
  TokenSearch,
} from "./search.ts";
import { SeveralSequences, SingleSequence } from "./sequences.ts";
import { requireFit, Session } from "./session.ts";
import { SequenceRecorder, type StepRecorder, stepRecorder, watchPasses } from "./outputs.ts";
import type { Watch } from "./session.ts";
import { tokensOf } from "./stops.ts";
import { speculate, type SpeculationOptions } from "./speculative.ts";

/** Takes steps until every search is over; yields the number of each once it is done. */
async function* steps(
  session: Session,
  texts: readonly SearchState[],
  ahead: Ahead | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<number, void, void> {
  const goesOn = (): boolean => texts.some(({ width }) => width > 0);
  try {
    await session.prefill(() => rest(signal));
    for (let step = 0; goesOn();) {
      await rest(signal);
      if (ahead) {
        for (const take of await ahead(step)) {
          signal?.throwIfAborted();
          take();
          yield ++step;
          if (!goesOn()) break;
        }
        session.retain((text) => texts[text]!.width > 0);
      } else {
        const prefixes = await session.read(); // $z_j$
        const choices = texts.map((text, i) => choiceOf(text, prefixes.get(i) ?? [])); // $y_j$, $\pi_j$
        session.follow((text) => choices[text]!); // $C_j[\pi_j]$
        yield ++step;
      }
    }
  } finally {
    session.dispose();
  }
}

/** How a text goes on; a text that is over leaves the batch. */
function choiceOf(text: SearchState, prefixes: readonly ScoredPrefix[]): readonly Choice[] {
  const choices = text.width > 0 ? text.extend(prefixes) : [];
  return text.width > 0 ? choices : [];
}

/** What a text begins with: token ids, or such a list for each of several texts. */
export type Prompts = readonly number[] | readonly (readonly number[])[];

/** What comes of prompts: one result, or a list of them. */
export type Generated<P extends Prompts> = P extends readonly number[] ? Generation : Generation[];

/**
 * Generates a text from a prompt, or one from each of several prompts.
 *
 * @example
 * ```ts
 * import { DecoderOnly, generate, Random } from "@heed/heed";
 *
 * const sizes = { vocabSize: 20, hiddenSize: 16, numHeads: 2, numLayers: 1, contextLength: 32 };
 * const model = new DecoderOnly(sizes, new Random(1));
 * const { tokens } = await generate(model, [3, 1, 4], { maxNewTokens: 5, random: new Random(2), topK: 3 });
 * console.assert(tokens.length === 5);
 * ```
 *
 * @example A search and rules as values
 * ```ts
 * import { beamSearch, DecoderOnly, generate, noRepeatNgramRule, Random } from "@heed/heed";
 *
 * const sizes = { vocabSize: 20, hiddenSize: 16, numHeads: 2, numLayers: 1, contextLength: 32 };
 * const model = new DecoderOnly(sizes, new Random(1));
 * const search = beamSearch({ numBeams: 4 }), rules = [noRepeatNgramRule(2)];
 * const { beams } = await generate(model, [3, 1, 4], { maxNewTokens: 5, search, rules });
 * console.assert(beams?.length === 4);
 * ```
 *
 * @param decoder a model, or a model given a source
 * @param prompt token ids, at least one; for a translation `[BEGIN]`; for several, a list of prompts: of as many as there are
 *   sources, or of one for all of them, `[[BEGIN]]`
 * @param options length, search, and who is told
 * @returns a result, or a list of as many as there are prompts or sources
 * @throws {RangeError} if an option is outside its interval, or the text does not fit the context
 * @throws {TypeError} if an option does not exist or has no effect with the others, or the model drops: after `model.eval()`
 *   it does not
 * @throws the signal's reason after an abort
 */
export async function generate<P extends Prompts>(
  decoder: Decoder,
  prompt: P,
  options: GenerateOptions,
): Promise<Generated<P>> {
  checkOptions("generate", options, generateChecks);
  const { rules, search } = decodingOf(options);
  const isOne = typeof prompt?.[0] === "number";
  const given = (isOne ? [prompt] : prompt) as readonly (readonly number[])[];
  // One prompt for all sources.
  const isShared = !isOne && given?.length === 1 && (decoder?.numSources ?? 0) > 1;
  const prompts = isShared ? Array.from({ length: decoder.numSources! }, () => given[0]!) : given;
  const { texts, run, speculations } = begin(decoder, prompts, search, rules, options, keeping(options));
  const pace = new Pace();
  for await (const step of run) {
    pace.tokens += speculations ? 1 : texts.length; // with a draft one text after the other
    const done = texts.filter(({ width }) => width === 0).length;
    await options.onProgress?.({ step, done, tokensPerSecond: pace.tokensPerSecond() });
  }
  const found = texts.map((text, i) => ({ ...text.result(), ...speculations && { speculation: speculations[i]! } })),
    { numReturnSequences: count = 1 } = options;
  const results = "begin" in search
    ? found.map((result) => best(result, count))
    : Array.from({ length: prompts.length }, (_, i) => firstOf(found.slice(i * count, (i + 1) * count)));
  return (isOne ? results[0]! : results) as Generated<P>;
}

/** One token of a {@linkcode stream}. */
export interface StreamedToken {
  /** Its id. */
  readonly token: number;
  /** Logarithm of the probability that the model gave it, before any rule. */
  readonly logProbability: number;
  /** How many tokens there are, this one included. */
  readonly step: number;
  /** What `output` asks for; absent without that option. */
  readonly output?: StepOutput;
}

/**
 * Generates a text token by token; leaving the loop early stops the model.
 *
 * @example
 * ```ts
 * import { DecoderOnly, Random, stream } from "@heed/heed";
 *
 * const sizes = { vocabSize: 20, hiddenSize: 16, numHeads: 2, numLayers: 1, contextLength: 32 };
 * const model = new DecoderOnly(sizes, new Random(1));
 * for await (const { token, step } of stream(model, [3, 1, 4], { maxNewTokens: 20 })) {
 *   console.assert(token < 20);
 *   if (step === 5) break;
 * }
 * ```
 *
 * @param decoder a model, or a model given a source
 * @param prompt token ids, at least one
 * @param options length and rules; beams cannot be streamed, they are known only at the end
 * @returns the tokens as they are chosen, without the end token
 * @throws {RangeError} if an option is outside its interval, or the text does not fit the context
 * @throws {TypeError} if an option does not exist or has no effect with the others, or the model drops: after `model.eval()`
 *   it does not
 * @throws the signal's reason after an abort
 */
export async function* stream(
  decoder: Decoder,
  prompt: readonly number[],
  options: StreamOptions,
): AsyncGenerator<StreamedToken, void, void> {
  if ((options as GenerateOptions | undefined)?.numBeams !== undefined) {
    throw new TypeError("Cannot stream beams: they are known only at the end, and generate returns them");
  }
  checkOptions("stream", options, streamChecks);
  if (typeof prompt?.[0] === "object") {
    throw new TypeError(
      "Cannot stream several texts: the prompt must be one list of token ids; generate takes several",
    );
  }
  const { rules, search } = decodingOf(options);
  const kept = keeping(options);
  const { texts: [text], run } = begin(decoder, [prompt], search as TokenSearch, rules, options, kept);
  let step = 0;
  const shown = function* (): Generator<StreamedToken> {
    for (const token of text!.certain.slice(step)) yield { ...token, step: ++step };
  };
  for await (const _ of run) yield* shown();
}

/** The first of several texts, with all of them. */
function firstOf(texts: readonly Generation[]): Generation {
  return texts.length === 1 ? texts[0]! : { ...texts[0]!, sequences: texts };
}

/** What a search of several sequences has found, with so many of them as texts. */
function best(result: Generation, count: number): Generation {
  if (count === 1) return result;
  const sequences = result.beams!.slice(0, count).map(({ score: _, ...sequence }) => sequence);
  return { ...result, sequences };
}

// ## What the loop is given

/** Texts that have begun, and the steps that they will take. */
interface Run<S extends SearchState> {
  readonly texts: readonly S[];
  readonly run: AsyncGenerator<number, void, void>;
  /** What the draft was worth so far, for each text; absent without one. */
  readonly speculations?: readonly Speculation[];
}

type Begun = Pick<
  GenerateOptions,
  | "maxNewTokens"
  | "eosToken"
  | "stopStrings"
  | "cache"
  | "cacheType"
  | "contrastive"
  | "slide"
  | "window"
  | "draft"
  | "signal"
  | "numReturnSequences"
>;

/** Begins a text for each prompt. */
function begin(
  decoder: Decoder,
  prompts: readonly (readonly number[])[],
  search: TokenSearch,
  rules: readonly LogitsRule[],
  options: Begun,
  keep: Keeping | undefined,
): Run<SingleSequence>;
function begin(
  decoder: Decoder,
  prompts: readonly (readonly number[])[],
  search: Search,
  rules: readonly LogitsRule[],
  options: Begun,
  keep: Keeping | undefined,
): Run<SearchState>;
function begin(
  decoder: Decoder,
  prompts: readonly (readonly number[])[],
  search: Search,
  rules: readonly LogitsRule[],
  {
    maxNewTokens,
    eosToken,
    stopStrings,
    cache,
    cacheType,
    contrastive,
    slide = false,
    window,
    draft,
    signal,
    numReturnSequences = 1,
  }: Begun,
  keep: Keeping | undefined,
): Run<SearchState> {
  if (keep) requireKept(search, keep, contrastive, draft);
  // Two models in one: whatever follows knows of none of this.
  if (contrastive) decoder = contrastiveDecoder(decoder, contrastive);
  if ("prepare" in search) decoder = (search as PreparingSearch).prepare(decoder);
  // First of all, since it refuses what does not fit the context.
  requireFit(decoder, prompts, { maxNewTokens, slide, eosToken, window });
  const limits: SequenceLimits = { maxNewTokens, eosToken, stopStrings };
  const copies = "begin" in search ? 1 : numReturnSequences;
  const task = { eosToken: tokensOf(eosToken)[0], eosTokens: tokensOf(eosToken), maxNewTokens };
  requireSequences(search, numReturnSequences);
  if (stopStrings && "prepare" in search) {
    throw new TypeError(
      `Cannot use stopStrings with ${search.name}: it compares candidates before their text is known`,
    );
  }
  if (cacheType && (cache || draft)) {
    throw new TypeError(`Cannot use cacheType with ${cache ? "cache" : "draft"}: its own caches are float32`);
  }
  if (cache) requireOne(search, copies * (prompts?.length ?? 1), contrastive ?? draft);
  const other = slide ? "slide" : cache ? "cache" : cacheType ? "cacheType" : draft && "draft";
  if (window && keep?.watch) {
    throw new TypeError(
      "Cannot use window with output.attentions or output.hiddenStates: places in it are not positions",
    );
  }
  if (window && other) throw new TypeError(`Cannot use window with ${other}: ${CONFLICTS[other]}`);
  if (draft) {
    const { numSources = 1 } = decoder;
    if ("begin" in search || "prepare" in search || numSources > 1) {
      throw new TypeError(`Cannot use draft with ${noDraftFor(search, numSources)}`);
    }
    checkTask(rules, task, decoder.vocabSize);
    const texts = prompts.flatMap((prompt) =>
      Array.from({ length: copies }, (): Drafted => ({
        prompt,
        text: new SingleSequence(search, rules, limits),
        speculation: { calls: 0, proposed: 0, accepted: 0 },
      }))
    );
    const run = drafted(decoder, texts, { ...task, draft, rules, search, signal });
    return { texts: texts.map(({ text }) => text), run, speculations: texts.map(({ speculation }) => speculation) };
  }
  const session = new Session(decoder, prompts, {
    maxNewTokens,
    slide,
    eosToken,
    copies,
    cache,
    cacheType,
    window,
    watch: keep?.watch,
  });
  checkTask(rules, task, decoder.vocabSize);
  if ("begin" in search) {
    const texts = prompts.map(() => new SeveralSequences(search, rules, limits, keep?.several(limits)));
    return { texts, run: steps(session, texts, undefined, signal) };
  }
  const texts = Array.from(
    { length: prompts.length * copies },
    () => new SingleSequence(search, rules, limits, keep?.record),
  );
  // What the device chooses by itself, nobody sees.
  const ahead = keep ? undefined : aheadOf(session, texts, search, rules, decoder.vocabSize, maxNewTokens);
  return { texts, run: steps(session, texts, ahead, signal) };
}

/** What makes the records of steps that `output` asks for. */
interface Keeping {
  readonly record: StepRecorder;
  readonly several: (limits: SequenceLimits) => SequenceRecorder;
  readonly watch: Watch | undefined;
}

/** Makes what keeps records, where somebody asks for them. */
function keeping({ output }: Pick<GenerateOptions, "output">): Keeping | undefined {
  if (!output) return undefined;
  const record = stepRecorder(output);
  return { record, several: (limits) => new SequenceRecorder(record, limits), watch: watchPasses(output) };
}

/** Refuses records of steps that nobody sees. */
function requireKept(search: Search, { watch }: Keeping, contrastive: unknown, draft: unknown): void {
  if (draft) {
    throw new TypeError("Cannot use output with draft: several tokens come of one call, and no step is seen by itself");
  }
  if (!watch) return;
  const several = "prepare" in search ? search.name : contrastive ? "contrastive" : undefined;
  if (several === undefined) return;
  throw new TypeError(
    `Cannot use output.attentions or output.hiddenStates with ${several}: its scores are not those of one pass of a model`,
  );
}

/** Why a window goes with none of these. */
const CONFLICTS = {
  slide: "both go on where the context is full",
  cache: "what was evicted is not there for the next call",
  cacheType: "a rolling cache keeps keys without their positions, in float32",
  draft: "what was evicted for proposals does not come back when they are rejected",
};

/** Refuses what a cache of one text cannot remember. */
function requireOne(search: Search, count: number, contrastive: unknown): void {
  if ("begin" in search) {
    throw new TypeError(
      `Cannot use cache with ${search.name}: a cache remembers one text, and this search goes on with several`,
    );
  }
  if (count !== 1) {
    throw new TypeError(`Cannot use cache with ${count} texts: it remembers one`);
  }
  if (contrastive) {
    throw new TypeError("Cannot use cache with contrastive or draft: a cache remembers the text of one model");
  }
}

/** Refuses more texts than a search finds. */
function requireSequences(search: Search, count: number): void {
  if (count === 1) return;
  if (!("begin" in search)) {
    if (search.random) return;
    throw new TypeError(
      `Cannot use numReturnSequences = ${count} with ${search.name}: without chance all texts would be the same`,
    );
  }
  if ("prepare" in search) throw new TypeError(`Cannot return ${count} sequences of ${search.name}: it finds one text`);
  if (count > search.numBeams) {
    throw new RangeError(
      `Cannot return ${count} sequences of ${search.numBeams} beams: numReturnSequences is too large`,
    );
  }
}

/** Why a search or a model goes without a draft. */
function noDraftFor(search: Search, numSources: number): string {
  if ("begin" in search) return `${search.name}: a draft proposes how one sequence goes on`;
  if ("prepare" in search) return `${search.name}: it looks at more of the model than its logits`;
  return `a model that holds ${numSources} sources: texts with a draft go on one by one, and need a source each`;
}

/** A text with a draft. */
interface Drafted {
  readonly prompt: readonly number[];
  readonly text: SingleSequence;
  readonly speculation: { -readonly [K in keyof Speculation]: number };
}

/** Writes one text after the other, since each accepts as many tokens as it can; yields the number of each token. */
async function* drafted(
  decoder: Decoder,
  texts: readonly Drafted[],
  options: SpeculationOptions,
): AsyncGenerator<number, void, void> {
  for (const { prompt, text, speculation } of texts) {
    let step = 0;
    const calls = speculate(decoder, prompt, { ...options, promptLength: prompt.length });
    for await (const { tokens, proposed, accepted } of calls) {
      speculation.calls++;
      speculation.proposed += proposed;
      speculation.accepted += accepted;
      for (const { token, logProbability } of tokens) {
        text.accept(token, logProbability);
        yield ++step;
        if (text.width === 0) break; // a stop string is complete
      }
      if (text.width === 0) break;
    }
  }
}

/** Lets the device take some steps after a number of them, and returns what takes note of each. */
type Ahead = (step: number) => Promise<(() => void)[]>;

/** How the device runs ahead, if it can and that pays. */
function aheadOf(
  session: Session,
  texts: readonly SingleSequence[],
  search: TokenSearch,
  rules: readonly LogitsRule[],
  vocabSize: number,
  maxNewTokens: number,
): Ahead | undefined {
  const most = stepsAhead(search, rules), choose = chooseOnDevice(search, rules);
  if (most === 0 || !choose) return undefined;
  return async (step) => {
    const chosen = await session.ahead(Math.min(most, maxNewTokens - step), choose);
    return chosen.map((row) => () => {
      for (const { text: i, token, logProbability } of row) {
        // Of a text that is over, nobody reads what the device chose.
        if (texts[i]!.width > 0) texts[i]!.accept(token, requireChoice(logProbability, rules, vocabSize));
      }
    });
  };
}

// ## Pitfall: feeding the last token
//
// The logits after the last token that is generated are read by nobody. A loop that feeds each token as soon as it is chosen computes one pass too many, and refuses a text that would just fit: a model that sees 32
// tokens can generate 32 after a prompt of 1. The test "what does not fit the context is refused before anything is made for it" has the border.

// ## Exercise
//
// A prompt of 100 tokens goes on by 50, with a beam of 4. How many positions does the model read with caches, and how many without?
//
// **Hint.** The prompt is read once, by one row. Of the tokens that follow, all but the last are read by four rows.
//
// **Solution.** $100 + 49 \cdot 4 = 296$ with caches. Without, each step reads the whole of four sequences, $100 + 4 \cdot (101 + 102 + \dots + 149) = 24600$.
//
// ```ts
// const prompt = 100, written = 50, beams = 4;
// const steps = Array.from({ length: written - 1 }, (_, i) => prompt + 1 + i);
// console.log(prompt + (written - 1) * beams, prompt + beams * steps.reduce((sum, length) => sum + length));
// ```
//
// ```text
// 296 24600
// ```
