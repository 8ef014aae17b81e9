/** One copy by one machine: computed step by step, kept for going back, and changed by hand on the way. */

import { copied, type Machine, type State } from "./engine";
import { Log } from "./log";
import { Plan } from "./text";

export interface Edit {
  step: number; // steps that are done when it happens
  kind: "spoil" | "empty" | "reader";
  row: number;
  number: number; // the place in the row; only "spoil" has a use for it
}

type Moment = { step: number; state: State }; // steps done, and the state before any edit

const SPOILED = 5; // what a spoiled number becomes, on the other side of zero: beyond any that the machines write
const KEPT_BYTES = 64_000_000; // of states that are kept to go back to

export class Run {
  readonly plan: Plan;
  readonly log: Log;
  readonly edits: Edit[] = [];
  done = 0; // steps that are computed
  private readonly kept = new Map<number, State>(); // by the number of steps done, before any edit
  private readonly every: number;
  private last: Moment; // where it goes on
  private shown: Moment; // what `stateAt` returned last
  private line: Promise<unknown> = Promise.resolve();

  private constructor(
    readonly machine: Machine,
    payload: number[],
    readonly rows: number,
    start: State,
  ) {
    this.plan = new Plan(machine.about, payload);
    this.log = new Log(this.plan, machine.about, start);
    const bytes = start.reduce((sum, part) => sum + 4 * part.size, 0);
    this.every = Math.ceil((bytes * this.plan.steps) / KEPT_BYTES);
    this.kept.set(0, start);
    this.last = this.shown = { step: 0, state: start };
  }

  static async begin(machine: Machine, payload: number[], rows: number): Promise<Run> {
    return new Run(machine, payload, rows, await machine.start(rows));
  }

  get finished(): boolean {
    return this.done === this.plan.steps;
  }

  /** Compute steps for some milliseconds, at least one. */
  advance(milliseconds: number): Promise<void> {
    return this.alone(async () => {
      const end = performance.now() + milliseconds;
      let state = await this.before(this.done);
      do {
        if (this.finished) return;
        const made = await this.machine.step(this.plan.input(this.done), this.edited(this.done, state));
        this.log.add(this.done, made);
        state = made.state;
        this.last = { step: ++this.done, state };
        if (this.done % this.every === 0) this.kept.set(this.done, state);
      } while (performance.now() < end);
    });
  }

  async finish(): Promise<Run> {
    while (!this.finished) await this.advance(50);
    return this;
  }

  /** The state after some steps, with what was done to it by hand. */
  stateAt(step: number): Promise<State> {
    return this.alone(async () => this.edited(step, await this.before(step)));
  }

  /** Change the state after some steps by hand: what came later is forgotten, and computed anew. */
  edit(edit: Edit): Promise<void> {
    return this.alone(async () => {
      this.edits.splice(0, Infinity, ...this.edits.filter((one) => one.step <= edit.step), edit);
      await this.backTo(edit.step);
    });
  }

  /** Undo all edits. */
  mend(): Promise<void> {
    return this.alone(async () => {
      const first = Math.min(this.done, ...this.edits.splice(0).map((one) => one.step));
      await this.backTo(first);
    });
  }

  private async backTo(step: number): Promise<void> {
    if (step < this.done) {
      this.last = { step, state: await this.before(step) };
      for (const later of [...this.kept.keys()].filter((one) => one > step)) this.kept.delete(later);
      this.done = step;
      this.log.cutTo(step);
    }
    this.shown = this.last; // what was shown may come later, and be another now
  }

  /** The state after some steps, before it is changed by hand: from the nearest that is kept, and steps from there. */
  private async before(step: number): Promise<State> {
    const nearest = Math.max(...[...this.kept.keys()].filter((one) => one <= step));
    const known = [{ step: nearest, state: this.kept.get(nearest)! }, this.shown, this.last];
    let { step: from, state } = known.filter((one) => one.step <= step).reduce((a, b) => (b.step > a.step ? b : a));
    for (; from < step; from++)
      state = (await this.machine.step(this.plan.input(from), this.edited(from, state))).state;
    this.shown = { step, state };
    return state;
  }

  private edited(step: number, state: State): State {
    const edits = this.edits.filter((one) => one.step === step);
    if (!edits.length) return state;
    const changed = copied(state);
    for (const edit of edits) apply(edit, changed, this.machine.about.reader);
    return changed;
  }

  /** One thing after the other: a step must not run while the past is being changed. */
  private alone<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.line.then(act);
    this.line = turn.catch(() => undefined);
    return turn;
  }
}

function apply(edit: Edit, [memory, weights]: State, reader: number): void {
  const [rows, numbers] = [memory.dims[1], memory.dims[2]];
  const tape = memory.data as Float32Array;
  const place = edit.row * numbers;
  if (edit.kind === "spoil") tape[place + edit.number] = tape[place + edit.number] < 0 ? SPOILED : -SPOILED;
  if (edit.kind === "empty") tape.fill(0, place, place + numbers);
  if (edit.kind === "reader") {
    const focus = (weights.data as Float32Array).subarray(reader * rows, (reader + 1) * rows);
    focus.fill(0);
    focus[edit.row] = 1;
  }
}
