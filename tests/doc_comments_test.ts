/**
 * The doc comments of exports, as `deno doc`, editors and the site show them: what each begins with, which names it uses, and
 * whether it says what happens without an option, and rightly so.
 */

import { assert, assertEquals } from "@std/assert";
import { splitDefault } from "../docs/defaults.ts";
import { granted } from "./permissions.ts";

const root = new URL("../", import.meta.url);
const ignore = !granted("read", "run");

/** As `deno doc --json` has them, as far as they are read here. */
interface Doc {
  readonly doc?: string;
  readonly tags?: readonly { readonly kind: string; readonly name?: string; readonly doc?: string }[];
}
interface Location {
  readonly filename: string;
  readonly line: number;
}
interface Type {
  readonly kind?: string;
  readonly repr?: string;
  readonly value?: unknown;
}
interface Parameter {
  readonly kind: string;
  readonly name?: string;
  readonly optional?: boolean;
  readonly left?: Parameter;
  readonly right?: string;
  readonly tsType?: Type;
}
interface Member {
  readonly name: string;
  readonly jsDoc?: Doc;
  readonly location: Location;
  readonly optional?: boolean;
  readonly accessibility?: string;
  readonly params?: readonly Parameter[];
  readonly returnType?: Type;
  readonly functionDef?: { readonly params: readonly Parameter[]; readonly returnType?: Type };
}
interface Declaration {
  readonly kind: string;
  readonly jsDoc?: Doc;
  readonly location: Location;
  readonly def: {
    readonly params?: readonly Parameter[];
    readonly returnType?: Type;
    readonly constructors?: readonly Member[];
    readonly methods?: readonly Member[];
    readonly properties?: readonly Member[];
    readonly extends?: readonly Type[] | string;
    readonly tsType?: Type;
  };
}

/** A doc comment. */
interface Comment {
  /** Of what: `Class.member`. */
  readonly name: string;
  /** The file, from the root of the repository. */
  readonly path: string;
  readonly line: number;
  readonly text: string;
  readonly tags: readonly string[];
  /** Whether it says of each argument what it is, and says nothing of the result. */
  readonly lacksResult: boolean;
}

/** Something that may be left out. */
interface Optional {
  /** Of what: `Options.member`, or `function(parameter)`. */
  readonly name: string;
  /** The option or parameter alone. */
  readonly option: string;
  /** The interface or function that has it. */
  readonly owner: string;
  readonly path: string;
  readonly line: number;
  /** What is said of it. */
  readonly text: string;
  /** What `deno doc` says that it is by default, if that is readable. */
  readonly given?: string | undefined;
  readonly isMember: boolean;
}

const comments: Comment[] = [], optionals: Optional[] = [];
/** Everything that can be imported, and the members of it. */
const names = new Set<string>(), members = new Set<string>();
/** The file of each exported interface, and what it is made of. */
const interfaces = new Map<string, { readonly path: string; readonly parents: readonly string[] }>();

const pathOf = ({ filename }: Location): string => decodeURIComponent(filename.slice(root.href.length));

/** Whether a call of this type has a result to speak of. */
function hasResult({ repr, value, kind }: Type): boolean {
  if (repr === "Promise") return hasResult(((value as { typeParams?: readonly Type[] }).typeParams ?? [])[0] ?? {});
  return kind !== "typePredicate" && !["void", "never", "this"].includes(repr ?? "");
}

function comment(name: string, doc: Doc | undefined, at: Location, result?: Type): void {
  const tags = (doc?.tags ?? []).filter(({ kind }) => kind !== "example").map((tag) => tag.doc ?? "");
  const kinds = new Set(doc?.tags?.map(({ kind }) => kind));
  const lacksResult = result !== undefined && hasResult(result) && kinds.has("param") && !kinds.has("return");
  comments.push({ name, path: pathOf(at), line: at.line, text: (doc?.doc ?? "").trim(), tags, lacksResult });
}

