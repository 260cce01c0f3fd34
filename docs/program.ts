/**
 * # What a name in the code means
 *
 * **Question.** Every name on a page links to its definition. Who knows where that is?
 *
 * **Idea.** TypeScript's compiler does. It reads all sources as one program; each identifier is asked for its symbol,
 * aliases are followed to where they come from, and what the doc comment there says is shown when a reader points at it.
 *
 * AssemblyScript is close enough to be read by the same compiler: its own types are unknown to it, names are not. Shaders
 * are read by {@linkcode shaderNames}.
 *
 * @module
 */

import ts from "typescript";
import { type Options, optionsOf } from "./calls.ts";
import { numbered } from "./references.ts";

/** A declaration that others can link to. */
export interface Definition {
  /** File, from the root of the repository. */
  readonly path: string;
  /** `name`, or `Class.name` of a member. */
  readonly name: string;
  /** Line of its name, from 1. */
  readonly line: number;
  /** Whether the file exports it, or what it is a member of. */
  readonly exported: boolean;
  /** What it is. */
  readonly kind: "function" | "class" | "interface" | "type" | "constant" | "member";
  /** The doc comment's first sentence. */
  readonly summary: string;
  /** The declaration without its body; of a class, what makes one. */
  readonly signature: string;
  /** Names of the parameters that no `@param` mentions, and names that `@param` mentions in vain. */
  readonly undocumented: readonly string[];
}

/** A piece of a source, from one offset to another. */
export interface Mention {
  /** Offset of the first character. */
  readonly start: number;
  /** Offset after the last one. */
  readonly end: number;
  /** Where it is defined; parameters are defined where they are used. */
  readonly definition?: Definition | undefined;
  /** What to show when pointed at. */
  readonly hint: string;
}

/** What is known about a source. */
export interface Knowledge {
  /** In order of their offsets. */
  readonly mentions: readonly Mention[];
  /** Declared here. */
  readonly definitions: readonly Definition[];
  /** Names that mean something in this file: its own and imported ones. */
  readonly names: ReadonlyMap<string, Definition>;
  /** Lines that begin inside a string. */
  readonly inside: ReadonlySet<number>;
}

const firstSentence = (text: string): string =>
  text.split("\n\n")[0]!.replace(/\s+/g, " ").trim().split(/(?<=[.?!])\s/)[0] ?? "";

const textOf = (comment: string | ts.NodeArray<ts.JSDocComment> | undefined): string =>
  (ts.getTextOfJSDocComment(comment) ?? "").replace(/\{@\w+ ([^}|]*)[^}]*\}/g, "$1");

/** The sources as one program. */
export class Program {
  readonly #program: ts.Program;
  readonly #checker: ts.TypeChecker;
  readonly #root: string;
  readonly #definitions = new Map<ts.Node, Definition>();
  readonly #nodes = new Map<Definition, ts.Node>();

