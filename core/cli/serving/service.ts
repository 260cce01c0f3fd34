/**
 * # A model behind an address
 *
 * A function from requests to answers, as any server of the web's standard takes one: `Deno.serve`, Bun, and Node with an adapter. Requests are read
 * [here](requests.ts), answered [here](answers.ts), and what cannot be answered is refused [here](errors.ts). All texts under way are written by one
 * [batch](../../07_generation/batch.ts), so that several callers cost little more than one. Who goes away ends the text.
 *
 * @module
 */

import type { Tokenizer } from "../../02_words/before_tokens/tokenizer.ts";
import { Batch, type BatchedText, type JoinOptions } from "../../07_generation/batch.ts";
import type { StreamedToken } from "../../07_generation/generate.ts";
import type { LogitsRule } from "../../07_generation/rules.ts";
import type { Decoder } from "../../07_generation/sampling.ts";
import type { Generation } from "../../07_generation/search.ts";
import { Random } from "../../engine/random.ts";
import { constrain } from "../constraints.ts";
import { TokenWriter, type ToldToken } from "../json_lines.ts";
import { load } from "../model_kinds.ts";
import { continuation } from "../tokenizers.ts";
import {
  answerOf,
  chatLogprobs,
  chunkOf,
  completionLogprobs,
  type FinishReason,
  type Heading,
  type Piece,
  usageChunk,
} from "./answers.ts";
import { ApiError } from "./errors.ts";
import { type Asked, MOST_ANSWERS, noModel, readChat, readCompletion, type Served } from "./requests.ts";
import { type ChatTemplate, plainTemplate } from "./template.ts";

/** What is served, and how. */
export interface ServiceOptions {
  /** What scores the next token. */
  readonly model: Decoder;
  /** From text to tokens and back. */
  readonly vocabulary: Tokenizer;
  /** What applies to every text before what a request asks for. */
  readonly rules: readonly LogitsRule[];
  /** Tokens that end a text; none by default. */
  readonly eosTokens?: readonly number[];
  /** Cuts a text that is to be continued; as the vocabulary does by default. */
  readonly encode?: (text: string) => number[];
  /** What clients call the model. */
  readonly name: string;
  /** When it was made, in seconds since 1970. */
  readonly created: number;
  /** Where the random numbers of requests without a seed come from. */
  readonly random: Random;
  /** How the model is given a conversation; lines of speakers by default. */
  readonly template?: ChatTemplate;
  /** Hosts by which it may be asked, without ports; those of the machine itself by default. */
  readonly hosts?: (host: string) => boolean;
  /** Texts that are written at once. */
  readonly maxTexts: number;
  /** Texts that may wait for a place. */
  readonly maxWaiting: number;
  /** Bytes of the largest body. */
  readonly maxBody: number;
  /** Tokens of an answer that nothing else bounds. */
  readonly longest: number;
}

/** Whether a host names the machine itself. */
export function isLocal(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);
}

/** The paths that there are, with the methods of each. */
const PATHS: Readonly<Record<string, string>> = {
  "/v1/models": "GET",
  "/v1/completions": "POST",
  "/v1/chat/completions": "POST",
};

/** Answers requests. */
export class Service {
  readonly #options: ServiceOptions;
  readonly #served: Served;
  readonly #batch: Batch;
  readonly #writer: TokenWriter;
  /** Rules of schemas that were asked for lately. */
  readonly #schemas = new Map<string, Promise<{ readonly rules: readonly LogitsRule[]; readonly eosToken: number }>>();

  /** Takes a model. */
  constructor(options: ServiceOptions) {
    const { model, vocabulary, name, template = plainTemplate, maxTexts } = options;
    const { encode = (text) => vocabulary.encode(text) } = options;
    this.#options = options;
    this.#served = { name, vocabulary, encode, contextLength: model.contextLength, template };
    this.#batch = new Batch(model, { maxTexts });
    this.#writer = new TokenWriter(vocabulary);
  }

  /** Texts that are being written, or wait. */
  get texts(): number {
    return this.#batch.active + this.#batch.waiting;
  }

  /** Answers a request; never rejects. */
  async answer(request: Request): Promise<Response> {
    try {
      return await this.#route(request);
    } catch (error) {
      return refusal(error);
    }
  }

