/**
 * # Search
 *
 * **Question.** Readers look for 束搜索, for "top-p", for the name of a function or for half a sentence. How does one index find
 * all of them, without a server?
 *
 * **Idea.** An index is built here, once, for each half of the site: that of the book is loaded when the reader opens the search,
 * that of the workshop when they ask for it too, or are there. Latin words are cut at punctuation, and
 * names in camel case at their capitals too, so that `topP`, top-p and *top p* meet. Chinese has no spaces and a
 * dictionary would not know our terms; each pair of neighbouring signs is a word, so that every substring is found.
 *
 * The page cuts questions in the same way: {@linkcode words} is sent to it as it stands here.
 *
 * @module
 */

import MiniSearch from "minisearch";

/** Something to be found. */
export interface Entry {
  /** Where, from the root of the site. */
  readonly url: string;
  /** Heading, or the name of a symbol. */
  readonly title: string;
  /** Title of its page. */
  readonly page: string;
  /** Words. */
  readonly text: string;
  /** Other names: that of the file. */
  readonly names?: string;
  /** How much it counts, see {@linkcode RANK}. */
  readonly rank: number;
}

/** What a reader looks for first. */
export const RANK = {
  /** A page with a source. */
  section: 6,
  /** A term of the glossary, a name that a page defines. */
  term: 3,
  /** A heading within a page. */
  heading: 2,
  /** A name of the reference, a page without a source. */
  reference: 1.8,
  /** A statement of the notes. */
  statement: .7,
} as const;

/**
 * Cuts a text into what is looked up.
 *
 * @param text anything
 * @returns words in lower case, parts of names, pairs of Chinese signs
 */
export function words(text: string): string[] {
  const found: string[] = [];
  for (const [run] of text.matchAll(/\p{Script=Han}+|[\p{L}\p{N}_]+(?:[-–'’][\p{L}\p{N}_]+)*/gu)) {
    if (/\p{Script=Han}/u.test(run)) {
      for (const [han] of run.matchAll(/\p{Script=Han}+/gu)) {
        if (han.length === 1) found.push(han);
        for (let i = 0; i + 1 < han.length; i++) found.push(han.slice(i, i + 2));
      }
      continue;
    }
    const parts = run.split(/[-–'’_]|(?<=\p{Ll})(?=\p{Lu})/u).filter((part) => part !== "");
    found.push(run.replace(/[-–'’_]/g, "").toLowerCase());
    if (parts.length > 1) found.push(...parts.map((part) => part.toLowerCase()));
  }
  return found;
}

/** Characters of a question that are looked at. */
export const LONGEST_QUESTION = 200;

/** Terms of a question that are looked up; each costs a walk through the index, at least. */
export const MOST_TERMS = 32;

/** What both sides must agree upon. */
const OPTIONS = {
  fields: ["title", "names", "page", "text"],
  storeFields: ["url", "title", "names", "page", "text", "rank"],
};

/**
 * Builds the index.
 *
 * @param entries in the order of the book
 * @returns the index as data
 */
export function buildIndex(entries: readonly Entry[]): unknown {
  const index = new MiniSearch<Entry & { id: number }>({ ...OPTIONS, tokenize: words, processTerm: (term) => term });
  index.addAll(entries.map((entry, id) => ({ id, ...entry })));
  return index.toJSON();
}

/**
 * The script that searches, loaded when the search opens.
 *
 * @param library MiniSearch for browsers, which defines a global
 * @returns JavaScript that needs no module, so that it also loads from a disk
 */
export function searchScript(library: string): string {
  return `${library}
globalThis.heedSearch = (() => {
  ${words.toString()}
  const indices = {};
  const options = {
    boost: { title: 6, names: 5, page: 2 },
    boostDocument: (id, term, { rank }) => rank,
    prefix: (term) => term.length > 1 && !/\\p{Script=Han}/u.test(term),
    // A long word has too many neighbours.
    fuzzy: (term) => term.length > 5 && term.length <= 30 ? 0.15 : false,
    weights: { prefix: 0.3, fuzzy: 0.2 },
  };
  return {
    has: (side) => side in indices,
    add: (side, index) => {
      indices[side] = globalThis.MiniSearch.loadJSON(index, { fields: ${JSON.stringify(OPTIONS.fields)}, storeFields: ${
    JSON.stringify(OPTIONS.storeFields)
  }, tokenize: words, processTerm: (term) => term });
    },
    longest: ${LONGEST_QUESTION},
    find: (side, question) => {
      const asked = question.slice(0, ${LONGEST_QUESTION}).trim().toLowerCase();
      const terms = [...new Set(words(question.slice(0, ${LONGEST_QUESTION})))].slice(0, ${MOST_TERMS});
      const search = (more) => indices[side].search("terms", { ...options, ...more, tokenize: () => terms });
      const all = search({ combineWith: "AND" }), found = all.length > 0 ? all : search({});
      // What is called so comes before what has it in its name.
      const score = ({ score, title, names }) => title.toLowerCase() === asked || names === asked ? 2 * score : score;
      return found.sort((a, b) => score(b) - score(a));
    },
  };
})();
`;
}

/**
 * The script that adds an index to the search.
 *
 * @param name the half of the site, or the language of the book
 * @param entries in the order of the pages
 * @returns JavaScript for after that of the search
 */
export function indexScript(name: string, entries: readonly Entry[]): string {
  return `globalThis.heedSearch.add("${name}", ${JSON.stringify(JSON.stringify(buildIndex(entries)))});\n`;
}
