/** A model behind HTTP: what is answered, what is refused, and what becomes of a text that nobody waits for. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { DecoderOnly } from "../../core/05_transformer/decoder_only.ts";
import { trainBytePairEncoding } from "../../core/02_words/byte_pair_encoding/mod.ts";
import { generate } from "../../core/07_generation/generate.ts";
import type { GenerateOptions } from "../../core/07_generation/options.ts";
import { isLocal, Service, type ServiceOptions } from "../../core/cli/serving/service.ts";
import { serverOf } from "../../core/cli/serving/node_http.ts";
import { plainTemplate } from "../../core/cli/serving/template.ts";
import { noSpecialTokensOf } from "../../core/cli/tokenizers.ts";
import { Random } from "../../core/engine/random.ts";
import "../../mod.ts";
import { granted, testWithFolder } from "../permissions.ts";

const vocabulary = await trainBytePairEncoding(["the cat sat on the mat, the dog ate"], {
  vocabSize: 280,
  level: "bytes",
});
function tiny(contextLength: number): DecoderOnly {
  const sizes = { vocabSize: vocabulary.vocabSize, hiddenSize: 16, numHeads: 2, numLayers: 1 };
  return new DecoderOnly({ ...sizes, contextLength }, new Random(1)).eval() as DecoderOnly;
}
const model = tiny(96);
const rules = [noSpecialTokensOf(vocabulary)];

function service(more: Partial<ServiceOptions> = {}): Service {
  return new Service({
    ...{ model, vocabulary, rules, name: "tiny", created: 5, random: new Random(7), longest: 20 },
    ...{ maxTexts: 4, maxWaiting: 100, maxBody: 100_000 },
    ...more,
  });
}

const COMPLETIONS = "/v1/completions", CHAT = "/v1/chat/completions";
const messages = [{ role: "user", content: "the cat" }];

function request(path: string, body?: unknown, init: RequestInit = {}): Request {
  const headers = { "content-type": "application/json" };
  return new Request(`http://127.0.0.1${path}`, {
    ...body === undefined
      ? {}
      : { method: "POST", headers, body: typeof body === "string" ? body : JSON.stringify(body) },
    ...init,
  });
}

// deno-lint-ignore no-explicit-any
type Answer = any;

async function ask(path: string, body: object, of: Service = service()): Promise<Answer> {
  const response = await of.answer(request(path, { model: "tiny", ...body })), text = await response.text();
  assertEquals(response.status, 200, text);
  return JSON.parse(text);
}

/** The objects of a stream, without the mark at its end. */
function events(text: string): Answer[] {
  const parts = text.split("\n\n");
  assertEquals([parts.pop(), parts.pop()], ["", "data: [DONE]"]);
  return parts.map((part) => {
    assert(part.startsWith("data: ") && !part.includes("\n"));
    return JSON.parse(part.slice(6));
  });
}

async function askStream(path: string, body: object, of: Service = service()): Promise<Answer[]> {
  const response = await of.answer(request(path, { model: "tiny", stream: true, ...body }));
  assertEquals(response.headers.get("content-type"), "text/event-stream; charset=utf-8");
  return events(await response.text());
}

/** What follows a prompt if it is asked for alone, by the library. */
async function alone(prompt: string, options: Omit<GenerateOptions, "rules">): Promise<string> {
  const tokens = vocabulary.encode(prompt);
  const { tokens: found, text } = await generate(model, tokens, { rules, ...options });
  const whole = vocabulary.decode([...tokens, ...found]).slice(vocabulary.decode(tokens).length);
  return whole + (text ?? "").slice(vocabulary.decode(found).length);
}

Deno.test("the models are told, one by one too", async () => {
  const one = { id: "tiny", object: "model", created: 5, owned_by: "heed" };
  const list = await service().answer(request("/v1/models"));
  assertEquals(await list.json(), { object: "list", data: [one] });
  assertEquals(await (await service().answer(request("/v1/models/tiny"))).json(), one);
});

