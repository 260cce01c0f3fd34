/** What the accessibility checker says of a page. */

import type { Tab } from "./browser.ts";

/** The part of axe's answer that is used. */
interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

let axe: Promise<string> | undefined;

/** The text of the accessibility checker, which runs in the page. */
function checker(): Promise<string> {
  const name: string = "axe-core";
  return axe ??= import(name).then(({ default: { source } }: { default: { source: string } }) => source);
}

/** What the accessibility checker finds in the page as it is. */
export async function violations({ page }: Tab): Promise<string[]> {
  await page.evaluate(await checker());
  const found = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(options: unknown): Promise<{ violations: Violation[] }> };
    };
    return (await axe.run({ resultTypes: ["violations"] })).violations;
  });
  return found.map(({ id, impact, nodes }) =>
    `${id} (${impact}): ${nodes[0]!.html.slice(0, 300)}: ${nodes[0]!.failureSummary}`
  );
}
