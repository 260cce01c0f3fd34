// copy_tiles — y[…, b, a] = x[…, a, b]: a copy between views whose memory runs along different axes
//
// definition   core/engine/backend.ts, `copy`
//
// binding  name    type                  shape / meaning
// 0        x       storage, read         the source, in which neighbours along b lie side by side
// 1        y       storage, read_write   the target, in which neighbours along a lie side by side
// 2        params  uniform               count = tiles; extents A and B; tiles along each; steps of x along a, of
//                                        y along b; axes of y (first) and x (second) without a and b
//
// dispatch   a plane of `count` workgroups, one tile of SIDE × SIDE each
// threads    LANES = 256: they read rows of x and write rows of y, SIDE words at a time
// shared     SIDE × (SIDE + 1) words; the odd length keeps threads of a column in different banks
// barriers   one, which every thread reaches

alias From = u32;
alias To = u32;
const LANES = 256u;
const SIDE = 32u;

struct Params {
  count: u32,
  A: u32,
  B: u32,
  tilesA: u32,
  tilesB: u32,
  stepA: u32,
  stepB: u32,
  axes: Axes,
}

@group(0) @binding(0) var<storage, read> x: array<From>;
@group(0) @binding(1) var<storage, read_write> y: array<To>;
@group(0) @binding(2) var<uniform> params: Params;

// include walk
// include numbers

var<workgroup> tile: array<From, SIDE * (SIDE + 1u)>;

fn convert(x: From) -> To { return To(x); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let number = group.y * groups.x + group.x;
  if (number >= params.count) { return; }
  let row = number / params.tilesB;
  let batch = row / params.tilesA;
  let at = locate(batch);
  let a0 = (row - batch * params.tilesA) * SIDE;
  let b0 = (number - row * params.tilesB) * SIDE;
  let across = lane % SIDE;
  for (var k = lane / SIDE; k < SIDE; k += LANES / SIDE) {
    if (a0 + k < params.A && b0 + across < params.B) {
      tile[k * (SIDE + 1u) + across] = x[at.y + (a0 + k) * params.stepA + b0 + across];
    }
  }
  workgroupBarrier();
  for (var k = lane / SIDE; k < SIDE; k += LANES / SIDE) {
    if (b0 + k < params.B && a0 + across < params.A) {
      y[at.x + (b0 + k) * params.stepB + a0 + across] = convert(tile[across * (SIDE + 1u) + k]);
    }
  }
}
