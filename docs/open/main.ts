/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * # The page "Open a model" in the browser
 *
 * Files are dropped or chosen, a worker opens them, and the parts appear that the model can be asked. The worker, and with it the library, is
 * fetched with the first model.
 *
 * @module
 */

import { make } from "../live/elements.ts";
import type { Run } from "../live/runs.ts";
import type { Control } from "../playground/settings.ts";
import { chosen, droppedFiles, type Given } from "./dropping.ts";
import { canKeep, forget, keptFiles, listKept } from "./kept.ts";
import { ModelLine, type Opened } from "./line.ts";
import { attentionPart, comparePart, tokensPart } from "./looking.ts";
import { type PartName, PARTS, partsOf } from "./parts.ts";
import type { Facts, Means } from "./protocol.ts";
import { say, short, size } from "./say.ts";
import { Status } from "./status.ts";
import { chatPart, completePart, WritingControls } from "./writing.ts";

const root = document.querySelector<HTMLElement>(".open-model")!;
const status = new Status(), line = new ModelLine(lost);
const sectionOf = (part: PartName): HTMLElement => root.querySelector<HTMLElement>(`[data-part="${part}"]`)!;

// ## What computes

const cores = Math.max(1, Math.min(8, navigator.hardwareConcurrency ?? 1)),
  most = globalThis.crossOriginIsolated ? cores : 1;
const counts = [...new Set([most, ...[8, 4, 2, 1].filter((count) => count < most)])];
const devices = make(
  "select",
  { id: "open-device" },
  ...counts.map((count) =>
    make("option", { value: `wasm ${count}` }, count === 1 ? say("CPU, one thread") : say("CPU, {} threads", count))
  ),
  make("option", { value: "webgpu 1", ...!("gpu" in navigator) && { disabled: "" } }, say("GPU (WebGPU)")),
);
const formats = make(
  "select",
  { id: "open-weights" },
  make("option", { value: "stored" }, say("as the files have them")),
  make("option", { value: "float32" }, say("32 bits")),
  make("option", { value: "float16" }, say("16 bits")),
  make("option", { value: "int8" }, say("8 bits, rounded")),
  make("option", { value: "int4" }, say("4 bits, rounded")),
);

function means(): Means {
  const [device, threads] = devices.value.split(" ") as [Means["device"], string];
  return { device, threads: Number(threads), weights: formats.value as Means["weights"] };
}

for (const select of [devices, formats]) {
  select.addEventListener("change", () => {
    if (line.opened) open(line.opened.given);
  });
}

// ## Opening

const facts = make("dl", { class: "known", hidden: "" }), opened = make("div", { class: "after", hidden: "" });
let running: Run | undefined;

/** Opens a model; what was open before can be had again if this one fails. */
function open(given: Given, before: Opened | undefined = line.opened): void {
  if (given.files.length === 0) return fail(say("There was no file in what was dropped"));
  running?.cancel();
  hide();
  const doing = { cancel: () => run.cancel() };
  const back = before && before.given !== given
    ? { next: [say("open {} again", before.given.name), () => open(before.given)] as const }
    : { next: [say("try again"), () => open(given)] as const };
  const run = line.open(given, means(), (answer) => {
    if (answer.kind === "progress") {
      return status.say(say("Reading the weights of {} …", given.name), { ...doing, done: answer.done });
    }
    if (running === run) running = undefined;
    if (answer.kind === "opened") show(answer.facts);
    else if (answer.kind === "cancelled") status.say(say("Cancelled: {} is not open.", given.name), back);
    else if (answer.kind === "error") {
      line.close();
      status.say(`${answer.message}.`, { ...back, isError: true });
    }
  });
  running = run;
  status.say(say("Opening {} …", given.name), { ...doing, done: 0 });
}

/** The worker had to be ended: the files are still here. */
function lost({ given }: Opened): void {
  open(given);
}

function fail(why: string): void {
  status.say(`${why}.`, { isError: true });
}

function hide(): void {
  facts.hidden = opened.hidden = true;
  for (const part of PARTS) sectionOf(part).hidden = true;
  delete root.dataset["open"];
}

