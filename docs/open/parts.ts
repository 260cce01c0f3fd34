/**
 * # What a model can be asked
 *
 * **Question.** A model that continues a text has other controls than one that makes vectors. Where does the page learn which?
 *
 * **Idea.** One table says which parts of the page a kind of model has.
 *
 * @module
 */

import type { Facts, ModelKind } from "./protocol.ts";

/** The parts of the page, in order. */
export const PARTS = ["complete", "chat", "attention", "compare", "tokens"] as const;

/** One of them. */
export type PartName = (typeof PARTS)[number];

const PARTS_OF: Readonly<Record<ModelKind, readonly PartName[]>> = {
  decoder: ["complete", "chat", "attention", "tokens"],
  encoder: ["compare", "tokens"],
};

/** The parts that a model has: no chat without a form for it. */
export function partsOf({ kind, chats }: Pick<Facts, "kind" | "chats">): readonly PartName[] {
  return PARTS_OF[kind].filter((part) => part !== "chat" || chats);
}
