// matvec_columns — a few rows times a matrix stored column by column: every weight is read once
//
// definition   core/engine/backend.ts, `matmul`; core/engine/weight.ts, `linear`
//
// binding  name    type                  shape / meaning
// 0        a       storage, read         left matrices [M, K]; Left = f32, any strides, or vec4f; M ≤ ROWS
// 1        b       storage, read         right matrices [K, N]; Right = f32, any strides, or whole vectors
// 2        bias    storage, read         [N]; not read if there is none
// 3        c       storage, read_write   [parts, batch, M, N], or with M and N exchanged
// 4        params  uniform               see `matmul_operands`
//
// dispatch   a plane of parts × batch × ⌈N LANES / 256⌉ workgroups
// threads    256: LANES neighbours share a column, 4 terms each at a time
// shared     8 KiB: the sums of up to eight rows, added pairwise
// barriers   only in uniform control flow: every thread joins every reduction
// order      that of the sums does not depend on the layout of the operands

alias Left = f32;
alias Right = f32;
// rows at most: 1, 4 or 8
const ROWS = 1u;
// threads that share a column: a power of two up to 256
const LANES = 32u;

@group(0) @binding(0) var<storage, read> a: array<Left>;
@group(0) @binding(1) var<storage, read> b: array<Right>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

// include matmul_operands

var<workgroup> upper: array<vec4f, 256>;
var<workgroup> lower: array<vec4f, 256>;

// Four neighbouring terms from an offset on.
fn left(at: u32) -> vec4f { return vec4f(a[at], a[at + params.left.z], a[at + 2u * params.left.z], a[at + 3u * params.left.z]); }
fn right(at: u32) -> vec4f { return vec4f(b[at], b[at + params.right.z], b[at + 2u * params.right.z], b[at + 3u * params.right.z]); }

// Zeros where there are no terms.
fn known(v: vec4f, term: u32) -> vec4f {
  if (term + 4u <= params.depth) { return v; }
  return select(vec4f(), v, vec4u(term) + vec4u(0u, 1u, 2u, 3u) < vec4u(params.depth));
}

// Four terms of four rows, added to their sums.
fn grown(sums: mat4x4f, at: vec4u, term: u32, w: vec4f) -> mat4x4f {
  let i = at + term * params.left.z;
  if (ROWS == 1u) { return mat4x4f(fma(known(left(i.x), term), w, sums[0]), vec4f(), vec4f(), vec4f()); }
  return mat4x4f(
    fma(known(left(i.x), term), w, sums[0]),
    fma(known(left(i.y), term), w, sums[1]),
    fma(known(left(i.z), term), w, sums[2]),
    fma(known(left(i.w), term), w, sums[3]),
  );
}

// One number for each row.
fn total(sums: mat4x4f) -> vec4f {
  let byTerm = transpose(sums);
  return (byTerm[0] + byTerm[1]) + (byTerm[2] + byTerm[3]);
}

fn store(v: vec4f, firstRow: u32, column: u32, result: u32) {
  for (var i = 0u; i < min(4u, ROWS); i++) {
    let row = firstRow + i;
    if (row < params.rows) {
      var sum = v[i];
      if (params.bias.w != 0u) { sum += bias[params.bias.x + row * params.bias.y + column * params.bias.z]; }
      c[result + row * params.result.x + column * params.result.y] = sum;
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
  if (number >= workgroups()) { return; }
  let place = placeOf(number);
  let column = place.block * (256u / LANES) + lane / LANES;
  let start = place.right + min(column, params.columns - 1u) * params.right.y;
  let last = vec4u(params.rows - 1u);
  let first = place.left + min(vec4u(0u, 1u, 2u, 3u), last) * params.left.y;
  let second = place.left + min(vec4u(4u, 5u, 6u, 7u), last) * params.left.y;

  const STEP = 4u * LANES;
  var sums: mat4x4f;
  var more: mat4x4f;
  var k = place.first + 4u * (lane % LANES);
  // Four vectors are on their way at a time.
  for (; k + 3u * STEP < place.end; k += 4u * STEP) {
    let w0 = right(start + k * params.right.z);
    let w1 = right(start + (k + STEP) * params.right.z);
    let w2 = right(start + (k + 2u * STEP) * params.right.z);
    let w3 = known(right(start + (k + 3u * STEP) * params.right.z), k + 3u * STEP);
    sums = grown(sums, first, k, w0);
    sums = grown(sums, first, k + STEP, w1);
    sums = grown(sums, first, k + 2u * STEP, w2);
    sums = grown(sums, first, k + 3u * STEP, w3);
    if (ROWS > 4u) {
      more = grown(more, second, k, w0);
      more = grown(more, second, k + STEP, w1);
      more = grown(more, second, k + 2u * STEP, w2);
      more = grown(more, second, k + 3u * STEP, w3);
    }
  }
  for (; k < place.end; k += STEP) {
    let w = known(right(start + k * params.right.z), k);
    sums = grown(sums, first, k, w);
    if (ROWS > 4u) { more = grown(more, second, k, w); }
  }
  upper[lane] = total(sums);
  if (ROWS > 4u) { lower[lane] = total(more); }
  workgroupBarrier();
  for (var reach = LANES / 2u; reach > 0u; reach /= 2u) {
    if (lane % LANES < reach) {
      upper[lane] += upper[lane + reach];
      if (ROWS > 4u) { lower[lane] += lower[lane + reach]; }
    }
    workgroupBarrier();
  }
  if (lane % LANES == 0u && column < params.columns) {
    store(upper[lane], 0u, column, place.result);
    if (ROWS > 4u) { store(lower[lane], 4u, column, place.result); }
  }
}
