/**
 * # Kinds of models
 *
 * **Question.** One model continues a text, another makes a vector of it. How does the page learn a third kind?
 *
 * **Idea.** A kind is a value: which architectures it knows, and how it is opened. What is opened answers questions. The worker goes
 * through the list of kinds; the page shows what a kind can be asked.
 *
 * @module
 */

import type { ModelSource } from "../../../core/08_pretrained/files/mod.ts";
import type { Weights } from "../../../core/08_pretrained/files/weights.ts";
import type { ConversationMessage } from "../../../core/08_pretrained/tokenizer_files/conversation.ts";
import type { Facts, Means, ModelAsk, ModelKind, News, Result } from "../protocol.ts";

/** A model whose files are there and whose weights are not read yet. */
export interface FoundModel {
  readonly source: ModelSource;
  readonly weights: Weights;
  /** The word for its architecture; empty where the files name none. */
  readonly architecture: string;
}

/** What an opening is told. */
export interface Opening {
  readonly format: Means["weights"];
  readonly signal: AbortSignal;
  /** Hears of the progress, and is waited for. */
  readonly onProgress: (done: number) => Promise<void>;
  /** Makes a function of a chat template; loaded only for a model that has one. */
  readonly template: (source: string) => Promise<Template>;
}

/** A chat template: a text for a conversation, which ends where the answer begins. */
export type Template = (turns: readonly ConversationMessage[], tokens: Readonly<Record<string, string>>) => string;

/** What an answer is told. */
export interface Call {
  readonly signal: AbortSignal;
  readonly tell: (news: News) => void;
}

/** A model that answers. */
export interface OpenModel {
  /** What is known of it. */
  readonly facts: Pick<Facts, "kind" | "numLayers" | "numHeads" | "contextLength" | "vocabSize" | "chats">;
  /** Answers a question; one that it cannot answer is refused. */
  answer(ask: ModelAsk, call: Call): Promise<Result>;
}

/** A kind of models. */
export interface Kind {
  readonly name: ModelKind;
  /** Whether it knows an architecture. */
  knows(architecture: string): boolean;
  /** Reads the weights and everything beside them. */
  open(found: FoundModel, opening: Opening): Promise<OpenModel>;
}