Deno.test("a completion is what generate() writes, with the numbers of tokens", async () => {
  const prompt = "the cat", tokens = vocabulary.encode(prompt).length;
  const greedy = await ask(COMPLETIONS, { prompt, temperature: 0, max_tokens: 9 });
  assertEquals([greedy.object, greedy.model, greedy.id.slice(0, 5)], ["text_completion", "tiny", "cmpl-"]);
  const text = await alone(prompt, { maxNewTokens: 9 });
  assertEquals(greedy.choices, [{ index: 0, text, logprobs: null, finish_reason: "length" }]);
  assertEquals(greedy.usage, { prompt_tokens: tokens, completion_tokens: 9, total_tokens: tokens + 9 });
  const drawn = await ask(COMPLETIONS, {
    prompt,
    seed: 3,
    temperature: 0.7,
    top_p: 0.9,
    presence_penalty: 1,
    max_tokens: 9,
  });
  const random = new Random(3), options = { maxNewTokens: 9, random, temperature: 0.7, topP: 0.9, presencePenalty: 1 };
  assertEquals(drawn.choices[0].text, await alone(prompt, options));
  // Sixteen tokens unless another number is named.
  assertEquals((await ask(COMPLETIONS, { prompt })).usage.completion_tokens, 16);
  assertEquals(
    (await ask(COMPLETIONS, { prompt, echo: true, temperature: 0, max_tokens: 9 })).choices[0].text,
    prompt + text,
  );
  const biased = await ask(COMPLETIONS, { prompt, logit_bias: { [vocabulary.encode("x")[0]!]: 100 }, max_tokens: 3 });
  assertEquals(biased.choices[0].text, "xxx");
});

Deno.test("prompts are texts, tokens, or lists of them, and each has as many answers as are asked for", async () => {
  const prompt = ["the cat", "a dog"], both = await ask(COMPLETIONS, { prompt, n: 2, seed: 5, max_tokens: 6 });
  assertEquals(both.choices.map(({ index }: Answer) => index), [0, 1, 2, 3]);
  const texts = both.choices.map(({ text }: Answer) => text);
  assertEquals(new Set(texts).size, 4);
  assertEquals(texts[0], await alone("the cat", { maxNewTokens: 6, random: new Random(5) }));
  assertEquals((await ask(COMPLETIONS, { prompt, n: 2, seed: 5, max_tokens: 6 })).choices, both.choices);
  const ids = prompt.map((text) => vocabulary.encode(text));
  assertEquals((await ask(COMPLETIONS, { prompt: ids, n: 2, seed: 5, max_tokens: 6 })).choices, both.choices);
  const one = await ask(COMPLETIONS, { prompt: ids[0], seed: 5, max_tokens: 6 });
  assertEquals(one.choices[0].text, texts[0]);
  assertEquals(both.usage, {
    prompt_tokens: ids.flat().length,
    completion_tokens: 24,
    total_tokens: ids.flat().length + 24,
  });
});

Deno.test("a message of a chat follows lines of speakers, and the next speaker's name ends it", async () => {
  const rendered = "System: be kind\nUser: the cat\nAssistant:";
  const talk = [{ role: "developer", content: "be kind" }, {
    role: "user",
    content: [{ type: "text", text: "the cat" }],
  }];
  const { object, choices: [choice], usage } = await ask(CHAT, {
    messages: talk,
    temperature: 0,
    max_completion_tokens: 7,
  });
  assertEquals(
    plainTemplate.render([{ role: "system", content: "be kind" }, { role: "user", content: "the cat" }]),
    rendered,
  );
  assertEquals([object, choice.finish_reason, choice.message.role], ["chat.completion", "length", "assistant"]);
  assertEquals(choice.message.content, (await alone(rendered, { maxNewTokens: 7 })).trimStart());
  assertEquals(usage.prompt_tokens, vocabulary.encode(rendered).length);
  // As many as fit, or as the server allows.
  assertEquals((await ask(CHAT, { messages })).usage.completion_tokens, 20);
  const bias: Record<number, number> = {}, spelled = vocabulary.encode("\nUser:");
  // Every token but those of the name is out of reach, and each of them comes once.
  for (let id = 0; id < vocabulary.vocabSize; id++) bias[id] = -100;
  spelled.forEach((id, i) => bias[id] = 100 - i * 5);
  const ended = await ask(CHAT, {
    messages,
    temperature: 0,
    logit_bias: bias,
    frequency_penalty: 2,
    repetition_penalty: 50,
  });
  assertEquals([ended.choices[0].message.content.includes("User:"), typeof ended.choices[0].finish_reason], [
    false,
    "string",
  ]);
});

