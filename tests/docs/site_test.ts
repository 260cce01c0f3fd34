/** The whole site, where the packages are that it is built with: nothing in it is dead, and it is the same twice. */

import { assert, assertEquals } from "@std/assert";
import { hasPackages } from "./packages.ts";
import { assertFound } from "./search_terms.ts";

const GLOSSARY = new URL("../../docs/pages/glossary.md", import.meta.url);

Deno.test(
  "the site has no problem, finds the terms of the notes, and is the same twice",
  { ignore: !hasPackages },
  async () => {
    const build = async (): Promise<string> => {
      const out = await Deno.makeTempDir();
      // The task's own command, which may write nowhere but in docs/site.
      const { tasks } = JSON.parse(Deno.readTextFileSync(new URL("../../deno.json", import.meta.url)));
      const there = tasks.docs.command.replace("=docs/site", `=${out}`).replace(
        "--allow-read=.",
        `--allow-read=.,${out}`,
      );
      const [, ...args] = there.split(" ");
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [...args, "--check", "--out", out],
        cwd: new URL("../../", import.meta.url),
        env: { NO_COLOR: "1" },
      }).output();
      const said = new TextDecoder().decode(stderr) + new TextDecoder().decode(stdout);
      assertEquals(code, 0, said);
      let text = "";
      for (
        const page of [
          "index.html",
          "attention/scaled_dot_product.html",
          "assets/search.js",
          "assets/search_book.js",
          "assets/search_workshop.js",
          "api/attention.html",
          "library/worker.html",
        ]
      ) {
        const content = await Deno.readTextFile(`${out}/${page}`);
        assert(!page.endsWith(".html") || content.includes("<main"), page);
        if (page.startsWith("api/")) assert(content.includes('<table class="options">'), page);
        // Items that look like those of the glossary are shown where they stand.
        if (page.startsWith("library/")) assert(content.includes("<li><strong"), page);
        text += content;
      }
      const scripts = ["search", "search_book", "search_workshop"].map((name) =>
        Deno.readTextFileSync(`${out}/assets/${name}.js`)
      );
      assertFound(scripts, await Deno.readTextFile(GLOSSARY));
      await Deno.remove(out, { recursive: true });
      return text;
    };
    assertEquals(await build(), await build());
  },
);
