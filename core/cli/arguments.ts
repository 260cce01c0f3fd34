/**
 * # The command line
 *
 * Every option is declared once, as a value that knows its type, its limits and its one-line
 * description. Parsing, checking and `--help` all read the same declaration, so they cannot
 * disagree. In code an option has its camelCase name (`numBeams`), on the command line the
 * same name with hyphens (`--num-beams`).
 *
 * @module
 */

import { escapeControl, quote, UsageError } from "./errors.ts";

/** One option of a command; `T` is what the command receives. */
export interface Option<T> {
  /** What stands for the value in the help, such as `FILE`; absent for a switch. */
  readonly placeholder?: string;
  /** One line for the help. */
  readonly description: string;
  /** The default as the help shows it. */
  readonly shownDefault?: string;
  /** Turns the text of the command line into the value; undefined means that it was not given. */
  parse(text: string | undefined, flag: string): T;
}

/** Options by their camelCase name. */
export type Options = Readonly<Record<string, Option<unknown>>>;

/** What a command receives for its options. */
export type Values<O extends Options> = { readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never };

/** An option with free text, such as a path. */
export function text(placeholder: string, description: string): Option<string | undefined>;
/** An option with free text and a default. */
export function text(placeholder: string, description: string, fallback: string): Option<string>;
export function text(placeholder: string, description: string, fallback?: string): Option<string | undefined> {
  return {
    placeholder,
    description,
    ...(fallback === undefined ? {} : { shownDefault: fallback }),
    parse: (given) => given ?? fallback,
  };
}

/** An option that is one of a few words. */
export function choice<T extends string>(words: readonly T[], description: string, fallback: T): Option<T> {
  return {
    placeholder: words.join("|"),
    description,
    shownDefault: fallback,
    parse(given, flag) {
      const found = given === undefined ? fallback : words.find((word) => word === given);
      if (found === undefined) {
        throw new UsageError(`Cannot use ${flag} ${quote(given!)}: it must be one of ${words.join(", ")}`);
      }
      return found;
    },
  };
}

/** The interval of a number; the limits themselves are allowed unless `above` is used. */
export interface Limits {
  /** Smallest allowed value. */
  readonly min?: number;
  /** Largest allowed value. */
  readonly max?: number;
  /** The value must be greater than this. */
  readonly above?: number;
  /** The value must be smaller than this. */
  readonly below?: number;
  /** Whether only whole numbers are allowed. */
  readonly whole?: boolean;
}

function interval({ min, max, above, below, whole }: Limits): string {
  const kind = whole ? "a whole number" : "a number";
  const low = above !== undefined ? `greater than ${above}` : min !== undefined ? `at least ${min}` : "";
  const high = below !== undefined ? `less than ${below}` : max !== undefined ? `at most ${max}` : "";
  const both = [low, high].filter(Boolean).join(" and ");
  return both ? `${kind}, ${both}` : kind;
}

function parseNumber(given: string, flag: string, limits: Limits): number {
  const value = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(given.trim()) ? Number(given) : NaN;
  const { min = -Infinity, max = Infinity, above = -Infinity, below = Infinity, whole = false } = limits;
  const fits = value >= min && value <= max && value > above && value < below &&
    (whole ? Number.isSafeInteger(value) : Number.isFinite(value));
  if (!fits) throw new UsageError(`Cannot use ${flag} ${quote(given)}: it must be ${interval(limits)}`);
  return value;
}

/** An option that is a number and may be absent. */
export function number(placeholder: string, description: string, limits: Limits): Option<number | undefined>;
/** An option that is a number and has a default. */
export function number(placeholder: string, description: string, limits: Limits, fallback: number): Option<number>;
export function number(
  placeholder: string,
  description: string,
  limits: Limits,
  fallback?: number,
): Option<number | undefined> {
  return {
    placeholder,
    description,
    ...(fallback === undefined ? {} : { shownDefault: String(fallback) }),
    parse: (given, flag) => given === undefined ? fallback : parseNumber(given, flag, limits),
  };
}

