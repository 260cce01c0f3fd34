/**
 * # A draft in a few kilobytes
 *
 * **Question.** Speculative decoding needs something cheap that guesses the next token. What can the playground carry besides its model?
 *
 * **Idea.** The training sentences, counted: after the last two tokens of a translation, or after the last one where those two are rare,
 * the token that followed most often. A guess is right where the language leaves little choice, and where the sentence decides it is not.
 *
 * @module
 */

import { constantLength, type Draft, type Proposal } from "../../core/07_generation/speculative.ts";

/** What followed most often, as JSON holds it: numbers in base 36, between spaces. */
export interface Guesses {
  /** Size of the vocabulary. */
  readonly vocabSize: number;
  /** By token, one more than the id of what followed it; 0 where nothing did. */
  readonly afterOne: string;
  /** Distances of the rising numbers `first · vocabSize + second`, each with the id of what followed the two. */
  readonly afterTwo: string;
}

/** Two tokens that stood side by side fewer times say nothing. */
const FEWEST = 5;

/** The most frequent of what followed. */
function bestOf(counts: ReadonlyMap<number, number>): number {
  return [...counts].reduce((best, one) => one[1] > best[1] ? one : best)[0];
}

/** What followed most often in some sentences, each with BEGIN and END. */
export function guesses(sentences: readonly (readonly number[])[], vocabSize: number): Guesses {
  const one = new Map<number, Map<number, number>>(), two = new Map<number, Map<number, number>>();
  const count = (of: Map<number, Map<number, number>>, code: number, next: number): void => {
    const counts = of.get(code) ?? new Map<number, number>();
    of.set(code, counts.set(next, (counts.get(next) ?? 0) + 1));
  };
  for (const ids of sentences) {
    ids.slice(1).forEach((next, i) => {
      count(one, ids[i]!, next);
      if (i > 0) count(two, ids[i - 1]! * vocabSize + ids[i]!, next);
    });
  }
  const afterOne = Array.from({ length: vocabSize }, (_, id) => one.has(id) ? bestOf(one.get(id)!) + 1 : 0);
  let before = 0;
  const afterTwo = [...two].sort((a, b) => a[0] - b[0]).flatMap(([code, counts]) => {
    const next = bestOf(counts), total = [...counts.values()].reduce((a, b) => a + b);
    // What the last token alone says need not be said again.
    if (total < FEWEST || next + 1 === afterOne[code % vocabSize]) return [];
    const distance = code - before;
    before = code;
    return [distance, next];
  });
  const written = (numbers: readonly number[]): string => numbers.map((x) => x.toString(36)).join(" ");
  return { vocabSize, afterOne: written(afterOne), afterTwo: written(afterTwo) };
}

/**
 * A draft that guesses by what followed most often.
 *
 * @param held what was counted
 * @param length how many tokens it proposes at once
 * @returns a draft; its guesses are certain, so that each is accepted with the probability that the model gives it
 */
export function draftOf({ vocabSize, afterOne, afterTwo }: Guesses, length: number): Draft {
  const read = (text: string): number[] => text.split(" ").map((digits) => parseInt(digits, 36));
  const one = read(afterOne), two = new Map<number, number>(), pairs = read(afterTwo);
  for (let i = 0, code = 0; i + 1 < pairs.length; i += 2) two.set(code += pairs[i]!, pairs[i + 1]!);
  return {
    name: "what followed most often",
    length: constantLength(length),
    begin: ({ eosToken }) => ({
      propose(tokens, count) {
        const text = [...tokens], proposals: Proposal[] = [];
        while (proposals.length < count) {
          const last = text.at(-1)!, before = text.at(-2);
          const next = before === undefined ? undefined : two.get(before * vocabSize + last),
            guess = next ?? one[last]! - 1;
          if (guess < 0) break;
          proposals.push({ token: guess });
          if (guess === eosToken) break;
          text.push(guess);
        }
        return Promise.resolve(proposals);
      },
      dispose() {},
    }),
  };
}
