/**
 * # An alphabet for bytes
 *
 * **Question.** A token made of bytes may hold half a character, which no string can show. How can tokens of bytes be
 * written down, compared and joined as other tokens are?
 *
 * **Idea.** Each byte gets a letter: printable ones stand for themselves, the others for the letters from 256 on, a space
 * for `Ġ`. Bytes and characters then differ only in the two functions below; all that follows sees letters. The alphabet
 * is GPT-2's.
 *
 * @module
 */

/** What the smallest tokens are: characters of the training texts, or the 256 bytes of UTF-8. */
export type BytePairLevel = "characters" | "bytes";

/** The letters of the 256 bytes, by byte. */
export const LETTERS: readonly string[] = byteLetters();
/** The byte of each letter. */
export const BYTES: ReadonlyMap<string, number> = new Map(LETTERS.map((letter, byte) => [letter, byte]));
/** The same by the code of the letter, all of which are below 512. */
const BYTE_OF = new Uint8Array(512);
LETTERS.forEach((letter, byte) => BYTE_OF[letter.charCodeAt(0)] = byte);

function byteLetters(): string[] {
  let hidden = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
    return String.fromCodePoint(printable ? byte : hidden++);
  });
}

/** The letters of a text, one for each of its smallest tokens. */
export function toLetters(text: string, level: BytePairLevel): string[] {
  if (level === "characters") return Array.from(text);
  return Array.from(new TextEncoder().encode(text), (byte) => LETTERS[byte]!);
}

/** The bytes that letters stand for. */
export function toBytes(letters: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(letters.length);
  for (let place = 0; place < letters.length; place++) bytes[place] = BYTE_OF[letters.charCodeAt(place)]!;
  return bytes;
}

/** Decodes UTF-8; a byte-order mark at the start of a text is text like any other, and stays. */
export function utf8(): TextDecoder {
  return new TextDecoder("utf-8", { ignoreBOM: true });
}

/** Orders letters by their code points. */
export function byCodePoint(a: string, b: string): number {
  return a.codePointAt(0)! - b.codePointAt(0)!;
}
