/** A copy that stands whole on a canvas; where several are asked for, only the last one is shown. */

import { redrawn } from "./dom";
import { type About, Machine } from "./engine";
import { drawCopy } from "./picture";
import { Run } from "./run";

export class Still {
  private run: Run | undefined;
  private ring: { step: number; row: number } | undefined;
  private turns = 0;

  constructor(private readonly canvas: HTMLCanvasElement) {
    redrawn(canvas, () => this.draw());
  }

  /** Run a copy and show it, with a ring where something happened; nothing where another was asked for meanwhile. */
  async show(
    about: About,
    payload: number[],
    rows: number,
    more: { weights?: string; ring?: Still["ring"] } = {},
  ): Promise<Run | undefined> {
    const turn = ++this.turns;
    const machine = await Machine.load(about, more.weights);
    const run = await (await Run.begin(machine, payload, rows)).finish();
    if (turn !== this.turns) return undefined;
    [this.run, this.ring] = [run, more.ring];
    this.draw();
    return run;
  }

  private draw(): void {
    if (this.run) drawCopy(this.canvas, this.run.log, this.run.done, { ring: this.ring });
  }
}