  async #route(request: Request): Promise<Response> {
    const { hosts = isLocal, name, created } = this.#options;
    // A page of another site that has its name lead here would be answered otherwise.
    const host = request.headers.get("host") ?? new URL(request.url).host;
    if (!hosts(host.replace(/:\d*$/, "").toLowerCase())) {
      throw new ApiError(403, "This server is not asked by that host; --host names one.", { code: "host_not_allowed" });
    }
    const path = new URL(request.url).pathname.replace(/(?<=.)\/$/, "");
    const one = /^\/v1\/models\/(.+)$/.exec(path)?.[1], allowed = one === undefined ? PATHS[path] : "GET";
    if (!Object.hasOwn(PATHS, path) && one === undefined || allowed === undefined) {
      throw new ApiError(404, `Invalid URL (${request.method} ${path.slice(0, 200)})`);
    }
    if (request.method !== allowed) throw new WrongMethod(request.method, path, allowed);
    const described = { id: name, object: "model", created, owned_by: "heed" };
    if (one !== undefined) {
      if (one !== encodeURIComponent(name) && one !== name) throw noModel(one);
      return Response.json(described);
    }
    if (allowed === "GET") return Response.json({ object: "list", data: [described] });
    const body = await readBody(request, this.#options.maxBody);
    const asked = path === "/v1/completions" ? readCompletion(body, this.#served) : readChat(body, this.#served);
    return await this.#write(asked, request.signal);
  }

  /** Begins the texts of a request, and answers with them at the end or as they come. */
  async #write(asked: Asked, signal: AbortSignal): Promise<Response> {
    const gone = new AbortController(), leave = (): void => gone.abort();
    signal.addEventListener("abort", leave, { once: true });
    const texts = await this.#begin(asked, gone.signal).catch((error) => {
      leave();
      throw error;
    });
    const heading: Heading = {
      isChat: asked.isChat,
      id: `${asked.isChat ? "chatcmpl" : "cmpl"}-${crypto.randomUUID().replaceAll("-", "")}`,
      created: Math.floor(Date.now() / 1000),
      model: this.#options.name,
    };
    const prompt = asked.prompts.reduce((sum, { length }) => sum + length, 0);
    if (asked.stream) return streamed(heading, asked, texts, prompt, gone);
    try {
      const written = await Promise.all(texts.map((text) => text.whole()));
      const completion = written.reduce((sum, { tokens }) => sum + tokens, 0);
      return Response.json(answerOf(heading, written.map(({ piece }) => piece), { prompt, completion }));
    } finally {
      // Nobody waits any more; one that fails ends the others.
      gone.abort();
    }
  }

  async #begin(asked: Asked, signal: AbortSignal): Promise<Answer[]> {
    const { model, random, maxTexts, maxWaiting, longest } = this.#options, { vocabulary } = this.#served;
    const { prompts, n, seed, alternatives, draw, stop } = asked, total = prompts.length * n;
    if (total > MOST_ANSWERS) throw new ApiError(400, `Too many answers: ${total} of at most ${MOST_ANSWERS}.`);
    const { rules, eosTokens = [] } = this.#options, ends = eosTokens.length === 0 ? {} : { eosToken: eosTokens };
    const follow = asked.schema === undefined ? { rules, ...ends } : await this.#follow(asked.schema);
    if (this.texts + total > maxTexts + maxWaiting) {
      throw new ApiError(503, "The server is busy: too many texts wait. Try again later.", { code: "overloaded" });
    }
    const chance = seed === undefined ? random.split() : new Random(seed < 0 ? Number.MAX_SAFE_INTEGER + seed : seed);
    // The first answer is the one that it would be alone.
    const others = chance.fork();
    const maxTokens = prompts.map((prompt) => lengthOf(prompt, asked, model.contextLength, longest));
    return Array.from({ length: total }, (_, index) => {
      const prompt = prompts[Math.floor(index / n)]!,
        options: JoinOptions = {
          maxNewTokens: maxTokens[Math.floor(index / n)]!,
          ...follow,
          ...stop.length > 0 && { stopStrings: { stop, decode: (tokens) => vocabulary.decode(tokens) } },
          ...asked.rules,
          ...draw && { ...draw, random: index === 0 ? chance : others.split() },
          ...alternatives !== undefined && { output: { alternatives } },
          signal,
        };
      return new Answer(index, prompt, this.#add(prompt, options), asked, vocabulary, this.#writer);
    });
  }

  #add(prompt: readonly number[], options: JoinOptions): BatchedText {
    try {
      return this.#batch.add(prompt, options);
    } catch (error) {
      if (error instanceof TypeError || error instanceof RangeError) throw new ApiError(400, `${error.message}.`);
      throw error;
    }
  }

  /** The rules of a schema, as a rule remembers what it has computed for the tokens. */
  #follow(schema: unknown): ReturnType<typeof followSchema> {
    const key = keyOf(schema), known = this.#schemas.get(key);
    const rules = known ?? followSchema(schema, this.#served.vocabulary);
    this.#schemas.delete(key);
    this.#schemas.set(key, rules);
    for (const oldest of this.#schemas.keys()) if (this.#schemas.size > MOST_SCHEMAS) this.#schemas.delete(oldest);
    return rules;
  }
}

