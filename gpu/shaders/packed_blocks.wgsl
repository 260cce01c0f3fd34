// packed_blocks — rounds a matrix of weights to levels of 8 or 4 bits in blocks of 32 along the depth
//
// definition   core/engine/packed.ts, `roundWeights`
//
// binding  name    type                  shape / meaning
// 0        x       storage, read         [K, N], any strides
// 1        packed  storage, read_write   [N, blocks] blocks of levels, then [N, blocks] steps, float32
// 2        params  uniform               K, N, blocks in a column; offset of x and its strides
//
// dispatch   a plane of ⌈N × blocks / 32⌉ workgroups
// threads    256: eight neighbours share a block
// shared     4 KiB
// special    a block with NaN or infinity has the step NaN, and with it the whole column
//
// A block of 8 bits is 8 words of four levels with sign. A block of 4 bits is 4 words of eight levels 0 … 15,
// eight more than what they stand for: terms 8 w … 8 w + 3 in the low halves of the bytes of word w, the
// four after them in the high halves.

// levels on either side of zero: 64, or 8 for levels of 4 bits
const HALF = 64u;
const LANES = 256u;

struct Params { depth: u32, columns: u32, blocks: u32, offset: u32, term: u32, column: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> packed: array<u32>;
@group(0) @binding(2) var<uniform> params: Params;

// include packed_levels

var<workgroup> high: array<f32, LANES>;
var<workgroup> low: array<f32, LANES>;
var<workgroup> sizes: array<u32, LANES>;
var<workgroup> words: array<u32, LANES>;

fn at(column: u32, k: u32) -> f32 {
  if (column >= params.columns || k >= params.depth) { return 0.0; }
  return x[params.offset + column * params.column + k * params.term];
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let block = (group.y * groups.x + group.x) * (LANES / 8u) + lane / 8u;
  let column = block / params.blocks;
  let k = block % params.blocks * 32u + lane % 8u * 4u;
  let v = vec4f(at(column, k), at(column, k + 1u), at(column, k + 2u), at(column, k + 3u));
  high[lane] = max(max(v.x, v.y), max(v.z, v.w));
  low[lane] = min(min(v.x, v.y), min(v.z, v.w));
  // As integers, sizes have the order of the numbers; infinity and NaN are above.
  let size = bitcast<vec4u>(v) & vec4u(0x7fffffffu);
  sizes[lane] = max(max(size.x, size.y), max(size.z, size.w));
  workgroupBarrier();
  let first = lane & ~7u;
  var most = high[first];
  var least = low[first];
  var largest = sizes[first];
  for (var i = 1u; i < 8u; i++) {
    most = max(most, high[first + i]);
    least = min(least, low[first + i]);
    largest = max(largest, sizes[first + i]);
  }
  // The number farthest from zero becomes the lowest level.
  var step = select(least, most, most >= -least) * (-1.0 / f32(HALF));
  var levels = vec4i();
  if (largest >= INFINITY_BITS) {
    step = notANumber();
  } else {
    levels = levelsOf(v, step, f32(HALF), f32(2u * HALF - 1u));
  }
  words[lane] = bytes(select(levels, levels - 64, HALF == 64u));
  workgroupBarrier();
  if (column >= params.columns) { return; }
  let all = params.columns * params.blocks;
  if (HALF == 64u) {
    packed[block * 8u + lane % 8u] = words[lane];
    if (lane == first) { packed[all * 8u + block] = bitcast<u32>(step); }
  } else {
    if (lane % 2u == 0u) { packed[block * 4u + lane % 8u / 2u] = words[lane] | (words[lane + 1u] << 4u); }
    if (lane == first) { packed[all * 4u + block] = bitcast<u32>(step); }
  }
}
