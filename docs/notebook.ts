/**
 * # A notebook that is run
 *
 * **Question.** A notebook stores what its cells showed. Who knows that they still show it, where there is no Jupyter?
 *
 * **Idea.** Its cells in order are one program. A cell whose last line is an expression without a semicolon shows its value, as
 * Deno's kernel of Jupyter does: by what the value says of itself under `Symbol.for("Jupyter.display")`, else as `console.log`
 * prints it. What is shown and printed goes into the notebook by `deno task library`, and a test compares it.
 *
 * @module
 */

import { DENO } from "./followed.ts";

/** A cell as its file has it. */
export interface Cell {
  readonly cell_type: "code" | "markdown";
  readonly source: readonly string[];
  readonly outputs?: readonly Output[];
  readonly execution_count?: number | null;
}

/** What a cell printed or showed. */
export type Output =
  | { readonly name: "stdout"; readonly output_type: "stream"; readonly text: readonly string[] }
  | {
    readonly data: Readonly<Record<string, readonly string[]>>;
    readonly execution_count: number;
    readonly metadata: Readonly<Record<string, never>>;
    readonly output_type: "execute_result";
  };

/** A notebook as its file has it. */
export interface Notebook {
  readonly cells: readonly Cell[];
}

/** A text in lines that keep their ends, as notebooks store it. */
const linesOf = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+/g) ?? [];

/** Whether a line is shown: an expression, without a semicolon. */
const isShown = (line: string): boolean => /^[\w(].*[\w)]$/.test(line);

/** The code cells as one program, which prints what each of them printed and showed. */
export function programOf({ cells }: Notebook): string {
  const parts = cells.filter(({ cell_type }) => cell_type === "code").map(({ source }, at) => {
    const lines = source.join("").split("\n"), last = lines.at(-1)!;
    const shown = isShown(last) ? [...lines.slice(0, -1), `__show(${at}, ${last});`] : lines;
    return `${shown.join("\n")}\n__next();`;
  });
  return `const __out: { text: string; data?: Record<string, string> }[] = [{ text: "" }];
const __next = () => void __out.push({ text: "" });
console.log = (...values) => void (__out.at(-1)!.text += values.map((one) => typeof one === "string" ? one : Deno.inspect(one)).join(" ") + "\\n");
function __show(_: number, value: unknown) {
  const display = (value as Record<symbol, unknown>)?.[Symbol.for("Jupyter.display")];
  __out.at(-1)!.data = typeof display === "function" ? display.call(value) : { "text/plain": Deno.inspect(value) };
}
${parts.join("\n")}
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(__out)));
`;
}

/**
 * Runs the cells of a notebook.
 *
 * @param notebook its cells
 * @param run runs a program where the notebook lies, and returns what it printed
 * @returns the notebook with what they printed and showed
 */
export async function execute(notebook: Notebook, run: (program: string) => Promise<string>): Promise<Notebook> {
  const found = JSON.parse(await run(programOf(notebook))) as { text: string; data?: Record<string, string> }[];
  let at = 0;
  const cells = notebook.cells.map((cell): Cell => {
    if (cell.cell_type !== "code") return cell;
    const { text, data } = found[at++]!, outputs: Output[] = [];
    if (text !== "") outputs.push({ name: "stdout", output_type: "stream", text: linesOf(text) });
    if (data) {
      const stored = Object.entries(data).sort(([a], [b]) => a < b ? -1 : 1).map(([type, one]) => [type, linesOf(one)]);
      const result = { execution_count: at, metadata: {}, output_type: "execute_result" } as const;
      outputs.push({ data: Object.fromEntries(stored), ...result });
    }
    return { ...cell, execution_count: at, outputs };
  });
  return { ...notebook, cells };
}

/** The text of a notebook's file, as Jupyter writes it. */
export const textOf = (notebook: Notebook): string => `${JSON.stringify(notebook, undefined, 1)}\n`;

/** Runs a program by Deno, its imports relative to the folder of the notebook; returns what it printed. */
export async function runBeside(folder: URL, program: string): Promise<string> {
  const source = program.replaceAll(/from "(\.[^"]*)"/g, (_, path) => `from "${new URL(path, folder).href}"`);
  const child = new Deno.Command(DENO, {
    args: ["run", "--no-prompt", "--no-config", "--no-lock", "--ext=ts", "-"],
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(source));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  if (code !== 0) throw new Error(`The notebook fails:\n${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}
