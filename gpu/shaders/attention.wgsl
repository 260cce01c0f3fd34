// attention — O = softmax(scale · Q Kᵀ + bias, where allowed) V, one pass over keys and values
//
// definition   core/04_attention/scaled_dot_product.ts
//
// binding  name        type                  shape / meaning
// 0        query       storage, read         [B, H, T, D], any strides but the last
// 1        key         storage, read         [B, G, S, D], the same
// 2        value       storage, read         [B, G, S, D], the same
// 3        mask        storage, read         broadcast to [B, H, T, S]; 0 forbids; not read unless MASKED
// 4        bias        storage, read         broadcast to [B, H, T, S]; not read unless BIASED
// 5        output      storage, read_write   [B, H, T, D], or that of each part of the keys
// 6        sums        storage, read_write   [parts, B, H, T] pairs: m, the maximum of z, and Σ exp(z − m)
// 7        params      uniform               attention_common.wgsl
//
// dispatch   a plane of B · G · parts · cuts · tiles workgroups; each owns 32 rows and 32 COLUMNS elements of the width
// threads    64 as 8 × 8, see attention_tile.wgsl
// shared     14848 bytes
// barriers   bounds of all loops come from params and the number of the workgroup alone
// masked     see attention_common.wgsl; keys that no row of the tile may see are not read

alias Element = f32;

@group(0) @binding(0) var<storage, read> query: array<Element>;
@group(0) @binding(1) var<storage, read> key: array<Element>;
@group(0) @binding(2) var<storage, read> value: array<Element>;
@group(0) @binding(3) var<storage, read> mask: array<u32>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read_write> output: array<f32>;
@group(0) @binding(6) var<storage, read_write> sums: array<vec2f>;
@group(0) @binding(7) var<uniform> params: Params;

// include attention_tile

fn queryQuad(at: u32, n: u32) -> vec4f { return kept(vec4f(query[at], query[at + 1u], query[at + 2u], query[at + 3u]), n); }
fn keyQuad(at: u32, n: u32) -> vec4f { return kept(vec4f(key[at], key[at + 1u], key[at + 2u], key[at + 3u]), n); }
fn valueQuad(at: u32, n: u32) -> vec4f { return kept(vec4f(value[at], value[at + 1u], value[at + 2u], value[at + 3u]), n); }

// One number per row and thread x.
var<workgroup> partials: array<f32, 256>;

fn putPartials(x: u32, y: u32, rows: vec4f) {
  let at = y * 8u + x;
  partials[at] = rows.x;
  partials[at + 64u] = rows.y;
  partials[at + 128u] = rows.z;
  partials[at + 192u] = rows.w;
}

fn highest(y: u32) -> vec4f {
  var m = vec4f(LOWEST);
  for (var i = y * 8u; i < y * 8u + 8u; i++) {
    m = max(m, vec4f(partials[i], partials[i + 64u], partials[i + 128u], partials[i + 192u]));
  }
  return m;
}