Deno.test("a stop string ends a text before it, whole or as a stream", async () => {
  const prompt = "the cat", whole = await alone(prompt, { maxNewTokens: 30, random: new Random(8) });
  for (let at = 1; at < 12; at++) {
    const stop = whole.slice(at, at + 2), body = { prompt, seed: 8, max_tokens: 30, stop: ["\u0001never", stop] };
    if (stop.includes("\ufffd")) continue;
    const { choices: [{ text, finish_reason }] } = await ask(COMPLETIONS, body);
    assertEquals([text, finish_reason], [whole.slice(0, whole.indexOf(stop)), "stop"]);
    const pieces = await askStream(COMPLETIONS, body);
    assertEquals(pieces.map(({ choices: [{ text }] }) => text).join(""), text);
    assertEquals(pieces.at(-1).choices[0].finish_reason, "stop");
  }
});

Deno.test("a stream joins to the whole answer, in the shape of either kind", async () => {
  const body = { seed: 4, max_tokens: 12, n: 2 };
  const whole = await ask(COMPLETIONS, { prompt: "the", ...body, logprobs: 2 });
  const pieces = await askStream(COMPLETIONS, { prompt: "the", ...body, logprobs: 2 });
  for (const index of [0, 1]) {
    const own = pieces.flatMap(({ choices }) => choices).filter((choice) => choice.index === index);
    assertEquals(own.map(({ text }) => text).join(""), whole.choices[index].text);
    assertEquals(own.flatMap(({ logprobs }) => logprobs.tokens), whole.choices[index].logprobs.tokens);
    assertEquals(own.map(({ finish_reason }) => finish_reason), [...own.slice(1).map(() => null), "length"]);
  }
  assertEquals([pieces[0].object, "usage" in pieces[0]], ["text_completion", false]);
  const chat = await ask(CHAT, { messages, ...body });
  const chunks = await askStream(CHAT, { messages, ...body, stream_options: { include_usage: true } });
  const { choices, usage } = chunks.pop();
  assertEquals([choices, usage], [[], chat.usage]);
  assert(chunks.every(({ object, usage }) => object === "chat.completion.chunk" && usage === null));
  for (const index of [0, 1]) {
    const own = chunks.flatMap(({ choices }) => choices).filter((choice) => choice.index === index);
    assertEquals(own[0].delta.role, "assistant");
    assertEquals(own.map(({ delta }) => delta.content ?? "").join(""), chat.choices[index].message.content);
    assertEquals([own.at(-1).finish_reason, own.slice(1).some(({ delta }) => "role" in delta)], ["length", false]);
  }
  assertEquals(new Set([...chunks, ...pieces].map(({ id }) => id)).size, 2);
});

