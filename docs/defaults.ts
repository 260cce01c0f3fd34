/**
 * # What an option is by default
 *
 * **Question.** A doc comment says what happens without an option, for `deno doc` and editors to show. How does a table put that in a
 * column of its own?
 *
 * **Idea.** It is a clause of one form: *Batches to a step; 1 by default.* What stands before the words, as far as the semicolon or
 * the beginning of the sentence, is the value, or says it in words. What follows a comma or a colon is a remark on it.
 *
 * @module
 */

const DEFAULT = /(^|[;.] )((?:(?![;.:,] ).)+) by default((?:[,:] (?:(?![;.] |\.$).)+)?)(?=[.;]|$)/;

/** A doc comment, taken apart. */
export interface Split {
  /** What something is by default; empty where nothing is said of it. */
  readonly value: string;
  /** What is said of that, with the comma or colon before it. */
  readonly remark: string;
  /** All else. */
  readonly rest: string;
}

/**
 * Takes apart what a doc comment says.
 *
 * @param text a doc comment, without line breaks
 * @returns the default and the rest
 */
export function splitDefault(text: string): Split {
  const found = DEFAULT.exec(text);
  if (!found) return { value: "", remark: "", rest: text };
  const [all, before, value, remark] = found, end = found.index + all.length;
  // A sentence of its own goes with its full stop.
  const rest = before === "; "
    ? text.slice(0, found.index) + text.slice(end)
    : text.slice(0, found.index + before!.length).trim() + text.slice(end + 1);
  return { value: value!, remark: remark!, rest: rest.trim() };
}
