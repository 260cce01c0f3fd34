/**
 * Chat templates, by the package that runs them. It is fetched with the first model that has one.
 *
 * @module
 */

import { Template as Jinja } from "@huggingface/jinja";
import type { Template } from "./kinds/kind.ts";

/**
 * A template in Jinja as a function.
 *
 * @param source the template
 * @throws {SyntaxError} if it is none
 */
export function jinjaTemplate(source: string): Template {
  let template: Jinja;
  try {
    template = new Jinja(source);
  } catch (error) {
    throw new SyntaxError(`Cannot read the chat template of this model: ${(error as Error).message}`, { cause: error });
  }
  return (turns, tokens) => {
    try {
      return template.render({ ...tokens, messages: turns, add_generation_prompt: true });
    } catch (error) {
      throw new RangeError(
        `Cannot write this conversation with the template of the model: ${(error as Error).message}`,
        {
          cause: error,
        },
      );
    }
  };
}
