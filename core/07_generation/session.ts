/**
 * # Session: a model in use
 *
 * **Question.** A loop wants logits and says how to go on. Who remembers what the model has seen, what is fresh, and what
 * to do when the context is full?
 *
 * **Idea.** The session. It holds the sequences of the batch and the caches that stand for them. A step feeds the
 * tokens that the caches lack: the prompt whole at first, the last token only after it, since the caches are the history
 * ([section](kv_cache.ts)). When a search goes on with other prefixes, sequences and caches are rearranged alike. When
 * the context is full, the newer half of each sequence is read again, at positions that begin anew. A model without
 * caches remembers nothing: it is fed the same window of the text whole, at each step.
 *
 * The session also steps in another way: it feeds the token that the device has just chosen before anybody has read it.
 *
 * **Formula.** With the decoder $f$, its caches $C$, tokens $y_j$ and the parents $\pi_j$ that they continue,
 *
 * $$(z_j, C_j) = f(y_{j-1}, C_{j-1}), \qquad C_j \leftarrow C_j[\pi_j]$$
 *
 * | symbol | in code           | shape                             |
 * | ------ | ----------------- | --------------------------------- |
 * | $y$    | `#tokensToFeed()` | `[B, 1]`, the first time `[B, T]` |
 * | $z$    | `read()`          | `[B, V]`                          |
 * | $\pi$  | `parents`         | `[B]`                             |
 * | $C$    | `#caches`         | `[B, G, S, D]` each               |
 *
 * @module
 */

import { type Check, checkValue, object } from "../engine/options.ts";
import { noGrad } from "../engine/autograd.ts";
import type { Numbers } from "../engine/backend.ts";
import { withoutChance } from "../engine/chance.ts";
import { tensor } from "../engine/create.ts";
import { concat } from "../engine/joining.ts";
import type { Tensor } from "../engine/tensor.ts";
import { scope } from "../engine/scope.ts";
import { dims } from "../engine/shape.ts";
import type { StateMemory } from "../03_language_models/feed_forward_lm.ts";
import type { KeyValueMemory } from "../04_attention/multi_head.ts";
import { KeyValueCache } from "./kv_cache.ts";
import type { DecodingTask, DeviceContext } from "./rules.ts";
import type { Decoder } from "./sampling.ts";
import type { Choice, ChooseTokens, ChosenTokens, ScoredPrefix } from "./search.ts";

/** How long the sequences of a session may become. */
export interface SessionOptions {
  /** Most tokens after the prompt. */
  readonly maxNewTokens: number;
  /** Goes on where the context is full by forgetting its older half. */
  readonly slide: boolean;
  /** What ends a sequence, for rules to know; nothing by default. */
  readonly eosToken?: number | undefined;
}

/** A choice for each sequence of a batch, read. */
export interface ReadTokens {
  /** `[B]` */
  readonly tokens: Numbers;
  /** `[B]` */
  readonly logProbabilities: Numbers;
}

/** A decoder, its caches, and the sequences that they stand for. */
export class Session {
  readonly #decoder: Decoder;
  readonly #task: DecodingTask;
  /** Rows per prompt: as many as the prompt with the most prefixes has. */
  #beams = 1;
  #caches: KeyValueCache[] = [];
  /** What the model takes as its caches; nothing where it has none. */
  #memories: readonly (KeyValueMemory & StateMemory)[] | undefined;
  /** Prompt and text of each row. */
  #sequences: number[][];
  /** How many of the last tokens of each the model has read, and how many after those are fresh. */
  #read = 0;
  #fresh: number;

  /**
   * Opens the caches.
   *
   * @param decoder a model
   * @param prompts token ids, equally many each
   * @param options how long the sequences may become
   * @throws {RangeError} if a prompt is empty, has a token that does not exist, or what follows does not fit the context
   * @throws {TypeError} if prompts differ in length
   */
  constructor(decoder: Decoder, prompts: readonly (readonly number[])[], options: SessionOptions) {
    requireFit(decoder, prompts, options);
    this.#decoder = decoder;
    this.#task = { promptLength: prompts[0]!.length, eosToken: options.eosToken };
    this.#sequences = prompts.map((tokens) => [...tokens]);
    this.#fresh = Math.min(prompts[0]!.length, decoder.contextLength);
    this.#open();
  }

