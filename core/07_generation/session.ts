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
 * **Prompts of different lengths.** All rows of the batch end at one place. Shorter ones have padding on the left, in the tokens and in the
 * caches, which no reader of the results sees. The model is told where each row starts, `starts`: the position of its first token in this
 * call. What stands at a position below 0 is padding. The model hides it from attention ([section](../04_attention/masks.ts)) and counts positions from the first real
 * token; a recurrent model leaves its state as it is there. Prompts of very different lengths are read in several passes, since padding
 * is computed like any token. A text that is over leaves the batch. A text whose context is full is read again beside the others and joins them: its keys and values are
 * put behind theirs, aligned at the end. So each text of a batch comes out as it does alone, up to the rounding of float32; the test "generate() of prompts of
 * different lengths equals one prompt at a time, for every kind of positions" says so.
 *
 * The session also steps in another way: it feeds the token that the device has just chosen before anybody has read it.
 *
 * **Formula.** With the decoder $f$, its caches $C$, tokens $y_j$ and the parents $\pi_j$ that they continue,
 *
 * $$(z_j, C_j) = f(y_{j-1}, C_{j-1}), \qquad C_j \leftarrow C_j[\pi_j]$$
 *
 * | symbol | in code          | shape                             |
 * | ------ | ---------------- | --------------------------------- |
 * | $y$    | `tokensToFeed()` | `[B, 1]`, the first time `[B, T]` |
 * | $z$    | `read()`         | `[B, V]`                          |
 * | $\pi$  | `parent`         | `[B]`                             |
 * | $C$    | `#memory`        | `[B, G, S, D]` each               |
 *
 * @module
 */

import { type Check, checkValue, object } from "../engine/options.ts";
import { noGrad } from "../engine/autograd.ts";
import type { Numbers } from "../engine/backend.ts";
import { withoutChance } from "../engine/chance.ts";
import { tensor } from "../engine/create.ts";
import { take } from "../engine/indexing.ts";
import { concat } from "../engine/joining.ts";
import type { Tensor } from "../engine/tensor.ts";
import { scope } from "../engine/scope.ts";
import { dims } from "../engine/shape.ts";
import type { StateMemory } from "../03_language_models/feed_forward_lm.ts";
import type { KeysAndValues, KeyValueMemory } from "../04_attention/multi_head.ts";
import { type CacheType, KeyValueCache } from "./kv_cache.ts";
import type { PromptCache } from "./prompt_cache.ts";
import type { DecodingTask, DeviceContext } from "./rules.ts";
import { type Decoder, decoderCheck } from "./sampling.ts";
import { tokensOf } from "./stops.ts";
import type { Choice, ChooseTokens, ChosenTokens, ScoredPrefix } from "./search.ts";

/** How long the sequences of a session may become. */
export interface SessionOptions {
  /** Most tokens after the prompt. */
  readonly maxNewTokens: number;
  /** Goes on where the context is full by forgetting its older half. */
  readonly slide: boolean;
  /** What ends a sequence, for rules to know; nothing by default. */
  readonly eosToken?: number | readonly number[] | undefined;
  /** Texts that continue each prompt, which is read once for all of them; 1 by default. */
  readonly copies?: number | undefined;
  /** What remembers the one text beyond this session; nothing by default. */
  readonly cache?: PromptCache | undefined;
  /** How keys and values are kept; float32 by default. */
  readonly cacheType?: CacheType | undefined;
  /** What keeps the memory at a fixed size; it grows with the text by default. */
  readonly window?: ContextWindow | undefined;
  /** Looks into each pass; nobody does by default. */
  readonly watch?: Watch | undefined;
}

