/**
 * # Texts drawn under each truncation
 *
 * **Question.** What does each of the rules that truncate do to texts of a model of real text, and are those texts less degenerate
 * than the most probable ones?
 *
 * **Idea.** A Transformer that has learned the plays of Shakespeare goes on after lines that it never saw: the same prompts, the same
 * random numbers, one rule at a time; beside them greedy search and a beam. Kept are how surprising the texts are to the model, how much
 * they repeat, how many of their words do not exist, and the first of them.
 *
 * ```sh
 * deno run -A mod.ts train lm --data input.txt --vocab-size 500 --context-length 256 --hidden-size 128 --num-layers 4 --num-heads 4 --batch-size 8 --steps 700 --learning-rate 0.003 --out models/lm
 * deno run -A docs/runs/truncation.ts --data input.txt --model models/lm
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
  drawn("top-k 40", { topK: 40 }),
  drawn("top-p 0.9", { topP: 0.9 }),
  drawn("epsilon 0.003", { epsilonCutoff: 0.003 }),
  drawn("eta 0.003", { etaCutoff: 0.003 }),
  drawn("min-p 0.1", { minP: 0.1 }),
  drawn("top-nσ 2", { topNSigma: 2 }),
  drawn("locally typical 0.9", { typicalP: 0.9 }),
  { name: "greedy search", rules: {}, draws: false },
  { name: "beam search, W = 4", rules: { numBeams: 4 }, draws: false },
];

if (import.meta.main) {
  await record<TextsRun>({
    name: "truncation",
    summary: "Write texts under each rule that truncates, and record what they are like.",
    origin:
      "Tiny Shakespeare, parts of plays by William Shakespeare, as Andrej Karpathy's char-rnn has them (data/tinyshakespeare)",
    licence: "public domain",
    files: { model: "A language model that `train lm` saved" },
    make: (path, { model }) => textsUnder(path, model!, SETTINGS),
  });
}
