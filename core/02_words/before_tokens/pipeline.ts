/**
 * # A tokenizer of parts
 *
 * **Question.** Tokenizers differ in the form of the text, in where it is cut, in the rule that cuts a piece, and in how tokens
 * become text. How do these parts make a tokenizer without knowing one another?
 *
 * **Idea.** One after the other: the normalizer changes the text, the pre-tokenizer cuts it into pieces, the model cuts each piece
 * into tokens, the decoder goes back. An [aligned text](aligned_text.ts) carries the places through all of them. Files of Hugging
 * Face have the same four parts.
 *
 * @module
 */

import { checkText, checkTokens, checkTokenStream } from "../../engine/arguments.ts";
import type { Json } from "../../engine/json.ts";
import { checkOptions, type Checks, group, list, object, required, shown, string } from "../../engine/options.ts";
import { rest } from "../../engine/pace.ts";
import { AlignedText } from "./aligned_text.ts";
import type { Decoder, DecoderRun, TokenWriter } from "./decoders.ts";
import type { Normalizer, PreTokenizer } from "./pre_tokenizer.ts";
import { splitSpecialTokens } from "./special_tokens.ts";
import {
  type DecodeOptions,
  type EncodeOptions,
  type PieceToken,
  type TextToken,
  type TokenBytes,
  type Tokenizer,
  type TokenizerFile,
  type TokenModel,
  withSpecialTokens,
} from "./tokenizer.ts";
import { Trie } from "./trie.ts";

/** The roles that a special token may have. */
export type SpecialRole = "pad" | "begin" | "end" | "unknown";

/** What a {@linkcode TokenizerPipeline} is made of. */
export interface PipelineParts {
  /** Cuts a piece into tokens. */
  readonly model: TokenModel;
  /** Changes the text; nothing does by default. */
  readonly normalizer?: Normalizer | undefined;
  /** Cuts the text into pieces; all of it is one piece by default. */
  readonly preTokenizer?: PreTokenizer | undefined;
  /** Makes text of tokens; they are joined as they are by default. */
  readonly decoder?: Decoder | undefined;
  /** Tokens that no text contains, each in the model; none by default. */
  readonly specialTokens?: readonly string[] | undefined;
  /** Which special token has which role; none has one by default. */
  readonly roles?: Readonly<Partial<Record<SpecialRole, string>>> | undefined;
}

const partChecks: Checks<PipelineParts> = {
  model: required(object<TokenModel>("a model with tokens and cut", (value) => "cut" in value && "tokens" in value)),
  normalizer: object<Normalizer>("a normalizer", (value) => "apply" in value),
  preTokenizer: object<PreTokenizer>("a pre-tokenizer", (value) => "cut" in value),
  decoder: object<Decoder>("a decoder", (value) => "open" in value),
  specialTokens: list("a list of strings", (token) => typeof token === "string"),
  roles: group<NonNullable<PipelineParts["roles"]>>({ pad: string, begin: string, end: string, unknown: string }),
};

const MAX_REMEMBERED = 2 ** 15;

/** Writes tokens as they are. */
const plain: TokenWriter = { write: (text) => text };

/** The kind and version of a file. */
export const PIPELINE_FORMAT = "heed tokenizer 1";

/** A tokenizer made of a normalizer, a pre-tokenizer, a model and a decoder. */
export class TokenizerPipeline implements Tokenizer {
  /** The parts. */
  readonly parts: PipelineParts;
  /** The ids of the tokens that no text contains, by what they are called. */
  readonly specialTokens: ReadonlyMap<string, number>;
  /** Id of the token that fills short rows of a batch; undefined if there is none. */
  readonly padToken: number | undefined;
  /** Id of the token before the first one; undefined if there is none. */
  readonly beginToken: number | undefined;
  /** Id of the token after the last one; undefined if there is none. */
  readonly endToken: number | undefined;
  /** Id of the token for what the vocabulary cannot write; undefined if there is none. */
  readonly unknownToken: number | undefined;
  readonly #special: Trie;
  readonly #hidden: ReadonlySet<number>;
  readonly #remembered = new Map<string, readonly PieceToken[]>();

