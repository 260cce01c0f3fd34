/**
 * A stand-in for `@std/cli/parse-args`; see `core/cli/std/README.md`.
 *
 * @module
 */

/** Tells this module from the package whose name it carries. */
export const standIn = true;

/** What {@linkcode parseArgs} should make of the arguments. */
export interface ParseOptions<
  Booleans extends string = string,
  Strings extends string = string,
  Collected extends string = string,
> {
  /** Put what follows `--` under the key `--` instead of under `_`. */
  readonly "--"?: boolean;
  /** Other names of an option. */
  readonly alias?: Readonly<Record<string, string | readonly string[]>>;
  /** Options without a value; true makes every `--name` one. */
  readonly boolean?: boolean | Booleans | readonly Booleans[];
  /** Values of options that were not given. */
  readonly default?: Readonly<Record<string, unknown>>;
  /** Treat everything after the first plain argument as plain. */
  readonly stopEarly?: boolean;
  /** Options whose value stays text even if it looks like a number. */
  readonly string?: Strings | readonly Strings[];
  /** Options that may be repeated; their values form a list. */
  readonly collect?: Collected | readonly Collected[];
  /** Options that `--no-name` sets to false. */
  readonly negatable?: string | readonly string[];
  /** Called for what is not declared; the argument is dropped if it returns false. */
  readonly unknown?: (argument: string, key?: string, value?: unknown) => unknown;
}

/** The parsed arguments; `_` holds the plain ones in order. */
export type Args<
  Booleans extends string = string,
  Strings extends string = string,
  Collected extends string = string,
> =
  & { [key: string]: unknown; _: (string | number)[]; "--"?: string[] }
  & { [K in Exclude<Booleans, Collected>]: boolean }
  & { [K in Exclude<Strings, Collected>]?: string }
  & { [K in Extract<Strings, Collected>]: string[] };

type Value = string | number | boolean;

/** Names of a declaration, as a list. */
function names(declared: string | boolean | readonly string[] | undefined): readonly string[] {
  if (declared === undefined || typeof declared === "boolean") return [];
  return typeof declared === "string" ? [declared] : declared;
}

