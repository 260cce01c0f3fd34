/**
 * # The tasks' command lines
 *
 * The tasks of this folder read their arguments as the program itself does: an unknown option, a missing value or one
 * out of range is one sentence and exit code 2; `--help` lists the options.
 *
 * @module
 */

import { commandHelp, defineCommand, type Options, readArguments, type Values } from "../core/cli/arguments.ts";
import { UsageError } from "../core/cli/errors.ts";
import { loadParser } from "../core/cli/parser.ts";

/** A task of `deno.json` and what it takes. */
export interface Task<O extends Options> {
  /** Its name, as `deno task` knows it. */
  readonly name: string;
  /** One line for the help. */
  readonly summary: string;
  /** Plain arguments as the usage line shows them; none unless given. */
  readonly operands?: string;
  /** Its options. */
  readonly options: O;
}

/**
 * Reads the command line of a task; ends the program where there is nothing to go on with.
 *
 * @param task what it takes
 * @param args the command line, without what is fixed by the task
 * @returns the options and the plain arguments
 */
export async function readTask<const O extends Options>(
  { name, summary, operands = "", options }: Task<O>,
  args: readonly string[] = Deno.args,
): Promise<{ values: Values<O>; operands: string[] }> {
  const takes = defineCommand({
    operands,
    maxOperands: operands === "" ? 0 : Infinity,
    details: [],
    options,
    run: () => Promise.resolve(),
  });
  const of = { program: "deno task", name, summary, ...takes };
  try {
    const { parseArgs } = await loadParser();
    const read = readArguments(parseArgs, of, args);
    if (read !== "help") return read as { values: Values<O>; operands: string[] };
  } catch (error) {
    refuse(error);
  }
  console.log(commandHelp(of));
  Deno.exit(0);
}

/** Says what is wrong with a command line, and ends the program; throws what else went wrong. */
export function refuse(error: unknown): never {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  Deno.exit(2);
}