  #open(): void {
    this.dispose();
    this.#read = 0;
    // The model returns what it was handed, by whichever of its two contracts.
    this.#memories = this.#decoder.newCaches?.(() => {
      const cache = new KeyValueCache();
      this.#caches.push(cache);
      return cache;
    }) as readonly (KeyValueMemory & StateMemory)[] | undefined;
  }

  /** Makes room where the context is full. */
  #slide(): void {
    const { contextLength } = this.#decoder;
    if (this.#read + this.#fresh <= contextLength) return;
    // The newer half is read again, at positions that begin anew.
    this.#open();
    this.#fresh = Math.ceil(contextLength / 2);
  }

  /** Whether somebody remembers what the model has read. */
  get #remembers(): boolean {
    return this.#memories !== undefined && this.#memories.length > 0;
  }

  /** What is fresh; with what was read before it, where nobody remembers that. int32 `[B, T]` */
  #tokensToFeed(): Tensor {
    const count = this.#remembers ? this.#fresh : this.#read + this.#fresh;
    return rowsOf(this.#sequences.map((tokens) => tokens.slice(tokens.length - count)));
  }

  /** Feeds tokens `[B, T]`; returns the logits after the last, `[B, V]`. */
  #feed(tokens: Tensor): Tensor {
    // Repeated here, so that what a model copies for it is freed with the step.
    const decoder = this.#beams > 1 ? this.#decoder.repeat?.(this.#beams) : undefined;
    const call = { caches: this.#memories, lastOnly: true };
    const logits = withoutChance(() => (decoder ?? this.#decoder).forward(tokens, call));
    const { vocabSize, featureSize = 0 } = this.#decoder;
    dims(logits, "B T V", { B: tokens.shape[0]!, V: vocabSize + featureSize });
    return logits.at(1, -1);
  }

  /** Feeds what is fresh; returns each prompt's prefixes with their logits. */
  async read(): Promise<ScoredPrefix[][]> {
    this.#slide();
    let reading: Promise<Numbers> | undefined;
    scope(() =>
      noGrad(() => {
        reading = this.#feed(this.#tokensToFeed()).read();
      })
    );
    const numbers = new Float64Array(await reading!);
    this.#read += this.#fresh;
    this.#fresh = 0;
    const { vocabSize, featureSize = 0 } = this.#decoder, width = vocabSize + featureSize;
    const rows = this.#sequences.map((tokens, row) => ({
      ...this.#task,
      tokens,
      logits: numbers.subarray(row * width, row * width + vocabSize),
      ...featureSize > 0 && { features: numbers.subarray(row * width + vocabSize, (row + 1) * width) },
    }));
    const beams = this.#beams;
    return Array.from({ length: rows.length / beams }, (_, i) => rows.slice(i * beams, (i + 1) * beams));
  }

  /** Goes on with some of the prefixes of each prompt, each followed by a token. */
  follow(choices: readonly (readonly Choice[])[]): void {
    const parents: number[] = [], tokens: number[] = [];
    const beams = choices.reduce((most, own) => Math.max(most, own.length), 1);
    choices.forEach((own, i) => {
      for (let j = 0; j < beams; j++) {
        // A search that needs fewer rows fills the others with something; nobody reads them.
        parents.push(i * this.#beams + (own[j]?.parent ?? 0));
        tokens.push(own[j]?.token ?? 0);
      }
    });
    for (const cache of this.#caches) cache.reorder(parents);
    if (parents.length !== this.#sequences.length || parents.some((parent, row) => parent !== row)) {
      this.#sequences = parents.map((parent) => this.#sequences[parent]!.slice());
    }
    this.#sequences.forEach((sequence, row) => sequence.push(tokens[row]!));
    this.#beams = beams;
    this.#fresh = 1;
  }

  /**
   * Lets the device choose up to `count` tokens of each sequence, and only then reads them.
   *
   * @param count how many; fewer where the context ends
   * @param choose by tensors alone
   * @returns the tokens of each step
   */
  async ahead(count: number, choose: ChooseTokens): Promise<ReadTokens[]> {
    this.#slide();
    const room = this.#decoder.contextLength - this.#read - this.#fresh + 1;
    const readings: Promise<ReadTokens>[] = [];
    scope(() =>
      noGrad(() => {
        const chosen: Tensor[] = [], sequences = this.#sequences;
        const context: DeviceContext = {
          ...this.#task,
          get tokens() {
            return concat([rowsOf(sequences), ...chosen], 1);
          },
        };
        for (let step = 0, fed = this.#tokensToFeed(); step < Math.min(count, room); step++) {
          const next = scope(() => {
            const choice = choose(this.#feed(fed), context);
            readings.push(read(choice));
            return choice.tokens.unsqueeze(-1);
          });
          chosen.push(next);
          fed = this.#remembers ? next : concat([fed, next], 1);
        }
      })
    );
    const steps = await Promise.all(readings);
    for (const { tokens } of steps) {
      this.#read += this.#fresh;
      this.#sequences.forEach((sequence, row) => sequence.push(tokens[row]!));
      this.#fresh = 1;
    }
    return steps;
  }

  /** Gives the caches back. */
  dispose(): void {
    for (const cache of this.#caches) cache.dispose();
    this.#caches = [];
  }
}

/** Sequences of equal length as int32 `[B, T]`. */
function rowsOf(sequences: readonly (readonly number[])[]): Tensor {
  return tensor(Int32Array.from(sequences.flat()), [sequences.length, sequences[0]!.length]);
}

const aDecoder: Check<Decoder> = object(
  "a model with vocabSize, contextLength and forward()",
  (value) => "vocabSize" in value && "contextLength" in value && "forward" in value,
);

/** Begins to read a choice. */
async function read({ tokens, logProbabilities }: ChosenTokens): Promise<ReadTokens> {
  const [chosen, found] = await Promise.all([tokens.read(), logProbabilities.read()]);
  return { tokens: chosen, logProbabilities: found };
}

// ## What is refused

/** Whether it has to be given a source before it continues a text. */
function isTranslator(value: unknown): boolean {
  const { given, encode } = (value ?? {}) as Readonly<Record<string, unknown>>;
  return typeof given === "function" && typeof encode === "function";
}

function isList(value: unknown): boolean {
  return Array.isArray(value) || ArrayBuffer.isView(value);
}

function requireFit(
  decoder: Decoder,
  prompts: readonly (readonly number[])[],
  { maxNewTokens, slide, eosToken }: SessionOptions,
): void {
  if (isTranslator(decoder)) {
    throw new TypeError(
      "Cannot generate from a model that reads a source: model.given(model.encode(source), sourceMask) is what to give",
    );
  }
  checkValue("generate", "decoder", decoder, aDecoder);
  const { contextLength, vocabSize } = decoder;
  if (!isList(prompts) || !prompts.every(isList)) {
    throw new TypeError("Cannot generate from this prompt: it must be a list of token ids, or a list of such lists");
  }
  const { numSources } = decoder;
  if (numSources !== undefined && prompts.length !== numSources) {
    throw new TypeError(
      `Cannot generate from ${prompts.length === 1 ? "one prompt" : `${prompts.length} prompts`} with ${numSources} ` +
        `${
          numSources === 1 ? "source" : "sources"
        }: each source needs a prompt, and generate begins all of them with ` +
        "the one of a list such as [[BEGIN]]",
    );
  }
  const size = prompts[0]?.length ?? 0;
  if (size === 0) throw new RangeError("Cannot generate from an empty prompt: at least one token is needed");
  for (const prompt of prompts) {
    if (prompt.length !== size) {
      throw new TypeError(`Cannot generate from prompts of ${size} and ${prompt.length} tokens together`);
    }
    const wrong = prompt.find((token) => !(Number.isInteger(token) && token >= 0 && token < vocabSize));
    if (wrong !== undefined) throw new RangeError(`Cannot read token ${wrong}: the vocabulary has ${vocabSize}`);
  }
  if (eosToken !== undefined && eosToken >= vocabSize) {
    throw new RangeError(`Cannot end with eosToken = ${eosToken}: the vocabulary has ${vocabSize}`);
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
// at its first `await`. The session therefore takes the numbers out inside the scope and waits for them
// outside. The test "stream() keeps memory flat over 10,000 tokens" watches it.

// ## Exercise
//
// Set `slide` and generate 1,000 tokens with a context of 64. How often is the prompt read again,
// and what does that add to the work per token?
