/**
 * # Who reads the command line
 *
 * `parseArgs` of the package `@std/cli` splits the command line into words. The program alone loads it, by the package's
 * full name, since a run by URL has no import map; a copy of the files asks no network:
 *
 * | where                                   | what answers                                                |
 * | --------------------------------------- | ----------------------------------------------------------- |
 * | by URL, the registry answers or did     | the package                                                 |
 * | by URL, the registry cannot be reached  | the stand-in, after an error, or after a second of silence   |
 * | in a copy of the files                  | the stand-in                                                |
 *
 * The stand-in is a module of this repository that the tests hold to the same behaviour (`std/README.md`). `info`
 * says which of the two answers.
 *
 * @module
 */

import type { ParseArgs } from "./arguments.ts";
import { parseArgs as ownParseArgs } from "./std/cli/parse_args.ts";

/** The parser, and what it is. */
export interface Parser {
  /** Splits a command line into words. */
  readonly parseArgs: ParseArgs;
  /** Its name, as `info` prints it. */
  readonly origin: string;
}

/** The package; imported by no literal, so that nothing asks for it before it is wanted. */
const PACKAGE: string = "jsr:@std/cli@^1/parse-args";

/** Milliseconds that the registry has to answer; unreachable hosts fail at once, some networks never answer. */
const PATIENCE = 1000;

let loading: Promise<Parser> | undefined;

/** The parser of `@std/cli`, or the stand-in where its registry does not answer. */
export function loadParser(): Promise<Parser> {
  return loading ??= findParser();
}

async function findParser(): Promise<Parser> {
  const standIn = (why: string): Parser => ({
    parseArgs: ownParseArgs as unknown as ParseArgs,
    origin: `a stand-in for @std/cli, ${why}`,
  });
  if (import.meta.url.startsWith("file:")) return standIn("as in every copy of the files");
  const found = import(PACKAGE).then(({ parseArgs }) => ({ parseArgs, origin: "@std/cli" }), () => undefined);
  const silence = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => silence.resolve(undefined), PATIENCE);
  const parser = await Promise.race([found, silence.promise]);
  clearTimeout(timer);
  return parser ?? standIn("whose registry cannot be reached");
}
