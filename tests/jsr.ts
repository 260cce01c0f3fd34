/**
 * Runs the suite against the real `@std` packages: the project's configuration with the registry's names for its imports.
 *
 * Types are left to `deno check` on the stand-ins; what counts here is that both behave the same. The test that says on
 * which packages the suite runs must pass: a stand-in that answers here is a failure.
 *
 * @module
 */

const root = new URL("../", import.meta.url);
const { compilerOptions } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
const folder = await Deno.makeTempDir({ prefix: "heed-" });
const config = `${folder}/deno.json`;
const imports = { "@std/assert": "jsr:@std/assert@^1", "@std/cli": "jsr:@std/cli@^1" };
await Deno.writeTextFile(config, JSON.stringify({ imports, compilerOptions }));

const permissions = ["--allow-read", "--allow-write", "--allow-env", "--allow-run", "--allow-net=127.0.0.1"];
const tests = Deno.args.length > 0 ? Deno.args : ["tests"];
const { code } = await new Deno.Command(Deno.execPath(), {
  args: ["test", "--no-prompt", "--no-check", "--no-lock", "--config", config, ...permissions, ...tests],
  cwd: root,
  env: { HEED_PACKAGES: "registry" },
}).spawn().status;
await Deno.remove(folder, { recursive: true });
Deno.exit(code);
