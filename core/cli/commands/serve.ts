/**
 * # Serving a model from the command line
 *
 * `serve` answers requests over HTTP with a language model, in the shape that clients of OpenAI's interface speak. It listens on this machine alone unless another
 * address is named. What it answers is [not its own](../serving/service.ts).
 *
 * @module
 */

import { Random } from "../../engine/random.ts";
import { type ModelValues, openAny } from "../any_model.ts";
import { type Command, defineCommand, number, text } from "../arguments.ts";
import { chatTemplate, templateOption } from "../chat_templates.ts";
import { deviceOptions, interruption, weightsOption } from "../device.ts";
import { DataError, escapeControl, quote, sentence, UsageError } from "../errors.ts";
import { hubOptions, MODEL_DETAILS } from "../places.ts";
import { complain, line, standardOutput } from "../terminal.ts";
import { serverOf } from "../serving/node_http.ts";
import { isLocal, Service } from "../serving/service.ts";

/** `serve`. */
export const command: Command = defineCommand({
  operands: "[MODEL]",
  maxOperands: 1,
  details: [
    ...MODEL_DETAILS,
    "Clients of OpenAI's interface are given the address it prints, and any key:",
    "  GET /v1/models, POST /v1/completions, POST /v1/chat/completions; streams are server-sent events.",
    "Texts of all callers are written together. Ctrl-C lets those under way end; again, it ends at once.",
    "It needs --allow-net before the name of the program; --allow-net=127.0.0.1 is enough unless --host names another address.",
  ],
  options: {
    host: text("ADDRESS", "Where to listen; another one than this machine's lets others ask", "127.0.0.1"),
    port: number("N", "Where to listen; 0 is any that is free", { min: 0, max: 65535, whole: true }, 8080),
    name: text("NAME", "What clients call the model; the name of its folder unless given"),
    maxTexts: number("N", "Texts that are written at once; others wait", { min: 1, max: 1024, whole: true }, 16),
    maxWaiting: number("N", "Texts that may wait; a request with more is told to come again", {
      min: 0,
      max: 65536,
      whole: true,
    }, 256),
    maxBody: number("BYTES", "Largest body of a request", { min: 1, max: 2 ** 30, whole: true }, 2 ** 20),
    longest: number("N", "Tokens of an answer for which a request names no number", {
      min: 1,
      max: 1_000_000,
      whole: true,
    }, 1024),
    seed: number("N", "Where random numbers come from for requests without a seed; anywhere unless given", {
      min: 0,
      max: 2 ** 31,
      whole: true,
    }),
    ...templateOption,
    ...hubOptions,
    ...weightsOption,
    ...deviceOptions,
  },
  async run(values, [folder = "models/lm"]) {
    if (values.host === "") throw new UsageError("Cannot listen without an address: --host must name one");
    const name = values.name ?? nameOf(folder);
    if (name === "") throw new UsageError("Cannot call a model by nothing: --name must name it");
    const opened = await openAny(folder, values as ModelValues);
    const { maxTexts, maxWaiting, maxBody, longest, seed } = values;
    const template = await chatTemplate(opened.template, values.template);
    const service = new Service({
      ...opened,
      template,
      name,
      created: Math.floor((await changed(folder)) / 1000),
      random: new Random(seed ?? crypto.getRandomValues(new Uint32Array(1))[0]!),
      hosts: hostsOf(values.host),
      ...{ maxTexts, maxWaiting, maxBody, longest },
    });
    await listen(service, values.host, values.port, name);
  },
});

/** Listens until Ctrl-C. */
async function listen(service: Service, hostname: string, port: number, name: string): Promise<void> {
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  const { state } = await Deno.permissions.request({ name: "net", host: `${host}:${port}` });
  if (state !== "granted") {
    throw new DataError(`Cannot listen on ${quote(hostname)}: the program needs the permission --allow-net=${host}`);
  }
  const server = serverOf((request) => service.answer(request));
  await new Promise<void>((resolve, reject) => {
    server.on("error", (error: Error) =>
      reject(
        new DataError(`Cannot listen on ${quote(hostname)}, port ${port}: ${sentence(error)}`, { cause: error }),
      ));
    server.listen(port, hostname, resolve);
  });
  // Whoever started it may have gone; it serves on.
  standardOutput.isNotAll("Serving goes on without");
  const { signal, stop } = interruption(() => {
    if (service.texts > 0) complain(`${service.texts} texts end first; Ctrl-C again ends at once`);
  });
  const { address, port: chosen } = server.address() as { readonly address: string; readonly port: number };
  const at = address.includes(":") ? `[${address}]` : address;
  line(`${escapeControl(name)} answers at http://${at}:${chosen}/v1`);
  if (!isLocal(at)) line("Whoever reaches this address can ask it: there are no keys.");
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
  stop();
  throw signal.reason;
}

/** What a folder is called. */
function nameOf(folder: string): string {
  return folder.replace(/[/\\]+$/, "").replace(/^.*[/\\]/s, "").replace(/\.(safetensors|gguf)$/i, "");
}

/** When a model was saved; of one from a hub nobody knows. */
async function changed(folder: string): Promise<number> {
  const info = await Deno.stat(folder).catch(() => undefined);
  return info?.mtime?.getTime() ?? 0;
}

/** Hosts by which a server is asked that listens at an address: itself, and where others ask, any number, since no name leads there by a trick. */
function hostsOf(host: string): (asked: string) => boolean {
  const own = host.includes(":") ? `[${host.toLowerCase()}]` : host.toLowerCase();
  if (isLocal(own)) return (asked) => isLocal(asked) || asked === own;
  return (asked) => isLocal(asked) || asked === own || /^(\d{1,3}(\.\d{1,3}){3}|\[[\da-f:.]+\])$/.test(asked);
}
