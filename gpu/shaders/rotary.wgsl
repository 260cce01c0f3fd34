// rotary — turns each pair of coordinates by the angle of its position, forwards or back
//
// definition   core/04_attention/positions/rotary.ts, `applyRotary`
//
// binding  name    type                  shape / meaning
// 0        x       storage, read         [B, H, T, 2 P], any strides
// 1        cosine  storage, read         [T, P], any strides
// 2        sine    storage, read         [T, P], any strides
// 3        y       storage, read_write   [B, T, H, 2 P]
// 4        params  uniform               pairs p start at element p · step, their second coordinate lies `gap` further:
//                                        step 2 and gap 1 for neighbours, step 1 and gap P for halves
//
// dispatch   a plane of ⌈B · T · H · P / 256⌉ workgroups
// threads    LANES = 256, one pair each

const LANES = 256u;

struct Params {
  count: u32, H: u32, T: u32, P: u32,
  step: u32, gap: u32, sign: f32, rest: u32,
  // elements per step of batch, head, position, coordinate
  strides: vec4u,
  // offset, elements per step of position and pair
  cosineAt: vec4u, sineAt: vec4u,
  offset: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> cosine: array<f32>;
@group(0) @binding(2) var<storage, read> sine: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * LANES + lane;
  if (i >= params.count) { return; }
  let p = i % params.P;
  let row = i / params.P;
  let h = row % params.H;
  let t = row / params.H % params.T;
  let b = row / params.H / params.T;
  let start = params.offset + b * params.strides.x + h * params.strides.y + t * params.strides.z;
  let first = p * params.step;
  let second = first + params.gap;
  let one = x[start + first * params.strides.w];
  let other = x[start + second * params.strides.w];
  let c = cosine[params.cosineAt.x + t * params.cosineAt.y + p * params.cosineAt.z];
  let s = sine[params.sineAt.x + t * params.sineAt.y + p * params.sineAt.z] * params.sign;
  let to = row * params.P * 2u;
  y[to + first] = one * c - other * s;
  y[to + second] = one * s + other * c;
}
