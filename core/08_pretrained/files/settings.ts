/**
 * # Settings of somebody else
 *
 * **Question.** A file of settings has thirty fields, some of which change what a model computes. Who makes sure that none of those is missed, misread or taken for granted?
 *
 * **Idea.** Every field is read by a function that says what it must be, and what it is where the file does not have it. A setting that asks for something the book does not compute is refused with its name and value.
 *
 * @module
 */

import type { Json } from "../../engine/json.ts";
import type { StateNames } from "../../06_training/state_names.ts";
import type { DecoderOnlyOptions } from "../../05_transformer/decoder_only.ts";
import type { Weights } from "./weights.ts";
import { shown } from "../../engine/options.ts";
import { quote } from "../../engine/shown.ts";

// ## What an architecture says

/** A kind of model that can be opened, by what its layout is made of. */
export interface Architecture<Options = DecoderOnlyOptions> {
  /** What files call it. */
  readonly words: readonly string[];
  /**
   * Reads the layout of a model.
   *
   * @param fields of `config.json`, or the facts of a GGUF without the word before them
   * @param weights whose format and names say what they are called
   * @returns the layout, and what the file calls the tensors
   * @throws {RangeError} if a setting asks for what is not computed here
   */
  read(
    fields: Readonly<Record<string, unknown>>,
    weights: Weights,
  ): { readonly options: Options; readonly names: StateNames };
}

// ## Fields

/** Fields by name, from `config.json` or the facts of a GGUF. */
export class Settings {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #where: string;

  /**
   * Takes what a file holds.
   *
   * @param fields by name
   * @param where the file, for messages
   */
  constructor(fields: Readonly<Record<string, unknown>>, where: string) {
    this.#fields = fields;
    this.#where = where;
  }

  /** Whether there is such a field. */
  has(name: string): boolean {
    return this.#get(name) !== undefined;
  }

  /** A whole number above 0. */
  count(name: string, usual?: number): number {
    const value = this.#get(name) ?? usual;
    if (typeof value === "number" && Number.isSafeInteger(value) && value > 0) return value;
    throw this.#wrong(name, value, "a whole number above 0");
  }

  /** The same, or nothing where the file has none. */
  optionalCount(name: string): number | undefined {
    return this.has(name) ? this.count(name) : undefined;
  }

  /** A whole number from 0 on. */
  index(name: string, usual?: number): number {
    const value = this.#get(name) ?? usual;
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
    throw this.#wrong(name, value, "a whole number from 0 on");
  }

  /** A finite number. */
  number(name: string, usual?: number): number {
    const value = this.#get(name) ?? usual;
    if (typeof value === "number" && Number.isFinite(value)) return value;
    throw this.#wrong(name, value, "a number");
  }

  /** The same, or nothing where the file has none. */
  optionalNumber(name: string): number | undefined {
    return this.has(name) ? this.number(name) : undefined;
  }

  /** True or false. */
  flag(name: string, usual: boolean): boolean {
    const value = this.#get(name) ?? usual;
    if (typeof value === "boolean") return value;
    throw this.#wrong(name, value, "true or false");
  }

  /** A string, or nothing where the file has none. */
  optionalText(name: string): string | undefined {
    const value = this.#get(name);
    if (value === undefined) return undefined;
    if (typeof value === "string") return value;
    throw this.#wrong(name, value, "a string");
  }

  /** An object of fields, or nothing where the file has none. */
  part(name: string): Settings | undefined {
    const value = this.#get(name);
    if (value === undefined) return undefined;
    if (typeof value !== "object" || Array.isArray(value)) throw this.#wrong(name, value, "an object");
    return new Settings(value as Readonly<Record<string, unknown>>, `${this.#where}, ${name}`);
  }

  /** Refuses a field that is there and is none of these. */
  requireOneOf(name: string, known: readonly (string | boolean | number)[]): void {
    const value = this.#get(name);
    if (value !== undefined && !known.includes(value as string)) throw this.unknown(name, value as Json, known);
  }

  /** What is said of a field that asks for what is not computed here. */
  unknown(name: string, value: Json, known: readonly (string | boolean | number)[]): Error {
    return new RangeError(
      `Cannot open a model with ${name} = ${shown(value)} in ${quote(this.#where)}: known are ${known.join(", ")}`,
    );
  }

  #get(name: string): unknown {
    const value = Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined;
    return value === null ? undefined : value;
  }

  #wrong(name: string, value: unknown, must: string): Error {
    return new SyntaxError(
      value === undefined
        ? `Cannot open a model: ${quote(this.#where)} has no ${name}`
        : `Cannot open a model with ${name} = ${shown(value)} in ${quote(this.#where)}: it must be ${must}`,
    );
  }
}

/** The settings of a model, by how its weights are stored. */
export function settingsIn(fields: Readonly<Record<string, unknown>>, format: "safetensors" | "gguf"): Settings {
  return new Settings(fields, format === "gguf" ? "the facts of the file" : "config.json");
}
