/**
 * # A trie in a hash table
 *
 * **Question.** At every place of a text, which pieces of a vocabulary begin there? Looking up every length on its own reads
 * the text again and again.
 *
 * **Idea.** A trie: a tree whose paths from the root spell the pieces. One walk from the root, letter by letter, meets every piece
 * that begins at a place, and ends where no piece goes on. The time depends on the longest piece, and not on how many
 * pieces there are.
 *
 * The children of a node stand in no list of their own. All edges of the tree stand in one hash table with open addressing, whose
 * key is the node and the letter. A vocabulary of Chinese has thousands of children at the root, and most nodes have one:
 * both cost one look-up. A letter is a code unit of UTF-16, so a string is read as it lies in memory.
 *
 * @module
 */

/** No node. */
export const NO_NODE = -1;

/** A set of strings that is walked letter by letter; the root is node 0. */
export class Trie {
  /** Of each node but the root: what it continues, and by which letter. */
  #parents: Int32Array;
  #letters: Uint16Array;
  /** Nodes by the hash of parent and letter; 0 is an empty place, since the root continues nothing. */
  #table: Int32Array;
  #size = 1;

  /**
   * Makes room.
   *
   * @param nodes how many are expected; more may come
   */
  constructor(nodes = 64) {
    const room = 2 ** Math.ceil(Math.log2(Math.max(nodes, 16)));
    this.#parents = new Int32Array(room);
    this.#letters = new Uint16Array(room);
    this.#table = new Int32Array(2 * room);
  }

  /** How many nodes there are, the root included. */
  get size(): number {
    return this.#size;
  }

  /** The node behind a letter, or {@linkcode NO_NODE}. */
  child(node: number, letter: number): number {
    const table = this.#table, parents = this.#parents, letters = this.#letters, mask = table.length - 1;
    let place = hash(node, letter) & mask;
    for (let next = table[place]!; next !== 0; next = table[place]!) {
      if (parents[next] === node && letters[next] === letter) return next;
      place = (place + 1) & mask;
    }
    return NO_NODE;
  }

  /** The node behind a letter, which is made if there is none. */
  grow(node: number, letter: number): number {
    const found = this.child(node, letter);
    if (found !== NO_NODE) return found;
    if (this.#size === this.#parents.length) this.#double();
    const made = this.#size++;
    this.#parents[made] = node;
    this.#letters[made] = letter;
    this.#enter(made);
    return made;
  }

  #enter(node: number): void {
    const table = this.#table, mask = table.length - 1;
    let place = hash(this.#parents[node]!, this.#letters[node]!) & mask;
    while (table[place] !== 0) place = (place + 1) & mask;
    table[place] = node;
  }

  /** The table stays at most half full, so that a look-up finds its place at once or soon after. */
  #double(): void {
    const parents = new Int32Array(2 * this.#parents.length), letters = new Uint16Array(parents.length);
    parents.set(this.#parents);
    letters.set(this.#letters);
    [this.#parents, this.#letters, this.#table] = [parents, letters, new Int32Array(2 * parents.length)];
    for (let node = 1; node < this.#size; node++) this.#enter(node);
  }
}

function hash(node: number, letter: number): number {
  const mixed = Math.imul(node, 0x9e3779b1) ^ Math.imul(letter, 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}
