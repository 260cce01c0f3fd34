/**
 * # The program
 *
 * `deno run mod.ts COMMAND` ends here: `mod.ts` loads this file when it is the program and not
 * when it is imported. The commands read files and the keyboard, call the same functions that
 * every other caller of the library calls, and print. Nothing else under `core/` touches the
 * system.
 *
 * | file              | holds                                             |
 * | ----------------- | ------------------------------------------------- |
 * | `arguments.ts`    | options, their checks, the help                   |
 * | `errors.ts`       | what a failure says, and with which exit code     |
 * | `terminal.ts`     | widths, the progress line, the attention map      |
 * | `files.ts`        | reading text and pairs, writing without half files |
 * | `train_translator.ts`, `corpus.ts` | `train translator`               |
 * | `translate.ts`, `translator.ts` | `translate`                         |
 * | `language_model.ts` | `train lm`, `generate`                          |
 * | `training.ts`     | what both kinds of training share                 |
 * | `models.ts`, `storage.ts` | saved models                              |
 * | `device.ts`       | `--device`, `--threads`, Ctrl-C                   |
 * | `experiment.ts`, `figures.ts` | `experiment`                          |
 * | `information.ts`  | `info`                                            |
 *
 * @module
 */

import { type Command, commandHelp, findCommand, loadParseArgs, programHelp, readArguments } from "./cli/arguments.ts";
import { exitCode, Interrupted, sentence, UsageError } from "./cli/errors.ts";
import { experimentCommand } from "./cli/experiment.ts";
import { infoCommand } from "./cli/information.ts";
import { generateCommand, trainLanguageModelCommand } from "./cli/language_model.ts";
import { line } from "./cli/terminal.ts";
import { trainTranslatorCommand } from "./cli/train_translator.ts";
import { translateCommand } from "./cli/translate.ts";

/** The commands, in the order of the help. */
const COMMANDS: readonly Command[] = [
  trainTranslatorCommand,
  trainLanguageModelCommand,
  translateCommand,
  generateCommand,
  experimentCommand,
  infoCommand,
];

/** Reads the command line, runs the command and exits. */
export async function main(args: readonly string[] = Deno.args): Promise<never> {
  try {
    await run(args);
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) Deno.exit(0);
    const isQuiet = error instanceof Interrupted && error.message === "";
    if (!isQuiet) report(error, args);
    Deno.exit(exitCode(error));
  }
  Deno.exit(0);
}

/** Finds the command, checks its options, and runs it. */
async function run(args: readonly string[]): Promise<void> {
  const words = args.filter((word) => word !== "--debug");
  const first = words[0];
  if (first === undefined || first === "--help" || first === "-h" || first === "help") {
    line(programHelp(COMMANDS));
    if (first === undefined) throw new UsageError("Cannot start without a command");
    return;
  }
  const { command, rest } = findCommand(COMMANDS, words);
  const read = readArguments(await loadParseArgs(), command, rest);
  if (read === "help") line(commandHelp(command));
  else await command.run(read.values as never, read.operands);
}

/** One sentence on standard error, and the trace if it is wanted. */
function report(error: unknown, args: readonly string[]): void {
  const lines = [`heed: ${sentence(error)}`];
  if (args.includes("--debug") && error instanceof Error) {
    lines.push(error.stack ?? "");
    for (let cause = error.cause; cause instanceof Error; cause = cause.cause) lines.push(`because: ${cause.stack}`);
  }
  Deno.stderr.writeSync(new TextEncoder().encode(`${lines.join("\n")}\n`));
}
