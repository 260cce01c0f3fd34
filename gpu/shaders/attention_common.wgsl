// attention_common — which key a query may see, with what handicap, and what it then weighs
//
// Included by the kernels of attention, which declare query, key, value, mask, bias and params.
//
// rows       the queries of all heads that read one group of keys, head by head: row = head in group · T + t
// masked     a forbidden score is −∞, known by its bits, and weighs 0; −∞ in a bias forbids as well
// strange    zero times what is infinite or NaN is NaN: a sum that is no finite number is therefore added up again over
//            the pairs that are allowed, which also keeps averages of large numbers finite

// include math

const LOWEST = -3.4028234663852886e38;
const FORBIDDEN_BITS = 0xff800000u;
const CAUSAL = 1u;
const MASKED = 2u;
const BIASED = 4u;

struct Params {
  // heads, groups of keys, queries, keys
  H: u32, G: u32, T: u32, S: u32,
  // width, rows of a group, what of CAUSAL, MASKED, BIASED holds, factor of the dot products
  D: u32, M: u32, flags: u32, scale: f32,
  // offset, then elements per step of batch, head, position
  queryAt: vec4u, keyAt: vec4u, valueAt: vec4u,
  // elements per step of part, batch, head, position
  outputAt: vec4u,
  // as queryAt
  gradientAt: vec4u,
  // elements per step of batch, head, query, key
  maskAt: vec4u, biasAt: vec4u,
  maskOffset: u32, biasOffset: u32,
  // parts into which the keys are cut (the rows, where keys are owned), length of a part
  parts: u32, run: u32,
  // tiles of rows or keys, cuts of the width, workgroups, batch
  tiles: u32, cuts: u32, count: u32, B: u32,
  // extents of batch and heads of a bias
  biasB: u32, biasH: u32, rest0: u32, rest1: u32,
}

// Keeps the first n components.
fn kept(x: vec4f, n: u32) -> vec4f { return select(vec4f(), x, vec4u(0u, 1u, 2u, 3u) < vec4u(n)); }

// o + p₀ v₀ + p₁ v₁ + p₂ v₂ + p₃ v₃
fn mixed(o: vec4f, p: vec4f, v: mat4x4f) -> vec4f { return o + p.x * v[0] + p.y * v[1] + p.z * v[2] + p.w * v[3]; }

fn sumOf(x: vec4f) -> f32 { return (x.x + x.y) + (x.z + x.w); }

fn maxOf(x: vec4f) -> f32 { return max(max(x.x, x.y), max(x.z, x.w)); }

// Keys that queries may see as far as causality goes: the last query sees all.
fn limitsOf(t: vec4u) -> vec4u {
  if ((params.flags & CAUSAL) == 0u) { return vec4u(params.S); }
  let seen = t + params.S + 1u;
  return select(vec4u(), seen - params.T, seen > vec4u(params.T));
}

// The most that one of the rows `first` to `last` may see.
fn limitOfRows(first: u32, last: u32) -> u32 {
  let t = select(last % params.T, params.T - 1u, first / params.T != last / params.T);
  return limitsOf(vec4u(t)).x;
}

// Scores of four pairs from their dot products.
fn scoresOf(dots: vec4f, b: u32, h: vec4u, t: vec4u, keys: vec4u, limits: vec4u) -> vec4f {
  var z = dots * params.scale;
  if ((params.flags & BIASED) != 0u) {
    let at = params.biasOffset + b * params.biasAt.x + h * params.biasAt.y + t * params.biasAt.z +
      keys * params.biasAt.w;
    let more = vec4f(bias[at.x], bias[at.y], bias[at.z], bias[at.w]);
    z = select(z + more, more, bitcast<vec4u>(more) == vec4u(FORBIDDEN_BITS));
  }
  let never = vec4f(fromBits(FORBIDDEN_BITS));
  if ((params.flags & MASKED) != 0u) {
    let at = params.maskOffset + b * params.maskAt.x + h * params.maskAt.y + t * params.maskAt.z +
      keys * params.maskAt.w;
    let allowed = vec4u(mask[at.x], mask[at.y], mask[at.z], mask[at.w]);
    z = select(z, never, allowed == vec4u());
  }
  return select(z, never, keys >= limits);
}

// exp(z − m), and 0 for a forbidden score.
fn weightsOf(z: vec4f, m: vec4f) -> vec4f {
  return select(exponential4(z - m), vec4f(), bitcast<vec4u>(z) == vec4u(FORBIDDEN_BITS));
}

// What sums under the old maximum are worth under the new one.
fn factorOf(before: f32, now: f32) -> f32 { return exponential(before - now); }

// 1 / x, and 0 for 0.
fn inverse(x: f32) -> f32 { return select(quotient(1.0, x), 0.0, x == 0.0); }

// Whether four numbers are finite.
fn areFinite(x: vec4f) -> bool { return all((bitcast<vec4u>(x) & vec4u(0x7fffffffu)) < vec4u(0x7f800000u)); }

// The score of one pair, added up anew; −∞ if it is forbidden.
fn scoreAgain(queryRow: u32, keyRow: u32, b: u32, h: u32, t: u32, s: u32) -> f32 {
  var dot = vec4f();
  for (var d = 0u; d < params.D; d += 4u) {
    dot += queryQuad(queryRow + d, params.D - d) * keyQuad(keyRow + d, params.D - d);
  }
  return scoresOf(vec4f(sumOf(dot)), b, vec4u(h), vec4u(t), vec4u(s), limitsOf(vec4u(t))).x;
}

// Whether a score is of a pair that is allowed.
fn isAllowed(z: f32) -> bool { return bitcast<u32>(z) != FORBIDDEN_BITS; }
