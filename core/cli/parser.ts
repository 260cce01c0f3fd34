/**
 * # Who reads the command line
 *
 * `parseArgs` of the package `@std/cli` splits the command line into words. The program alone loads it, and it loads
 * it by the package's full name, so that a run by URL, which has no import map, finds it as a checkout does:
 *
 * | where                                   | what answers                                                |
 * | --------------------------------------- | ----------------------------------------------------------- |
 * | by URL, the registry answers or did     | the package                                                 |
 * | by URL, the registry cannot be reached  | the stand-in, after an error, or after a second of silence   |
 * | in a checkout                           | the stand-in: `links` in `deno.json` asks no network         |
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

/** The module that names the package; reached by no literal, so that nothing asks for it before it is wanted. */
const PACKAGE = new URL("./std/package.ts", import.meta.url).href;

/** Milliseconds that the registry has to answer; unreachable hosts fail at once, some networks never answer. */
const PATIENCE = 1000;

let loading: Promise<Parser> | undefined;

/** The parser of `@std/cli`, or the stand-in where its registry does not answer. */
export function loadParser(): Promise<Parser> {
  return loading ??= findParser();
}

async function findParser(): Promise<Parser> {
  const found = import(PACKAGE).then((module) => module as Parser, () => undefined);
  const silence = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => silence.resolve(undefined), PATIENCE);
  const parser = await Promise.race([found, silence.promise]);
  clearTimeout(timer);
  return parser ?? {
    parseArgs: ownParseArgs as unknown as ParseArgs,
    origin: "a stand-in for @std/cli, whose registry cannot be reached",
  };
}
