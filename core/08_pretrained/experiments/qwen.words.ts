/**
 * # Four ways to misread a Qwen, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { MISREAD_CAPTIONS, MISREAD_CONTROLS, MISREAD_LABELS } from "../../experiments/misread.words.ts";
import { percent } from "../../experiments/numbers.ts";
import type { QwenTraps } from "./qwen.ts";

/** What the experiment says. */
export const words: Words<QwenTraps> = {
  title: "Four ways to misread a Qwen",
  purpose:
    "A small Qwen 3, with norms of queries and keys, is trained on sentences in characters. Its weights are written under the names of its files and read back, once as they were written and then with one mistake. The loss on other sentences says what the mistake costs.",
  controls: MISREAD_CONTROLS,
  claims: {
    right: "No mistake makes the model better",
    missing: "To leave the norms of queries and keys out costs more than a tenth of a nat",
    quiet: "To exchange the two norms, or to see a window that was turned off, costs less than a tenth of a nat",
  },
  captions: MISREAD_CAPTIONS,
  reading: ({ nats, same }) => [
    `Query and key are compared by a product, in which a gain counts alike on either side but for the rotation between: exchanged gains leave ${
      percent(same[2]!, 3)
    } of the characters the same. Of a window that was turned off the loss shows ${
      (nats[4]! - nats[0]!).toFixed(3)
    } nats, since most of a character is in the letters before it.`,
  ],
  labels: {
    ...MISREAD_LABELS,
    neighbours: "neighbours paired",
    exchanged: "norms of queries and keys exchanged",
    missing: "norms of queries and keys left out",
    window: "window that was turned off",
  },
};
