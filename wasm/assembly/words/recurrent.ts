/**
 * # Words of one step of a recurrent network
 *
 * A unit is a text of the batch. What lies in steps has T of them for each text, and its address is that of the step; what is compact has one
 * row for each text.
 *
 * @module
 */

/** Numbers of a state: H. */
export const WIDTH = 0;
/** Steps of a text: T. */
export const STEPS = 1;
/** In steps: what the words say, H for each gate. */
export const PROJECTED = 2;
/** Compact: what the state before says, H for each gate. */
export const SUMS = 3;
/** In steps: hidden states. */
export const HIDDEN = 4;
/** In steps: cell states. */
export const CELL = 5;
/** In steps: what the backward step wants to see of the gates. */
export const GATES = 6;
/** Compact, forwards: the hidden state, overwritten by that after the step. */
export const STATE = 7;
/** Hidden states before the step; backwards, of a GRU. */
export const HIDDEN_BEFORE = 8;
/** Bytes from one text to the next there. */
export const HIDDEN_BEFORE_ROW = 9;
/** Cell states before the step. */
export const CELL_BEFORE = 10;
/** Bytes from one text to the next there. */
export const CELL_BEFORE_ROW = 11;
/** In steps: 1 for a word, 0 for padding; or 0. */
export const MASK = 12;
/** 1 where ReLU takes the place of tanh. */
export const RELU = 13;
/** In steps: gradient of the hidden states. */
export const GRADIENT = 14;
/** In steps: gradient of the cell states. */
export const CELL_GRADIENT = 15;
/** Compact: what the later step sends back through its matrix; or 0. */
export const CARRIED = 16;
/** Compact, overwritten: what the later step sends back past its matrix; or 0. */
export const PASSED = 17;
/** Compact, overwritten: what the later step sends back to the cell. */
export const CELL_PASSED = 18;
/** In steps: gradient of what the words say. */
export const TO = 19;
/** In steps: gradient of what the state before says, of a GRU. */
export const TO_SUMS = 20;
