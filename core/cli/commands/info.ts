/**
 * # What is here
 *
 * `info` says what computes on this machine, or what a saved model is.
 *
 * @module
 */

import type { PackedFormat } from "../../engine/backend.ts";
import { backend } from "../../engine/device.ts";
import type { Module, StateEntry } from "../../engine/module.ts";
import { type Command, defineCommand } from "../arguments.ts";
import type { SavedClassifier } from "../classifiers.ts";
import { chooseDevice, deviceOptions, WEIGHT_FORMATS } from "../device.ts";
import { escapeControl, UsageError } from "../errors.ts";
import { hasNGrams, isClassifier, load } from "../model_kinds.ts";
import { isTranslation, openModel, readModel, type SavedModel } from "../models.ts";
import type { SavedNGrams } from "../ngrams.ts";
import { loadParser } from "../parser.ts";
import { padEnd } from "../../engine/printing.ts";
import { count } from "../../host/terminal.ts";
import { line } from "../terminal.ts";
import { tokensOf } from "../tokenizers.ts";
import { version } from "../version.ts";

/** Prints names and values in two columns. */
function table(rows: readonly (readonly [name: string, value: string])[]): void {
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  for (const [name, value] of rows) line(`  ${padEnd(name, width)}${escapeControl(value)}`);
}

/** Settings or measurements as one line. */
function list(values: Readonly<Record<string, number | string>>): string {
  return Object.entries(values).map(([name, value]) =>
    `${name} ${typeof value === "number" ? Number(value.toPrecision(4)) : value}`
  ).join(", ") || "none";
}

/** Rows that describe a saved model. */
export function describeModel(saved: SavedModel): [string, string][] {
  const { path, bytes, kind, notes } = saved, model = openModel(saved);
  const vocabularies = isTranslation(notes)
    ? `${count(notes.source.vocabSize)} source and ${count(notes.target.vocabSize)} target tokens`
    : `${count(notes.vocabulary.vocabSize)} tokens of ${tokensOf(notes.vocabulary)}`;
  return [
    ["file", `${path} (${count(bytes.length)} bytes)`],
    ["kind", `${kind.translates ? "translator" : "language model"} (${kind.architecture(notes.layout)})`],
    ["weights", count(model.parameterCount())],
    ["memory", WEIGHT_FORMATS.map((format) => `${format} ${count(bytesOf(model, format))}`).join(", ") + " bytes"],
    ["vocabulary", vocabularies],
    ["layout", list(numbersOf(kind.writeLayout(notes.layout)))],
    ["recipe", list(notes.recipe)],
    ["measured", list(notes.measured)],
  ];
}

/** Rows that describe a saved classifier. */
function describeClassifier({ path, size, model, notes }: SavedClassifier): [string, string][] {
  return [
    ["file", `${path} (${count(size)} bytes)`],
    ["kind", "classifier (bag of words)"],
    ["weights", count(model.weights.length + model.bias.length)],
    ["classes", model.labels.join(", ")],
    ["vocabulary", `${count(model.vocabulary.length)} pieces of up to ${notes.pieces} words`],
    ["recipe", list(notes.recipe)],
    ["measured", list(notes.measured)],
  ];
}

/** Bytes of the weights if `--weights` names a format. */
function bytesOf(model: Module, format: PackedFormat): number {
  const packing = backend().packing?.[format];
  const matrices = new Map<StateEntry, number>();
  for (const { form, shape, isTable } of model.packable()) {
    const [K, N] = isTable ? [shape[1]!, shape[0]!] : [shape[0]!, shape[1]!];
    matrices.set(form, 4 * (packing?.words(K, N) ?? K * N));
  }
  return [...model.stateDict().values()].reduce((sum, value) => sum + (matrices.get(value) ?? 4 * value.size), 0);
}

function numbersOf(values: Readonly<Record<string, unknown>>): Record<string, number | string> {
  const kept = Object.entries(values).filter(([, value]) => typeof value === "number" || typeof value === "string");
  return Object.fromEntries(kept) as Record<string, number | string>;
}

/** Rows that describe a saved n-gram model. */
function describeNGrams(folder: string, { model, vocabulary, notes }: SavedNGrams): [string, string][] {
  return [
    ["folder", folder],
    ["kind", `language model (${model.order}-grams)`],
    ["n-grams", model.sizes.map(count).join(", ")],
    ["memory", `${count(model.byteLength)} bytes`],
    ["vocabulary", `${count(vocabulary.vocabSize)} tokens of ${notes.tokens}`],
    ["smoothing", notes.smoothing],
    ["measured", list(notes.measured)],
  ];
}

/** `info`: the device, or a saved model. */
export const command: Command = defineCommand({
  operands: "[FOLDER]",
  maxOperands: 1,
  details: [],
  options: deviceOptions,
  async run(values, [folder]) {
    const reason = await chooseDevice(values);
    if (folder === "") throw new UsageError('Cannot read a model from "": it must name a folder');
    if (folder !== undefined && await isClassifier(folder)) {
      const { readClassifier } = await load<typeof import("../classifiers.ts")>("classifiers.ts");
      return table(describeClassifier(await readClassifier(folder)));
    }
    if (folder !== undefined && await hasNGrams(folder)) {
      const { readNGrams } = await load<typeof import("../ngrams.ts")>("ngrams.ts");
      return table(describeNGrams(folder, await readNGrams(folder)));
    }
    if (folder !== undefined) return table(describeModel(await readModel(folder)));
    const { origin } = await loadParser();
    line(`heed ${version}`);
    table([
      ["device", backend().name],
      ["chosen", reason],
      ["cores", String(navigator.hardwareConcurrency)],
      ["runtime", `Deno ${Deno.version.deno}, V8 ${Deno.version.v8}`],
      ["arguments", `read by ${origin}`],
    ]);
  },
});
