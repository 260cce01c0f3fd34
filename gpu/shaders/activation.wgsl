// activation — y[i] = f(x[i])
//
// definition   core/05_transformer/feed_forward/activations.ts
//
// binding  name    type                  shape / meaning
// 0        x       storage, read         fours of numbers
// 1        y       storage, read_write   fours of numbers
// 2        params  uniform               count and offset of x, in fours
//
// dispatch   a plane of ⌈count / 256⌉ workgroups
// threads    LANES = 256, four numbers each
// special    NaN stays; 0 at −∞, ∞ at ∞

const LANES = 256u;

struct Params { count: u32, offset: u32 }

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

// include activation_functions

fn f(x: f32) -> f32 { return relu(x); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * LANES + lane;
  if (i >= params.count) { return; }
  let v = x[params.offset + i];
  y[i] = vec4f(f(v.x), f(v.y), f(v.z), f(v.w));
}
