/**
 * Who takes part, and their processes.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { output } from "./machine.ts";
import type { Answer, KernelReport, Request, SliceReport } from "./protocol.ts";

/** A library in the tables. */
export interface Peer {
  /** As the tables call it. */
  readonly name: string;
  /** What a user could import in its place: only these are compared with goals. */
  readonly kind: "heed" | "javascript" | "native";
  /** Its program. */
  readonly command: readonly string[];
  /** Workloads it is asked for; all by default. */
  readonly only?: RegExp;
}

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

function javascript(adapter: string): readonly string[] {
  return [Deno.execPath(), "run", "-A", "--config", path("deno.json"), path("peer.ts"), adapter];
}

/** A Python that has PyTorch: the one that `PEERS_PYTHON` names, or `python3`. */
async function pythonWithTorch(): Promise<string | undefined> {
  for (const python of [Deno.env.get("PEERS_PYTHON"), "python3"]) {
    if (python && await output(python, "-c", "import torch, numpy") !== undefined) return python;
  }
  return undefined;
}

/** All that can run here. */
export async function availablePeers(): Promise<Peer[]> {
  const python = await pythonWithTorch();
  return [
    { name: "heed", kind: "heed", command: javascript("heed") },
    { name: "tensorflow.js", kind: "javascript", command: javascript("tensorflow") },
    { name: "onnxruntime-web", kind: "javascript", command: javascript("onnx_web") },
    { name: "plain loops", kind: "javascript", command: javascript("plain"), only: /^matmul\/(128|256|512)$/ },
    { name: "onnxruntime", kind: "native", command: javascript("onnx_native") },
    ...(python ? [{ name: "PyTorch", kind: "native", command: [python, path("torch/peer.py")] } as const] : []),
  ];
}

/** A peer that says it cannot, and why. */
export class PeerProblem extends Error {
  /** The name of this class of errors. */
  override readonly name: string = "PeerProblem";
  /** Whether it declined rather than broke. */
  readonly declined: boolean;

  /** Takes over the peer's reason. */
  constructor(reason: string, declined: boolean) {
    super(reason);
    this.declined = declined;
  }
}

/** The process of one peer, answering one request after the other. */
export class PeerProcess {
  /** Versions and settings. */
  readonly description: string;
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: AsyncGenerator<string>;

  private constructor(child: Deno.ChildProcess, lines: AsyncGenerator<string>, description: string) {
    this.#child = child;
    this.#writer = child.stdin.getWriter();
    this.#lines = lines;
    this.description = description;
  }

  /**
   * Starts a peer.
   *
   * @param peer which
   * @param threads how many it may use
   * @param cache folder of the float64 logits
   * @param core the one core it may use, if only one
   * @throws {PeerProblem} if it does not start
   */
  static async start(peer: Peer, threads: number, cache: string, core: number | undefined): Promise<PeerProcess> {
    const pinned = core === undefined ? [] : ["taskset", "-c", String(core)];
    const [program, ...args] = [...pinned, ...peer.command, String(threads), cache];
    const stderr = Deno.env.get("PEERS_VERBOSE") ? "inherit" : "null";
    const child = new Deno.Command(program!, { args, stdin: "piped", stdout: "piped", stderr }).spawn();
    const lines = linesOf(child.stdout);
    try {
      const answer = await hear(lines, 60);
      if (!("started" in answer)) throw new PeerProblem("Unexpected answer", false);
      return new PeerProcess(child, lines, answer.started);
    } catch (error) {
      stop(child);
      throw error;
    }
  }

  /** Makes it ready for a workload; returns its ways to do it. */
  async load(workload: string, warm: number): Promise<readonly KernelReport[]> {
    const answer = await this.#ask({ load: workload, warm }, 600);
    if (!("kernels" in answer)) throw new PeerProblem("Unexpected answer", false);
    return answer.kernels;
  }

  /** Runs one kernel for about so many seconds. */
  async slice(kernel: number, seconds: number): Promise<SliceReport> {
    const answer = await this.#ask({ kernel, seconds }, 120 + seconds);
    if (!("samples" in answer)) throw new PeerProblem("Unexpected answer", false);
    return answer;
  }

  /** Ends the process. */
  async stop(): Promise<void> {
    stop(this.#child);
    await this.#child.status;
  }

  async #ask(request: Request, seconds: number): Promise<Answer> {
    await this.#writer.write(new TextEncoder().encode(JSON.stringify(request) + "\n"));
    return await hear(this.#lines, seconds);
  }
}

function stop(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const part of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + part).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}

async function hear(lines: AsyncGenerator<string>, seconds: number): Promise<Answer> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new PeerProblem(`no answer within ${seconds} s`, false)), 1000 * seconds);
  });
  try {
    const line = await Promise.race([lines.next(), late]);
    if (line.done) throw new PeerProblem("the process ended", false);
    const answer: Answer = JSON.parse(line.value);
    if ("skipped" in answer) throw new PeerProblem(answer.skipped, true);
    if ("failed" in answer) throw new PeerProblem(answer.failed, false);
    return answer;
  } finally {
    clearTimeout(timer);
  }
}
