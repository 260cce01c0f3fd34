// packed_halves — a matrix of weights in float16, column by column
//
// definition   core/engine/packed.ts, `roundHalves`
//
// binding  name    type                  shape / meaning
// 0        x       storage, read         [K, N], any strides
// 1        packed  storage, read_write   [N, W], two numbers in a word, zeros behind the last
// 2        params  uniform               K, N, W; offset of x and its strides
//
// dispatch   a plane of ⌈N W / 256⌉ workgroups
// threads    256, one word each

const LANES = 256u;

struct Params { depth: u32, columns: u32, words: u32, offset: u32, term: u32, column: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> packed: array<u32>;
@group(0) @binding(2) var<uniform> params: Params;

// Bits of the nearest float16, ties away from zero, at most 65504; NaN stays.
fn halved(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  let size = bits & 0x7fffffffu;
  // Ten bits of fraction, and the exponent from where it is to where it has five bits.
  var found = (size + 0x1000u - (112u << 23u)) >> 13u;
  // Below 2⁻¹⁴ the numbers are whole steps of 2⁻²⁴.
  if (size < 0x38800000u) { found = u32(bitcast<f32>(size) * 16777216.0 + 0.5); }
  return select(min(found, 0x7bffu), 0x7e00u, size > 0x7f800000u) | ((bits >> 16u) & 0x8000u);
}

fn at(column: u32, k: u32) -> u32 {
  if (k >= params.depth) { return 0u; }
  return halved(x[params.offset + column * params.column + k * params.term]);
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * LANES + lane;
  if (i >= params.columns * params.words) { return; }
  let column = i / params.words;
  let k = i % params.words * 2u;
  packed[i] = at(column, k) | (at(column, k + 1u) << 16u);
}
