/**
 * # From sliders to rules
 *
 * **Question.** A page has a slider for each decoding rule. What do their places mean together?
 *
 * **Idea.** A slider at its end of no effect asks for nothing. One at the end where only the most probable token is left makes
 * the text greedy, and with it every rule that shapes a draw says nothing.
 *
 * @module
 */

import { DECODING, type RuleOption, type RuleOptions, rulesOf } from "../../core/07_generation/options.ts";
import type { LogitsRule } from "../../core/07_generation/rules.ts";
import { CONTROLS } from "./controls.ts";

/** Rules, and whether a slider stands where only the most probable token is left. */
export interface Shaping {
  readonly rules: readonly LogitsRule[];
  readonly isGreedy: boolean;
}

/**
 * The rules that sliders ask for.
 *
 * @param places where they stand, by the names of their options; at their end of no effect by default
 * @param words rules that words ask for, with tokens in their place
 */
export function shaping(places: Readonly<Record<string, unknown>>, words: RuleOptions = {}): Shaping {
  const placeOf = (name: string): number | undefined => places[name] as number | undefined;
  const used = CONTROLS.filter(({ stage, name, none }) => stage === "softmax" && (placeOf(name) ?? none) !== none);
  const isGreedy = used.some(({ name, likeliest }) => placeOf(name) === likeliest);
  const given: Record<string, unknown> = {
    ...Object.fromEntries(
      used.filter(({ name, likeliest }) => placeOf(name) !== likeliest).map(({ name }) => [name, placeOf(name)]),
    ),
    ...words,
  };
  for (const name of Object.keys(given)) {
    // A part of a rule that is not used says nothing.
    const { needs } = DECODING[name as keyof RuleOptions] as Partial<RuleOption<unknown>>;
    if (needs && given[needs] === undefined) delete given[name];
  }
  const rules = rulesOf(given);
  return { rules: isGreedy ? rules.filter(({ needsDraw }) => !needsDraw) : rules, isGreedy };
}
