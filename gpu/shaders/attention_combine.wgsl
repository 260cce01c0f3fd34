// attention_combine — the output over all keys from those over parts of them: O = Σ wᵢ Oᵢ / Σ wᵢ, wᵢ = lᵢ exp(mᵢ − max m)
//
// definition   core/04_attention/scaled_dot_product.ts
//
// binding  name        type                  shape / meaning
// 0        outputs     storage, read         [parts, R, D], R = B · H · T
// 1        parts       storage, read         [parts, R] pairs: m, the maximum of z, and l = Σ exp(z − m)
// 2        output      storage, read_write   [B, T, H, D]
// 3        sums        storage, read_write   [R] pairs, of all keys
// 4        params      uniform
//
// dispatch   a plane of R workgroups, one row each
// threads    64; thread t takes parts, and then elements of the width, t, t + 64, …
// shared     2304 bytes; parts ≤ 512

// include math

const LANES = 64u;
const LOWEST = -3.4028234663852886e38;

struct Params { R: u32, H: u32, T: u32, D: u32, parts: u32 }

@group(0) @binding(0) var<storage, read> outputs: array<f32>;
@group(0) @binding(1) var<storage, read> parts: array<vec2f>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;
@group(0) @binding(3) var<storage, read_write> sums: array<vec2f>;
@group(0) @binding(4) var<uniform> params: Params;

var<workgroup> weights: array<f32, 512>;
var<workgroup> partials: array<f32, LANES>;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = group.y * groups.x + group.x;
  if (row >= params.R) { return; }
  var m = LOWEST;
  for (var i = lane; i < params.parts; i += LANES) { m = max(m, parts[i * params.R + row].x); }
  partials[lane] = m;
  workgroupBarrier();
  for (var i = 0u; i < LANES; i++) { m = max(m, partials[i]); }
  workgroupBarrier();

  var sum = 0.0;
  for (var i = lane; i < params.parts; i += LANES) {
    let found = parts[i * params.R + row];
    let weight = select(found.y * exponential(found.x - m), 0.0, found.y == 0.0);
    weights[i] = weight;
    sum += weight;
  }
  partials[lane] = sum;
  workgroupBarrier();
  var total = 0.0;
  for (var i = 0u; i < LANES; i++) { total += partials[i]; }
  let scale = select(quotient(1.0, total), 0.0, total == 0.0);

  let t = row % params.T;
  let h = row / params.T % params.H;
  let b = row / params.T / params.H;
  let at = ((b * params.T + t) * params.H + h) * params.D;
  for (var d = lane; d < params.D; d += LANES) {
    var o = 0.0;
    for (var i = 0u; i < params.parts; i++) { o += weights[i] * scale * outputs[(i * params.R + row) * params.D + d]; }
    output[at + d] = o;
  }
  if (lane == 0u) { sums[row] = vec2f(m, total); }
}
