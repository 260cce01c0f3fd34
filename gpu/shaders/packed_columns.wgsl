// packed_columns — columns of packed weights by number, each as a row of float32
//
// definition   core/engine/backend.ts, `Packing.columns`
//
// binding  name    type                  shape / meaning
// 0        b       storage, read         packed weights; four numbers from `right`
// 1        steps   storage, read         the same buffer, for steps
// 2        ids     storage, read         [count], int32
// 3        y       storage, read_write   [count, K]
// 4        params  uniform               count, K, N, numbers from column to column, offset of the ids, of the steps
//
// dispatch   a plane of ⌈count K / 256⌉ workgroups
// threads    256, one number each
// special    a number outside [0, N) yields NaN

alias Right = u32;
const LANES = 256u;

struct Params { count: u32, depth: u32, columns: u32, pitch: u32, ids: u32, steps: u32 }

@group(0) @binding(0) var<storage, read> b: array<Right>;
@group(0) @binding(1) var<storage, read> steps: array<f32>;
@group(0) @binding(2) var<storage, read> ids: array<i32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

// include numbers

fn stepAt(i: u32) -> f32 { return steps[params.steps + i]; }

// Four numbers from a multiple of four on.
fn right(at: u32) -> vec4f { return vec4f(unpack4xI8(b[at / 4u])) * stepAt(at / 32u); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * LANES + lane;
  if (i >= params.count * params.depth) { return; }
  let id = ids[params.ids + i / params.depth];
  let k = i % params.depth;
  if (id < 0 || u32(id) >= params.columns) {
    y[i] = notANumber();
    return;
  }
  y[i] = right(u32(id) * params.pitch + k / 4u * 4u)[k % 4u];
}
