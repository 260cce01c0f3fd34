// attention_few — attention of a few rows over many keys, cut into parts so that one token keeps a GPU busy
//
// definition   core/04_attention/scaled_dot_product.ts
//
// binding  name        type                  shape / meaning
// 0–7      as in attention.wgsl
//
// dispatch   a plane of B · G · parts · tiles workgroups; each owns ROWS rows of a group and `run` keys,
//            a multiple of 64; attention_combine.wgsl brings the parts together
// threads    128; scores: 8 threads share a key, 64 keys at a time; values: ⌈D / 4⌉ threads share a key
// shared     at most 14608 bytes; D ≤ 256
// barriers   bounds of all loops that contain one come from params and the number of the workgroup alone
// masked     see attention_common.wgsl

alias Element = f32;
const ROWS = 1u;
const LANES = 128u;
const KEYS = 64u;

@group(0) @binding(0) var<storage, read> query: array<Element>;
@group(0) @binding(1) var<storage, read> key: array<Element>;
@group(0) @binding(2) var<storage, read> value: array<Element>;
@group(0) @binding(3) var<storage, read> mask: array<u32>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read_write> output: array<f32>;
@group(0) @binding(6) var<storage, read_write> sums: array<vec2f>;
@group(0) @binding(7) var<uniform> params: Params;

// include attention_common

fn queryQuad(at: u32, n: u32) -> vec4f { return kept(vec4f(query[at], query[at + 1u], query[at + 2u], query[at + 3u]), n); }
fn keyQuad(at: u32, n: u32) -> vec4f { return kept(vec4f(key[at], key[at + 1u], key[at + 2u], key[at + 3u]), n); }
fn valueQuad(at: u32, n: u32) -> vec4f { return kept(vec4f(value[at], value[at + 1u], value[at + 2u], value[at + 3u]), n); }

// [ROWS][64 vectors]
var<workgroup> queries: array<vec4f, ROWS * 64u>;
// Parts of the dot products, [ROWS][16 keys][9]: a vector holds the keys k, k + 16, k + 32, k + 48.
// In the end parts of the output.
var<workgroup> products: array<vec4f, ROWS * 144u>;
// [ROWS][16 keys], as above
var<workgroup> weights: array<vec4f, ROWS * 16u>;
var<workgroup> partials: array<f32, ROWS * 16u>;
var<workgroup> factors: array<f32, ROWS>;

