// softmax_row — maximum and sum of exponentials of a row, in one sweep
//
// Included by kernels that read rows of scores `x`: array<Element>.
//
// result     x = m, the maximum, at least LOWEST; y = Σ exp(x − m); z = Σ x / 2²⁴ of what is allowed;
//            w = the strangest number seen: 1 for −∞, 2 for ∞ or NaN, else 0
// masked     −∞ is recognized by its bits, stands for LOWEST in comparisons and adds nothing to a sum
// rounding   each thread rescales its sum when it meets a greater maximum; the pairs of threads likewise

// include math
// include team

alias Element = f32;
alias Word = u32;

const LOWEST = -3.4028234663852886e38;
const FORBIDDEN_BITS = 0xff800000u;
const FORBIDDEN = 1.0;
// Leaves room for sums of large numbers, and is exact.
const SMALL = 0x1p-24f;
const WILD = 2.0;
const NOTHING = vec4f(LOWEST, 0.0, 0.0, 0.0);

fn exponentials(x: Element) -> Element { return exponential(x); }
fn total(x: Element) -> f32 { return x; }
fn largest(x: Element) -> f32 { return x; }

fn combine(a: vec4f, b: vec4f) -> vec4f {
  let m = max(a.x, b.x);
  let s = a.y * exponential(a.x - m) + b.y * exponential(b.x - m);
  return vec4f(m, s, a.z + b.z, max(a.w, b.w));
}

// The row of `count` elements that begins at `first`; a count of 0 changes nothing.
fn scan(first: u32, count: u32, lane: u32) -> vec4f {
  var found = NOTHING;
  for (var i = lane % WIDTH; i < count; i += WIDTH) {
    let raw = x[first + i];
    let word = bitcast<Word>(raw);
    let forbidden = word == Word(FORBIDDEN_BITS);
    let wild = (word & Word(0x7fffffffu)) >= Word(INFINITY_BITS);
    let safe = select(raw, Element(LOWEST), wild);
    if (any(wild)) { found.w = max(found.w, select(FORBIDDEN, WILD, any(wild & !forbidden))); }
    let m = max(found.x, largest(safe));
    if (m > found.x) {
      found.y *= exponential(found.x - m);
      found.x = m;
    }
    found.y += total(select(exponentials(safe - m), Element(0.0), forbidden));
    // Multiplied before the choice: a compiler may take a common factor out of a sum, and then the sum overflows.
    found.z += total(select(safe * SMALL, Element(0.0), forbidden));
  }
  return together(found, lane);
}
