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

import { programName } from "./calling.ts";
import { escapeControl, quote, UsageError } from "./errors.ts";
import { suggestions } from "./suggestions.ts";

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

/** An option that is one of a few words and may be absent. */
export function choice<T extends string>(words: readonly T[], description: string): Option<T | undefined>;
/** An option that is one of a few words and has a default. */
export function choice<T extends string>(words: readonly T[], description: string, fallback: T): Option<T>;
export function choice<T extends string>(
  words: readonly T[],
  description: string,
  fallback?: T,
): Option<T | undefined> {
  return {
    placeholder: words.join("|"),
    description,
    ...(fallback === undefined ? {} : { shownDefault: fallback }),
    parse(given, flag) {
      if (given === undefined) return fallback;
      const found = words.find((word) => word === given);
      if (found === undefined) {
        throw new UsageError(`Cannot use ${flag} ${quote(given)}: it must be one of ${words.join(", ")}`);
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
  // Minus zero is zero.
  const value = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(given.trim()) ? Number(given) + 0 : NaN;
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
  const words = arrange(of, all, args);
  if (words === "help") return "help";
  const spelled = (isSwitch: boolean): string[] =>
    Object.entries(all).filter(([, { placeholder }]) => (placeholder === undefined) === isSwitch)
      .map(([name]) => flagOf(name).slice(2));
  const valued = spelled(false);
  const parsed = parseArgs(words, { string: [...valued, "_"], boolean: spelled(true), collect: valued });

  const values: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(of.options)) {
    const flag = flagOf(name), given = parsed[flag.slice(2)];
    if (option.placeholder === undefined) {
      values[name] = option.parse(given ? "" : undefined, flag);
      continue;
    }
    const texts = (given ?? []) as string[];
    if (texts.length > 1) throw new UsageError(`Cannot use ${flag} twice`);
    values[name] = option.parse(texts[0]?.slice(1), flag);
  }
  const operands = parsed._.map(String);
  if (operands.length > of.maxOperands) {
    const extra = operands[of.maxOperands]!;
    throw new UsageError(`Cannot understand ${quote(extra)}: the usage is "${usage(of)}"`);
  }
  return { values, operands };
}

/**
 * Puts a command line in an order that no parser can read in another way: options with their values, `--`, operands.
 *
 * @returns the words, or `"help"` if help is asked for
 */
function arrange(of: NamedCommand, all: Options, args: readonly string[]): string[] | "help" {
  const byFlag = new Map(Object.entries(all).map(([name, option]) => [flagOf(name), option]));
  const border = args.indexOf("--"), end = border < 0 ? args.length : border;
  if (args.slice(0, end).some((word) => word === "--help" || word === "-h")) return "help";
  const options: string[] = [], operands: string[] = [];
  for (let i = 0; i < end; i++) {
    const word = args[i]!;
    if (!word.startsWith("-") || word === "-") {
      operands.push(word);
      continue;
    }
    const [, flag = "", joined] = /^([^=]*)(?:=(.*))?$/s.exec(word)!;
    const option = byFlag.get(flag);
    if (option === undefined) throw new UsageError(`Cannot understand ${quote(word)}: ${hint(of, flag, all)}`);
    if (option.placeholder === undefined) {
      if (joined !== undefined) throw new UsageError(`Cannot use ${quote(word)}: ${flag} takes no value`);
      options.push(flag);
      continue;
    }
    const value = joined ?? (i + 1 < end && isValue(args[i + 1]!) ? args[++i]! : "");
    if (value === "") {
      throw new UsageError(`Cannot use ${flag} without a value: write ${flag} ${option.placeholder}`);
    }
    // Behind a sign of its own no value reads as an option, and none as a number.
    options.push(flag, `=${value}`);
  }
  return [...options, "--", ...operands, ...args.slice(end + 1)];
}

/** Whether a word can follow an option as its value: what begins with a hyphen only if it is a number, or `-` itself. */
function isValue(word: string): boolean {
  return !word.startsWith("-") || word === "-" || /^-[\d.]/.test(word);
}

/** What a mistyped option may have meant. */
function hint(of: NamedCommand, flag: string, all: Options): string {
  const off = /^--no-(.+)$/.exec(flag)?.[1];
  const isSwitch = Object.entries(all).some(([name, { placeholder }]) =>
    placeholder === undefined && flagOf(name) === `--${off}`
  );
  if (isSwitch) return `leave out --${off} instead`;
  const near = suggestions(flag, Object.keys(all)).map(flagOf);
  if (near.length > 0) return `did you mean ${near.join(" or ")}`;
  const text = of.maxOperands > 0 ? "; a word that begins with a hyphen comes after --" : "";
  return `"${called(of)} --help" lists the options${text}`;
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
    "Usage: heed COMMAND [OPTIONS]",
    `       heed stands for: ${programName()}`,
    "",
    "Commands:",
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`),
    "",
    '"heed COMMAND --help" lists the options of a command, "heed --version" says which heed this is.',
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
  throw new UsageError(noCommand(commands.map(({ name }) => name), args));
}

/** Why the first words name no command. */
function noCommand(names: readonly string[], [first = "", second]: readonly string[]): string {
  const word = second === undefined || second.startsWith("-") ? undefined : second;
  const under = names.filter((name) => name.startsWith(`${first} `)).map((name) => name.slice(first.length + 1));
  if (under.length > 0) {
    const near = word === undefined ? [] : suggestions(word, under);
    const write = (near.length > 0 ? near : under).join("|");
    if (word === undefined) return `Cannot ${first} without saying what: write "heed ${first} ${write}"`;
    return near.length > 0
      ? `Cannot understand ${quote(`${first} ${word}`)}: did you mean ${first} ${near.join(` or ${first} `)}`
      : `Cannot ${first} ${quote(word)}: write "heed ${first} ${write}"`;
  }
  const whole = word === undefined ? [] : suggestions(`${first} ${word}`, names.filter((name) => name.includes(" ")));
  const near = whole.length > 0
    ? whole
    : suggestions(first, [...new Set(names.flatMap((name) => [name, name.split(" ")[0]!]))]);
  const typed = quote(whole.length > 0 ? `${first} ${word}` : first);
  return near.length > 0
    ? `Cannot understand ${typed}: did you mean ${near.join(" or ")}`
    : `Cannot understand ${typed}: ${first.startsWith("-") ? "a command comes first, one of" : "the commands are"} ${
      names.join(", ")
    }`;
}
