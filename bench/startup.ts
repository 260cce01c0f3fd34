/**
 * What an import costs: the files that it fetches, their bytes, and the time to a first result.
 *
 * The sources are served on this machine and imported by URL, as a program elsewhere would do it: what is
 * listed is what was asked for. The time is that of fresh processes after the files have been fetched once,
 * from before the import to numbers that have been read back; the median of several.
 *
 * deno run -A bench/startup.ts [RUNS]
 *
 * @module
 */

import configuration from "../deno.json" with { type: "json" };

const root = new URL("../", import.meta.url);
const runs = Number(Deno.args[0] ?? 9);

/** First results: expressions over the module `m`, its engine `e` and an import by URL. */
const FIRST: Readonly<Record<string, string>> = {
  ".": "await m.tensor([1, 2]).add(1).read()",
  "./engine": "await m.tensor([1, 2]).add(1).read()",
  "./introduction": "m.accuracy([0, 1, 1], [0, 1, 0])",
  "./words": "await m.softmax(e.tensor([1, 2])).read()",
  "./language-models": "m.posterior([-1, -2])",
  "./attention": "await m.scaledDotProductAttention(...[1, 2, 3].map(() => e.ones([1, 1, 2, 2]))).read()",
  "./transformer": "await m.layerNorm(e.tensor([[1, 2]]), e.ones([2]), e.zeros([2])).read()",
  "./training": "await m.crossEntropy(e.tensor([[1, 2]]), e.tensor(new Int32Array([0]))).read()",
  "./generation": "m.temperatureRule(2).onHost(Float64Array.of(1, 2), { tokens: [] })",
  "./host": "m.folderStorage.name",
  "./figures": "await m.heatMap(e.tensor([[1, 2]]))",
  "./wasm": `const d = m.createWasmDevice(), v = { dtype: "float32", shape: [2], strides: [1], offset: 0 };
    const x = { ...v, buffer: d.upload(new Float32Array([1, 2]), "float32") };
    await d.download({ ...v, buffer: d.unary("exp", x) })`,
  // Opening an adapter depends on the driver, so only the import counts.
  "./webgpu": "m.createWebgpuDevice.name",
};

async function compressed(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return (await new Response(stream).arrayBuffer()).byteLength;
}

/** Files that were asked for, by path. */
const fetched = new Map<string, Uint8Array<ArrayBuffer>>();
const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
  const path = new URL(request.url).pathname.slice(1);
  try {
    const bytes = await Deno.readFile(new URL(path, root));
    fetched.set(path, bytes);
    return new Response(bytes, { headers: { "content-type": "application/typescript" } });
  } catch {
    return new Response(null, { status: 404 });
  }
});
const home = `http://127.0.0.1:${server.addr.port}/`;
const folder = await Deno.makeTempDir();

/** Milliseconds from before the import to the first result, in a process of its own. */
async function start(program: string): Promise<number> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-config", "--no-lock", "--quiet", "--allow-import=127.0.0.1", program],
    env: { DENO_DIR: `${folder}/cache`, NO_COLOR: "1" },
    stderr: "inherit",
  });
  const { success, stdout } = await command.output();
  if (!success) throw new Error(`Cannot run ${program}`);
  return Number(new TextDecoder().decode(stdout));
}

const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(bytes < 100_000 ? 1 : 0)} kB`;
const lines = [
  ["import", "files", "bytes", "compressed", "of which kernels", "first result"],
  ["---", "---:", "---:", "---:", "---:", "---:"],
];
try {
  for (const [name, path] of Object.entries(configuration.exports)) {
    const program = `${folder}/${name.replace(/\W/g, "_")}.ts`;
    const url = new URL(path, home).href, engine = new URL(configuration.exports["./engine"], home).href;
    const statements = FIRST[name]!.split(";\n");
    const last = statements.pop()!;
    // The engine comes along with every chapter, so naming it fetches nothing more than its title page.
    const needsEngine = FIRST[name]!.includes("e.");
    await Deno.writeTextFile(
      program,
      [
        "const start = performance.now();",
        `const m: any = await import(${JSON.stringify(url)});`,
        ...(needsEngine ? [`const e: any = await import(${JSON.stringify(engine)});`] : []),
        ...statements.map((line) => `${line};`),
        `${last};`,
        "console.log(performance.now() - start);",
      ].join("\n"),
    );
    await Deno.remove(`${folder}/cache`, { recursive: true }).catch(() => {});
    fetched.clear();
    await start(program);
    const all = [...fetched], kernels = all.filter(([path]) => path === "wasm/kernels.ts");
    const sum = (files: typeof all): number => files.reduce((total, [, bytes]) => total + bytes.length, 0);
    const packed = async (files: typeof all): Promise<number> => {
      let total = 0;
      for (const [, bytes] of files) total += await compressed(bytes);
      return total;
    };
    await start(program);
    const times: number[] = [];
    for (let i = 0; i < runs; i++) times.push(await start(program));
    const median = times.sort((a, b) => a - b)[runs >> 1]!;
    lines.push([
      name === "." ? "mod.ts" : name.slice(2),
      String(all.length),
      kilobytes(sum(all)),
      kilobytes(await packed(all)),
      kernels.length ? kilobytes(await packed(kernels)) : "–",
      `${median.toFixed(0)} ms`,
    ]);
  }
  console.log(lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n"));
} finally {
  await server.shutdown();
  await Deno.remove(folder, { recursive: true });
}
