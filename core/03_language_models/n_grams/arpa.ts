/**
 * # N-grams in a file
 *
 * **Question.** Other programs train and use n-gram models too: KenLM, SRILM, speech recognizers. What do they read?
 *
 * **Idea.** ARPA files: text, an n-gram a line, with the decimal logarithm of its probability before it and of its back-off weight
 * after it, if it has one. Every method of [smoothing](smoothing.ts) on these pages has this form, and the file does not say which
 * one made it.
 *
 * **Why decimal logarithms.** The format is older than this book. A probability of 0 is written as −99, as SRILM does.
 *
 * **What is not listed.** The format states two rules: an n-gram that is listed has its own probability, and for any other the back-off weight of its context,
 * 1 unless it is listed, is multiplied by the probability after the shorter context. Nothing says that the prefix of an n-gram is listed too. SRILM
 * prunes models so that it may be absent. The tree of [a table](model.ts) needs it: it is added with the probability that the two rules give it anyway.
 *
 * **Words.** White space separates words in a file. So white space and control characters within a token, which tokenizers have and words do not,
 * are written by their number, `\u{20}`. The token that begins sequences is `<s>`, the one that ends them `</s>`, and the one that stands
 * for unknown words `<unk>`: that is what other programs look for.
 *
 * @module
 */

import { checkInstance, checkList } from "../../engine/arguments.ts";
import { abortSignal, checkOptions, type Checks, integer } from "../../engine/options.ts";
import { quote, shown } from "../../engine/shown.ts";
import { rest } from "../../engine/pace.ts";
import { startsOf } from "./counts.ts";
import { NGramModel, type NGramOrder } from "./model.ts";

/** Which tokens of a vocabulary are special in a file. */
export interface ArpaTokens {
  /** Token written as `<s>`; the model's own by default. */
  readonly beginToken?: number | undefined;
  /** Token written as `</s>`; none by default. */
  readonly endToken?: number | undefined;
  /** Token written as `<unk>`; none by default. */
  readonly unknownToken?: number | undefined;
}

const TOKENS: Checks<ArpaTokens> = {
  beginToken: integer({ min: 0 }),
  endToken: integer({ min: 0 }),
  unknownToken: integer({ min: 0 }),
};

/** What stands for a probability of 0. */
const NEVER = -99;

/** A word as a file holds it. */
const written = (word: string): string =>
  word === "" ? "\\u{}" : word.replace(/[\s\p{C}\ufeff]|\\(?=u\{)/gu, (c) => `\\u{${c.codePointAt(0)!.toString(16)}}`);

/** A word of a file. */
const spelled = (word: string): string =>
  word.replace(/\\u\{([0-9a-f]{0,6})\}/g, (all, hex: string) => {
    const code = parseInt(hex || "0", 16);
    return hex === "" ? "" : code > 0x10ffff ? all : String.fromCodePoint(code);
  });

/** A logarithm as a file holds it. */
const decimal = (log: number): string =>
  log === -Infinity ? String(NEVER) : String(Number((log / Math.LN10).toPrecision(7)));

/**
 * Writes a model as the lines of an ARPA file, without line breaks.
 *
 * @param model the model
 * @param words what each token spells, by id
 * @param tokens which of them are special
 * @returns the lines, one after the other
 * @throws {TypeError} if the words are not as many as the vocabulary has, or two are the same
 */
export function arpaLines(model: NGramModel, words: readonly string[], tokens: ArpaTokens = {}): Generator<string> {
  checkInstance("write an ARPA file", "model", model, NGramModel);
  checkList("write an ARPA file", "words", words, "strings", (word) => typeof word === "string");
  checkOptions("write an ARPA file", tokens, TOKENS);
  return linesOfFile(model, namesOf(model, words, tokens));
}

function* linesOfFile(model: NGramModel, names: readonly string[]): Generator<string> {
  yield "\\data\\";
  for (const [i, size] of model.sizes.entries()) yield `ngram ${i + 1}=${size}`;
  // Each order is walked in the order of the tree, along which the prefix is known.
  for (let n = 1; n <= model.order; n++) {
    yield "";
    yield `\\${n}-grams:`;
    yield* linesOf(model, n, names);
  }
  yield "";
  yield "\\end\\";
}

/** The n-grams of one order. */
function* linesOf({ orders }: NGramModel, n: number, names: readonly string[]): Generator<string> {
  const { logProbability, logBackoff } = orders[n - 1]!;
  const path: string[] = [];
  function* below(depth: number, from: number, end: number): Generator<string> {
    const { word, starts } = orders[depth - 1]!;
    for (let i = from; i < end; i++) {
      path[depth - 1] = names[word[i]!]!;
      if (depth < n) yield* below(depth + 1, starts![i]!, starts![i + 1]!);
      else {
        const backoff = logBackoff ? `\t${decimal(logBackoff[i]!)}` : "";
        yield `${decimal(logProbability[i]!)}\t${path.slice(0, n).join(" ")}${backoff}`;
      }
    }
  }
  yield* below(1, 0, orders[0]!.word.length);
}

function namesOf(model: NGramModel, words: readonly string[], tokens: ArpaTokens): string[] {
  if (words.length !== model.vocabSize) {
    throw new TypeError(`Cannot write an ARPA file of ${model.vocabSize} tokens with ${words.length} words`);
  }
  const names = words.map(written), { beginToken = model.beginToken, endToken, unknownToken } = tokens;
  for (const [token, name] of [[beginToken, "<s>"], [endToken, "</s>"], [unknownToken, "<unk>"]] as const) {
    if (token !== undefined && token < names.length) names[token] = name;
  }
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw new TypeError(`Cannot write an ARPA file with the word ${quote(name)} for two tokens`);
    seen.add(name);
  }
  return names;
}

