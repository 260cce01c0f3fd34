/**
 * # The words of Markdown
 *
 * **Question.** Lists, hints and the search show text without markup. What is left of a formula there, and of a table?
 *
 * **Idea.** A short formula is written as one would type it, a long one is left out; rows of tables come last.
 *
 * @module
 */

/** Makes text safe in HTML, attributes included. */
export function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** Signs that a line of text can have. */
const SIGNS: Readonly<Record<string, string>> = {
  alpha: "α",
  beta: "β",
  gamma: "γ",
  delta: "δ",
  epsilon: "ε",
  varepsilon: "ε",
  eta: "η",
  theta: "θ",
  lambda: "λ",
  mu: "μ",
  nabla: "∇",
  omega: "ω",
  partial: "∂",
  phi: "φ",
  pi: "π",
  rho: "ρ",
  sigma: "σ",
  tau: "τ",
  Phi: "Φ",
  sum: "∑",
  prod: "∏",
  infty: "∞",
  cdot: "·",
  times: "×",
  odot: "⊙",
  circ: "∘",
  le: "≤",
  ge: "≥",
  ne: "≠",
  approx: "≈",
  sim: "~",
  in: "∈",
  cup: "∪",
  to: "→",
  leftarrow: "←",
  mid: "|",
  lvert: "|",
  rvert: "|",
  lVert: "‖",
  rVert: "‖",
  dots: "…",
  cdots: "…",
  left: "",
  right: "",
  big: "",
  Big: "",
  quad: " ",
  qquad: " ",
};

/** A short formula as one would type it: `z_i − m`, `1/√d`, `W^T`. */
function typed(tex: string): string {
  return tex.replace(/\\(?:mathrm|text|textrm|operatorname|mathit)\{([^{}]*)\}/g, "$1")
    .replace(/\\[td]?frac\{([^{}]*)\}\{([^{}]*)\}/g, "$1/$2").replace(/\\sqrt\s*/g, "√").replace(/\^\\top/g, "ᵀ")
    .replace(/\\([A-Za-z]+)\s*/g, (_, name) => SIGNS[name] ?? `${name} `)
    .replace(/\\[,;:!]/g, "").replace(/\\(.)/g, "$1").replace(/[{}]/g, "").replace(/-/g, "−").replace(/\s+/g, " ")
    .trim();
}

/**
 * The words of Markdown, for lists and for the search: formulas as typed, long ones left out, tables at the end.
 *
 * @param text Markdown with formulas
 * @returns one line
 */
export function plain(text: string): string {
  const rows: string[] = [];
  const prose = text.replace(/^\|.*\|[ \t]*$/gm, (line) => {
    if (!/^[|:\s-]+$/.test(line)) {
      rows.push(line.split(/(?<!\\)\|/).map((cell) => cell.trim()).filter((cell) => cell).join(" · "));
    }
    return "";
  });
  return [prose, ...rows].join("\n")
    .replace(/\{@\w+ ([^}|]*)[^}]*\}/g, "$1").replace(/\$\$[^$]*\$\$/g, " ").replace(
      /\$([^$]+)\$/g,
      (_, tex) => typed(tex),
    )
    .replace(/```picture \S*|```\w*/g, " ").replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/[`*#|\\]/g, "").replace(
      /\s+/g,
      " ",
    )
    .trim();
}

/** Where a link leads, or what stands between two underscores. */
const EMPHASIS = /\]\([^)\s]*\)|(?<![\w})\]])_(?![\s{\\])([^_\n]+)(?<!\s)_(?![\w{\\])/g;
const AFTER_HAN = /\p{Script=Han}$/u, BEFORE_HAN = /^\p{Script=Han}/u;

/**
 * Asterisks for underscores beside Chinese characters.
 *
 * Chinese has no spaces, and Markdown reads no emphasis from underscores inside a word. The formatter writes them all the same.
 * Where a link leads is left as it is.
 */
export const emphasized = (text: string): string =>
  text.replace(EMPHASIS, (all: string, words: string | undefined, at: number) => {
    const isBeside = AFTER_HAN.test(text.slice(0, at)) || BEFORE_HAN.test(text.slice(at + all.length));
    return words !== undefined && isBeside ? `*${words}*` : all;
  });