/** Shows what a model is, and what it can be asked. */
function show(known: Facts): void {
  const threads = globalThis.crossOriginIsolated || means().device !== "wasm"
    ? ""
    : ` ${say("This page is not isolated from others, so the CPU computes on one thread.")}`;
  status.say(say("{} is open, after {} s.", known.name, short(known.seconds)) + threads);
  const rows: readonly (readonly [string, string])[] = [
    [say("architecture"), known.architecture],
    [say("weights"), `${known.weights.toLocaleString("en").replaceAll(",", "\u202f")} · ${known.stored.join(", ")}`],
    [say("layers × heads"), `${known.numLayers} × ${known.numHeads}`],
    [say("sees"), say("{} tokens", known.contextLength)],
    [say("vocabulary"), say("{} tokens", known.vocabSize)],
    [say("memory"), size(known.memory)],
    [say("computes on"), known.device],
  ];
  facts.replaceChildren(...rows.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
  facts.hidden = opened.hidden = false;
  const parts = partsOf(known);
  for (const part of PARTS) sectionOf(part).hidden = !parts.includes(part);
  if (parts.includes("tokens")) cutAgain();
  if (parts.includes("compare")) compareAgain();
  root.dataset["open"] = known.name;
  void listed();
}

// ## Keeping

const keeping = new Status(),
  keepButton = make("button", { type: "button", class: "keep" }, say("keep it in this browser"));
const closeButton = make("button", { type: "button", class: "close" }, say("close it"));
const kept = make("ul", { class: "kept", "aria-label": say("Models that this browser keeps") });

/** Lists what is kept. */
async function listed(): Promise<void> {
  const all = await listKept().catch(() => []);
  kept.replaceChildren(...all.map(({ folder, name, bytes, isWhole }) => {
    const take = make("button", { type: "button", class: "take" }, say("open"));
    const remove = make("button", { type: "button", class: "forget" }, say("remove"));
    take.addEventListener("click", async () => {
      try {
        open({ name, files: await keptFiles(folder) });
      } catch (error) {
        fail((error as Error).message);
      }
    });
    remove.addEventListener("click", async () => {
      await forget(folder).catch((error: Error) => fail(error.message));
      keeping.say(say("{} is no longer kept.", name));
      await listed();
    });
    for (const [button, text] of [[take, say("open {}", name)], [remove, say("remove {}", name)]] as const) {
      button.setAttribute("aria-label", text);
    }
    const what = isWhole ? `${name}, ${size(bytes)}` : say("{}, not complete", name);
    return make("li", {}, make("span", {}, what), ...isWhole ? [take] : [], remove);
  }));
  kept.hidden = all.length === 0;
  const isKept = all.some(({ name, isWhole }) => isWhole && name === line.opened?.given.name);
  keepButton.hidden = !canKeep() || isKept;
  root.dataset["kept"] = String(all.length);
}

keepButton.addEventListener("click", () => {
  const given = line.opened?.given;
  if (!given) return;
  keepButton.hidden = true;
  // A browser that runs short of room leaves what it was asked to keep.
  void navigator.storage.persist?.().catch(() => false);
  const run = line.ask({ kind: "keep", ...given }, (answer) => {
    if (answer.kind === "progress") {
      return keeping.say(say("Keeping {} …", given.name), { cancel: () => run.cancel(), done: answer.done });
    }
    if (answer.kind === "kept") keeping.say(say("Kept in this browser, on this machine, until you remove it."));
    else if (answer.kind === "cancelled") keeping.say(say("Cancelled: nothing was kept."));
    else if (answer.kind === "error") keeping.say(`${answer.message}.`, { isError: true });
    void listed();
  });
});
closeButton.addEventListener("click", () => {
  const { name } = line.opened?.given ?? { name: "" };
  line.close();
  hide();
  status.say(say("{} is closed, and its memory is free.", name));
});

// ## Where files come from

const files = make("input", { type: "file", multiple: "", id: "open-files", hidden: "" });
const folder = make("input", { type: "file", multiple: "", webkitdirectory: "", id: "open-folder", hidden: "" });
for (const input of [files, folder]) {
  input.addEventListener("change", () => {
    const given = chosen(input.files ?? []);
    if (given.files.length > 0) open(given);
    // The same files can be chosen again.
    input.value = "";
  });
}
const button = (text: string, input: HTMLInputElement): HTMLButtonElement => {
  const made = make("button", { type: "button" }, text);
  made.addEventListener("click", () => input.click());
  return made;
};
const zone = make(
  "div",
  { class: "zone" },
  make("p", {}, say("Drop a folder or a GGUF file here, or")),
  make("p", { class: "actions" }, button(say("choose a folder"), folder), button(say("choose files"), files)),
  files,
  folder,
);
const isFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;
addEventListener("dragover", (event) => {
  if (!isFiles(event)) return;
  event.preventDefault();
  zone.classList.add("over");
});
addEventListener("dragleave", (event) => {
  if (event.relatedTarget === null) zone.classList.remove("over");
});
addEventListener("drop", async (event) => {
  zone.classList.remove("over");
  if (!isFiles(event)) return;
  event.preventDefault();
  try {
    open(await droppedFiles(event.dataTransfer!));
  } catch (error) {
    fail(say("What was dropped could not be read: {}", (error as Error).message));
  }
});

const how = make(
  "div",
  { class: "write" },
  make("label", { for: "open-device" }, say("runs on")),
  devices,
  make("label", { for: "open-weights" }, say("weights")),
  formats,
);
opened.append(make("p", { class: "actions" }, keepButton, closeButton));
root.querySelector(".ask")!.append(zone, how, status.element, facts, opened, keeping.element, kept);
status.say(say("No model is open. What runs it is fetched from this site with the first one."));

// ## The parts

const controls = new WritingControls(
  JSON.parse(root.dataset["controls"]!) as Control[],
  sectionOf("complete").querySelector<HTMLElement>(".trial")!,
);
const look = attentionPart(sectionOf("attention"), line);
completePart(sectionOf("complete"), line, controls, look);
chatPart(sectionOf("chat"), line, controls, look);
const cutAgain = tokensPart(sectionOf("tokens"), line), compareAgain = comparePart(sectionOf("compare"), line);
void listed().then(() => root.dataset["live"] = "ready");
