/**
 * # What is here
 *
 * `info` says what computes on this machine, or what a saved model is.
 *
 * @module
 */

import { backend } from "../engine/device.ts";
import { type Command, command } from "./arguments.ts";
import { chooseDevice, deviceOptions } from "./device.ts";
import { escapeControl } from "./errors.ts";
import { type Notes, openLanguageModel, openTranslator, readModel, type SavedModel } from "./models.ts";
import { count, line, padEnd } from "./terminal.ts";

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
export function describeModel({ path, bytes, notes }: SavedModel): [string, string][] {
  const vocabularies = notes.format === "heed translator 1"
    ? `${count(notes.source.vocabSize)} source and ${count(notes.target.vocabSize)} target tokens`
    : `${count(notes.vocabulary.vocabSize)} tokens of ${notes.vocabulary.level}`;
  return [
    ["file", `${path} (${count(bytes.length)} bytes)`],
    ["kind", notes.format === "heed translator 1" ? "translator (encoder–decoder)" : "language model (decoder-only)"],
    ["weights", count(countWeights({ path, bytes, notes }))],
    ["vocabulary", vocabularies],
    ["layout", list(numbersOf(notes.layout as unknown as Readonly<Record<string, unknown>>))],
    ["recipe", list(notes.recipe)],
    ["measured", list(notes.measured)],
  ];
}

function numbersOf(values: Readonly<Record<string, unknown>>): Record<string, number | string> {
  const kept = Object.entries(values).filter(([, value]) => typeof value === "number" || typeof value === "string");
  return Object.fromEntries(kept) as Record<string, number | string>;
}

function countWeights(saved: SavedModel): number {
  const { notes } = saved;
  const model = isTranslator(notes)
    ? openTranslator({ ...saved, notes })
    : openLanguageModel({ ...saved, notes: notes as Exclude<Notes, { format: "heed translator 1" }> });
  return [...model.parameters().values()].reduce((total, parameter) => total + parameter.size, 0);
}

function isTranslator(notes: Notes): notes is Extract<Notes, { format: "heed translator 1" }> {
  return notes.format === "heed translator 1";
}

/** `info`: the device, or a saved model. */
export const infoCommand: Command = command({
  name: "info",
  operands: "[FOLDER]",
  maxOperands: 1,
  summary: "Say what computes here, or what a saved model is",
  details: [],
  options: deviceOptions,
  async run(values, [folder]) {
    const reason = await chooseDevice(values);
    if (folder !== undefined) return table(describeModel(await readModel(folder)));
    line("heed 0.1.0");
    table([
      ["device", backend().name],
      ["chosen", reason],
      ["cores", String(navigator.hardwareConcurrency)],
      ["runtime", `Deno ${Deno.version.deno}, V8 ${Deno.version.v8}`],
    ]);
  },
});
