/**
 * # Experiments on the terminal
 *
 * `experiment NAME` runs an experiment, prints its figures and what it found, and says which of the claims
 * about it hold.
 *
 * @module
 */

import { chapterFolder, withNumbers } from "../../contents.ts";
import {
  type Control,
  defaultControls,
  type Experiment,
  EXPERIMENTS,
  objection,
  type Outcome,
} from "../../experiments.ts";
import { type Command, defineCommand } from "../arguments.ts";
import { chooseDevice, deviceOptions, interruption } from "../device.ts";
import { DataError, Interrupted, quote, UsageError } from "../errors.ts";
import { figureLines, number, wrapped } from "../figures.ts";
import { bar, line, padEnd, ProgressLine, standardOutput } from "../terminal.ts";

/** Reads `name=value` operands into the controls of an experiment. */
export function readControls(experiment: Experiment, operands: readonly string[]): Record<string, number> {
  const { name, controls } = experiment;
  const values = defaultControls(experiment);
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
    values[key] = value;
  }
  return values;
}

/** What there is to run. */
function printList(): void {
  line("Experiments; run one with: heed experiment NAME [CONTROL=VALUE…]");
  for (const { name, title, controls } of EXPERIMENTS) {
    line();
    line(`${name}`);
    line(`  ${title}`);
    for (const [key, { description, min, max, default: usual, choices }] of Object.entries(controls)) {
      const range = choices ? choices.join(", ") : `${min} to ${max}`;
      line(`  ${padEnd(key, 14)} ${description}: ${range} [${choices?.[usual] ?? usual}]`);
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
    if (name === undefined) return printList();
    const experiment = EXPERIMENTS.find((candidate) => candidate.name === name);
    if (!experiment) {
      const known = EXPERIMENTS.map((candidate) => candidate.name).join(", ");
      throw new UsageError(`Cannot run ${quote(name)}: the experiments are ${known}`);
    }
    const controls = readControls(experiment, settings);
    await chooseDevice(values);
    const progress = new ProgressLine();
    const { signal, stop } = interruption();
    line(experiment.title);
    line();
    const folder = `core/${chapterFolder(name.split("/")[0]!)}/experiments/`;
    for (const text of wrapped(withNumbers(experiment.purpose, folder))) line(text);
    try {
      const outcome = await experiment.run(controls, {
        signal,
        onProgress(done) {
          if (standardOutput.isTerminal) progress.update(`${bar(done, 30)} ${Math.floor(100 * done)} %`);
        },
      });
      progress.finish();
      report(experiment, outcome, settings.length === 0);
    } catch (error) {
      throw signal.aborted ? new Interrupted("") : error;
    } finally {
      stop();
    }
  },
});

/** Prints the figures, the findings, and which claims hold; at the default controls all must. */
function report({ claims }: Experiment, { figures, findings }: Outcome, isDefault: boolean): void {
  for (const figure of figures) {
    line();
    for (const text of figureLines(figure)) line(text);
  }
  line();
  const widest = Math.max(0, ...Object.keys(findings).map((key) => key.length));
  for (const [key, found] of Object.entries(findings)) {
    const values = typeof found === "number" ? [found] : found;
    const more = values.length > 12 ? ` … (${values.length})` : "";
    line(`${padEnd(key, widest)}  ${values.slice(0, 12).map(number).join("  ")}${more}`);
  }
  line();
  let wrong = 0;
  for (const claim of claims) {
    const holds = claim.holds(findings), refuted = claim.refuted ?? false;
    if (holds === refuted) wrong++;
    line(`${holds ? "holds  " : refuted ? "refuted" : "fails  "}  ${claim.text}`);
  }
  if (isDefault && wrong > 0) throw new DataError(`Cannot find what is claimed: ${wrong} of ${claims.length} claims`);
}
