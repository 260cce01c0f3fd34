import { assert, assertEquals } from "@std/assert";
import { decode, edited, encode } from "../../wasm/binary.ts";
import { RELAXED, STRICT } from "../../wasm/kernels.ts";
import { granted } from "../permissions.ts";

/** The two modules. */
const modules = [decode(RELAXED), edited(decode(RELAXED), STRICT)];

Deno.test("decode() reads every byte that encode() wrote, and scripts in any quotes hold the text", () => {
  const bytes = Uint8Array.from({ length: 512 }, (_, i) => i < 256 ? i : (i * 91) % 256), text = encode(bytes);
  assertEquals([...decode(text)], [...bytes]);
  assertEquals([/^[!-~]*$/.test(text), /["$<\\`]/.test(text)], [true, false]);
  assertEquals([...decode("")], []);
});

Deno.test("edited() keeps, leaves out and puts in", () => {
  const text = `2 1 ${encode(Uint8Array.of(200, 0))} 1 0  0 0 ${encode(Uint8Array.of(7))}`;
  assertEquals([...edited(Uint8Array.of(1, 2, 3, 4), text)], [1, 2, 200, 0, 4, 7]);
});

Deno.test("kernels.ts holds two modules, and its text stays below 26 kB compressed", async () => {
  for (const module of modules) assertEquals([...module.subarray(0, 4)], [0, 97, 115, 109]);
  const stream = new Blob([RELAXED, STRICT]).stream().pipeThrough(new CompressionStream("gzip"));
  const size = (await new Response(stream).arrayBuffer()).byteLength;
  assert(size < 26_000, `${size} bytes`);
});

/** The numbers of the sections of a module. */
function sectionsOf(bytes: Uint8Array): number[] {
  const found: number[] = [];
  for (let at = 8; at < bytes.length;) {
    found.push(bytes[at++]!);
    let size = 0, more = true;
    for (let shift = 0; more; shift += 7) {
      size |= (bytes[at]! & 127) << shift;
      more = bytes[at++]! > 127;
    }
    at += size;
  }
  return found;
}

Deno.test("kernels.ts holds no data, which each thread that starts would write over what others have in the memory", () => {
  const DATA = 11;
  for (const module of modules) {
    const sections = sectionsOf(module);
    assertEquals([sections[0], sections.includes(DATA)], [1, false]);
  }
});

const root = new URL("../../", import.meta.url);

/** Runs the build script; the message is empty where there is no compiler, and no network to fetch it from. */
async function build(...args: string[]): Promise<{ readonly code: number; readonly message: string }> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--quiet", "-A", "--config", "wasm/deno.json", "wasm/build.ts", ...args],
    cwd: root,
    stdout: "piped",
    stderr: "piped",
  });
  const { code, stderr } = await command.output();
  const message = new TextDecoder().decode(stderr);
  return { code, message: /differs|has no case/.test(message) ? message : "" };
}

Deno.test("kernels.ts is what assembly/ compiles to, for the device and for the ladder", {
  ignore: !granted("read", "run"),
}, async (t) => {
  const { code, message } = await build("--check");
  await t.step({
    name: "the bytes agree",
    ignore: code !== 0 && message === "",
    fn: () => assertEquals(code, 0, message),
  });
});

Deno.test("a case that a kernel lacks fails the build, and is named", {
  ignore: !granted("read", "run", "write"),
}, async (t) => {
  const folder = await Deno.makeTempDir();
  const copy = (path: string): void => {
    Deno.mkdirSync(`${folder}/${path}`, { recursive: true });
    for (const { name, isFile } of Deno.readDirSync(new URL(`wasm/${path}/`, root))) {
      if (isFile) Deno.copyFileSync(new URL(`wasm/${path}/${name}`, root), `${folder}/${path}/${name}`);
    }
  };
  for (const path of ["assembly", "assembly/words", "ladder/assembly"]) copy(path);
  const lacking: readonly (readonly [file: string, kase: RegExp, name: string])[] = [
    ["elementwise.ts", /^ +case code\.UNARY_ERF:$/m, "unary erf"],
    ["elementwise.ts", /^ +case code\.COMPARISON_LESS:$/m, "binary less"],
    ["reduce.ts", /^ +case code\.REDUCTION_MIN:$/m, "reduction int32 min"],
    ["copy.ts", /^ +case kinds\.INTEGER_TO_BOOL:$/m, "conversion INTEGER_TO_BOOL"],
    ["activations.ts", /^ +case code\.ACTIVATION_GELU:$/m, "activation gelu"],
    ["fused_jobs.ts", /^ +case op\.ROTARY:$/m, "job ROTARY"],
  ];
  for (const [file, pattern] of lacking) {
    const path = `${folder}/assembly/${file}`, text = Deno.readTextFileSync(path);
    assert(pattern.test(text), `${file} has no ${pattern}`);
    Deno.writeTextFileSync(path, text.replace(pattern, ""));
  }
  const { code, message } = await build("--check", "--from", new URL(`file://${folder}`).href);
  await Deno.remove(folder, { recursive: true });
  await t.step({
    name: "every one is named",
    ignore: code !== 0 && message === "",
    fn: () => {
      assertEquals(code, 1);
      for (const [, , name] of lacking) assert(message.includes(name), `${name} is not in: ${message}`);
    },
  });
});
