// attention_delta — δ = rowsum(dO ∘ O), beside maximum and sum of its row
//
// definition   core/04_attention/scaled_dot_product.ts
//
// binding  name        type                  shape / meaning
// 0        output      storage, read         O, [B, H, T, D], any strides but the last
// 1        gradient    storage, read         dO, the same
// 2        sums        storage, read         [B, H, T] pairs: m and Σ exp(z − m)
// 3        rows        storage, read_write   [B, H, T] fours: m, 1 / Σ exp(z − m) or 0, δ, 0
// 4        params      uniform               R = B · H · T
//
// dispatch   a plane of ⌈R / 4⌉ workgroups
// threads    64: 16 for each of four rows; thread t takes elements t, t + 16, …
// shared     256 bytes

struct Params {
  R: u32, H: u32, T: u32, D: u32,
  // offset, elements per step of batch, head, position
  outputAt: vec4u, gradientAt: vec4u,
}

@group(0) @binding(0) var<storage, read> output: array<f32>;
@group(0) @binding(1) var<storage, read> gradient: array<f32>;
@group(0) @binding(2) var<storage, read> sums: array<vec2f>;
@group(0) @binding(3) var<storage, read_write> rows: array<vec4f>;
@group(0) @binding(4) var<uniform> params: Params;

// include math

var<workgroup> products: array<f32, 64>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = (group.y * groups.x + group.x) * 4u + lane / 16u;
  let real = row < params.R;
  let inside = min(row, params.R - 1u);
  let t = inside % params.T;
  let h = inside / params.T % params.H;
  let b = inside / params.T / params.H;
  let o = params.outputAt.x + b * params.outputAt.y + h * params.outputAt.z + t * params.outputAt.w;
  let g = params.gradientAt.x + b * params.gradientAt.y + h * params.gradientAt.z + t * params.gradientAt.w;
  var sum = 0.0;
  for (var d = lane % 16u; d < params.D; d += 16u) { sum += output[o + d] * gradient[g + d]; }
  products[lane] = sum;
  workgroupBarrier();
  if (real && lane % 16u == 0u) {
    for (var i = 1u; i < 16u; i++) { sum += products[lane + i]; }
    let found = sums[row];
    rows[row] = vec4f(found.x, select(quotient(1.0, found.y), 0.0, found.y == 0.0), sum, 0.0);
  }
}
