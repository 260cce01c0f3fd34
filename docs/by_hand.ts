/**
 * # Worked by hand
 *
 * **Question.** A paragraph works an example by hand, with numbers. Who says that they are right?
 *
 * **Idea.** The program after it. Each number of such a paragraph has to stand in the program or in what it prints, as it is printed:
 * 0.6 for 0.6000, and not 0.61 for 0.607. A number that is not printed has to follow from numbers by an equation of the paragraph,
 * `0.1 · 4 = 0.4`, and such equations have to be true, as far as the decimals of their right side go; whole numbers in them need not be
 * printed.
 *
 * @module
 */

import { isProgram, paragraphsOf, takenOut } from "./passages.ts";

/** TeX and typographic signs as one would type them; subscripts, names and code are no numbers. */
function typed(text: string): string {
  return text.replace(/`[^`]*`/g, " ").replace(/\]\([^)]*\)/g, "] ")
    .replace(/\\t?frac\{([^{}]*)\}\{([^{}]*)\}/g, "(($1)/($2))").replace(/\\sqrt\{([^{}]*)\}/g, "√($1)")
    .replace(/\\sqrt\s*(\w)|√(\d+(?:\.\d+)?)/g, "√($1$2)")
    .replace(/_(\{[^{}]*\}|\\?\w+)/g, " ").replace(/\\cdot\b|\\times\b|[·×]/g, "*").replace(/[−–]/g, "-")
    .replace(/\\(left|right|[,;:! ])/g, " ").replace(/\\approx\b|≈/g, "=").replace(/\s+/g, " ");
}

const NUMBER = /(?<![\p{L}\d.])\d+(?:\.\d+)?(?:e-?\d+)?(?![\p{L}\d])/gu;

/** Numbers of a program or of what it prints. */
const numbersOf = (text: string): Set<number> =>
  new Set(
    [...text.replace(/(\d)_(\d)/g, "$1$2").matchAll(/(?<![\p{L}\d])(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?/gu)].map(Number),
  );

/** The value of an expression of numbers, + - * / ^ √ and parentheses; nothing if it is none. */
function valueOf(expression: string): number | undefined {
  let at = 0;
  const text = expression.replace(/\s+/g, "");
  const factor = (): number => {
    if (text[at] === "-") {
      at++;
      return -factor();
    }
    if (text[at] === "√") {
      at++;
      return Math.sqrt(factor());
    }
    if (text[at] === "(") {
      at++;
      const inner = sum();
      return text[at++] === ")" ? inner : NaN;
    }
    const [digits] = /^\d+(\.\d+)?/.exec(text.slice(at)) ?? [];
    if (digits === undefined) return NaN;
    at += digits.length;
    return Number(digits);
  };
  const power = (): number => {
    const value = factor();
    if (text[at] !== "^") return value;
    at++;
    return value ** factor();
  };
  const product = (): number => {
    let value = power();
    while (text[at] === "*" || text[at] === "/") value = text[at++] === "*" ? value * power() : value / power();
    return value;
  };
  const sum = (): number => {
    let value = product();
    while (text[at] === "+" || text[at] === "-") value = text[at++] === "+" ? value + product() : value - product();
    return value;
  };
  const value = sum();
  return at === text.length && Number.isFinite(value) ? value : undefined;
}

/** An equation: its sides, as far as they are numbers. */
function equationsOf(text: string): { readonly shown: string; readonly value: number; readonly result: string }[] {
  // No side has an operator before it that would be left out.
  const sides =
    /(?<![\p{L}\d]|[.*/+^√)}\]-] ?)([-√(\d][-√()\d.+*/^ ]*[\d)]) ?= ?(-?\d+(?:\.\d+)?)(?![\d.]*[\p{L}\d^(])(?! ?[*/^])/gu;
  return [...text.replaceAll("$", "").matchAll(sides)].flatMap(([, left = "", result = ""]) => {
    const value = /[-+*/√]/.test(left.slice(1)) || left[0] === "√" ? valueOf(left) : undefined;
    return value === undefined ? [] : [{ shown: `${left.trim()} = ${result}`, value, result }];
  });
}

/** Three quarters of a unit of the last decimal of a number: it is rounded, and so is what it is made of. */
const slack = (shown: string): number => 0.75 * 10 ** -(/\.(\d+)/.exec(shown)?.[1]?.length ?? 0);

/** A worked example: its paragraphs, and the program after them. */
interface Example {
  readonly prose: string;
  readonly program: string;
}

/** The examples of a text that have a program. */
function examplesOf(text: string): Example[] {
  const found: Example[] = [];
  let open: string[] | undefined;
  for (const paragraph of paragraphsOf(text)) {
    const [label] = /^\*\*[^*]+[.。]\*\*/.exec(paragraph) ?? [];
    if (label !== undefined) open = label === "**By hand.**" ? [] : undefined;
    if (!open) continue;
    if (isProgram(paragraph)) {
      found.push({ prose: open.join("\n\n"), program: paragraph });
      open = undefined;
    } else open.push(paragraph.slice(label?.length ?? 0));
  }
  return found;
}

/**
 * What is wrong with the numbers of examples worked by hand.
 *
 * @param text Markdown of a page's beginning
 * @returns a sentence for each number that is nowhere, and for each equation that is not true
 */
export function byHandProblems(text: string): string[] {
  return examplesOf(text).flatMap(({ prose, program }) => {
    const known = numbersOf(program), words = typed(takenOut(prose).text), problems: string[] = [];
    for (const { shown, value, result } of equationsOf(words)) {
      if (Math.abs(value - Number(result)) <= slack(result)) {
        known.add(Math.abs(Number(result)));
        // What it is halved or squared by need not be printed.
        for (const [whole] of shown.matchAll(/(?<![\d.])\d+(?![\d.]*\d)/g)) known.add(Number(whole));
      } else problems.push(`By hand: ${shown}, but it is ${Number(value.toPrecision(6))}`);
    }
    const missing = new Set(
      [...words.matchAll(NUMBER)].map(([number]) => number).filter((one) => !known.has(Number(one))),
    );
    for (const number of missing) problems.push(`By hand: ${number} is neither in the program nor printed by it`);
    return problems;
  });
}
