// cross_entropy_backward — dx[r, v] = g[r] (p[v] − (1 − ε) [v = t] − ε / V), p the softmax of row r
//
// definition   core/06_training/loss.ts
//
// binding  name     type                  shape / meaning
// 0        x        storage, read         [N, V], the logits, contiguous
// 1        targets  storage, read         [N], int32
// 2        maximum  storage, read         [N], of the forward kernel
// 3        sum      storage, read         [N], of the forward kernel
// 4        g        storage, read         [N], the gradient of the losses
// 5        dx       storage, read_write   [N, V]
// 6        params   uniform               count = elements of a row, each of 1 or 4 numbers; offsets and steps in
//                                         elements of their own; smoothing = ε
//
// dispatch   a plane of ⌈N · WIDTH / 256⌉ workgroups
// threads    WIDTH = 16, 64 or 256 to a row, neighbours take neighbouring elements
// masked     the row of an ignored target is 0; −∞ has probability 0
// special    NaN throughout a row whose loss is NaN

alias Element = f32;
alias Word = u32;

const FORBIDDEN_BITS = 0xff800000u;
const LANES = 256u;
const WIDTH = 64u;

struct Params {
  rows: u32, count: u32, classes: u32, offset: u32,
  targetOffset: u32, targetStep: u32, ignored: i32, smoothing: f32,
  gradientOffset: u32, gradientStep: u32,
}

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read> targets: array<i32>;
@group(0) @binding(2) var<storage, read> maximum: array<f32>;
@group(0) @binding(3) var<storage, read> sum: array<f32>;
@group(0) @binding(4) var<storage, read> g: array<f32>;
@group(0) @binding(5) var<storage, read_write> dx: array<Element>;
@group(0) @binding(6) var<uniform> params: Params;

// include math

fn exponentials(x: Element) -> Element { return exponential(x); }
fn classesOf(i: u32) -> Word { return i; }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = (group.y * groups.x + group.x) * (LANES / WIDTH) + lane / WIDTH;
  if (row >= params.rows) { return; }
  let id = targets[params.targetOffset + row * params.targetStep];
  let asked = id != params.ignored;
  let slope = g[params.gradientOffset + row * params.gradientStep];
  let m = maximum[row];
  let s = sum[row];
  let broken = isNan(s);
  let factor = slope / s;
  let spread = slope * params.smoothing / f32(params.classes);
  let hit = slope * (1.0 - params.smoothing);
  for (var i = lane % WIDTH; i < params.count; i += WIDTH) {
    let raw = x[params.offset + row * params.count + i];
    let forbidden = bitcast<Word>(raw) == Word(FORBIDDEN_BITS);
    let e = select(exponentials(select(raw, Element(m), forbidden) - m), Element(0.0), forbidden);
    var value = e * factor - spread;
    value -= select(Element(0.0), Element(hit), classesOf(i) == Word(u32(id)));
    if (broken) { value = Element(notANumber()); }
    if (!asked) { value = Element(0.0); }
    dx[row * params.count + i] = value;
  }
}
