/**
 * # A conversation with a model
 *
 * The messages so far, and the keys and values of the text that they are. The tokens of an answer are kept as the model wrote them, and the next turn goes on behind them, so that only what is new is read. Where the template changes what
 * was said before, the text is cut anew, and what both have in common is still not read again.
 *
 * @module
 */

import type { ConversationMessage } from "../08_pretrained/tokenizer_files/conversation.ts";
import { stream, type StreamedToken } from "../07_generation/generate.ts";
import type { StreamOptions } from "../07_generation/options.ts";
import { PromptCache } from "../07_generation/prompt_cache.ts";
import type { OpenedModel } from "./any_model.ts";
import { conversationTokens } from "./chat_templates.ts";
import { DataError } from "./errors.ts";
import type { ChatTemplate } from "./serving/template.ts";
import { continuation } from "./tokenizers.ts";

/** How answers are written. */
export interface ConversationOptions {
  /** What the model is told before all else; nothing by default. */
  readonly system?: string | undefined;
  /** Most tokens of an answer. */
  readonly maxNewTokens: number;
  /** Rules and search, as options of the loop. */
  readonly decoding: Pick<StreamOptions, "rules" | "search">;
  /** Hears that the oldest messages were left out, since the context is full. */
  readonly onForget: (messages: number) => void;
}

/** The text that the caches stand for, and its tokens. */
interface Held {
  readonly text: string;
  readonly tokens: readonly number[];
}

/** Messages, and a model that answers them. */
export class Conversation implements Disposable {
  readonly #opened: OpenedModel;
  readonly #template: ChatTemplate;
  readonly #options: ConversationOptions;
  readonly #cache: PromptCache | undefined;
  #messages: ConversationMessage[];
  #held: Held = { text: "", tokens: [] };
  /** Tokens of the last turn that the model had to read. */
  read = 0;

  /** Begins one. */
  constructor(opened: OpenedModel, template: ChatTemplate, options: ConversationOptions) {
    [this.#opened, this.#template, this.#options] = [opened, template, options];
    this.#messages = options.system === undefined ? [] : [{ role: "system", content: options.system }];
    this.#cache = opened.model.newCaches ? new PromptCache() : undefined;
  }

  /** What was said, the answers included. */
  get messages(): readonly ConversationMessage[] {
    return this.#messages;
  }

  /**
   * Answers a message, piece by piece; what was said until an abort is kept.
   *
   * @param content what is said to the model
   * @param signal stops the answer
   */
  async *answer(content: string, signal: AbortSignal): AsyncGenerator<string, void, void> {
    const { model, vocabulary } = this.#opened, said = [...this.#messages, { role: "user", content }];
    const { messages, prompt, text } = this.#prompt(said), tokens: number[] = [];
    this.#messages = messages;
    const held = this.#cache?.tokens ?? [], common = prompt.findIndex((token, i) => token !== held[i]);
    this.read = prompt.length - (common < 0 ? prompt.length - 1 : common);
    const written = stream(model, prompt, this.#streaming(prompt.length, signal));
    let answer = "", isBlank = true;
    try {
      for await (const piece of continuation(vocabulary, prompt, idsOf(written, tokens))) {
        answer += piece;
        // What stands between the name of a speaker and what is said.
        const shown = isBlank ? piece.trimStart() : piece;
        if (shown === "") continue;
        isBlank = false;
        yield shown;
      }
    } finally {
      this.#messages = [...messages, { role: "assistant", content: answer.trimStart() }];
      this.#held = { text: text + answer, tokens: [...prompt, ...tokens] };
    }
  }

  #streaming(length: number, signal: AbortSignal): StreamOptions {
    const { model, vocabulary, rules, eosTokens } = this.#opened, { decoding, maxNewTokens } = this.#options;
    const { stop } = this.#template;
    return {
      ...decoding,
      rules: [...rules, ...decoding.rules ?? []],
      // The last token is written and not read.
      maxNewTokens: Math.min(maxNewTokens, model.contextLength - length + 1),
      ...eosTokens.length > 0 && { eosToken: eosTokens },
      ...stop.length > 0 && { stopStrings: { stop, decode: (all) => vocabulary.decode(all) } },
      ...this.#cache && { cache: this.#cache },
      signal,
    };
  }

  /** The tokens of a conversation; where they are too many, of its newest messages. */
  #prompt(said: readonly ConversationMessage[]): { messages: ConversationMessage[]; prompt: number[]; text: string } {
    const { contextLength } = this.#opened.model,
      [system, rest] = said[0]!.role === "system" ? [said.slice(0, 1), said.slice(1)] : [[], said];
    // A question and its answer go together.
    for (let from = 0; from < rest.length; from += 2) {
      const messages = [...system, ...rest.slice(from)], text = this.#template.render(messages);
      const prompt = this.#tokens(messages, text);
      // An answer needs room too.
      if (prompt.length > contextLength - Math.min(this.#options.maxNewTokens, contextLength >> 2)) {
        if (from + 2 < rest.length || prompt.length > contextLength) continue;
      }
      if (from > 0) this.#options.onForget(from);
      return { messages, prompt, text };
    }
    throw new DataError(`Cannot answer this message: it does not fit the ${contextLength} tokens that the model sees`);
  }

  /** What is held, and the tokens of what follows; all anew where something before has changed. */
  #tokens(messages: readonly ConversationMessage[], text: string): number[] {
    const { vocabulary } = this.#opened, { text: before, tokens } = this.#held;
    const isSame = before !== "" && text.startsWith(before) &&
      messages.slice(0, -1).every((one, i) => this.#messages[i]?.content === one.content);
    if (!isSame) return conversationTokens(this.#template, messages, vocabulary);
    // What follows begins behind an answer, and its message is text as any other.
    const added = {
      ...this.#template,
      render: (last: readonly ConversationMessage[]) =>
        this.#template.render([...messages.slice(0, -1), ...last]).slice(before.length),
    };
    return [...tokens, ...conversationTokens(added, messages.slice(-1), vocabulary)];
  }

  /** Gives the memory back. */
  [Symbol.dispose](): void {
    this.#cache?.dispose();
  }
}

/** The ids of tokens, which are noted as they come. */
async function* idsOf(written: AsyncIterable<StreamedToken>, noted: number[]): AsyncGenerator<number> {
  for await (const { token } of written) {
    noted.push(token);
    yield token;
  }
}
