// normalize_sum — y[c] = Σ partial[b, c]
//
// definition   core/05_transformer/normalization.ts, the gradients of gain and bias
//
// binding  name     type                  shape / meaning
// 0        partial  storage, read         [blocks, columns], of normalize_columns
// 1        y        storage, read_write   [columns]
// 2        params   uniform               blocks, columns
//
// dispatch   (⌈columns / 64⌉)
// threads    64 columns, 4 blocks at a time; their sums are added in order
// shared     1 KiB
// barriers   only in uniform control flow

const LANES = 256u;
const COLUMNS = 64u;

struct Params { blocks: u32, columns: u32 }

@group(0) @binding(0) var<storage, read> partial: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

var<workgroup> parts: array<f32, LANES>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let column = group.x * COLUMNS + lane % COLUMNS;
  var sum = 0.0;
  if (column < params.columns) {
    for (var block = lane / COLUMNS; block < params.blocks; block += LANES / COLUMNS) {
      sum += partial[block * params.columns + column];
    }
  }
  parts[lane] = sum;
  workgroupBarrier();
  if (lane < COLUMNS && column < params.columns) {
    for (var i = lane + COLUMNS; i < LANES; i += COLUMNS) { sum += parts[i]; }
    y[column] = sum;
  }
}