/** What an ARPA file holds. */
export interface ArpaModel {
  /** The model. */
  readonly model: NGramModel;
  /** What each token spells, by id; special ones as the file has them. */
  readonly words: readonly string[];
  /** Id of `<s>`; absent where the file has none. */
  readonly beginToken?: number;
  /** Id of `</s>`; absent where the file has none. */
  readonly endToken?: number;
  /** Id of `<unk>`; absent where the file has none. */
  readonly unknownToken?: number;
}

/** Options of {@linkcode readArpa}. */
export interface ReadArpaOptions {
  /** Stops the reading with the signal's reason; nothing does by default. */
  readonly signal?: AbortSignal | undefined;
}

const READ: Checks<ReadArpaOptions> = { signal: abortSignal };

/** The n-grams of an order as a file lists them. */
interface Listed {
  readonly prefix: number[];
  readonly word: number[];
  readonly logProbability: number[];
  readonly logBackoff: number[];
}

/**
 * Reads the lines of an ARPA file: of this book, KenLM or SRILM.
 *
 * Ids are given in the order of the unigrams.
 *
 * @param lines the file, line by line, or the whole of it
 * @param options what stops it
 * @returns the model and its words
 * @throws {SyntaxError} if it is anything else; the sentence names the line
 */
export async function readArpa(
  lines: string | Iterable<string> | AsyncIterable<string>,
  options: ReadArpaOptions = {},
): Promise<ArpaModel> {
  checkOptions("read an ARPA file", options, READ);
  if (
    typeof lines !== "string" &&
    !(typeof lines === "object" && lines && (Symbol.iterator in lines || Symbol.asyncIterator in lines))
  ) {
    throw new TypeError("Cannot read an ARPA file from this: a string or an iterable of lines is needed");
  }
  const reader = new Reader();
  let number = 0;
  for await (const line of typeof lines === "string" ? lines.split("\n") : lines) {
    if (++number % 4096 === 0) await rest(options.signal);
    if (typeof line !== "string") {
      throw new TypeError(`Cannot read ${shown(line)} as line ${number} of an ARPA file: a string is needed`);
    }
    reader.take(line.trim(), number);
  }
  return reader.result();
}

/** Takes an ARPA file line by line. */
class Reader {
  /** Counts of the head, by order. */
  readonly #sizes: number[] = [];
  /** 0 before and in the head, an order in its section, and beyond all orders behind the end. */
  #section = 0;
  #isOpen = false;
  readonly #orders: NGramOrder[] = [];
  /** For each n-gram of an order that is closed, the number of its prefix. */
  readonly #prefixes: Int32Array[] = [];
  #listed: Listed = { prefix: [], word: [], logProbability: [], logBackoff: [] };
  /** Prefixes that the order below lacks; an n-gram names the first of them by −1. */
  #absent: number[][] = [];
  readonly #words: string[] = [];
  readonly #ids = new Map<string, number>();

