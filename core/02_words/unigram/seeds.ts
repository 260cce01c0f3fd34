/**
 * # Substrings that repeat
 *
 * **Question.** The training starts from far too many pieces and removes most. Which ones does it start from, when a megabyte of
 * text has more different substrings than memory has room for?
 *
 * **Idea.** Those that occur at least twice. A substring can repeat only if the same without its last character does. So the substrings of
 * one character are counted, then those of two that continue a repeated one, and so on: the work ends where nothing repeats. The
 * places of the text that begin the same substring stand at the same node of a [trie](trie.ts), and move down together.
 *
 * **Only those that branch.** Of `perhap` and `perhaps` the shorter one is useless if nothing but an `s` ever follows it. A substring
 * is kept if it is followed by different characters, or ends a word somewhere. SentencePiece takes the same ones from the inner nodes of a
 * suffix tree; there a piece that ends a word counts as ended only if different words follow.
 *
 * **The order.** Of more substrings than `most`, those that cover most of the text are kept: count times length.
 *
 * @module
 */

import { Trie } from "./trie.ts";

/** Counts below this are chance. */
const FEWEST = 2;
/** Places between two questions whether to pause. */
const PLACES_AT_ONCE = 2 ** 15;

/** What {@linkcode repeatedSubstrings} looks for. */
export interface SeedLimits {
  /** The longest substring, in characters. */
  readonly maxLength: number;
  /** How many substrings are kept. */
  readonly most: number;
}

/** All words behind one another, and the places where a substring begins. */
interface Places {
  readonly text: string;
  /** Where each substring begins, where it has come to, the node there, and how often its word occurs. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly nodes: Int32Array;
  readonly weights: Float64Array;
  count: number;
}

/** No character: what stands between two words. It is half a surrogate pair, so no text without half pairs has it. */
const BORDER = 0xdc00;

/**
 * Counts the substrings of two or more characters that repeat and branch.
 *
 * Takes $O(nL)$ time for $n$ characters and substrings of up to $L$.
 *
 * @param words pieces of text that no substring leaves, with the count of each
 * @param limits longest substring, largest number
 * @param pause waited for now and then
 * @returns how often each occurs, the one that covers most first
 */
export async function repeatedSubstrings(
  words: ReadonlyMap<string, number>,
  { maxLength, most }: SeedLimits,
  pause: () => Promise<void>,
): Promise<[string, number][]> {
  const trie = new Trie(), places = placesOf(words), found: [string, number, number][] = [];
  let level: Level | undefined;
  for (let length = 1; length <= maxLength && places.count > 0; length++) {
    const next = await descend(places, trie, pause);
    // What is one character longer now tells which substrings branch.
    if (level && length > 2) found.push(...branching(level, next, places.text, length - 1));
    keepRepeated(places, next);
    level = next;
  }
  if (level && maxLength > 1) found.push(...branching(level, new Level(), places.text, maxLength));
  const ranked = found.sort((a, b) => b[1] * b[2] - a[1] * a[2] || (a[0] < b[0] ? -1 : 1)).slice(0, most);
  return ranked.map(([piece, count]) => [piece, count]);
}

/** The substrings of one length, by their nodes. */
class Level {
  /** How often each occurs. */
  readonly counts = new Map<number, number>();
  /** A place of each: where it begins and ends, and the node that it continues. */
  readonly samples = new Map<number, readonly [start: number, end: number, parent: number]>();
}

function placesOf(words: ReadonlyMap<string, number>): Places {
  const text = [...words.keys()].map((word) => word + String.fromCharCode(BORDER)).join(""), room = text.length;
  const starts = new Int32Array(room), weights = new Float64Array(room);
  let count = 0, at = 0;
  for (const [word, weight] of words) {
    for (const letter of word) {
      starts[count] = at;
      weights[count++] = weight;
      at += letter.length;
    }
    at++;
  }
  return { text, starts, ends: starts.slice(), nodes: new Int32Array(room), weights, count };
}

/** Moves every place on by a character; those at the end of their word are left out. */
async function descend(places: Places, trie: Trie, pause: () => Promise<void>): Promise<Level> {
  const { text, starts, ends, nodes, weights, count } = places, level = new Level();
  let kept = 0;
  for (let i = 0; i < count; i++) {
    if (i % PLACES_AT_ONCE === 0) await pause();
    const unit = text.charCodeAt(ends[i]!), parent = nodes[i]!;
    if (unit === BORDER) continue;
    let end = ends[i]! + 1, node = trie.grow(parent, unit);
    if ((unit & 0xfc00) === 0xd800) node = trie.grow(node, text.charCodeAt(end++));
    const before = level.counts.get(node);
    if (before === undefined) level.samples.set(node, [starts[i]!, end, parent]);
    level.counts.set(node, (before ?? 0) + weights[i]!);
    starts[kept] = starts[i]!;
    ends[kept] = end;
    nodes[kept] = node;
    weights[kept++] = weights[i]!;
  }
  places.count = kept;
  return level;
}

/** Leaves out the places whose substring occurs once. */
function keepRepeated(places: Places, { counts }: Level): void {
  const { starts, ends, nodes, weights } = places;
  let kept = 0;
  for (let i = 0; i < places.count; i++) {
    if (counts.get(nodes[i]!)! < FEWEST) continue;
    starts[kept] = starts[i]!;
    ends[kept] = ends[i]!;
    nodes[kept] = nodes[i]!;
    weights[kept++] = weights[i]!;
  }
  places.count = kept;
}

/** The repeated substrings of a level that no single character always follows, with count and length. */
function branching(level: Level, next: Level, text: string, length: number): [string, number, number][] {
  const always = new Set<number>();
  for (const [node, count] of next.counts) {
    const parent = next.samples.get(node)![2];
    if (level.counts.get(parent) === count) always.add(parent);
  }
  const found: [string, number, number][] = [];
  for (const [node, count] of level.counts) {
    if (count < FEWEST || always.has(node)) continue;
    const [start, end] = level.samples.get(node)!;
    found.push([text.slice(start, end), count, length]);
  }
  return found;
}
