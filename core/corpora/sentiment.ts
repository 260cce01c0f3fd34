/**
 * # Short reviews in two languages
 *
 * **Question.** A classifier of moods needs texts whose mood somebody has written down. Which can a newcomer learn from and test on without
 * downloading anything, and read in full?
 *
 * **Idea.** Write them: some seven hundred sentences about films, food, rooms, phones, courses, in [English](sentiment/english.ts) and in
 * [Chinese](sentiment/chinese.ts), each labelled positive, neutral or negative. A draw with a fixed seed splits them into three parts: what is learned
 * from, what is watched, what is tested on. [Hard sentences](sentiment/hard.ts) of the kinds that the study notes name stand apart.
 *
 * **What a score on it means.** One person wrote the sentences and labelled them, and many come in pairs that say opposite things about the same
 * thing. Reviews from a shop are longer, messier and less clear.
 * A score here compares methods with each other on this text, and says nothing of another one.
 *
 * @module
 */

import { Random } from "../engine/random.ts";
import { CHINESE } from "./sentiment/chinese.ts";
import { ENGLISH } from "./sentiment/english.ts";
import { type Difficulty, HARD_CHINESE, HARD_ENGLISH } from "./sentiment/hard.ts";

export type { Difficulty };

/** What a review may be labelled, from bad to good. */
export const SENTIMENTS = ["negative", "neutral", "positive"] as const;

/** The mood of a review. */
export type Sentiment = typeof SENTIMENTS[number];

/** A text and its label. */
export interface LabelledText {
  /** The text. */
  readonly text: string;
  /** Its mood, as its author meant it. */
  readonly label: Sentiment;
}

/** A text that is hard in a way that has a name. */
export interface HardText extends LabelledText {
  /** What is hard about it. */
  readonly kind: Difficulty;
}

/** The reviews of one language. */
export interface SentimentCorpus {
  /** To learn from, and to write rules for. */
  readonly training: readonly LabelledText[];
  /** To choose between models. */
  readonly validation: readonly LabelledText[];
  /** To judge the one that was chosen. */
  readonly test: readonly LabelledText[];
  /** To see where a classifier fails. */
  readonly hard: readonly HardText[];
}

const LABELS: Readonly<Record<string, Sentiment>> = { "+": "positive", "0": "neutral", "-": "negative" };

/** Fractions of each class that are learned from, and that are learned from or watched. */
const TRAINING = 0.6, WATCHED = 0.75;

/** Reads reviews, one a line: the sign of its label, a space, the text. */
export function readReviews(lines: string): LabelledText[] {
  return lines.trim().split("\n").map((line) => ({ label: LABELS[line[0]!]!, text: line.slice(2) }));
}

/** Reads hard sentences, one a line: their kind, the sign of their label, the text. */
export function readHard(lines: string): HardText[] {
  return lines.trim().split("\n").map((line) => {
    const [, kind, sign, text] = /^(\w+) ([-+0]) (.+)$/.exec(line)!;
    return { kind: kind as Difficulty, label: LABELS[sign!]!, text: text! };
  });
}

/**
 * The reviews of a language, each class split in the same proportions: three fifths to learn from, a quarter to test on.
 *
 * @param language of the reviews
 * @returns the same parts every time
 */
export function sentiment(language: "english" | "chinese"): SentimentCorpus {
  const reviews = readReviews(language === "english" ? ENGLISH : CHINESE), random = new Random(11);
  const parts: { training: LabelledText[]; validation: LabelledText[]; test: LabelledText[] } = {
    training: [],
    validation: [],
    test: [],
  };
  for (const label of SENTIMENTS) {
    const own = reviews.filter((review) => review.label === label);
    Array.from(random.permutation(own.length)).forEach((i, place) => {
      const at = place / own.length;
      parts[at < TRAINING ? "training" : at < WATCHED ? "validation" : "test"].push(own[i]!);
    });
  }
  return { ...parts, hard: readHard(language === "english" ? HARD_ENGLISH : HARD_CHINESE) };
}
