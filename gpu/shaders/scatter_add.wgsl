// scatter_add — table[id, :] += rows[i, :] for every i with ids[i] = id, in the order of i
//
// definition   core/engine/backend.ts, `scatterAdd`
//
// binding  name    type                  shape / meaning
// 0        rows    storage, read         [n, width], contiguous
// 1        ids     storage, read         [n]
// 2        order   storage, read         [n], the stable order that sorts the ids
// 3        table   storage, read_write   [N, width], contiguous
// 4        params  uniform               count = n · width; width = cells of a row; N; n; offsets of rows, ids, table
//
// dispatch   a plane of ⌈count / 256⌉ workgroups
// threads    LANES = 256; one for each place of the order and each cell of a row. The thread at the first
//            place of an id adds up all rows of that id, the others have nothing to do: no two threads write
//            one cell, and the order of every sum is fixed
// outside    an id outside [0, N) is left out

alias Cell = vec4f;
const LANES = 256u;

struct Params { count: u32, width: u32, N: u32, n: u32, rows: u32, ids: u32, table: u32 }

@group(0) @binding(0) var<storage, read> rows: array<Cell>;
@group(0) @binding(1) var<storage, read> ids: array<u32>;
@group(0) @binding(2) var<storage, read> order: array<u32>;
@group(0) @binding(3) var<storage, read_write> table: array<Cell>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * LANES + lane;
  if (i >= params.count) { return; }
  let place = i / params.width;
  let column = i - place * params.width;
  let id = ids[params.ids + order[place]];
  if (id >= params.N) { return; }
  if (place > 0u && ids[params.ids + order[place - 1u]] == id) { return; }
  // How many rows there are is found first, so that their reads need not wait for one another.
  var low = place + 1u;
  var high = params.n;
  if (low < high && ids[params.ids + order[low]] != id) { high = low; }
  while (low < high) {
    let middle = (low + high) / 2u;
    if (bitcast<i32>(ids[params.ids + order[middle]]) > bitcast<i32>(id)) { high = middle; } else { low = middle + 1u; }
  }
  let at = params.table + id * params.width + column;
  let source = params.rows + column;
  var sum = table[at];
  var next = place;
  for (; next + 3u < low; next += 4u) {
    let a = rows[source + order[next] * params.width];
    let b = rows[source + order[next + 1u] * params.width];
    let c = rows[source + order[next + 2u] * params.width];
    let d = rows[source + order[next + 3u] * params.width];
    sum = (((sum + a) + b) + c) + d;
  }
  for (; next < low; next++) { sum += rows[source + order[next] * params.width]; }
  table[at] = sum;
}
