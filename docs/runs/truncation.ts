/**
 * # Texts drawn under each truncation
 *
 * **Question.** What does each of the rules that truncate do to texts of a model of real text?
 *
 * **Idea.** An n-gram model of the plays of Shakespeare goes on after lines that it never saw. The same prompts, the same
 * random numbers, one rule at a time. Kept are how surprising the texts are to the model, how much they repeat, and the first of them.
 *
 * ```sh
 * deno run -A docs/runs/truncation.ts --data input.txt
 * ```
 *
 * @module
 */

import { record } from "./run.ts";
import { type TextsRun, textsUnder, type Tried } from "./texts_under_rules.ts";

const drawn = (name: string, rules: Tried["rules"]): Tried => ({ name, rules, draws: true });

/** What is tried: every rule that truncates, and what bounds them on both sides. */
const SETTINGS: readonly Tried[] = [
  drawn("all tokens", {}),
  drawn("temperature 0.7", { temperature: 0.7 }),
  drawn("top-k 40", { topK: 40 }),
  drawn("top-p 0.9", { topP: 0.9 }),
  drawn("epsilon 0.003", { epsilonCutoff: 0.003 }),
  drawn("eta 0.003", { etaCutoff: 0.003 }),
  drawn("min-p 0.1", { minP: 0.1 }),
  drawn("top-nσ 2", { topNSigma: 2 }),
  drawn("locally typical 0.9", { typicalP: 0.9 }),
  { name: "the most probable token", rules: {}, draws: false },
];

if (import.meta.main) {
  await record<TextsRun>({
    name: "truncation",
    summary: "Write texts under each rule that truncates, and record what they are like.",
    origin: "Plays of Shakespeare, the file of the repository karpathy/char-rnn (data/tinyshakespeare)",
    licence: "public domain",
    make: (path) => textsUnder(path, SETTINGS),
  });
}
