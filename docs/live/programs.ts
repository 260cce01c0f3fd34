/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * # Programs that a reader runs
 *
 * **Question.** A page shows a program and what it printed when it was recorded. Does it print that here?
 *
 * **Idea.** A button runs it in the worker of the experiments, which is fetched for the first run, and puts what it prints in the
 * place of the recording.
 *
 * @module
 */

import { make } from "./elements.ts";

/** In the page itself: the buttons are there at once. */
const words: Readonly<Record<string, string>> = JSON.parse(document.documentElement.dataset["words"] ?? "{}");
const say = (english: string): string => words[english] ?? english;

/** Puts a button below a program. */
function mount(box: HTMLElement): void {
  const output = box.querySelector<HTMLElement>(".output code")!, recorded = output.textContent!.trimEnd();
  const button = make("button", { type: "button" }, say("Run it")), status = make("span", { role: "status" });
  button.addEventListener("click", async () => {
    button.disabled = true;
    status.textContent = say("running …");
    try {
      const { run } = await import("./run.ts");
      const { text, seconds } = await new Promise<{ readonly text: string; readonly seconds: number }>((
        resolve,
        reject,
      ) =>
        run({ program: box.dataset["program"]!, device: "wasm" }, (answer) => {
          if (answer.kind === "printed") resolve(answer);
          else if (answer.kind === "error") reject(new Error(answer.message));
        })
      );
      output.textContent = text;
      const same = text.trimEnd() === recorded;
      status.textContent = `${seconds.toPrecision(2)} s · ${
        say(same ? "the same as recorded" : "other than recorded")
      }`;
    } catch (error) {
      status.textContent = say("Cannot run this: ") + (error instanceof Error ? error.message : error);
    }
    button.disabled = false;
  });
  box.append(make("p", { class: "ran" }, button, " ", status));
}

for (const box of document.querySelectorAll<HTMLElement>("[data-program]")) mount(box);
