// attention_bias — gradient of what is added to the scores: dZ, summed over the batch and heads that share it
//
// definition   core/04_attention/scaled_dot_product.ts
//
// binding  name        type                  shape / meaning
// 0–4      as in attention.wgsl
// 5        gradient    storage, read         dO, [B, H, T, D], any strides but the last
// 6        rows        storage, read         [B, H, T] fours, see attention_delta.wgsl
// 7        result      storage, read_write   [biasB, biasH, T, S]
// 8        params      uniform               attention_common.wgsl; biasB, biasH = extents of the bias
//
// dispatch   a plane of biasB · biasH · ⌈T / 32⌉ · tiles workgroups; each owns 32 queries and 32 keys
// threads    64 as 8 × 8, see attention_tile.wgsl
// shared     9216 bytes
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

// dZ of one query and four keys, 0 where the pair is forbidden.
fn slopes(dots: vec4f, dp: vec4f, b: u32, h: u32, t: u32, keys: vec4u, limit: u32) -> vec4f {
  let known = rows[(b * params.H + h) * params.T + t];
  let z = scoresOf(dots, b, vec4u(h), vec4u(t), keys, vec4u(limit));
  return slopesOf(sharesOf(z, vec4f(known.x), vec4f(known.y)), dp, vec4f(known.z));
}

fn store(row: u32, keys: vec4u, v: vec4f) {
  if (keys.x < params.S) { result[row * params.S + keys.x] = v.x; }
  if (keys.y < params.S) { result[row * params.S + keys.y] = v.y; }
  if (keys.z < params.S) { result[row * params.S + keys.z] = v.z; }
  if (keys.w < params.S) { result[row * params.S + keys.w] = v.w; }
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let number = group.y * groups.x + group.x;
  if (number >= params.count) { return; }
  let firstKey = number % params.tiles * TILE;
  let queryTiles = (params.T + TILE - 1u) / TILE;
  let first = number / params.tiles % queryTiles * TILE;
  let rest = number / params.tiles / queryTiles;
  let headsOfBias = params.biasH;
  let x = lane % 8u;
  let y = lane / 8u;

  let mine = first + y + STEPS;
  let real = mine < vec4u(params.T);
  let t = min(mine, vec4u(params.T - 1u));
  let limits = limitsOf(t);
  let keys = firstKey + x + STEPS;
  let loaded = firstKey + y + STEPS;
  let there = loaded < vec4u(params.S);
  let chunks = (params.D + 31u) / 32u;

  // Heads and batch elements that share the bias are a step apart.
  let batchEnd = select(params.B, rest / headsOfBias + 1u, params.biasB > 1u);
  let headEnd = select(params.H, rest % headsOfBias + 1u, headsOfBias > 1u);
  var sum = mat4x4f();
  for (var b = rest / headsOfBias; b < batchEnd; b++) {
    for (var h = rest % headsOfBias; h < headEnd; h++) {
      let g = h / (params.H / params.G);
      let queryRows = rowsOf(params.queryAt, b, vec4u(h), t);
      let gradientRows = rowsOf(params.gradientAt, b, vec4u(h), t);
      let keyRows = rowsOf(params.keyAt, b, vec4u(g), loaded);
      let valueRows = rowsOf(params.valueAt, b, vec4u(g), loaded);
      var s = mat4x4f();
      var dp = mat4x4f();
      for (var chunk = 0u; chunk < chunks; chunk++) {
        let d = chunk * 32u + x * 4u;
        put(LEFT, x, y, queryPart(queryRows, real, d));
        put(RIGHT, x, y, keyPart(keyRows, there, d));
        workgroupBarrier();
        s = meet(s, x, y);
        workgroupBarrier();
        put(LEFT, x, y, gradientPart(gradientRows, real, d));
        put(RIGHT, x, y, valuePart(valueRows, there, d));
        workgroupBarrier();
        dp = meet(dp, x, y);
        workgroupBarrier();
      }
      sum += mat4x4f(
        slopes(s[0], dp[0], b, h, t.x, keys, limits.x),
        slopes(s[1], dp[1], b, h, t.y, keys, limits.y),
        slopes(s[2], dp[2], b, h, t.z, keys, limits.z),
        slopes(s[3], dp[3], b, h, t.w, keys, limits.w),
      );
    }
  }

  let row = rest * params.T + mine;
  if (real.x) { store(row.x, keys, sum[0]); }
  if (real.y) { store(row.y, keys, sum[1]); }
  if (real.z) { store(row.z, keys, sum[2]); }
  if (real.w) { store(row.w, keys, sum[3]); }
}