  take(line: string, number: number): void {
    const fail = (what: string): never => {
      throw new SyntaxError(`Cannot read an ARPA file: line ${number} ${what}`);
    };
    if (line === "" || this.#section === Infinity) return;
    if (line === "\\data\\") {
      this.#isOpen = true;
      return;
    }
    // What stands before \data\ is a comment.
    if (!this.#isOpen) return;
    const [, order, count] = /^ngram\s+(\d+)\s*=\s*(\d+)$/.exec(line) ?? [];
    if (order !== undefined) {
      if (Number(order) !== this.#sizes.length + 1) {
        fail(`counts order ${order}, and ${this.#sizes.length + 1} is next`);
      }
      this.#sizes.push(Number(count));
      return;
    }
    const [, section] = /^\\(\d+)-grams:$/.exec(line) ?? [];
    if (section !== undefined || line === "\\end\\") {
      if (this.#section > 0) this.#close(fail);
      const next = section === undefined ? this.#sizes.length + 1 : Number(section);
      if (next !== this.#section + 1) fail(`comes after order ${this.#section} of ${this.#sizes.length}`);
      this.#section = section === undefined ? Infinity : next;
      return;
    }
    if (this.#section === 0) fail(`is neither a count nor the first section: ${quote(line)}`);
    this.#add(line, fail);
  }

  #add(line: string, fail: (what: string) => never): void {
    const n = this.#section, cells = line.split(/[ \t]+/), [log10, ...rest] = cells;
    if (rest.length !== n && rest.length !== n + 1) {
      fail(`has ${cells.length} columns, and ${n + 1} or ${n + 2} are needed`);
    }
    const logProbability = toNumber(log10!), logBackoff = rest.length > n ? toNumber(rest[n]!) : 0;
    if (!(logProbability <= 1e-4)) fail(`has the logarithm ${quote(log10!)} for a probability: it must be at most 0`);
    if (Number.isNaN(logBackoff)) fail(`has the back-off weight ${quote(rest[n]!)}: it must be a number`);
    const ids = rest.slice(0, n).map((word) => this.#idOf(spelled(word), n, fail));
    const prefix = n === 1 ? 0 : this.#find(ids.slice(0, -1));
    this.#listed.prefix.push(prefix >= 0 ? prefix : -this.#absent.push(ids.slice(0, -1)));
    this.#listed.word.push(ids.at(-1)!);
    this.#listed.logProbability.push(Math.min(0, logProbability) * Math.LN10);
    this.#listed.logBackoff.push(logBackoff * Math.LN10);
  }

  #idOf(word: string, n: number, fail: (what: string) => never): number {
    const known = this.#ids.get(word);
    if (n > 1) return known ?? fail(`has the word ${quote(word)}, which is no unigram`);
    if (known !== undefined) fail(`has the word ${quote(word)} again`);
    this.#ids.set(word, this.#words.length);
    return this.#words.push(word) - 1;
  }

  /** The number of an n-gram in its order, or −1. */
  #find(ids: readonly number[]): number {
    let node = ids[0]!;
    for (let depth = 1; depth < ids.length; depth++) {
      const { starts } = this.#orders[depth - 1]!, { word } = this.#orders[depth]!;
      let [low, high] = [starts![node]!, starts![node + 1]!];
      const end = high;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (word[middle]! < ids[depth]!) low = middle + 1;
        else high = middle;
      }
      if (low === end || word[low] !== ids[depth]) return -1;
      node = low;
    }
    return node;
  }

  /** Sorts a section, and gives the one below the places of its continuations. */
  #close(fail: (what: string) => never): void {
    const n = this.#section, { prefix: found, word, logProbability, logBackoff } = this.#listed;
    if (word.length !== this.#sizes[n - 1]) {
      fail(`ends ${word.length} n-grams of order ${n}, and the head counts ${this.#sizes[n - 1]}`);
    }
    const absent = this.#absent.splice(0), moved = this.#addPrefixes(absent);
    const prefix = found.map((one) => one < 0 ? this.#find(absent[-one - 1]!) : moved?.[one] ?? one);
    const places = word.map((_, i) => i).sort((a, b) => prefix[a]! - prefix[b]! || word[a]! - word[b]!);
    for (let i = 1; i < places.length; i++) {
      const [a, b] = [places[i - 1]!, places[i]!];
      if (prefix[a] === prefix[b] && word[a] === word[b]) fail(`ends a section of order ${n} with an n-gram twice`);
    }
    this.#prefixes.push(Int32Array.from(places, (i) => prefix[i]!));
    this.#orders.push({
      word: Int32Array.from(places, (i) => word[i]!),
      logProbability: Float32Array.from(places, (i) => logProbability[i]!),
      ...(n < this.#sizes.length && { logBackoff: Float32Array.from(places, (i) => logBackoff[i]!) }),
    });
    this.#place(n - 1);
    this.#listed = { prefix: [], word: [], logProbability: [], logBackoff: [] };
  }

  /** Tells the n-grams of an order where their continuations begin. */
  #place(n: number): void {
    const order = this.#orders[n - 1], above = this.#prefixes[n];
    if (order && above) this.#orders[n - 1] = { ...order, starts: startsOf(above, order.word.length) };
  }