Deno.test("log-probabilities are those of the model, in the shape of either kind", async () => {
  const prompt = "the cat", options = { maxNewTokens: 5, rules, output: { alternatives: 3 } };
  const { steps = [] } = await generate(model, vocabulary.encode(prompt), options);
  const { choices: [{ text, logprobs }] } = await ask(COMPLETIONS, {
    prompt,
    temperature: 0,
    max_tokens: 5,
    logprobs: 3,
  });
  assertEquals(logprobs.token_logprobs, steps.map(({ logProbability }) => logProbability));
  assertEquals(logprobs.tokens.join(""), text);
  assertEquals(logprobs.text_offset[0], 0);
  logprobs.top_logprobs.forEach((top: Record<string, number>, i: number) => {
    const values = steps[i]!.alternatives!.map(({ logProbability }) => logProbability);
    assert(Object.values(top).every((value) => values.includes(value)));
  });
  const chat = await ask(CHAT, { messages, temperature: 0, max_tokens: 4, logprobs: true, top_logprobs: 2 });
  const { content, refusal } = chat.choices[0].logprobs;
  assertEquals([content.length, refusal], [4, null]);
  const bytes = Uint8Array.from(content.flatMap(({ bytes }: Answer) => bytes));
  assertEquals(new TextDecoder().decode(bytes).trimStart(), chat.choices[0].message.content);
  for (const { logprob, top_logprobs } of content) {
    assertEquals([top_logprobs.length, top_logprobs[0].logprob >= logprob], [2, true]);
  }
});

Deno.test("response_format writes JSON by a schema", async () => {
  const schema = {
    type: "object",
    properties: { pet: { enum: ["cat", "dog"] } },
    required: ["pet"],
    additionalProperties: false,
  };
  const one = service(), response_format = { type: "json_schema", json_schema: { name: "pet", schema, strict: true } };
  for (const seed of [1, 2]) {
    const { choices: [{ message, finish_reason }] } = await ask(CHAT, {
      messages,
      response_format,
      seed,
      max_tokens: 40,
    }, one);
    assertEquals([["cat", "dog"].includes(JSON.parse(message.content).pet), finish_reason], [true, "stop"]);
  }
  const cut = await ask(CHAT, { messages, response_format: { type: "json_object" }, max_tokens: 1 }, one);
  assertEquals([cut.choices[0].message.content[0], cut.choices[0].finish_reason], ["{", "length"]);
});

Deno.test("callers at the same time get the texts that they get alone", async () => {
  const one = service({ maxTexts: 3 });
  const bodies = Array.from(
    { length: 8 },
    (_, i) => ({ prompt: "the cat sat".slice(0, 3 + i), seed: i, max_tokens: 5 + i }),
  );
  const apart: string[] = [];
  for (const body of bodies) apart.push((await ask(COMPLETIONS, body)).choices[0].text);
  const together = await Promise.all(
    bodies.map(async (body, i) =>
      i % 2 === 0
        ? (await ask(COMPLETIONS, body, one)).choices[0].text
        : (await askStream(COMPLETIONS, body, one)).map(({ choices: [{ text }] }) => text).join("")
    ),
  );
  assertEquals(together, apart);
  assertEquals(one.texts, 0);
});

const many = Object.fromEntries(Array.from({ length: 3 }, (_, i) => [i, 1]));

