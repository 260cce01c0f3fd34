/**
 * Programs that tests run to their end.
 *
 * Tests of two configurations use it, so it imports nothing.
 *
 * @module
 */

/** What a program printed, and how it ended. */
export interface Outcome {
  /** 0 where it ended well. */
  readonly code: number;
  /** Standard output, then standard error. */
  readonly printed: string;
}

/** Runs a program to its end, without input and without colours. */
export async function run(program: string, args: readonly string[], cwd: string | URL): Promise<Outcome> {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    cwd,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const decoder = new TextDecoder();
  return { code, printed: decoder.decode(stdout) + decoder.decode(stderr) };
}

/**
 * Runs a program that has to end well, and gives back what it printed.
 *
 * @throws {Error} with all that it printed, if it ends otherwise
 */
export async function output(program: string, args: readonly string[], cwd: string | URL): Promise<string> {
  const { code, printed } = await run(program, args, cwd);
  if (code !== 0) throw new Error(`${program} ${args.join(" ")} ended with code ${code}:\n${printed}`);
  return printed.trim();
}