fn totals(y: u32) -> vec4f {
  var sum = vec4f();
  for (var i = y * 8u; i < y * 8u + 8u; i++) {
    sum += vec4f(partials[i], partials[i + 64u], partials[i + 128u], partials[i + 192u]);
  }
  return sum;
}

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
  // Under a causal limit the last rows take longest: they come first.
  let first = (params.tiles - 1u - number % params.tiles) * TILE;
  let cut = number / params.tiles % params.cuts * (8u * COLUMNS);
  let part = number / params.tiles / params.cuts % params.parts;
  let pair = number / params.tiles / params.cuts / params.parts;
  let b = pair / params.G;
  let g = pair % params.G;
  let x = lane % 8u;
  let y = lane / 8u;

  let rows = first + y + STEPS;
  let real = rows < vec4u(params.M);
  let inside = min(rows, vec4u(params.M - 1u));
  let h = g * (params.H / params.G) + inside / params.T;
  let t = inside % params.T;
  let limits = limitsOf(t);
  let queryRows = params.queryAt.x + b * params.queryAt.y + h * params.queryAt.z + t * params.queryAt.w;
  let keyRows = params.keyAt.x + b * params.keyAt.y + g * params.keyAt.z;
  let valueRows = params.valueAt.x + b * params.valueAt.y + g * params.valueAt.z;

  let begin = part * params.run;
  let end = min(begin + params.run, limitOfRows(first, min(first + TILE, params.M) - 1u));
  let chunks = (params.D + 31u) / 32u;
  var m = vec4f(LOWEST);
  var l = vec4f();
  var o: array<mat4x4f, COLUMNS>;
  for (var tile = begin; tile < end; tile += TILE) {
    // Scores of 32 rows and 32 keys.
    let keys = tile + x + STEPS;
    let loaded = tile + y + STEPS;
    var s = mat4x4f();
    for (var chunk = 0u; chunk < chunks; chunk++) {
      let d = chunk * 32u + x * 4u;
      // Queries that fit at once stay.
      if (chunks > 1u || tile == begin) { put(LEFT, x, y, queryPart(queryRows, real, d)); }
      put(RIGHT, x, y, keyPart(keyRows + loaded * params.keyAt.w, loaded < vec4u(end), d));
      workgroupBarrier();
      s = meet(s, x, y);
      workgroupBarrier();
    }
    s = mat4x4f(
      scoresOf(s[0], b, vec4u(h.x), vec4u(t.x), keys, vec4u(limits.x)),
      scoresOf(s[1], b, vec4u(h.y), vec4u(t.y), keys, vec4u(limits.y)),
      scoresOf(s[2], b, vec4u(h.z), vec4u(t.z), keys, vec4u(limits.z)),
      scoresOf(s[3], b, vec4u(h.w), vec4u(t.w), keys, vec4u(limits.w)),
    );

    // Shares under the highest score so far; what is summed already is brought down to it.
    putPartials(x, y, vec4f(maxOf(s[0]), maxOf(s[1]), maxOf(s[2]), maxOf(s[3])));
    workgroupBarrier();
    let now = max(m, highest(y));
    let factors = vec4f(factorOf(m.x, now.x), factorOf(m.y, now.y), factorOf(m.z, now.z), factorOf(m.w, now.w));
    let p = mat4x4f(
      weightsOf(s[0], vec4f(now.x)),
      weightsOf(s[1], vec4f(now.y)),
      weightsOf(s[2], vec4f(now.z)),
      weightsOf(s[3], vec4f(now.w)),
    );
    putWeights(x, y, p);
    m = now;
    l = l * factors + vec4f(sumOf(p[0]), sumOf(p[1]), sumOf(p[2]), sumOf(p[3]));
    for (var c = 0u; c < COLUMNS; c++) {
      o[c] = mat4x4f(o[c][0] * factors.x, o[c][1] * factors.y, o[c][2] * factors.z, o[c][3] * factors.w);
    }

    // The values, mixed.
    for (var start = 0u; start < 8u; start += STAGED / 4u) {
      for (var i = lane; i < STAGED * 8u * COLUMNS; i += LANES) {
        let position = tile + columnOf(i / (8u * COLUMNS), start);
        let d = (cut + i % (8u * COLUMNS)) * 4u;
        var v = vec4f();
        if (position < end && d < params.D) {
          v = valueQuad(valueRows + position * params.valueAt.w + d, params.D - d);
        }
        staged[i] = v;
      }
      workgroupBarrier();
      for (var i = 0u; i < STAGED / 4u; i++) {
        let share = weightsAt(start + i, y);
        for (var c = 0u; c < COLUMNS; c++) { o[c] = multiplied(o[c], share, fourRows(i * 4u, c * 8u + x)); }
      }
      workgroupBarrier();
    }
  }

  putPartials(x, y, l);
  workgroupBarrier();
  let total = totals(y);
  let shares = vec4f(inverse(total.x), inverse(total.y), inverse(total.z), inverse(total.w));
  for (var r = 0u; r < 4u; r++) {
    var strange = false;
    for (var c = 0u; c < COLUMNS; c++) {
      o[c][r] *= shares[r];
      strange = strange || !areFinite(o[c][r]);
    }
    // A row whose weights are NaN is NaN throughout.
    if (!strange || isNan(total[r]) || !real[r]) { continue; }
    for (var c = 0u; c < COLUMNS; c++) { o[c][r] = vec4f(); }
    for (var s = begin; s < end; s++) {
      let z = scoreAgain(queryRows[r], keyRows + s * params.keyAt.w, b, h[r], t[r], s);
      if (!isAllowed(z)) { continue; }
      let p = exponential(z - m[r]) * shares[r];
      for (var c = 0u; c < COLUMNS; c++) {
        let d = (cut + c * 8u + x) * 4u;
        if (d < params.D) { o[c][r] += p * valueQuad(valueRows + s * params.valueAt.w + d, params.D - d); }
      }
    }
  }
  let at = part * params.outputAt.x + b * params.outputAt.y + h * params.outputAt.z + t * params.outputAt.w;
  for (var c = 0u; c < COLUMNS; c++) {
    let d = (cut + c * 8u + x) * 4u;
    if (real.x) { store(at.x, d, o[c][0]); }
    if (real.y) { store(at.y, d, o[c][1]); }
    if (real.z) { store(at.z, d, o[c][2]); }
    if (real.w) { store(at.w, d, o[c][3]); }
  }
  if (x == 0u && cut == 0u) {
    let number = ((part * params.B + b) * params.H + h) * params.T + t;
    if (real.x) { sums[number.x] = vec2f(m.x, total.x); }
    if (real.y) { sums[number.y] = vec2f(m.y, total.y); }
    if (real.z) { sums[number.z] = vec2f(m.z, total.z); }
    if (real.w) { sums[number.w] = vec2f(m.w, total.w); }
  }
}
