// copy — y[i] = x[i], between views of any strides, from one type of element to another
//
// definition   core/engine/backend.ts, `copy`
//
// binding  name    type                  shape / meaning
// 0        x       storage, read         the source
// 1        y       storage, read_write   the target
// 2        params  uniform               count = elements; axes of y (first) and x (second)
//
// dispatch   a plane of ⌈count / 256⌉ workgroups
// threads    LANES = 256, one element each; or four, where both views lie in fours and no type changes

alias From = u32;
alias To = u32;
const LANES = 256u;

struct Params { count: u32, axes: Axes }

@group(0) @binding(0) var<storage, read> x: array<From>;
@group(0) @binding(1) var<storage, read_write> y: array<To>;
@group(0) @binding(2) var<uniform> params: Params;

// include walk
// include numbers

fn convert(x: From) -> To { return To(x); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * LANES + lane;
  if (i >= params.count) { return; }
  let at = locate(i);
  y[at.x] = convert(x[at.y]);
}
