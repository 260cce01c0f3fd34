/**
 * # A conversation on the command line
 *
 * `chat` answers line by line, as long as somebody writes. Ctrl-C ends an answer and not the conversation; between two answers it ends both. What a person does not see, that a line
 * comes from a pipe, makes no difference.
 *
 * @module
 */

import { Random } from "../../engine/random.ts";
import type { TokenSearch } from "../../07_generation/search.ts";
import { type ModelValues, openAny } from "../any_model.ts";
import { type Command, defineCommand, number, text } from "../arguments.ts";
import { chatTemplate, templateOption } from "../chat_templates.ts";
import { Conversation } from "../conversation.ts";
import { asksForChance, decodingFor, decodingOptions, printable, readDecoding } from "../decoding.ts";
import { deviceOptions, weightsOption } from "../device.ts";
import { Interrupted, UsageError } from "../errors.ts";
import { readLines } from "../files.ts";
import { hubOptions, MODEL_DETAILS } from "../places.ts";
import { complain, line, standardOutput } from "../terminal.ts";

/** What concerns several texts, of which a conversation has one. */
const SEVERAL = [
  ...["allBeams", "numBeams", "lengthPenalty", "numBeamGroups", "diversityPenalty", "stochastic", "requiredWords"],
  // It belongs to the search that looks at hidden states, and begins anew each time.
  "penaltyAlpha",
];
const options: typeof decodingOptions = Object.fromEntries(
  Object.entries(decodingOptions).filter(([name]) => !SEVERAL.includes(name)),
) as typeof decodingOptions;

/** `chat`. */
export const command: Command = defineCommand({
  operands: "MODEL",
  maxOperands: 1,
  details: [
    "Each line is a message, from a terminal or a pipe; one that ends with a backslash goes on in the next. Ctrl-C ends an answer, Ctrl-D the chat.",
    "The most probable token is taken, unless an option here or the files of the model ask for chance.",
    ...MODEL_DETAILS,
  ],
  options: {
    prompt: text("TEXT", "Answer this message, and end"),
    system: text("TEXT", "What the model is told before all else"),
    maxNewTokens: number("N", "Most tokens of an answer", { min: 1, max: 1_000_000, whole: true }, 1024),
    ...options,
    ...templateOption,
    seed: number("N", "Where random numbers come from", { min: 0, max: 2 ** 31, whole: true }, 1),
    ...hubOptions,
    ...weightsOption,
    ...deviceOptions,
  },
  async run(values, [name]) {
    if (!name) throw new UsageError("Cannot chat without a model: name a folder, a GGUF file, or OWNER/NAME on a hub");
    const usual = { draws: asksForChance(values), random: new Random(values.seed) };
    // Whatever does not depend on the model is refused before it is read.
    readDecoding(values, usual);
    const opened = await openAny(name, values as ModelValues);
    const template = await chatTemplate(opened.template, values.template);
    const { search, rules } = decodingFor(values, usual, opened.usual).of(opened.vocabulary);
    using conversation = new Conversation(opened, template, {
      system: values.system,
      maxNewTokens: values.maxNewTokens,
      decoding: { search: search as TokenSearch, rules },
      onForget: (messages) => complain(`the context is full: the oldest ${messages} messages are left out`),
    });
    const keyboard = new Keyboard();
    try {
      if (values.prompt !== undefined) {
        // Where there is one answer, its end is that of the program.
        if (!await answer(conversation, values.prompt, keyboard)) throw new Interrupted();
        return;
      }
      for await (const message of keyboard.messages()) await answer(conversation, message, keyboard);
    } finally {
      keyboard.close();
    }
  },
});

/** Writes an answer as it comes; false if Ctrl-C has ended it. */
async function answer(conversation: Conversation, message: string, keyboard: Keyboard): Promise<boolean> {
  const signal = keyboard.begin();
  try {
    for await (const piece of conversation.answer(message, signal)) standardOutput.write(printable(piece));
    return true;
  } catch (error) {
    if (!signal.aborted) throw error;
    return false;
  } finally {
    keyboard.end();
    line();
  }
}

/** Where messages come from, and what Ctrl-C means. */
class Keyboard {
  readonly #isWatched = Deno.stdin.isTerminal();
  readonly #gone = Promise.withResolvers<never>();
  #answer: AbortController | undefined;
  #isGone = false;
  readonly #listener = (): void => {
    if (this.#answer && !this.#answer.signal.aborted) return this.#answer.abort(new Interrupted());
    this.#isGone = true;
    this.#gone.reject(new Interrupted());
  };

  constructor() {
    this.#gone.promise.catch(() => {});
    Deno.addSignalListener("SIGINT", this.#listener);
  }

  /** Messages, as they are written. */
  async *messages(): AsyncGenerator<string, void, void> {
    if (this.#isWatched) line("Write a message and press Enter; Ctrl-C ends an answer, Ctrl-D the chat.");
    const lines = readLines("-");
    let message = "";
    for (;;) {
      if (this.#isWatched) standardOutput.write(message === "" ? "> " : "… ");
      const { done, value } = await Promise.race([lines.next(), this.#gone.promise]);
      if (this.#isGone) throw new Interrupted();
      if (done) break;
      if (value.text.endsWith("\\")) {
        message += `${value.text.slice(0, -1)}\n`;
        continue;
      }
      message += value.text;
      if (message.trim() !== "") yield message;
      message = "";
    }
    if (message.trim() !== "") yield message;
    // Behind the sign that waits for a message.
    if (this.#isWatched) line();
  }

  /**
   * An answer begins.
   *
   * @returns its signal
   * @throws {Interrupted} if Ctrl-C came before it
   */
  begin(): AbortSignal {
    if (this.#isGone) throw new Interrupted();
    this.#answer = new AbortController();
    return this.#answer.signal;
  }

  /** The answer has ended. */
  end(): void {
    this.#answer = undefined;
  }

  /** Listens no more. */
  close(): void {
    Deno.removeSignalListener("SIGINT", this.#listener);
  }
}
