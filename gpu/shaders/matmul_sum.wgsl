// matmul_sum — y[i] = Σ over the parts of x[part, i] (+ bias): the second step of a product cut along its depth
//
// definition   core/engine/backend.ts, `matmul`
//
// binding  name    type                  shape / meaning
// 0        x       storage, read         [parts, count]
// 1        bias    storage, read         [N]; not read if there is none
// 2        y       storage, read_write   [count], of N columns
// 3        params  uniform               count, parts, N, offset of the bias, and whether there is one
//
// dispatch   a plane of ⌈count / 256⌉ workgroups
// threads    256, one number each; the parts are added in order

const LANES = 256u;

struct Params { count: u32, parts: u32, columns: u32, offset: u32, biased: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> bias: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * LANES + lane;
  if (i >= params.count) { return; }
  var sum = x[i];
  for (var part = 1u; part < params.parts; part++) { sum += x[part * params.count + i]; }
  if (params.biased != 0u) { sum += bias[params.offset + i % params.columns]; }
  y[i] = sum;
}
