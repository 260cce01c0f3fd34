/**
 * # Sentences of the English Web Treebank
 *
 * They come from five sources, which the names of their documents tell. The runs that ask from which source a sentence is read them here.
 *
 * @module
 */

/** The sources, in the order of their words. */
export const GENRES = ["answers", "email", "newsgroup", "reviews", "weblog"] as const;

/** Where the files are from, and what may be done with them. */
export const TREEBANK = {
  origin:
    "UniversalDependencies/UD_English-EWT, the development file; the test file of the same repository to judge by",
  licence: "CC-BY-SA 4.0",
} as const;

/** A sentence of a document. */
export interface Sentence {
  /** As it was written. */
  readonly text: string;
  /** Its source. */
  readonly label: string;
  /** Where it stands. */
  readonly document: string;
}

/** The sentences of a file in CoNLL-U. */
export async function readSentences(path: string): Promise<Sentence[]> {
  let document = "";
  return (await Deno.readTextFile(path)).split("\n").flatMap((line) => {
    document = /^# newdoc id = (.+)$/.exec(line)?.[1] ?? document;
    const sentence = /^# text = (.+)$/.exec(line)?.[1];
    return sentence === undefined ? [] : [{ text: sentence, document, label: /^[a-z]+/.exec(document)?.[0] ?? "" }];
  });
}