/** Keys and values of one attention, or states, whose texts a session rearranges. */
export interface SessionMemory extends KeyValueMemory, StateMemory {
  /** Whether it grows with the text, as states of a network do not; false by default. */
  readonly grows?: boolean;
  /** Looks at what is kept. */
  contents(): KeysAndValues;
  /**
   * Chooses which texts of the batch to go on with.
   *
   * @param rows indices of texts
   * @param most how many of the last positions are kept; all by default
   */
  reorder(rows: readonly number[], most?: number): void;
  /** Takes in texts that stand elsewhere; absent where all texts have to go on together. */
  join?(other: SessionMemory): void;
  /** Gives the memory back. */
  dispose(): void;
}

/** Makes memories of a fixed size, such as {@linkcode rollingWindow}. */
export interface ContextWindow {
  /** Most positions that a token attends to, itself included. */
  readonly size: number;
  /**
   * Makes the memory of one attention.
   *
   * @returns an empty one
   */
  newMemory(): SessionMemory;
  /**
   * Refuses what such a memory cannot serve.
   *
   * @param decoder a model
   * @param lengths of the prompts
   */
  requireFit(decoder: Decoder, lengths: readonly number[]): void;
}

/** What a window may be. */
export const windowCheck: Check<ContextWindow> = object(
  "a window such as rollingWindow({ size: 512 })",
  (value) => "newMemory" in value && "requireFit" in value,
);

/** What is seen of a row. */
export type SeenRow = Pick<ScoredPrefix, "attentions" | "hiddenState">;

/** What comes of a pass that somebody watches. */
export interface Passed {
  /** As `forward` returns them. */
  readonly logits: Tensor;
  /** What was seen of each row, once it has been read. */
  readonly seen: readonly Promise<SeenRow>[];
}

/** Passes tokens through a model in place of `forward`, and looks: at rows that have so many positions then. */
export type Watch = (
  decoder: Decoder,
  tokens: Tensor,
  call: Parameters<Decoder["forward"]>[1],
  lengths: readonly number[],
) => Passed;

/** A token that the device chose, read. */
export interface ReadToken {
  /** The text that it continues. */
  readonly text: number;
  /** Its id. */
  readonly token: number;
  /** Logarithm of the model's own probability. */
  readonly logProbability: number;
}

/** A row of the batch: a prefix of a text, and how far the caches hold it. */
interface Row {
  /** Which text it continues, and the prompt of which source. */
  readonly text: number;
  readonly source: number;
  /** Texts that begin with it, once it has been read. */
  readonly copies: number;
  readonly promptLength: number;
  readonly tokens: number[];
  /** What ends it, for rules to know. */
  readonly task: DecodingTask;
  /** The first of its tokens that the context holds. */
  first: number;
  /** Its place in the caches; below 0 if they hold nothing of it. */
  at: number;
  /** How many of the last tokens the model has read, and how many after those are fresh. */
  read: number;
  fresh: number;
  /** What was seen of it at the last pass, if somebody watches. */
  seen?: Promise<SeenRow> | undefined;
}

/** Caches, and what the model takes for them. */
interface Memory {
  readonly caches: readonly SessionMemory[];
  /** Nothing where the model has none. */
  readonly memories: readonly (KeyValueMemory & StateMemory)[] | undefined;
  /** Positions of its longest row, padding of the others included. */
  length: number;
}

/** A decoder, its caches, and the sequences that they stand for. */
export class Session {
  readonly #decoder: Decoder;
  readonly #options: SessionOptions;
  #memory: Memory;
  /** Rows of one text follow each other. */
  #rows: Row[] = [];
  #texts = 0;
  /** The row that came last: the only one of a session with a cache. */
  #last: Row | undefined;

  /**
   * Opens the caches.
   *
   * @param decoder a model
   * @param prompts token ids, of any lengths; none if texts are added later
   * @param options how long the sequences may become
   * @throws {RangeError} if a prompt is empty, has a token that does not exist, or what follows does not fit the context
   */
  constructor(decoder: Decoder, prompts: readonly (readonly number[])[] | undefined, options: SessionOptions) {
    if (prompts) requireFit(decoder, prompts, options);
    else requireDecoder(decoder);
    this.#decoder = decoder;
    this.#options = options;
    this.#memory = this.#open();
    for (const prompt of prompts ?? []) this.#enter(prompt, options);
    if (options.cache) this.#resume(options.cache);
  }

