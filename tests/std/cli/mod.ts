/**
 * A stand-in for `@std/cli`; see `tests/std/README.md`.
 *
 * @module
 */

export * from "./parse_args.ts";
