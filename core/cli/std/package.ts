/**
 * # The package that reads the command line
 *
 * The one place that names `@std/cli`. In a checkout `links` turns the name into the stand-in, which says so.
 *
 * @module
 */

import * as cli from "jsr:@std/cli@^1/parse-args";
import type { ParseArgs } from "../arguments.ts";

/** Splits a command line into words. */
export const parseArgs: ParseArgs = cli.parseArgs as unknown as ParseArgs;

/** What answers to the name. */
export const origin: string = "standIn" in cli ? "a stand-in for @std/cli, to which this checkout links" : "@std/cli";
