/**
 * The compiled kernels as bytes: out of the text that carries them, and for memory that is not shared.
 *
 * @module
 */

/** Bytes from hexadecimal digits. */
export function decode(text: string): Uint8Array<ArrayBuffer> {
  const native = (Uint8Array as { fromHex?: (text: string) => Uint8Array<ArrayBuffer> }).fromHex;
  if (native) return native.call(Uint8Array, text);
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => parseInt(text.slice(2 * i, 2 * i + 2), 16));
}

/** Digits after edits: of each, the bytes that are kept, those that are left out, and the digits that come instead. */
export function edited(text: string, edits: string): string {
  let at = 0, result = "";
  for (const edit of edits.split(" ")) {
    const [kept, dropped, added] = edit.split(/[-+]/);
    result += text.slice(at, at += 2 * Number(kept)) + added;
    at += 2 * Number(dropped);
  }
  return result;
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
