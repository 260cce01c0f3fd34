/**
 * # A raster in a picture
 *
 * A matrix of 512×512 weights as rectangles would weigh megabytes. As a greyscale PNG it weighs what its values do, and
 * a mask made of it lets the page choose the colour. The compressor is the smallest that helps: runs and
 * repetitions found by a table of the last place of every three bytes, written with the fixed code of DEFLATE
 * (RFC 1951).
 *
 * @module
 */

/** Writes bits from the lowest. */
class Bits {
  readonly bytes: number[] = [];
  #held = 0;
  #count = 0;

  write(value: number, count: number): void {
    this.#held |= value << this.#count;
    this.#count += count;
    while (this.#count >= 8) {
      this.bytes.push(this.#held & 255);
      this.#held >>>= 8;
      this.#count -= 8;
    }
  }

  /** Codes of the Huffman table stand with their highest bit first. */
  code(value: number, count: number): void {
    let turned = 0;
    for (let i = 0; i < count; i++) turned |= (value >> i & 1) << (count - 1 - i);
    this.write(turned, count);
  }

  /** A literal or a length in the fixed code. */
  symbol(value: number): void {
    if (value < 144) this.code(0x30 + value, 8);
    else if (value < 256) this.code(0x190 + value - 144, 9);
    else if (value < 280) this.code(value - 256, 7);
    else this.code(0xc0 + value - 280, 8);
  }

  end(): number[] {
    if (this.#count > 0) this.write(0, 8 - this.#count);
    return this.bytes;
  }
}

/** The number of the class of a length or distance, and its extra bits. */
function classOf(value: number, smallest: number, exponent: number): { index: number; extra: number; bits: number } {
  const x = value - smallest, unit = 1 << exponent;
  if (x < 2 * unit) return { index: x, extra: 0, bits: 0 };
  const bits = 31 - Math.clz32(x) - exponent;
  return { index: unit * bits + (x >> bits), extra: x & ((1 << bits) - 1), bits };
}

/** DEFLATE with the fixed code. */
export function deflate(data: Uint8Array): number[] {
  const out = new Bits(), last = new Map<number, number>();
  out.write(1, 1);
  out.write(1, 2);
  for (let at = 0; at < data.length;) {
    let length = 0, from = -1;
    if (at + 2 < data.length) {
      const key = data[at]! << 16 | data[at + 1]! << 8 | data[at + 2]!;
      from = last.get(key) ?? -1;
      last.set(key, at);
      if (from >= 0 && at - from <= 32768) {
        while (length < 258 && at + length < data.length && data[from + length] === data[at + length]) length++;
      }
    }
    if (length < 3) {
      out.symbol(data[at++]!);
      continue;
    }
    if (length === 258) out.symbol(285);
    else {
      const { index, extra, bits } = classOf(length, 3, 2);
      out.symbol(257 + index);
      out.write(extra, bits);
    }
    const { index, extra, bits } = classOf(at - from, 1, 1);
    out.code(index, 5);
    out.write(extra, bits);
    at += length;
  }
  out.symbol(256);
  return out.end();
}

const CRC: readonly number[] = Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n >>> 0;
});

const word = (x: number): number[] => [x >>> 24 & 255, x >>> 16 & 255, x >>> 8 & 255, x & 255];

function chunk(name: string, data: readonly number[]): number[] {
  const body = [...name].map((c) => c.charCodeAt(0)).concat(data);
  let crc = 0xffffffff;
  for (const byte of body) crc = CRC[(crc ^ byte) & 255]! ^ (crc >>> 8);
  return [...word(data.length), ...body, ...word(~crc)];
}

/**
 * A greyscale PNG as a data URL.
 *
 * @param width columns
 * @param height rows
 * @param grey the value of each place, 0 to 255, row by row
 */
export function greyPng(width: number, height: number, grey: Uint8Array): string {
  const raw = new Uint8Array((width + 1) * height);
  for (let y = 0; y < height; y++) raw.set(grey.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  let a = 1, b = 0;
  for (const byte of raw) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  const bytes = [
    ...[137, 80, 78, 71, 13, 10, 26, 10],
    ...chunk("IHDR", [...word(width), ...word(height), 8, 0, 0, 0, 0]),
    ...chunk("IDAT", [0x78, 0x01].concat(deflate(raw), word((b << 16 | a) >>> 0))),
    ...chunk("IEND", []),
  ];
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return `data:image/png;base64,${btoa(text)}`;
}
