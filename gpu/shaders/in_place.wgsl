// in_place — x[i] = op(x[i], y[i])
//
// definition   core/engine/autograd.ts, `accumulate`; core/06_training/clipping.ts, `scale`
//
// binding  name    type                  shape / meaning
// 0        x       storage, read_write   what is overwritten, contiguous
// 1        y       storage, read         the other operand: cells, or one number for each where it repeats
// 2        params  uniform               count = cells; axes of x and y
//
// dispatch   a plane of ⌈count / 256⌉ workgroups
// threads    LANES = 256, one cell each: four elements where both lie in fours or y repeats, else one

alias Cell = f32;
alias Other = f32;
const LANES = 256u;

struct Params { count: u32, axes: Axes }

@group(0) @binding(0) var<storage, read_write> x: array<Cell>;
@group(0) @binding(1) var<storage, read> y: array<Other>;
@group(0) @binding(2) var<uniform> params: Params;

// include walk

fn op(x: Cell, y: Other) -> Cell { return x + y; }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * LANES + lane;
  if (i >= params.count) { return; }
  let at = locate(i);
  x[at.x] = op(x[at.x], y[at.y]);
}
