/**
 * What can be set on the playground. The page knows it without the library.
 *
 * @module
 */

/** What the reader sets. */
export interface Settings {
  /** What is translated. */
  readonly sentence: string;
  /** Divides the logits; at 0 only the likeliest token is left. */
  readonly temperature: number;
  /** Tokens that are kept; 0 keeps all. */
  readonly topK: number;
  /** Share that the kept tokens make up; 1 keeps all, 0 the likeliest. */
  readonly topP: number;
  /** Where chance starts. */
  readonly seed: number;
  /** Beginnings that survive a step; 1 is greedy search. */
  readonly beams: number;
}

/** The settings before the reader changes any. */
export const DEFAULTS: Omit<Settings, "sentence"> = { temperature: 0.7, topK: 0, topP: 0.9, seed: 1, beams: 3 };

/** Whether no other token than the likeliest is left: the limit of temperature and of top-p. */
export const isGreedy = ({ temperature, topK, topP }: Settings): boolean =>
  temperature === 0 || topK === 1 || topP === 0;
