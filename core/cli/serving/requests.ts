/**
 * # What a request asks for
 *
 * The body of a request becomes prompts and options of [the loop](../../07_generation/options.ts). Parameters have the names, the limits and the defaults of OpenAI's interface; three more are
 * those that other local servers have too. One that does not exist, or that has no meaning here, is refused and not ignored.
 *
 * @module
 */

import type { Tokenizer } from "../../02_words/before_tokens/tokenizer.ts";
import { encodeConversation } from "../../08_pretrained/tokenizer_files/conversation.ts";
import { ApiError, invalid, unsupported } from "./errors.ts";
import type { ChatMessage, ChatTemplate, Role } from "./template.ts";

/** What a request asks for. */
export interface Asked {
  /** Whether it is a chat. */
  readonly isChat: boolean;
  /** The texts to continue, as tokens. */
  readonly prompts: readonly (readonly number[])[];
  /** Answers to each. */
  readonly n: number;
  /** Most tokens of each answer; undefined for as many as fit. */
  readonly maxTokens: number | undefined;
  /** Strings that end an answer. */
  readonly stop: readonly string[];
  /** Where random numbers come from; undefined for any. */
  readonly seed: number | undefined;
  /** Options of the loop that draw, none of them where the most probable token is taken. */
  readonly draw: {
    readonly temperature?: number;
    readonly topP?: number;
    readonly topK?: number;
    readonly minP?: number;
  } | undefined;
  /** Options of the loop that change logits. */
  readonly rules: {
    readonly frequencyPenalty?: number;
    readonly presencePenalty?: number;
    readonly repetitionPenalty?: number;
    readonly logitBias?: Readonly<Record<number, number>>;
  };
  /** How many alternatives of each token are told; undefined for not even its own log-probability. */
  readonly alternatives: number | undefined;
  /** A schema of JSON that the answer follows. */
  readonly schema: unknown;
  /** Whether the answer begins with the prompt. */
  readonly echo: boolean;
  /** Whether it is sent as it is written. */
  readonly stream: boolean;
  /** Whether its stream ends with the number of its tokens. */
  readonly includeUsage: boolean;
}

/** What a request is read for. */
export interface Served {
  /** What clients call the model. */
  readonly name: string;
  /** Its tokenizer. */
  readonly vocabulary: Tokenizer;
  /** Cuts a text that is to be continued. */
  readonly encode: (text: string) => readonly number[];
  /** Positions that it sees. */
  readonly contextLength: number;
  /** How it is given a conversation. */
  readonly template: ChatTemplate;
}

/** Most answers to one request. */
export const MOST_ANSWERS = 128;

/** A reader of one parameter: its value, or an error. */
type Reader<T> = (value: unknown, name: string) => T;

const text: Reader<string> = (value, name) => {
  if (typeof value !== "string") throw invalid(name, "a string");
  return value;
};
const flag: Reader<boolean> = (value, name) => {
  if (typeof value !== "boolean") throw invalid(name, "true or false");
  return value;
};
const number = (min: number, max: number): Reader<number> => (value, name) => {
  if (typeof value !== "number" || !(value >= min && value <= max)) {
    throw invalid(name, `a number from ${min} to ${max}`);
  }
  return value;
};
const integer = (min: number, max: number): Reader<number> => (value, name) => {
  if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max) return value as number;
  throw invalid(
    name,
    max === Number.MAX_SAFE_INTEGER ? `a whole number, at least ${min}` : `a whole number from ${min} to ${max}`,
  );
};
const plain: Reader<Readonly<Record<string, unknown>>> = (value, name) => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid(name, "an object");
  return value as Readonly<Record<string, unknown>>;
};
const stops: Reader<readonly string[]> = (value, name) => {
  const all = typeof value === "string" ? [value] : value;
  const fits = Array.isArray(all) && all.length <= 4 && all.every((one) => typeof one === "string" && one !== "");
  if (!fits) throw invalid(name, "a string or a list of at most 4, none of them empty");
  return all;
};
const biases: Reader<Readonly<Record<number, number>>> = (value, name) => {
  for (const [token, bias] of Object.entries(plain(value, name))) {
    if (!/^\d+$/.test(token) || typeof bias !== "number" || !(Math.abs(bias) <= 100)) {
      throw invalid(name, "an object from ids of tokens to numbers from -100 to 100");
    }
  }
  return value as Readonly<Record<number, number>>;
};
/** What clients tell a service about themselves; nothing here depends on it. */
const unread: Reader<unknown> = (value) => value;
/** What has one value that means nothing here. */
const only = (allowed: readonly unknown[], why: string): Reader<unknown> => (value, name) => {
  if (!allowed.includes(value)) throw unsupported(name, why);
  return value;
};
const never = (why: string): Reader<never> => (_, name) => {
  throw unsupported(name, why);
};