  /**
   * Puts the parts together.
   *
   * @param parts the model at least
   * @throws {TypeError} if a part is none, or a special token is not in the model
   */
  constructor(parts: PipelineParts) {
    checkOptions("build a tokenizer", parts, partChecks);
    this.parts = parts;
    const { model, specialTokens = [], roles = {} } = parts;
    const idOf = (token: string): number => {
      const id = model.idOf(token);
      if (id === undefined) {
        throw new TypeError(`Cannot build a tokenizer with the special token ${shown(token)}: it must be in the model`);
      }
      return id;
    };
    const all = new Set([...specialTokens, ...Object.values(roles).filter((token) => token !== undefined)]);
    this.specialTokens = new Map([...all].map((token) => [token, idOf(token)]));
    const role = (name: SpecialRole): number | undefined => roles[name] === undefined ? undefined : idOf(roles[name]);
    this.padToken = role("pad");
    this.beginToken = role("begin");
    this.endToken = role("end");
    this.unknownToken = role("unknown") ?? model.unknownToken;
    this.#special = new Trie(this.specialTokens);
    // What is unknown is shown.
    this.#hidden = new Set([...this.specialTokens.values()].filter((id) => id !== this.unknownToken));
  }

  /** The tokens by their ids. */
  get tokens(): readonly string[] {
    return this.parts.model.tokens;
  }

  /** How many tokens there are, the special ones included. */
  get vocabSize(): number {
    return this.tokens.length;
  }

  /** The id of a token; undefined if the vocabulary lacks it. */
  idOf(token: string): number | undefined {
    checkText("look up", "token", token);
    return this.parts.model.idOf(token);
  }

  /**
   * Cuts a text into the ids of its tokens.
   *
   * @param text any string
   * @param options whether special tokens are recognized
   * @returns ids, without begin and end
   */
  encode(text: string, options: EncodeOptions = {}): number[] {
    const ids: number[] = [];
    this.#read(text, options, (id) => ids.push(id));
    return ids;
  }