  /**
   * Lets a text join.
   *
   * @param prompt token ids, at least one
   * @param options how long it may become
   * @returns its number, by which `read` and `follow` know it
   */
  add(prompt: readonly number[], options: SessionOptions): number {
    requireFit(this.#decoder, [prompt], options);
    this.#enter(prompt, options);
    return this.#texts - 1;
  }

  /** Begins with what a cache holds of the prompt. */
  #resume(cache: PromptCache): void {
    const row = this.#rows[0]!;
    // The scores after the last token are needed, so that at least this one is fed.
    const most = row.first === 0 ? row.tokens.slice(0, -1) : [];
    const held = cache.lend(this.#decoder, this.#memory.caches as readonly KeyValueCache[], most);
    if (held === 0) return;
    Object.assign(row, { at: 0, read: held, fresh: row.tokens.length - held });
    this.#memory.length = held;
  }

  #enter(prompt: readonly number[], { eosToken, maxNewTokens }: SessionOptions): void {
    const fresh = this.#options.window ? prompt.length : Math.min(prompt.length, this.#decoder.contextLength);
    const { copies = 1 } = this.#options, text = this.#texts, source = text / copies;
    this.#texts += copies;
    const eosTokens = tokensOf(eosToken), task = { eosToken: eosTokens[0], eosTokens, maxNewTokens };
    const own = { promptLength: prompt.length, tokens: [...prompt], task };
    const row = { ...own, text, source, copies, first: prompt.length - fresh, at: -1, read: 0, fresh };
    this.#rows.push(row);
    this.#last = row;
  }

