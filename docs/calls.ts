/**
 * # What a call takes
 *
 * **Question.** A function takes an object of options, whose interface extends two others. Where does a programmer read all of them
 * at once, and what each is by default?
 *
 * **Idea.** On the entry of the function. TypeScript's compiler says which members the type of a parameter has in the end, whatever
 * it extends, picks or omits, and where each is declared: there stand its type and its doc comment. What it is by default, a
 * clause of the comment says ([defaults](defaults.ts)).
 *
 * @module
 */

import ts from "typescript";
import { splitDefault } from "./defaults.ts";

/** A member of an object of options. */
export interface Option {
  /** What it is called. */
  readonly name: string;
  /** The interface that declares it; empty for a type without a name. */
  readonly owner: string;
  /** Its type as the source has it, but for `undefined`. */
  readonly type: string;
  /** Whether it may be left out. */
  readonly optional: boolean;
  /** The doc comment, Markdown. */
  readonly text: string;
}

/** An object of options and what it may have. */
export interface Options {
  /** The parameter; empty for the members of an interface. */
  readonly parameter: string;
  /** In the order of the source, those that have to be given first. */
  readonly options: readonly Option[];
}

/** The doc comment of a declaration in one line, with its links. */
function commentOf(node: ts.Node): string {
  const comment = ts.getJSDocCommentsAndTags(node).find(ts.isJSDoc)?.comment;
  return (ts.getTextOfJSDocComment(comment) ?? "").replace(/\s+/g, " ").trim();
}

/** What an object of a type may have, if it is one of plain members, of which some may be left out. */
function optionsOfType(type: ts.Type, checker: ts.TypeChecker): Option[] {
  const properties = checker.getPropertiesOfType(checker.getNonNullableType(type));
  const members = properties.map((property) => property.declarations?.[0]);
  if (!members.every((member) => member !== undefined && ts.isPropertySignature(member))) return [];
  const options = members.map((member): Option => ({
    name: member.name.getText(),
    owner: ts.isInterfaceDeclaration(member.parent) ? member.parent.name.text : "",
    type: member.type?.getText().replace(/\s+/g, " ").replace(/ \| undefined$/, "") ?? "",
    optional: member.questionToken !== undefined,
    text: commentOf(member),
  }));
  return options.some(({ text }) => splitDefault(text).value !== "")
    ? options.toSorted((a, b) => Number(a.optional) - Number(b.optional))
    : [];
}

/**
 * The options that something takes or lists.
 *
 * @param node a function, a class whose constructor is meant, or an interface
 * @param checker of the program that has it
 * @returns for each parameter that is such an object; for an interface its own
 */
export function optionsOf(node: ts.Node, checker: ts.TypeChecker): Options[] {
  if (ts.isInterfaceDeclaration(node)) {
    return [{ parameter: "", options: optionsOfType(checker.getTypeAtLocation(node), checker) }].filter(isAny);
  }
  const call = ts.isClassDeclaration(node) ? node.members.find(ts.isConstructorDeclaration) : node;
  if (!call || !(ts.isFunctionDeclaration(call) || ts.isConstructorDeclaration(call))) return [];
  return call.parameters.map((parameter) => ({
    parameter: parameter.name.getText(),
    options: optionsOfType(checker.getTypeAtLocation(parameter), checker),
  })).filter(isAny);
}

function isAny({ options }: Options): boolean {
  return options.length > 0;
}
