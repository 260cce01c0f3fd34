// softmax_parts — maximum and sum of exponentials of each part of a row, for few rows that are long
//
// definition   core/02_words/softmax.ts
//
// binding  name     type                  shape / meaning
// 0        x        storage, read         [rows, columns], contiguous
// 1        partial  storage, read_write   [rows, parts], as softmax_row has it
// 2        params   uniform               as in softmax
//
// dispatch   a plane of ⌈rows · parts · WIDTH / 256⌉ workgroups
// threads    WIDTH to a part, neighbours take neighbouring elements
// shared     4 KiB
// barriers   only in uniform control flow: every thread joins every reduction

struct Params { rows: u32, count: u32, offset: u32, parts: u32, length: u32 }

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read_write> partial: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

// include softmax_row

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let number = rowOf(group, groups, lane);
  let live = number < params.rows * params.parts;
  let start = number % params.parts * params.length;
  let count = min(params.count, start + params.length) - min(params.count, start);
  let first = params.offset + number / params.parts * params.count + start;
  let found = scan(first, select(0u, count, live), lane);
  if (live && lane % WIDTH == 0u) { partial[number] = found; }
}
