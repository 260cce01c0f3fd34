/**
 * # The generation loop
 *
 * **Question.** Sampling, greedy and beam search, with or without a source sentence, for one
 * prompt or for a batch: is there one loop behind all of them?
 *
 * **Idea.** There is. Feed the tokens that are new, read one row of logits per text, let a
 * *search* decide which tokens follow and which texts they continue, rearrange the caches
 * accordingly, and feed those tokens. Greedy search and sampling keep one beginning per prompt,
 * beam search several; the loop does not know the difference.
 *
 * **Formula.** With the decoder $f$, its caches $C$, tokens $y_j$ and the parents $\pi_j$ that they
 * continue,
 *
 * $$(z_j, C_j) = f(y_{j-1}, C_{j-1}), \qquad (y_j, \pi_j) = \mathrm{search}(z_j), \qquad C_j \leftarrow C_j[\pi_j]$$
 *
 * | symbol | in code   | shape                             |
 * | ------ | --------- | --------------------------------- |
 * | $y$    | `tokens`  | `[B, 1]`, the first time `[B, T]` |
 * | $z$    | `logits`  | `[B, V]`                          |
 * | $\pi$  | `parents` | `[B]`                             |
 * | $C$    | `caches`  | `[B, G, S, D]` each               |
 *
 * The prompt goes in whole, once; after it the last token only, since the caches are the history
 * ([section](../05_transformer/decoder.ts)).
 *
 * **Why options are refused.** `temperature` without `random` has no effect on a greedy search, and
 * `topK` none on beams. Whoever sets an option expects it to do something, so an option that
 * cannot is an error, and so is one that does not exist.
 *
 * @module
 */

import { noGrad } from "../engine/autograd.ts";
import type { Numbers } from "../engine/backend.ts";
import type { Random } from "../engine/random.ts";
import { backend } from "../engine/device.ts";
import { scatter } from "../engine/ops.ts";
import { Pace } from "../engine/pace.ts";
import { keep, release, scope } from "../engine/scope.ts";
import { dims } from "../engine/shape.ts";
import { ones, type Tensor, tensor } from "../engine/tensor.ts";
import { DiverseBeamSearch, StochasticBeamSearch, type TokenSimilarity } from "./beam_variants.ts";
import { BeamSearch, greedy, type Hypothesis, type LengthPenalty } from "./greedy_and_beam.ts";
import { KeyValueCache } from "./kv_cache.ts";
import { chooseOnDevice, type ChosenTokens } from "./on_device.ts";
import { type Decoder, logProbabilityOf, sample, toLogProbabilities } from "./sampling.ts";
import { repetitionRule, temperatureRule } from "./temperature.ts";
import { epsilonRule, type LogitsRule, minPRule, topKRule, topPRule, typicalRule } from "./truncation.ts";

/** Options of {@linkcode stream}. */
export interface StreamOptions {
  /** Most tokens to generate, a positive integer; `Infinity` if nothing else bounds the text. */
  readonly maxNewTokens: number;
  /** The token that ends a text and is not part of the result; none by default. */
  readonly eosToken?: number;
  /** Where chance comes from; greedy search without it. */
  readonly random?: Random;
  /** Divides the logits, 1 by default; needs `random`. */
  readonly temperature?: number;
  /** Keeps this many of the likeliest tokens, all by default; needs `random`. */
  readonly topK?: number;
  /** Keeps the fewest that make up this share, 1 by default; needs `random`. */
  readonly topP?: number;
  /** Keeps those at least this share as likely as the likeliest; needs `random`. */
  readonly minP?: number;
  /** Keeps those likelier than this; needs `random`. */
  readonly epsilonCutoff?: number;
  /** Keeps the most typical that make up this share; needs `random`. */
  readonly typicalP?: number;
  /** Makes tokens of the prompt and of the text less likely; 1 by default. */
  readonly repetitionPenalty?: number;
  /** Further rules, applied to the logits before all others. */
  readonly rules?: readonly LogitsRule[];
  /** Goes on where the context is full by forgetting its older half; false by default: an error. */
  readonly slide?: boolean;
  /** Stops between two tokens. */
  readonly signal?: AbortSignal;
}

