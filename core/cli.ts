/**
 * # The program
 *
 * `deno run mod.ts COMMAND` ends here: `mod.ts` loads this file when it is the program and not
 * when it is imported. The commands read files and the keyboard, call the same functions that
 * every other caller of the library calls, and print. Nothing else under `core/` touches the
 * system, but for [the files and the terminal](host/mod.ts) that every program may ask for.
 *
 * A command is a file in `cli/commands`, named by the words that call it, and a line of
 * {@linkcode COMMANDS}. Its file is loaded when it is called: by URL, `translate` fetches nothing
 * that only `train` or `experiment` need, and the list of commands fetches none of them.
 *
 * | file                               | holds                                              |
 * | ---------------------------------- | -------------------------------------------------- |
 * | `commands/…`                       | one command each                                   |
 * | `arguments.ts`, `parser.ts`, `std` | options, their checks, the help; who splits words  |
 * | `suggestions.ts`, `calling.ts`     | what was meant, and what to type here              |
 * | `errors.ts`                        | what a failure says, and with which exit code      |
 * | `terminal.ts`, `figures.ts`        | where lines go, maps and figures                   |
 * | `files.ts`, `corpus.ts`            | reading text and pairs, writing without half files |
 * | `training.ts`, `folder.ts`         | what both kinds of training share, where they save |
 * | `language_model.ts`, `recurrent.ts` | what trains on a text, and its recurrent kinds |
 * | `translator.ts`, `decoding.ts`     | a translator in use, how texts are searched        |
 * | `models.ts`, `kinds/…`             | saved networks; what is said once of each kind     |
 * | `model_kinds.ts`                   | which kind a folder holds, what reads it           |
 * | `classifiers.ts`, `ngrams.ts`, `word_vectors.ts` | saved models that are no networks    |
 * | `any_model.ts`, `second_models.ts` | a language model of any kind, and one beside it    |
 * | `places.ts`, `pretrained.ts`       | where models lie; those that somebody else trained |
 * | `foreign_info.ts`                  | what `info` says of those                          |
 * | `conversation.ts`, `chat_templates.ts` | what `chat` says, and in which form            |
 * | `json_lines.ts`                    | texts as JSON, for programs                        |
 * | `encoders.ts`                      | pre-trained encoders, and the texts that they read |
 * | `serving/…`                        | what `serve` reads and answers                     |
 * | `evaluation/…`                     | what `evaluate` measures of each kind of model     |
 * | `recipes.ts`, `layouts.ts`         | what may be asked for, and what a file may ask for |
 * | `device.ts`                        | `--device`, `--threads`, Ctrl-C                    |
 *
 * @module
 */

import {
  type Command,
  commandHelp,
  findCommand,
  flagOf,
  type Heading,
  programHelp,
  readArguments,
} from "./cli/arguments.ts";
import { DataError, exitCode, Interrupted, OutputLost, sentence, UsageError } from "./cli/errors.ts";
import { loadParser } from "./cli/parser.ts";
import { complain, line, standardOutput } from "./cli/terminal.ts";

/** The commands, in the order of the help. */
export const COMMANDS: readonly Heading[] = [
  { name: "train translator", summary: "Train a translator on pairs of sentences" },
  { name: "train lm", summary: "Train a language model on a text" },
  { name: "train rnn", summary: "Train a recurrent network on a text" },
  { name: "train lstm", summary: "Train an LSTM on a text" },
  { name: "train gru", summary: "Train a GRU on a text" },
  { name: "train cnn", summary: "Train a convolutional network on a text" },
  { name: "train feedforward", summary: "Train a feed-forward network on a text" },
  { name: "train classifier", summary: "Train a classifier on texts with labels" },
  { name: "train ngram", summary: "Count the n-grams of a text" },
  { name: "train word2vec", summary: "Learn vectors of the words of a text" },
  { name: "translate", summary: "Translate sentences with a saved translator" },
  { name: "generate", summary: "Continue a text with a language model" },
  { name: "chat", summary: "Talk with a language model" },
  { name: "serve", summary: "Answer requests over HTTP with a language model" },
  { name: "tokenize", summary: "Cut texts into tokens, learn how, or go back" },
  { name: "perplexity", summary: "Measure how well a language model predicts a text" },
  { name: "classify", summary: "Say the class of texts with a saved classifier" },
  { name: "embed", summary: "Make vectors of texts with a pre-trained encoder" },
  { name: "search", summary: "Find the texts that mean most nearly what is asked" },
  { name: "fill-mask", summary: "Say which words may stand behind a mask" },
  { name: "neighbours", summary: "Say which words are nearest to a word, or answer an analogy" },
  { name: "evaluate", summary: "Measure a saved model on data, or two beside each other" },
  { name: "experiment", summary: "Run an experiment of the book, or list them" },
  { name: "info", summary: "Say what computes here, or what a model is" },
];

