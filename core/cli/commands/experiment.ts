/**
 * # Experiments on the terminal
 *
 * `experiment NAME` runs an experiment, prints its figures, their reading and what it found, and says which of the claims
 * about it hold.
 *
 * @module
 */

import { withNumbers, withStatementNumbers } from "../../contents.ts";
import {
  constantsOf,
  type Control,
  defaultControls,
  type Experiment,
  experimentPath,
  objection,
  type Words,
} from "../../experiments/experiment.ts";
import { EXPERIMENTS } from "../../experiments/registry.ts";
import { type Command, defineCommand } from "../arguments.ts";
import { chooseDevice, deviceOptions } from "../device.ts";
import { DataError, quote, UsageError } from "../errors.ts";
import { figureLines, number, wrapped } from "../figures.ts";
import { suggestions } from "../suggestions.ts";
import { padEnd } from "../../engine/printing.ts";
import { bar, ProgressLine } from "../../host/terminal.ts";
import { line, standardOutput } from "../terminal.ts";

/** Reads `key=value` operands into the controls of the experiment of that name. */
export function readControls(
  name: string,
  experiment: Experiment,
  operands: readonly string[],
): Record<string, number> {
  const { controls } = experiment;
  const values = defaultControls(experiment), set = new Set<string>();
  for (const operand of operands) {
    const [key = "", text = ""] = operand.split(/=(.*)/s);
    const control: Control | undefined = Object.hasOwn(controls, key) ? controls[key] : undefined;
    if (!control) {
      throw new UsageError(
        `Cannot set ${quote(operand)}: the controls of ${name} are ${Object.keys(controls).join(", ")}`,
      );
    }
    const chosen = control.choices?.indexOf(text) ?? -1;
    const value = chosen >= 0 ? chosen : /^-?\d+(\.\d+)?(e-?\d+)?$/i.test(text) ? Number(text) : NaN;
    const wrong = objection(control, value);
    if (wrong) throw new UsageError(`Cannot set ${quote(operand)}: ${key} ${wrong}`);
    if (set.has(key)) throw new UsageError(`Cannot set ${key} twice`);
    set.add(key);
    values[key] = value;
  }
  return values;
}

/** What there is to run. */
async function printList(): Promise<void> {
  line("Experiments; run one with: heed experiment NAME [CONTROL=VALUE…]");
  for (const { name, load, words: read } of EXPERIMENTS) {
    const { controls } = await load(), words = await read();
    line();
    line(`${name}`);
    line(`  ${words.title}`);
    for (const [key, { min, max, default: usual, choices }] of Object.entries(controls)) {
      const range = choices ? choices.join(", ") : `${min} to ${max}`;
      line(`  ${padEnd(key, 14)} ${words.controls[key]!.description}: ${range} [${choices?.[usual] ?? usual}]`);
    }
  }
}

/** `experiment`: runs one, or lists them. */
export const command: Command = defineCommand({
  operands: "[NAME] [CONTROL=VALUE…]",
  maxOperands: 20,
  details: [],
  options: deviceOptions,
  async run(values, [name, ...settings]) {
    if (name === undefined) return await printList();
    const entry = EXPERIMENTS.find((candidate) => candidate.name === name);
    if (!entry) {
      const near = suggestions(name, EXPERIMENTS.map((candidate) => candidate.name));
      const instead = near.length > 0 ? `did you mean ${near.join(" or ")}` : '"heed experiment" lists the experiments';
      throw new UsageError(`Cannot run ${quote(name)}: ${instead}`);
    }
    const experiment = await entry.load(), words = await entry.words();
    const controls = readControls(name, experiment, settings);
    await chooseDevice(values);
    const progress = new ProgressLine(standardOutput);
    line(words.title);
    line();
    for (const text of wrapped(withStatementNumbers(withNumbers(words.purpose, experimentPath(name))))) line(text);
    const fixed = constantsOf(experiment, words);
    if (fixed.length > 0) {
      line();
      for (const text of wrapped(`Fixed: ${fixed.join(" · ")}`)) line(text);
    }
    const findings = await experiment.measure(controls, {
      onProgress(done) {
        if (standardOutput.isTerminal) progress.update(`${bar(done, 30)} ${Math.floor(100 * done)} %`);
      },
    });
    progress.finish();
    report(experiment, words, findings, settings.length === 0);
  },
});

/** Prints the figures, the findings, and which claims hold; at the default controls all must. */
function report(experiment: Experiment, words: Words, findings: object, isDefault: boolean): void {
  for (const figure of experiment.draw(findings, words)) {
    line();
    for (const text of figureLines(figure)) line(text);
  }
  for (const paragraph of words.reading?.(findings) ?? []) {
    line();
    for (const text of wrapped(withStatementNumbers(paragraph))) line(text);
  }
  line();
  const found = Object.entries(findings).filter(([key]) => key !== "shown");
  const widest = Math.max(0, ...found.map(([key]) => key.length));
  for (const [key, value] of found) {
    const values = [value].flat(Infinity) as (number | string)[];
    const more = values.length > 12 ? ` … (${values.length})` : "";
    const first = values.slice(0, 12).map((one) => typeof one === "number" ? number(one) : one);
    line(`${padEnd(key, widest)}  ${first.join("  ")}${more}`);
  }
  line();
  const claims = Object.entries(experiment.claims);
  let wrong = 0;
  for (const [name, claim] of claims) {
    const holds = claim.holds(findings), refuted = claim.refuted ?? false;
    if (holds === refuted) wrong++;
    line(`${holds ? "holds  " : refuted ? "refuted" : "fails  "}  ${withStatementNumbers(words.claims[name]!)}`);
  }
  if (isDefault && wrong > 0) throw new DataError(`Cannot find what is claimed: ${wrong} of ${claims.length} claims`);
}
