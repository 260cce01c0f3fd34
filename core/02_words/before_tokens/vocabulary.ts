/**
 * # A vocabulary as a table
 *
 * **Question.** A model looks tokens up by their text and texts up by their id. What must be true of a list of tokens?
 *
 * **Idea.** The id is the place in the list. Each token stands there once, so that the way back is a table too.
 *
 * @module
 */

import { shown } from "../../engine/options.ts";

/**
 * Numbers tokens by their places.
 *
 * @param action what is attempted, as in `Cannot cut words`
 * @param tokens by their ids
 * @returns the id of each token
 * @throws {TypeError} if they are no list of strings
 * @throws {SyntaxError} if a token stands there twice
 */
export function numberTokens(action: string, tokens: readonly string[]): ReadonlyMap<string, number> {
  if (!Array.isArray(tokens) || ![...tokens].every((token) => typeof token === "string")) {
    throw new TypeError(`Cannot ${action} with tokens = ${shown(tokens)}: tokens must be a list of strings`);
  }
  const ids = new Map<string, number>();
  for (const [id, token] of tokens.entries()) {
    if (ids.has(token)) {
      throw new SyntaxError(
        `Cannot ${action} with token ${id} = ${shown(token)}: it must not be token ${ids.get(token)} too`,
      );
    }
    ids.set(token, id);
  }
  return ids;
}

/** The id of a token that has to be there. */
export function requireToken(action: string, ids: ReadonlyMap<string, number>, token: string): number {
  const id = ids.get(token);
  if (id === undefined) throw new SyntaxError(`Cannot ${action} with ${shown(token)}: it must be one of the tokens`);
  return id;
}