  #open(): Memory {
    const caches: SessionMemory[] = [], { window } = this.#options;
    // The model returns what it was handed, by whichever of its two contracts.
    const memories = this.#decoder.newCaches?.(() => {
      const cache = window?.newMemory() ?? new KeyValueCache(this.#options.cacheType);
      caches.push(cache);
      return cache;
    }) as readonly (KeyValueMemory & StateMemory)[] | undefined;
    return { caches, memories, length: 0 };
  }

  /** Whether somebody remembers what the model has read. */
  get #remembers(): boolean {
    return this.#memory.memories !== undefined && this.#memory.memories.length > 0;
  }

  /** Makes room where the context of a row is full; a window does it by itself. */
  #slide(): void {
    if (this.#options.window) return;
    const { contextLength } = this.#decoder;
    for (const row of this.#rows) {
      if (row.read + row.fresh <= contextLength) continue;
      // The newer half is read again, at positions that begin anew.
      row.at = -1;
      row.read = 0;
      row.fresh = Math.ceil(contextLength / 2);
      row.first = row.tokens.length - row.fresh;
    }
  }

  /** Rows that pass the model together: those that go on by equally many tokens, and new ones of similar lengths. */
  #groups(): Row[][] {
    if (!this.#remembers) return [this.#rows];
    const goOn = grouped(this.#rows.filter(({ at }) => at >= 0), ({ fresh }) => fresh);
    return [...goOn.values(), ...byLength(this.#rows.filter(({ at }) => at < 0))];
  }

  /** What the caches hold of some rows, and of no others. */
  #memoryOf(rows: readonly Row[], isLast: boolean): Memory {
    const places = rows.map(({ at }) => at), most = this.#mostOf(rows), { caches, memories, length } = this.#memory;
    if (!this.#remembers || places.some((at) => at < 0)) return this.#open();
    if (isLast) {
      for (const cache of caches) cache.reorder(places, most);
      return { caches, memories, length: Math.min(length, most) };
    }
    const copy = this.#open();
    copy.caches.forEach((cache, i) => {
      cache.join!(caches[i]!);
      cache.reorder(places, most);
    });
    return { ...copy, length: Math.min(length, most) };
  }

  /** Positions that caches need; what a source left in them is not counted by positions of the text. */
  #mostOf(rows: readonly Row[]): number {
    return this.#decoder.numSources === undefined ? Math.max(...rows.map(({ read }) => read)) : Infinity;
  }

  /** Feeds what is fresh of every row; returns the logits after it, `[B, V]`. */
  #feed(most = Infinity): Tensor {
    this.#slide();
    const groups = this.#groups(), last = groups.findLastIndex((rows) => rows[0]!.at >= 0), before = this.#memory;
    const memories = groups.map((rows, i) => this.#memoryOf(rows, i === last));
    if (last < 0) dispose(before);
    const logits = groups.map((rows, i) => this.#pass(rows, tokensToFeed(rows, this.#remembers, most), memories[i]!));
    this.#memory = memories.reduce(joined);
    this.#rows = groups.flat();
    this.#rows.forEach((row, at) => row.at = at);
    return this.#copied(logits.length === 1 ? logits[0]! : concat(logits, 0));
  }

  /** Where a prompt that has just been read begins several texts, a row for each of them. */
  #copied(logits: Tensor): Tensor {
    if (this.#rows.every(({ copies }) => copies === 1)) return logits;
    const rows = this.#rows.flatMap((row) =>
      Array.from(
        { length: row.copies },
        (_, i): Row => ({ ...row, text: row.text + i, copies: 1, tokens: row.tokens.slice() }),
      )
    );
    const places = rows.map(({ at }) => at);
    for (const cache of this.#memory.caches) cache.reorder(places);
    rows.forEach((row, at) => row.at = at);
    this.#rows = rows;
    return take(logits, tensor(Int32Array.from(places)));
  }

  /** Feeds tokens `[B, T]` of some rows; returns the logits after the last, `[B, V]`. */
  #pass(rows: readonly Row[], tokens: Tensor, memory: Memory): Tensor {
    const { memories } = memory, [B, T] = tokens.shape as [number, number];
    const held = this.#remembers ? memory.length : 0;
    const decoder = this.#decoder, sources = rows.map(({ source }) => source);
    // Chosen here, so that what a model copies for it is freed with the step.
    const isWhole = sources.length === decoder.numSources && sources.every((source, row) => source === row);
    const given = (isWhole ? undefined : decoder.select?.(sources)) ?? decoder;
    const isPart = this.#options.window !== undefined;
    const places = isPart
      ? rows.map(() => held)
      : rows.map(({ read, fresh }) => this.#remembers ? read + fresh - T : -(T - read - fresh));
    const starts = places.every((start) => start === held) ? undefined : places;
    const { call, isHeard } = callOf(memories, starts);
    const { watch } = this.#options, lengths = rows.map(({ read, fresh }) => read + fresh);
    const { logits, seen = [] }: Partial<Passed> & Pick<Passed, "logits"> = withoutChance(() =>
      watch?.(given, tokens, call, lengths) ?? { logits: given.forward(tokens, call) }
    );
    rows.forEach((row, i) => row.seen = seen[i]);
    if (!isHeard()) throw new TypeError(deafTo(rows));
    dims(logits, "B T V", { B, V: decoder.vocabSize + (decoder.featureSize ?? 0) });
    memory.length = held + T;
    if (this.#options.cacheType && !memory.caches.some(({ grows }) => grows)) throw new TypeError(NOTHING_KEPT);
    for (const row of rows) {
      const read = this.#remembers ? Math.min(T, row.fresh) : row.fresh;
      row.read += read;
      row.fresh -= read;
    }
    return logits.at(1, -1);
  }

  /**
   * Reads what of a prompt does not fit a window: as much as fits at once, then one token at a time, all but the last.
   *
   * @param between what happens before each pass
   */
  async prefill(between: () => Promise<void>): Promise<void> {
    const { window } = this.#options;
    if (!window || this.#rows[0]!.fresh <= window.size) return;
    for (let most = window.size; this.#rows[0]!.fresh > 1; most = 1) {
      await between();
      scope(() =>
        noGrad((): void => {
          this.#feed(most);
        })
      );
    }
  }

  /** Feeds what is fresh; returns each text's prefixes with their logits, none of a text that is over. */
  async read(): Promise<Map<number, ScoredPrefix[]>> {
    let reading: Promise<Numbers> | undefined;
    scope(() =>
      noGrad(() => {
        reading = this.#feed().read();
      })
    );
    const [numbers, seen] = await Promise.all([
      reading!.then((read) => new Float64Array(read)),
      Promise.all(this.#rows.map(({ seen }) => seen)),
    ]);
    const { vocabSize, featureSize = 0 } = this.#decoder, width = vocabSize + featureSize;
    const prefixes = new Map<number, ScoredPrefix[]>();
    this.#rows.forEach(({ text, promptLength, task, tokens }, i) => {
      const row = numbers.subarray(i * width, (i + 1) * width), logits = row.subarray(0, vocabSize);
      const features = featureSize > 0 ? row.subarray(vocabSize) : undefined;
      const prefix = { ...task, promptLength, tokens, logits, ...features && { features }, ...seen[i] },
        own = prefixes.get(text);
      if (own) own.push(prefix);
      else prefixes.set(text, [prefix]);
    });
    return prefixes;
  }

  /** Goes on with some of the prefixes of each text, each followed by a token; a text without any leaves the batch. */
  follow(choicesOf: (text: number) => readonly Choice[]): void {
    const texts = grouped(this.#rows, ({ text }) => text), uses = new Map<Row, number>();
    const next = [...texts].flatMap(([text, rows]) =>
      choicesOf(text).map(({ parent, token }) => ({ row: rows[parent]!, token }))
    );
    for (const { row } of next) uses.set(row, (uses.get(row) ?? 0) + 1);
    this.#rows = next.map(({ row, token }) => {
      const own = uses.get(row) === 1 ? row : { ...row, tokens: row.tokens.slice() };
      uses.set(row, uses.get(row)! - 1);
      return { own, token };
    }).map(({ own, token }) => {
      own.tokens.push(token);
      own.fresh = 1;
      return own;
    });
  }

  /** Goes on with these texts alone, which have a row each. */
  retain(goesOn: (text: number) => boolean): void {
    this.#rows = this.#rows.filter(({ text }) => goesOn(text));
  }

  /**
   * Lets the device choose up to `count` tokens of each sequence, and only then reads them.
   *
   * @param count how many; fewer where the context ends
   * @param choose by tensors alone
   * @returns the tokens of each step
   */
  async ahead(count: number, choose: ChooseTokens): Promise<ReadToken[][]> {
    const readings: Promise<Choices>[] = [];
    scope(() =>
      noGrad(() => {
        const chosen: Tensor[] = [];
        let next = scope(() => this.#choose(this.#feed(), choose, chosen, readings));
        // What nobody remembers is fed again.
        let before = this.#remembers ? undefined : tokensToFeed(this.#rows, false);
        const { window } = this.#options, { contextLength } = this.#decoder;
        const room = window ? Infinity : Math.min(...this.#rows.map(({ read }) => contextLength - read + 1));
        for (let step = 1; step < Math.min(count, room); step++) {
          for (const row of this.#rows) row.fresh = 1;
          const fed = before = before && concat([before, next], 1), last = next;
          chosen.push(last);
          next = scope(() => this.#choose(this.#pass(this.#rows, fed ?? last, this.#memory), choose, chosen, readings));
        }
      })
    );
    const steps = await Promise.all(readings);
    return steps.map(({ tokens, logProbabilities }) => {
      for (const row of this.#rows) row.fresh = 1;
      return this.#rows.map(({ text, tokens: own }, i) => {
        own.push(tokens[i]!);
        return { text, token: tokens[i]!, logProbability: logProbabilities[i]! };
      });
    });
  }

  /** Chooses a token for each row, and begins to read it; returns it, `[B, 1]`. */
  #choose(
    logits: Tensor,
    choose: ChooseTokens,
    chosen: readonly Tensor[],
    readings: Promise<Choices>[],
  ): Tensor {
    const choice = choose(logits, this.#contextOf(chosen));
    readings.push(readChoice(choice));
    return choice.tokens.unsqueeze(-1);
  }

  /** What rules may look at on the device: the rows as they are, and what was chosen since. */
  #contextOf(chosen: readonly Tensor[]): DeviceContext | DeviceContext[] {
    const rows = this.#rows,
      longest = Math.max(...rows.map(({ tokens }) => tokens.length));
    const contextOf = (some: readonly Row[], from: number): DeviceContext => ({
      ...some[0]!.task,
      promptLength: some[0]!.promptLength,
      get tokens() {
        const own = chosen.map((column) => column.slice(0, from, from + some.length));
        return concat([rowsOf(some.map(({ tokens }) => tokens)), ...own], 1);
      },
    });
    const isEven = rows.every(({ tokens, promptLength }) =>
      tokens.length === longest && promptLength === rows[0]!.promptLength
    );
    return isEven ? contextOf(rows, 0) : rows.map((row, i) => contextOf([row], i));
  }

  /** Gives the caches back. */
  dispose(): void {
    const { cache } = this.#options, row = this.#last;
    if (cache && row && row.at >= 0) {
      cache.keep(
        this.#decoder,
        this.#memory.caches as readonly KeyValueCache[],
        row.tokens.slice(row.first, row.first + row.read),
      );
      this.#memory = { ...this.#memory, caches: [] };
    }
    dispose(this.#memory);
    this.#rows = [];
  }
}

/** What is fresh of each row, with padding before what is shorter; with what was read where nobody remembers that. */
function tokensToFeed(rows: readonly Row[], remembers: boolean, most = Infinity): Tensor {
  return rowsOf(rows.map(({ tokens, read, fresh }) => {
    const from = tokens.length - fresh - (remembers ? 0 : read);
    return tokens.slice(from, from + most);
  }));
}

/** Sequences that end together as int32 `[B, T]`, with token 0 as padding. */
function rowsOf(sequences: readonly (readonly number[])[]): Tensor {
  const T = Math.max(...sequences.map(({ length }) => length)), ids = new Int32Array(sequences.length * T);
  sequences.forEach((tokens, row) => ids.set(tokens, (row + 1) * T - tokens.length));
  return tensor(ids, [sequences.length, T]);
}

/** What a model is told besides the tokens, and whether it asked where the rows start, if they start apart. */
function callOf(
  caches: Memory["memories"],
  starts: readonly number[] | undefined,
): { readonly call: Parameters<Decoder["forward"]>[1]; readonly isHeard: () => boolean } {
  if (!starts) return { call: { caches, lastOnly: true }, isHeard: () => true };
  let isHeard = false;
  const call = {
    caches,
    lastOnly: true,
    get starts() {
      isHeard = true;
      return starts;
    },
  };
  return { call, isHeard: () => isHeard };
}

/** The texts of both, in the first of them. */
function joined(one: Memory, other: Memory): Memory {
  one.caches.forEach((cache, i) => cache.join!(other.caches[i]!));
  dispose(other);
  return { ...one, length: Math.max(one.length, other.length) };
}

function dispose({ caches }: Memory): void {
  for (const cache of caches) cache.dispose();
}

/** A choice for each row, read. */
interface Choices {
  /** `[B]` */
  readonly tokens: Numbers;
  /** `[B]` */
  readonly logProbabilities: Numbers;
}

/** Begins to read a choice. */
async function readChoice({ tokens, logProbabilities }: ChosenTokens): Promise<Choices> {
  const [chosen, found] = await Promise.all([tokens.read(), logProbabilities.read()]);
  return { tokens: chosen, logProbabilities: found };
}

/** Rows by what is said of them, in their order: `Map.groupBy`, which Node 20 lacks. */
function grouped<T, K>(rows: readonly T[], of: (row: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const row of rows) {
    const key = of(row), group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return groups;
}

/** Tokens of padding that cost as much as another pass, about: it reads all weights again. */
const PASS = 16;

/** Rows in groups, so that what passes the model, padding included, costs least. */
function byLength(rows: readonly Row[]): Row[][] {
  const sorted = rows.toSorted((a, b) => a.fresh - b.fresh);
  // The least cost of the first rows, and how many of them are in its last group.
  const least = [0], last = [0];
  for (let end = 1; end <= sorted.length; end++) {
    const length = sorted[end - 1]!.fresh;
    let best = Infinity, size = 0;
    for (let count = 1; count <= end; count++) {
      const cost = least[end - count]! + PASS + count * length;
      if (cost < best) [best, size] = [cost, count];
    }
    least.push(best);
    last.push(size);
  }
  const groups: Row[][] = [];
  for (let end = sorted.length; end > 0; end -= last[end]!) groups.unshift(sorted.slice(end - last[end]!, end));
  return groups;
}

// ## What is refused

/** Why a model has no use for a cache of another type. */
const NOTHING_KEPT =
  "Cannot use cacheType with a model that keeps no keys and values: it has no cache, or states instead";

/** Why prompts of different lengths cannot be read together. */
function deafTo(rows: readonly Row[]): string {
  const lengths = [...new Set(rows.map(({ tokens }) => tokens.length))].sort((a, b) => a - b);
  return `Cannot generate from texts of ${
    lengths.join(", ").replace(/, (\d+)$/, " and $1")
  } tokens together: forward() of the ` +
    "model must read the option starts, which says where the padding of the shorter ones ends";
}

/** Whether it has to be given a source before it continues a text. */
function isTranslator(value: unknown): boolean {
  const { given, encode } = (value ?? {}) as Readonly<Record<string, unknown>>;
  return typeof given === "function" && typeof encode === "function";
}

function isList(value: unknown): boolean {
  return Array.isArray(value) || ArrayBuffer.isView(value);
}

function requireDecoder(decoder: Decoder): void {
  if (isTranslator(decoder)) {
    throw new TypeError(
      "Cannot generate from a model that reads a source: model.given(model.encode(source), sourceMask) is what to give",
    );
  }
  checkValue("generate", "decoder", decoder, decoderCheck);
}

/** Refuses what a model cannot continue. */
export function requireFit(
  decoder: Decoder,
  prompts: readonly (readonly number[])[],
  { maxNewTokens, slide, eosToken, window }: SessionOptions,
): void {
  requireDecoder(decoder);
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
  const lengths = Array.from(prompts, (prompt) => prompt?.length ?? 0),
    size = Math.max(0, ...lengths),
    shortest = Math.min(...lengths);
  if (size === 0 || shortest === 0) {
    throw new RangeError("Cannot generate from an empty prompt: at least one token is needed");
  }
  for (const prompt of prompts) {
    const wrong = prompt.find((token) => !(Number.isInteger(token) && token >= 0 && token < vocabSize));
    if (wrong !== undefined) throw new RangeError(`Cannot read token ${wrong}: the vocabulary has ${vocabSize}`);
  }
  const beyond = tokensOf(eosToken).find((token) => token >= vocabSize);
  if (beyond !== undefined) {
    throw new RangeError(`Cannot end with eosToken = ${beyond}: the vocabulary has ${vocabSize}`);
  }
  if (slide && contextLength === Infinity) throw new TypeError("Cannot use slide with a model of unbounded context");
  if (slide && numSources !== undefined && shortest !== size) {
    throw new TypeError(
      `Cannot use slide with sources and prompts of ${shortest} and ${size} tokens: their contexts are not full at one time`,
    );
  }
  if (window) return window.requireFit(decoder, lengths);
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
