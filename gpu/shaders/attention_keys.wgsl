// attention_keys — dK = scale · dZᵀ Q and dV = Pᵀ dO, by tiles of keys, all heads of a group in one sum
//
// definition   core/04_attention/scaled_dot_product.ts
//
// binding  name        type                  shape / meaning
// 0–4      as in attention.wgsl
// 5        gradient    storage, read         dO, [B, H, T, D], any strides but the last
// 6        rows        storage, read         [B, H, T] fours, see attention_delta.wgsl
// 7        result      storage, read_write   dK, [B, S, G, D], then dV, the same; or those of each part of the rows
// 8        params      uniform               attention_common.wgsl; outputAt.x = where dV starts
//
// dispatch   a plane of B · G · parts · cuts · tiles workgroups; each owns 32 keys and 32 COLUMNS elements of the width
// threads    64 as 8 × 8, see attention_tile.wgsl; rows of a tile are keys, columns are queries
// shared     13824 bytes
// barriers   bounds of all loops come from params and the number of the workgroup alone
// order      sums run over heads and queries in their order, whoever computes them

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
  // Under a causal limit the first keys take longest: they come first.
  let first = number % params.tiles * TILE;
  let cut = number / params.tiles % params.cuts * (8u * COLUMNS);
  let part = number / params.tiles / params.cuts % params.parts;
  let pair = number / params.tiles / params.cuts / params.parts;
  let b = pair / params.G;
  let g = pair % params.G;
  let x = lane % 8u;
  let y = lane / 8u;

  let mine = first + y + STEPS;
  let real = mine < vec4u(params.S);
  let keyRows = params.keyAt.x + b * params.keyAt.y + g * params.keyAt.z + mine * params.keyAt.w;
  let valueRows = params.valueAt.x + b * params.valueAt.y + g * params.valueAt.z + mine * params.valueAt.w;
  let heads = params.H / params.G;

  let chunks = (params.D + 31u) / 32u;
  var dk: array<mat4x4f, COLUMNS>;
  var dv: array<mat4x4f, COLUMNS>;
  let end = min((part + 1u) * params.run, params.M);
  for (var tile = part * params.run; tile < end; tile += TILE) {
    if (limitOfRows(tile, min(tile + TILE, params.M) - 1u) <= first) { continue; }

    // Rows that this thread stages.
    let loaded = tile + y + STEPS;
    let there = loaded < vec4u(params.M);
    let inside = min(loaded, vec4u(params.M - 1u));
    let queryRows = rowsOf(params.queryAt, b, g * heads + inside / params.T, inside % params.T);
    let gradientRows = rowsOf(params.gradientAt, b, g * heads + inside / params.T, inside % params.T);
    var s = mat4x4f();
    var dp = mat4x4f();
    for (var chunk = 0u; chunk < chunks; chunk++) {
      let d = chunk * 32u + x * 4u;
      put(LEFT, x, y, keyPart(keyRows, real, d));
      put(RIGHT, x, y, queryPart(queryRows, there, d));
      workgroupBarrier();
      s = meet(s, x, y);
      workgroupBarrier();
      put(LEFT, x, y, valuePart(valueRows, real, d));
      put(RIGHT, x, y, gradientPart(gradientRows, there, d));
      workgroupBarrier();
      dp = meet(dp, x, y);
      workgroupBarrier();
    }

    // The four queries whose scores this thread holds.
    let column = tile + x + STEPS;
    let row = min(column, vec4u(params.M - 1u));
    let h = g * heads + row / params.T;
    let t = row % params.T;
    let limits = select(vec4u(), limitsOf(t), column < vec4u(params.M));
    let numbers = (b * params.H + h) * params.T + t;
    let known = transpose(mat4x4f(rows[numbers.x], rows[numbers.y], rows[numbers.z], rows[numbers.w]));
    let p = mat4x4f(
      sharesOf(scoresOf(s[0], b, h, t, vec4u(mine.x), limits), known[0], known[1]),
      sharesOf(scoresOf(s[1], b, h, t, vec4u(mine.y), limits), known[0], known[1]),
      sharesOf(scoresOf(s[2], b, h, t, vec4u(mine.z), limits), known[0], known[1]),
      sharesOf(scoresOf(s[3], b, h, t, vec4u(mine.w), limits), known[0], known[1]),
    );

    putWeights(x, y, p);
    for (var start = 0u; start < 8u; start += STAGED / 4u) {
      for (var i = lane; i < STAGED * 8u * COLUMNS; i += LANES) {
        let position = tile + columnOf(i / (8u * COLUMNS), start);
        let d = (cut + i % (8u * COLUMNS)) * 4u;
        var v = vec4f();
        if (position < params.M && d < params.D) {
          let h = g * heads + position / params.T;
          let at = params.gradientAt.x + b * params.gradientAt.y + h * params.gradientAt.z +
            position % params.T * params.gradientAt.w;
          v = gradientQuad(at + d, params.D - d);
        }
        staged[i] = v;
      }
      workgroupBarrier();
      for (var i = 0u; i < STAGED / 4u; i++) {
        let share = weightsAt(start + i, y);
        for (var c = 0u; c < COLUMNS; c++) { dv[c] = multiplied(dv[c], share, fourRows(i * 4u, c * 8u + x)); }
      }
      workgroupBarrier();
    }

    putWeights(
      x,
      y,
      mat4x4f(
        slopesOf(p[0], dp[0], known[2]),
        slopesOf(p[1], dp[1], known[2]),
        slopesOf(p[2], dp[2], known[2]),
        slopesOf(p[3], dp[3], known[2]),
      ),
    );
    for (var start = 0u; start < 8u; start += STAGED / 4u) {
      for (var i = lane; i < STAGED * 8u * COLUMNS; i += LANES) {
        let position = tile + columnOf(i / (8u * COLUMNS), start);
        let d = (cut + i % (8u * COLUMNS)) * 4u;
        var v = vec4f();
        if (position < params.M && d < params.D) {
          let h = g * heads + position / params.T;
          let at = params.queryAt.x + b * params.queryAt.y + h * params.queryAt.z + position % params.T * params.queryAt.w;
          v = queryQuad(at + d, params.D - d);
        }
        staged[i] = v;
      }
      workgroupBarrier();
      for (var i = 0u; i < STAGED / 4u; i++) {
        let share = weightsAt(start + i, y);
        for (var c = 0u; c < COLUMNS; c++) { dk[c] = multiplied(dk[c], share, fourRows(i * 4u, c * 8u + x)); }
      }
      workgroupBarrier();
    }
  }

  for (var r = 0u; r < 4u; r++) {
    var strange = false;
    for (var c = 0u; c < COLUMNS; c++) {
      dk[c][r] *= params.scale;
      strange = strange || !areFinite(dk[c][r]) || !areFinite(dv[c][r]);
    }
    if (!strange || !real[r]) { continue; }
    for (var c = 0u; c < COLUMNS; c++) {
      dk[c][r] = vec4f();
      dv[c][r] = vec4f();
    }
    for (var row = part * params.run; row < end; row++) {
      let h = g * heads + row / params.T;
      let t = row % params.T;
      let q = params.queryAt.x + b * params.queryAt.y + h * params.queryAt.z + t * params.queryAt.w;
      let slope = params.gradientAt.x + b * params.gradientAt.y + h * params.gradientAt.z + t * params.gradientAt.w;
      let pair = pairAgain(q, slope, keyRows[r], valueRows[r], b, h, t, mine[r]);
      if (!isAllowed(pair.z)) { continue; }
      for (var c = 0u; c < COLUMNS; c++) {
        let d = (cut + c * 8u + x) * 4u;
        if (d >= params.D) { continue; }
        dk[c][r] += pair.slope * params.scale * queryQuad(q + d, params.D - d);
        dv[c][r] += pair.p * gradientQuad(slope + d, params.D - d);
      }
    }
  }

  let size = params.outputAt.x;
  let forKeys = 2u * part * size + b * params.outputAt.y + g * params.outputAt.z + mine * params.outputAt.w;
  let forValues = forKeys + size;
  for (var c = 0u; c < COLUMNS; c++) {
    let d = (cut + c * 8u + x) * 4u;
    if (real.x) {
      store(forKeys.x, d, dk[c][0]);
      store(forValues.x, d, dv[c][0]);
    }
    if (real.y) {
      store(forKeys.y, d, dk[c][1]);
      store(forValues.y, d, dv[c][1]);
    }
    if (real.z) {
      store(forKeys.z, d, dk[c][2]);
      store(forValues.z, d, dv[c][2]);
    }
    if (real.w) {
      store(forKeys.w, d, dk[c][3]);
      store(forValues.w, d, dv[c][3]);
    }
  }
}
