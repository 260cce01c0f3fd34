// argsort_merge — merges neighbouring sorted blocks of each row
//
// definition   core/engine/backend.ts, `argsort`
//
// binding  name    type                  shape / meaning
// 0        x       storage, read         [R, width]: key and place, sorted in blocks of `block`
// 1        y       storage, read_write   [R, width]: the same, sorted in blocks of 2 · block; or places alone
// 2        params  uniform               count = R · width; width; block
//
// dispatch   a plane of ⌈count / 256⌉ workgroups
// threads    LANES = 256, one element each: it lands behind those of its own block that precede it, and behind
//            those of the neighbour that are less, which a binary search counts

alias Outcome = vec2u;
const LANES = 256u;

struct Params { count: u32, width: u32, block: u32 }

@group(0) @binding(0) var<storage, read> x: array<vec2u>;
@group(0) @binding(1) var<storage, read_write> y: array<Outcome>;
@group(0) @binding(2) var<uniform> params: Params;

fn outcome(slot: vec2u) -> Outcome { return slot; }

fn exceeds(a: vec2u, b: vec2u) -> bool { return a.x > b.x || (a.x == b.x && a.y > b.y); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let item = (group.y * groups.x + group.x) * LANES + lane;
  if (item >= params.count) { return; }
  let row = item / params.width;
  let i = item - row * params.width;
  let base = row * params.width;
  let slot = x[item];
  let block = i / params.block;
  // The other block of the pair, and where the pair begins.
  let other = (block ^ 1u) * params.block;
  let first = (block & ~1u) * params.block;
  let start = min(other, params.width);
  var low = start;
  var high = min(other + params.block, params.width);
  while (low < high) {
    let middle = (low + high) / 2u;
    if (exceeds(slot, x[base + middle])) { low = middle + 1u; } else { high = middle; }
  }
  y[base + first + (i - block * params.block) + (low - start)] = outcome(slot);
}