  /** Reads the files, paths from `root`, which ends with a slash. */
  constructor(root: string, paths: readonly string[]) {
    this.#root = root;
    this.#program = ts.createProgram(paths.map((path) => root + path), {
      allowImportingTsExtensions: true,
      lib: ["lib.esnext.d.ts"],
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      noEmit: true,
      noLib: false,
      skipLibCheck: true,
      strict: true,
      target: ts.ScriptTarget.ESNext,
      types: [],
    });
    this.#checker = this.#program.getTypeChecker();
    for (const path of paths) this.#declare(path);
  }

  #file(path: string): ts.SourceFile {
    const file = this.#program.getSourceFile(this.#root + path);
    if (!file) throw new Error(`Cannot read ${path}: it is not part of the program`);
    return file;
  }

  #declare(path: string): void {
    const file = this.#file(path);
    const add = (node: ts.NamedDeclaration, parent?: string, exported = false): void => {
      if (!node.name || !(ts.isIdentifier(node.name) || ts.isPrivateIdentifier(node.name))) return;
      const name = parent ? `${parent}.${node.name.text}` : node.name.text;
      const holder = ts.isVariableDeclaration(node) ? node.parent.parent : node;
      const comment = firstSentence(textOf(ts.getJSDocCommentsAndTags(node).find(ts.isJSDoc)?.comment));
      const summary = numbered(comment, path, () => {});
      const line = file.getLineAndCharacterOfPosition(node.name.getStart(file)).line + 1;
      const signature = signatureOf(holder, file);
      const undocumented = undocumentedOf(node);
      const kind = parent ? "member" : kindOf(node);
      const definition = { path, name, line, exported, kind, summary, signature, undocumented };
      this.#definitions.set(node, definition);
      this.#nodes.set(definition, node);
    };
    const isExported = (node: ts.Node): boolean =>
      ts.canHaveModifiers(node) &&
      (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
    for (const statement of file.statements) {
      const exported = isExported(statement);
      if (ts.isVariableStatement(statement)) {
        for (const declaration of statement.declarationList.declarations) add(declaration, undefined, exported);
      } else if (
        ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement) ||
        ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)
      ) {
        add(statement, undefined, exported);
        const members = ts.isClassDeclaration(statement) || ts.isInterfaceDeclaration(statement)
          ? statement.members
          : ts.isTypeAliasDeclaration(statement) && ts.isTypeLiteralNode(statement.type)
          ? statement.type.members
          : [];
        for (const member of members) add(member, statement.name?.text, exported);
      }
    }
  }

  /** What an identifier means, aliases followed. */
  #resolve(node: ts.Identifier | ts.PrivateIdentifier): ts.Declaration | undefined {
    let symbol = this.#checker.getSymbolAtLocation(node);
    if (symbol && symbol.flags & ts.SymbolFlags.Alias) symbol = this.#checker.getAliasedSymbol(symbol);
    return symbol?.declarations?.find(ts.isFunctionDeclaration) ?? symbol?.valueDeclaration ??
      symbol?.declarations?.[0];
  }

  /** Reads one file. */
  knowledge(path: string): Knowledge {
    const file = this.#file(path), mentions: Mention[] = [], inside = new Set<number>();
    const names = new Map<string, Definition>();
    const visit = (node: ts.Node): void => {
      if (ts.isNoSubstitutionTemplateLiteral(node) || ts.isTemplateExpression(node)) {
        const first = file.getLineAndCharacterOfPosition(node.getStart(file)).line;
        const last = file.getLineAndCharacterOfPosition(node.end).line;
        for (let line = first + 1; line <= last; line++) inside.add(line + 1);
      }
      if (ts.isIdentifier(node) || ts.isPrivateIdentifier(node)) {
        const mention = this.#mention(node, file);
        if (mention) {
          mentions.push(mention);
          const { definition } = mention;
          if (definition && definition.kind !== "member" && !ts.isPropertyAccessExpression(node.parent)) {
            names.set(node.text, definition);
          }
        }
      }
      ts.forEachChild(node, visit);
    };
    visit(file);
    const definitions = [...this.#definitions.values()].filter((definition) => definition.path === path);
    for (const definition of definitions) if (definition.kind !== "member") names.set(definition.name, definition);
    return { mentions: mentions.toSorted((a, b) => a.start - b.start), definitions, names, inside };
  }

  #mention(node: ts.Identifier | ts.PrivateIdentifier, file: ts.SourceFile): Mention | undefined {
    const declaration = this.#resolve(node);
    if (!declaration) return undefined;
    const start = node.getStart(file), end = node.end;
    const definition = this.#definitions.get(declaration);
    if (definition) return { start, end, definition, hint: definition.summary };
    if (ts.isParameter(declaration)) {
      const hint = ts.getJSDocParameterTags(declaration).map((tag) => textOf(tag.comment)).join(" ").trim();
      return hint === "" ? undefined : { start, end, hint };
    }
    return undefined;
  }

  /** The options that a function or a class takes, or that an interface lists. */
  options(definition: Definition): Options[] {
    return optionsOf(this.#nodes.get(definition)!, this.#checker);
  }

  /** Everything declared, in order. */
  get definitions(): Definition[] {
    return [...this.#definitions.values()];
  }

  /**
   * Names that a file makes public, re-exports included.
   *
   * @param path the file
   * @returns definitions by the name they are exported under
   */
  exports(path: string): Map<string, Definition> {
    const symbol = this.#checker.getSymbolAtLocation(this.#file(path));
    const found = new Map<string, Definition>();
    for (let exported of symbol ? this.#checker.getExportsOfModule(symbol) : []) {
      const { name } = exported;
      if (exported.flags & ts.SymbolFlags.Alias) exported = this.#checker.getAliasedSymbol(exported);
      for (const declaration of exported.declarations ?? []) {
        const definition = this.#definitions.get(declaration);
        // Of several forms of a function, the first has the documentation.
        if (definition && !found.has(name)) found.set(name, definition);
      }
    }
    return found;
  }

  /** Files that a file imports. */
  imports(path: string): string[] {
    const file = this.#file(path), found: string[] = [];
    for (const statement of file.statements) {
      if (!(ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement))) continue;
      const specifier = statement.moduleSpecifier;
      if (!specifier || !ts.isStringLiteral(specifier) || !specifier.text.startsWith(".")) continue;
      const target = new URL(specifier.text, `file://${this.#root}${path}`).pathname;
      found.push(target.slice(this.#root.length));
    }
    return found;
  }
}

function kindOf(node: ts.Node): Definition["kind"] {
  if (ts.isFunctionDeclaration(node)) return "function";
  if (ts.isClassDeclaration(node)) return "class";
  if (ts.isInterfaceDeclaration(node)) return "interface";
  return ts.isTypeAliasDeclaration(node) ? "type" : "constant";
}

/** The text of a declaration as far as its body; of a class how it is made; of an interface its first line. */
function signatureOf(node: ts.Node, file: ts.SourceFile): string {
  const maker = ts.isClassDeclaration(node) ? node.members.find(ts.isConstructorDeclaration) : undefined;
  if (maker && !ts.getModifiers(maker)) {
    const written = signatureOf(maker, file).replaceAll("\n  ", "\n");
    return written.replace("constructor", `new ${(node as ts.ClassDeclaration).name!.text}`);
  }
  const start = node.getStart(file);
  let end = node.end;
  if (
    (ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node) || ts.isConstructorDeclaration(node) ||
      ts.isAccessor(node)) && node.body
  ) {
    end = node.body.getStart(file);
  } else if (ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node)) end = node.members.pos - 1;
  else if (ts.isVariableStatement(node)) {
    const [declaration] = node.declarationList.declarations;
    if (declaration?.initializer) end = declaration.initializer.getFullStart() - 2;
  } else if (ts.isPropertyDeclaration(node) && node.initializer) end = node.initializer.getFullStart() - 2;
  const text = file.text.slice(start, end).trim();
  return text.replace(/\/\*\*[\s\S]*?\*\/\s*/g, "").replace(/^\s+(?=@)/gm, "");
}

function undocumentedOf(node: ts.Node): string[] {
  const isCall = ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node);
  if (!isCall) return [];
  const tags = ts.getJSDocTags(node).filter(ts.isJSDocParameterTag).map((tag) => tag.name.getText());
  const names = node.parameters.map(({ name }) => ts.isIdentifier(name) ? name.text : undefined);
  // A pattern has no name: any tag at its place will do.
  const missing = names.filter((name, i) => name !== undefined ? !tags.includes(name) : tags[i] === undefined);
  return missing.map((name) => name ?? "a pattern");
}

/**
 * Names of a shader: functions, constants, structures and bindings.
 *
 * @param text WGSL
 * @returns names and their lines, counted from 1
 */
export function shaderNames(text: string): Map<string, number> {
  const found = new Map<string, number>();
  text.split("\n").forEach((line, at) => {
    const name = /^(?:@[^\n]*?\)\s+)*(?:fn|const|override|struct|alias|var(?:<[^>]*>)?)\s+(\w+)/.exec(line)?.[1];
    if (name && !found.has(name)) found.set(name, at + 1);
  });
  return found;
}
