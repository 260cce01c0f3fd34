// packed_levels — numbers as multiples of a step
//
// Included by the kernels that round to integers.

// include math

// ⌊x / step + middle + 1/2⌋ in [0, most], as the definition rounds; zeros where all are zero.
fn levelsOf(x: vec4f, step: f32, middle: f32, most: f32) -> vec4i {
  let d = select(step, 1.0, step == 0.0);
  let q = vec4f(divide(x.x, d), divide(x.y, d), divide(x.z, d), divide(x.w, d));
  return vec4i(clamp(floor(q + (middle + 0.5)), vec4f(), vec4f(most)));
}

fn bytes(levels: vec4i) -> u32 {
  let v = vec4u(levels) & vec4u(255u);
  return v.x | (v.y << 8u) | (v.z << 16u) | (v.w << 24u);
}