/** What is wrong, and how it is answered: status, parameter, code, and a part of the sentence. */
const BAD:
  readonly (readonly [path: string, body: unknown, status: number, param: string | null, says: string | RegExp])[] = [
    [COMPLETIONS, "", 400, null, "must be JSON"],
    [COMPLETIONS, "{", 400, null, "must be JSON"],
    [COMPLETIONS, "[]", 400, null, "must be a JSON object"],
    [COMPLETIONS, { prompt: "a" }, 400, "model", "Missing required parameter: 'model'"],
    [COMPLETIONS, { model: "gpt-4", prompt: "a" }, 404, "model", "The model 'gpt-4' does not exist"],
    [COMPLETIONS, { model: "tiny" }, 400, "prompt", "Missing required parameter: 'prompt'"],
    [COMPLETIONS, { model: "tiny", prompt: "" }, 400, "prompt", "at least one token"],
    [COMPLETIONS, { model: "tiny", prompt: [] }, 400, "prompt", "a string, a list of strings"],
    [COMPLETIONS, { model: "tiny", prompt: [[]] }, 400, "prompt", "of tokens from 0 to"],
    [COMPLETIONS, { model: "tiny", prompt: [100000] }, 400, "prompt", "of tokens from 0 to"],
    [COMPLETIONS, { model: "tiny", prompt: [1.5] }, 400, "prompt", "of tokens from 0 to"],
    [COMPLETIONS, { model: "tiny", prompt: ["a", 1] }, 400, "prompt", "a string, a list of strings"],
    [COMPLETIONS, { model: "tiny", prompt: { a: 1 } }, 400, "prompt", "a string, a list of strings"],
    [COMPLETIONS, { model: "tiny", prompt: "a", max_tokens: 0 }, 400, "max_tokens", "a whole number, at least 1"],
    [COMPLETIONS, { model: "tiny", prompt: "a", max_tokens: "9" }, 400, "max_tokens", "a whole number, at least 1"],
    [COMPLETIONS, { model: "tiny", prompt: "a", max_tokens: 97 }, 400, "prompt", "maximum context length is 96 tokens"],
    [COMPLETIONS, { model: "tiny", prompt: "x".repeat(200) }, 400, "prompt", "maximum context length is 96 tokens"],
    [COMPLETIONS, { model: "tiny", prompt: "a", temperature: 2.1 }, 400, "temperature", "a number from 0 to 2"],
    [COMPLETIONS, { model: "tiny", prompt: "a", temperature: "hot" }, 400, "temperature", "a number from 0 to 2"],
    [COMPLETIONS, { model: "tiny", prompt: "a", top_p: -1 }, 400, "top_p", "a number from 0 to 1"],
    [COMPLETIONS, { model: "tiny", prompt: "a", n: 0 }, 400, "n", "a whole number from 1 to 128"],
    [COMPLETIONS, { model: "tiny", prompt: ["a", "b"], n: 128 }, 400, null, "Too many answers: 256 of at most 128"],
    [COMPLETIONS, { model: "tiny", prompt: "a", stop: ["a", "b", "c", "d", "e"] }, 400, "stop", "a list of at most 4"],
    [COMPLETIONS, { model: "tiny", prompt: "a", stop: "" }, 400, "stop", "none of them empty"],
    [COMPLETIONS, { model: "tiny", prompt: "a", seed: 0.5 }, 400, "seed", "a whole number"],
    [
      COMPLETIONS,
      { model: "tiny", prompt: "a", frequency_penalty: 3 },
      400,
      "frequency_penalty",
      "a number from -2 to 2",
    ],
    [
      COMPLETIONS,
      { model: "tiny", prompt: "a", presence_penalty: null, logprobs: 21 },
      400,
      "logprobs",
      "from 0 to 20",
    ],
    [
      COMPLETIONS,
      { model: "tiny", prompt: "a", logit_bias: { x: 1 } },
      400,
      "logit_bias",
      "from ids of tokens to numbers",
    ],
    [COMPLETIONS, { model: "tiny", prompt: "a", logit_bias: { 1: 101 } }, 400, "logit_bias", "from -100 to 100"],
    [
      COMPLETIONS,
      { model: "tiny", prompt: "a", logit_bias: { ...many, 100000: 1 } },
      400,
      "logit_bias",
      "tokens below",
    ],
    [COMPLETIONS, { model: "tiny", prompt: "a", best_of: 3 }, 400, "best_of", "Unsupported parameter: 'best_of'"],
    [COMPLETIONS, { model: "tiny", prompt: "a", suffix: "b" }, 400, "suffix", "from left to right"],
    [
      COMPLETIONS,
      { model: "tiny", prompt: "a", echo: true, logprobs: 1 },
      400,
      "echo",
      "Unsupported parameter: 'echo'",
    ],
    [
      COMPLETIONS,
      { model: "tiny", prompt: "a", tempreature: 1 },
      400,
      "tempreature",
      "Unknown parameter: 'tempreature'",
    ],
    [COMPLETIONS, { model: "tiny", prompt: "a", messages }, 400, "messages", "Unknown parameter: 'messages'"],
    [COMPLETIONS, '{"model":"tiny","prompt":"a","__proto__":1}', 400, "__proto__", "Unknown parameter"],
    [COMPLETIONS, { model: "tiny", prompt: "a", stream: 1 }, 400, "stream", "true or false"],
    [COMPLETIONS, { model: "tiny", prompt: "a", stream_options: {} }, 400, "stream_options", "unless stream is true"],
    [
      COMPLETIONS,
      { model: "tiny", prompt: "a", stream: true, stream_options: { x: 1 } },
      400,
      "stream_options.x",
      "include_usage",
    ],
    [CHAT, { model: "tiny" }, 400, "messages", "Missing required parameter: 'messages'"],
    [CHAT, { model: "tiny", messages: [] }, 400, "messages", "at least one message"],
    [CHAT, { model: "tiny", messages: ["hello"] }, 400, "messages[0]", "an object"],
    [CHAT, { model: "tiny", messages: [{ role: "tool", content: "a" }] }, 400, "messages[0].role", "one of system"],
    [CHAT, { model: "tiny", messages: [{ role: "user" }] }, 400, "messages[0].content", "a string or a list of parts"],
    [
      CHAT,
      { model: "tiny", messages: [{ role: "user", content: [{ type: "image_url" }] }] },
      400,
      "messages[0].content[0].type",
      "reads text",
    ],
    [
      CHAT,
      { model: "tiny", messages: [{ role: "assistant", content: "a", tool_calls: [] }] },
      400,
      "messages[0].tool_calls",
      "a role and a content",
    ],
    [CHAT, { model: "tiny", messages, tools: [] }, 400, "tools", "calls no tools"],
    [CHAT, { model: "tiny", messages, top_logprobs: 2 }, 400, "top_logprobs", "unless logprobs is true"],
    [
      CHAT,
      { model: "tiny", messages, max_tokens: 2, max_completion_tokens: 3 },
      400,
      "max_tokens",
      "max_completion_tokens",
    ],
    [CHAT, { model: "tiny", messages, max_tokens: 200 }, 400, "messages", "maximum context length is 96 tokens"],
    [CHAT, { model: "tiny", messages, response_format: { type: "xml" } }, 400, "response_format.type", "json_schema"],
    [
      CHAT,
      { model: "tiny", messages, response_format: { type: "json_schema" } },
      400,
      "response_format.json_schema",
      "an object",
    ],
    [
      CHAT,
      { model: "tiny", messages, response_format: { type: "json_schema", json_schema: { schema: { type: "pet" } } } },
      400,
      "response_format",
      "Invalid schema for response_format",
    ],
  ];