/** Loads a command. Not by a literal: Deno fetches what a literal names, called or not. */
export async function loadCommand({ name }: Heading): Promise<Command> {
  const file = new URL(`./cli/commands/${name.replaceAll(/[ -]/g, "_")}.ts`, import.meta.url);
  return (await import(file.href)).command;
}

/** Loads what only this question needs. */
async function loadVersion(): Promise<string> {
  return (await import(new URL("./cli/version.ts", import.meta.url).href)).version;
}

/** Reads the command line, runs the command and exits. */
export async function main(args: readonly string[] = Deno.args): Promise<never> {
  const border = args.indexOf("--"), end = border < 0 ? args.length : border;
  const words = args.filter((word, i) => word !== "--debug" || i >= end);
  try {
    await run(words);
    if (standardOutput.lost) throw standardOutput.lost;
  } catch (error) {
    report(error, words.length < args.length);
    Deno.exit(exitCode(error));
  }
  Deno.exit(0);
}

/** Finds the command, checks its options, and runs it. */
async function run(words: readonly string[]): Promise<void> {
  const [first, ...others] = words;
  if (first === "--version" || first === "-V" || first === "-v" || first === "version") {
    return line(`heed ${await loadVersion()}`);
  }
  const asksHelp = isHelp(first);
  if (first === undefined || asksHelp && (others[0] ?? "-").startsWith("-") || asksOverview(words)) {
    line(programHelp(COMMANDS));
    if (first === undefined) throw new UsageError("Cannot start without a command");
    return;
  }
  const { heading, rest } = findCommand(COMMANDS, asksHelp ? others : words);
  const [command, { parseArgs }] = await Promise.all([loadCommand(heading), loadParser()]);
  const named = { ...heading, ...command };
  const read = asksHelp ? "help" : readArguments(parseArgs, named, rest);
  if (read === "help") return line(commandHelp(named));
  try {
    await command.run(read.values, read.operands);
  } catch (error) {
    throw inOptions(error, Object.keys(command.options));
  }
}

/** Whether a word asks for help. */
const isHelp = (word: string | undefined): boolean => word === "--help" || word === "-h" || word === "help";

/** Whether help is asked for what is not the whole name of a command: nothing, or the first word of several. */
function asksOverview(words: readonly string[]): boolean {
  const others = words.filter((word) => !isHelp(word));
  return others.length < words.length && others.length <= 1 &&
    others.every((word) => COMMANDS.some(({ name }) => name.startsWith(`${word} `)));
}

/** An error of the library, with options as they are typed; what the program says itself speaks of them so already. */
function inOptions(error: unknown, options: readonly string[]): unknown {
  if (!(error instanceof RangeError || error instanceof TypeError || error instanceof SyntaxError)) return error;
  const names = options.filter((name) => /[A-Z]/.test(name));
  const message = error.message.replace(/\b[a-z]+[A-Z]\w*/g, (word) => names.includes(word) ? flagOf(word) : word);
  return message === error.message ? error : new DataError(message, { cause: error });
}

/** One sentence on standard error, and the trace if it is wanted; an end that was asked for needs no words. */
function report(error: unknown, withTrace: boolean): void {
  if (error instanceof Interrupted || error instanceof OutputLost && error.isQuiet) return;
  const lines = [sentence(error)];
  if (withTrace && error instanceof Error) {
    lines.push(error.stack ?? "");
    for (let cause = error.cause; cause instanceof Error; cause = cause.cause) lines.push(`because: ${cause.stack}`);
  }
  complain(lines.join("\n"));
}
