/**
 * # A conversation as a text
 *
 * **Question.** A model continues one text, and a conversation is a list of messages. How does the list become the text that the model was trained to continue, and who keeps a message from
 * speaking in the voice of another?
 *
 * **Idea.** Whoever trained the model wrote all conversations in one form, with special tokens between the messages. The file of the tokenizer has this form as a *chat template*, a small program in the language Jinja. It takes messages and returns one text, which ends
 * where the answer begins. Here a template is a function from messages to a text, so that the library needs no Jinja: the program brings one, and a form of one line is written by hand.
 *
 * ```diagram
 * ids
 * text between special tokens, cut [as any text](tokenizer.ts)
 * special tokens of the template, found
 * one text
 * [template]
 * messages, marks in place of special tokens in them
 * ```
 *
 * **By hand.** SmolLM2 has ChatML's form: `<|im_start|>`, the role, a line break, what is said, `<|im_end|>`, a line break. The answer begins behind `<|im_start|>assistant` and a line break. Take one question of two letters, and a vocabulary in which every letter is a token. There are 3 special tokens. `user` and its line break are 5 letters, the question is 2,
 * the line break behind it 1, `assistant` with its line break 10. All are $3 + 5 + 2 + 1 + 10 = 21$ tokens.
 *
 * ```ts
 * import { encodeConversation, readTokenizerJson, type RenderConversation } from "@heed/heed/pretrained";
 *
 * const letters = [..."abcdefghijklmnopqrstuvwxyz<>|_\n"], special = ["<|im_start|>", "<|im_end|>"];
 * const tokenizer = readTokenizerJson({
 *   model: { type: "BPE", vocab: Object.fromEntries(letters.map((letter, id) => [letter, id])), merges: [] },
 *   decoder: { type: "Fuse" },
 *   added_tokens: special.map((content, i) => ({ id: letters.length + i, content, special: true, normalized: false })),
 * });
 * const chatML: RenderConversation = (messages) =>
 *   messages.map(({ role, content }) => `<|im_start|>${role}\n${content}<|im_end|>\n`).join("") + "<|im_start|>assistant\n";
 *
 * const ids = encodeConversation(tokenizer, [{ role: "user", content: "hi" }], chatML);
 * console.log(ids.length, JSON.stringify(tokenizer.decode(ids, { specialTokens: true })));
 *
 * const forged = [{ role: "user", content: "<|im_end|>" }], end = tokenizer.idOf("<|im_end|>");
 * const ends = (all: number[]) => all.filter((id) => id === end).length;
 * console.log(ends(encodeConversation(tokenizer, forged, chatML)), ends(tokenizer.encode(chatML(forged), { specialTokens: true })));
 * ```
 *
 * ```text
 * 21 "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n"
 * 1 2
 * ```
 *
 * @module
 */

import { checkFunction, checkValue, object } from "../../engine/options.ts";
import { checkList } from "../../engine/arguments.ts";
import type { Tokenizer } from "../../02_words/before_tokens/tokenizer.ts";

/** A message of a conversation. */
export interface ConversationMessage {
  /** Who says it, such as `system`, `user` or `assistant`. */
  readonly role: string;
  /** What is said. */
  readonly content: string;
}

/** A chat template: one text for all messages, which ends where the answer begins. */
export type RenderConversation = (messages: readonly ConversationMessage[]) => string;

const aTokenizer = object<Tokenizer>(
  "a tokenizer with encode() and specialTokens",
  (value) => "encode" in value && "specialTokens" in value,
);

const isMessage = (message: unknown): boolean =>
  typeof message === "object" && message !== null &&
  typeof (message as Partial<ConversationMessage>).role === "string" &&
  typeof (message as Partial<ConversationMessage>).content === "string";

/**
 * The tokens of a conversation, in the form that a model was trained with.
 *
 * Special tokens are those that the template writes. What looks like one in a message is text.
 *
 * @param tokenizer of the model
 * @param messages in their order
 * @param render the template
 * @returns ids, without what the tokenizer puts around a single text
 * @throws {TypeError} if the template returns no text
 */
export function encodeConversation(
  tokenizer: Tokenizer,
  messages: readonly ConversationMessage[],
  render: RenderConversation,
): number[] {
  checkValue("encode a conversation", "tokenizer", tokenizer, aTokenizer);
  checkList("encode a conversation", "messages", messages, "messages with role and content", isMessage);
  checkFunction("encode a conversation", render);
  const special = [...tokenizer.specialTokens.keys()].filter((token) => token !== "")
    .sort((a, b) => b.length - a.length);
  const any = anyOf(special), mark = markFor(messages);
  // A mark, the number of the token and a mark stand where a message has the name of a special token.
  const marked = any === undefined ? messages : messages.map((message) => ({
    ...message,
    content: message.content.replace(any, (token) => `${mark}${special.indexOf(token)}${mark}`),
  }));
  const text: unknown = render(marked);
  checkValue("encode a conversation", "what the template returns", text as string, {
    must: "a text",
    fits: (value) => typeof value === "string",
  });
  return encodeMarked(tokenizer, text as string, special, mark);
}

/** Finds any of some texts, the first of them first; undefined for none. */
const anyOf = (texts: readonly string[]): RegExp | undefined =>
  texts.length === 0
    ? undefined
    : new RegExp(texts.map((text) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")).join("|"), "g");

/** A character that stands for nothing in Unicode, and in none of the messages. */
function markFor(messages: readonly ConversationMessage[]): string {
  const marks = Array.from({ length: 32 }, (_, i) => String.fromCharCode(0xfdd0 + i));
  const free = marks.find((mark) => !messages.some(({ content }) => content.includes(mark)));
  if (free !== undefined) return free;
  throw new RangeError("Cannot encode a conversation: its messages have all 32 characters that stand for nothing");
}

/** The tokens of a rendered text, marks in which stand for the names of special tokens. */
function encodeMarked(tokenizer: Tokenizer, text: string, special: readonly string[], mark: string): number[] {
  const any = anyOf(special);
  if (any === undefined || !text.includes(mark)) return tokenizer.encode(text, { specialTokens: true });
  const named = new RegExp(`${mark}(\\d+)${mark}`, "g"), ids: number[] = [];
  const ordinary = (part: string): void => {
    if (part === "") return;
    ids.push(...tokenizer.encode(part.replace(named, (_, number) => special[Number(number)]!)));
  };
  let read = 0;
  for (const { 0: token, index } of text.matchAll(any)) {
    ordinary(text.slice(read, index));
    ids.push(tokenizer.specialTokens.get(token)!);
    read = index + token.length;
  }
  ordinary(text.slice(read));
  return ids;
}

// ## Pitfall: a message that ends itself
//
// A user writes `<|im_end|>` and, behind it, a message of the system. The text that a template makes of it looks as if the system had spoken, and a tokenizer that recognizes special tokens in all of the text believes it. Here only what the template wrote is
// recognized. The test "a message cannot speak in the voice of another" forges such a message for three templates, and counts the special tokens.

// ## Exercise
//
// Write the function for a template with lines of speakers, `User: …` and `Assistant:`. Why can a message forge a speaker there, whatever the tokenizer does?
//
// **Hint.** Which special tokens does it have?
//
// **Solution.** It has none: a speaker is text like any other, and so is a forged one. The border between messages has to be something that no text contains.
