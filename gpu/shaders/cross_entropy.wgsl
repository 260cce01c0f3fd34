// cross_entropy — loss[r] = −(1 − ε) ln p[t] − ε / V Σ ln p, with p the softmax of row r and t = targets[r]
//
// definition   core/06_training/loss.ts
//
// binding  name     type                  shape / meaning
// 0        x        storage, read         [N, V], the logits, contiguous
// 1        targets  storage, read         [N], int32
// 2        loss     storage, read_write   [N]
// 3        maximum  storage, read_write   [N], m = max x
// 4        sum      storage, read_write   [N], Σ exp(x − m), at least one half
// 5        params   uniform               count = elements of a row, each of 1 or 4 numbers; offsets and step in
//                                         elements of their own; smoothing = ε
//
// dispatch   a plane of ⌈N · WIDTH / 256⌉ workgroups
// threads    WIDTH = 16, 64 or 256 to a row, neighbours take neighbouring elements
// shared     4 KiB
// barriers   only in uniform control flow: every thread joins every reduction
// masked     a target equal to `ignored` costs 0, whatever its row holds
// special    ∞ where the target's class is forbidden by −∞, or any is and ε > 0; NaN where the row has NaN or
//            ∞, and where the target is no class: a GPU cannot refuse it without waiting

struct Params {
  rows: u32, count: u32, classes: u32, offset: u32,
  targetOffset: u32, targetStep: u32, ignored: i32, smoothing: f32,
}

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read> targets: array<i32>;
@group(0) @binding(2) var<storage, read_write> loss: array<f32>;
@group(0) @binding(3) var<storage, read_write> maximum: array<f32>;
@group(0) @binding(4) var<storage, read_write> sum: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

// include softmax_row

fn numberAt(i: u32) -> f32 { return x[i]; }

// The loss of a row that is not ignored.
fn surprise(first: u32, id: u32, found: vec4f, s: f32) -> f32 {
  if (id >= params.classes || found.w == WILD) { return notANumber(); }
  let right = numberAt(first * (params.classes / params.count) + id);
  let never = bitcast<u32>(right) == FORBIDDEN_BITS;
  if (never || (params.smoothing > 0.0 && found.w == FORBIDDEN)) { return infinity(); }
  let m = found.x * SMALL;
  var value = (m - right * SMALL) * ((1.0 - params.smoothing) / SMALL);
  if (params.smoothing > 0.0) { value += (m - found.z / f32(params.classes)) * (params.smoothing / SMALL); }
  return value + logarithm(s);
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = rowOf(group, groups, lane);
  let live = row < params.rows;
  let id = targets[params.targetOffset + select(0u, row, live) * params.targetStep];
  let asked = id != params.ignored;
  let first = params.offset + row * params.count;
  let found = scan(first, select(0u, params.count, live && asked), lane);
  if (live && lane % WIDTH == 0u) {
    let s = max(found.y, 0.5);
    var value = 0.0;
    if (asked) { value = surprise(first, u32(id), found, s); }
    loss[row] = value;
    maximum[row] = found.x;
    // What is no number now makes the gradient no number later.
    sum[row] = select(s, notANumber(), isNan(value));
  }
}
