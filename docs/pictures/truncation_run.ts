/**
 * # Texts drawn under each truncation, shown
 *
 * @module
 */

import { fixed, number, percent } from "../../core/experiments/numbers.ts";
import type { RunFigures } from "../picture.ts";
import type { TextsRun } from "../runs/texts_under_rules.ts";
import { tableOf } from "../runs/texts_table.ts";

/** The recorded run. */
export const run: RunFigures<TextsRun> = {
  figures: (findings) => [tableOf(findings)],
  reading(findings) {
    const { rows, plays } = findings;
    const drawn = rows.filter(({ draws }) => draws), all = drawn[0]!, greedy = rows.find(({ draws }) => !draws)!;
    const surprisals = drawn.slice(1).map(({ surprisal }) => surprisal);
    return [
      `Drawn from all tokens, a text costs the model ${fixed(all.surprisal, 2)} nats a token; the plays cost it ${
        fixed(plays.surprisal, 2)
      }. The rules lower that to between ${fixed(Math.min(...surprisals), 2)} and ${
        fixed(Math.max(...surprisals), 2)
      } nats. The most probable token alone comes to ${fixed(greedy.surprisal, 2)}, and ${
        percent(greedy.repeated)
      } of its ${findings.gram}-grams have stood in the same text before.`,
      `One setting of each rule is compared, and not the rules at their best: a smaller threshold moves a row towards the first one. The model is a table of ${findings.order}-grams. Its tail is worse than that of a Transformer, and ` +
      `so is its greedy search. The seed and the ${number(findings.texts)} prompts are the same in all rows.`,
    ];
  },
};
