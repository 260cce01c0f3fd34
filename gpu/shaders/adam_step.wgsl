// adam_step — one step of Adam with decoupled weight decay, in place
//
//   m ← β₁ m + (1 − β₁) g,   v ← β₂ v + (1 − β₂) g²,   p ← (1 − λw) p − λ/c₁ · m / (√v / √c₂ + ε)
//
// definition   core/06_training/adam.ts, `adamStep`
//
// binding  name    type                  shape / meaning
// 0        p       storage, read_write   the parameter, contiguous
// 1        m       storage, read_write   the first moment, contiguous
// 2        v       storage, read_write   the second moment, contiguous
// 3        g       storage, read         the gradient, contiguous, multiplied with gradientScale first
// 4        params  uniform               count in numbers; offsets in elements, each of 1 or 4 numbers;
//                                        decay = 1 − λw, step = λ/c₁, correction = 1/√c₂
//
// dispatch   a plane of ⌈elements / 256⌉ workgroups
// threads    LANES = 256, one element each
// range      a number of the gradient beyond 2⁶³ counts as 2⁶³, and what is divided by 0 is 0
// tail       what a last element of four holds beyond the parameter stays as it is

alias Element = f32;
alias Word = u32;

const LANES = 256u;
const EACH = 1u;
const LONGEST = 0x1p63f;

struct Params {
  count: u32, pOffset: u32, mOffset: u32, vOffset: u32,
  gOffset: u32, decay: f32, step: f32, correction: f32,
  epsilon: f32, beta1: f32, rest1: f32, beta2: f32,
  rest2: f32, gradientScale: f32,
}

@group(0) @binding(0) var<storage, read_write> p: array<Element>;
@group(0) @binding(1) var<storage, read_write> m: array<Element>;
@group(0) @binding(2) var<storage, read_write> v: array<Element>;
@group(0) @binding(3) var<storage, read> g: array<Element>;
@group(0) @binding(4) var<uniform> params: Params;

// `fresh`, or what was there where the element lies beyond the parameter.
fn within(i: u32, old: Element, fresh: Element) -> Element { return fresh; }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * LANES + lane;
  if (i * EACH >= params.count) { return; }
  let raw = g[params.gOffset + i] * params.gradientScale;
  let broken = (bitcast<Word>(raw) & Word(0x7fffffffu)) > Word(0x7f800000u);
  let gradient = select(clamp(raw, Element(-LONGEST), Element(LONGEST)), raw, broken);
  let first = m[params.mOffset + i] * params.beta1 + gradient * params.rest1;
  let second = v[params.vOffset + i] * params.beta2 + gradient * gradient * params.rest2;
  let size = sqrt(second) * params.correction + params.epsilon;
  let direction = select(first / size, Element(0.0), size == Element(0.0));
  let moved = p[params.pOffset + i] * params.decay - direction * params.step;
  p[params.pOffset + i] = within(i, p[params.pOffset + i], moved);
  m[params.mOffset + i] = within(i, m[params.mOffset + i], first);
  v[params.vOffset + i] = within(i, v[params.vOffset + i], second);
}
