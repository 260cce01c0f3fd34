/**
 * # Texts under each rule against repetition
 *
 * **Question.** Greedy search repeats itself. What does each rule against it change in texts of a model of real text?
 *
 * **Idea.** A Transformer that has learned the plays of Shakespeare goes on after lines that it never saw, each time by the most probable
 * token that a rule leaves. Kept are how much the texts repeat, how surprising they are to the model, how many of their words do not
 * exist, and the first of them.
 *
 * ```sh
 * deno run -A mod.ts train lm --data input.txt --vocab-size 500 --context-length 256 --hidden-size 128 --num-layers 4 --num-heads 4 --batch-size 8 --steps 700 --learning-rate 0.003 --out models/lm
 * deno run -A docs/runs/repetition.ts --data input.txt --model models/lm
 * ```
 *
 * @module
 */

import { record } from "./run.ts";
import { type TextsRun, textsUnder, type Tried } from "./texts_under_rules.ts";

const greedy = (name: string, rules: Tried["rules"]): Tried => ({ name, rules, draws: false });

/** What is tried: greedy search under each rule, and a draw. */
const SETTINGS: readonly Tried[] = [
  greedy("no rule", {}),
  greedy("repetition penalty 1.3", { repetitionPenalty: 1.3 }),
  greedy("frequency penalty 0.5", { frequencyPenalty: 0.5 }),
  greedy("presence penalty 1", { presencePenalty: 1 }),
  greedy("no 3-gram twice", { noRepeatNgramSize: 3 }),
  greedy("DRY 0.8", { dryMultiplier: 0.8 }),
  greedy("DRY 3", { dryMultiplier: 3 }),
  { name: "drawn, top-p 0.9", rules: { topP: 0.9 }, draws: true },
];

if (import.meta.main) {
  await record<TextsRun>({
    name: "repetition",
    summary: "Write texts under each rule against repetition, and record what they are like.",
    origin:
      "Tiny Shakespeare, parts of plays by William Shakespeare, as Andrej Karpathy's char-rnn has them (data/tinyshakespeare)",
    licence: "public domain",
    files: { model: "A language model that `train lm` saved" },
    make: (path, { model }) => textsUnder(path, model!, SETTINGS),
  });
}
