/** What the package holds. */

import { assert, assertEquals, assertThrows } from "../../core/cli/std/assert/mod.ts";
import { readTar, writeTar } from "../../.ci/pack/tar.ts";
import { project, ROOT } from "./project.ts";

interface Package {
  readonly version: string;
  readonly type: string;
  readonly license: string;
  readonly sideEffects: readonly string[];
  readonly engines: { readonly node: string };
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
}

const json = async (path: string | URL): Promise<unknown> => JSON.parse(await Deno.readTextFile(path));

/** The paths of all files below a folder. */
function* files(folder: string, path = ""): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(`${folder}/${path}`)) {
    if (isDirectory) yield* files(folder, `${path}${name}/`);
    else yield path + name;
  }
}

Deno.test("the package has a module and its types for every export of deno.json, and needs no other package", async () => {
  const folder = `${await project()}/node_modules/@heed/heed`;
  const packed = await json(`${folder}/package.json`) as Package;
  const { exports, version } = await json(new URL("deno.json", ROOT)) as Package & { exports: Record<string, string> };
  assertEquals(Object.keys(packed.exports), [...Object.keys(exports), "./package.json"]);
  for (const [name, source] of Object.entries(exports)) {
    const module = source.replace(/\.ts$/, ".js"), types = source.replace(/\.ts$/, ".d.ts");
    assertEquals(packed.exports[name], { types, import: module, default: module });
    for (const path of [module, types]) assert(Deno.statSync(`${folder}/${path}`).isFile, path);
  }
  const { type, license, sideEffects, engines } = packed;
  assertEquals([packed.version, type, license, engines.node], [version, "module", "MIT", ">=20.16"]);
  assertEquals(sideEffects, ["./mod.js"]);
  assertEquals(Object.keys(packed).filter((key) => /ependencies$|^scripts$|^bin$/.test(key)), []);
});

Deno.test("the package holds modules and types, no source, no program, and no path of the machine that made it", async () => {
  const folder = `${await project()}/node_modules/@heed/heed`, all = [...files(folder)];
  const texts = ["package.json", "README.md", "CHANGELOG.md", "LICENSE"];
  assertEquals(all.filter((path) => !/\.js$|\.d\.ts$/.test(path) && !texts.includes(path)), []);
  assertEquals(all.filter((path) => /core\/cli|experiments|corpora|ladder|^tests|^docs|^bench/.test(path)), []);
  const speaks = (path: string): boolean => {
    const text = Deno.readTextFileSync(`${folder}/${path}`);
    return text.includes(ROOT.pathname) || text.includes("sourceMappingURL");
  };
  assertEquals(all.filter(speaks), []);
});

/** What engines have that came after Node 20, as it is written where it is used. */
const NEWER =
  /\b(Map|Object)\.groupBy\b|\bfromAsync\b|\bwithResolvers\b|\bPromise\.try\b|\bIterator\.(from|concat)\b|\bFloat16Array\b|\bf16round\b|\bsumPrecise\b|\bRegExp\.escape\b|\.(union|intersection|symmetricDifference|isSubsetOf|isSupersetOf|isDisjointFrom)\(|\.(keys|values|entries)\(\)\.(map|filter|some|every|find|reduce|toArray|take|drop|flatMap|forEach)\(|^\s*(await )?using \w/m;

Deno.test("the package names nothing that Node 20 does not have, and its README links to nothing that is not in it", async () => {
  const folder = `${await project()}/node_modules/@heed/heed`, all = [...files(folder)];
  const code = (path: string): string =>
    Deno.readTextFileSync(`${folder}/${path}`).replaceAll(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, "");
  const newer = all.filter((path) => path.endsWith(".js")).map((path) => [path, NEWER.exec(code(path))?.[0]] as const);
  assertEquals(newer.filter(([, found]) => found !== undefined), []);
  for (const call of ["Map.groupBy(a, b)", "  using a = b;", "m.values().map(f)", "a.union(b)"]) {
    assert(NEWER.test(call), call);
  }
  const links = [...Deno.readTextFileSync(`${folder}/README.md`).matchAll(/\]\((?!https?:|#)([^)]+)\)/g)];
  assertEquals(links.map(([, path]) => path!).filter((path) => !all.includes(path)), []);
});

Deno.test("readTar() gives back what writeTar() was given", () => {
  const entries = ["a.js", "b/c.d.ts"].map((path, i) => ({ path, bytes: new Uint8Array(i * 512 + 3).fill(7) }));
  assertEquals(readTar(writeTar(entries)), entries);
  assertThrows(() => writeTar([{ path: "a".repeat(101), bytes: new Uint8Array(1) }]), RangeError, "109 bytes");
});
