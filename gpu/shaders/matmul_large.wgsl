// matmul_large — C = A B (+ bias), by tiles of 128 × 128 of which each thread makes 8 × 8 numbers
//
// definition   core/engine/backend.ts, `matmul`; core/engine/weight.ts, `linear`
//
// binding  name    type                  shape / meaning
// 0        a       storage, read         left matrices; Left = f32, any strides, or vec4f, whole vectors
// 1        b       storage, read         right matrices, likewise; or packed weights, see `packed_blocks`
// 2        steps   storage, read         steps of packed weights, one per 32 numbers of b; else not read
// 3        bias    storage, read         [N], added to every row; not read if there is none
// 4        c       storage, read_write   [parts, batch, M, N]
// 5        params  uniform               see `matmul_operands`
//
// dispatch   a plane of parts × batch × ⌈M / 128⌉ × ⌈N / 128⌉ workgroups
// threads    256: each makes rows 4i … 4i + 3 and 64 + 4i … 64 + 4i + 3, and columns likewise, so that
//            neighbours read neighbouring vectors of the tiles
// shared     16 KiB
// barriers   only in uniform control flow: the loop over tiles depends on the workgroup
// order      each number is summed term by term in its part, whatever the layout of the operands

alias Left = f32;
alias Right = f32;
alias Cell = f32;
// whether four neighbours of an operand follow each other along the depth, or across the lines
const LEFT_ALONG = true;
const RIGHT_ALONG = true;
// numbers that are stored at once
const WIDTH = 1u;
const QUADS = 32u;
const QUADS_DEEP = 4u;

@group(0) @binding(0) var<storage, read> a: array<Left>;
@group(0) @binding(1) var<storage, read> b: array<Right>;
@group(0) @binding(2) var<storage, read> steps: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> c: array<Cell>;
@group(0) @binding(5) var<uniform> params: Params;

// include matmul_operands
// include matmul_blocks

// Four neighbours from an offset on.
fn left(at: u32) -> vec4f { return vec4f(a[at], a[at + params.left.z], a[at + 2u * params.left.z], a[at + 3u * params.left.z]); }
fn right(at: u32) -> vec4f { return vec4f(b[at], b[at + params.right.z], b[at + 2u * params.right.z], b[at + 3u * params.right.z]); }
// Where the steps of packed weights begin is in params.right.w.
fn stepAt(i: u32) -> f32 { return steps[params.right.w + i]; }
fn part(v: vec4f, j: u32) -> Cell { return v[j]; }

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let number = group.y * groups.x + group.x;
  if (number >= workgroups()) { return; }
  let place = placeOf(number);
  let corner = tileOf(place.block) * 4u * QUADS;
  let source = sourceOf(place, corner, lane);
  // Thirty-two neighbours make 4 × 8 blocks of the result.
  let wave = lane / 32u;
  let down = wave / 2u * 4u + lane % 32u / 8u;
  let across = wave % 2u * 8u + lane % 8u;

  // Upper and lower rows, left and right columns.
  var upperLeft: mat4x4f;
  var upperRight: mat4x4f;
  var lowerLeft: mat4x4f;
  var lowerRight: mat4x4f;
  var block = fetch(source, place.first, place.end);
  for (var first = place.first; first < place.end; first += DEEP) {
    keep(source.slot, block);
    workgroupBarrier();
    // On its way while this tile is multiplied.
    if (first + DEEP < place.end) { block = fetch(source, first + DEEP, place.end); }
    for (var k = 0u; k < DEEP; k += 2u) {
      let x = k * QUADS + (down ^ turnOf(k));
      let y = SIDE + k * QUADS + (across ^ turnOf(k));
      var upper = tile[x];
      var lower = tile[x + 16u];
      var west = tile[y];
      var east = tile[y + 16u];
      upperLeft = outer(upperLeft, upper, west);
      upperRight = outer(upperRight, upper, east);
      lowerLeft = outer(lowerLeft, lower, west);
      lowerRight = outer(lowerRight, lower, east);
      upper = tile[x + QUADS];
      lower = tile[x + QUADS + 16u];
      west = tile[y + QUADS];
      east = tile[y + QUADS + 16u];
      upperLeft = outer(upperLeft, upper, west);
      upperRight = outer(upperRight, upper, east);
      lowerLeft = outer(lowerLeft, lower, west);
      lowerRight = outer(lowerRight, lower, east);
    }
    workgroupBarrier();
  }
  let row = corner.x + 4u * down;
  let column = corner.y + 4u * across;
  let plusLeft = biasOf(column);
  let plusRight = biasOf(column + 64u);
  storeFour(place.result, row, column, upperLeft, plusLeft);
  storeFour(place.result, row, column + 64u, upperRight, plusRight);
  storeFour(place.result, row + 64u, column, lowerLeft, plusLeft);
  storeFour(place.result, row + 64u, column + 64u, lowerRight, plusRight);
}
