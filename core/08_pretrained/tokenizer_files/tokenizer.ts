/**
 * # A tokenizer that was published
 *
 * **Question.** The [pipeline](../../02_words/before_tokens/pipeline.ts) has four parts. What do published tokenizers have besides?
 *
 * **Idea.** Two things around the four: tokens that were [added](added_tokens.ts), at which the text is cut first, and a [template](sequences.ts) with special tokens around it. Between them everything is as before.
 *
 * @module
 */

import { checkText, checkTokens, checkTokenStream } from "../../engine/arguments.ts";
import type { Json } from "../../engine/json.ts";
import {
  callback,
  checkOptions,
  type Checks,
  flag,
  group,
  integer,
  list,
  object,
  oneOf,
  required,
  shown,
  string,
} from "../../engine/options.ts";
import { rest } from "../../engine/pace.ts";
import { AlignedText } from "../../02_words/before_tokens/aligned_text.ts";
import type { Decoder, DecoderRun } from "../../02_words/before_tokens/decoders.ts";
import type { Normalizer, PreTokenizer } from "../../02_words/before_tokens/pre_tokenizer.ts";
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
} from "../../02_words/before_tokens/tokenizer.ts";
import { type AddedToken, AddedTokens } from "./added_tokens.ts";
import { addedBy, type EncodedText, fillTemplate, keptLengths, plainTemplate, type Template } from "./sequences.ts";

/** What a {@linkcode PretrainedTokenizer} is made of. */
export interface PretrainedParts {
  /** Cuts a piece into tokens. */
  readonly model: TokenModel;
  /** Changes the text; nothing does by default. */
  readonly normalizer?: Normalizer | undefined;
  /** Cuts the text into pieces; all of it is one piece by default. */
  readonly preTokenizer?: PreTokenizer | undefined;
  /** Makes text of tokens; they are joined by spaces by default. */
  readonly decoder?: Decoder | undefined;
  /** Tokens at which a text is cut first; none by default. */
  readonly added?: readonly AddedToken[] | undefined;
  /** How a normalized text has an added token; as the normalizer leaves it by default. */
  readonly writeAdded?: ((content: string) => string) | undefined;
  /** What stands around a text; nothing by default. */
  readonly template?: Template | undefined;
  /** Leaves spaces at the ends of a token out of its range; they belong to it by default. */
  readonly trimOffsets?:
    | { /** Whether one was put in front of the text. */ readonly hasPrefixSpace: boolean }
    | undefined;
  /** What is written for the unknown token; nothing by default, if it is a special one. */
  readonly unknownText?: string | undefined;
  /** Which token fills rows, begins and ends a text, or is the unknown one; none by default. */
  readonly roles?: Readonly<Partial<Record<"pad" | "begin" | "end" | "unknown", string>>> | undefined;
}

/** What each of the roles may be. */
export const roleChecks: Checks<NonNullable<PretrainedParts["roles"]>> = {
  pad: string,
  begin: string,
  end: string,
  unknown: string,
};

const isPart = (...members: readonly string[]) => (value: object) => members.every((member) => member in value);
const partChecks: Checks<PretrainedParts> = {
  model: required(object<TokenModel>("a model with tokens, idOf and cut", isModel)),
  normalizer: object<Normalizer>("a normalizer", isPart("apply")),
  preTokenizer: object<PreTokenizer>("a pre-tokenizer", isPart("cut")),
  decoder: object<Decoder>("a decoder", isPart("open")),
  added: list<AddedToken>("a list of added tokens", (token) => typeof token?.content === "string"),
  writeAdded: callback<(content: string) => string>(),
  template: object<Template>("a template with single and pair", isPart("single", "pair")),
  trimOffsets: object<NonNullable<PretrainedParts["trimOffsets"]>>(
    "settings with hasPrefixSpace",
    isPart("hasPrefixSpace"),
  ),
  unknownText: string,
  roles: group(roleChecks),
};

function isModel(value: object): boolean {
  const { tokens, idOf, cut } = value as Partial<TokenModel>;
  return Array.isArray(tokens) && typeof idOf === "function" && typeof cut === "function";
}

/** How a text is made ready for a model. */
export interface SequenceOptions {
  /** A second text, such as an answer to the first; none by default. */
  readonly pair?: string | undefined;
  /** Whether the template's special tokens are added; true by default. */
  readonly addSpecialTokens?: boolean | undefined;
  /** Whether special tokens in the text are recognized, such as a mask; false by default. */
  readonly specialTokens?: boolean | undefined;
  /** Most tokens, special ones included; any number by default. */
  readonly maxLength?: number | undefined;
  /** At which end a long text is cut; `"right"` by default. */
  readonly truncationSide?: "left" | "right" | undefined;
}