/** Schemas that are remembered. */
const MOST_SCHEMAS = 16;

function keyOf(schema: unknown): string {
  try {
    return JSON.stringify(schema);
  } catch (error) {
    throw noSchema(error);
  }
}

function noSchema(error: unknown): ApiError {
  return new ApiError(400, `Invalid schema for response_format: ${(error as Error).message}.`, {
    param: "response_format",
    code: "invalid_json_schema",
  });
}

async function followSchema(
  schema: unknown,
  vocabulary: Tokenizer,
): Promise<{ readonly rules: readonly LogitsRule[]; readonly eosToken: number }> {
  type Room = typeof import("../../07_generation/constraints/json_schema.ts");
  const { jsonSchema } = await load<Room>("../07_generation/constraints/json_schema.ts");
  try {
    return await constrain(jsonSchema(schema as Parameters<typeof jsonSchema>[0]), vocabulary);
  } catch (error) {
    throw noSchema(error);
  }
}

/** Most tokens of an answer, which must fit behind its prompt. */
function lengthOf(
  prompt: readonly number[],
  { maxTokens, isChat }: Asked,
  contextLength: number,
  longest: number,
): number {
  // The last token is written and not read.
  const room = contextLength - prompt.length + 1, wanted = maxTokens ?? Math.min(room, longest);
  if (room >= 1 && wanted <= room) return wanted;
  throw new ApiError(
    400,
    `This model's maximum context length is ${contextLength} tokens. The ${
      isChat ? "messages" : "prompt"
    } have ${prompt.length}` +
      `${maxTokens === undefined ? "" : `, and the completion may have ${maxTokens}`}.`,
    { param: isChat ? "messages" : "prompt", code: "context_length_exceeded" },
  );
}

// ## One answer

/** A text under way, for whoever asked for it. */
class Answer {
  readonly index: number;
  readonly #prompt: readonly number[];
  readonly #text: BatchedText;
  readonly #asked: Asked;
  readonly #vocabulary: Tokenizer;
  readonly #writer: TokenWriter;
  /** Tokens that were written. */
  tokens = 0;

