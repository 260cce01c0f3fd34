/**
 * Archives as npm has them: ustar, every file below `package/`.
 *
 * @module
 */

/** A file of an archive. */
export interface Entry {
  /** Its path below `package/`. */
  readonly path: string;
  /** What it holds. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Headers and files fill blocks of this many bytes. */
const BLOCK = 512;
/** The fields of a header that are read and written here: where they begin, and how long they are. */
const FIELDS = {
  name: [0, 100],
  mode: [100, 8],
  owner: [108, 8],
  group: [116, 8],
  size: [124, 12],
  time: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  magic: [257, 8],
  prefix: [345, 155],
} as const;

/** The files of an archive. */
export function readTar(archive: Uint8Array<ArrayBuffer>): Entry[] {
  const entries: Entry[] = [];
  for (let at = 0; at < archive.length && archive[at] !== 0;) {
    const field = ([from, length]: readonly [number, number]): string =>
      new TextDecoder().decode(archive.subarray(at + from, at + from + length)).replace(/\0.*$/s, "");
    const size = parseInt(field(FIELDS.size), 8), prefix = field(FIELDS.prefix);
    const path = (prefix && prefix + "/") + field(FIELDS.name);
    // Older archives leave the type of a file empty.
    if (/^0?$/.test(field(FIELDS.type))) {
      entries.push({ path: path.replace(/^package\//, ""), bytes: archive.slice(at + BLOCK, at + BLOCK + size) });
    } else if (field(FIELDS.type) !== "5") throw new SyntaxError(`Cannot read the entry ${path}: it is not a file`);
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return entries;
}

/** An archive of files; the same files give the same bytes. */
export function writeTar(entries: readonly Entry[]): Uint8Array<ArrayBuffer> {
  const blocks = entries.map(({ bytes }) => 1 + Math.ceil(bytes.length / BLOCK));
  // Two empty blocks end an archive.
  const archive = new Uint8Array((blocks.reduce((sum, count) => sum + count, 0) + 2) * BLOCK);
  let at = 0;
  for (const [i, { path, bytes }] of entries.entries()) {
    archive.set(header(`package/${path}`, bytes.length), at);
    archive.set(bytes, at + BLOCK);
    at += blocks[i]! * BLOCK;
  }
  return archive;
}

/** What precedes a file of this name and size. */
function header(name: string, size: number): Uint8Array {
  const block = new Uint8Array(BLOCK), encoder = new TextEncoder();
  const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, "0");
  const put = ([from, length]: readonly [number, number], text: string): void => {
    const bytes = encoder.encode(text);
    if (bytes.length > length) {
      throw new RangeError(`Cannot pack ${text}: ${bytes.length} bytes are more than ${length}`);
    }
    block.set(bytes, from);
  };
  put(FIELDS.name, name);
  put(FIELDS.mode, octal(0o644, 7));
  put(FIELDS.owner, octal(0, 7));
  put(FIELDS.group, octal(0, 7));
  put(FIELDS.size, octal(size, 11));
  // The time that npm gives to every file, 26 October 1985.
  put(FIELDS.time, octal(499162500, 11));
  put(FIELDS.checksum, " ".repeat(8));
  put(FIELDS.type, "0");
  put(FIELDS.magic, "ustar\x0000");
  put(FIELDS.checksum, octal(block.reduce((sum, byte) => sum + byte, 0), 6) + "\0 ");
  return block;
}
