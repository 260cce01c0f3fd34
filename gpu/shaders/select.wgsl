// select — y[i] = choose[i] ? a[i] : b[i], of views of any strides and elements of any type
//
// definition   core/engine/backend.ts, `select`
//
// binding  name    type                  shape / meaning
// 0        choose  storage, read         0 or 1: cells, or one number for each where it repeats
// 1        a       storage, read         what is taken where it is 1
// 2        b       storage, read         what is taken where it is 0
// 3        y       storage, read_write   the result, contiguous, in cells
// 4        params  uniform               count = cells; axes of choose, a and b
//
// dispatch   a plane of ⌈count / 256⌉ workgroups
// threads    LANES = 256, one cell each: four elements where all views lie in fours or repeat, else one

alias Cell = vec4u;
alias Choose = vec4u;
alias Left = vec4u;
alias Right = vec4u;
const LANES = 256u;

struct Params { count: u32, axes: Axes }

@group(0) @binding(0) var<storage, read> choose: array<Choose>;
@group(0) @binding(1) var<storage, read> a: array<Left>;
@group(0) @binding(2) var<storage, read> b: array<Right>;
@group(0) @binding(3) var<storage, read_write> y: array<Cell>;
@group(0) @binding(4) var<uniform> params: Params;

// include walk

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * LANES + lane;
  if (i >= params.count) { return; }
  let at = locate(i);
  y[i] = select(Cell(b[at.z]), Cell(a[at.y]), Cell(choose[at.x]) != Cell(0u));
}
