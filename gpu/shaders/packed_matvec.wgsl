// packed_matvec — a few rounded rows times weights in blocks of integers: every weight is read once
//
// definition   core/engine/packed.ts
//
// binding  name    type                  shape / meaning
// 0        x       storage, read         [M, blocks, 2]: rounded rows, see `packed_rows`; M ≤ ROWS
// 1        scales  storage, read         [M, blocks]: step, sum of the levels
// 2        w       storage, read         [N, blocks] blocks of levels, see `packed_blocks`
// 3        steps   storage, read         the same buffer: [N, blocks] steps from params.steps on
// 4        bias    storage, read         [N]; not read if there is none
// 5        y       storage, read_write   [M, N]
// 6        params  uniform               M, N, blocks, offset of the steps, offset of the bias, whether there is one
//
// dispatch   a plane of ⌈N LANES / 256⌉ workgroups
// threads    256: LANES neighbours share a column, a block each at a time
// shared     8 KiB: the sums of up to eight rows, added pairwise
// barriers   only in uniform control flow: every thread joins every reduction
// order      sums over a block are exact; blocks are added in an order that does not depend on the rows

// rows at most: 1, 4 or 8
const ROWS = 1u;
// threads that share a column: a power of two up to 256
const LANES = 8u;
// whether a level has half a byte
const NIBBLES = false;

struct Params { rows: u32, columns: u32, blocks: u32, steps: u32, bias: u32, biased: u32 }

@group(0) @binding(0) var<storage, read> x: array<vec4u>;
@group(0) @binding(1) var<storage, read> scales: array<vec2f>;
@group(0) @binding(2) var<storage, read> w: array<vec4u>;
@group(0) @binding(3) var<storage, read> steps: array<f32>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

var<workgroup> upper: array<vec4f, 256>;
var<workgroup> lower: array<vec4f, 256>;

struct Levels { first: vec4u, second: vec4u }

// Eight words of four levels.
fn levelsOf(block: u32) -> Levels {
  if (NIBBLES) {
    let v = w[block];
    let even = v & vec4u(0x0f0f0f0fu);
    let odd = (v >> vec4u(4u)) & vec4u(0x0f0f0f0fu);
    return Levels(vec4u(even.x, odd.x, even.y, odd.y), vec4u(even.z, odd.z, even.w, odd.w));
  }
  return Levels(w[2u * block], w[2u * block + 1u]);
}

// One block of one row, in the steps of both; they are multiplied first, or numbers near the largest would overflow.
fn product(row: u32, block: u32, levels: Levels, step: f32) -> f32 {
  let i = min(row, params.rows - 1u) * params.blocks + block;
  let p = x[2u * i];
  let q = x[2u * i + 1u];
  var sum = dot4I8Packed(p.x, levels.first.x) + dot4I8Packed(p.y, levels.first.y) +
    dot4I8Packed(p.z, levels.first.z) + dot4I8Packed(p.w, levels.first.w) +
    dot4I8Packed(q.x, levels.second.x) + dot4I8Packed(q.y, levels.second.y) +
    dot4I8Packed(q.z, levels.second.z) + dot4I8Packed(q.w, levels.second.w);
  let scale = scales[i];
  // Levels of half a byte are kept eight too high.
  if (NIBBLES) { sum -= 8 * i32(scale.y); }
  return f32(sum) * (scale.x * step);
}

fn products(row: u32, block: u32, levels: Levels, step: f32) -> vec4f {
  if (ROWS == 1u) { return vec4f(product(0u, block, levels, step), 0.0, 0.0, 0.0); }
  return vec4f(
    product(row, block, levels, step),
    product(row + 1u, block, levels, step),
    product(row + 2u, block, levels, step),
    product(row + 3u, block, levels, step),
  );
}

fn store(v: vec4f, firstRow: u32, column: u32) {
  for (var i = 0u; i < min(4u, ROWS); i++) {
    let row = firstRow + i;
    if (row < params.rows) {
      var sum = v[i];
      if (params.biased != 0u) { sum += bias[params.bias + column]; }
      y[row * params.columns + column] = sum;
    }
  }
}

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let number = group.y * groups.x + group.x;
  if (number * (256u / LANES) >= params.columns) { return; }
  let column = number * (256u / LANES) + lane / LANES;
  let start = min(column, params.columns - 1u) * params.blocks;
  var sums: vec4f;
  var more: vec4f;
  var i = lane % LANES;
  // Two blocks are on their way at a time.
  for (; i + LANES < params.blocks; i += 2u * LANES) {
    let a = levelsOf(start + i);
    let b = levelsOf(start + i + LANES);
    let s = steps[params.steps + start + i];
    let t = steps[params.steps + start + i + LANES];
    sums += products(0u, i, a, s);
    sums += products(0u, i + LANES, b, t);
    if (ROWS > 4u) {
      more += products(4u, i, a, s);
      more += products(4u, i + LANES, b, t);
    }
  }
  if (i < params.blocks) {
    let a = levelsOf(start + i);
    let s = steps[params.steps + start + i];
    sums += products(0u, i, a, s);
    if (ROWS > 4u) { more += products(4u, i, a, s); }
  }
  upper[lane] = sums;
  if (ROWS > 4u) { lower[lane] = more; }
  workgroupBarrier();
  for (var reach = LANES / 2u; reach > 0u; reach /= 2u) {
    if (lane % LANES < reach) {
      upper[lane] += upper[lane + reach];
      if (ROWS > 4u) { lower[lane] += lower[lane + reach]; }
    }
    workgroupBarrier();
  }
  if (lane % LANES == 0u && column < params.columns) {
    store(upper[lane], 0u, column);
    if (ROWS > 4u) { store(lower[lane], 4u, column); }
  }
}