/** Options of {@linkcode generate}. */
export interface GenerateOptions extends StreamOptions {
  /** Searches with this many beams, 1 (greedy search) by default; excludes `random` unless `stochastic`. */
  readonly numBeams?: number;
  /** How lengths compare: $\alpha$ of $n^\alpha$, 1 by default, or a function; needs `numBeams`. */
  readonly lengthPenalty?: number | LengthPenalty;
  /** Groups of beams that avoid each other's words, a divisor of `numBeams`; 1 by default. */
  readonly numBeamGroups?: number;
  /** What a word costs that an earlier group has just taken, 0.5 nats by default; needs `numBeamGroups`. */
  readonly diversityPenalty?: number;
  /** Makes similar words cost their share as well; needs `numBeamGroups`. */
  readonly similarity?: TokenSimilarity;
  /** Draws the beams, no text twice, by a stochastic beam search; needs `numBeams` and `random`. */
  readonly stochastic?: boolean;
  /** Hears of the progress after every token. */
  readonly onProgress?: (progress: GenerationProgress) => void;
}

/** How far a generation has come. */
export interface GenerationProgress {
  /** Tokens generated for each prompt. */
  readonly step: number;
  /** Texts that are complete. */
  readonly done: number;
  /** Tokens generated per second since the last report, over all texts. */
  readonly tokensPerSecond: number;
}

/** One token of a {@linkcode stream}. */
export interface StreamedToken {
  /** Its id. */
  readonly token: number;
  /** Logarithm of the probability that the model gave it, before any rule. */
  readonly logProbability: number;
  /** How many tokens there are, this one included. */
  readonly step: number;
}

/** What was generated from one prompt. */
export interface Generation {
  /** The tokens, without the prompt and without the end token. */
  readonly tokens: readonly number[];
  /** Logarithm of the probability of the text, end included; of beams, after all rules. */
  readonly logProbability: number;
  /** Whether the end token was reached. */
  readonly finished: boolean;
  /** All texts of a beam search, best first, or in the order of their draws; the first is this one. */
  readonly beams?: readonly Hypothesis[];
}

/**
 * Generates a text from a prompt, or one from each of several prompts of equal length.
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
 * @param decoder a model, or a model given a source
 * @param prompt token ids, at least one; for a translation `[BEGIN]`
 * @param options length, search, and who is told
 * @returns one result per prompt
 * @throws {RangeError} if an option is outside its interval, or the text does not fit the context
 * @throws {TypeError} if an option does not exist or has no effect with the others
 * @throws the signal's reason after an abort
 */
