// attention_back — what the derivatives of attention share
//
// Included by kernels that also declare gradient and rows. With P the weights,
//
//   dV = Pᵀ dO,   dP = dO Vᵀ,   dZ = P ∘ (dP − δ),   δ = rowsum(dO ∘ O),   dQ = scale · dZ K,   dK = scale · dZᵀ Q
//
// P is computed again from the scores, and from maximum and sum of each row, which the forward pass left behind. The two
// are kept apart: in m + ln l a large maximum would leave no digits for the sum.

// include attention_tile

fn gradientPart(at: vec4u, valid: vec4<bool>, d: u32) -> mat4x4f {
  var quads = mat4x4f();
  if (d < params.D) {
    let n = params.D - d;
    if (valid.x) { quads[0] = gradientQuad(at.x + d, n); }
    if (valid.y) { quads[1] = gradientQuad(at.y + d, n); }
    if (valid.z) { quads[2] = gradientQuad(at.z + d, n); }
    if (valid.w) { quads[3] = gradientQuad(at.w + d, n); }
  }
  return quads;
}

fn valuePart(at: vec4u, valid: vec4<bool>, d: u32) -> mat4x4f {
  var quads = mat4x4f();
  if (d < params.D) {
    let n = params.D - d;
    if (valid.x) { quads[0] = valueQuad(at.x + d, n); }
    if (valid.y) { quads[1] = valueQuad(at.y + d, n); }
    if (valid.z) { quads[2] = valueQuad(at.z + d, n); }
    if (valid.w) { quads[3] = valueQuad(at.w + d, n); }
  }
  return quads;
}

// Rows of a tensor such as query: heads and positions at `at`.
fn rowsOf(at: vec4u, b: u32, h: vec4u, t: vec4u) -> vec4u { return at.x + b * at.y + h * at.z + t * at.w; }

// P of four pairs from their scores, and from m and 1 / l of their rows.
fn sharesOf(z: vec4f, m: vec4f, share: vec4f) -> vec4f {
  return select(exponential4(z - m) * share, vec4f(), bitcast<vec4u>(z) == vec4u(FORBIDDEN_BITS));
}

// dZ for four pairs; what weighs nothing has no slope.
fn slopesOf(p: vec4f, dp: vec4f, delta: vec4f) -> vec4f { return select(p * (dp - delta), vec4f(), p == vec4f()); }

// P and dZ of one pair, added up anew: both 0 if it is forbidden, and then z for whoever asks is −∞.
struct Pair { z: f32, p: f32, slope: f32 }

fn pairAgain(queryRow: u32, gradientRow: u32, keyRow: u32, valueRow: u32, b: u32, h: u32, t: u32, s: u32) -> Pair {
  let z = scoreAgain(queryRow, keyRow, b, h, t, s);
  if (!isAllowed(z)) { return Pair(z, 0.0, 0.0); }
  var dp = vec4f();
  for (var d = 0u; d < params.D; d += 4u) {
    dp += gradientQuad(gradientRow + d, params.D - d) * valueQuad(valueRow + d, params.D - d);
  }
  let known = rows[(b * params.H + h) * params.T + t];
  let p = exponential(z - known.x) * known.y;
  return Pair(z, p, p * (sumOf(dp) - known.z));
}
