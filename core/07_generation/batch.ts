/**
 * # A batch that texts join and leave
 *
 * **Question.** A server gets requests at any time. A batch serves many of them for nearly the price of one, but texts end at different lengths, and the
 * next request does not wait for the longest of them. How can one loop serve them all?
 *
 * **Idea.** Continuous batching: the batch is put together anew at each step. A text that has ended leaves at once. A text that waits joins at once: its prompt is read, and its
 * keys and values are put beside those of the others, aligned at their ends ([how](session.ts)). Each text has its own rules, its own search of one token, its own limits and its own signal.
 * What it generates is what it would generate alone.
 *
 * ```picture batch_timeline Five requests of 2, 6, 3, 2 and 1 tokens, and two places. Above, the batch is filled when all of it is free; below, each place is filled as soon as it is.
 * ```
 *
 * **By hand.** Five requests want 2, 6, 3, 2 and 1 tokens, and the batch has 2 places. *Filled once*, the batch of *A* and *B* lasts 6 steps, that of *C* and *D* 3, and *E* one more: $6 + 3 + 1 = 10$ steps. *Continuously*, *C* takes the place of *A* after 2
 * steps, *D* that of *C* after $2 + 3 = 5$, and *E* that of *B* after 6. All 14 tokens are there after $14 / 2 = 7$ steps, the fewest in which two places can write them.
 *
 * ```ts
 * import { DecoderOnly, Random } from "@heed/heed";
 * import { Batch, type Decoder } from "@heed/heed/generation";
 *
 * const sizes = { vocabSize: 20, hiddenSize: 16, numHeads: 2, numLayers: 1, contextLength: 32 };
 * const model = new DecoderOnly(sizes, new Random(1)), rows: number[] = [];
 * // The model, which counts the rows of each pass.
 * const heard: Decoder = {
 *   vocabSize: 20,
 *   contextLength: 32,
 *   newCaches: (create) => model.newCaches(create),
 *   forward(tokens, options) {
 *     rows.push(tokens.shape[0]!);
 *     return model.forward(tokens, options);
 *   },
 * };
 * const lengths = [2, 6, 3, 2, 1], batch = new Batch(heard, { maxTexts: 2 });
 * const texts = lengths.map((maxNewTokens) => batch.add([3], { maxNewTokens }));
 * const written = await Promise.all(texts.map(({ result }) => result));
 * console.log("tokens", written.reduce((sum, { tokens }) => sum + tokens.length, 0), "most rows", Math.max(...rows));
 * console.log("filled once", Math.max(2, 6) + Math.max(3, 2) + 1, "steps, joined", 14 / 2);
 * ```
 *
 * ```text
 * tokens 14 most rows 2
 * filled once 10 steps, joined 7
 * ```
 *
 * **Formula.** With the set $A_j$ of texts in the batch at step $j$, those of them that ended $E_j$, those that wait $Q_j$, and $\setminus$ for *without*,
 *
 * $$A_{j+1} = (A_j \setminus E_j) \cup \mathrm{first}_{m - \lvert A_j \setminus E_j \rvert}(Q_j)$$
 *
 * | symbol | in code      | what it is                             |
 * | ------ | ------------ | -------------------------------------- |
 * | $A$    | `#active`    | texts that the next pass reads         |
 * | $Q$    | `#waiting`   | texts that wait, first come first served |
 * | $m$    | `maxTexts`   | most texts at once                     |
 *
 * Sources: Yu et al. 2022, *Orca: A Distributed Serving System for Transformer-Based Generative Models* (the batch of each iteration); Kwon et al. 2023, *Efficient
 * Memory Management for Large Language Model Serving with PagedAttention*, whose pages let rows of different lengths lie in one memory without padding. Here they are padded.
 *
 * @module
 */

import { checkOptions, type Checks, integer } from "../engine/options.ts";
import { rest } from "../engine/pace.ts";
import type { StreamedToken } from "./generate.ts";
import { decodingOf, streamChecks, type StreamOptions } from "./options.ts";
import { stepRecorder } from "./outputs.ts";
import type { Decoder } from "./sampling.ts";
import type { Generation, TokenSearch } from "./search.ts";
import { SingleSequence } from "./sequences.ts";
import { Session } from "./session.ts";

