// numbers — what the language leaves open about numbers, decided
//
// Included by kernels that promise what NaN, infinity and conversions do. A compiler may assume that no
// NaN and no infinity exists, so both are recognized by their bits.

const INFINITY_BITS = 0x7f800000u;
const NAN_BITS = 0x7fc00000u;
const SIGN_BIT = 0x80000000u;

fn isNan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > INFINITY_BITS; }

fn isInfinite(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) == INFINITY_BITS; }

// A number from its bits that no compiler knows beforehand: constants must be finite.
fn fromBits(word: u32) -> f32 {
  var hidden = word;
  return bitcast<f32>(hidden);
}

fn notANumber() -> f32 { return fromBits(NAN_BITS); }

fn infinity() -> f32 { return fromBits(INFINITY_BITS); }

// Towards zero; saturates, and NaN becomes 0.
fn toInteger(x: f32) -> i32 {
  if (isNan(x)) { return 0; }
  if (x >= 2147483648.0) { return 2147483647; }
  if (x <= -2147483648.0) { return -2147483647 - 1; }
  return i32(x);
}

// Everything but zero is true, NaN included.
fn isTrue(x: f32) -> u32 { return select(1u, 0u, (bitcast<u32>(x) & 0x7fffffffu) == 0u); }

// The value of x as an integer that orders numbers as they are ordered, zeros of both signs as one. Exact
// where a driver takes a subnormal number for zero; for NaN it means nothing.
fn orderOf(x: f32) -> i32 {
  let word = bitcast<i32>(x);
  return select(word, -(word & 0x7fffffff), word < 0);
}
