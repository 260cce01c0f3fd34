/**
 * # Numbers as they are written
 *
 * One way for captions, axes and tables: whole numbers are whole, five digits and more stand in threes, what is very
 * small is a power of ten. Spaces within a number do not break, nor does the one before a percent sign.
 *
 * @module
 */

import { ROUNDING } from "./arithmetic.ts";

/** Stands between thousands and before a percent sign. */
const THIN = "\u202f";

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** A number as a factor and a power of ten: `2.5·10⁻⁶`. */
export function scientific(value: number, digits = 3): string {
  const [mantissa = "", exponent = ""] = value.toExponential(digits - 1).split("e");
  const raised = [...exponent.replace("+", "")].map((c) => c === "-" ? "⁻" : SUPERSCRIPTS[Number(c)]!).join("");
  const factor = Number(mantissa);
  return `${factor === 1 ? "" : factor === -1 ? "−" : `${String(factor).replace("-", "−")}·`}10${raised}`;
}

/**
 * A number as a caption, an axis or a table shows it.
 *
 * @param value what is written; a whole number keeps all its digits
 * @param digits how many digits count in what is not whole; none before the point is lost
 */
export function number(value: number, digits = 4): string {
  if (value === 0) return "0";
  if (!Number.isFinite(value)) return String(value).replace("-", "−").replace("Infinity", "∞");
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e15) return scientific(value, Math.min(3, digits));
  const short = Number.isInteger(value) || size >= 10 ** digits ? Math.round(value) : Number(value.toPrecision(digits));
  const [whole = "", part] = String(Math.abs(short)).split(".");
  const grouped = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, THIN) : whole;
  return `${value < 0 ? "−" : ""}${grouped}${part === undefined ? "" : `.${part}`}`;
}

/** A number with so many decimals, zeros among them. */
export function fixed(value: number, decimals: number): string {
  const text = value.toFixed(decimals);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

/**
 * A fraction as a caption writes it, in percent.
 *
 * @param share between 0 and 1
 * @param digits how many digits count; without it, whole percents, and one decimal below ten
 */
export function percent(share: number, digits?: number): string {
  const decimals = share > 0 && share < 0.1 ? 1 : 0;
  return `${digits === undefined ? fixed(100 * share, decimals) : number(100 * share, digits)}${THIN}%`;
}

/** A difference that rounding may explain, as a caption writes it. */
export function small(difference: number): string {
  return Math.abs(difference) < ROUNDING ? `less than ${ROUNDING.toFixed(5)}` : number(difference, 2);
}