/** Parameters of both kinds of requests. */
const COMMON = {
  model: text,
  stream: flag,
  stream_options: plain,
  n: integer(1, MOST_ANSWERS),
  max_tokens: integer(1, Number.MAX_SAFE_INTEGER),
  temperature: number(0, 2),
  top_p: number(0, 1),
  stop: stops,
  presence_penalty: number(-2, 2),
  frequency_penalty: number(-2, 2),
  logit_bias: biases,
  seed: integer(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
  user: unread,
  metadata: unread,
  // Of other local servers.
  top_k: integer(0, Number.MAX_SAFE_INTEGER),
  min_p: number(0, 1),
  repetition_penalty: number(0.01, 100),
};

const COMPLETION = {
  ...COMMON,
  prompt: unread,
  logprobs: integer(0, 20),
  echo: flag,
  best_of: unread,
  suffix: only([""], "This model writes from left to right."),
};

const NO_TOOLS = "This server calls no tools.";

const CHAT = {
  ...COMMON,
  messages: unread,
  max_completion_tokens: integer(1, Number.MAX_SAFE_INTEGER),
  logprobs: flag,
  top_logprobs: integer(0, 20),
  response_format: plain,
  store: only([false], "Nothing is stored."),
  tools: never(NO_TOOLS),
  tool_choice: only(["none"], NO_TOOLS),
  parallel_tool_calls: unread,
  functions: never(NO_TOOLS),
  function_call: only(["none"], NO_TOOLS),
  modalities: never("This model reads and writes text."),
  audio: never("This model reads and writes text."),
  prediction: never("It is not read."),
  reasoning_effort: never("This model has none."),
  service_tier: unread,
  safety_identifier: unread,
  prompt_cache_key: unread,
};

type Values<T> = { readonly [K in keyof T]?: T[K] extends Reader<infer V> ? V : never };

/** Reads a body by a table; null is what was not sent. */
function readFields<T extends Readonly<Record<string, Reader<unknown>>>>(body: unknown, table: T): Values<T> {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new ApiError(400, "The body of a request must be a JSON object.");
  }
  const found: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(body)) {
    if (!Object.hasOwn(table, name)) {
      throw new ApiError(400, `Unknown parameter: '${name.slice(0, 100)}'.`, {
        param: name.slice(0, 100),
        code: "unknown_parameter",
      });
    }
    if (value !== null) found[name] = table[name]!(value, name);
  }
  return found as Values<T>;
}

function missing(param: string): ApiError {
  return new ApiError(400, `Missing required parameter: '${param}'.`, { param, code: "missing_required_parameter" });
}

/** Why there is no such model. */
export function noModel(name: string): ApiError {
  return new ApiError(404, `The model '${name.slice(0, 100)}' does not exist.`, {
    param: "model",
    code: "model_not_found",
  });
}

/** Reads the body of a request for a completion. */
export function readCompletion(body: unknown, served: Served): Asked {
  const fields = readFields(body, COMPLETION), { echo = false, logprobs, n = 1 } = fields;
  if (fields.best_of !== undefined && fields.best_of !== n) {
    throw unsupported("best_of", "Only as many texts are written as are returned.");
  }
  if (echo && logprobs !== undefined) throw unsupported("echo", "With logprobs, which the prompt has none of here.");
  if (fields.prompt === undefined) throw missing("prompt");
  return {
    ...readCommon(fields, served),
    isChat: false,
    prompts: promptsOf(fields.prompt, served),
    maxTokens: fields.max_tokens ?? 16,
    stop: fields.stop ?? [],
    alternatives: logprobs,
    schema: undefined,
    echo,
  };
}

/** Reads the body of a request for the next message of a chat. */
export function readChat(body: unknown, served: Served): Asked {
  const fields = readFields(body, CHAT), { logprobs = false, top_logprobs, max_tokens, max_completion_tokens } = fields;
  if (top_logprobs !== undefined && !logprobs) throw invalid("top_logprobs", "left out unless logprobs is true");
  if (max_tokens !== undefined && max_completion_tokens !== undefined && max_tokens !== max_completion_tokens) {
    throw invalid("max_tokens", "left out where max_completion_tokens says the same");
  }
  if (fields.messages === undefined) throw missing("messages");
  const { vocabulary, template } = served, messages = messagesOf(fields.messages);
  return {
    ...readCommon(fields, served),
    isChat: true,
    prompts: [conversation(messages, template, vocabulary)],
    maxTokens: max_completion_tokens ?? max_tokens,
    stop: [...fields.stop ?? [], ...template.stop],
    alternatives: logprobs ? top_logprobs ?? 0 : undefined,
    schema: schemaOf(fields.response_format),
    echo: false,
  };
}

type CommonAsked = Omit<Asked, "isChat" | "prompts" | "maxTokens" | "stop" | "alternatives" | "schema" | "echo">;

