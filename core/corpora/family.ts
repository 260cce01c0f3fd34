/**
 * # Sentences about a family
 *
 * **Question.** *Mom* is to *female* as *dad* is to *male*: in which text would vectors of words find that, and what in the text makes them?
 *
 * **Idea.** A grammar in which it is known. Roles come in pairs, *mom* and *dad*, *queen* and *king*. Both of a pair do the same things. Other words go with the gender: *she* and *he*, *dress* and *beard*. How often a sentence has such a
 * word is an argument, so that it can be taken away. Adjectives come in threes: *happy*, *glad* and the opposite *sad*. All three stand in the same places, as opposites do in any text.
 *
 * All sentences were written for this project.
 *
 * @module
 */

import type { Random } from "../engine/random.ts";

/** Words that differ by gender, the female one first, with what both of them do. */
const ROLES: readonly (readonly [female: string, male: string, ...does: string[]])[] = [
  ["mom", "dad", "feeds the baby", "takes the children to school", "tells the children a story"],
  ["girl", "boy", "plays with a ball", "learns to read", "draws a picture at school"],
  ["sister", "brother", "shares the room with me", "borrows my bike", "teases me all day"],
  ["aunt", "uncle", "visits us on sunday", "brings presents for everybody", "lives far away"],
  ["queen", "king", "rules the land", "wears the crown", "sits on the throne"],
  ["woman", "man", "drives to work", "reads the newspaper", "waits for the bus"],
  ["wife", "husband", "remembers the wedding", "wears the ring", "plans a trip for two"],
  ["grandma", "grandpa", "remembers the old days", "sleeps in the armchair", "looks for the glasses"],
];

/** What goes with one gender: nouns after *is*, pronouns, possessives, things, names. */
const GENDERS = [
  { is: "female", pronoun: "she", own: "her", things: ["dress", "skirt", "blouse"], names: ["anna", "mary", "lily"] },
  { is: "male", pronoun: "he", own: "his", things: ["beard", "tie", "moustache"], names: ["tom", "peter", "jack"] },
] as const;

/** Adjectives, of which the first two mean alike and the third the opposite, with what they are said of. */
const ADJECTIVES: readonly (readonly [word: string, synonym: string, antonym: string, ...said: string[]])[] = [
  ["happy", "glad", "sad", "my friend is _ today", "everybody felt _ at the end", "a _ song"],
  ["big", "large", "small", "they live in a _ house", "the town has a _ square", "a _ box on the table"],
  ["quick", "fast", "slow", "the train is _", "a _ horse on the road", "she took the _ boat"],
  ["hot", "warm", "cold", "the soup is _", "we had _ tea", "the water in the lake was _"],
  ["rich", "wealthy", "poor", "the merchant was _", "a _ village on the hill", "he came from a _ country"],
  ["smart", "clever", "stupid", "that was a _ plan", "the answer was _", "what a _ question"],
];

/** Pairs of roles, the female word first; the words for the genders are one of them. */
export const GENDER_PAIRS: readonly (readonly [female: string, male: string])[] = [
  ["female", "male"],
  ...ROLES.map(([female, male]): [string, string] => [female, male]),
];

/** Pairs of an adjective and its opposite. */
export const OPPOSITE_PAIRS: readonly (readonly [word: string, antonym: string])[] = ADJECTIVES.map((
  [word, , antonym],
) => [word, antonym]);

/** Pairs of adjectives that mean alike. */
export const SYNONYM_PAIRS: readonly (readonly [word: string, synonym: string])[] = ADJECTIVES.map((
  [word, synonym],
) => [word, synonym]);

/**
 * Draws sentences.
 *
 * @param count how many
 * @param marked how often a sentence about a role has a word of its gender, in $[0, 1]$
 * @param random where chance comes from
 * @returns sentences as lists of words
 */
export function familySentences(count: number, marked: number, random: Random): string[][] {
  const of = <T>(list: readonly T[]): T => list[random.integer(list.length)]!;
  return Array.from({ length: count }, () => {
    if (random.integer(4) === 0) {
      const [word, synonym, antonym, ...said] = of(ADJECTIVES);
      return of(said).replace("_", of([word, synonym, antonym])).split(" ");
    }
    const which = random.integer(2), gender = GENDERS[which]!, [female, male, ...does] = of(ROLES);
    const role = which === 0 ? female : male;
    // Without a mark the sentence could be about either gender.
    if (random.next() >= marked) return `the ${role} ${of(does)}`.split(" ");
    return of([
      `the ${role} is ${gender.is}`,
      `the ${gender.is} one with the ${of(gender.things)} ${of(does)}`,
      `the ${role} ${of(does)} and ${gender.pronoun} smiles`,
      `the ${role} with the ${of(gender.things)} ${of(does)}`,
      `${of(gender.names)} the ${role} ${of(does)} with ${gender.own} friends`,
      `${of(gender.names)} is ${gender.is} and ${gender.pronoun} ${of(does)}`,
    ]).split(" ");
  });
}
