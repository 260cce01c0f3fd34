// gather — y[i, :] = table[ids[i], :], elements of any type
//
// definition   core/engine/backend.ts, `gather`
//
// binding  name    type                  shape / meaning
// 0        table   storage, read         N rows `stride` cells apart, the cells of a row `step` apart
// 1        ids     storage, read         which row
// 2        y       storage, read_write   the rows, contiguous, in cells
// 3        params  uniform               count = cells of y; width = cells of a row; N; offset, stride and step of
//                                        the table; offset of the ids; outside = word of a row that is not there
//
// dispatch   a plane of ⌈count / 256⌉ workgroups
// threads    LANES = 256, one cell each: four elements where rows lie in fours, else one

alias Cell = vec4u;
const LANES = 256u;

struct Params {
  count: u32,
  width: u32,
  N: u32,
  offset: u32,
  stride: u32,
  step: u32,
  ids: u32,
  outside: u32,
}

@group(0) @binding(0) var<storage, read> table: array<Cell>;
@group(0) @binding(1) var<storage, read> ids: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<Cell>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * LANES + lane;
  if (i >= params.count) { return; }
  let row = i / params.width;
  // A negative id is a large one here.
  let id = ids[params.ids + row];
  if (id >= params.N) {
    y[i] = Cell(params.outside);
    return;
  }
  y[i] = table[params.offset + id * params.stride + (i - row * params.width) * params.step];
}
