// keys — unsigned integers that are ordered as numbers are
//
// Included by kernels that compare: an integer has no NaN, no subnormal and one zero. NaN has the greatest
// key; the low key orders in reverse, NaN being the greatest there too.

// include numbers

const NAN_KEY = 0xffffffffu;
const LEAST_KEY = 0x00800000u;
const GREATEST_KEY = 0xff800000u;

fn keyOf(x: f32) -> u32 { return select(bitcast<u32>(orderOf(x)) ^ SIGN_BIT, NAN_KEY, isNan(x)); }

fn lowKeyOf(x: f32) -> u32 { return select(~(bitcast<u32>(orderOf(x)) ^ SIGN_BIT), NAN_KEY, isNan(x)); }

fn integerKeyOf(x: i32) -> u32 { return bitcast<u32>(x) ^ SIGN_BIT; }

// The key of nothing lies below −∞ and stands for it.
fn numberOf(key: u32) -> f32 {
  let order = bitcast<i32>(clamp(key, LEAST_KEY, GREATEST_KEY) ^ SIGN_BIT);
  let word = select(bitcast<u32>(order), SIGN_BIT | bitcast<u32>(-order), order < 0);
  return fromBits(select(word, NAN_BITS, key == NAN_KEY));
}

fn lowNumberOf(key: u32) -> f32 {
  // Nothing has the complement of NaN's key.
  return numberOf(select(min(~key, GREATEST_KEY), NAN_KEY, key == NAN_KEY));
}

fn integerOf(key: u32) -> i32 { return bitcast<i32>(key ^ SIGN_BIT); }