function looksLikeNumber(text: string): boolean {
  return /^0x[0-9a-f]+$/i.test(text) || /^[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?$/.test(text);
}

/** The declarations, with aliases followed. */
class Declarations {
  readonly #families = new Map<string, readonly string[]>();
  readonly booleans: ReadonlySet<string>;
  readonly strings: ReadonlySet<string>;
  readonly collected: ReadonlySet<string>;
  readonly negatable: ReadonlySet<string>;
  readonly allBooleans: boolean;

  constructor(options: ParseOptions) {
    for (const [name, aliases] of Object.entries(options.alias ?? {})) {
      const family = [name, ...names(aliases)];
      for (const member of family) this.#families.set(member, family);
    }
    const withAliases = (declared: Parameters<typeof names>[0]) =>
      new Set(names(declared).flatMap((name) => this.family(name)));
    this.booleans = withAliases(options.boolean);
    this.strings = withAliases(options.string);
    this.collected = withAliases(options.collect);
    this.negatable = withAliases(options.negatable);
    this.allBooleans = options.boolean === true;
  }

  /** The name and all its aliases. */
  family(name: string): readonly string[] {
    return this.#families.get(name) ?? [name];
  }

  isDeclared(name: string): boolean {
    return this.booleans.has(name) || this.strings.has(name) || this.#families.has(name);
  }
}

/**
 * Reads command line arguments into an object.
 *
 * `--name value`, `--name=value`, `-n value`, `-nvalue`, `-abc` and `--no-name` are understood. A value that looks like
 * a number becomes one unless its option is declared as `string`. Dotted names are not split, unlike the original's.
 */
export function parseArgs<
  Booleans extends string = never,
  Strings extends string = never,
  Collected extends string = never,
>(
  args: string[],
  options: ParseOptions<Booleans, Strings, Collected> = {},
): Args<Booleans, Strings, Collected> {
  const declared = new Declarations(options);
  const result: Record<string, unknown> & { _: (string | number)[] } = { _: [] };
  const end = args.indexOf("--");
  const words = end < 0 ? args : args.slice(0, end);
  const rest = end < 0 ? [] : args.slice(end + 1);

  const put = (name: string, value: unknown, append: boolean): void => {
    for (const key of declared.family(name)) {
      const before = result[key];
      if (!append || !declared.collected.has(key)) result[key] = value;
      else result[key] = Array.isArray(before) ? [...before, value] : [value];
    }
  };
  const set = (name: string, value: Value, word: string, append = true): void => {
    const implied = declared.allBooleans && /^--[^=]+$/.test(word);
    if (!declared.isDeclared(name) && !implied && options.unknown?.(word, name, value) === false) return;
    const asNumber = typeof value === "string" && !declared.strings.has(name) && looksLikeNumber(value);
    put(name, asNumber ? Number(value) : value, append);
  };
  const bare = (name: string): Value => declared.strings.has(name) ? "" : true;

  let i = 0;
  /** The value of the option at `i`: the next word if it may be one, otherwise none. */
  const setFromNext = (name: string, word: string, dashesForbidden: RegExp, takesValue: boolean): void => {
    const next = words[i + 1];
    if (next && takesValue && !dashesForbidden.test(next)) {
      i++;
      set(name, next, word);
    } else if (next === "true" || next === "false") {
      i++;
      set(name, next === "true", word);
    } else {
      set(name, bare(name), word);
    }
  };

  for (; i < words.length; i++) {
    const word = words[i]!;
    const long = /^--(.+?)(?:=(.+))?$/s.exec(word);
    if (long) {
      const [, name = "", value] = long;
      const positive = name.startsWith("no-") ? name.slice(3) : undefined;
      if (value !== undefined) set(name, declared.booleans.has(name) ? value !== "false" : value, word);
      else if (positive !== undefined && declared.negatable.has(positive)) set(positive, false, word, false);
      else setFromNext(name, word, /^-/, !declared.booleans.has(name) && !declared.allBooleans);
      continue;
    }
    if (/^-./s.test(word)) {
      const last = lettersOf(word, (letter, value) => set(letter, value ?? bare(letter), word));
      if (last !== undefined) setFromNext(last, word, /^--?[^-]/, !declared.booleans.has(last));
      continue;
    }
    if (options.unknown?.(word) !== false) {
      result._.push(looksLikeNumber(word) && !declared.strings.has("_") ? Number(word) : word);
    }
    if (options.stopEarly) {
      result._.push(...words.slice(i + 1));
      break;
    }
  }

  for (const [name, value] of Object.entries(options.default ?? {})) {
    if (!Object.hasOwn(result, name)) put(name, value, false);
  }
  for (const name of declared.booleans) {
    if (!Object.hasOwn(result, name)) result[name] = declared.collected.has(name) ? [] : false;
  }
  for (const name of declared.strings) {
    if (!Object.hasOwn(result, name) && declared.collected.has(name)) result[name] = [];
  }
  if (options["--"]) result["--"] = rest;
  else result._.push(...rest);
  return result as Args<Booleans, Strings, Collected>;
}

/**
 * Walks a word such as `-abc` or `-n5`.
 *
 * Calls `found` for each letter but the last; a letter followed by `=`, a number or a sign takes the rest as its value.
 * Returns the last letter if it may still take the next word.
 */
function lettersOf(word: string, found: (letter: string, value?: string) => void): string | undefined {
  for (let at = 1; at < word.length - 1; at++) {
    const letter = word[at]!, tail = word.slice(at + 1);
    const isLetter = /[A-Za-z]/.test(letter);
    if (tail === "-") {
      found(letter, "-");
      continue;
    }
    if (isLetter && tail.startsWith("=")) return found(letter, tail.slice(1)), undefined;
    if (isLetter && /^-?\d+(\.\d*)?(e-?\d+)?$/.test(tail)) return found(letter, tail), undefined;
    if (/\W/.test(tail[0]!)) return found(letter, tail), undefined;
    found(letter);
  }
  const last = word[word.length - 1]!;
  return last === "-" ? undefined : last;
}
