/**
 * # Words that come in couples
 *
 * What experiments with masked encoders learn: texts made of couples of words, salt and pepper, lock and key, one couple after the other. Whoever sees one word of a couple knows the
 * other one, on whichever side it stands. In a second text the couples are others: salt goes with fork there.
 *
 * @module
 */

import type { Random } from "../engine/random.ts";
import { tensor } from "../engine/create.ts";
import type { Tensor } from "../engine/tensor.ts";
import { crossEntropy } from "../06_training/loss.ts";

const FIRST = ["salt", "knife", "king", "needle", "thunder", "lock", "bread", "sun"];
const SECOND = ["pepper", "fork", "queen", "thread", "lightning", "key", "butter", "moon"];

/** Number of couples. */
export const COUPLES: number = FIRST.length;

/** What fills rows, what hides a word, then the words. */
const PAD = 0, MASK = 1, BEGIN = 2;

/** The words by their ids. */
export const WORDS: readonly string[] = ["", "[MASK]", ...FIRST, ...SECOND];

/** A target that no loss counts. */
const SEEN = -1;

/** How texts are made. */
export interface CouplesOptions {
  /** Couples of a text: at least and at most. */
  readonly couples: readonly [least: number, most: number];
  /** Texts of a row: one, or one and another one. */
  readonly texts: 1 | 2;
  /** Fraction of the words that are hidden; exactly one of a row where it is 0. */
  readonly hidden: number;
  /** Whether the first couples are drawn more often than the last. */
  readonly uneven: boolean;
  /** Rows of a batch. */
  readonly batchSize: number;
}

/** Rows of words, some of them hidden. */
export interface HiddenBatch {
  /** Ids, the mask in the place of hidden words, padded, int32 `[B, S]`. */
  readonly inputs: readonly (readonly number[])[];
  /** Of which text each word is, `[B, S]`. */
  readonly types: readonly (readonly number[])[];
  /** The hidden words, and −1 elsewhere, `[B, S]`. */
  readonly targets: readonly (readonly number[])[];
  /** Words of each row. */
  readonly lengths: readonly number[];
}

/** Draws a batch. */
export function drawCouples(
  random: Random,
  { couples: [least, most], texts, hidden, uneven, batchSize }: CouplesOptions,
): HiddenBatch {
  const rows = Array.from({ length: batchSize }, () => {
    const words: number[] = [], types: number[] = [];
    for (let text = 0; text < texts; text++) {
      for (let left = least + random.integer(most - least + 1); left > 0; left--) {
        const first = Math.floor(COUPLES * random.next() ** (uneven ? 2 : 1)), second = (first + text) % COUPLES;
        words.push(BEGIN + first, BEGIN + COUPLES + second);
        types.push(text, text);
      }
    }
    const one = random.integer(words.length);
    return { words, types, isHidden: words.map((_, i) => hidden > 0 ? random.next() < hidden : i === one) };
  });
  const longest = Math.max(...rows.map(({ words }) => words.length));
  const padded = (row: readonly number[], pad: number) => [...row, ...Array(longest - row.length).fill(pad)];
  return {
    inputs: rows.map(({ words, isHidden }) => padded(words.map((word, i) => isHidden[i] ? MASK : word), PAD)),
    types: rows.map(({ types }) => padded(types, 0)),
    targets: rows.map(({ words, isHidden }) => padded(words.map((word, i) => isHidden[i] ? word : SEEN), SEEN)),
    lengths: rows.map(({ words }) => words.length),
  };
}

/** Rows of ids as a tensor, int32 `[B, S]`. */
export function idsOf(rows: readonly (readonly number[])[]): Tensor {
  return tensor(Int32Array.from(rows.flat()), [rows.length, rows[0]!.length]);
}

/** Mean loss at the hidden places, in nats per word. */
export function lossOfHidden(logits: Tensor, { targets }: HiddenBatch): Tensor {
  return crossEntropy(logits, idsOf(targets), { ignoreIndex: SEEN });
}

/** A hidden word. */
export interface HiddenWord {
  /** Its place among all places of the batch, row by row. */
  readonly place: number;
  /** Which word it is. */
  readonly word: number;
  /** Whether it is the first one of its couple. */
  readonly isFirst: boolean;
}

/** The hidden words of a batch. */
export function hiddenWords({ targets }: HiddenBatch): HiddenWord[] {
  return targets.flat().flatMap((word, place) =>
    word === SEEN ? [] : [{ place, word, isFirst: word < BEGIN + COUPLES }]
  );
}
