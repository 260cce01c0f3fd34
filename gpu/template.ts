/**
 * # Variants of a shader
 *
 * A `.wgsl` file is a whole program that a reader can run as it stands. Variants of it (another
 * tile, another type, another formula) come from replacing what it declares under a name:
 *
 * | declared in the file                                | given                    | becomes                       |
 * | --------------------------------------------------- | ------------------------ | ----------------------------- |
 * | `const LANES = 64u;`                                | `{ LANES: 128 }`         | `const LANES = 128u;`         |
 * | `const CAUSAL = false;`                             | `{ CAUSAL: true }`       | `const CAUSAL = true;`        |
 * | `alias Element = f32;`                              | `{ Element: "i32" }`     | `alias Element = i32;`        |
 * | `fn op(x: f32) -> f32 { return x; }`, on one line   | `{ op: "exponential(x)" }` | `fn op(x: f32) -> f32 { return exponential(x); }` |
 *
 * A line `// include NAME` is replaced by the file of that name, once.
 *
 * @module
 */

/** What a variant puts in the place of what the file declares. */
export type Variant = Readonly<Record<string, number | boolean | string>>;

/** The text with its includes in place. */
function included(name: string, files: Readonly<Record<string, string>>, seen: Set<string>): string {
  const text = files[name];
  if (text === undefined) throw new TypeError(`Cannot find shader ${JSON.stringify(name)}`);
  seen.add(name);
  return text.replace(
    /^\/\/ include (\w+)$/gm,
    (_, other: string) => seen.has(other) ? "" : included(other, files, seen),
  );
}

/** Escapes what a replacement string would read as a reference. */
function verbatim(text: string): () => string {
  return () => text;
}

/**
 * The program text of one variant.
 *
 * @param name of the file, without its extension
 * @param variant what replaces the declarations of the file
 * @param files all shaders by name
 * @throws {TypeError} if the file declares no such name, or there is no such file
 */
export function expand(name: string, variant: Variant, files: Readonly<Record<string, string>>): string {
  let text = included(name, files, new Set());
  for (const [key, value] of Object.entries(variant)) {
    const before = text;
    if (typeof value === "string") {
      text = text
        .replace(new RegExp(`^alias ${key} = .*;$`, "m"), verbatim(`alias ${key} = ${value};`))
        .replace(
          new RegExp(`^(fn ${key}\\(.*\\) -> [^{]+\\{ return ).*(; \\})$`, "m"),
          (_, head: string, tail: string) => `${head}${value}${tail}`,
        );
    } else {
      text = text.replace(
        new RegExp(`^(const ${key} = )[^;]*?([uif]?);$`, "m"),
        (_, head: string, suffix: string) => `${head}${value}${typeof value === "boolean" ? "" : suffix};`,
      );
    }
    if (text === before && !declares(before, key, value)) {
      throw new TypeError(`Cannot vary ${key} of shader ${JSON.stringify(name)}: it declares no such name`);
    }
  }
  return text;
}

/** Whether the text already says what the variant asks for. */
function declares(text: string, key: string, value: number | boolean | string): boolean {
  const kind = typeof value === "string" ? "(?:alias|fn)" : "const";
  return new RegExp(`^${kind} ${key}\\b`, "m").test(text);
}
