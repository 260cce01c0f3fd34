/**
 * The compiled kernels as bytes: out of the text that carries them, and for memory that is not shared.
 *
 * @module
 */

/** Two builds in hexadecimal digits: pieces that both have, and pairs of those that differ. */
export type Builds = readonly (string | readonly [relaxed: string, strict: string])[];

/** The bytes of one of two builds. */
export function decode(builds: Builds, relaxed: boolean): Uint8Array<ArrayBuffer> {
  const text = builds.map((piece) => typeof piece === "string" ? piece : piece[relaxed ? 0 : 1]).join("");
  const native = (Uint8Array as { fromHex?: (text: string) => Uint8Array<ArrayBuffer> }).fromHex;
  if (native) return native.call(Uint8Array, text);
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => parseInt(text.slice(2 * i, 2 * i + 2), 16));
}

/**
 * Lets a module that was compiled for shared memory import ordinary memory.
 *
 * The import section names the limits of the memory; bit 1 of their first byte says "shared".
 */
export function unshare(bytes: Uint8Array): void {
  let at = 8;
  const number = () => {
    let result = 0, shift = 0, byte: number;
    do {
      byte = bytes[at++]!;
      result |= (byte & 127) << shift;
      shift += 7;
    } while (byte & 128);
    return result;
  };
  while (at < bytes.length) {
    const id = bytes[at++]!, length = number();
    if (id !== 2) {
      at += length;
      continue;
    }
    number(); // one import
    for (let i = 0; i < 2; i++) {
      const name = number(); // of its module, then its own
      at += name;
    }
    at++; // its kind: memory
    bytes[at]! &= ~2;
    return;
  }
}
