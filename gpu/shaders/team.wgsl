// team — rows shared out among the threads of a workgroup
//
// Included by kernels that reduce rows. WIDTH neighbouring threads own a row, LANES / WIDTH rows are at work
// in a workgroup; a thread without a row joins with what changes nothing. The includer says what two threads
// found together: fn combine(a: vec4f, b: vec4f) -> vec4f.
//
// shared     16 bytes per thread
// barriers   every thread of the workgroup must call, in uniform control flow
// order      pairs at distance WIDTH / 2, WIDTH / 4, …: the same for every run

const LANES = 256u;
const WIDTH = 64u;

var<workgroup> team: array<vec4f, LANES>;

// What all threads of the row found, the same for each of them.
fn together(mine: vec4f, lane: u32) -> vec4f {
  team[lane] = mine;
  workgroupBarrier();
  for (var half = WIDTH / 2u; half > 0u; half /= 2u) {
    if (lane % WIDTH < half) { team[lane] = combine(team[lane], team[lane + half]); }
    workgroupBarrier();
  }
  let all = team[lane - lane % WIDTH];
  workgroupBarrier();
  return all;
}

// The number of the row of a thread.
fn rowOf(group: vec3u, groups: vec3u, lane: u32) -> u32 {
  return (group.y * groups.x + group.x) * (LANES / WIDTH) + lane / WIDTH;
}
