// activation_functions — the non-linear functions between the layers, and their gradients
//
// name       value                                                      slope
// relu       max(x, 0)                                                  0 where x ≤ 0, else 1
// silu       x σ(x)                                                     σ + x σ (1 − σ)
// gelu       x Φ(x), Φ the normal distribution                          Φ(x) + x φ(x)
// geluTanh   x σ(2u), u = √(2/π) (x + 0.044715 x³)                      σ + x σ (1 − σ) 2u'
//
// NAME(x) is the value, NAMEBackward(g, x) the gradient g of the value times the slope, for each NAME of ACTIVATION
// (core/engine/operations.ts).
//
// The last is usually written x/2 (1 + tanh u), the same number. 1 − σ(x) is taken as σ(−x), which does not
// cancel. Φ comes from the tail of |x|, so that it keeps its relative accuracy left of zero, where
// 1 + erf would cancel. At −∞ value and slope are 0, at ∞ they are ∞ and 1; NaN stays. Where a slope is flat, x is
// bounded: ∞ · 0 must not appear.

// include math

// Whether x is at most zero, in bits: NaN is not.
fn isFlat(x: f32) -> bool {
  let word = bitcast<u32>(x);
  return word == 0u || (word >= SIGN_BIT && word <= (SIGN_BIT | INFINITY_BITS));
}

fn relu(x: f32) -> f32 { return bitcast<f32>(select(bitcast<u32>(x), 0u, isFlat(x))); }

fn reluBackward(g: f32, x: f32) -> f32 { return bitcast<f32>(select(bitcast<u32>(g), 0u, isFlat(x))); }

// x, or the lowest number in the place of −∞.
fn finiteBelow(x: f32) -> f32 { return max(x, -3.4028234663852886e38); }

fn silu(x: f32) -> f32 { return finiteBelow(x) * logistic(x); }

fn siluBackward(g: f32, x: f32) -> f32 {
  let s = logistic(x);
  return g * (s + clamp(x, -100.0, 100.0) * s * logistic(-x));
}

// e^(−x²/2).
fn bell(x: f32) -> f32 { return exponential(-0.5 * x * x); }

// Φ(x), given the bell of x: for z = |x| / √2 the tail is e^−z² P(t) / 2 with t = 1 / (1 + 0.3 z), relative error 2e-8.
fn normalShare(x: f32, height: f32) -> f32 {
  let t = quotient(1.0, fma(0.3, min(abs(x), 20.0) * 0.7071067811865476, 1.0));
  var p = fma(-0.12940666728062325, t, 0.4849522351517036);
  p = fma(p, t, -0.5109010956657831);
  p = fma(p, t, 0.545984534526003);
  p = fma(p, t, -0.09331486527405297);
  p = fma(p, t, 0.21428398931076742);
  p = fma(p, t, 0.14852707248662014);
  p = fma(p, t, 0.17068465819695855);
  p = fma(p, t, 0.16919011914409726);
  let tail = 0.5 * height * (p * t);
  return select(1.0 - tail, tail, x < 0.0);
}

fn gelu(x: f32) -> f32 { return finiteBelow(x) * normalShare(x, bell(x)); }

fn geluBackward(g: f32, x: f32) -> f32 {
  let height = bell(x);
  return g * (normalShare(x, height) + clamp(x, -20.0, 20.0) * height * 0.3989422804014327);
}

// 2u.
fn tanhArgument(x: f32) -> f32 { return x * fma(x * x, 0.0713548162726, 1.5957691216057308); }

fn geluTanh(x: f32) -> f32 { return finiteBelow(x) * logistic(tanhArgument(x)); }

fn geluTanhBackward(g: f32, x: f32) -> f32 {
  let z = tanhArgument(x);
  let s = logistic(z);
  let c = clamp(x, -20.0, 20.0);
  return g * (s + c * s * logistic(-z) * fma(c * c, 0.2140644488178, 1.5957691216057308));
}