/** How a {@linkcode Batch} works. */
export interface BatchOptions {
  /** Most texts at once; others wait; 16 by default. */
  readonly maxTexts?: number;
}

const BATCH: Checks<BatchOptions> = { maxTexts: integer({ min: 1, max: 2 ** 16 }) };

/** Options of a text that joins a batch: those of `stream`, without what needs a batch of its own. */
export type JoinOptions = Omit<StreamOptions, "cache" | "cacheType" | "contrastive" | "draft" | "window">;

/** A text of a batch: its tokens as they come, and its result in the end. */
export interface BatchedText extends AsyncIterable<StreamedToken> {
  /** What came of it; rejects with the signal's reason, or with what a rule threw. */
  readonly result: Promise<Generation>;
}

/** One loop for many texts. */
export class Batch {
  readonly #decoder: Decoder;
  readonly #maxTexts: number;
  readonly #waiting: Guest[] = [];
  readonly #active = new Map<number, Guest>();
  #session: Session | undefined;
  #isRunning = false;

  /**
   * Starts without texts.
   *
   * @example
   * ```ts
   * import { DecoderOnly, Random } from "@heed/heed";
   * import { Batch, type Decoder } from "@heed/heed/generation";
   *
   * const sizes = { vocabSize: 20, hiddenSize: 16, numHeads: 2, numLayers: 1, contextLength: 32 };
   * const batch = new Batch(new DecoderOnly(sizes, new Random(1)));
   * const one = batch.add([3, 1, 4], { maxNewTokens: 5 }), other = batch.add([2], { maxNewTokens: 9 });
   * for await (const { token } of one) console.assert(token < 20);
   * console.assert((await other.result).tokens.length === 9);
   * ```
   *
   * @param decoder a model, without sources
   * @param options how many texts at once
   */
  constructor(decoder: Decoder, options: BatchOptions = {}) {
    checkOptions("serve texts", options, BATCH);
    // Refuses what is no decoder.
    new Session(decoder, undefined, { maxNewTokens: 1, slide: false }).dispose();
    if (decoder.numSources !== undefined) {
      throw new TypeError(
        "Cannot serve texts from a model that holds sources: each source has its own text from the start",
      );
    }
    this.#decoder = decoder;
    this.#maxTexts = options.maxTexts ?? 16;
  }

  /** Texts that are being written. */
  get active(): number {
    return this.#active.size;
  }

  /** Texts that wait for a place. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Lets a text join, as soon as there is a place.
   *
   * @param prompt token ids, at least one
   * @param options length, rules, search and signal of this text
   * @returns its tokens and its result; leaving the loop over the tokens early ends the text
   * @throws {TypeError} if an option does not exist or has no effect with the others
   * @throws {RangeError} if an option is outside its interval, or the text does not fit the context
   */
  add(prompt: readonly number[], options: JoinOptions): BatchedText {
    const alone = (["cache", "cacheType", "contrastive", "draft", "window"] as const).find((name) =>
      (options as StreamOptions)?.[name] !== undefined
    );
    if (alone) throw new TypeError(`Cannot use ${alone} in a batch: it belongs to a model in use by one text`);
    checkOptions("stream", options, streamChecks as Checks<JoinOptions>);
    const { maxNewTokens, eosToken, stopStrings, slide = false, output, signal } = options,
      { rules, search } = decodingOf(options);
    const limits = { maxNewTokens, slide, eosToken };
    // Said here and not when its turn comes.
    new Session(this.#decoder, [prompt], limits).dispose();
    if (output?.attentions || output?.hiddenStates) {
      throw new TypeError(
        "Cannot use output.attentions or output.hiddenStates in a batch: its passes are not watched; generate() gives them",
      );
    }
    const text = new SingleSequence(
      search as TokenSearch,
      rules,
      { maxNewTokens, eosToken, stopStrings },
      output && stepRecorder(output),
    );
    const guest = new Guest([...prompt], limits, text, signal);
    this.#waiting.push(guest);
    void this.#run();
    return guest;
  }

  /** Steps until nobody is left. */
  async #run(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      while (this.#active.size + this.#waiting.length > 0) {
        await rest();
        this.#admit();
        if (this.#active.size > 0) await this.#step();
      }
    } catch (error) {
      for (const guest of [...this.#active.values(), ...this.#waiting.splice(0)]) guest.fail(error);
      this.#active.clear();
    } finally {
      this.#session?.dispose();
      this.#session = undefined;
      this.#isRunning = false;
    }
  }

  /** Gives free places to those that wait. */
  #admit(): void {
    this.#session ??= new Session(this.#decoder, undefined, { maxNewTokens: Infinity, slide: false });
    while (this.#waiting.length > 0 && this.#active.size < this.#maxTexts) {
      const guest = this.#waiting.shift()!;
      if (!guest.isOver()) this.#active.set(this.#session.add(guest.prompt, guest.limits), guest);
    }
  }

