// activation_backward — dx[i] = g[i] f'(x[i])
//
// definition   core/05_transformer/feed_forward/activations.ts
//
// binding  name    type                  shape / meaning
// 0        x       storage, read         fours of numbers
// 1        g       storage, read         fours of numbers, the gradient of y
// 2        dx      storage, read_write   fours of numbers
// 3        params  uniform               count, offsets of x and g, in fours
//
// dispatch   a plane of ⌈count / 256⌉ workgroups
// threads    LANES = 256, four numbers each

const LANES = 256u;

struct Params { count: u32, offset: u32, gradientOffset: u32 }

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> g: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> dx: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

// include activation_functions

fn through(g: f32, x: f32) -> f32 { return reluBackward(g, x); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * LANES + lane;
  if (i >= params.count) { return; }
  let v = x[params.offset + i];
  let slope = g[params.gradientOffset + i];
  dx[i] = vec4f(through(slope.x, v.x), through(slope.y, v.y), through(slope.z, v.z), through(slope.w, v.w));
}
