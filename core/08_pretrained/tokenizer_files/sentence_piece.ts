/**
 * # The file of SentencePiece
 *
 * **Question.** Llama 2, T5 and many others come with a file `tokenizer.model`. What is in it, and does it cut texts as a `tokenizer.json` made of it does?
 *
 * **Idea.** It is a message of Protocol Buffers: fields with a number, a kind of four, and bytes. Three of them matter: the pieces with their scores, the kind of model, and what is done to a text before. A model of merges has no list of them: the piece that two neighbours
 * would make is looked up, and the one with the highest score is made first. So the merges follow from the pieces: for every piece, all ways to cut it into two pieces, with its own rank.
 *
 * | kind of piece | is                                              |
 * | ------------- | ----------------------------------------------- |
 * | 1 normal      | found in texts                                  |
 * | 2 unknown     | stands for what is none                         |
 * | 3 control     | found in no text                                |
 * | 4 user-defined | found in texts before anything else            |
 * | 5 unused      | there for its id only                           |
 * | 6 byte        | a byte of a letter that is no piece             |
 *
 * **Source.** The file `sentencepiece_model.proto` of Taku Kudo's *SentencePiece* (2018).
 *
 * @module
 */

import { checkInstance } from "../../engine/arguments.ts";
import type { Json } from "../../engine/json.ts";
import { checkOptions, type Checks, flag } from "../../engine/options.ts";
import { quote } from "../../engine/shown.ts";
import {
  byteFallbackDecoder,
  decoderSequence,
  fuse,
  replaceDecoder,
  stripDecoder,
} from "../../02_words/before_tokens/decoders.ts";
import type { PieceToken, TokenModel } from "../../02_words/before_tokens/tokenizer.ts";
import { PairTable } from "../../02_words/byte_pair_encoding/pair_table.ts";
import { type RankOf, replayMerges } from "../../02_words/byte_pair_encoding/replay.ts";
import type { AddedToken } from "./added_tokens.ts";
import { byteIdsOf, idsOf } from "./merges.ts";
import { CharacterMap, sentencePieceNormalizer } from "./normalizing.ts";
import { PieceModel } from "./pieces.ts";
import { PretrainedTokenizer } from "./tokenizer.ts";

/** A piece, as files have it. */
export interface VocabularyPiece {
  /** How it is written, `▁` for a space. */
  readonly piece: string;
  /** Logarithm of its probability, or the order of its merge. */
  readonly score: number;
  /** 1 to 6, by the table of this page. */
  readonly kind: number;
}

const NORMAL = 1, UNKNOWN = 2, CONTROL = 3, USER_DEFINED = 4, UNUSED = 5, BYTE = 6;

// ## Merges by scores

/** A model that makes the piece with the highest score first. */
export class ScoredMergeModel implements TokenModel {
  /** The pieces by their ids. */
  readonly tokens: readonly string[];
  /** Id of the piece for letters that are none; undefined if there is none. */
  readonly unknownToken: number | undefined;
  readonly #ids: ReadonlyMap<string, number>;
  readonly #ranks: PairTable;
  readonly #rankOf: RankOf = (left, right) => this.#ranks.get(left, right);
  readonly #results: Int32Array;
  readonly #bytes: readonly number[] | undefined;

  /**
   * Finds every way to make a piece of two.
   *
   * @param pieces by their ids
   */
  constructor(pieces: readonly VocabularyPiece[]) {
    this.tokens = pieces.map(({ piece }) => piece);
    const all = idsOf(this.tokens);
    this.#bytes = byteIdsOf(all);
    const unknown = pieces.findIndex(({ kind }) => kind === UNKNOWN);
    this.unknownToken = unknown < 0 ? undefined : unknown;
    const found = new Set([NORMAL, USER_DEFINED, UNUSED]);
    const ids = this.#ids = new Map([...all].filter(([, id]) => found.has(pieces[id]!.kind)));
    // Pieces of one score are one rank: of their places the leftmost comes first.
    const order = [...ids.values()].sort((a, b) => pieces[b]!.score - pieces[a]!.score || a - b);
    this.#results = Int32Array.from(order);
    const ways: (readonly [left: number, right: number, rank: number])[] = [];
    order.forEach((id, rank) => {
      const { piece } = pieces[id]!;
      for (let at = 1; at < piece.length; at++) {
        const left = ids.get(piece.slice(0, at)), right = ids.get(piece.slice(at));
        if (left !== undefined && right !== undefined) ways.push([left, right, rank]);
      }
    });
    this.#ranks = new PairTable(ways.length);
    for (const [left, right, rank] of ways) this.#ranks.set(left, right, rank);
  }

  /** The id of a piece; undefined if the vocabulary lacks it. */
  idOf(token: string): number | undefined {
    return this.#ids.get(token);
  }