const sequenceChecks: Checks<SequenceOptions> = {
  pair: string,
  addSpecialTokens: flag,
  specialTokens: flag,
  maxLength: integer({ min: 1 }),
  truncationSide: oneOf(["left", "right"]),
};

/** The range of a token without the spaces at its ends, which are `Ġ` there. */
function trim(text: string, start: number, end: number, hasPrefixSpace: boolean): { start: number; end: number } {
  const [spaces] = /^[Ġ\s]*/u.exec(text)!, [last] = /[Ġ\s]*$/u.exec(text)!;
  const before = spaces.length - (hasPrefixSpace && spaces.length > 0 && start === 0 ? 1 : 0);
  const from = Math.min(start + before, end);
  return { start: from, end: Math.max(end - last.length, from) };
}

const MAX_REMEMBERED = 2 ** 15;

/** A tokenizer as somebody published it. */
export class PretrainedTokenizer implements Tokenizer {
  /** The parts. */
  readonly parts: PretrainedParts;
  /** The tokens by their ids; an empty one stands for an id that no token has. */
  readonly tokens: readonly string[];
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
  readonly #added: ReadonlyMap<string, AddedToken>;
  readonly #hidden: ReadonlySet<number>;
  /** Tokens that are looked for in the given and in the normalized text; all of them, and without special ones. */
  readonly #given: Readonly<Record<"all" | "ordinary", AddedTokens>>;
  readonly #normalized: Readonly<Record<"all" | "ordinary", AddedTokens>>;
  readonly #remembered = new Map<string, readonly PieceToken[]>();

  /**
   * Puts the parts together.
   *
   * @param parts the model at least
   * @throws {TypeError} if a part is none
   */
  constructor(parts: PretrainedParts) {
    checkOptions("build a tokenizer", parts, partChecks);
    this.parts = parts;
    const { model, added = [], normalizer, writeAdded, roles = {} } = parts;
    const tokens = [...model.tokens];
    for (const { id, content } of added) tokens[id] = content;
    this.tokens = Array.from(tokens, (token) => token ?? "");
    this.#added = new Map(added.map((token) => [token.content, token]));
    const special = added.filter((token) => token.special);
    this.specialTokens = new Map(special.map(({ content, id }) => [content, id]));
    this.#hidden = new Set(special.map(({ id }) => id));
    const written = ({ content }: AddedToken): string =>
      writeAdded ? writeAdded(content) : normalizer?.apply(AlignedText.of(content)).text ?? content;
    const find = (isNormalized: boolean) => {
      const own = added.filter(({ normalized }) => normalized === isNormalized);
      const as = isNormalized ? written : undefined;
      return { all: new AddedTokens(own, as), ordinary: new AddedTokens(own.filter((token) => !token.special), as) };
    };
    this.#given = find(false);
    this.#normalized = find(true);
    const role = (name: keyof typeof roles) => roles[name] === undefined ? undefined : this.idOf(roles[name]);
    this.padToken = role("pad");
    this.beginToken = role("begin");
    this.endToken = role("end");
    this.unknownToken = role("unknown") ?? model.unknownToken;
  }

  /** How many ids there are. */
  get vocabSize(): number {
    return this.tokens.length;
  }

  /** The id of a token; undefined if the vocabulary lacks it. */
  idOf(token: string): number | undefined {
    checkText("look up", "token", token);
    return this.#added.get(token)?.id ?? this.parts.model.idOf(token);
  }