  /**
   * Cuts a text into tokens, and says where each stands in the text.
   *
   * @param text any string
   * @param options whether special tokens are recognized
   * @returns tokens in the order of the text
   */
  tokenize(text: string, options: EncodeOptions = {}): TextToken[] {
    const found: TextToken[] = [], { tokens } = this;
    this.#read(text, options, (id, piece, from, to) => {
      const [start, end] = piece.source(from, to);
      found.push({ id, token: tokens[id]!, start, end });
    });
    return found;
  }

  /**
   * The pieces of a text that no token crosses.
   *
   * @param text any string
   * @returns pieces as the normalizer and the pre-tokenizer leave them
   */
  cut(text: string): readonly AlignedText[] {
    if (typeof text !== "string") throw new TypeError(`Cannot encode ${shown(text)}: text must be a string`);
    return this.#pieces(AlignedText.of(text));
  }

  /**
   * Joins tokens to a text.
   *
   * @param ids tokens of this vocabulary
   * @param options whether special tokens are written
   * @returns the text
   * @throws {RangeError} if an id is not in the vocabulary
   */
  decode(ids: Iterable<number>, options: DecodeOptions = {}): string {
    checkTokens("decode", ids);
    const withSpecial = withSpecialTokens("decode", options), run = this.#open(), parts: string[] = [];
    for (const id of ids) {
      const token = this.#tokenOf(id, withSpecial);
      if (token !== undefined) parts.push(...run.write(token));
    }
    parts.push(...run.end());
    return parts.join("");
  }

  /**
   * Turns tokens into text while they arrive; a character comes once all its bytes are there.
   *
   * @param ids tokens of this vocabulary, as a generation streams them
   * @param options whether special tokens are written
   * @returns pieces of text that join to what {@linkcode decode} returns
   * @throws {RangeError} if an id is not in the vocabulary
   */
  async *decodeStream(
    ids: AsyncIterable<number> | Iterable<number>,
    options: DecodeOptions = {},
  ): AsyncGenerator<string> {
    checkTokenStream("decode", ids);
    const withSpecial = withSpecialTokens("decode", options), run = this.#open();
    for await (const id of ids) {
      await rest();
      const token = this.#tokenOf(id, withSpecial);
      const text = token === undefined ? "" : run.write(token).join("");
      if (text !== "") yield text;
    }
    const last = run.end().join("");
    if (last !== "") yield last;
  }

  /**
   * What each token adds to a text; special tokens and the unknown one add nothing.
   *
   * @throws {TypeError} if the decoder writes a token by what follows it
   */
  tokenBytes(): TokenBytes {
    const { decoder } = this.parts, apart = decoder ? decoder.apart?.(false) : plain;
    if (!apart) {
      throw new TypeError(
        `Cannot tell the bytes of tokens apart: the decoder ${decoder!.name} writes a token by what follows it`,
      );
    }
    const utf8 = new TextEncoder();
    const silent = new Set([
      ...this.specialTokens.values(),
      ...this.unknownToken === undefined ? [] : [this.unknownToken],
    ]);
    const bytesOf = (isFirst: boolean) =>
      this.tokens.map((token, id) => {
        if (silent.has(id)) return undefined;
        const text = apart.write(token, isFirst);
        return typeof text === "string" ? utf8.encode(text) : text;
      });
    const restarts = this.tokens.flatMap((token, id) => apart.restarts?.(token) ? [id] : []);
    return { first: bytesOf(true), later: bytesOf(false), restarts: new Set(restarts) };
  }

  /** The tokenizer as plain data for a JSON file. */
  toJSON(): TokenizerFile {
    const { model, normalizer, preTokenizer, decoder, roles = {} } = this.parts;
    const part = (value: Normalizer | PreTokenizer | Decoder | undefined): Json =>
      value ? { name: value.name, ...value.options } : null;
    return {
      format: PIPELINE_FORMAT,
      normalizer: part(normalizer),
      preTokenizer: part(preTokenizer),
      model: model.toJSON(),
      decoder: part(decoder),
      specialTokens: [...this.specialTokens.keys()],
      roles: { ...roles } as Record<string, string>,
    };
  }

  #pieces(text: AlignedText): readonly AlignedText[] {
    const { normalizer, preTokenizer } = this.parts;
    const changed = normalizer ? normalizer.apply(text) : text;
    if (changed.text === "") return [];
    return preTokenizer ? preTokenizer.cut(changed) : [changed];
  }

  #read(
    text: string,
    options: EncodeOptions,
    found: (id: number, piece: AlignedText, start: number, end: number) => void,
  ): void {
    if (typeof text !== "string") throw new TypeError(`Cannot encode ${shown(text)}: text must be a string`);
    const special = withSpecialTokens("encode", options);
    const parts = special ? splitSpecialTokens(text, this.#special) : [{ start: 0, end: text.length }];
    for (const part of parts) {
      const piece = AlignedText.of(text.slice(part.start, part.end), part.start);
      if ("id" in part && part.id !== undefined) {
        found(part.id, piece, 0, piece.text.length);
        continue;
      }
      for (const one of this.#pieces(piece)) {
        for (const { id, start, end } of this.#cutPiece(one.text)) found(id, one, start, end);
      }
    }
  }

  /** Cuts a piece. Words repeat: remembering the short ones makes most of a text a look-up. */
  #cutPiece(piece: string): readonly PieceToken[] {
    const known = this.#remembered.get(piece);
    if (known) return known;
    const tokens = this.parts.model.cut(piece);
    if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear();
    if (piece.length <= 32) this.#remembered.set(piece, tokens);
    return tokens;
  }

  #open(): DecoderRun {
    return this.parts.decoder?.open(false) ?? { write: (token) => [token], end: () => [] };
  }

  #tokenOf(id: number, withSpecial: boolean): string | undefined {
    const token = typeof id === "number" ? this.tokens[id] : undefined;
    if (token === undefined) {
      throw new RangeError(`Cannot decode token ${shown(id)}: ids must be integers in [0, ${this.vocabSize})`);
    }
    return !withSpecial && this.#hidden.has(id) ? undefined : token;
  }
}
