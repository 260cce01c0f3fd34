/** Prints the ARPA file that `n_grams.py` hands to KenLM. */

import { tokenizerOfWords } from "../../core/02_words/before_tokens/word_level.ts";
import { arpaLines, modifiedKneserNey, trainNGrams } from "../../core/03_language_models/n_grams/mod.ts";

/** Sentences that the model of the file learns. */
export const SENTENCES: readonly string[] = [
  "the cat sat on the mat",
  "the dog sat on the cat",
  "a cat sat on a mat",
  "the dog saw the cat",
  "the cat saw a dog on the mat",
];

/** The lines of the file. */
export async function arpaOfSentences(): Promise<string[]> {
  const words = [...new Set(SENTENCES.flatMap((sentence) => sentence.split(" ")))].sort();
  const vocabulary = tokenizerOfWords(words), { vocabSize, beginToken, endToken, unknownToken } = vocabulary;
  const sequences = SENTENCES.map((sentence) => vocabulary.encode(sentence));
  const smoothing = modifiedKneserNey();
  const model = await trainNGrams(sequences, { order: 3, vocabSize, beginToken, endToken, smoothing });
  return [...arpaLines(model, vocabulary.tokens, { endToken, unknownToken })];
}

if (import.meta.main) console.log((await arpaOfSentences()).join("\n"));
