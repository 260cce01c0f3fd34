/**
 * # The form of a conversation
 *
 * Models bring their template as a program in Jinja. The package `@huggingface/jinja`, which has no dependencies, runs it; it is loaded when a template is met, by its full name, and by nothing else: the library and the first command need
 * no package. A template of one's own comes from a file.
 *
 * @module
 */

import { type ConversationMessage, encodeConversation } from "../08_pretrained/tokenizer_files/conversation.ts";
import type { Tokenizer } from "../02_words/before_tokens/tokenizer.ts";
import type { ChatTemplateSource } from "./any_model.ts";
import { type Option, text } from "./arguments.ts";
import { DataError, quote, sentence } from "./errors.ts";
import { readBytes } from "./files.ts";
import { type ChatTemplate, plainTemplate } from "./serving/template.ts";

/** Imported by no literal, so that nothing asks for it before it is wanted. */
const PACKAGE: string = "npm:@huggingface/jinja@0.5.11";

/** What is used of the package. */
interface Jinja {
  readonly Template: new (source: string) => { render(values: Readonly<Record<string, unknown>>): string };
}

/** The option of commands that hold conversations. */
export const templateOption: { readonly template: Option<string | undefined> } = {
  template: text("FILE", 'A chat template in Jinja instead of the model\'s own; "plain" writes lines of speakers'),
};

/**
 * The form of conversations with a model.
 *
 * @param own the model's
 * @param asked what was given for the option
 * @returns its own, the one that is asked for, or lines of speakers
 * @throws {DataError} if it is no template, or the package that runs it cannot be loaded
 */
export async function chatTemplate(own: ChatTemplateSource, asked: string | undefined): Promise<ChatTemplate> {
  if (asked === "plain" || asked === undefined && own === undefined) return plainTemplate;
  const source = asked === undefined ? own!.jinja : new TextDecoder().decode(await readBytes(asked));
  return await jinjaTemplate(source, own?.tokens ?? {}, asked ?? own!.name);
}

/**
 * A template in Jinja as a function from messages to a text.
 *
 * @param source the template
 * @param tokens those that it may name, such as `bos_token`
 * @param name whose it is, for messages
 */
export async function jinjaTemplate(
  source: string,
  tokens: Readonly<Record<string, string>>,
  name: string,
): Promise<ChatTemplate> {
  const { Template } = await loadJinja(name);
  let template: InstanceType<Jinja["Template"]>;
  try {
    template = new Template(source);
  } catch (error) {
    throw new DataError(`Cannot read the chat template of ${quote(name)}: ${sentence(error)}`, { cause: error });
  }
  return {
    render(messages) {
      try {
        return template.render({ ...tokens, messages, add_generation_prompt: true });
      } catch (error) {
        throw new DataError(`Cannot write this conversation with the template of ${quote(name)}: ${sentence(error)}`, {
          cause: error,
        });
      }
    },
    stop: [],
  };
}

async function loadJinja(name: string): Promise<Jinja> {
  try {
    return await import(PACKAGE);
  } catch (error) {
    throw new DataError(
      `Cannot load ${PACKAGE}, which runs the chat template of ${
        quote(name)
      }: the registry of npm has to be reached once; --template plain needs none (${sentence(error)})`,
      { cause: error },
    );
  }
}

/**
 * The tokens of a conversation, behind which the answer comes.
 *
 * @param template its form
 * @param messages in their order
 * @param vocabulary of the model
 */
export function conversationTokens(
  template: ChatTemplate,
  messages: readonly ConversationMessage[],
  vocabulary: Tokenizer,
): number[] {
  return encodeConversation(vocabulary, messages, (all) => template.render(all));
}
