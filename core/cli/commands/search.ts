/**
 * # Searching by meaning
 *
 * `search` finds the texts of a file or a folder whose vectors point most nearly in the direction of that of a question.
 *
 * @module
 */

import { nearestVectors, sentenceVectors } from "../../08_pretrained/sentence_vectors.ts";
import { fit } from "../../host/terminal.ts";
import { type Command, defineCommand, flag, number, text } from "../arguments.ts";
import { encoderOptions, openSentences, placedTexts, readingStatus } from "../encoders.ts";
import { escapeControl, UsageError } from "../errors.ts";
import { jsonLine } from "../json_lines.ts";
import { line, standardOutput } from "../terminal.ts";

/** `search`. */
export const command: Command = defineCommand({
  operands: "TEXTS QUERY",
  maxOperands: 2,
  details: [
    "TEXTS is a file with one text a line, or a folder, of whose files that end with .txt or .md every paragraph is a text.",
    "A line of the output is the cosine with QUERY, the place, and the text; with --json an object with cosine, file, line and text.",
    "What is longer than the model reads is found by its first words alone.",
  ],
  options: {
    model: text("FOLDER", "An encoder such as all-MiniLM-L6-v2: a folder, or a GGUF file"),
    top: number("N", "Most texts", { min: 1, max: 1_000_000, whole: true }, 5),
    queryPrompt: text("TEXT", "What is written in front of the query; what the model says unless given"),
    textPrompt: text("TEXT", "What is written in front of every text; what the model says unless given"),
    json: flag("Write a line of JSON for each text"),
    ...encoderOptions,
  },
  async run(values, [path, query]) {
    if (path === undefined) throw new UsageError("Cannot search without texts: write a file or a folder first");
    if (query === undefined) throw new UsageError("Cannot search without a query: write it behind the texts");
    if (values.model === undefined) throw new UsageError("Cannot search without a model: write --model FOLDER");
    const texts = await placedTexts(path), model = await openSentences(values.model, values), status = readingStatus();
    const [asked] = await sentenceVectors(model, [query], { prompt: values.queryPrompt });
    const vectors = await sentenceVectors(model, texts.map(({ text }) => text), {
      prompt: values.textPrompt,
      onProgress: status.told,
    });
    status.clear();
    for (const { index, cosine } of nearestVectors(asked!, vectors, { topK: values.top })) {
      const { text, file, line: at } = texts[index]!;
      if (values.json) line(jsonLine({ cosine: Number(cosine.toPrecision(6)), file, line: at, text }));
      else {
        const whole = escapeControl(`${cosine.toFixed(3)}  ${file}:${at}  ${text}`);
        line(standardOutput.isTerminal ? fit(whole, standardOutput.columns()) : whole);
      }
    }
  },
});
