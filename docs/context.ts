/**
 * # What prose refers to
 *
 * **Question.** Prose names functions, files and quantities. What does whoever prints it have to know?
 *
 * **Idea.** These answers, and nothing else of the site.
 *
 * @module
 */

import type { Quantity } from "./quantities.ts";

/** What prose refers to. */
export interface Context {
  /** Path or url of the page, for messages. */
  readonly where: string;
  /** Quantities of the page. */
  readonly quantities: readonly Quantity[];
  /** Where a name or a file leads, or nothing. */
  readonly link: (name: string) => { readonly href: string; readonly hint: string } | undefined;
  /** Where a Markdown link leads. */
  readonly target: (href: string) => string;
  /** Sets code. */
  readonly code: (text: string, language: string) => string;
  /** Hears what is wrong. */
  readonly problem: (text: string) => void;
  /** Hears of a Chinese term in parentheses and says the anchor to give it, if it is the page's first. */
  readonly term: (chinese: string, before: string) => string | undefined;
}
