/**
 * # Texts under each rule against repetition, shown
 *
 * @module
 */

import { fixed, number, percent } from "../../core/experiments/numbers.ts";
import type { RunFigures } from "../picture.ts";
import { modelOf, tableOf } from "../runs/texts_table.ts";
import type { Measures, TextsRun } from "../runs/texts_under_rules.ts";

/** The recorded run. */
export const run: RunFigures<TextsRun> = {
  before: ({ training }) => training,
  figures: (findings) => [tableOf(findings)],
  reading(findings) {
    const { rows, plays, gram } = findings;
    const different = (texts: Measures): string => fixed(texts.different, 0);
    const [plain, ...ruled] = rows.filter(({ draws }) => !draws), drawn = rows.find(({ draws }) => draws)!;
    const fewest = ruled.reduce((a, b) => b.repeated < a.repeated ? b : a);
    const surprisals = ruled.map(({ surprisal }) => surprisal);
    return [
      `Without a rule ${percent(plain!.repeated)} of the ${gram}-grams of a text have stood in it before, and ${
        percent(plays.repeated, 1)
      } of those of the plays. The fewest are left by “${fewest.name}”: ${percent(fewest.repeated, 1)}. A text of ${
        number(findings.length)
      } tokens has ${different(plain!)} different ones without a rule, ${different(fewest)} with that one, and ${
        different(plays)
      } in the plays.`,
      `In the plays a token costs the model ${fixed(plays.surprisal, 2)} nats, without a rule ${
        fixed(plain!.surprisal, 2)
      }, and under the rules from ${fixed(Math.min(...surprisals), 2)} to ${
        fixed(Math.max(...surprisals), 2)
      }. A draw repeats ${percent(drawn.repeated, 1)} of its ${gram}-grams without any of these rules, at ${
        fixed(drawn.surprisal, 2)
      } nats.`,
      `What a rule pushes away has to go somewhere. Of the words ${
        percent(plain!.unknown, 2)
      } do not exist without a rule, and under the rules up to ${
        percent(Math.max(...ruled.map(({ unknown }) => unknown)), 2)
      } (“${ruled.reduce((a, b) => b.unknown > a.unknown ? b : a).name}”). ${modelOf(findings)}`,
    ];
  },
};
