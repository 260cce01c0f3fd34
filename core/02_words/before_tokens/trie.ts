/**
 * # A tree of strings
 *
 * **Question.** Which string of a list is the longest that begins at a place of a text, without a comparison with each?
 *
 * **Idea.** Strings with the same first letters share a path of a tree, a trie. Walking down the tree with the letters of the text
 * passes every string of the list that begins there, and ends where no longer one can follow.
 *
 * @module
 */

interface Node {
  value: number | undefined;
  readonly next: Map<number, Node>;
}

/** Strings and the number that each stands for. */
export class Trie {
  readonly #root: Node = { value: undefined, next: new Map() };

  /** Builds the tree. */
  constructor(strings: Iterable<readonly [string, number]> = []) {
    for (const [text, value] of strings) this.add(text, value);
  }

  /** Adds a string, or changes what it stands for. */
  add(text: string, value: number): void {
    let node = this.#root;
    for (let place = 0; place < text.length; place++) {
      const unit = text.charCodeAt(place);
      let next = node.next.get(unit);
      if (!next) node.next.set(unit, next = { value: undefined, next: new Map() });
      node = next;
    }
    node.value = value;
  }

  /**
   * The longest string that begins at a place.
   *
   * @param text where to look
   * @param start where it has to begin
   * @param end where it has to end at the latest
   * @returns where it ends, and what it stands for; undefined if none begins there
   */
  longest(text: string, start: number, end: number = text.length): { end: number; value: number } | undefined {
    let found: { end: number; value: number } | undefined;
    let node: Node | undefined = this.#root;
    for (let place = start; place < end && (node = node.next.get(text.charCodeAt(place))); place++) {
      if (node.value !== undefined) found = { end: place + 1, value: node.value };
    }
    return found;
  }

  /** Calls back for every string that begins at a place, the shortest first. */
  each(text: string, start: number, found: (end: number, value: number) => void): void {
    let node: Node | undefined = this.#root;
    for (let place = start; place < text.length && (node = node.next.get(text.charCodeAt(place))); place++) {
      if (node.value !== undefined) found(place + 1, node.value);
    }
  }
}