  /** Adds n-grams of one order that are not listed, and what they begin with; says where those of that order have moved. */
  #addPrefixes(absent: readonly (readonly number[])[]): Int32Array | undefined {
    const length = absent[0]?.length ?? 0;
    let moved: Int32Array | undefined;
    for (let n = 2; n <= length; n++) {
      const beginnings = new Map(absent.map((ids) => [ids.slice(0, n).join(), ids.slice(0, n)]));
      moved = this.#addTo(n, [...beginnings.values()].filter((ids) => this.#find(ids) < 0));
    }
    return moved;
  }

  /** Adds n-grams whose prefixes are there, and returns the new number of each old one. */
  #addTo(n: number, added: readonly (readonly number[])[]): Int32Array {
    const { word, logProbability, logBackoff } = this.#orders[n - 1]!, old = word.length;
    const orders = this.#orders.slice(0, n).map((order, i) => i < n - 1 ? order : { ...order, starts: undefined });
    const model = new NGramModel({ vocabSize: this.#words.length, orders: orders as NGramOrder[] });
    const prefix = [...this.#prefixes[n - 1]!, ...added.map((ids) => this.#find(ids.slice(0, -1)))];
    const last = [...word, ...added.map((ids) => ids.at(-1)!)];
    // What the rules say of it: it is not listed.
    const logs = [...logProbability, ...added.map((ids) => model.scoreTokens(Int32Array.from(ids), n - 1, n)[0]!)];
    const places = last.map((_, i) => i).sort((a, b) => prefix[a]! - prefix[b]! || last[a]! - last[b]!);
    const moved = new Int32Array(old);
    places.forEach((from, to) => from < old && (moved[from] = to));
    this.#orders[n - 1] = {
      word: Int32Array.from(places, (i) => last[i]!),
      logProbability: Float32Array.from(places, (i) => logs[i]!),
      // As a context it weighs 1.
      logBackoff: Float32Array.from(places, (i) => i < old ? logBackoff![i]! : 0),
    };
    this.#prefixes[n - 1] = Int32Array.from(places, (i) => prefix[i]!);
    if (this.#prefixes[n]) this.#prefixes[n] = this.#prefixes[n]!.map((one) => moved[one]!);
    this.#place(n - 1);
    this.#place(n);
    return moved;
  }

  result(): ArpaModel {
    if (!this.#isOpen) throw new SyntaxError("Cannot read an ARPA file: it has no line \\data\\");
    if (this.#section !== Infinity) throw new SyntaxError("Cannot read an ARPA file: it has no line \\end\\");
    if (this.#words.length === 0) throw new SyntaxError("Cannot read an ARPA file: it has no unigrams");
    const [beginToken, endToken, unknownToken] = ["<s>", "</s>", "<unk>"].map((word) => this.#ids.get(word));
    return {
      model: new NGramModel({ vocabSize: this.#words.length, orders: this.#orders, beginToken }),
      words: this.#words,
      ...(beginToken !== undefined && { beginToken }),
      ...(endToken !== undefined && { endToken }),
      ...(unknownToken !== undefined && { unknownToken }),
    };
  }
}

/** A number of a file; -99 and less stand for the logarithm of 0, NaN for no number. */
function toNumber(text: string): number {
  if (/^-inf(inity)?$/i.test(text)) return -Infinity;
  const value = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Number(text) : NaN;
  return value <= NEVER ? -Infinity : value;
}