/** Notes the parameters that may be left out; an object of options says it of each of them. */
function parameters(name: string, list: readonly Parameter[], doc: Doc | undefined, at: Location): void {
  for (const parameter of list) {
    const { left = parameter, kind, right } = parameter;
    if (!(left.optional || kind === "assign")) continue;
    const tag = doc?.tags?.find((tag) => tag.kind === "param" && (tag.name === left.name || left.name === undefined));
    const isObject = interfaces.has(left.tsType?.repr ?? "") && right === "[UNSUPPORTED]";
    if (isObject && !/default/.test(tag?.doc ?? "")) continue;
    const option = left.name ?? "", text = (tag?.doc ?? doc?.doc ?? "").replace(/\s+/g, " ").trim();
    const given = right?.includes("[") ? undefined : right;
    optionals.push({
      name: `${name}(${option})`,
      option,
      owner: name.split(".")[0]!,
      path: pathOf(at),
      line: at.line,
      text,
      given,
      isMember: false,
    });
  }
}

function properties(owner: string, list: readonly Member[]): void {
  for (const { name, jsDoc, location, optional } of list) {
    if (name.startsWith("#")) continue;
    members.add(name).add(`${owner}.${name}`);
    comment(`${owner}.${name}`, jsDoc, location);
    if (!optional) continue;
    const text = (jsDoc?.doc ?? "").replace(/\s+/g, " ").trim(), { line } = location, path = pathOf(location);
    optionals.push({ name: `${owner}.${name}`, option: name, owner, path, line, text, isMember: true });
  }
}

function methods(owner: string, list: readonly Member[]): void {
  const described = new Set(list.filter(({ jsDoc }) => jsDoc).map(({ name }) => name));
  for (const { name, jsDoc, location, accessibility, functionDef, params, returnType } of list) {
    if (accessibility === "private" || name.startsWith("#")) continue;
    members.add(name).add(`${owner}.${name}`);
    // Of several forms of a method, one has the words.
    if (!jsDoc && described.has(name)) continue;
    comment(`${owner}.${name}`, jsDoc, location, functionDef?.returnType ?? returnType);
    parameters(`${owner}.${name}`, functionDef?.params ?? params ?? [], jsDoc, location);
  }
}

/** Members of the objects that a type is written with. */
function literals(owner: string, type: Type | undefined): void {
  const { kind, value } = type ?? {};
  if (kind === "typeLiteral") properties(owner, (value as { properties?: readonly Member[] }).properties ?? []);
  else if (Array.isArray(value)) { for (const part of value as readonly Type[]) literals(owner, part); }
}

function declaration(name: string, { kind, jsDoc, location, def }: Declaration): void {
  if (jsDoc) comment(name, jsDoc, location, def.returnType);
  if (kind === "function") parameters(name, def.params ?? [], jsDoc, location);
  if (kind === "typeAlias") literals(name, def.tsType);
  properties(name, def.properties ?? []);
  methods(name, def.methods ?? []);
  for (const made of def.constructors ?? []) {
    if (made.accessibility === "private") continue;
    comment(`new ${name}`, made.jsDoc, made.location);
    parameters(`new ${name}`, made.params ?? [], made.jsDoc, made.location);
  }
}

if (!ignore) {
  const { exports } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", root)));
  const { stdout, stderr, success } = await new Deno.Command("deno", {
    args: ["doc", "--json", ...Object.values<string>(exports)],
    cwd: root,
    env: { NO_COLOR: "1" },
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  const { nodes } = JSON.parse(new TextDecoder().decode(stdout)) as {
    nodes: Record<string, { symbols: { name: string; declarations: Declaration[] }[] }>;
  };
  const seen = new Set<string>(), all: [string, Declaration][] = [];
  for (const { name, declarations } of Object.values(nodes).flatMap(({ symbols }) => symbols)) {
    names.add(name);
    for (const one of declarations) {
      const key = `${one.location.filename}:${one.location.line} ${name}`;
      if (one.kind === "reference" || seen.has(key)) continue;
      seen.add(key);
      all.push([name, one]);
      if (one.kind !== "interface" && one.kind !== "typeAlias") continue;
      const parents = typeof one.def.extends === "string" ? [] : (one.def.extends ?? []).map(({ repr = "" }) => repr);
      interfaces.set(name, { path: pathOf(one.location), parents });
    }
  }
  for (const [name, one] of all) declaration(name, one);
}

const place = ({ path, line, name }: { path: string; line: number; name: string }): string => `${path}:${line} ${name}`;

/** What is wrong with some of them. */
function faults<T extends Comment | Optional>(list: readonly T[], fault: (one: T) => string | undefined): string[] {
  return list.flatMap((one) => {
    const found = fault(one);
    return found === undefined ? [] : [`${place(one)}: ${found}`];
  });
}

/** The text with links as their words. */
const asWords = (text: string): string => text.replace(/\{@\w+ ([^}|]*)[^}]*\}/g, "$1");