  /**
   * Cuts a text, spaces already marked.
   *
   * @param piece what no token crosses
   * @returns its tokens from left to right
   */
  cut(piece: string): readonly PieceToken[] {
    const letters = Array.from(piece.toWellFormed());
    // A letter that is no piece is a symbol of its own, which no merge knows.
    const symbols = Int32Array.from(letters, (letter) => this.#ids.get(letter) ?? UNNAMED);
    const { ids, lengths } = replayMerges(symbols, this.#rankOf, { results: this.#results });
    const tokens: PieceToken[] = [];
    let letter = 0, start = 0;
    ids.forEach((id, i) => {
      const text = letters.slice(letter, letter += lengths[i]!).join(""), end = start + text.length;
      if (id !== UNNAMED) tokens.push({ id, start, end });
      else if (this.#bytes) {
        for (const byte of new TextEncoder().encode(text)) tokens.push({ id: this.#bytes[byte]!, start, end });
      } else if (this.unknownToken !== undefined) {
        const last = tokens.at(-1);
        // Unknown letters in a row are one.
        if (last?.id === this.unknownToken) tokens[tokens.length - 1] = { ...last, end };
        else tokens.push({ id: this.unknownToken, start, end });
      }
      start = end;
    });
    return tokens;
  }

  /** The model as plain data for a JSON file. */
  toJSON(): { readonly kind: string; readonly [field: string]: Json } {
    return { kind: "scoredMerges", tokens: this.tokens };
  }
}

/** A symbol that is no piece; ids are smaller. */
const UNNAMED = 2 ** 25;

// ## What pieces make

/** How a text is changed before it is cut into pieces. */
export interface PieceSettings {
  /** Whether pieces are merged by their scores, or cut the most probable way. */
  readonly merges: boolean;
  /** Whether letters that are no piece become bytes. */
  readonly byteFallback: boolean;
  /** The table of characters; none by default. */
  readonly map?: CharacterMap | undefined;
  /** Whether a space is put in front. */
  readonly prefix: boolean;
  /** Whether spaces at the ends go, and several become one. */
  readonly collapse: boolean;
  /** Which piece begins, ends and fills, by id; none by default. */
  readonly roles?: Readonly<Partial<Record<"pad" | "begin" | "end", number>>> | undefined;
  /** Whether a begin and an end are put around texts. */
  readonly adds: { readonly begin: boolean; readonly end: boolean };
}

/**
 * Makes a tokenizer of pieces.
 *
 * @param pieces by their ids
 * @param settings what is done to a text
 * @returns the tokenizer
 */
export function tokenizerOfPieces(pieces: readonly VocabularyPiece[], settings: PieceSettings): PretrainedTokenizer {
  const { merges, byteFallback, map, prefix, collapse, roles = {}, adds } = settings;
  const unknown = pieces.findIndex(({ kind }) => kind === UNKNOWN);
  const model = merges ? new ScoredMergeModel(pieces) : new PieceModel({
    // What no text contains has no place in the tree.
    tokens: pieces.map(({ piece, kind }) => kind === CONTROL || kind === UNKNOWN || kind === UNUSED ? "" : piece),
    scores: pieces.map(({ score, kind }) => kind === BYTE ? -1e9 : score),
    unknownToken: unknown < 0 ? undefined : unknown,
    byteFallback,
  });
  const added = pieces.flatMap(({ piece, kind }, id): AddedToken[] =>
    kind === CONTROL || kind === USER_DEFINED || kind === UNKNOWN
      ? [{
        id,
        content: piece,
        special: kind !== USER_DEFINED,
        normalized: kind === USER_DEFINED,
        singleWord: false,
        stripLeft: false,
        stripRight: false,
      }]
      : []
  );
  const named = (id: number | undefined): string | undefined => id === undefined ? undefined : pieces[id]?.piece;
  const names = Object.fromEntries(
    Object.entries(roles).flatMap(([role, id]) => named(id) === undefined ? [] : [[role, named(id)!]]),
  );
  const around = (isAsked: boolean, id: number | undefined) =>
    isAsked && id !== undefined ? [{ ids: [id], typeId: 0 }] : [];
  const begin = around(adds.begin, roles.begin), end = around(adds.end, roles.end);
  return new PretrainedTokenizer({
    model,
    normalizer: sentencePieceNormalizer(map, { prefix, collapse, escape: true }),
    decoder: decoderSequence([
      replaceDecoder("▁", " "),
      byteFallbackDecoder,
      fuse,
      ...prefix ? [stripDecoder({ content: " ", start: 1, stop: 0 })] : [],
    ]),
    added,
    writeAdded: (content) => content.replaceAll(" ", "▁"),
    unknownText: " ⁇ ", // as the library writes it
    template: {
      single: [...begin, { text: "A", typeId: 0 }, ...end],
      pair: [...begin, { text: "A", typeId: 0 }, ...end, ...begin, { text: "B", typeId: 0 }, ...end],
    },
    roles: { ...names, ...unknown >= 0 && { unknown: pieces[unknown]!.piece } },
  });
}

// ## The file

/** A field of a message: its number, and a number or bytes. */
type Field = readonly [number: number, value: number | Uint8Array];

/** The fields of a message, in order. */
function* fieldsOf(bytes: Uint8Array): Generator<Field> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let place = 0;
  const fail = (): never => {
    throw new SyntaxError(`Cannot read a SentencePiece file: it is damaged at byte ${place} of a message`);
  };
  const number = (): number => {
    let value = 0, scale = 1;
    for (let i = 0; i < 10; i++) {
      const byte = bytes[place++] ?? fail();
      value += (byte & 127) * scale;
      scale *= 128;
      if (byte < 128) return value;
    }
    return fail();
  };
  while (place < bytes.length) {
    const key = number(), field = Math.floor(key / 8), wire = key % 8;
    if (wire === 0) yield [field, number()];
    else if (wire === 5 || wire === 1) {
      const size = wire === 5 ? 4 : 8;
      if (place + size > bytes.length) fail();
      yield [field, wire === 5 ? view.getFloat32(place, true) : view.getFloat64(place, true)];
      place += size;
    } else if (wire === 2) {
      const length = number();
      if (place + length > bytes.length) fail();
      yield [field, bytes.subarray(place, place += length)];
    } else fail();
  }
}

const messageIn = (value: number | Uint8Array): Uint8Array => value instanceof Uint8Array ? value : new Uint8Array();

/** What is put around a text. */
export interface AddedEnds {
  /** Whether the begin token is; false by default. */
  readonly begin?: boolean | undefined;
  /** Whether the end token is; false by default. */
  readonly end?: boolean | undefined;
}

const addsChecks: Checks<AddedEnds> = { begin: flag, end: flag };

/**
 * Reads a tokenizer as SentencePiece writes it.
 *
 * @param file the bytes of `tokenizer.model`
 * @param adds whether a begin and an end are put around texts; neither by default
 * @returns the tokenizer
 * @throws {SyntaxError} if it is damaged, or of a kind that is not read
 */
export function readSentencePiece(
  file: Uint8Array,
  adds: AddedEnds = {},
): PretrainedTokenizer {
  checkOptions("read a SentencePiece file", adds, addsChecks);
  checkInstance("read a SentencePiece file", "file", file, Uint8Array);
  const pieces: VocabularyPiece[] = [];
  const trainer = new Map<number, number | Uint8Array>(), normalizer = new Map<number, number | Uint8Array>();
  for (const [field, value] of fieldsOf(file)) {
    if (field === 1) pieces.push(pieceIn(messageIn(value)));
    else if (field === 2 || field === 3) {
      for (const [number, inner] of fieldsOf(messageIn(value))) (field === 2 ? trainer : normalizer).set(number, inner);
    }
  }
  const kind = numberOf(trainer.get(3), 1), [unigram, merges] = [1, 2];
  if (pieces.length === 0 || kind !== unigram && kind !== merges) {
    throw new SyntaxError(
      pieces.length === 0
        ? "Cannot read a SentencePiece file: it has no piece"
        : "Cannot read a SentencePiece file of words or characters: unigram models and merges are read",
    );
  }
  if (numberOf(trainer.get(24), 0) === 1) {
    throw new SyntaxError("Cannot read a SentencePiece file with spaces behind words: they must stand before them");
  }
  const table = messageIn(normalizer.get(2) ?? 0),
    id = (field: number, usual: number) => idOrNone(trainer, field, usual);
  return tokenizerOfPieces(pieces, {
    merges: kind === merges,
    byteFallback: numberOf(trainer.get(35), 0) === 1,
    map: table.length > 0 ? new CharacterMap(table) : undefined,
    prefix: numberOf(normalizer.get(3), 1) === 1,
    collapse: numberOf(normalizer.get(4), 1) === 1,
    roles: { begin: id(41, 1), end: id(42, 2), pad: id(43, -1) } as PieceSettings["roles"],
    adds: { begin: adds.begin ?? false, end: adds.end ?? false },
  });
}

const numberOf = (value: number | Uint8Array | undefined, usual: number): number =>
  typeof value === "number" ? value : usual;

/** An id of the settings; below 0, which a message writes as a huge number, there is none. */
function idOrNone(fields: ReadonlyMap<number, number | Uint8Array>, field: number, usual: number): number | undefined {
  const id = numberOf(fields.get(field), usual);
  return id < 0 || id >= 2 ** 31 ? undefined : id;
}

function pieceIn(bytes: Uint8Array): VocabularyPiece {
  let piece = "", score = 0, kind = NORMAL;
  for (const [field, value] of fieldsOf(bytes)) {
    if (field === 1) piece = new TextDecoder().decode(messageIn(value));
    else if (field === 2) score = numberOf(value, 0);
    else if (field === 3) kind = numberOf(value, NORMAL);
  }
  if (kind < NORMAL || kind > BYTE) {
    throw new SyntaxError(`Cannot read the piece ${quote(piece)} of the unknown kind ${kind}`);
  }
  return { piece, score, kind };
}
