/**
 * # Evaluating a language model
 *
 * Perplexity per token, bits per token, character and byte, on a text; beside another model, both on the same text. Models with different tokens are
 * compared per byte. What a tokenizer drops, capital letters or the spelling of unknown words, its model need not predict: where the tokens do not
 * give the text back, there are no bits per byte.
 *
 * @module
 */

import type { Tokenizer } from "../../02_words/before_tokens/tokenizer.ts";
import { type LanguageModel, measureScores, type Perplexity, score } from "../../03_language_models/autoregressive.ts";
import { useDevice } from "../../engine/device.ts";
import { count, ProgressLine } from "../../host/terminal.ts";
import { padEnd, padStart } from "../../engine/printing.ts";
import { interruption } from "../device.ts";
import { DataError, escapeControl, UsageError } from "../errors.ts";
import { named, readText } from "../files.ts";
import { hasModel, hasNGrams } from "../model_kinds.ts";
import { openModel, readModel, readTextModel } from "../models.ts";
import { readNGrams } from "../ngrams.ts";
import { line, standardOutput } from "../terminal.ts";
import type { EvaluatedKind } from "./kind.ts";

/** What is said of a model. */
interface Report extends Perplexity {
  readonly model: string;
  /** Tokens of the text that the model does not know. */
  readonly unknown: number;
}

/** Language models: networks and tables. */
export const languageModelKind: EvaluatedKind = {
  name: "a language model",
  reads: ["data", "json"],
  async holds(folder) {
    if (await hasNGrams(folder)) return true;
    return await hasModel(folder) && !(await readModel(folder)).kind.translates;
  },
  async evaluate(folder, other, { data, json }) {
    if (data === undefined) throw new UsageError("Cannot evaluate a language model without --data: it names a text");
    const text = (await readText(data)).join(""), reports: Report[] = [];
    const { signal, stop } = interruption(), progress = new ProgressLine(json ? { ...silent } : standardOutput);
    try {
      for (const one of other === undefined ? [folder] : [folder, other]) {
        reports.push(
          await measure(one, text, data, signal, (done) => progress.update(`scoring ${Math.round(100 * done)} %`)),
        );
        progress.finish();
      }
    } finally {
      stop();
    }
    if (json) return line(JSON.stringify(other === undefined ? reports[0] : reports));
    table(reports);
  },
};

/** Where progress goes that nobody reads. */
const silent = { isTerminal: false, columns: () => 80, write: () => {} };

async function open(folder: string): Promise<{ readonly model: LanguageModel; readonly vocabulary: Tokenizer }> {
  await useDevice("wasm");
  if (await hasNGrams(folder)) return await readNGrams(folder);
  const saved = await readTextModel(folder);
  return { model: openModel(saved, "float32"), vocabulary: saved.notes.vocabulary };
}

async function measure(
  folder: string,
  text: string,
  path: string,
  signal: AbortSignal,
  onProgress: (done: number) => void,
): Promise<Report> {
  const { model, vocabulary } = await open(folder), tokens = Int32Array.from(vocabulary.encode(text));
  if (tokens.length < 2) throw new DataError(`Cannot evaluate on ${named(path)}: it has fewer than two tokens`);
  const unknown = tokens.filter((token) => token === vocabulary.unknownToken).length;
  const logs = await score(model, tokens, { signal, onProgress });
  // A tokenizer that drops something need not predict it.
  if (unknown > 0 || vocabulary.decode(tokens) !== text) return { model: folder, unknown, ...measureScores(logs) };
  let characters = 0;
  for (const _ of text) characters++;
  const size = { tokens: tokens.length, characters, bytes: new TextEncoder().encode(text).length };
  return { model: folder, unknown, ...measureScores(logs, size) };
}

/** Prints the reports side by side. */
function table(reports: readonly Report[]): void {
  const write = (value: number | undefined): string => value === undefined ? "–" : value.toFixed(3);
  const rows: [string, string[]][] = [
    ["model", reports.map(({ model }) => escapeControl(model))],
    ["tokens scored", reports.map(({ tokens }) => count(tokens))],
    ["unknown", reports.map(({ unknown }) => count(unknown))],
    ["perplexity per token", reports.map(({ perplexity }) => write(perplexity))],
    ["bits per token", reports.map(({ bitsPerToken }) => write(bitsPerToken))],
    ["bits per character", reports.map(({ bitsPerCharacter }) => write(bitsPerCharacter))],
    ["bits per byte", reports.map(({ bitsPerByte }) => write(bitsPerByte))],
  ];
  const name = Math.max(...rows.map(([label]) => label.length)) + 2;
  const widths = reports.map((_, i) => Math.max(...rows.map(([, cells]) => cells[i]!.length)) + 2);
  for (const [label, cells] of rows) {
    line(`  ${padEnd(label, name)}${cells.map((cell, i) => padStart(cell, widths[i]!)).join("")}`);
  }
  if (reports.some(({ bitsPerByte }) => bitsPerByte === undefined)) {
    line("A model whose tokens do not give the text back looks better than it is: no bits per character and byte.");
  }
}