Deno.test("every doc comment begins with a plain sentence of at most 90 characters", { ignore }, () => {
  const wrong = faults(comments, ({ text }) => {
    const words = asWords(text.split("\n\n")[0]!.replace(/\s+/g, " "));
    const sentence = words.split(/(?<=[.?!:])\s/)[0]!;
    if (sentence === "") return "says nothing";
    if (sentence.length > 90) return `${sentence.length} characters: ${sentence}`;
    if (!/[.?!:]$/.test(sentence)) return `no sentence: ${sentence}`;
    return /(^|[^\\])\$/.test(sentence) ? `a formula: ${sentence}` : undefined;
  });
  assertEquals(wrong, []);
  assert(comments.length > 500);
});

Deno.test("doc comments name symbols, not sections and files", { ignore }, () => {
  const wrong = faults(
    comments,
    ({ text, tags }) =>
      /\[?\b(?:[Ss]ection|[Cc]hapter)\]?[( ][\d(].*|.*\]\([^)]*\.ts\).*|[\w/]+\.ts\b.*/.exec([text, ...tags].join("\n"))
        ?.[0],
  );
  assertEquals(wrong, []);
});

Deno.test("the names that doc comments link to can be imported, or are members of what can", { ignore }, () => {
  const wrong = faults(comments, ({ text, tags }) => {
    const links = [...[text, ...tags].join("\n").matchAll(/\{@link(?:code)? ([^}|]+)/g)].map(([, name]) =>
      name!.trim()
    );
    const lost = links.filter((name) => !names.has(name) && !members.has(name));
    return lost.length > 0 ? lost.join(", ") : undefined;
  });
  assertEquals(wrong, []);
});

Deno.test("what may be left out says what it is by default, in a clause of its own", { ignore }, () => {
  const wrong = faults(optionals, ({ text, isMember }) => {
    if (isMember && /\babsent\b/.test(text)) return undefined;
    return splitDefault(text).value && text.split("default").length === 2 ? undefined : text;
  });
  assertEquals(wrong, []);
});

Deno.test("doc comments that say what goes in say what comes out", { ignore }, () => {
  assertEquals(faults(comments, ({ lacksResult }) => lacksResult ? "no @returns" : undefined), []);
});

/** The number, word or name that a stated default is; nothing where it is put in words. */
function literalOf(stated: string): string | undefined {
  const text = stated.replace(/\{@linkcode (\w+)\}/g, "`$1`").replaceAll("`", "");
  const number = String.raw`-?\d[\d.]*(?:e-?\d+)?|-?Infinity`,
    name = stated === text ? "true|false" : String.raw`[a-z]\w*`;
  // A unit may follow.
  return new RegExp(`^(${number}|${name}|"[^"]*")(?: \\w+)?(?: \\(.*\\))?$`).exec(text)?.[1];
}

/** The same number, word or name in one spelling. */
const same = (text: string): string => /^-?\d/.test(text) ? String(Number(text.replaceAll("_", ""))) : text;

