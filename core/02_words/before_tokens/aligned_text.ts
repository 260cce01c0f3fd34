/**
 * # A text that remembers where it comes from
 *
 * **Question.** A text is put into lower case, loses its accents and gets a mark for each space before it is cut. Where do the
 * pieces stand in the text that was given?
 *
 * **Idea.** Each code unit of the changed text keeps the range of the given text that it was made from. Every change is a list of
 * replacements, each of a range by a string; all that the string contains comes from that range. A text without a change needs no
 * table, and a slice shares the table of the whole. Whoever wants ids alone asks for no range, so a table is made when the first range of it is asked for.
 *
 * @module
 */

import { checkText } from "../../engine/arguments.ts";

/** A replacement of a range, in code units. */
export interface Edit {
  /** Where the range begins. */
  readonly start: number;
  /** Where it ends. */
  readonly end: number;
  /** What stands there instead. */
  readonly text: string;
}

/** From each code unit of a changed text to its range in the given one; found when somebody asks. */
class Sources {
  #found: { readonly starts: Int32Array; readonly ends: Int32Array } | undefined;
  #find: (() => { readonly starts: Int32Array; readonly ends: Int32Array }) | undefined;

  constructor(find: () => { readonly starts: Int32Array; readonly ends: Int32Array }) {
    this.#find = find;
  }

  get starts(): Int32Array {
    return this.#tables().starts;
  }

  get ends(): Int32Array {
    return this.#tables().ends;
  }

  #tables(): { readonly starts: Int32Array; readonly ends: Int32Array } {
    if (this.#found) return this.#found;
    this.#found = this.#find!();
    this.#find = undefined;
    return this.#found;
  }
}

/**
 * Makes a text that remembers its places.
 *
 * @param text what was given
 * @returns the text before any change
 */
export function alignText(text: string): AlignedText {
  checkText("align", "text", text);
  return AlignedText.of(text);
}

/** A text, or a slice of one, that knows from which range of the given text it was made. */
export class AlignedText {
  /** The text as it is after all changes. */
  readonly text: string;
  readonly #sources: Sources | undefined;
  /** Of the first code unit: its place in the sources, or in the given text if there are none. */
  readonly #from: number;

  private constructor(text: string, sources: Sources | undefined, from: number) {
    this.text = text;
    this.#sources = sources;
    this.#from = from;
  }

  /**
   * Makes an aligned text of a string.
   *
   * @param text what was given
   * @param offset where it begins in a longer text that was given; 0 by default
   * @returns the text before any change
   */
  static of(text: string, offset = 0): AlignedText {
    return new AlignedText(text, undefined, offset);
  }

  /**
   * Cuts a part out, as `slice` of a string does.
   *
   * @param start where it begins
   * @param end where it ends; the end of the text by default
   * @returns the part, with its sources
   */
  slice(start: number, end: number = this.text.length): AlignedText {
    if (start === 0 && end === this.text.length) return this;
    return new AlignedText(this.text.slice(start, end), this.#sources, this.#from + start);
  }

  /**
   * Finds the range of the given text that a part was made from.
   *
   * @param start where the part begins; 0 by default
   * @param end where it ends; the end of the text by default
   * @returns where the range begins and ends
   */
  source(start = 0, end: number = this.text.length): readonly [start: number, end: number] {
    const sources = this.#sources;
    if (!sources) return [this.#from + start, this.#from + end];
    const first = this.#from + start, last = this.#from + end - 1;
    if (end > start) return [sources.starts[first]!, sources.ends[last]!];
    const place = first < sources.starts.length ? sources.starts[first]! : sources.ends[last] ?? 0;
    return [place, place];
  }

  /** Takes a text of the same length, made code unit by code unit. */
  withText(text: string): AlignedText {
    return text === this.text ? this : new AlignedText(text, this.#sources, this.#from);
  }

  /**
   * Replaces ranges; what stands in one afterwards was made from all of it.
   *
   * @param edits from left to right, without overlap
   * @returns the changed text
   */
  edit(edits: readonly Edit[]): AlignedText {
    if (edits.length === 0) return this;
    let text = "", read = 0;
    for (const edit of edits) {
      text += this.text.slice(read, edit.start) + edit.text;
      read = edit.end;
    }
    text += this.text.slice(read);
    return new AlignedText(text, new Sources(() => this.#sourcesAfter(edits, text.length)), 0);
  }

  #sourcesAfter(edits: readonly Edit[], size: number): { starts: Int32Array; ends: Int32Array } {
    const starts = new Int32Array(size), ends = new Int32Array(size), sources = this.#sources;
    let read = 0, written = 0;
    const copy = (until: number): void => {
      for (; read < until; read++, written++) {
        const place = this.#from + read;
        starts[written] = sources ? sources.starts[place]! : place;
        ends[written] = sources ? sources.ends[place]! : place + 1;
      }
    };
    for (const { start, end, text } of edits) {
      copy(start);
      const [from, to] = this.source(start, end);
      starts.fill(from, written, written + text.length);
      ends.fill(to, written, written += text.length);
      read = end;
    }
    copy(this.text.length);
    return { starts, ends };
  }

  /** Puts a string in front, with the range of the first character. */
  prepend(text: string): AlignedText {
    const width = (this.text.codePointAt(0) ?? 0) > 0xffff ? 2 : Math.min(1, this.text.length);
    return this.edit([{ start: 0, end: width, text: text + this.text.slice(0, width) }]);
  }
}