Deno.test("bad requests are answered as clients of the interface expect", async () => {
  const one = service();
  for (const [path, body, status, param, says] of BAD) {
    const response = await one.answer(request(path, body)), told = await response.json();
    assertEquals(
      [response.status, told.error?.param, told.error?.type],
      [status, param, "invalid_request_error"],
      JSON.stringify([body, told]),
    );
    assertEquals(Object.keys(told.error), ["message", "type", "param", "code"]);
    assertStringIncludes(told.error.message, String(says));
  }
  assertEquals(one.texts, 0);
});

Deno.test("addresses, methods, types, hosts and sizes that are not answered", async () => {
  const one = service({ maxBody: 100 }), json = { "content-type": "application/json" };
  const of = async (...given: Parameters<typeof request>): Promise<[number, string | null, Headers]> => {
    const response = await one.answer(request(...given)), { error } = await response.json();
    return [response.status, error.code, response.headers];
  };
  assertEquals((await of("/")).slice(0, 2), [404, null]);
  assertEquals((await of("/v1/completions/toString")).slice(0, 2), [404, null]);
  assertEquals((await of("/toString")).slice(0, 2), [404, null]);
  assertEquals((await of("/v1/models/other")).slice(0, 2), [404, "model_not_found"]);
  assertEquals((await of("/v1/models/%zz")).slice(0, 2), [404, "model_not_found"]);
  const [status, code, headers] = await of(COMPLETIONS);
  assertEquals([status, code, headers.get("allow")], [405, "method_not_allowed", "POST"]);
  assertEquals((await of("/v1/models", {})).slice(0, 2), [405, "method_not_allowed"]);
  assertEquals((await of(CHAT, undefined, { method: "OPTIONS" })).slice(0, 2), [405, "method_not_allowed"]);
  assertEquals((await of(CHAT, {}, { headers: { "content-type": "text/plain" } })).slice(0, 2), [
    415,
    "unsupported_media_type",
  ]);
  assertEquals((await of(CHAT, { model: "x".repeat(100) })).slice(0, 2), [413, "request_too_large"]);
  const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(50)) });
  assertEquals((await of(CHAT, undefined, { method: "POST", headers: json, body: endless })).slice(0, 2), [
    413,
    "request_too_large",
  ]);
  // No page of another site is told anything, by whatever name it comes.
  const answer = await one.answer(new Request("http://evil.example/v1/models"));
  assertEquals([answer.status, (await answer.json()).error.code], [403, "host_not_allowed"]);
  for (const host of ["127.0.0.1", "localhost", "[::1]", "127.1.2.3"]) assert(isLocal(host), host);
  for (const host of ["127.0.0.1.evil.example", "localhost.evil.example", "evil", "", "1127.0.0.1"]) {
    assert(!isLocal(host), host);
  }
  assertEquals((await one.answer(request("/v1/models"))).headers.get("access-control-allow-origin"), null);
});