  /**
   * Cuts a text into the ids of its tokens.
   *
   * @param text any string
   * @param options whether special tokens are recognized
   * @returns ids, without what the template adds
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
    const found: TextToken[] = [], { tokens } = this, { trimOffsets } = this.parts;
    this.#read(text, options, (id, piece, from, to) => {
      const token = tokens[id]!, [start, end] = piece.source(from, to);
      found.push({
        id,
        token,
        ...trimOffsets ? trim(piece.text.slice(from, to), start, end, trimOffsets.hasPrefixSpace) : { start, end },
      });
    });
    return found;
  }

  /**
   * Makes a text, or two, ready for a model: cut off if too long, with the template's special tokens.
   *
   * Special tokens in the text are text, as in {@linkcode encode}, unless it is asked for.
   *
   * @param text the first text
   * @param options a second one, how long it may be, and where it is cut off
   * @returns ids, and of which text and place each is
   * @throws {RangeError} if there is no room for the special tokens
   */
  prepare(text: string, options: SequenceOptions = {}): EncodedText {
    checkOptions("prepare a text", options, sequenceChecks);
    const { pair, addSpecialTokens = true, maxLength = Infinity, truncationSide = "right", specialTokens } = options;
    const template = addSpecialTokens ? this.parts.template ?? plainTemplate : plainTemplate;
    const texts = [text, ...pair === undefined ? [] : [pair]].map((one) => this.tokenize(one, { specialTokens }));
    const room = maxLength - addedBy(texts.length > 1 ? template.pair : template.single);
    if (room < 0) {
      throw new RangeError(
        `Cannot prepare a text of at most ${maxLength} tokens: ${maxLength - room} are special ones of the template`,
      );
    }
    const kept = maxLength === Infinity
      ? texts.map(({ length }) => length)
      : keptLengths(texts.map(({ length }) => length), room);
    const cut = texts.map((tokens, i) =>
      truncationSide === "right" ? tokens.slice(0, kept[i]) : tokens.slice(tokens.length - kept[i]!)
    );
    return fillTemplate(template, cut);
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
      const token = this.#tokenOf(id, withSpecial), text = token === undefined ? "" : run.write(token).join("");
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
    const { decoder } = this.parts, apart = decoder?.apart?.(false);
    if (!apart) {
      throw new TypeError(
        `Cannot tell the bytes of tokens apart: ${
          decoder ? `the decoder ${decoder.name} writes a token by what follows it` : "there is no decoder"
        }`,
      );
    }
    const utf8 = new TextEncoder();
    const bytesOf = (isFirst: boolean) =>
      this.tokens.map((token, id) => {
        if (token === "" || this.#hidden.has(id) || id === this.unknownToken) return undefined;
        const text = apart.write(token, isFirst);
        return typeof text === "string" ? utf8.encode(text) : text;
      });
    const restarts = this.tokens.flatMap((token, id) => apart.restarts?.(token) ? [id] : []);
    return { first: bytesOf(true), later: bytesOf(false), restarts: new Set(restarts) };
  }

  /** The tokenizer as plain data for a JSON file. */
  toJSON(): TokenizerFile {
    const { model, normalizer, preTokenizer, decoder, added = [], template = plainTemplate, roles = {} } = this.parts;
    const part = (value: Normalizer | PreTokenizer | Decoder | undefined): Json =>
      value ? { name: value.name, ...value.options } : null;
    return {
      format: "heed published tokenizer 1",
      normalizer: part(normalizer),
      preTokenizer: part(preTokenizer),
      model: model.toJSON(),
      decoder: part(decoder),
      added: added.map((token) => ({ ...token })),
      template: template as unknown as Json,
      roles: { ...roles } as Record<string, string>,
    };
  }

  #read(
    text: string,
    options: EncodeOptions,
    found: (id: number, piece: AlignedText, start: number, end: number) => void,
  ): void {
    if (typeof text !== "string") throw new TypeError(`Cannot encode ${shown(text)}: text must be a string`);
    const which = withSpecialTokens("encode", options) ? "all" : "ordinary";
    const { normalizer, preTokenizer } = this.parts;
    const whole = AlignedText.of(text);
    for (const given of this.#given[which].split(text)) {
      const part = whole.slice(given.start, given.end);
      if (given.token) {
        found(given.token.id, part, 0, part.text.length);
        continue;
      }
      const changed = normalizer ? normalizer.apply(part) : part;
      for (const { start, end, token } of this.#normalized[which].split(changed.text)) {
        const inner = changed.slice(start, end);
        if (token) found(token.id, inner, 0, inner.text.length);
        else {
          for (const one of preTokenizer ? preTokenizer.cut(inner) : [inner]) {
            for (const { id, start, end } of this.#cutPiece(one.text)) found(id, one, start, end);
          }
        }
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
    const { decoder } = this.parts;
    if (decoder) return decoder.open(false);
    let isFirst = true;
    return {
      write(token) {
        const text = isFirst ? token : ` ${token}`;
        isFirst = false;
        return [text];
      },
      end: () => [],
    };
  }

  #tokenOf(id: number, withSpecial: boolean): string | undefined {
    const token = typeof id === "number" ? this.tokens[id] : undefined;
    if (token === undefined) {
      throw new RangeError(`Cannot decode token ${shown(id)}: ids must be integers in [0, ${this.vocabSize})`);
    }
    if (id === this.unknownToken && !withSpecial && this.parts.unknownText !== undefined) return this.parts.unknownText;
    return token === "" || !withSpecial && this.#hidden.has(id) ? undefined : token;
  }
}
