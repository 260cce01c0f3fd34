/**
 * # What a request is answered with
 *
 * Texts and pieces of texts as objects of OpenAI's interface: completions, messages of a chat, and the chunks of both that are sent as they are written.
 *
 * @module
 */

import type { TokenWriter, ToldToken } from "../json_lines.ts";

/** What is the same in all parts of an answer. */
export interface Heading {
  /** Whether it is a chat. */
  readonly isChat: boolean;
  /** Of the answer. */
  readonly id: string;
  /** When it was asked for, in seconds since 1970. */
  readonly created: number;
  /** What clients call the model. */
  readonly model: string;
}

/** How many tokens were read and written. */
export interface Usage {
  /** Of the prompts. */
  readonly prompt: number;
  /** Of the answers. */
  readonly completion: number;
}

/** Why an answer ended. */
export type FinishReason = "stop" | "length";

/** An answer, or a piece of one. */
export interface Piece {
  /** Which of several. */
  readonly index: number;
  /** Its text. */
  readonly text: string;
  /** Log-probabilities of its tokens; undefined where nobody asked for them. */
  readonly logprobs?: object | undefined;
  /** Why it ended; null for a piece that goes on. */
  readonly finish: FinishReason | null;
}

/** The numbers of tokens as an answer has them. */
export function usageOf({ prompt, completion }: Usage): object {
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}

/** A whole answer. */
export function answerOf({ isChat, id, created, model }: Heading, pieces: readonly Piece[], usage: Usage): object {
  const choices = pieces.map(({ index, text, logprobs = null, finish }) =>
    isChat
      ? { index, message: { role: "assistant", content: text, refusal: null }, logprobs, finish_reason: finish }
      : { index, text, logprobs, finish_reason: finish }
  );
  const object = isChat ? "chat.completion" : "text_completion";
  return { id, object, created, model, choices, usage: usageOf(usage) };
}

/** What a piece says of a chat: who speaks comes first, and what is empty is left out. */
function deltaOf({ text, finish }: Piece, isFirst: boolean): object {
  return { ...isFirst && { role: "assistant" }, ...(isFirst || finish === null || text !== "") && { content: text } };
}

/** A part of an answer that is sent as it is written. */
export function chunkOf(
  heading: Heading,
  piece: Piece,
  options: { readonly isFirst: boolean; readonly includeUsage: boolean },
): object {
  const { isChat, id, created, model } = heading, { index, text, logprobs = null, finish } = piece;
  const choice = isChat
    ? { index, delta: deltaOf(piece, options.isFirst), logprobs, finish_reason: finish }
    : { index, text, logprobs, finish_reason: finish };
  const object = isChat ? "chat.completion.chunk" : "text_completion";
  return { id, object, created, model, choices: [choice], ...options.includeUsage && { usage: null } };
}

/** The part behind all others, for who wants to know how many tokens there were. */
export function usageChunk({ isChat, id, created, model }: Heading, usage: Usage): object {
  const object = isChat ? "chat.completion.chunk" : "text_completion";
  return { id, object, created, model, choices: [], usage: usageOf(usage) };
}

/** JSON has no infinity; this is what clients know in its place. */
const LEAST = -9999;

/** The log-probabilities of tokens, in the form of a chat. */
export function chatLogprobs(tokens: readonly ToldToken[], writer: TokenWriter, before: number): object {
  const one = (id: number, logProbability: number, before: number): object => ({
    token: writer.text(id, before),
    logprob: Math.max(LEAST, logProbability),
    bytes: [...writer.bytes(id, before)],
  });
  const content = tokens.map(({ token, logProbability, alternatives = [] }, i) => {
    const last = tokens[i - 1]?.token ?? before;
    return {
      ...one(token, logProbability, last),
      top_logprobs: alternatives.map((each) => one(each.token, each.logProbability, last)),
    };
  });
  return { content, refusal: null };
}

/** The log-probabilities of tokens from an offset of the text, in the form of a completion. */
export function completionLogprobs(
  tokens: readonly ToldToken[],
  writer: TokenWriter,
  before: number,
  offset: number,
): object {
  const last = (i: number): number => tokens[i - 1]?.token ?? before;
  const texts = tokens.map(({ token }, i) => writer.text(token, last(i)));
  let at = offset;
  return {
    tokens: texts,
    token_logprobs: tokens.map(({ logProbability }) => Math.max(LEAST, logProbability)),
    top_logprobs: tokens.map(({ alternatives = [] }, i) =>
      Object.fromEntries(
        alternatives.map(({ token, logProbability }) => [writer.text(token, last(i)), Math.max(LEAST, logProbability)]),
      )
    ),
    text_offset: texts.map((text) => {
      const from = at;
      at += text.length;
      return from;
    }),
  };
}
