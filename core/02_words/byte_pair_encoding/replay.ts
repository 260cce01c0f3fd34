/**
 * # Replaying the merges
 *
 * **Question.** Merges were learned one after the other, each for all of a corpus. A new word has many places where one of them applies. Which comes next, without a
 * look at the whole word after each?
 *
 * **Idea.** Every pair of neighbours that has a merge waits in a [queue](../../engine/heap.ts), the merge that was learned first at the front, and of its places the leftmost. When two
 * symbols become one, two new pairs stand there, and they join the queue. What waits for symbols that are gone is passed over when its turn comes.
 *
 * **Formula.** A word of $n$ symbols has at most $n - 1$ merges and $3n$ pairs that ever wait, so the time is
 *
 * $$O(n \log n), \qquad \text{and not} \qquad O(n^2)$$
 *
 * as it is for whoever looks through the word for each merge.
 *
 * @module
 */

import { NumberHeap } from "../../engine/heap.ts";
import { NONE } from "./neighbours.ts";

/** How merges are replayed. */
export interface Replay {
  /** The token that a merge makes, by its rank; the rank itself by default. */
  readonly results?: ArrayLike<number>;
  /** Passes a possible merge over until another is made; none by default. */
  readonly isDropped?: () => boolean;
}

/** What is left of a word. */
export interface Replayed {
  /** Its symbols. */
  readonly ids: number[];
  /** How many of the given symbols each was made of. */
  readonly lengths: number[];
}

/** The rank of the merge of two symbols, or −1 where they have none. */
export type RankOf = (left: number, right: number) => number;

/** Words of so few symbols are looked through for each merge: that is faster than a queue. */
const SHORT = 24;

/**
 * Joins neighbours while any pair has a merge: the one learned first, and among its places the leftmost.
 *
 * @param symbols of the word; the list is used up
 * @param rankOf of the merges, that of the one that was learned first the smallest
 * @param replay what a merge makes, and which are passed over
 * @returns the symbols that are left
 */
export function replayMerges(symbols: Int32Array, rankOf: RankOf, replay: Replay = {}): Replayed {
  if (symbols.length <= SHORT && !replay.isDropped) return replayShort(symbols, rankOf, replay.results);
  return replayQueued(symbols, rankOf, replay);
}

/** The same without a queue. */
function replayShort(symbols: Int32Array, rankOf: RankOf, results: Replay["results"]): Replayed {
  const ids = Array.from(symbols), lengths: number[] = new Array(ids.length).fill(1), ranks: number[] = [];
  for (let i = 0; i + 1 < ids.length; i++) ranks.push(rankOf(ids[i]!, ids[i + 1]!));
  while (true) {
    let best = -1, place = -1;
    for (let i = 0; i < ranks.length; i++) {
      const rank = ranks[i]!;
      if (rank >= 0 && (best < 0 || rank < best)) {
        best = rank;
        place = i;
      }
    }
    if (place < 0) return { ids, lengths };
    ids[place] = results ? results[best]! : best;
    lengths[place]! += lengths[place + 1]!;
    ids.splice(place + 1, 1);
    lengths.splice(place + 1, 1);
    ranks.splice(place, 1);
    if (place > 0) ranks[place - 1] = rankOf(ids[place - 1]!, ids[place]!);
    if (place < ranks.length) ranks[place] = rankOf(ids[place]!, ids[place + 1]!);
  }
}

function replayQueued(symbols: Int32Array, rankOf: RankOf, { results, isDropped }: Replay): Replayed {
  const size = symbols.length, next = new Int32Array(size), previous = new Int32Array(size);
  for (let place = 0; place < size; place++) {
    next[place] = place + 1;
    previous[place] = place - 1;
  }
  const rankAt = (place: number): number =>
    place < 0 || next[place]! >= size ? -1 : rankOf(symbols[place]!, symbols[next[place]!]!);
  // Merges wait as one number each: first by rank, then by place.
  const queue = new NumberHeap(size);
  const propose = (place: number): void => {
    const rank = rankAt(place);
    if (rank >= 0) queue.push(rank * size + place);
  };

  for (let place = 0; place < size; place++) propose(place);
  let passedOver: number[] = [];
  for (let top = queue.pop(); top !== undefined; top = queue.pop()) {
    const place = top % size, rank = (top - place) / size;
    if (symbols[place] === NONE || rankAt(place) !== rank) continue;
    if (isDropped?.()) {
      passedOver.push(top);
      continue;
    }
    // What was passed over in this step may be merged in the next one.
    for (const other of passedOver) queue.push(other);
    passedOver = [];
    symbols[place] = results ? results[rank]! : rank;
    symbols[next[place]!] = NONE;
    next[place] = next[next[place]!]!;
    if (next[place]! < size) previous[next[place]!] = place;
    propose(previous[place]!);
    propose(place);
  }
  const ids: number[] = [], lengths: number[] = [];
  for (let place = 0; place < size; place = next[place]!) {
    ids.push(symbols[place]!);
    lengths.push(next[place]! - place);
  }
  return { ids, lengths };
}