/** A switch: present or not. */
export function flag(description: string): Option<boolean> {
  return { description, parse: (given) => given !== undefined };
}

/** The command-line spelling of an option: `numBeams` is `--num-beams`. */
export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** What calls a command: the line that stands for it in a list. */
export interface Heading {
  /** What is written before the name; `heed` unless given. */
  readonly program?: string;
  /** The words that call it, such as `train translator`. */
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
}

/** A command: what it takes and what it does. */
export interface Command<O extends Options = Options> {
  /** The plain arguments as the usage line shows them, such as `[SENTENCE…]`. */
  readonly operands: string;
  /** Most plain arguments it takes. */
  readonly maxOperands: number;
  /** More lines for its own help. */
  readonly details: readonly string[];
  /** Its options; the common ones are added to them. */
  readonly options: O;
  /** Runs it. */
  run(values: Values<O>, operands: readonly string[]): Promise<void>;
}

/** A command and the words that call it. */
export type NamedCommand = Heading & Command;

/** Joins the type of the options to the type of what `run` receives, then forgets both. */
export function defineCommand<const O extends Options>(definition: Command<O>): Command {
  return definition as unknown as Command;
}

/** `parseArgs` of `@std/cli`, as far as the program uses it. */
export type ParseArgs = (
  args: string[],
  options: {
    readonly string: string[];
    readonly boolean: string[];
    readonly collect: string[];
    readonly alias: Record<string, string>;
    readonly unknown: (argument: string, key?: string) => boolean;
  },
) => Record<string, unknown> & { readonly _: readonly (string | number)[] };

/** Switches of every command, handled before it runs. */
export const COMMON_FLAGS: Readonly<Record<string, Option<boolean>>> = {
  help: flag("Show this help"),
  debug: flag("Show where in the program an error comes from"),
};

/** The options of a command, the common ones too; another program has nothing to trace. */
function allOptions({ program, options }: NamedCommand): Options {
  const { help } = COMMON_FLAGS;
  return { ...options, ...program === undefined ? COMMON_FLAGS : { help: help! } };
}

/** What is written to call a command. */
const called = ({ program = "heed", name }: Heading): string => `${program} ${name}`;

/**
 * Reads the arguments that follow the name of a command.
 *
 * @param parseArgs the parser
 * @param of the command
 * @param args what follows its name
 * @returns the checked options and the plain arguments, or `"help"` if help is asked for
 * @throws {UsageError} if an option is unknown, given twice, lacks its value or is out of range
 */
export function readArguments(
  parseArgs: ParseArgs,
  of: NamedCommand,
  args: readonly string[],
): { values: Values<Options>; operands: string[] } | "help" {
  const all = allOptions(of);
  const names = Object.keys(all);
  const spelled = (name: string): string => flagOf(name).slice(2);
  const switches = names.filter((name) => all[name]!.placeholder === undefined).map(spelled);
  const valued = names.filter((name) => all[name]!.placeholder !== undefined).map(spelled);

  const parsed = parseArgs(joinNegative(args, valued), {
    string: [...valued, "_"],
    boolean: switches,
    collect: valued,
    alias: { help: "h" },
    unknown: (argument, key) => {
      if (key === undefined) return true;
      throw new UsageError(`Cannot understand ${quote(argument)}: ${hint(of, argument, names)}`);
    },
  });
  if (parsed["help"]) return "help";

  const values: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(of.options)) {
    const given = parsed[spelled(name)];
    if (option.placeholder === undefined) {
      values[name] = option.parse(given ? "" : undefined, flagOf(name));
      continue;
    }
    const texts = (given ?? []) as string[];
    if (texts.length > 1) throw new UsageError(`Cannot use ${flagOf(name)} twice`);
    if (texts[0] === "") {
      throw new UsageError(`Cannot use ${flagOf(name)} without a value: write ${flagOf(name)} ${option.placeholder}`);
    }
    values[name] = option.parse(texts[0], flagOf(name));
  }
  const operands = parsed._.map(String);
  if (operands.length > of.maxOperands) {
    const extra = operands[of.maxOperands]!;
    throw new UsageError(`Cannot understand ${quote(extra)}: the usage is "${usage(of)}"`);
  }
  return { values, operands };
}

