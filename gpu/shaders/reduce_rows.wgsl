// reduce_rows — y[r] = outcome of joining x[r, :], or one part of it
//
// definition   core/engine/backend.ts, `reduce`
//
// binding  name    type                  shape / meaning
// 0        x       storage, read         R rows anywhere, elements `step` apart
// 1        y       storage, read_write   [R, parts]
// 2        params  uniform               count = R · parts; width of a row; step; parts of a row; length of a part;
//                                        axes of the rows
//
// dispatch   a plane of ⌈count / (256 / TEAM)⌉ workgroups
// threads    LANES = 256 in teams of TEAM, a team for each part; a thread takes every TEAM-th element, and what
//            the threads found is joined pairwise: rounding errors grow with the square root of a few dozens
// shared     LANES totals
// barriers   only in uniform control flow: a team without a part joins nothing

// include walk
// include reduce

const LANES = 256u;
const TEAM = 256u;

struct Params { count: u32, width: u32, step: u32, parts: u32, length: u32, axes: Axes }

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read_write> y: array<Outcome>;
@group(0) @binding(2) var<uniform> params: Params;

var<workgroup> totals: array<Total, LANES>;

fn at(start: u32, i: u32) -> Total { return entry(x[start + i * params.step], i); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let item = (group.y * groups.x + group.x) * (LANES / TEAM) + lane / TEAM;
  var total = Total();
  if (item < params.count) {
    let row = item / params.parts;
    let first = (item - row * params.parts) * params.length;
    let end = min(first + params.length, params.width);
    let start = locate(row).x;
    var i = first + lane % TEAM;
    for (; i + 3u * TEAM < end; i += 4u * TEAM) {
      let low = join(at(start, i), at(start, i + TEAM));
      let high = join(at(start, i + 2u * TEAM), at(start, i + 3u * TEAM));
      total = join(total, join(low, high));
    }
    for (; i < end; i += TEAM) { total = join(total, at(start, i)); }
  }
  totals[lane] = total;
  for (var half = TEAM / 2u; half > 0u; half = half / 2u) {
    workgroupBarrier();
    if (lane % TEAM < half) { totals[lane] = join(totals[lane], totals[lane + half]); }
  }
  if (lane % TEAM == 0u && item < params.count) { y[item] = outcome(totals[lane]); }
}
