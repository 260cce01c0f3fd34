// argsort_blocks — sorts rows, or blocks of long rows, by a bitonic network
//
// definition   core/engine/backend.ts, `argsort`
//
// binding  name    type                  shape / meaning
// 0        x       storage, read         [R, width], contiguous
// 1        y       storage, read_write   [R, width]: places in a row; for rows of several blocks key and place
// 2        params  uniform               count = slots; width; span = slots of a sorted piece, a power of two up
//                                        to SLOTS; padded = slots of a row; offset of x
//
// dispatch   a plane of ⌈count / SLOTS⌉ workgroups; a workgroup holds SLOTS / span short rows or a block of a long one
// threads    LANES = 256, two pairs of slots each
// shared     SLOTS × 8 bytes
// barriers   the loops depend on `span` alone
//
// A slot holds a key and a place, no two alike, so equal elements keep their order; slots without an element
// are greater than all others.

alias Element = f32;
alias Outcome = u32;
const LANES = 256u;
const SLOTS = 1024u;

struct Params { count: u32, width: u32, span: u32, padded: u32, offset: u32 }

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read_write> y: array<Outcome>;
@group(0) @binding(2) var<uniform> params: Params;

// include keys

var<workgroup> slots: array<vec2u, SLOTS>;

fn key(x: Element) -> u32 { return keyOf(x); }

fn outcome(slot: vec2u) -> Outcome { return slot.y; }

fn exceeds(a: vec2u, b: vec2u) -> bool { return a.x > b.x || (a.x == b.x && a.y > b.y); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let start = (group.y * groups.x + group.x) * SLOTS;
  if (start >= params.count) { return; }
  for (var s = lane; s < SLOTS; s += LANES) {
    let row = (start + s) / params.padded;
    let i = start + s - row * params.padded;
    slots[s] = vec2u(NAN_KEY, NAN_KEY);
    if (i < params.width && start + s < params.count) {
      slots[s] = vec2u(key(x[params.offset + row * params.width + i]), i);
    }
  }
  for (var piece = 2u; piece <= params.span; piece = piece * 2u) {
    for (var gap = piece / 2u; gap > 0u; gap = gap / 2u) {
      workgroupBarrier();
      for (var pair = lane; pair < SLOTS / 2u; pair += LANES) {
        let low = 2u * pair - (pair & (gap - 1u));
        let a = slots[low];
        let b = slots[low + gap];
        // Pieces alternate in direction until one is left.
        let falling = piece < params.span && (low & piece) != 0u;
        if (exceeds(a, b) != falling) {
          slots[low] = b;
          slots[low + gap] = a;
        }
      }
    }
  }
  workgroupBarrier();
  for (var s = lane; s < SLOTS; s += LANES) {
    let row = (start + s) / params.padded;
    let i = start + s - row * params.padded;
    if (i < params.width && start + s < params.count) { y[row * params.width + i] = outcome(slots[s]); }
  }
}