/** Joins `--seed -1` to `--seed=-1`, because a word that begins with a hyphen reads as an option. */
function joinNegative(args: readonly string[], valued: readonly string[]): string[] {
  const joined: string[] = [];
  for (const word of args) {
    const before = joined.at(-1);
    const waits = before !== undefined && before.startsWith("--") && valued.includes(before.slice(2));
    if (waits && /^-[\d.]/.test(word)) joined[joined.length - 1] = `${before}=${word}`;
    else joined.push(word);
  }
  return joined;
}

/** What a mistyped option may have meant. */
function hint(of: Heading, argument: string, names: readonly string[]): string {
  const typed = argument.replace(/=.*$/s, "");
  const near = names.map(flagOf).map((known) => ({ known, distance: editDistance(typed, known) }))
    .sort((a, b) => a.distance - b.distance)[0];
  return near !== undefined && near.distance <= 3
    ? `did you mean ${near.known}`
    : `"${called(of)} --help" lists the options`;
}

/** How many letters must be typed, dropped or replaced to get from one word to the other. */
export function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 3) return Infinity;
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

/** The usage line of a command. */
export function usage(of: NamedCommand): string {
  return [called(of), of.operands, "[OPTIONS]"].filter(Boolean).join(" ");
}

/** The help of one command. */
export function commandHelp(of: NamedCommand): string {
  const lines = [of.summary, "", `Usage: ${usage(of)}`];
  if (of.details.length > 0) lines.push("", ...of.details);
  lines.push("", "Options:");
  const rows = Object.entries(allOptions(of)).map(([name, option]) => ({
    left: `  ${flagOf(name)}${option.placeholder === undefined ? "" : ` ${option.placeholder}`}`,
    right: option.description + (option.shownDefault === undefined ? "" : ` [${escapeControl(option.shownDefault)}]`),
  }));
  const width = Math.max(...rows.map(({ left }) => left.length)) + 2;
  for (const { left, right } of rows) lines.push(left.padEnd(width) + right);
  return lines.join("\n");
}

/** The help of the program: its commands. */
export function programHelp(commands: readonly Heading[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length)) + 2;
  return [
    "heed: attention and Transformers that run.",
    "",
    "Usage: heed COMMAND [OPTIONS]      (heed stands for: deno run --allow-read --allow-write mod.ts)",
    "",
    "Commands:",
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`),
    "",
    '"heed COMMAND --help" lists the options of a command.',
  ].join("\n");
}

/**
 * Finds the command that the first words name, the longest name first.
 *
 * @throws {UsageError} if there is none
 */
export function findCommand(
  commands: readonly Heading[],
  args: readonly string[],
): { heading: Heading; rest: string[] } {
  const byLength = [...commands].sort((a, b) => b.name.length - a.name.length);
  for (const candidate of byLength) {
    const words = candidate.name.split(" ");
    if (words.every((word, i) => args[i] === word)) return { heading: candidate, rest: args.slice(words.length) };
  }
  const first = args[0]!;
  const under = commands.filter(({ name }) => name.startsWith(`${first} `)).map(({ name }) => name.split(" ")[1]);
  if (under.length > 0) {
    throw new UsageError(`Cannot ${first} without saying what: write "heed ${first} ${under.join("|")}"`);
  }
  throw new UsageError(
    `Cannot understand ${quote(first)}: the commands are ${commands.map(({ name }) => name).join(", ")}`,
  );
}