  constructor(
    index: number,
    prompt: readonly number[],
    text: BatchedText,
    asked: Asked,
    vocabulary: Tokenizer,
    writer: TokenWriter,
  ) {
    [this.index, this.#prompt, this.#text, this.#asked] = [index, prompt, text, asked];
    [this.#vocabulary, this.#writer] = [vocabulary, writer];
  }

  /** Its pieces as they come; the last one says why it ended. */
  async *pieces(): AsyncGenerator<Piece, void, void> {
    const { index } = this, isChat = this.#asked.isChat;
    const pending: StreamedToken[] = [], last = this.#prompt.at(-1)!;
    let before = last, offset = 0, isBlank = isChat;
    const ids = async function* (text: BatchedText): AsyncGenerator<number> {
      for await (const token of text) {
        pending.push(token);
        yield token.token;
      }
    };
    const piece = (text: string, finish: FinishReason | null): Piece => {
      const tokens = pending.splice(0), logprobs = this.#logprobs(tokens, before, offset);
      this.tokens += tokens.length;
      before = tokens.at(-1)?.token ?? before;
      offset += text.length;
      // What stands between the name of a speaker and what is said.
      const shown = isBlank ? text.trimStart() : text;
      if (shown !== "") isBlank = false;
      return { index, text: shown, logprobs, finish };
    };
    if (this.#asked.echo) yield { index, text: this.#vocabulary.decode(this.#prompt), finish: null };
    for await (const text of continuation(this.#vocabulary, this.#prompt, ids(this.#text))) yield piece(text, null);
    const result = await this.#text.result;
    yield piece(this.#rest(result), result.finished ? "stop" : "length");
  }

  /** What stands before a stop string inside a token. */
  #rest({ text = "", tokens }: Generation): string {
    return text.slice(this.#vocabulary.decode(tokens).length);
  }

  #logprobs(tokens: readonly StreamedToken[], before: number, offset: number): object | undefined {
    const { alternatives, isChat } = this.#asked;
    if (alternatives === undefined) return undefined;
    const told = tokens.map(({ token, logProbability, output }): ToldToken => ({ token, logProbability, ...output }));
    return isChat ? chatLogprobs(told, this.#writer, before) : completionLogprobs(told, this.#writer, before, offset);
  }

  /** All of it, once it has ended. */
  async whole(): Promise<{ readonly piece: Piece; readonly tokens: number }> {
    const all: Piece[] = [];
    for await (const piece of this.pieces()) all.push(piece);
    const logprobs = all.flatMap(({ logprobs }) => logprobs ?? []).reduce<object | undefined>(joined, undefined);
    const text = all.map(({ text }) => text).join("");
    return { piece: { index: this.index, text, logprobs, finish: all.at(-1)!.finish }, tokens: this.tokens };
  }
}

/** The lists of both, one behind the other. */
function joined(one: object | undefined, other: object): object {
  const before = (one ?? {}) as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    Object.entries(other).map((
      [name, list],
    ) => [name, Array.isArray(list) ? [...before[name] as [] ?? [], ...list] : list]),
  );
}

// ## As it is written

/** Answers with server-sent events: a line `data: …` for each piece, and an empty one behind it. */
function streamed(
  heading: Heading,
  { includeUsage }: Asked,
  answers: readonly Answer[],
  prompt: number,
  gone: AbortController,
): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async start(controller) {
      const send = (data: string): void => {
        if (!gone.signal.aborted) controller.enqueue(encoder.encode(`data: ${data}\n\n`));
      };
      const tell = async (answer: Answer): Promise<void> => {
        let isFirst = true;
        for await (const piece of answer.pieces()) {
          send(JSON.stringify(chunkOf(heading, piece, { isFirst, includeUsage })));
          isFirst = false;
        }
      };
      try {
        await Promise.all(answers.map(tell));
        const completion = answers.reduce((sum, { tokens }) => sum + tokens, 0);
        if (includeUsage) send(JSON.stringify(usageChunk(heading, { prompt, completion })));
        send("[DONE]");
      } catch (error) {
        // Said where the client reads; the status has been sent already.
        send(JSON.stringify(asApiError(error)));
      }
      close(controller);
      gone.abort();
    },
    cancel: () => gone.abort(),
  });
  return new Response(body, {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache",
      "x-accel-buffering": "no",
    },
  });
}

function close(controller: ReadableStreamDefaultController): void {
  try {
    controller.close();
  } catch { /* Who read it has closed it. */ }
}

// ## Bodies and refusals

/** A method that a path does not have. */
class WrongMethod extends ApiError {
  readonly allow: string;

  constructor(method: string, path: string, allow: string) {
    super(405, `Not allowed to ${method} on ${path}; ${allow} is.`, { code: "method_not_allowed" });
    this.allow = allow;
  }
}

/** The JSON of a body of so many bytes at most. */
async function readBody(request: Request, most: number): Promise<unknown> {
  const tooLarge = (): ApiError =>
    new ApiError(413, `The body of a request has at most ${most} bytes.`, { code: "request_too_large" });
  // What a page of another site may send without being asked is of other types.
  if (!/^application\/json\b/i.test(request.headers.get("content-type") ?? "")) {
    throw new ApiError(415, "The content type of a request must be application/json.", {
      code: "unsupported_media_type",
    });
  }
  if (Number(request.headers.get("content-length") ?? 0) > most) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > most) throw tooLarge();
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(size);
  chunks.reduce((at, chunk) => (bytes.set(chunk, at), at + chunk.length), 0);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new ApiError(400, "The body of a request must be JSON in UTF-8.", { code: "invalid_json" });
  }
}

function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new ApiError(500, `The text could not be written: ${message}.`);
}

function refusal(error: unknown): Response {
  const told = asApiError(error), headers = new Headers();
  if (told instanceof WrongMethod) headers.set("allow", told.allow);
  if (told.status === 503) headers.set("retry-after", "1");
  // What is left of a body that nobody reads would be taken for the next request.
  if (told.status === 413) headers.set("connection", "close");
  return Response.json(told, { status: told.status, headers });
}
