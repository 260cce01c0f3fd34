/**
 * Gathers `shaders/*.wgsl` into `shaders.ts`, so that importing the library needs neither permission nor
 * a second request.
 *
 * `deno task shaders` writes the file; with `--check` it compares instead and fails on any difference.
 *
 * @module
 */

const here = new URL("./shaders/", import.meta.url), target = new URL("./shaders.ts", import.meta.url);

const names = [...Deno.readDirSync(here)].map(({ name }) => name).filter((name) => name.endsWith(".wgsl")).sort();
const entries = names.map((name) => {
  const text = Deno.readTextFileSync(new URL(name, here)).replaceAll("\r\n", "\n");
  const quoted = text.replaceAll("\\", "\\\\").replaceAll("`", "\\`").replaceAll("${", "\\${");
  return `  ${name.slice(0, -".wgsl".length)}: \`${quoted}\`,\n`;
});
const text = `/** Generated from \`gpu/shaders\` by \`deno task shaders\`. */

/** The text of every shader, by the name of its file. */
export const SHADERS: Readonly<Record<string, string>> = {
${entries.join("")}};
`;

if (Deno.args.includes("--check")) {
  if (Deno.readTextFileSync(target) !== text) {
    console.error("gpu/shaders.ts differs from gpu/shaders: run `deno task shaders`");
    Deno.exit(1);
  }
  console.log("gpu/shaders.ts equals its sources");
} else {
  Deno.writeTextFileSync(target, text);
  console.log(`${names.length} shaders`);
}
