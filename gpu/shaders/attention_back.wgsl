// attention_back — what the derivatives of attention share
//
// Included by kernels that also declare gradient and rows. With P the weights,
//
//   dV = Pᵀ dO,   dP = dO Vᵀ,   dZ = P ∘ (dP − δ),   δ = rowsum(dO ∘ O),   dQ = scale · dZ K,   dK = scale · dZᵀ Q
//
// P is computed again from the scores and the logarithms that the forward pass left behind.

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

// dZ for four pairs.
fn slopesOf(p: vec4f, dp: vec4f, delta: vec4f) -> vec4f { return p * (dp - delta); }