Deno.test("a server with too many texts says so, and what cannot be written is an error of the server", async () => {
  const busy = service({ maxTexts: 1, maxWaiting: 1 });
  const responses = await Promise.all(
    [1, 2, 3].map((seed) => busy.answer(request(COMPLETIONS, { model: "tiny", prompt: "a", seed }))),
  );
  assertEquals(responses.map(({ status }) => status).sort(), [200, 200, 503]);
  for (const response of responses) await response.body?.cancel();
  const broken = service({
    rules: [...rules, {
      name: "broken",
      onHost: (logits, { tokens }) => {
        if (tokens.length > 3) throw new Error("the rule broke");
        return logits;
      },
    }],
  });
  const response = await broken.answer(request(COMPLETIONS, { model: "tiny", prompt: [1] })),
    { error } = await response.json();
  assertEquals([response.status, error.type, error.message], [
    500,
    "server_error",
    "The text could not be written: the rule broke.",
  ]);
  const streamed = await broken.answer(request(COMPLETIONS, { model: "tiny", prompt: [1], stream: true }));
  const last = (await streamed.text()).trimEnd().split("\n\n").at(-1)!;
  assertEquals(JSON.parse(last.slice(6)).error.message, "The text could not be written: the rule broke.");
  assertEquals([busy.texts, broken.texts], [0, 0]);
});

async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 4000 && !holds(); i++) await new Promise((done) => setTimeout(done, 5));
}

