/**
 * # What a page may not do
 *
 * **Question.** A link leads nowhere, a pitfall names no test, a section has no figure. Who notices?
 *
 * **Idea.** The finished pages are read again: every link must lead to a file that was written, and every anchor to an element
 * that it has. Nothing may be fetched from another host. The rest was noticed while the pages were made.
 *
 * @module
 */

/** Something wrong. */
export interface Problem {
  /** The page or the source. */
  readonly where: string;
  /** What. */
  readonly text: string;
}

/** Takes escapes of HTML back. */
const unescape = (text: string): string =>
  text.replaceAll("&quot;", '"').replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

/** Elements that others can point at. */
function idsOf(html: string): Set<string> {
  return new Set([...html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => unescape(id!)));
}

/**
 * Reads the links of all pages.
 *
 * @param files texts of the pages by address
 * @param others addresses of everything else
 * @returns links that lead nowhere, requests to other hosts, anchors that two elements share
 */
export function checkLinks(files: ReadonlyMap<string, string>, others: ReadonlySet<string>): Problem[] {
  const problems: Problem[] = [];
  const ids = new Map([...files].map(([url, html]) => [url, idsOf(html)]));
  for (const [url, html] of files) {
    const complain = (text: string): void => void problems.push({ where: url, text });
    const all = [...html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id!);
    const seen = new Set<string>();
    for (const id of all) {
      if (seen.has(id)) complain(`Two elements are called ${id}`);
      seen.add(id);
    }
    for (const [, kind, value] of html.matchAll(/ (href|src)="([^"]*)"/g)) {
      const link = unescape(value!);
      if (/^(data|mailto):/.test(link)) continue;
      if (/^\w+:/.test(link)) {
        if (kind === "src" || html.includes(`<link rel="stylesheet" href="${value}`)) {
          complain(`Asks another host: ${link}`);
        }
        continue;
      }
      if (link.startsWith("/")) {
        complain(`Not relative: ${link}`);
        continue;
      }
      const target = new URL(link, `file:///${url}`);
      const path = decodeURIComponent(target.pathname.slice(1)), hash = decodeURIComponent(target.hash.slice(1));
      if (!files.has(path) && !others.has(path)) complain(`Dead link: ${link}`);
      else if (hash && files.has(path) && !ids.get(path)!.has(hash)) complain(`Dead anchor: ${link}`);
    }
  }
  return problems;
}
