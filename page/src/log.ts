/** What every step of a copy did, in layers of ink that can be drawn at any size. */

import type { About, State, Step } from "./engine";
import { answered, bit, type Plan } from "./text";

const MOST_COLUMNS = 1024; // of a layer: longer copies share them
const MOST_ROWS = 128;

/** Ink in cells of steps and places; cells of long copies stand for several steps or places, the darkest counts. */
export class Layer {
  readonly columns: number;
  readonly rows: number;
  readonly ink: Uint8ClampedArray; // from 0 to 255, row by row
  changed = true; // since it was drawn last

  constructor(
    readonly steps: number,
    readonly places: number,
    most = MOST_ROWS,
  ) {
    this.columns = Math.min(steps, MOST_COLUMNS);
    this.rows = Math.min(places, most);
    this.ink = new Uint8ClampedArray(this.columns * this.rows);
  }

  mark(step: number, place: number, strength: number): void {
    const cell = this.row(place) * this.columns + this.column(step);
    this.ink[cell] = Math.max(this.ink[cell], Math.round(255 * strength));
    this.changed = true;
  }

  cutTo(step: number): void {
    const from = step >= this.steps ? this.columns : this.column(step);
    for (let row = 0; row < this.rows; row++) this.ink.fill(0, row * this.columns + from, (row + 1) * this.columns);
    this.changed = true;
  }

  private column(step: number): number {
    return Math.floor((step * this.columns) / this.steps);
  }

  private row(place: number): number {
    return Math.floor((place * this.rows) / this.places);
  }
}

export class Log {
  readonly rows: number;
  readonly single: boolean; // one head reads and writes
  readonly firstRow: number; // drawn at the top, so that a walk crosses the picture once
  readonly sent: Layer;
  readonly came: Layer;
  readonly wrong: Layer;
  readonly read: Layer;
  readonly write: Layer;
  readonly readAt: number[] = []; // by steps done, from 0: the row on which the read head has most weight
  readonly writeAt: number[] = [];
  readonly gates: number[] = []; // of the read head, by step
  readonly answers: number[] = []; // bytes that came out

  constructor(
    readonly plan: Plan,
    private readonly about: About,
    start: State,
  ) {
    this.rows = start[1].dims[2];
    this.single = about.single;
    const { steps, frame } = plan;
    this.sent = new Layer(steps, frame.width);
    this.came = new Layer(steps, frame.width);
    this.wrong = new Layer(steps, frame.width);
    this.read = new Layer(steps, this.rows);
    this.write = new Layer(steps, this.rows);
    this.look(start[1].data as Float32Array);
    this.firstRow = (this.writeAt[0] + (about.backwards ? 2 : this.rows - 1)) % this.rows;
    for (let step = plan.first; step < plan.end; step++) this.bits(this.sent, step, plan.sent(step)!);
  }

  add(step: number, { logits, gates, state }: Step): void {
    const weights = state[1].data as Float32Array;
    this.look(weights);
    this.gates.push(gates[this.about.reader]);
    const heads = weights.length / this.rows;
    for (let head = 0; head < heads; head++) {
      for (let row = 0; row < this.rows; row++) {
        const weight = weights[head * this.rows + row];
        if (weight < 1e-3) continue;
        const strength = Math.sqrt(weight); // so that a head that spreads can still be seen
        const place = this.placeOf(row);
        if (head < this.about.readHeads) this.read.mark(step, place, strength);
        if (head >= heads - this.about.writeHeads) this.write.mark(step, place, strength);
      }
    }
    const due = this.plan.due(step);
    if (due === undefined) return;
    const byte = answered(logits);
    this.answers.push(byte);
    this.bits(this.came, step, byte);
    this.bits(this.wrong, step, byte ^ due);
  }

  /** Forget what happened after some steps. */
  cutTo(step: number): void {
    for (const layer of [this.came, this.wrong, this.read, this.write]) layer.cutTo(step);
    this.readAt.length = this.writeAt.length = step + 1;
    this.gates.length = step;
    this.answers.length = Math.max(0, step - this.plan.end - 1);
  }

  /** Where a row of the memory is drawn, 0 at the top. */
  placeOf(row: number): number {
    return (row - this.firstRow + this.rows) % this.rows;
  }

  rowAt(place: number): number {
    return (place + this.firstRow) % this.rows;
  }

  /** The byte that the write head stood on a row for, last of the steps that are done. */
  heldBy(row: number, done: number): number | undefined {
    for (let step = Math.min(done, this.plan.end) - 1; step >= this.plan.first; step--) {
      if (this.writeAt[step + 1] === row) return this.plan.sent(step);
    }
    return undefined;
  }

  private bits(layer: Layer, step: number, byte: number): void {
    for (let place = 0; place < layer.places; place++) if (bit(byte, place)) layer.mark(step, place, 1);
  }

  private look(weights: Float32Array): void {
    this.readAt.push(highest(weights, this.about.reader * this.rows, this.rows));
    this.writeAt.push(highest(weights, this.about.writer * this.rows, this.rows));
  }
}

/** The place of the largest of some numbers, counted from the first of them. */
export function highest(weights: Float32Array, from: number, count: number): number {
  let best = 0;
  for (let place = 1; place < count; place++) if (weights[from + place] > weights[from + best]) best = place;
  return best;
}
