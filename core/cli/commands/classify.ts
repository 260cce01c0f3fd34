/**
 * # Classifying from the command line
 *
 * `classify` gives the class of texts with a saved classifier: of its arguments, of a file, or of standard input.
 *
 * @module
 */

import { type Command, defineCommand, flag, text } from "../arguments.ts";
import { readClassifier } from "../classifiers.ts";
import { DataError, escapeControl, quote, UsageError } from "../errors.ts";
import { type Line, scanLines, trim } from "../files.ts";
import { complain, line } from "../terminal.ts";

/** `classify`. */
export const command: Command = defineCommand({
  operands: "[TEXT…]",
  maxOperands: 10_000,
  details: [
    "Without a text it classifies standard input, or --data, line by line; every line gets a line, an empty one gets an empty one.",
    "With --json a line is an object with text, label and the probability of each class.",
  ],
  options: {
    model: text("FOLDER", "A model saved by train classifier", "models/classifier"),
    data: text("FILE", "Texts to classify, one a line"),
    json: flag("Write JSON, with the probabilities of all classes"),
  },
  async run(values, texts) {
    if (texts.length > 0 && values.data !== undefined) {
      throw new UsageError(`Cannot use --data with ${quote(texts[0]!, 40)}: one of the two is classified`);
    }
    const { model } = await readClassifier(values.model);
    let total = 0, failed = 0;
    for await (const { number, text: whole, fault } of linesOf(texts, values.data)) {
      total++;
      const text = trim(whole);
      if (fault) {
        failed++;
        line();
        complain(`line ${number}: Cannot classify this: ${fault}`);
      } else if (text === "") line();
      else if (!values.json) line(escapeControl(model.classify(text)));
      else {
        const probabilities = model.probabilities(text);
        line(JSON.stringify({
          text,
          label: model.classify(text),
          probabilities: Object.fromEntries(
            model.labels.map((label, c) => [label, Number(probabilities[c]!.toPrecision(6))]),
          ),
        }));
      }
    }
    if (failed > 0) throw new DataError(`Cannot classify ${failed} of ${total} lines`);
  },
});

/** What is to be classified: the arguments, a file, or standard input. */
async function* linesOf(given: readonly string[], path: string | undefined): AsyncGenerator<Line> {
  if (given.length > 0) return yield* given.map((text, i) => ({ number: i + 1, text }));
  if (path === undefined && Deno.stdin.isTerminal()) line("Write a text and press Enter; Ctrl-D ends.");
  yield* scanLines(path ?? "-");
}
