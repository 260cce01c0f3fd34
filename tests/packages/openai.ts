/** OpenAI's own client, which asks `heed serve`: what it reads of an answer, and which of its errors it throws. */

import { assert, assertEquals, assertRejects } from "../../core/cli/std/assert/mod.ts";
import { output } from "../running.ts";
import { ROOT } from "./project.ts";

// Named at run time, so that checking the repository does not ask for the package.
const name: string = "openai";
// deno-lint-ignore no-explicit-any
type Anything = any;
const OpenAI: Anything = (await import(name)).default;

/** What was started for the tests, and is ended behind them. */
interface Serving {
  readonly client: Anything;
  end(): Promise<void>;
}

const RUN = ["run", "--no-prompt", "--no-config", "--allow-read", "--allow-write"];

/** Trains a model in a moment, and serves it. */
async function serve(folder: string): Promise<Serving> {
  await Deno.writeTextFile(
    `${folder}/text.txt`,
    'the cat sat on the mat and the dog sat on the log {"a": 1}\n'.repeat(60),
  );
  const data = ["--data", `${folder}/text.txt`, "--order", "4", "--tokens", "bytes", "--vocab-size", "280"];
  await output(Deno.execPath(), [...RUN, "mod.ts", "train", "ngram", ...data, "--out", `${folder}/pets`], ROOT);
  const child = new Deno.Command(Deno.execPath(), {
    args: [...RUN, "--allow-net=127.0.0.1", "mod.ts", "serve", `${folder}/pets`, "--port", "0", "--max-body", "2000"],
    cwd: ROOT,
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value = "" } = await lines.read(), address = /http:\S+/.exec(value)![0];
  return {
    client: new OpenAI({ baseURL: address, apiKey: "any", maxRetries: 0 }),
    async end() {
      child.kill();
      await lines.cancel();
      await child.status;
    },
  };
}

const ask = { model: "pets", seed: 3, max_tokens: 12 };
const messages = [{ role: "user", content: "the cat" }];

/** Each with the client of one server. */
const CLAIMS: Readonly<Record<string, (client: Anything) => Promise<void>>> = {
  async "lists the models"(client) {
    const models: string[] = [];
    for await (const model of client.models.list()) models.push(model.id);
    assertEquals([models, (await client.models.retrieve("pets")).owned_by], [["pets"], "heed"]);
  },
  async "reads completions, whole and as they come"(client) {
    const { choices, usage } = await client.completions.create({ ...ask, prompt: "the cat", logprobs: 2, n: 2 });
    assertEquals([choices.length, choices[0]!.finish_reason, usage!.completion_tokens], [2, "length", 24]);
    assertEquals(choices[0]!.logprobs!.tokens!.join(""), choices[0]!.text);
    let text = "", counted = 0;
    const options = { stream: true, stream_options: { include_usage: true } };
    for await (const chunk of await client.completions.create({ ...ask, ...options, prompt: "the cat" })) {
      text += chunk.choices[0]?.text ?? "";
      counted = chunk.usage?.completion_tokens ?? counted;
    }
    assertEquals([text, counted], [choices[0]!.text, 12]);
  },
  async "reads messages of a chat, whole and as they come"(client) {
    const whole = await client.chat.completions.create({ ...ask, messages, logprobs: true, top_logprobs: 2 });
    const [{ message, logprobs, finish_reason }] = whole.choices;
    assertEquals([message.role, finish_reason, logprobs!.content!.length], ["assistant", "length", 12]);
    const streamed = client.chat.completions.stream({ ...ask, messages });
    const last = await streamed.finalChatCompletion();
    assertEquals(last.choices[0]!.message.content, message.content);
    assertEquals(last.choices[0]!.finish_reason, "length");
  },
  async "is given JSON by a schema"(client) {
    const schema = { type: "object", properties: { a: { type: "integer", minimum: 1, maximum: 9 } }, required: ["a"] };
    const { choices } = await client.chat.completions.parse({
      model: "pets",
      messages,
      max_tokens: 60,
      response_format: {
        type: "json_schema",
        json_schema: { name: "number", schema: { ...schema, additionalProperties: false }, strict: true },
      },
    });
    const { a } = JSON.parse(choices[0]!.message.content!) as { a: number };
    assert(a >= 1 && a <= 9);
  },
  async "throws the errors of its own classes"(client) {
    const bad = client.completions.create({ ...ask, prompt: "a", temperature: 3 });
    const error = await assertRejects(() => bad, OpenAI.BadRequestError) as Anything;
    assertEquals([error.status, error.param, error.code, error.type], [
      400,
      "temperature",
      "invalid_value",
      "invalid_request_error",
    ]);
    await assertRejects(() => client.completions.create({ ...ask, model: "gpt-4", prompt: "a" }), OpenAI.NotFoundError);
    await assertRejects(() => client.models.retrieve("gpt-4"), OpenAI.NotFoundError);
    await assertRejects(() => client.embeddings.create({ model: "pets", input: "a" }), OpenAI.NotFoundError);
    const tools = [{ type: "function", function: { name: "f" } }];
    await assertRejects(
      () => client.chat.completions.create({ ...ask, messages, tools }),
      OpenAI.BadRequestError,
      "tools",
    );
    const long = await assertRejects(
      () => client.completions.create({ ...ask, prompt: "a".repeat(5000) }),
      OpenAI.APIError,
    ) as Anything;
    assertEquals([long.status, long.code], [413, "request_too_large"]);
  },
  async "leaves a stream, and the next caller is served"(client) {
    const stream = await client.completions.create({ ...ask, max_tokens: 100_000, prompt: "the cat", stream: true });
    for await (const _ of stream) break;
    const { choices } = await client.completions.create({ ...ask, prompt: "the cat" });
    assertEquals(choices[0]!.finish_reason, "length");
  },
  async "has eight callers at once answered as one alone"(client) {
    const of = async (seed: number): Promise<string> =>
      (await client.completions.create({ ...ask, prompt: "the dog", seed })).choices[0]!.text;
    const seeds = Array.from({ length: 8 }, (_, seed) => seed), apart: string[] = [];
    for (const seed of seeds) apart.push(await of(seed));
    assertEquals(await Promise.all(seeds.map(of)), apart);
  },
};

Deno.test("OpenAI's client", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "heed-" });
  const { client, end } = await serve(folder);
  try {
    for (const [name, claim] of Object.entries(CLAIMS)) await t.step(name, () => claim(client));
  } finally {
    await end();
    await Deno.remove(folder, { recursive: true });
  }
});
