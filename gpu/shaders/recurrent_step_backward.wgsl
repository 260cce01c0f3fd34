// recurrent_step_backward — the gradients of one step of a recurrent network
//
//   RNN    ṡ = ḣ (1 − h²), or ḣ where h > 0
//   LSTM   Ċ += ḣ o (1 − tanh² C),   i̇ = Ċ g i (1 − i),   ḟ = Ċ C₋ f (1 − f),   ġ = Ċ i (1 − g²),   ȯ = ḣ tanh(C) o (1 − o)
//   GRU    ṅ = ḣ (1 − z) (1 − n²),   ż = ḣ (h₋ − n) z (1 − z),   ṙ = ṅ m r (1 − r)
//
// definition   core/03_language_models/rnn.ts, core/03_language_models/lstm/mod.ts, core/03_language_models/lstm/gru.ts
//
// binding  name      type                  shape / meaning
// 0        gradient  storage, read         as the states: what arrives from outside
// 1        mask      storage, read         [B, T], 0 where a text has no word; read if `masked`
// 2        states    storage, read         what the way forward made
// 3        kept      storage, read         the same; see recurrent_step
// 4        initial   storage, read         [B, H]: the state before the first step, of an LSTM the cell
// 5        carried   storage, read         [B, H]: through the matrix of the step that follows
// 6        passed    storage, read_write   [B, H]: past that matrix; of an LSTM, what arrives at the cell behind it
// 7        to        storage, read_write   [B, T, G·H]: for what the words say; of a GRU, that for the sums behind it
// 8        params    uniform               t and earlier are positions; count = B·H; the rest are offsets
//
// dispatch   a plane of ⌈B·H / 256⌉ workgroups, once for each step, before the product of the step
// threads    LANES = 256, one number of a state each
// padding    where a text has no word the gradient is passed on, and that of the gates is 0
// start      at the last step nothing is carried or passed: `isLast`

// include math

const LANES = 256u;
const RNN = 0u;
const RELU = 1u;
const LSTM = 2u;
const GRU = 3u;
const KIND = 0u;
const GATES = 1u;

struct Params {
  count: u32, H: u32, T: u32, t: u32,
  earlier: u32, isFirst: u32, isLast: u32, masked: u32,
  gradientAt: u32, maskAt: u32, initialAt: u32,
}

@group(0) @binding(0) var<storage, read> gradient: array<f32>;
@group(0) @binding(1) var<storage, read> mask: array<u32>;
@group(0) @binding(2) var<storage, read> states: array<f32>;
@group(0) @binding(3) var<storage, read> kept: array<f32>;
@group(0) @binding(4) var<storage, read> initial: array<f32>;
@group(0) @binding(5) var<storage, read> carried: array<f32>;
@group(0) @binding(6) var<storage, read_write> passed: array<f32>;
@group(0) @binding(7) var<storage, read_write> to: array<f32>;
@group(0) @binding(8) var<uniform> params: Params;

fn slopeOfSigmoid(y: f32) -> f32 { return fma(-y, y, y); }

fn slopeOfTanh(y: f32) -> f32 { return fma(-y, y, 1.0); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * LANES + lane;
  if (i >= params.count) { return; }
  let H = params.H;
  let text = i / H;
  let j = i % H;
  let place = text * params.T + params.t;
  let at = place * H + j;
  let back = (text * params.T + params.earlier) * H + j;
  // Where cells begin behind states, and gradients of the sums behind those of the words.
  let cells = params.count * params.T;
  let second = cells * GATES;

  var arriving = gradient[params.gradientAt + at];
  var atCell = 0.0;
  if (KIND == LSTM) { atCell = gradient[params.gradientAt + cells + at]; }
  if (params.isLast == 0u) {
    arriving += carried[i] + passed[i];
    if (KIND == LSTM) { atCell += passed[params.count + i]; }
  }
  let x = place * GATES * H + j;
  if (params.masked == 1u && mask[params.maskAt + place] == 0u) {
    passed[i] = arriving;
    if (KIND == LSTM) { passed[params.count + i] = atCell; }
    for (var gate = 0u; gate < GATES; gate++) {
      to[x + gate * H] = 0.0;
      if (KIND == GRU) { to[second + x + gate * H] = 0.0; }
    }
    return;
  }

  let keep = place * 4u * H + j;
  if (KIND == LSTM) {
    let input = kept[keep];
    let forget = kept[keep + H];
    let candidate = kept[keep + 2u * H];
    let output = kept[keep + 3u * H];
    var before = 0.0;
    if (params.isFirst == 1u) { before = initial[params.initialAt + i]; } else { before = states[cells + back]; }
    let shown = hyperbolicTangent(states[cells + at]);
    let d = fma(arriving * output, slopeOfTanh(shown), atCell);
    to[x] = d * candidate * slopeOfSigmoid(input);
    to[x + H] = d * before * slopeOfSigmoid(forget);
    to[x + 2u * H] = d * input * slopeOfTanh(candidate);
    to[x + 3u * H] = arriving * shown * slopeOfSigmoid(output);
    passed[i] = 0.0;
    passed[params.count + i] = d * forget;
  } else if (KIND == GRU) {
    let reset = kept[keep];
    let update = kept[keep + H];
    let candidate = kept[keep + 2u * H];
    let memory = kept[keep + 3u * H];
    var before = 0.0;
    if (params.isFirst == 1u) { before = initial[params.initialAt + i]; } else { before = states[back]; }
    let toCandidate = arriving * (1.0 - update) * slopeOfTanh(candidate);
    let toUpdate = arriving * (before - candidate) * slopeOfSigmoid(update);
    let toReset = toCandidate * memory * slopeOfSigmoid(reset);
    to[x] = toReset;
    to[x + H] = toUpdate;
    to[x + 2u * H] = toCandidate;
    to[second + x] = toReset;
    to[second + x + H] = toUpdate;
    to[second + x + 2u * H] = toCandidate * reset;
    passed[i] = arriving * update;
  } else {
    let h = states[at];
    if (KIND == RELU) { to[x] = select(0.0, arriving, h > 0.0); } else { to[x] = arriving * slopeOfTanh(h); }
    passed[i] = 0.0;
  }
}
