// packed_rows — rounds rows of features to 255 levels per block of 32
//
// definition   core/engine/packed.ts, `roundRows`
//
// binding  name     type                  shape / meaning
// 0        x        storage, read         [R, K], any strides
// 1        kept     storage, read_write   [R, blocks, 8]: four levels of 8 bits, or four numbers
// 2        scales   storage, read_write   [R, blocks]: step, sum of the levels
// 3        params   uniform               R, K, blocks in a row; offset of x and its strides
//
// dispatch   a plane of ⌈R × blocks / 32⌉ workgroups
// threads    256: eight neighbours share a block
// shared     2 KiB
// special    a block with NaN or infinity has the step NaN, and with it the whole row

alias Rounded = u32;
const LANES = 256u;

struct Params { rows: u32, depth: u32, blocks: u32, offset: u32, row: u32, term: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> kept: array<Rounded>;
@group(0) @binding(2) var<storage, read_write> scales: array<vec2f>;
@group(0) @binding(3) var<uniform> params: Params;

// include numbers
// include packed_levels

var<workgroup> largest: array<u32, LANES>;
var<workgroup> sums: array<i32, LANES>;

// What is kept of four levels.
fn form(levels: vec4i, step: f32) -> Rounded { return bytes(levels); }

fn at(row: u32, k: u32) -> f32 {
  if (row >= params.rows || k >= params.depth) { return 0.0; }
  return x[params.offset + row * params.row + k * params.term];
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let block = (group.y * groups.x + group.x) * (LANES / 8u) + lane / 8u;
  let row = block / params.blocks;
  let k = block % params.blocks * 32u + lane % 8u * 4u;
  let v = vec4f(at(row, k), at(row, k + 1u), at(row, k + 2u), at(row, k + 3u));
  // As integers, sizes have the order of the numbers; infinity and NaN are above.
  let size = bitcast<vec4u>(v) & vec4u(0x7fffffffu);
  largest[lane] = max(max(size.x, size.y), max(size.z, size.w));
  workgroupBarrier();
  let first = lane & ~7u;
  var most = 0u;
  for (var i = 0u; i < 8u; i++) { most = max(most, largest[first + i]); }
  var step = divide(bitcast<f32>(most), 127.0);
  var levels = vec4i();
  if (most >= INFINITY_BITS) {
    step = notANumber();
  } else {
    levels = levelsOf(v, step, 127.0, 254.0) - 127;
  }
  sums[lane] = levels.x + levels.y + levels.z + levels.w;
  workgroupBarrier();
  if (row >= params.rows) { return; }
  kept[block * 8u + lane % 8u] = form(levels, step);
  if (lane == first) {
    var sum = 0;
    for (var i = 0u; i < 8u; i++) { sum += sums[first + i]; }
    scales[block] = vec2f(step, f32(sum));
  }
}
