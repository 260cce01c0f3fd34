/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * Wakes the experiments of a page when they come into view.
 *
 * @module
 */

import { say } from "./words.ts";

const sections = document.querySelectorAll<HTMLElement>("[data-experiment]");
const observer = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    observer.unobserve(target);
    import("./experiment.ts").then(({ mount }) => mount(target as HTMLElement)).catch((error: Error) => {
      target.setAttribute("data-live", "failed");
      const note = document.createElement("p");
      note.className = "status";
      note.textContent = say("Cannot run this here: ") + error.message;
      target.querySelector(".trial")?.append(note);
    });
  }
}, { rootMargin: "300px" });
for (const section of sections) observer.observe(section);