  /** One pass for all texts. */
  async #step(): Promise<void> {
    const session = this.#session!;
    for (const [id, guest] of this.#active) if (guest.isOver()) this.#active.delete(id);
    session.retain((id) => this.#active.has(id));
    if (this.#active.size === 0) return;
    const prefixes = await session.read();
    session.follow((id) => {
      const guest = this.#active.get(id)!, choices = guest.extend(prefixes.get(id)!);
      if (choices.length === 0) this.#active.delete(id);
      return choices;
    });
  }
}

/** A text, and who waits for its tokens. */
class Guest implements BatchedText {
  readonly prompt: readonly number[];
  readonly limits: {
    readonly maxNewTokens: number;
    readonly slide: boolean;
    readonly eosToken: JoinOptions["eosToken"] | undefined;
  };
  readonly result: Promise<Generation>;
  readonly #text: SingleSequence;
  readonly #signal: AbortSignal | undefined;
  #isOver = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: () => void = () => {};
  #end!: { readonly resolve: (result: Generation) => void; readonly reject: (error: unknown) => void };

  constructor(
    prompt: readonly number[],
    limits: Guest["limits"],
    text: SingleSequence,
    signal: AbortSignal | undefined,
  ) {
    [this.prompt, this.limits, this.#text, this.#signal] = [prompt, limits, text, signal];
    this.result = new Promise((resolve, reject) => this.#end = { resolve, reject });
    // Whoever reads only the tokens hears of an error there.
    this.result.catch(() => {});
    signal?.addEventListener("abort", () => this.isOver(), { once: true });
  }

  /** Whether it writes no further; an abort is noticed here. */
  isOver(): boolean {
    if (!this.#isOver && this.#signal?.aborted) this.fail(this.#signal.reason);
    return this.#isOver;
  }

  /** Chooses a token; nothing if it is over. */
  extend(prefixes: Parameters<SingleSequence["extend"]>[0]): ReturnType<SingleSequence["extend"]> {
    if (this.isOver()) return [];
    try {
      const choices = this.#text.extend(prefixes);
      if (this.#text.width > 0) return this.#wake(), choices;
      this.finish();
    } catch (error) {
      this.fail(error);
    }
    return [];
  }

  finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#end.resolve(this.#text.result());
    this.#wake();
  }

  fail(error: unknown): void {
    if (this.#isOver) return;
    [this.#isOver, this.#failure] = [true, { error }];
    this.#end.reject(error);
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<StreamedToken, void, void> {
    let step = 0;
    try {
      for (;;) {
        for (const token of this.#text.certain.slice(step)) yield { ...token, step: ++step };
        if (this.#failure) throw this.#failure.error;
        if (this.#isOver && step === this.#text.certain.length) return;
        if (!this.#isOver) await new Promise<void>((resolve) => this.#wake = resolve);
      }
    } finally {
      // Who stops listening needs no more of it.
      this.finish();
    }
  }
}

// ## Pitfall: waiting for the batch
//
// A loop that fills its batch once and runs it to the end makes a short text wait for the longest one, and a new one for all of them. The test "a text leaves a batch when it ends, and
// another takes its place" counts the rows of every pass.