export async function generate(
  decoder: Decoder,
  prompt: readonly number[],
  options: GenerateOptions,
): Promise<Generation>;
/** Generates one text from each of several prompts of equal length. */
export async function generate(
  decoder: Decoder,
  prompt: readonly (readonly number[])[],
  options: GenerateOptions,
): Promise<Generation[]>;
export async function generate(
  decoder: Decoder,
  prompt: readonly number[] | readonly (readonly number[])[],
  options: GenerateOptions,
): Promise<Generation | Generation[]> {
  validate(options, GENERATE_OPTIONS);
  const single = typeof prompt[0] === "number";
  const prompts = (single ? [prompt] : prompt) as readonly (readonly number[])[];
  const { numBeams = 1, onProgress } = options;
  const searches = prompts.map((tokens): Search =>
    numBeams > 1 ? new Beams(tokens, options) : new Walk(tokens, options)
  );
  const pace = new Pace(0);
  let step = 0;
  for await (const _ of steps(decoder, prompts, searches, options)) {
    step++;
    pace.tokens += searches.length;
    onProgress?.({
      step,
      done: searches.filter((search) => search.width === 0).length,
      tokensPerSecond: pace.tokensPerSecond(),
    });
  }
  const results = searches.map((search) => search.result());
  return single ? results[0]! : results;
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
 * @throws {TypeError} if an option does not exist or has no effect with the others
 * @throws the signal's reason after an abort
 */
export async function* stream(
  decoder: Decoder,
  prompt: readonly number[],
  options: StreamOptions,
): AsyncGenerator<StreamedToken, void, void> {
  validate(options, STREAM_OPTIONS);
  const walk = new Walk(prompt, options);
  for await (const step of steps(decoder, [prompt], [walk], options)) {
    if (walk.last) yield { ...walk.last, step };
  }
}

// ## The loop itself

/** Decides what follows: one per prompt. */
interface Search {
  /** Beginnings that wait for logits; 0 once it is over. */
  readonly width: number;
  /** Takes one row of logits per beginning and returns what to feed next, best first. */
  extend(logits: readonly Float64Array[]): readonly { readonly parent: number; readonly token: number }[];
  /** What came of it. */
  result(): Generation;
}

/** Runs all searches in step, and yields the number of each step once it is done. */
async function* steps(
  decoder: Decoder,
  prompts: readonly (readonly number[])[],
  searches: readonly Search[],
  options: GenerateOptions,
): AsyncGenerator<number, void, void> {
  const { numBeams = 1, maxNewTokens, slide = false, signal } = options;
  requireFit(decoder, prompts, maxNewTokens, slide);
  const { readEvery = 1 } = backend(), { random, repetitionPenalty, rules } = options;
  // Greedy search needs one number of a row; with rules it pays where reading waits.
  const ahead = !rules?.length && (readEvery > 1 || !random && repetitionPenalty === undefined);
  if (ahead && searches.every((search) => search instanceof Walk)) {
    return yield* stepsAhead(decoder, prompts, searches as Walk[], options, readEvery);
  }
  const session = new Session(decoder, prompts);
  const pace = new Pace(0);
  // Row `i · numBeams + j` is beginning `j` of prompt `i`; before the first step there is one each.
  let beams = 1;
  try {
    for (let step = 1; searches.some(({ width }) => width > 0); step++) {
      await pace.rest();
      signal?.throwIfAborted();
      const logits = await session.read();
      const parents: number[] = [], tokens: number[] = [];
      searches.forEach((search, i) => {
        const first = i * beams;
        const next = search.width ? search.extend(logits.slice(first, first + search.width)) : [];
        for (let j = 0; j < numBeams; j++) {
          // A search that needs fewer rows fills the others with something; nobody reads them.
          parents.push(first + (next[j]?.parent ?? 0));
          tokens.push(next[j]?.token ?? 0);
        }
      });
      session.choose(parents, tokens, numBeams / beams);
      beams = numBeams;
      yield step;
    }
  } finally {
    session.dispose();
  }
}

/** The same loop for single texts on a device that is asked only every few steps. */
async function* stepsAhead(
  decoder: Decoder,
  prompts: readonly (readonly number[])[],
  walks: readonly Walk[],
  options: GenerateOptions,
  readEvery: number,
): AsyncGenerator<number, void, void> {
  const { maxNewTokens, random, repetitionPenalty, signal } = options;
  const session = new Session(decoder, prompts), pace = new Pace(0);
  const seen = repetitionPenalty === undefined ? undefined : keep(marks(prompts, decoder.vocabSize));
  try {
    for (let step = 0; walks.some(({ width }) => width > 0);) {
      await pace.rest();
      signal?.throwIfAborted();
      const choose = (logits: Tensor): ChosenTokens => {
        const uniforms = random && tensor(walks.map(() => random.next()));
        const choice = chooseOnDevice(logits, options, uniforms, seen?.greater(0));
        if (seen) seen.assign(scatter(seen, -1, choice.tokens.unsqueeze(-1), ones([walks.length, 1])));
        return choice;
      };
      for (
        const { tokens, logProbabilities } of await session.ahead(Math.min(readEvery, maxNewTokens - step), choose)
      ) {
        walks.forEach((walk, row) => walk.width && walk.accept(tokens[row]!, logProbabilities[row]!));
        yield ++step;
        if (walks.every(({ width }) => width === 0)) break;
      }
    }
  } finally {
    session.dispose();
    if (seen) release(seen);
  }
}

/** How often each token stands in each text, `[B, V]`. */
function marks(texts: readonly (readonly number[])[], V: number): Tensor {
  const counts = new Float32Array(texts.length * V);
  texts.forEach((tokens, row) => tokens.forEach((token) => counts[row * V + token]!++));
  return tensor(counts, [texts.length, V]);
}

/** A decoder in use: its caches, and the tokens they stand for. */
class Session {
  readonly #decoder: Decoder;
  /** Rows per prompt. */
  #times = 1;
  #caches: KeyValueCache[] = [];
  #memories: ReturnType<Decoder["newCaches"]> = [];
  #seen: number[][];
  #fresh: number[][];

  constructor(decoder: Decoder, prompts: readonly (readonly number[])[]) {
    this.#decoder = decoder;
    this.#seen = prompts.map(() => []);
    this.#fresh = prompts.map((tokens) => tokens.slice(-decoder.contextLength));
    this.#open();
  }

  #open(): void {
    this.dispose();
    this.#memories = this.#decoder.newCaches(() => {
      const cache = new KeyValueCache();
      this.#caches.push(cache);
      return cache;
    });
  }

  /** Makes room where the context is full. */
  #slide(): void {
    const { contextLength } = this.#decoder;
    if (this.#seen[0]!.length + this.#fresh[0]!.length > contextLength) {
      // The context is full: the newer half of it is read again, at positions that begin anew.
      this.#open();
      this.#fresh = this.#seen.map((tokens, row) =>
        [...tokens, ...this.#fresh[row]!].slice(-Math.ceil(contextLength / 2))
      );
      this.#seen = this.#seen.map(() => []);
    }
  }

  /** The fresh tokens, int32 `[B, T]`. */
  #tokens(): Tensor {
    return tensor(Int32Array.from(this.#fresh.flat()), [this.#fresh.length, this.#fresh[0]!.length]);
  }

  /** Feeds tokens `[B, T]`; returns the logits after the last, `[B, V]`. */
  #feed(tokens: Tensor): Tensor {
    // Repeated here, so that what a model copies for it is freed with the step.
    const decoder = this.#times > 1 ? this.#decoder.repeat?.(this.#times) : undefined;
    const logits = (decoder ?? this.#decoder).forward(tokens, { caches: this.#memories, lastOnly: true });
    dims(logits, "B T V", { B: tokens.shape[0]!, V: this.#decoder.vocabSize });
    return logits.at(1, -1);
  }

  /** Feeds what is fresh; returns the logits after it, one row per text. */
  async read(): Promise<Float64Array[]> {
    this.#slide();
    let reading: Promise<Numbers> | undefined;
    scope(() =>
      noGrad(() => {
        reading = this.#feed(this.#tokens()).read();
      })
    );
    const numbers = new Float64Array(await reading!);
    this.#fresh.forEach((tokens, row) => this.#seen[row]!.push(...tokens));
    const { vocabSize } = this.#decoder;
    return this.#fresh.map((_, row) => numbers.subarray(row * vocabSize, (row + 1) * vocabSize));
  }

  /** Makes up to `count` tokens of each text before it reads them; the last ones are fresh afterwards. */
  async ahead(
    count: number,
    choose: (logits: Tensor) => ChosenTokens,
  ): Promise<{ readonly tokens: Numbers; readonly logProbabilities: Numbers }[]> {
    this.#slide();
    const room = this.#decoder.contextLength - this.#seen[0]!.length - this.#fresh[0]!.length + 1;
    const readings: Promise<{ tokens: Numbers; logProbabilities: Numbers }>[] = [];
    scope(() =>
      noGrad(() => {
        let fed = this.#tokens();
        for (let step = 0; step < Math.min(count, room); step++) {
          fed = scope(() => {
            const { tokens, logProbabilities } = choose(this.#feed(fed));
            readings.push(
              Promise.all([tokens.read(), logProbabilities.read()]).then(([tokens, logProbabilities]) => {
                return { tokens, logProbabilities };
              }),
            );
            return tokens.unsqueeze(-1);
          });
        }
      })
    );
    const steps = await Promise.all(readings);
    for (const { tokens, logProbabilities } of steps) {
      const wrong = logProbabilities.findIndex((x: number) => Number.isNaN(x));
      if (wrong >= 0) throw new RangeError(`Cannot choose among the logits of text ${wrong}: one of them is NaN`);
      this.#seen.forEach((seen, row) => seen.push(...this.#fresh[row]!));
      this.#fresh = this.#fresh.map((_, row) => [tokens[row]!]);
    }
    return steps;
  }

  /** Goes on with some of the texts, each `parents[i]` followed by `tokens[i]`. */
  choose(parents: readonly number[], tokens: readonly number[], times: number): void {
    for (const cache of this.#caches) cache.reorder(parents);
    if (parents.some((parent, row) => parent !== row)) {
      this.#seen = parents.map((parent) => this.#seen[parent]!.slice());
    }
    this.#times *= times;
    this.#fresh = tokens.map((token) => [token]);
  }

  dispose(): void {
    for (const cache of this.#caches) cache.dispose();
    this.#caches = [];
  }
}

// ## Two searches

/** One text per prompt: greedy, or drawn at random. */
class Walk implements Search {
  readonly #prompt: readonly number[];
  readonly #options: StreamOptions;
  readonly #rules: readonly LogitsRule[];
  readonly #tokens: number[] = [];
  /** Prompt and text, the context that rules see. */
  readonly #context: number[];
  #logProbability = 0;
  #finished = false;
  width = 1;
  /** The token chosen last, unless it was the end. */
  last: { readonly token: number; readonly logProbability: number } | undefined;

  constructor(prompt: readonly number[], options: StreamOptions) {
    this.#prompt = prompt;
    this.#options = options;
    this.#rules = rulesOf(options);
    this.#context = [...prompt];
  }

  extend([logits]: readonly Float64Array[]): { parent: number; token: number }[] {
    const { random } = this.#options;
    const allowed = apply(this.#rules, logits!, this.#context);
    const token = random ? sample(allowed, random) : greedy(allowed);
    this.accept(token, logProbabilityOf(logits!, token));
    return this.width ? [{ parent: 0, token }] : [];
  }

  /** Goes on with a token that was chosen here or elsewhere. */
  accept(token: number, logProbability: number): void {
    const { eosToken, maxNewTokens } = this.#options;
    this.#logProbability += logProbability;
    this.#finished = token === eosToken;
    this.last = this.#finished ? undefined : { token, logProbability };
    if (!this.#finished) {
      this.#tokens.push(token);
      this.#context.push(token);
    }
    if (this.#finished || this.#context.length - this.#prompt.length === maxNewTokens) this.width = 0;
  }

  result(): Generation {
    return { tokens: this.#tokens, logProbability: this.#logProbability, finished: this.#finished };
  }
}

/** Several beginnings per prompt. */
class Beams implements Search {
  readonly #prompt: readonly number[];
  readonly #rules: readonly LogitsRule[];
  readonly #search: Pick<BeamSearch, "live" | "results" | "extend">;

  constructor(prompt: readonly number[], options: GenerateOptions) {
    const { numBeams = 1, maxNewTokens, lengthPenalty, eosToken, numBeamGroups, diversityPenalty, similarity } =
      options;
    this.#prompt = prompt;
    this.#rules = rulesOf(options);
    const common = { numBeams, maxNewTokens, ...(eosToken !== undefined && { eosToken }) };
    const ranked = { ...common, ...(lengthPenalty !== undefined && { lengthPenalty }) };
    if (options.stochastic) this.#search = new StochasticBeamSearch({ ...common, random: options.random! });
    else if (numBeamGroups === undefined) this.#search = new BeamSearch(ranked);
    else {
      this.#search = new DiverseBeamSearch({
        ...ranked,
        numBeamGroups,
        ...(diversityPenalty !== undefined && { diversityPenalty }),
        ...(similarity && { similarity }),
      });
    }
  }

  get width(): number {
    return this.#search.live.length;
  }

  extend(logits: readonly Float64Array[]): { parent: number; token: number }[] {
    const rows = this.#search.live.map(({ tokens }, i) => {
      const context = this.#rules.length ? [...this.#prompt, ...tokens] : [];
      return toLogProbabilities(apply(this.#rules, logits[i]!, context));
    });
    const parents = this.#search.extend(rows);
    return this.#search.live.map(({ tokens }, i) => ({ parent: parents[i]!, token: tokens[tokens.length - 1]! }));
  }

  result(): Generation {
    const beams = this.#search.results;
    const { tokens, logProbability, finished } = beams[0]!;
    return { tokens, logProbability, finished, beams };
  }
}

/** The rules that options ask for: the caller's own, then repetition, temperature, and the cuts. */
function rulesOf(options: StreamOptions): LogitsRule[] {
  const { rules = [], repetitionPenalty, temperature, topK, topP, minP, epsilonCutoff, typicalP } = options;
  const chosen: LogitsRule[] = [...rules];
  if (repetitionPenalty !== undefined) chosen.push(repetitionRule(repetitionPenalty));
  if (temperature !== undefined) chosen.push(temperatureRule(temperature));
  if (topK !== undefined) chosen.push(topKRule(topK));
  if (topP !== undefined) chosen.push(topPRule(topP));
  if (minP !== undefined) chosen.push(minPRule(minP));
  if (epsilonCutoff !== undefined) chosen.push(epsilonRule(epsilonCutoff));
  if (typicalP !== undefined) chosen.push(typicalRule(typicalP));
  return chosen;
}

function apply(rules: readonly LogitsRule[], logits: Float64Array, tokens: readonly number[]): Float64Array {
  return rules.reduce((result, rule) => rule(result, { tokens }), logits);
}

// ## What is refused

const DRAWING = ["temperature", "topK", "topP", "minP", "epsilonCutoff", "typicalP"] as const;
const STREAM_OPTIONS: ReadonlySet<string> = new Set([
  ...["maxNewTokens", "eosToken", "random", "repetitionPenalty", "rules", "slide", "signal"],
  ...DRAWING,
]);
const GENERATE_OPTIONS: ReadonlySet<string> = new Set([
  ...STREAM_OPTIONS,
  ...["numBeams", "lengthPenalty", "numBeamGroups", "diversityPenalty", "similarity", "stochastic", "onProgress"],
]);

function validate(options: GenerateOptions, known: ReadonlySet<string>): void {
  for (const name of Object.keys(options)) {
    if (!known.has(name)) {
      throw new TypeError(`Cannot use option ${JSON.stringify(name)}: known are ${[...known].join(", ")}`);
    }
  }
  const { maxNewTokens, numBeams = 1, lengthPenalty, random, eosToken } = options;
  if (!(maxNewTokens === Infinity || (Number.isSafeInteger(maxNewTokens) && maxNewTokens >= 1))) {
    throw new RangeError(
      `Cannot generate with maxNewTokens = ${maxNewTokens}: maxNewTokens must be a positive integer`,
    );
  }
  if (!(Number.isSafeInteger(numBeams) && numBeams >= 1)) {
    throw new RangeError(`Cannot search with numBeams = ${numBeams}: numBeams must be a positive integer`);
  }
  if (eosToken !== undefined && !(Number.isSafeInteger(eosToken) && eosToken >= 0)) {
    throw new RangeError(`Cannot end a text by eosToken = ${eosToken}: eosToken must be a token id`);
  }
  if (random && numBeams > 1 && !options.stochastic) {
    throw new TypeError("Cannot use random with numBeams: beams are searched without chance, unless stochastic");
  }
  validateVariants(options);
  if (lengthPenalty !== undefined && numBeams === 1) {
    throw new TypeError("Cannot use lengthPenalty without numBeams: a single text is compared with no other");
  }
  for (const name of DRAWING) {
    if (options[name] !== undefined && !random) {
      throw new TypeError(`Cannot use ${name} without random: nothing is drawn, so it would have no effect`);
    }
  }
}

function validateVariants(
  { numBeams = 1, numBeamGroups, lengthPenalty, random, stochastic, ...options }: GenerateOptions,
): void {
  for (const name of ["diversityPenalty", "similarity"] as const) {
    if (options[name] !== undefined && (numBeamGroups ?? 1) === 1) {
      throw new TypeError(`Cannot use ${name} without numBeamGroups: a single group has no other to avoid`);
    }
  }
  if (numBeamGroups !== undefined && numBeams === 1) throw new TypeError("Cannot use numBeamGroups without numBeams");
  if (!stochastic) return;
  if (!random || numBeams === 1) throw new TypeError("Cannot use stochastic without numBeams and random");
  if (lengthPenalty !== undefined || numBeamGroups !== undefined) {
    const name = lengthPenalty === undefined ? "numBeamGroups" : "lengthPenalty";
    throw new TypeError(`Cannot use ${name} with stochastic: texts are drawn by their probability alone`);
  }
}

function requireFit(
  { contextLength, vocabSize }: Decoder,
  prompts: readonly (readonly number[])[],
  maxNewTokens: number,
  slide: boolean,
): void {
  const size = prompts[0]?.length ?? 0;
  if (size === 0) throw new RangeError("Cannot generate from an empty prompt: at least one token is needed");
  for (const prompt of prompts) {
    if (prompt.length !== size) {
      throw new TypeError(`Cannot generate from prompts of ${size} and ${prompt.length} tokens together`);
    }
    const wrong = prompt.find((token) => !(Number.isInteger(token) && token >= 0 && token < vocabSize));
    if (wrong !== undefined) throw new RangeError(`Cannot read token ${wrong}: the vocabulary has ${vocabSize}`);
  }
  if (slide && contextLength === Infinity) throw new TypeError("Cannot use slide with a model of unbounded context");
  // The last token generated is never fed.
  if (!slide && size + maxNewTokens - 1 > contextLength) {
    throw new RangeError(
      `Cannot generate ${maxNewTokens} tokens after a prompt of ${size}: the model sees ${contextLength}; ` +
        "slide: true forgets the older half when they are full",
    );
  }
}

// ## Pitfall: feeding the whole text with a cache
//
// The caches already hold the past. Fed again, every token stands in the memory twice, at two
// positions. The test "generate() with a cache equals recomputation" fails for that version.

// ## Pitfall: an async function in a scope
//
// `scope` frees what was made when its function returns, and an asynchronous function returns
// at its first `await`. The loop therefore takes the numbers out inside the scope and waits for them
// outside. The test "stream() keeps memory flat over 10,000 tokens" watches it.

// ## Exercise
//
// Set `slide` and generate 1,000 tokens with a context of 64. How often is the prompt read again,
// and what does that add to the work per token?
