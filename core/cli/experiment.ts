/**
 * # Experiments on the terminal
 *
 * `experiment NAME` computes the table of an experiment, prints it, and says which of the claims
 * about it hold.
 *
 * @module
 */

import { type Control, type Experiment, EXPERIMENTS, type ExperimentTable } from "../experiments.ts";
import { type Command, command } from "./arguments.ts";
import { chooseDevice, deviceOptions, interruption } from "./device.ts";
import { DataError, Interrupted, quote, UsageError } from "./errors.ts";
import { displayWidth, line, padEnd, padStart } from "./terminal.ts";

/** Numbers as a table prints them: four significant digits. */
function format(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
}

/** The lines of a table, its columns right-aligned. */
export function tableLines({ columns, rows }: ExperimentTable): string[] {
  const cells = [columns, ...rows.map((row) => row.map(format))];
  const widths = columns.map((_, c) => Math.max(...cells.map((row) => displayWidth(row[c] ?? ""))));
  return cells.map((row) => row.map((cell, c) => padStart(cell, widths[c]!)).join("  "));
}

/** Reads `name=value` operands into the controls of an experiment. */
export function readControls({ name, controls }: Experiment, operands: readonly string[]): Record<string, number> {
  const values = Object.fromEntries(Object.entries(controls).map(([key, control]) => [key, control.default]));
  for (const operand of operands) {
    const [key = "", text = ""] = operand.split(/=(.*)/s);
    const control: Control | undefined = Object.hasOwn(controls, key) ? controls[key] : undefined;
    if (!control) {
      throw new UsageError(
        `Cannot set ${quote(operand)}: the controls of ${name} are ${Object.keys(controls).join(", ")}`,
      );
    }
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (!(value >= control.min && value <= control.max)) {
      throw new UsageError(
        `Cannot set ${quote(operand)}: ${key} must be a whole number from ${control.min} to ${control.max}`,
      );
    }
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
    for (const [key, { description, min, max, default: usual }] of Object.entries(controls)) {
      line(`  ${padEnd(key, 10)}${description}, ${min} to ${max} [${usual}]`);
    }
  }
}

/** `experiment`: runs one, or lists them. */
export const experimentCommand: Command = command({
  name: "experiment",
  operands: "[NAME] [CONTROL=VALUE…]",
  maxOperands: 20,
  summary: "Run an experiment of the book, or list them",
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
    const { signal, stop } = interruption();
    line(experiment.title);
    line();
    try {
      const table = await experiment.run(controls, { signal });
      for (const text of tableLines(table)) line(text);
      report(experiment, table, settings.length === 0);
    } catch (error) {
      throw signal.aborted ? new Interrupted("") : error;
    } finally {
      stop();
    }
  },
});

/** Says which claims hold; at the default controls all must. */
function report({ claims }: Experiment, table: ExperimentTable, isDefault: boolean): void {
  line();
  const failed = claims.filter((claim) => !claim.holds(table));
  for (const claim of claims) line(`${failed.includes(claim) ? "fails" : "holds"}  ${claim.text}`);
  if (isDefault && failed.length > 0) {
    throw new DataError(`Cannot bear out ${failed.length} of ${claims.length} claims`);
  }
}
