/**
 * # What is here
 *
 * `info` says what computes on this machine, or what a model is: one that was saved here or that somebody else has trained, word vectors, a tokenizer.
 *
 * @module
 */

import type { PackedFormat } from "../../engine/backend.ts";
import { backend } from "../../engine/device.ts";
import type { Module, StateEntry } from "../../engine/module.ts";
import { type Command, defineCommand } from "../arguments.ts";
import { chooseDevice, deviceOptions, WEIGHT_FORMATS } from "../device.ts";
import { escapeControl, UsageError } from "../errors.ts";
import { type Describing, load, otherIn, type Row } from "../model_kinds.ts";
import { isTranslation, openModel, readModel, type SavedModel } from "../models.ts";
import { loadParser } from "../parser.ts";
import { foreignPlace, hubOptions, MODEL_DETAILS } from "../places.ts";
import { padEnd } from "../../engine/printing.ts";
import { count } from "../../host/terminal.ts";
import { line } from "../terminal.ts";
import { tokensOf } from "../tokenizers.ts";
import { version } from "../version.ts";

/** Prints names and values in two columns. */
function table(rows: readonly Row[]): void {
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  for (const [name, value] of rows) {
    line(`  ${padEnd(name, width)}${escapeControl(typeof value === "string" ? value : list(value))}`);
  }
}

/** The row that names the commands that use it. */
const usedBy = (commands: readonly string[]): Row => ["used by", commands.map((word) => `heed ${word}`).join(", ")];

/** Settings or measurements as one line; what is empty was not given. */
function list(values: Readonly<Record<string, number | string>>): string {
  return Object.entries(values).filter(([, value]) => value !== "").map(([name, value]) =>
    `${name} ${typeof value === "number" ? Number(value.toPrecision(4)) : value}`
  ).join(", ") || "none";
}

/** Rows that describe a saved model. */
export function describeModel(saved: SavedModel): Row[] {
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
    ["layout", numbersOf(kind.writeLayout(notes.layout))],
    ["trained by", `heed train ${kind.trainedBy(notes.layout)}`],
    ["recipe", notes.recipe],
    ["measured", notes.measured],
    usedBy(kind.translates ? ["translate"] : ["generate", "evaluate"]),
  ];
}

/** Bytes of the weights if `--weights` names a format. */
function bytesOf(model: Module, format: PackedFormat): number {
  const packing = backend().packing?.[format];
  const matrices = new Map<StateEntry, number>();
  for (const { form, shape, isTable } of model.packable().values()) {
    const [K, N] = isTable ? [shape[1]!, shape[0]!] : [shape[0]!, shape[1]!];
    matrices.set(form, 4 * (packing?.words(K, N) ?? K * N));
  }
  return [...model.stateDict().values()].reduce((sum, value) => sum + (matrices.get(value) ?? 4 * value.size), 0);
}

function numbersOf(values: Readonly<Record<string, unknown>>): Record<string, number | string> {
  const kept = Object.entries(values).filter(([, value]) => typeof value === "number" || typeof value === "string");
  return Object.fromEntries(kept) as Record<string, number | string>;
}

/** `info`: the device, or a saved model. */
export const command: Command = defineCommand({
  operands: "[MODEL]",
  maxOperands: 1,
  details: [...MODEL_DETAILS, "It may also be a file of word vectors, or one of tokenize --out."],
  options: { ...hubOptions, ...deviceOptions },
  async run(values, [folder]) {
    const reason = await chooseDevice(values);
    if (folder === "") throw new UsageError('Cannot read a model from "": it must name a folder');
    const place = folder === undefined ? undefined : await foreignPlace(folder);
    if (place) {
      const { describeForeign } = await load<typeof import("../foreign_info.ts")>("foreign_info.ts");
      return table(await describeForeign(folder!, place, values));
    }
    const other = folder === undefined ? undefined : await otherIn(folder);
    if (other) {
      const { describe } = await load<Describing>(other.file);
      return table([...await describe(folder!), usedBy(other.usedBy)]);
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
