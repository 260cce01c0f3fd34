/**
 * # Pages that are followed
 *
 * **Question.** A page says: make this file, run this command, and this is what you will see. Who knows that it is still so?
 *
 * **Idea.** A program that does what the page says. A block of code with a name is a file, a second block of that name goes on with
 * it; a block of commands is run beside the files that are there by then, and the block of text after it is what was
 * printed. The task `deno task library` writes those blocks; a test compares them. Commands that need more than Deno are in a
 * block of `bash`: a test of their own runs them.
 *
 * ````md
 * ```ts look.ts
 * console.log(1 + 1);
 * ```
 *
 * ```sh
 * deno run look.ts
 * ```
 *
 * ```txt
 * 2
 * ```
 * ````
 *
 * @module
 */

/** A block between two lines of three backticks. */
export interface Fence {
  /** What it is written in: `ts`, `sh`, `txt`. */
  readonly language: string;
  /** The file that it is, or a part of. */
  readonly name: string | undefined;
  /** What stands in it, with a line break at its end unless it is empty. */
  readonly text: string;
  /** Offset of the text in the page. */
  readonly start: number;
}

/** Language and file of a block, from what stands behind its backticks. */
export function infoOf(info: string): Pick<Fence, "language" | "name"> {
  const [language = "", name = ""] = info.trim().split(" ");
  return { language, name: /^[\w/-]+(\.\w+)+$/.test(name) ? name : undefined };
}

/** The blocks of a page, in order. */
export function fences(page: string): Fence[] {
  return [...page.matchAll(/^```(\w.*)\n([\s\S]*?)^```$/gm)].map(({ 0: whole, 1: info, 2: text, index }) => ({
    ...infoOf(info!),
    text: text!,
    start: index + whole.indexOf("\n") + 1,
  }));
}

/** A command of a page, and what followed from it. */
export interface Followed {
  /** As the page has it. */
  readonly command: string;
  /** What the page says is printed; nothing if it says nothing. */
  readonly shown: string | undefined;
  /** What was printed, errors too. */
  readonly printed: string;
  /** How it ended. */
  readonly code: number;
  /** Offset of what the page says. */
  readonly start: number;
}

/** Runs a command in a folder. */
export type Run = (command: string, folder: string) => Promise<Pick<Followed, "printed" | "code">>;

/** Deno where any program may be run, else its name, which is what the task may run. */
export const DENO: string = Deno.permissions.querySync({ name: "run" }).state === "granted" ? Deno.execPath() : "deno";

/** Milliseconds after which a command is ended. */
const LONGEST = 240_000;

/** Runs `deno …` as this Deno; spaces at the ends of lines are dropped. */
export const runDeno: Run = async (command, folder) => {
  const [program, ...args] = command.split(" ");
  if (program !== "deno") throw new Error(`Cannot follow "${command}": only deno is run`);
  const { code, stdout, stderr } = await new Deno.Command(DENO, {
    args,
    cwd: folder,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(LONGEST),
  }).output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes).replace(/[ \t]+$/gm, "");
  return { code, printed: text(stdout) + (code === 0 ? "" : text(stderr)) };
};

/**
 * Does what a page says.
 *
 * @param page its Markdown
 * @param folder where its files are made, which holds what the reader is told to put there
 * @param run how commands are run
 * @returns what each command printed, in order
 */
export async function follow(page: string, folder: string, run: Run = runDeno): Promise<Followed[]> {
  const followed: Followed[] = [], blocks = fences(page), begun = new Set<string>();
  for (const [at, { language, name, text }] of blocks.entries()) {
    if (name !== undefined) {
      const path = `${folder}/${name}`;
      await Deno.mkdir(path.replace(/\/[^/]*$/, ""), { recursive: true });
      await Deno.writeTextFile(path, text, { append: begun.has(name) });
      begun.add(name);
    } else if (language === "sh") {
      const next = blocks[at + 1], shown = next?.language === "txt" && next.name === undefined ? next : undefined;
      let printed = "", code = 0;
      for (const command of text.trim().split("\n")) {
        const done = await run(command, folder);
        printed += done.printed;
        code ||= done.code;
      }
      followed.push({ command: text.trim(), shown: shown?.text, printed, code, start: shown?.start ?? -1 });
    }
  }
  return followed;
}

/**
 * The page with what its commands printed.
 *
 * @param page its Markdown
 * @param followed what was printed
 */
export function withPrinted(page: string, followed: readonly Followed[]): string {
  let text = page;
  for (const { shown, printed, start } of followed.toReversed()) {
    if (shown !== undefined) text = text.slice(0, start) + printed + text.slice(start + shown.length);
  }
  return text;
}

/**
 * Makes a folder what it is for a reader who has begun: the code of the library in it, and the file that gives it its name.
 *
 * @param root the repository
 * @param folder an empty folder
 */
export async function prepare(root: URL, folder: string): Promise<void> {
  const [config] = fences(await Deno.readTextFile(new URL("docs/pages/library/tour.md", root)));
  await Deno.writeTextFile(`${folder}/${config!.name}`, config!.text);
  const to = `${folder}/heed`;
  await Deno.mkdir(to);
  for (const name of ["mod.ts", "deno.json"]) await Deno.copyFile(new URL(name, root), `${to}/${name}`);
  for (const name of ["core", "wasm", "gpu"]) await copy(new URL(`${name}/`, root), `${to}/${name}`);
}

async function copy(from: URL, to: string): Promise<void> {
  await Deno.mkdir(to);
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copy(new URL(`${name}/`, from), `${to}/${name}`);
    else if (name.endsWith(".ts")) await Deno.copyFile(new URL(name, from), `${to}/${name}`);
  }
}
