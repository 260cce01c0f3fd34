// normalize_columns — partial[b, 0, c] = Σ g h and partial[b, 1, c] = Σ g over the rows of block b, h = (x − μ) s
//
// definition   core/05_transformer/normalization.ts, the gradients of gain and bias
//
// binding  name     type                  shape / meaning
// 0        x        storage, read         [rows, columns], contiguous
// 1        g        storage, read         [rows, columns], the gradient of y, contiguous
// 2        known    storage, read         [rows] fours, of the forward kernel: m, c r, r and unit, which make
//                                         h = (unit x − m) r − c r
// 3        partial  storage, read_write   [blocks, 2, pitch], columns ≤ pitch
// 4        params   uniform               length = rows of a block
//
// dispatch   (⌈columns / 64⌉, blocks)
// threads    64 columns, 4 rows of a block at a time; their sums are added in order
// shared     2 KiB
// barriers   only in uniform control flow

const LANES = 256u;
const COLUMNS = 64u;

struct Params { rows: u32, columns: u32, length: u32, pitch: u32, offset: u32, gradientOffset: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> g: array<f32>;
@group(0) @binding(2) var<storage, read> known: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> partial: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

var<workgroup> parts: array<vec2f, LANES>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let column = group.x * COLUMNS + lane % COLUMNS;
  let last = min(params.rows, (group.y + 1u) * params.length);
  var sums = vec2f(0.0);
  if (column < params.columns) {
    for (var row = group.y * params.length + lane / COLUMNS; row < last; row += LANES / COLUMNS) {
      let at = row * params.columns + column;
      let slope = g[params.gradientOffset + at];
      let found = known[row];
      sums += vec2f(slope * ((x[params.offset + at] * found.w - found.x) * found.z - found.y), slope);
    }
  }
  parts[lane] = sums;
  workgroupBarrier();
  if (lane < COLUMNS && column < params.columns) {
    for (var i = lane + COLUMNS; i < LANES; i += COLUMNS) { sums += parts[i]; }
    let at = group.y * 2u * params.pitch + column;
    partial[at] = sums.x;
    partial[at + params.pitch] = sums.y;
  }
}
