// matmul_each — C = A B (+ bias), each number by a thread of its own: small matrices and short sums
//
// definition   core/engine/backend.ts, `matmul`; core/engine/weight.ts, `linear`
//
// binding  name    type                  shape / meaning
// 0        a       storage, read         left matrices, any strides
// 1        b       storage, read         right matrices, any strides
// 2        bias    storage, read         [N], added to every row; not read if there is none
// 3        c       storage, read_write   [batch, M, N]
// 4        params  uniform               see `matmul_operands`; one block per matrix
//
// dispatch   a plane of ⌈batch × M N / 256⌉ workgroups
// threads    256, one number each

const LANES = 256u;

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

// include matmul_operands

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * LANES + lane;
  let size = params.rows * params.columns;
  if (i >= size * params.grid.z) { return; }
  let place = placeOf(i / size);
  let row = i % size / params.columns;
  let column = i % params.columns;
  var x = place.left + row * params.left.y;
  var y = place.right + column * params.right.y;
  var sum = 0.0;
  for (var k = 0u; k < params.depth; k++) {
    sum = fma(a[x], b[y], sum);
    x += params.left.z;
    y += params.right.z;
  }
  if (params.bias.w != 0u) { sum += bias[params.bias.x + column]; }
  c[i] = sum;
}
