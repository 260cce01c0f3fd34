// unary — y[i] = op(x[i]), of a view of any strides
//
// definition   core/engine/backend.ts, `unary`; rules in core/engine/elementwise.ts
//
// binding  name    type                  shape / meaning
// 0        x       storage, read         the argument: cells, or one number for each where it repeats
// 1        y       storage, read_write   the result, contiguous, in cells
// 2        params  uniform               count = cells; axes of x
//
// dispatch   a plane of ⌈count / 256⌉ workgroups
// threads    LANES = 256, one cell each: four elements where x lies in fours, else one
// special    as math.wgsl

alias Cell = vec4f;
alias Argument = vec4f;
const LANES = 256u;

struct Params { count: u32, axes: Axes }

@group(0) @binding(0) var<storage, read> x: array<Argument>;
@group(0) @binding(1) var<storage, read_write> y: array<Cell>;
@group(0) @binding(2) var<uniform> params: Params;

// include walk
// include math

fn op(x: f32) -> f32 { return -x; }

fn each(x: vec4f) -> vec4f { return vec4f(op(x.x), op(x.y), op(x.z), op(x.w)); }

fn apply(x: Cell) -> Cell { return each(x); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * LANES + lane;
  if (i >= params.count) { return; }
  y[i] = apply(Cell(x[locate(i).x]));
}
