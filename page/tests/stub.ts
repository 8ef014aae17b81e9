/** A machine without weights for tests: its write head walks forward from row 1 and leaves each input's number in the
 * row; its read head jumps to row 1 at the end marker and walks forward; the answer is the number of the row it reads. */

import { Tensor } from "onnxruntime-web/wasm";
import type { About, Machine, State, Step } from "../src/engine";

const [NUMBERS, HEADS] = [3, 2];

export const ABOUT = {
  name: "stub",
  fault: "",
  shows: "",
  made: "",
  width: 8,
  startMarker: true,
  inputs: 10,
  readHeads: 1,
  writeHeads: 1,
  single: false,
  rows: null,
  rowsFor: [16, 2],
  backwards: false,
  reader: 0,
  writer: 1,
} as unknown as About;

export class Stub {
  readonly about = ABOUT;
  steps = 0;

  async start(rows: number): Promise<State> {
    const weights = new Float32Array(HEADS * rows);
    weights[0] = weights[rows] = 1;
    return [tensor(new Float32Array(rows * NUMBERS), [1, rows, NUMBERS]), tensor(weights, [1, HEADS, rows])];
  }

  async step(x: Float32Array, [memory, weights]: State): Promise<Step> {
    this.steps++;
    const rows = memory.dims[1];
    const tape = Float32Array.from(memory.data as Float32Array);
    const [read, write] = [0, 1].map((head) => (weights.data as Float32Array).indexOf(1, head * rows) - head * rows);
    const byte = x.slice(0, 8).reduce((sum, one, place) => sum + one * 2 ** place, 0);
    const next = (write + 1) % rows;
    if (x.some(Boolean) && !x[9] && !x[8]) tape[next * NUMBERS] = byte;
    const blank = !x.some(Boolean);
    const at = x[9] ? 1 : blank ? (read + 1) % rows : read;
    const focus = new Float32Array(HEADS * rows);
    focus[at] = focus[rows + next] = 1;
    const out = Math.abs(tape[at * NUMBERS]);
    const logits = Float32Array.from({ length: 8 }, (_, place) => ((out >> place) & 1 ? 1 : -1));
    return { logits, gates: Float32Array.of(x[9], 0), state: [tensor(tape, memory.dims), tensor(focus, weights.dims)] };
  }
}

export function stub(): { machine: Machine; count: () => number } {
  const one = new Stub();
  return { machine: one as unknown as Machine, count: () => one.steps };
}

function tensor(values: Float32Array, dims: readonly number[]): Tensor {
  return new Tensor("float32", values, dims);
}
