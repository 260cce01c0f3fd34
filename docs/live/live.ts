/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * Wakes the experiments of a page when they come into view.
 *
 * @module
 */

/** In the page itself: what is said when nothing else can be loaded must not have to be. */
const words: Readonly<Record<string, string>> = JSON.parse(document.documentElement.dataset["words"] ?? "{}");
const say = (english: string): string => words[english] ?? english;

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