function readCommon(fields: Values<typeof COMMON>, served: Served): CommonAsked {
  if (fields.model === undefined) throw missing("model");
  if (fields.model !== served.name) throw noModel(fields.model);
  const { stream = false, n = 1, temperature = 1, top_p = 1, top_k = 0, min_p = 0 } = fields;
  if (fields.stream_options && !stream) throw invalid("stream_options", "left out unless stream is true");
  const { include_usage: includeUsage = false, ...others } = fields.stream_options ?? {};
  if (typeof includeUsage !== "boolean") throw invalid("stream_options.include_usage", "true or false");
  const [other] = Object.keys(others);
  if (other !== undefined) throw unsupported(`stream_options.${other.slice(0, 100)}`, "Only include_usage is known.");
  const { frequency_penalty = 0, presence_penalty = 0, repetition_penalty = 1, logit_bias = {} } = fields;
  const beyond = Object.keys(logit_bias).find((token) => Number(token) >= served.vocabulary.vocabSize);
  if (beyond !== undefined) {
    throw invalid("logit_bias", `about tokens below ${served.vocabulary.vocabSize}, not ${beyond.slice(0, 20)}`);
  }
  return {
    n,
    stream,
    includeUsage,
    seed: fields.seed,
    draw: temperature === 0 || top_p === 0 || top_k === 1 ? undefined : {
      ...temperature !== 1 && { temperature },
      ...top_p !== 1 && { topP: top_p },
      ...top_k > 0 && { topK: top_k },
      ...min_p > 0 && { minP: min_p },
    },
    rules: {
      ...frequency_penalty !== 0 && { frequencyPenalty: frequency_penalty },
      ...presence_penalty !== 0 && { presencePenalty: presence_penalty },
      ...repetition_penalty !== 1 && { repetitionPenalty: repetition_penalty },
      ...Object.keys(logit_bias).length > 0 && { logitBias: logit_bias },
    },
  };
}

// ## Prompts

const PROMPT = "a string, a list of strings, a list of token ids, or a list of such lists";

function promptsOf(prompt: unknown, { vocabulary, encode }: Served): readonly (readonly number[])[] {
  if (typeof prompt === "string") return [someTokens(encode(prompt), "prompt")];
  if (!Array.isArray(prompt) || prompt.length === 0) throw invalid("prompt", PROMPT);
  if (prompt.every((one) => typeof one === "number")) return [tokensIn(prompt, vocabulary)];
  return prompt.map((one) => {
    if (typeof one === "string") return someTokens(encode(one), "prompt");
    if (Array.isArray(one)) return tokensIn(one, vocabulary);
    throw invalid("prompt", PROMPT);
  });
}

function tokensIn(ids: readonly unknown[], { vocabSize }: Tokenizer): readonly number[] {
  const fits = ids.length > 0 &&
    ids.every((id) => Number.isSafeInteger(id) && (id as number) >= 0 && (id as number) < vocabSize);
  if (!fits) throw invalid("prompt", `of tokens from 0 to ${vocabSize - 1}, at least one`);
  return ids as readonly number[];
}

function someTokens(tokens: readonly number[], param: string): readonly number[] {
  if (tokens.length === 0) throw invalid(param, "a text of at least one token");
  return tokens;
}

/** The tokens of a conversation; a template may refuse one, and says why. */
function conversation(
  messages: readonly ChatMessage[],
  template: ChatTemplate,
  vocabulary: Tokenizer,
): readonly number[] {
  let tokens: readonly number[];
  try {
    tokens = encodeConversation(vocabulary, messages, (all) => template.render(all));
  } catch (error) {
    throw new ApiError(400, `${(error as Error).message}.`, { param: "messages", code: "invalid_messages" });
  }
  return someTokens(tokens, "messages");
}

/** Roles as requests have them; a developer is what the system was. */
const ROLES: Readonly<Record<string, Role>> = {
  system: "system",
  developer: "system",
  user: "user",
  assistant: "assistant",
};

function messagesOf(messages: unknown): readonly ChatMessage[] {
  if (!Array.isArray(messages) || messages.length === 0) throw invalid("messages", "a list of at least one message");
  return messages.map((message, i) => {
    const name = `messages[${i}]`, { role, content, ...others } = plain(message, name);
    if (typeof role !== "string" || !Object.hasOwn(ROLES, role)) {
      throw invalid(`${name}.role`, `one of ${Object.keys(ROLES).join(", ")}`);
    }
    const other = Object.keys(others).find((field) => others[field] !== null && !["name", "refusal"].includes(field));
    if (other !== undefined) throw unsupported(`${name}.${other.slice(0, 100)}`, "A message has a role and a content.");
    return { role: ROLES[role]!, content: contentOf(content, `${name}.content`) };
  });
}

/** A text, or texts in parts. */
function contentOf(content: unknown, name: string): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) throw invalid(name, "a string or a list of parts");
  return content.map((part, i) => {
    const { type, text } = plain(part, `${name}[${i}]`);
    if (type !== "text") throw unsupported(`${name}[${i}].type`, "This model reads text.");
    if (typeof text !== "string") throw invalid(`${name}[${i}].text`, "a string");
    return text;
  }).join("");
}

/** The schema that the form of an answer asks for. */
function schemaOf(format: Readonly<Record<string, unknown>> | undefined): unknown {
  const { type, json_schema } = format ?? { type: "text" };
  if (type === "text") return undefined;
  if (type === "json_object") return { type: "object" };
  if (type !== "json_schema") throw invalid("response_format.type", "text, json_object or json_schema");
  const { schema } = plain(json_schema, "response_format.json_schema");
  if (schema === undefined) throw missing("response_format.json_schema.schema");
  return schema;
}
