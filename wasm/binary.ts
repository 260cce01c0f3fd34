/**
 * The compiled kernels as bytes: out of the text that carries them, and for memory that is not shared.
 *
 * @module
 */

/** The signs of the text, in order: those of ASCII that stand in any quotes, of a script in any page, as they are. */
const SIGNS = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)).filter((sign) =>
  !/["$<\\`]/.test(sign)
);

/** Bytes of one sign each, in hexadecimal digits: the most frequent ones of the kernels when they were counted. */
const FREQUENT = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1e1f2021222324282a383e3f4041" +
  "424344454648494a4b4e4f50606a6b6c6d71747b7c7d7f808485929394a0aaabaebebfc0e4e5e6fcfdfeff";

const single = FREQUENT.match(/../g)!.map((digits) => parseInt(digits, 16));

/** By the code of a sign: its place, and its byte or, with all bits turned, what it adds to the place of the next one. */
const places = new Uint8Array(127), values = new Int16Array(127);
SIGNS.forEach((sign, place) => {
  const code = sign.charCodeAt(0);
  places[code] = place;
  values[code] = single[place] ?? ~((place - single.length) * SIGNS.length);
});

/**
 * Bytes as text: a frequent one is one sign, any other two.
 *
 * Most bytes stay whole, so that what compresses the file on its way finds what repeats: gzip makes a tenth less of it than of
 * hexadecimal digits, and little more than of the bytes themselves.
 */
export function encode(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => {
    const place = single.indexOf(byte), high = Math.floor(byte / SIGNS.length);
    return place < 0 ? SIGNS[single.length + high]! + SIGNS[byte % SIGNS.length]! : SIGNS[place]!;
  }).join("");
}

/** The bytes of a text that {@linkcode encode} made. */
export function decode(text: string): Uint8Array<ArrayBuffer> {
  // In place: bytes are no more than signs. This runs before anything is compiled for speed.
  const bytes = new TextEncoder().encode(text), { length } = bytes, [table, low] = [values, places];
  let size = 0;
  for (let at = 0; at < length; at++) {
    const value = table[bytes[at]!]!;
    bytes[size++] = value >= 0 ? value : ~value + low[bytes[++at]!]!;
  }
  return bytes.slice(0, size);
}

/** Bytes after edits: of each, how many are kept, how many are left out, and those that come instead, as text. */
export function edited(bytes: Uint8Array, edits: string): Uint8Array<ArrayBuffer> {
  const parts = edits.split(" "), pieces: Uint8Array[] = [];
  for (let i = 0, at = 0; i < parts.length; i += 3) {
    pieces.push(bytes.subarray(at, at += Number(parts[i])), decode(parts[i + 2]!));
    at += Number(parts[i + 1]);
  }
  const result = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    result.set(piece, at);
    at += piece.length;
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