// As much of four numbers as the width has.
fn store(at: u32, d: u32, v: vec4f) {
  if (d < params.D) { output[at + d] = v.x; }
  if (d + 1u < params.D) { output[at + d + 1u] = v.y; }
  if (d + 2u < params.D) { output[at + d + 2u] = v.z; }
  if (d + 3u < params.D) { output[at + d + 3u] = v.w; }
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let number = group.y * groups.x + group.x;
  if (number >= params.count) { return; }
  let first = number % params.tiles * ROWS;
  let part = number / params.tiles % params.parts;
  let pair = number / params.tiles / params.parts;
  let b = pair / params.G;
  let g = pair % params.G;
  let D = params.D;
  let quads = (D + 3u) / 4u;
  let last = max(params.S, 1u) - 1u;

  for (var i = lane; i < ROWS * quads; i += LANES) {
    let row = min(first + i / quads, params.M - 1u);
    let d = i % quads * 4u;
    let h = g * (params.H / params.G) + row / params.T;
    let at = params.queryAt.x + b * params.queryAt.y + h * params.queryAt.z + row % params.T * params.queryAt.w;
    queries[i / quads * 64u + i % quads] = queryQuad(at + d, D - d);
  }

  // The row and the four keys whose scores this thread finishes, if lane < 16 ROWS.
  let finishes = lane < 16u * ROWS;
  let slot = lane % 16u;
  let mine = min(lane / 16u, ROWS - 1u);
  let row = min(first + mine, params.M - 1u);
  let h = g * (params.H / params.G) + row / params.T;
  let t = row % params.T;
  let limit = limitsOf(vec4u(t));
  var m = LOWEST;
  var l = 0.0;

  // Thread x of key y in products with keys; vector c of the values, of every `teams`-th key.
  let x = lane % 8u;
  let y = lane / 8u;
  let c = lane % quads;
  let team = lane / quads;
  let teams = LANES / quads;
  let keyRows = params.keyAt.x + b * params.keyAt.y + g * params.keyAt.z;
  let valueRows = params.valueAt.x + b * params.valueAt.y + g * params.valueAt.z;
  const STEPS = vec4u(0u, 16u, 32u, 48u);
  var o: array<vec4f, ROWS>;
  workgroupBarrier();

  let end = min((part + 1u) * params.run, params.S);
  for (var tile = part * params.run; tile < end; tile += KEYS) {
    let at = keyRows + min(tile + y + STEPS, vec4u(last)) * params.keyAt.w;
    // Set to zero in words: some compilers do so only once for a variable inside a loop.
    var dots = array<vec4f, ROWS>();
    for (var i = x; i < quads; i += 8u) {
      let d = i * 4u;
      let n = D - d;
      let k = transpose(
        mat4x4f(keyQuad(at.x + d, n), keyQuad(at.y + d, n), keyQuad(at.z + d, n), keyQuad(at.w + d, n)),
      );
      for (var r = 0u; r < ROWS; r++) { dots[r] = mixed(dots[r], queries[r * 64u + i], k); }
    }
    for (var r = 0u; r < ROWS; r++) { products[r * 144u + y * 9u + x] = dots[r]; }
    workgroupBarrier();

    var z = vec4f(LOWEST);
    if (finishes) {
      var dot = vec4f();
      for (var i = 0u; i < 8u; i++) { dot += products[mine * 144u + slot * 9u + i]; }
      z = scoresOf(dot, b, vec4u(h), vec4u(t), tile + slot + STEPS, limit);
      partials[lane] = maxOf(z);
    }
    workgroupBarrier();
    if (finishes) {
      var now = m;
      for (var i = 0u; i < 16u; i++) { now = max(now, partials[mine * 16u + i]); }
      let factor = factorOf(m, now);
      let p = weightsOf(z, vec4f(now));
      l = l * factor + sumOf(p);
      m = now;
      weights[lane] = p;
      if (slot == 0u) { factors[mine] = factor; }
    }
    workgroupBarrier();

    for (var r = 0u; r < ROWS; r++) { o[r] *= factors[r]; }
    if (team < teams) {
      for (var i = team; i < 16u; i += teams) {
        let start = valueRows + min(tile + i + STEPS, vec4u(last)) * params.valueAt.w + c * 4u;
        let n = D - c * 4u;
        let v = mat4x4f(valueQuad(start.x, n), valueQuad(start.y, n), valueQuad(start.z, n), valueQuad(start.w, n));
        for (var r = 0u; r < ROWS; r++) { o[r] = mixed(o[r], weights[r * 16u + i], v); }
      }
    }
  }

  workgroupBarrier();
  for (var r = 0u; r < ROWS; r++) { products[r * LANES + lane] = o[r]; }
  if (finishes) {
    partials[lane] = l;
    if (slot == 0u) { factors[mine] = m; }
  }
  workgroupBarrier();
  for (var i = lane; i < ROWS * quads; i += LANES) {
    let r = i / quads;
    if (first + r >= params.M) { continue; }
    var total = 0.0;
    for (var k = 0u; k < 16u; k++) { total += partials[r * 16u + k]; }
    var sum = vec4f();
    for (var k = 0u; k < teams; k++) { sum += products[r * LANES + k * quads + i % quads]; }
    let head = g * (params.H / params.G) + (first + r) / params.T;
    let position = (first + r) % params.T;
    let share = inverse(total);
    sum *= share;
    // A row whose weights are NaN is NaN throughout.
    if (!areFinite(sum) && !isNan(total)) {
      sum = vec4f();
      let queryRow = params.queryAt.x + b * params.queryAt.y + head * params.queryAt.z + position * params.queryAt.w;
      for (var s = part * params.run; s < end; s++) {
        let z = scoreAgain(queryRow, keyRows + s * params.keyAt.w, b, head, position, s);
        if (!isAllowed(z)) { continue; }
        let d = i % quads * 4u;
        sum += exponential(z - factors[r]) * share * valueQuad(valueRows + s * params.valueAt.w + d, D - d);
      }
    }
    let at = part * params.outputAt.x + b * params.outputAt.y + head * params.outputAt.z + position * params.outputAt.w;
    store(at, i % quads * 4u, sum);
  }
  if (finishes && slot == 0u && first + mine < params.M) {
    var total = 0.0;
    for (var k = 0u; k < 16u; k++) { total += partials[mine * 16u + k]; }
    sums[((part * params.B + b) * params.H + h) * params.T + t] = vec2f(m, total);
  }
}
