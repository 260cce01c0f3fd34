// attention_queries — dQ = scale · dZ K, by tiles of queries
//
// definition   core/04_attention/scaled_dot_product.ts
//
// binding  name        type                  shape / meaning
// 0–4      as in attention.wgsl
// 5        gradient    storage, read         dO, [B, H, T, D], any strides but the last
// 6        rows        storage, read         [B, H, T] fours, see attention_delta.wgsl
// 7        result      storage, read_write   dQ, [B, T, H, D], or that of each part of the keys
// 8        params      uniform               attention_common.wgsl
//
// dispatch   a plane of B · G · parts · cuts · tiles workgroups; each owns 32 rows and 32 COLUMNS elements of the width
// threads    64 as 8 × 8, see attention_tile.wgsl
// shared     13824 bytes
// barriers   bounds of all loops come from params and the number of the workgroup alone

alias Element = f32;

@group(0) @binding(0) var<storage, read> query: array<Element>;
@group(0) @binding(1) var<storage, read> key: array<Element>;
@group(0) @binding(2) var<storage, read> value: array<Element>;
@group(0) @binding(3) var<storage, read> mask: array<u32>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read> gradient: array<Element>;
@group(0) @binding(6) var<storage, read> rows: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> result: array<f32>;
@group(0) @binding(8) var<uniform> params: Params;

// include attention_back

fn queryQuad(at: u32, n: u32) -> vec4f { return kept(vec4f(query[at], query[at + 1u], query[at + 2u], query[at + 3u]), n); }
fn keyQuad(at: u32, n: u32) -> vec4f { return kept(vec4f(key[at], key[at + 1u], key[at + 2u], key[at + 3u]), n); }
fn valueQuad(at: u32, n: u32) -> vec4f { return kept(vec4f(value[at], value[at + 1u], value[at + 2u], value[at + 3u]), n); }
fn gradientQuad(at: u32, n: u32) -> vec4f { return kept(vec4f(gradient[at], gradient[at + 1u], gradient[at + 2u], gradient[at + 3u]), n); }

// As much of four numbers as the width has.
fn store(at: u32, d: u32, v: vec4f) {
  if (d < params.D) { result[at + d] = v.x; }
  if (d + 1u < params.D) { result[at + d + 1u] = v.y; }
  if (d + 2u < params.D) { result[at + d + 2u] = v.z; }
  if (d + 3u < params.D) { result[at + d + 3u] = v.w; }
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let number = group.y * groups.x + group.x;
  if (number >= params.count) { return; }
  let first = (params.tiles - 1u - number % params.tiles) * TILE;
  let cut = number / params.tiles % params.cuts * (8u * COLUMNS);
  let part = number / params.tiles / params.cuts % params.parts;
  let pair = number / params.tiles / params.cuts / params.parts;
  let b = pair / params.G;
  let g = pair % params.G;
  let x = lane % 8u;
  let y = lane / 8u;

  let mine = first + y + STEPS;
  let real = mine < vec4u(params.M);
  let inside = min(mine, vec4u(params.M - 1u));
  let h = g * (params.H / params.G) + inside / params.T;
  let t = inside % params.T;
  let limits = limitsOf(t);
  let queryRows = rowsOf(params.queryAt, b, h, t);
  let gradientRows = rowsOf(params.gradientAt, b, h, t);
  let keyRows = params.keyAt.x + b * params.keyAt.y + g * params.keyAt.z;
  let valueRows = params.valueAt.x + b * params.valueAt.y + g * params.valueAt.z;
  let numbers = (b * params.H + h) * params.T + t;
  let known = array<vec4f, 4>(rows[numbers.x], rows[numbers.y], rows[numbers.z], rows[numbers.w]);

  let begin = part * params.run;
  let end = min(begin + params.run, limitOfRows(first, min(first + TILE, params.M) - 1u));
  let chunks = (params.D + 31u) / 32u;
  var o: array<mat4x4f, COLUMNS>;
  for (var tile = begin; tile < end; tile += TILE) {
    let keys = tile + x + STEPS;
    let loaded = tile + y + STEPS;
    var s = mat4x4f();
    var dp = mat4x4f();
    for (var chunk = 0u; chunk < chunks; chunk++) {
      let d = chunk * 32u + x * 4u;
      put(LEFT, x, y, queryPart(queryRows, real, d));
      put(RIGHT, x, y, keyPart(keyRows + loaded * params.keyAt.w, loaded < vec4u(end), d));
      workgroupBarrier();
      s = meet(s, x, y);
      workgroupBarrier();
      put(LEFT, x, y, gradientPart(gradientRows, real, d));
      put(RIGHT, x, y, valuePart(valueRows + loaded * params.valueAt.w, loaded < vec4u(end), d));
      workgroupBarrier();
      dp = meet(dp, x, y);
      workgroupBarrier();
    }
    s = mat4x4f(
      scoresOf(s[0], b, vec4u(h.x), vec4u(t.x), keys, vec4u(limits.x)),
      scoresOf(s[1], b, vec4u(h.y), vec4u(t.y), keys, vec4u(limits.y)),
      scoresOf(s[2], b, vec4u(h.z), vec4u(t.z), keys, vec4u(limits.z)),
      scoresOf(s[3], b, vec4u(h.w), vec4u(t.w), keys, vec4u(limits.w)),
    );
    putWeights(
      x,
      y,
      mat4x4f(
        slopesOf(sharesOf(s[0], vec4f(known[0].x), vec4f(known[0].y)), dp[0], vec4f(known[0].z)),
        slopesOf(sharesOf(s[1], vec4f(known[1].x), vec4f(known[1].y)), dp[1], vec4f(known[1].z)),
        slopesOf(sharesOf(s[2], vec4f(known[2].x), vec4f(known[2].y)), dp[2], vec4f(known[2].z)),
        slopesOf(sharesOf(s[3], vec4f(known[3].x), vec4f(known[3].y)), dp[3], vec4f(known[3].z)),
      ),
    );

    for (var start = 0u; start < 8u; start += STAGED / 4u) {
      for (var i = lane; i < STAGED * 8u * COLUMNS; i += LANES) {
        let position = tile + columnOf(i / (8u * COLUMNS), start);
        let d = (cut + i % (8u * COLUMNS)) * 4u;
        var v = vec4f();
        if (position < end && d < params.D) {
          v = keyQuad(keyRows + position * params.keyAt.w + d, params.D - d);
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

  for (var r = 0u; r < 4u; r++) {
    var strange = false;
    for (var c = 0u; c < COLUMNS; c++) {
      o[c][r] *= params.scale;
      strange = strange || !areFinite(o[c][r]);
    }
    if (!strange || isNan(known[r].y) || !real[r]) { continue; }
    for (var c = 0u; c < COLUMNS; c++) { o[c][r] = vec4f(); }
    for (var s = begin; s < end; s++) {
      let k = keyRows + s * params.keyAt.w;
      let pair = pairAgain(queryRows[r], gradientRows[r], k, valueRows + s * params.valueAt.w, b, h[r], t[r], s);
      if (!isAllowed(pair.z)) { continue; }
      for (var c = 0u; c < COLUMNS; c++) {
        let d = (cut + c * 8u + x) * 4u;
        if (d < params.D) { o[c][r] += pair.slope * params.scale * keyQuad(k + d, params.D - d); }
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
}
