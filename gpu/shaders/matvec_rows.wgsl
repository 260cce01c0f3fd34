// matvec_rows — a few rows times a matrix stored row by row: every weight is read once
//
// definition   core/engine/backend.ts, `matmul`; core/engine/weight.ts, `linear`
//
// binding  name    type                  shape / meaning
// 0        a       storage, read         left matrices [M, K], any strides; M ≤ ROWS
// 1        b       storage, read         right matrices [K, N]; Right = f32, any strides, or vec4f, whole vectors
// 2        bias    storage, read         [N]; not read if there is none
// 3        c       storage, read_write   [parts, batch, M, N], or with M and N exchanged
// 4        params  uniform               see `matmul_operands`
//
// dispatch   a plane of parts × batch × ⌈N / (4 QUADS)⌉ workgroups
// threads    256: QUADS neighbours take 4 columns each, of every (256 / QUADS)th row of the matrix
// shared     16 KiB: the sums of four rows, added pairwise
// barriers   only in uniform control flow: every thread joins every reduction

alias Right = f32;
// rows at most: 1, 4 or 8
const ROWS = 1u;
// vectors of four columns that lie side by side in a workgroup
const QUADS = 8u;
const LANES = 256u;
const SLICES = LANES / QUADS;

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<Right>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

// include matmul_operands

var<workgroup> partial: array<vec4f, 4u * LANES>;

// Four neighbouring columns from an offset on.
fn right(at: u32) -> vec4f { return vec4f(b[at], b[at + params.right.y], b[at + 2u * params.right.y], b[at + 3u * params.right.y]); }

// One term of four rows.
fn left(at: vec4u, term: u32) -> vec4f {
  let i = at + term * params.left.z;
  if (ROWS == 1u) { return vec4f(a[i.x], 0.0, 0.0, 0.0); }
  return vec4f(a[i.x], a[i.y], a[i.z], a[i.w]);
}

// Adds up the sums of four rows and stores them.
fn settle(sums: mat4x4f, firstRow: u32, place: Place, lane: u32) {
  partial[lane] = sums[0];
  if (ROWS > 1u) {
    partial[LANES + lane] = sums[1];
    partial[2u * LANES + lane] = sums[2];
    partial[3u * LANES + lane] = sums[3];
  }
  workgroupBarrier();
  for (var reach = LANES / 2u; reach >= QUADS; reach /= 2u) {
    if (lane < reach) {
      partial[lane] += partial[lane + reach];
      if (ROWS > 1u) {
        partial[LANES + lane] += partial[LANES + lane + reach];
        partial[2u * LANES + lane] += partial[2u * LANES + lane + reach];
        partial[3u * LANES + lane] += partial[3u * LANES + lane + reach];
      }
    }
    workgroupBarrier();
  }
  for (var i = lane; i < min(4u, ROWS) * 4u * QUADS; i += LANES) {
    let row = firstRow + i / (4u * QUADS);
    let inside = i % (4u * QUADS);
    let column = place.block * 4u * QUADS + inside;
    if (row < params.rows && column < params.columns) {
      var sum = partial[i / (4u * QUADS) * LANES + inside / 4u][inside % 4u];
      if (params.bias.w != 0u) { sum += bias[params.bias.x + row * params.bias.y + column * params.bias.z]; }
      c[place.result + row * params.result.x + column * params.result.y] = sum;
    }
  }
  workgroupBarrier();
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let number = group.y * groups.x + group.x;
  if (number >= workgroups()) { return; }
  let place = placeOf(number);
  let column = (place.block * QUADS + lane % QUADS) * 4u;
  let start = place.right + min(column, (params.columns - 1u) & ~3u) * params.right.y;
  let last = vec4u(params.rows - 1u);
  let upper = place.left + min(vec4u(0u, 1u, 2u, 3u), last) * params.left.y;
  let lower = place.left + min(vec4u(4u, 5u, 6u, 7u), last) * params.left.y;

  var sums: mat4x4f;
  var more: mat4x4f;
  var k = place.first + lane / QUADS;
  // Four vectors are on their way at a time.
  for (; k + 3u * SLICES < place.end; k += 4u * SLICES) {
    let w0 = right(start + k * params.right.z);
    let w1 = right(start + (k + SLICES) * params.right.z);
    let w2 = right(start + (k + 2u * SLICES) * params.right.z);
    let w3 = right(start + (k + 3u * SLICES) * params.right.z);
    sums = outer(sums, left(upper, k), w0);
    sums = outer(sums, left(upper, k + SLICES), w1);
    sums = outer(sums, left(upper, k + 2u * SLICES), w2);
    sums = outer(sums, left(upper, k + 3u * SLICES), w3);
    if (ROWS > 4u) {
      more = outer(more, left(lower, k), w0);
      more = outer(more, left(lower, k + SLICES), w1);
      more = outer(more, left(lower, k + 2u * SLICES), w2);
      more = outer(more, left(lower, k + 3u * SLICES), w3);
    }
  }
  for (; k < place.end; k += SLICES) {
    let w = right(start + k * params.right.z);
    sums = outer(sums, left(upper, k), w);
    if (ROWS > 4u) { more = outer(more, left(lower, k), w); }
  }
  settle(sums, 0u, place, lane);
  if (ROWS > 4u) { settle(more, 4u, place, lane); }
}
