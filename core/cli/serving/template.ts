/**
 * # A conversation as a text
 *
 * A model continues a text, and a chat is a list of messages. A model that was trained on conversations has a form of its own for them, a template. One that has none is given the plain form:
 * a line for each message with the name of its speaker, and an open line for the answer.
 *
 * ```text
 * System: Answer in one sentence.
 * User: What is attention?
 * Assistant:
 * ```
 *
 * @module
 */

import type { ConversationMessage } from "../../08_pretrained/tokenizer_files/conversation.ts";

/** Who speaks. */
export type Role = "system" | "user" | "assistant";

/** A message of a chat. */
export type ChatMessage = ConversationMessage;

/** How a model is given a conversation. */
export interface ChatTemplate {
  /** The text that the answer follows. */
  render(messages: readonly ChatMessage[]): string;
  /** Strings that end an answer besides those that a request names. */
  readonly stop: readonly string[];
}

const NAMES: Readonly<Record<Role, string>> = { system: "System", user: "User", assistant: "Assistant" };

/** The form for models that have none of their own: lines of speakers. The next speaker's name ends an answer. */
export const plainTemplate: ChatTemplate = {
  render: (messages) =>
    [...messages.map(({ role, content }) => `${NAMES[role as Role] ?? role}: ${content}\n`), `${NAMES.assistant}:`]
      .join(""),
  stop: Object.values(NAMES).map((name) => `\n${name}:`),
};
