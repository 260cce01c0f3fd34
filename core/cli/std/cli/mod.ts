/**
 * A stand-in for `@std/cli`; see `core/cli/std/README.md`.
 *
 * @module
 */

export * from "./parse_args.ts";
