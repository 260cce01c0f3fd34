/**
 * # Weights, read with a mistake, in English
 *
 * @module
 */

import type { ControlWords } from "./experiment.ts";
import type { MisreadFindings } from "./misread.ts";
import { percent } from "./numbers.ts";
import { SEED_WORDS } from "./seed.words.ts";

/** What the controls of such an experiment are called. */
export const MISREAD_CONTROLS: Readonly<Record<"steps" | "seed", ControlWords>> = {
  steps: { label: "Steps", description: "Steps of training" },
  seed: SEED_WORDS,
};

/** What stands under the figures. */
export const MISREAD_CAPTIONS: Readonly<Record<"nats" | "table", (findings: MisreadFindings) => string>> = {
  nats: ({ nats }) =>
    `Loss on sentences that were not learned: ${nats[0]!.toFixed(2)} nats as written; ${
      nats.slice(1).map((loss) => loss.toFixed(2)).join(", ")
    } with the mistakes.`,
  table: ({ same }) =>
    `How often the most probable character is the same as with the right reading: ${
      same.slice(1).map((part) => percent(part, 3)).join(", ")
    }.`,
};

/** What columns and the first row are called. */
export const MISREAD_LABELS: Readonly<Record<"right" | "nats" | "same" | "reading", string>> = {
  right: "as it was written",
  nats: "nats per character",
  same: "same character",
  reading: "read",
};
