// reduce_columns — y[m, c] = outcome of joining x[m, :, c], or one part of it
//
// definition   core/engine/backend.ts, `reduce`
//
// binding  name    type                  shape / meaning
// 0        x       storage, read         M matrices anywhere [R, C], rows `step` apart, columns side by side
// 1        y       storage, read_write   [M, parts, C]
// 2        params  uniform               count = workgroups; rows R; step; parts of a column; length of a part;
//                                        columns C; blocks of columns = ⌈C / WIDE⌉; axes of the matrices
//
// dispatch   a plane of M · parts · blocks workgroups
// threads    LANES = 256: WIDE neighbouring columns times LANES / WIDE rows, so that reads lie side by side
// shared     LANES totals
// barriers   only in uniform control flow: a thread outside the matrix joins nothing

// include walk
// include reduce

const LANES = 256u;
const WIDE = 32u;

struct Params { count: u32, rows: u32, step: u32, parts: u32, length: u32, columns: u32, blocks: u32, axes: Axes }

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read_write> y: array<Outcome>;
@group(0) @binding(2) var<uniform> params: Params;

var<workgroup> totals: array<Total, LANES>;

fn at(start: u32, i: u32) -> Total { return entry(x[start + i * params.step], i); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let number = group.y * groups.x + group.x;
  if (number >= params.count) { return; }
  let part = number / params.blocks;
  let matrix = part / params.parts;
  let column = (number - part * params.blocks) * WIDE + lane % WIDE;
  var total = Total();
  if (column < params.columns) {
    let first = (part - matrix * params.parts) * params.length;
    let end = min(first + params.length, params.rows);
    let start = locate(matrix).x + column;
    let team = LANES / WIDE;
    var i = first + lane / WIDE;
    for (; i + 3u * team < end; i += 4u * team) {
      let low = join(at(start, i), at(start, i + team));
      let high = join(at(start, i + 2u * team), at(start, i + 3u * team));
      total = join(total, join(low, high));
    }
    for (; i < end; i += team) { total = join(total, at(start, i)); }
  }
  totals[lane] = total;
  for (var half = LANES / 2u; half >= WIDE; half = half / 2u) {
    workgroupBarrier();
    if (lane < half) { totals[lane] = join(totals[lane], totals[lane + half]); }
  }
  if (lane < WIDE && column < params.columns) { y[part * params.columns + column] = outcome(totals[lane]); }
}