/** Values that a source takes for an option which nobody gave. */
function valuesIn(source: string, option: string): string[] {
  const value = `(-?[\\w.]+(?:e-\\d+)?|"[^"]*")(?:\\(\\))?`;
  const patterns = [
    // Taken apart, or a parameter.
    `[{,(]\\s*${option}(?:\\?|: \\w+)? = ${value}\\s*[,})]`,
    `[{,(]\\s*${option}: \\w+ = ${value}\\s*[,})]`,
    `\\.${option} \\?\\? ${value}`,
    // In an object of defaults.
    `\\n {4,}${option}: ${value},`,
    // In a table of options, what stands for none.
    `\\n  ${option}: \\{(?:(?!\\n  \\})[^])*?\\bnone: ${value}`,
  ];
  const found = patterns.flatMap((pattern) => [...source.matchAll(new RegExp(pattern, "g"))].map(([, text]) => text!));
  if (source.includes(`.${option} !== false`)) found.push("true");
  const constant = (text: string): string =>
    new RegExp(`const ${text}(?:: \\w+)? = ${value};`).exec(source)?.[1] ?? text;
  return [...new Set(found)].map((text) => same(/^[A-Z]/.test(text) ? constant(text) : text));
}

/** Files that read an interface of options, or one that extends it: where a default may be. */
function readersOf(owner: string, sources: ReadonlyMap<string, string>): string[] {
  const family = new Set([owner]);
  for (const one of family) {
    for (const [name, { parents }] of interfaces) if (parents.includes(one)) family.add(name);
  }
  const mentions = new RegExp(`\\b(?:${[...family].join("|")})\\b`);
  return [...sources.keys()].filter((path) => mentions.test(sources.get(path)!));
}

/** The sources of the library by path. */
function readSources(): Map<string, string> {
  const sources = new Map<string, string>();
  const walk = (folder: string): void => {
    for (const { name, isDirectory } of Deno.readDirSync(new URL(folder, root))) {
      const path = folder + name;
      if (isDirectory && !/experiments|std|ladder/.test(name)) walk(`${path}/`);
      else if (name.endsWith(".ts") && !/kernels|shaders/.test(name)) {
        sources.set(path, Deno.readTextFileSync(new URL(path, root)));
      }
    }
  };
  for (const folder of ["core/", "gpu/", "wasm/"]) walk(folder);
  return sources;
}

Deno.test("splitDefault() takes a clause, and what is said of it, out of a sentence", () => {
  const cases: readonly [text: string, value: string, remark: string, rest: string][] = [
    ["Batches to a step; 1 by default.", "1", "", "Batches to a step."],
    ["Divides; 0.5 nats by default. Needs `random`.", "0.5 nats", "", "Divides. Needs `random`."],
    ["What fills; -100 by default, which is ignored; all.", "-100", ", which is ignored", "What fills; all."],
    ["Slides; false by default: an error.", "false", ": an error", "Slides."],
    ["Factor. `1 / √D` by default.", "`1 / √D`", "", "Factor."],
    ["float32 by default", "float32", "", ""],
    ["along which axis; the last by default", "the last", "", "along which axis"],
    ["Says nothing of the kind.", "", "", "Says nothing of the kind."],
  ];
  for (const [text, value, remark, rest] of cases) assertEquals(splitDefault(text), { value, remark, rest });
});

Deno.test("the defaults that doc comments state are the code's", { ignore }, () => {
  const sources = readSources();
  let compared = 0;
  const wrong = faults(optionals, ({ text, option, owner, path, given, isMember }) => {
    const { value, remark } = splitDefault(text), stated = literalOf(value);
    if (stated === undefined) return undefined;
    const valuesOf = (files: readonly string[]) => files.flatMap((file) => valuesIn(sources.get(file)!, option));
    const chapter = path.slice(0, path.lastIndexOf("/"));
    let found = given !== undefined ? [given, `"${given}"`] : valuesOf(isMember ? readersOf(owner, sources) : [path]);
    if (found.length === 0) found = valuesOf([...sources.keys()].filter((path) => path.startsWith(chapter)));
    if (found.length === 0) found = valuesOf([...sources.keys()]);
    // A flag that nothing sets is false.
    if (stated === "false" && !(isMember && valuesOf([path]).includes("true"))) return undefined;
    compared++;
    const all = [stated, ...remark.match(/(?<!\w)\d[\d.]*(?!\w)/g) ?? []];
    const missing = all.filter((one) => !found.includes(same(one)));
    return missing.length === 0
      ? undefined
      : `${missing.join(", ")} by default, but in the code ${found.join(", ") || "nothing"}`;
  });
  assertEquals(wrong, []);
  assert(compared > 60);
});
