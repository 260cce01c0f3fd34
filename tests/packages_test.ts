/**
 * What others are given: the package on JSR, the one on npm, the version, and the workflows that publish them.
 *
 * Reading and starting programs need permission; without it these tests are reported as ignored.
 */

import { assertEquals, assertMatch } from "@std/assert";
import { granted } from "./permissions.ts";
import { output } from "./running.ts";

const root = new URL("../", import.meta.url);
const read = (path: string): Promise<string> => Deno.readTextFile(new URL(path, root));

/** The files that a module loads, itself included, as paths from the root. */
async function reached(path: string): Promise<string[]> {
  const { modules } = JSON.parse(await output(Deno.execPath(), ["info", "--json", path], root));
  // What a host brings is in no package.
  return (modules as { specifier: string }[]).map(({ specifier }) => specifier)
    .filter((specifier) => !specifier.startsWith("node:")).map((specifier) => specifier.slice(root.href.length));
}

Deno.test({
  name: "the package holds all that its exports and its commands load, and nothing of tests, benches and tools",
  ignore: !granted("read", "run"),
  async fn() {
    const printed = await output(Deno.execPath(), ["publish", "--dry-run", "--allow-dirty", "--no-check"], root);
    const given = [...printed.matchAll(/^ +(file:\S+) \(/gm)].map(([, url]) => url!.slice(root.href.length));
    const { exports } = JSON.parse(await read("deno.json")) as { exports: Record<string, string> };
    const commands = [...Deno.readDirSync(new URL("core/cli/commands/", root))].map(({ name }) => name);
    const doors = [...Object.values(exports), "core/cli.ts", ...commands.map((name) => `core/cli/commands/${name}`)];
    const needed = new Set((await Promise.all(doors.map(reached))).flat());
    const extra = ["deno.json", "README.md", "CHANGELOG.md", "LICENSE"];
    assertEquals([...needed, ...extra].filter((path) => !given.includes(path)), []);
    const foreign = /^(tests|bench|docs|models)\/|std\/assert|_test\.ts$|\/build\.ts$|deno\.lock$/;
    assertEquals(given.filter((path) => foreign.test(path)), []);
  },
});

Deno.test({
  name: "the changelog opens with what is unreleased, then the version of deno.json",
  ignore: !granted("read"),
  async fn() {
    const { version } = JSON.parse(await read("deno.json")) as { version: string };
    const [unreleased, latest] = [...(await read("CHANGELOG.md")).matchAll(/^## \[(.+?)\](.*)$/gm)];
    assertEquals([unreleased![1], latest![1]], ["Unreleased", version]);
    assertMatch(latest![2]!, /^ - \d{4}-\d\d-\d\d$/);
  },
});

Deno.test({
  name: "every action of the workflows is pinned by its full hash and says its version",
  ignore: !granted("read"),
  async fn() {
    const wrong: string[] = [];
    for (const { name } of Deno.readDirSync(new URL(".github/workflows/", root))) {
      for (const [line, action] of (await read(`.github/workflows/${name}`)).matchAll(/uses: (\S+).*$/gm)) {
        if (action!.startsWith("./")) continue;
        if (!/^uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line)) wrong.push(`${name}: ${line}`);
      }
    }
    assertEquals(wrong, []);
  },
});
