/**
 * Bundles what runs in the browser.
 *
 * | file             | holds                                                                      |
 * | ---------------- | -------------------------------------------------------------------------- |
 * | `live.js`        | wakes experiments when they come into view; fetches the next               |
 * | `live-*.js`      | controls and pictures; the library and its kernels; each chapter's experiments; shaders |
 * | `programs.js`    | puts a button below each program of a page                                 |
 * | `programs/*`     | the programs of the pages                                                  |
 * | `client.js`      | what every page loads, shorter than the theme has it                       |
 * | `live_worker.js` | runs experiments and programs beside the page                              |
 * | `heed.js`        | the library as one module for any page: `import { … } from "./heed.js"`    |
 * | `recorded/*`     | figures at the default controls, by language                               |
 *
 * All lie in one folder and find each other by relative addresses. The same sources make the same bytes.
 *
 * @module
 */

import { EXPERIMENTS } from "../core/experiments/registry.ts";
import { recordedFigures } from "./figures.ts";
import { languagesOf } from "./languages.ts";
import { isPortable, portableOf, programsOfBook } from "./programs.ts";

/** The part of the bundler's interface that is used here. */
interface Bundler {
  build(options: Readonly<Record<string, unknown>>): Promise<{
    readonly outputFiles: readonly { readonly path: string; readonly contents: Uint8Array }[];
    readonly metafile: {
      readonly outputs: Readonly<
        Record<string, { readonly imports: readonly { readonly path: string; readonly kind: string }[] }>
      >;
    };
  }>;
  transform(code: string, options: Readonly<Record<string, unknown>>): Promise<{ readonly code: string }>;
  stop(): Promise<void>;
}

const root = new URL("../", import.meta.url);

/** Bytes that a live figure may cost on the wire: everything that is fetched before the reader runs it. */
const MAX_FIGURE = 60_000;

/** The size of some bytes as a host sends them. */
async function packedSize(bytes: Uint8Array): Promise<number> {
  const packed = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new CompressionStream("gzip"));
  return (await new Response(packed).arrayBuffer()).byteLength;
}

/** Further programs for pages, by the name of their file. */
export type Entries = Readonly<Record<string, URL>>;

/**
 * Bundles the live figures, the library, and further programs.
 *
 * @param out folder of the site, with a slash at its end
 * @param further programs of other pages, such as the playground's
 * @returns names of the files written, sorted
 */
export async function bundle(out: URL, further: Entries = {}): Promise<string[]> {
  // Named at run time, so that checking the repository does not ask for the bundler.
  const name: string = "esbuild";
  const esbuild = await import(name) as Bundler;
  const entries: Entries = {
    live: new URL("docs/live/live.ts", root),
    live_worker: new URL("docs/live/worker.ts", root),
    programs: new URL("docs/live/programs.ts", root),
    heed: new URL("mod.ts", root),
    ...further,
  };
  try {
    const { outputFiles, metafile } = await esbuild.build({
      absWorkingDir: decodeURIComponent(root.pathname),
      entryPoints: Object.entries(entries).map(([out, url]) => ({ in: decodeURIComponent(url.pathname), out })),
      outdir: decodeURIComponent(out.pathname),
      chunkNames: "live-[name]-[hash]",
      bundle: true,
      splitting: true,
      format: "esm",
      platform: "browser",
      target: "es2022",
      minify: true,
      charset: "utf8",
      legalComments: "none",
      logLevel: "warning",
      write: false,
      metafile: true,
    });
    const files = new Map(outputFiles.map(({ path, contents }) => [path.split("/").at(-1)!, contents]));
    const imports = new Map(
      Object.entries(metafile.outputs).map(([path, output]) => [path.split("/").at(-1)!, output.imports]),
    );
    // What the figure's script reaches, its own dynamic import included; the worker comes with the first run.
    const fetched = new Set<string>(["live.js"]);
    for (const file of fetched) {
      for (const { path } of imports.get(file) ?? []) fetched.add(path.split("/").at(-1)!);
    }
    let cost = 0;
    for (const file of fetched) cost += await packedSize(files.get(file)!);
    if (cost > MAX_FIGURE) throw new Error(`Cannot ship live figures of ${cost} bytes: ${MAX_FIGURE} is the most`);
    const written: string[] = [];
    await Deno.mkdir(out, { recursive: true });
    // Files of earlier bundles have other names.
    for await (const { name } of Deno.readDir(out)) {
      if (/^live-.*\.js$/.test(name) && !files.has(name)) await Deno.remove(new URL(name, out));
    }
    for (const [file, contents] of files) {
      await Deno.writeFile(new URL(file, out), contents);
      written.push(file);
    }
    // The script of every page is no module, so that it runs on a page from a disk too.
    const client = await Deno.readTextFile(new URL("docs/theme/client.js", root));
    await Deno.writeTextFile(
      new URL("client.js", out),
      (await esbuild.transform(client, { target: "es2022", minify: true, charset: "utf8" })).code,
    );
    written.push("client.js");
    await Deno.mkdir(new URL("programs/", out), { recursive: true });
    for (const { name, code } of programsOfBook()) {
      if (!isPortable(code)) continue;
      const file = `programs/${name}.js`;
      const made = await esbuild.transform(portableOf(code), {
        loader: "ts",
        target: "es2022",
        minifyWhitespace: true,
      });
      await Deno.writeTextFile(new URL(file, out), made.code);
      written.push(file);
    }
    for (const { name } of EXPERIMENTS) {
      for (const language of languagesOf(name)) {
        let text: string;
        try {
          text = JSON.stringify(recordedFigures(name, language));
        } catch (error) {
          if (error instanceof Deno.errors.NotFound) continue;
          throw error;
        }
        const file = `recorded/${language}/${name}.json`;
        await Deno.mkdir(new URL("./", new URL(file, out)), { recursive: true });
        await Deno.writeTextFile(new URL(file, out), text);
        written.push(file);
      }
    }
    return written.sort();
  } finally {
    await esbuild.stop();
  }
}

if (import.meta.main) {
  const out = new URL(Deno.args[0] ? `${Deno.args[0].replace(/\/$/, "")}/` : "site/", import.meta.url);
  for (const file of await bundle(out)) {
    const bytes = await Deno.readFile(new URL(file, out));
    const size = await packedSize(bytes);
    console.log(
      `${(bytes.length / 1000).toFixed(1).padStart(8)} kB ${(size / 1000).toFixed(1).padStart(7)} kB gzip  ${file}`,
    );
  }
}
