/** A sequence of any task run by a machine, all steps in turn: where its heads were, and what it answered. */

import type { Machine, Trained } from "./engine";
import type { Framed } from "./frames";
import { highest, Layer } from "./log";

/** A machine for another task than copying. */
export interface Program extends Trained {
  task: "recall" | "repeat_copy_ticks" | "sort" | "ngrams";
  verdict: string;
  outputs: number; // numbers of an answer
  heads: string[]; // their names, in the order of their weightings
  trained: number[]; // the largest size that it was trained on
}

/** Bits of a vector among the numbers of an input, which markers and priorities follow. */
export function vectorWidth({ task, inputs }: Program): number {
  return inputs - { recall: 2, repeat_copy_ticks: 3, sort: 3, ngrams: 0 }[task];
}

/** The row on which a head has most weight, and how much. */
export type Focus = { row: number; weight: number };

/** A reader, and for each vector of the answer the row where it was written, in the step in which it is due or so many
 * steps earlier. */
export type Route = { reader: number; early: number; places: { step: number; row: number }[] };

const SLICE = 12; // milliseconds of computing before the page gets its turn

export class Answer {
  readonly layers: Layer[]; // of each head: steps and rows
  readonly at: Focus[][] = []; // by step, for each head
  readonly logits: number[][] = []; // by step
  private readonly firstRow: number; // drawn at the top, so that a walk crosses the picture once

  constructor(
    readonly about: Program,
    readonly framed: Framed,
    readonly rows: number,
    weights: Float32Array, // before the first step
  ) {
    this.layers = about.heads.map(() => new Layer(framed.inputs.length, rows, rows));
    const writer = highest(weights, (about.heads.length - 1) * rows, rows);
    this.firstRow = about.rows === null ? (writer + rows - 1) % rows : 0; // rows of a machine's own have no order
  }

  add(step: number, logits: Float32Array, weights: Float32Array): void {
    this.logits.push([...logits]);
    this.at.push(
      this.layers.map((layer, head) => {
        const from = head * this.rows;
        for (let row = 0; row < this.rows; row++) {
          if (weights[from + row] >= 1e-3) layer.mark(step, this.placeOf(row), Math.sqrt(weights[from + row]));
        }
        const row = highest(weights, from, this.rows);
        return { row, weight: weights[from + row] };
      }),
    );
  }

  reads(head: number): boolean {
    return head < this.about.readHeads;
  }

  writes(head: number): boolean {
    return head >= this.about.heads.length - this.about.writeHeads;
  }

  /** The bits that came out at a step. */
  came(step: number): number[] {
    return this.logits[step].map((logit) => Number(logit > 0));
  }

  /** The chance of a 1 that an answer of one bit names. */
  chance(step: number): number {
    return 1 / (1 + Math.exp(-this.logits[step][0]));
  }

  wrongAt(step: number): number {
    const due = this.framed.due[step];
    return due ? this.came(step).filter((one, place) => one !== due[place]).length : 0;
  }

  get wrong(): number {
    return this.framed.due.reduce((sum, _, step) => sum + this.wrongAt(step), 0);
  }

  /** Where a row of the memory is drawn, 0 at the top. */
  placeOf(row: number): number {
    return (row - this.firstRow + this.rows) % this.rows;
  }

  rowAt(place: number): number {
    return (place + this.firstRow) % this.rows;
  }

  /** Rows of the memory that a picture has to show: all down to the last on which a head has much of its weight. */
  get shownRows(): number {
    const places = this.at.flatMap((heads) => heads.filter(({ weight }) => weight > 0.25).map(({ row }) => this.placeOf(row)));
    return Math.min(this.rows, Math.max(...places, 0) + 3);
  }

  /** The reader that reads the answer: of all readers and writers, and of reading in the step of the answer or the one
   * before, those that agree most often; undefined where none agree in most steps. */
  get route(): Route | undefined {
    const heads = this.about.heads.map((_, head) => head);
    const [readers, writers] = [heads.filter((head) => this.reads(head)), heads.filter((head) => this.writes(head))];
    const dues = this.framed.from.flatMap((came, step) => (came === undefined ? [] : [{ came, step }]));
    const routes = [0, 1].flatMap((early) =>
      writers.flatMap((writer) =>
        readers.map((reader) => {
          const places = dues.map(({ came, step }) => ({ step: step - early, row: this.at[came][writer].row }));
          return { reader, early, places, met: places.filter(({ step, row }) => this.at[step][reader].row === row).length };
        }),
      ),
    );
    const best = routes.reduce((one, other) => (other.met > one.met ? other : one));
    return best.met > dues.length / 2 ? best : undefined;
  }
}

/** Run a sequence; undefined where it is not asked for any more. */
export async function answer(
  machine: Machine<Program>,
  framed: Framed,
  rows: number,
  wanted: () => boolean = () => true,
): Promise<Answer | undefined> {
  let state = await machine.start(rows);
  const found = new Answer(machine.about, framed, rows, state[1].data as Float32Array);
  let since = performance.now();
  for (const [step, x] of framed.inputs.entries()) {
    const made = await machine.step(Float32Array.from(x), state);
    state = made.state;
    found.add(step, made.logits, state[1].data as Float32Array);
    if (performance.now() - since < SLICE) continue;
    await new Promise((next) => setTimeout(next));
    if (!wanted()) return undefined;
    since = performance.now();
  }
  return wanted() ? found : undefined;
}
