/**
 * # Pages that are no sources
 *
 * The playground and the page that opens a model: what each of them hands to the generator.
 *
 * @module
 */

/** A page that is no source, such as the playground. */
export interface Extra {
  readonly url: string;
  readonly title: string;
  readonly description: string;
  readonly body: string;
  /** Style sheets and scripts, from the root of the site. */
  readonly assets?: readonly string[];
  /** What a sentence calls it; its title by default. */
  readonly named?: string;
  /** What it shows of the book: the source, and where on the page. */
  readonly shows?: readonly { readonly path: string; readonly id: string; readonly title: string }[];
  /** The same in other languages, by their tags; its title is among the phrases of the site. */
  readonly spoken?: Readonly<Record<string, { readonly description: string; readonly body: string }>>;
}

/** What a page that is no source adds: itself, files by address, programs for the bundler. */
export interface Addition {
  pages(): readonly Extra[];
  readonly FILES: ReadonlyMap<string, URL>;
  readonly ENTRIES: Readonly<Record<string, URL>>;
}
