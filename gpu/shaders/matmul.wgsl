// matmul — C = A B (+ bias), by tiles of which each thread makes 4 × 4 numbers
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
// dispatch   a plane of parts × batch × ⌈M / (4 QUADS)⌉ × ⌈N / (4 QUADS)⌉ workgroups
// threads    QUADS² = 2 QUADS × QUADS_DEEP; eight neighbours share rows, four share columns
// shared     128 × QUADS × QUADS_DEEP bytes: 16 KiB for tiles of 64, 4 KiB for tiles of 32
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
// a tile has 4 QUADS lines and 4 QUADS_DEEP terms
const QUADS = 8u;
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

@compute @workgroup_size(QUADS * QUADS)
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
  let down = wave / (QUADS / 8u) * 4u + lane % 32u / 8u;
  let across = wave % (QUADS / 8u) * 8u + lane % 8u;

  var sums: mat4x4f;
  var block = fetch(source, place.first, place.end);
  for (var first = place.first; first < place.end; first += DEEP) {
    keep(source.slot, block);
    workgroupBarrier();
    // On its way while this tile is multiplied.
    if (first + DEEP < place.end) { block = fetch(source, first + DEEP, place.end); }
    for (var k = 0u; k < DEEP; k += 4u) {
      let x = k * QUADS + (down ^ turnOf(k));
      let y = SIDE + k * QUADS + (across ^ turnOf(k));
      sums = outer(sums, tile[x], tile[y]);
      sums = outer(sums, tile[x + QUADS], tile[y + QUADS]);
      sums = outer(sums, tile[x + 2u * QUADS], tile[y + 2u * QUADS]);
      sums = outer(sums, tile[x + 3u * QUADS], tile[y + 3u * QUADS]);
    }
    workgroupBarrier();
  }
  let column = corner.y + 4u * across;
  storeFour(place.result, corner.x + 4u * down, column, sums, biasOf(column));
}