Deno.test({
  name: "a client that goes away ends its text, whether it waits or reads",
  ignore: !granted("net"),
  async fn() {
    // Texts so long that a busy machine has not written them when the client leaves.
    const slow = service({ model: tiny(4096), longest: 4000 });
    const server = serverOf((request) => slow.answer(request));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
    const of = (stream: boolean, signal: AbortSignal): Promise<Response> =>
      fetch(`${address}${COMPLETIONS}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          model: "tiny",
          prompt: Array.from({ length: 4 }, () => "a"),
          n: 25,
          max_tokens: 4000,
          stream,
        }),
        signal,
      });
    for (const stream of [true, false]) {
      const leaving = new AbortController(), asked = of(stream, leaving.signal).catch((error: Error) => error);
      await until(() => slow.texts > 0);
      if (stream) await ((await asked) as Response).body!.getReader().read();
      assert(slow.texts > 50, `${slow.texts}`);
      leaving.abort();
      await until(() => slow.texts === 0);
      assertEquals(slow.texts, 0);
      await asked;
    }
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  },
});

testWithFolder(
  "serve answers as generate writes, refuses what it cannot do, and ends by Ctrl-C",
  async (folder) => {
    await Deno.writeTextFile(`${folder}/text.txt`, "the cat sat on the mat and the dog sat on the log\n".repeat(60));
    const out = `${folder}/pets`, root = new URL("../../", import.meta.url);
    const heed = (permissions: readonly string[], ...args: readonly string[]): Deno.ChildProcess =>
      new Deno.Command(Deno.execPath(), {
        args: ["run", "--no-prompt", "--allow-read", "--allow-write", ...permissions, "mod.ts", ...args],
        cwd: root,
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
        env: { NO_COLOR: "1", XDG_RUNTIME_DIR: Deno.env.get("XDG_RUNTIME_DIR") ?? "/tmp" },
      }).spawn();
    const said = async (...args: Parameters<typeof heed>): Promise<[code: number, output: string, errors: string]> => {
      const { code, stdout, stderr } = await heed(...args).output(), decoder = new TextDecoder();
      return [code, decoder.decode(stdout), decoder.decode(stderr)];
    };
    await said([], "train", "ngram", "--data", `${folder}/text.txt`, "--order", "4", "--out", out);
    const net = "--allow-net=127.0.0.1";
    const refused: readonly (readonly [readonly string[], readonly string[], number, string])[] = [
      [[], ["serve", out, "--port", "0"], 1, "the program needs the permission --allow-net=127.0.0.1"],
      [[net], ["serve", out, "--host", "192.0.2.1"], 1, "the program needs the permission --allow-net=192.0.2.1"],
      [[net], ["serve", `${folder}/none`], 1, "Cannot read a model from"],
      [[net], ["serve", out, "--host", ""], 2, "Cannot use --host without a value"],
      [[net], ["serve", out, "--port", "70000"], 2, "at most 65535"],
      [[net], ["serve", out, "--weights", "int8"], 2, "it has no weights"],
    ];
    for (const [permissions, args, code, says] of refused) {
      const [found, output, errors] = await said(permissions, ...args);
      assertEquals([found, output], [code, ""], errors);
      assertStringIncludes(errors, says);
    }
    const child = heed([net], "serve", out, "--port", "0", "--threads", "1");
    const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const { value = "" } = await lines.read(), [, base] = /^pets answers at (http:\S+\/v1)\n$/.exec(value) ?? [];
    assert(base !== undefined, value);
    const body = { model: "pets", prompt: "the cat", max_tokens: 12, seed: 3 };
    const headers = { "content-type": "application/json" };
    const post = (more: object): Promise<Response> =>
      fetch(`${base}/completions`, { method: "POST", headers, body: JSON.stringify({ ...body, ...more }) });
    const { choices: [{ text }] } = await (await post({})).json();
    const generated = await said([], "generate", "the cat", "--model", out, "--max-new-tokens", "12", "--seed", "3");
    assertEquals(`the cat${text}\n`, generated[1]);
    assertEquals((await post({ prompt: "" })).status, 400);
    // A host that leads here by a name of its own, and a second port in use.
    const address = new URL(base).host,
      socket = await Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(base).port) });
    const write = (text: string): Promise<number> => socket.write(new TextEncoder().encode(text));
    await write("GET /v1/models HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
    assertStringIncludes(await new Response(socket.readable).text(), "403 Forbidden");
    const taken = await said([net], "serve", out, "--port", address.split(":")[1]!);
    assertEquals([taken[0], taken[2].startsWith('heed: Cannot listen on "127.0.0.1", port ')], [1, true], taken[2]);
    if (Deno.build.os === "windows") child.kill();
    else {
      child.kill("SIGINT");
      assertEquals((await child.status).code, 130);
    }
    await lines.cancel();
    assertEquals(await new Response(child.stderr).text(), "");
    await child.status;
  },
  "run",
  "net",
);
