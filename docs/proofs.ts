/**
 * # Proved by, measured by
 *
 * **Question.** A page makes statements. Who checks them?
 *
 * **Idea.** Tests and benches name the files that they are about: by mirroring their paths, or by importing them. A pitfall names
 * its test in quotation marks; the name is looked up, and what stands behind it is the line where the test begins. Neither has
 * pages here: where the site knows the address of the repository, they link to it.
 *
 * @module
 */

import type { Phrases } from "./phrases.ts";
import { escape } from "./words.ts";

/** A test or a bench and where it is. */
export interface Proof {
  /** Its name. */
  readonly name: string;
  /** The file. */
  readonly path: string;
  /** Counted from 1. */
  readonly line: number;
}

/** The tests or benches of a file. */
export interface ProofFile {
  /** The file. */
  readonly path: string;
  /** In order. */
  readonly proofs: readonly Proof[];
  /** Files that it imports, from the root. */
  readonly imports: readonly string[];
}

/** All tests and benches. */
export interface Proofs {
  /** Files of tests. */
  readonly tests: readonly ProofFile[];
  /** Files of benches. */
  readonly benches: readonly ProofFile[];
  /** Texts of all files by path. */
  readonly texts: ReadonlyMap<string, string>;
  /** Where files without a page can be read, with a slash at the end; empty if nowhere. */
  readonly sourceUrl: string;
}

const CALL = /^[ \t]*(?:await )?(?:Deno\.(?:test|bench)|\w+)\(\s*(?:\n\s*)?(?:"((?:[^"\\]|\\.)+)"|`([^`]+)`)/gm;

/** Reads a file of tests or benches. */
export function readProofs(path: string, text: string): ProofFile {
  const proofs: Proof[] = [];
  for (const match of text.matchAll(CALL)) {
    const name = (match[1] ?? match[2] ?? "").replaceAll('\\"', '"');
    if (!/[ ()]/.test(name)) continue;
    const line = text.slice(0, match.index).split("\n").length;
    proofs.push({ name, path, line });
  }
  const imports = [...text.matchAll(/\bfrom "(\.[^"]+)"/g)].map(([, specifier]) =>
    new URL(specifier!, `file:///${path}`).pathname.slice(1)
  );
  return { path, proofs, imports };
}

/** Which files are about a source: its mirror first, then those that import it. */
export function proofsOf(source: string, files: readonly ProofFile[]): ProofFile[] {
  const stem = source.replace(/^core\//, "").replace(/\.\w+$/, "").replace(/^(\d\d_\w+\/\w+)\/mod$/, "$1");
  const isMirror = ({ path }: ProofFile): boolean => path.replace(/^tests\//, "").replace(/_test\.ts$/, "") === stem;
  return files.filter((file) => file.proofs.length > 0 && (isMirror(file) || file.imports.includes(source)))
    .toSorted((a, b) => Number(isMirror(b)) - Number(isMirror(a)));
}

/**
 * Names of tests in a text: what stands in quotation marks after the word test.
 *
 * @param prose Markdown
 * @returns names as they stand in the text
 */
export function testsNamed(prose: string): string[] {
  const text = prose.replace(/\s+/g, " ");
  return [...text.matchAll(/\btests? (?:"[^"]+"(?:(?:,| and|, and) "[^"]+")*)/g)]
    .flatMap(([all]) => [...all.matchAll(/"([^"]+)"/g)].map(([, name]) => name!));
}

/**
 * Finds a test.
 *
 * @param name as a page has it
 * @param files all tests
 * @param texts their texts, for names that a table or a template makes
 * @returns where it begins, or undefined if there is none
 */
export function findTest(
  name: string,
  files: readonly ProofFile[],
  texts: ReadonlyMap<string, string>,
): Proof | undefined {
  for (const { proofs } of files) {
    const found = proofs.find((proof) => proof.name === name);
    if (found) return found;
  }
  // Those of tests first: the page that names a test has the name, too.
  const isTest = (path: string): boolean => path.startsWith("tests/");
  for (const [path, text] of [...texts].toSorted(([a], [b]) => Number(isTest(b)) - Number(isTest(a)))) {
    const at = text.replaceAll('\\"', '"').indexOf(name);
    if (at >= 0) return { name, path, line: text.slice(0, text.indexOf(name.split('"')[0]!)).split("\n").length };
  }
  return undefined;
}

/**
 * Writes behind the names of tests where they are.
 *
 * @param text Markdown
 * @param names of tests that it has in quotation marks, in English or in Chinese ones
 * @param site all tests, and where their sources can be read
 * @param missing hears of names that no test has
 * @returns Markdown
 */
export function withTests(
  text: string,
  names: readonly string[],
  { tests, texts, sourceUrl }: Pick<Proofs, "tests" | "texts" | "sourceUrl">,
  missing: (name: string) => void,
): string {
  for (const name of names) {
    const proof = findTest(name, tests, texts);
    if (!proof) {
      missing(name);
      continue;
    }
    const { path, line } = proof;
    const quoted = new RegExp(`(["“])(${name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll(" ", "\\s+")})["”]`);
    text = text.replace(
      quoted,
      (_, mark: string, found: string) => {
        if (sourceUrl) return `“[${found}](${sourceUrl}${path}#L${line})”`;
        // Chinese has its own quotes, and parentheses to them.
        return mark === "“" ? `“${found}”（\`${path}:${line}\`）` : `“${found}” (\`${path}:${line}\`)`;
      },
    );
  }
  return text;
}

/**
 * The tests and benches of a source.
 *
 * @param source its path
 * @param site all of them
 * @param phrases of the language
 * @returns sentences as HTML; empty if there are none
 */
export function proofsHtml(
  source: string,
  { tests, benches, sourceUrl }: Pick<Proofs, "tests" | "benches" | "sourceUrl">,
  phrases: Phrases,
): string {
  const one = ({ path, proofs }: ProofFile): string => {
    const name = `<code>${escape(path)}</code>`;
    return `${sourceUrl ? `<a href="${escape(sourceUrl + path)}">${name}</a>` : name} (${proofs.length})`;
  };
  const list = (files: readonly ProofFile[]): string =>
    files.slice(0, 6).map(one).join(", ") + (files.length > 6 ? phrases.more(files.length - 6) : "");
  const proved = proofsOf(source, tests), measured = proofsOf(source, benches);
  return (proved.length > 0 ? `<p>${phrases.proved(list(proved))}</p>` : "") +
    (measured.length > 0 ? `<p>${phrases.measured(list(measured))}</p>` : "");
}
