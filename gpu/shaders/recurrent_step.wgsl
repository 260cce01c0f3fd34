// recurrent_step — one step of a recurrent network, for every text of a batch
//
//   RNN    h′ = tanh(x + s), or relu
//   LSTM   C′ = σ(f) C + σ(i) tanh(g),   h′ = σ(o) tanh(C′)
//   GRU    n = tanh(x_n + σ(r) s_n),   h′ = n + σ(z) (h − n)
//
// definition   core/03_language_models/rnn.ts, core/03_language_models/lstm/mod.ts, core/03_language_models/lstm/gru.ts
//
// binding  name       type                  shape / meaning
// 0        projected  storage, read         [B, T, G·H]: what the words say, x
// 1        sums       storage, read         [B, G·H]: what the state before says, s; a product made it
// 2        mask       storage, read         [B, T], 0 where a text has no word; read if `masked`
// 3        hidden     storage, read         [B, H]: the state before the first step
// 4        cell       storage, read         [B, H]: of an LSTM, the cell before the first step
// 5        states     storage, read_write   [B, T, H]; of an LSTM, the cells behind them
// 6        kept       storage, read_write   [B, T, 4·H], for the way back: the gates of an LSTM; reset, update,
//                                           candidate and what the reset gate multiplies of a GRU
// 7        params     uniform               t and earlier are positions; count = B·H; the rest are offsets
//
// dispatch   a plane of ⌈B·H / 256⌉ workgroups, once for each step, after the product of the step
// threads    LANES = 256, one number of a state each
// padding    where a text has no word its states stay what they are, and nothing is kept

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
  earlier: u32, isFirst: u32, masked: u32, projectedAt: u32,
  maskAt: u32, hiddenAt: u32, cellAt: u32,
}

@group(0) @binding(0) var<storage, read> projected: array<f32>;
@group(0) @binding(1) var<storage, read> sums: array<f32>;
@group(0) @binding(2) var<storage, read> mask: array<u32>;
@group(0) @binding(3) var<storage, read> hidden: array<f32>;
@group(0) @binding(4) var<storage, read> cell: array<f32>;
@group(0) @binding(5) var<storage, read_write> states: array<f32>;
@group(0) @binding(6) var<storage, read_write> kept: array<f32>;
@group(0) @binding(7) var<uniform> params: Params;

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
  let cells = params.count * params.T;

  var before = 0.0;
  var cellBefore = 0.0;
  if (params.isFirst == 1u) {
    before = hidden[params.hiddenAt + i];
    if (KIND == LSTM) { cellBefore = cell[params.cellAt + i]; }
  } else {
    before = states[back];
    if (KIND == LSTM) { cellBefore = states[cells + back]; }
  }
  if (params.masked == 1u && mask[params.maskAt + place] == 0u) {
    states[at] = before;
    if (KIND == LSTM) { states[cells + at] = cellBefore; }
    return;
  }

  let x = params.projectedAt + place * GATES * H + j;
  let s = text * GATES * H + j;
  let keep = place * 4u * H + j;
  if (KIND == LSTM) {
    let input = logistic(projected[x] + sums[s]);
    let forget = logistic(projected[x + H] + sums[s + H]);
    let candidate = hyperbolicTangent(projected[x + 2u * H] + sums[s + 2u * H]);
    let output = logistic(projected[x + 3u * H] + sums[s + 3u * H]);
    let c = fma(input, candidate, forget * cellBefore);
    kept[keep] = input;
    kept[keep + H] = forget;
    kept[keep + 2u * H] = candidate;
    kept[keep + 3u * H] = output;
    states[cells + at] = c;
    states[at] = output * hyperbolicTangent(c);
  } else if (KIND == GRU) {
    let reset = logistic(projected[x] + sums[s]);
    let update = logistic(projected[x + H] + sums[s + H]);
    let memory = sums[s + 2u * H];
    let candidate = hyperbolicTangent(fma(reset, memory, projected[x + 2u * H]));
    kept[keep] = reset;
    kept[keep + H] = update;
    kept[keep + 2u * H] = candidate;
    kept[keep + 3u * H] = memory;
    states[at] = fma(update, before - candidate, candidate);
  } else {
    let sum = projected[x] + sums[s];
    if (KIND == RELU) { states[at] = select(0.0, sum, sum > 0.0); } else { states[at] = hyperbolicTangent(sum); }
  }
}
