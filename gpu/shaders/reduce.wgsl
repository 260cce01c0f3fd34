// reduce — what the two shaders that collapse axes have in common
//
// Included by reduce_rows and reduce_columns. An element becomes a total, totals are joined in a fixed order,
// and the last total becomes the outcome:
//
//        total                        join                          outcome
// sum    the number                   +                             itself
// max    a key that orders numbers    the greater                   the number of that key
// min    its complement               the greater                   likewise
// argmax key and place                the greater, then the first   the place
//
// NaN has the greatest key of all in every case; the total zero, of which joining starts, stands for nothing.

// include keys

alias Element = f32;
alias Total = f32;
alias Outcome = f32;

fn greaterOf(a: vec2u, b: vec2u) -> vec2u { return select(b, a, a.x > b.x || (a.x == b.x && a.y <= b.y)); }

// The total of the element that lies at place i of its row.
fn entry(x: Element, i: u32) -> Total { return x; }

fn join(a: Total, b: Total) -> Total { return a + b; }

fn outcome(total: Total) -> Outcome { return total; }
