/** A copy that stands whole on a canvas; where several are asked for, only the last one is shown. */

import { redrawn } from "./dom";
import { type About, Machine } from "./engine";
import { drawCopy, type Marks } from "./picture";
import { Run } from "./run";

export class Still {
  private run: Run | undefined;
  private marks: Marks = {};
  private turns = 0;

  constructor(private readonly canvas: HTMLCanvasElement) {
    redrawn(canvas, () => this.draw());
  }

  /** Run a copy and show it, with marks where something happened; nothing where another was asked for meanwhile. */
  async show(
    about: About,
    payload: number[],
    rows: number,
    more: { weights?: string; marks?: Marks } = {},
  ): Promise<Run | undefined> {
    const turn = ++this.turns;
    const machine = await Machine.load(about, more.weights);
    const run = await (await Run.begin(machine, payload, rows)).finish();
    if (turn !== this.turns) return undefined;
    [this.run, this.marks] = [run, more.marks ?? {}];
    this.draw();
    return run;
  }

  private draw(): void {
    if (this.run) drawCopy(this.canvas, this.run.log, this.run.done, this.marks);
  }
}
