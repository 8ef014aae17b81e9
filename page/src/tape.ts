/** The tape: a text goes in, the heads walk, the text comes out; to be played, scrubbed and disturbed. */

import { by, calm, element, options, Player, redrawn, say } from "./dom";
import { type About, Machine, rowsNeeded, type State } from "./engine";
import { drawCopy, drawMemory, nearby } from "./picture";
import { type Edit, Run } from "./run";
import { encode, shown } from "./text";
import { happening, verdict } from "./words";

const MOST_ROWS = 6000;
const SLICE = 12; // milliseconds of computing between two frames
const [copy, memory] = [by<HTMLCanvasElement>("copy"), by<HTMLCanvasElement>("memory")];
const [text, rows] = [by<HTMLTextAreaElement>("text"), by<HTMLInputElement>("rows")];
const [machines, speed] = [by<HTMLSelectElement>("machine"), by<HTMLSelectElement>("speed")];
const [slider, row, number] = ["step", "row", "number"].map((id) => by<HTMLInputElement>(id));

/** Show the tape and follow what its reader does. */
export class Tape {
  run: Run | undefined;
  private machine: Machine | undefined;
  private at = 0; // steps done that are shown; a fraction while it plays
  private asked = 0; // runs that were asked for: only the last one counts
  private busy = false; // a picture is being made
  private stale = true;
  private cellAt: ReturnType<typeof drawMemory> = () => undefined;
  private readonly player = new Player(by("play"), (seconds) => this.play(seconds));

  constructor(
    private readonly abouts: About[],
    private readonly changed: () => void,
  ) {
    options(
      machines,
      abouts.map((one) => [one.name, `${one.name.replaceAll("_", " ")}${one.fault && ` (${one.fault})`}`]),
    );
    for (const one of [text, rows]) one.addEventListener("input", () => void this.begin());
    machines.addEventListener("change", () => void this.choose(machines.value));
    slider.addEventListener("input", () => this.go(Number(slider.value)));
    by("back").addEventListener("click", () => this.go(Math.ceil(this.at) - 1));
    by("forth").addEventListener("click", () => this.go(Math.floor(this.at) + 1));
    by("play").addEventListener("click", () => this.again());
    by("deed").addEventListener("click", () => void this.disturb());
    by("mend").addEventListener("click", () => void this.mend());
    for (const one of [row, number]) one.addEventListener("input", () => this.redraw());
    memory.addEventListener("click", (event) => this.click(event.offsetX, event.offsetY));
    for (const canvas of [copy, memory]) redrawn(canvas, () => this.redraw());
  }

  async choose(name: string): Promise<void> {
    const about = this.abouts.find((one) => one.name === name)!;
    const turn = ++this.asked;
    const machine = await Machine.load(about);
    if (turn !== this.asked) return;
    this.machine = machine;
    by("tape").classList.toggle("single", about.single);
    rows.disabled = about.rows !== null;
    rows.value = "";
    say(by("about"), `${about.name.replaceAll("_", " ")}: ${about.shows}. It was trained with ${about.made}.`);
    await this.begin();
  }

  /** Begin anew with the text, the rows and the machine as they stand. */
  async begin(): Promise<void> {
    if (!this.machine) return;
    const { about } = this.machine;
    const turn = ++this.asked;
    const { bytes, note } = encode(text.value, about.width);
    const wanted = rowsNeeded(about, bytes.length);
    rows.placeholder = String(wanted);
    const asked = rows.value === "" || about.rows !== null ? wanted : Number(rows.value);
    const fits = Number.isInteger(asked) && asked >= 2 && asked <= MOST_ROWS;
    say(by("note"), fits ? note : `The memory has 2 to ${MOST_ROWS.toLocaleString("en")} rows.`);
    if (!fits || !bytes.length) return this.player.turn(false);
    const run = await Run.begin(this.machine, bytes, asked);
    if (turn !== this.asked) return;
    this.run = run;
    slider.max = String(run.plan.steps);
    row.max = String(asked - 1);
    this.at = 0;
    say(by("suffers"), "");
    this.changed();
    void this.compute(run);
    if (calm()) await run.finish().then(() => this.go(run.plan.steps));
    else this.player.turn(true);
    this.redraw();
  }

  /** Compute all steps, a slice at a time, so that the page stays awake. */
  private async compute(run: Run): Promise<void> {
    while (run === this.run && !run.finished) {
      await run.advance(SLICE);
      await new Promise((next) => setTimeout(next));
    }
    if (run === this.run && !run.edits.length) row.value = String(run.log.writeAt[run.plan.end >> 1]); // a letter's
    this.redraw();
  }

  private play(seconds: number): boolean {
    if (!this.run) return true;
    this.at = Math.min(this.run.done, this.at + seconds * Number(speed.value));
    this.redraw();
    return this.at >= this.run.plan.steps;
  }

  /** Play from the start where the copy is over. */
  private again(): void {
    if (this.player.on && this.run && this.at >= this.run.plan.steps) this.at = 0;
  }

  private go(step: number): void {
    this.player.turn(false);
    this.at = Math.max(0, Math.min(step, this.run?.done ?? 0));
    this.redraw();
  }

  private async disturb(): Promise<void> {
    const { run } = this;
    if (!run) return;
    const chosen = { row: Number(row.value), number: Number(number.value) };
    const numbers = (await run.stateAt(0))[0].dims[2];
    if (!(chosen.row >= 0 && chosen.row < run.rows && chosen.number >= 0 && chosen.number < numbers)) {
      return say(by("suffers"), `Rows go from 0 to ${run.rows - 1}, and numbers in a row from 0 to ${numbers - 1}.`);
    }
    const kind = document.querySelector<HTMLInputElement>("input[name=deed]:checked")!.value as Edit["kind"];
    const over = Math.floor(this.at) >= run.plan.steps; // nothing would come of it: it happens when the answer begins
    const step = over ? run.plan.end + 1 : Math.floor(this.at);
    const held = run.log.heldBy(chosen.row, step);
    const before = [...(await run.finish()).log.answers];
    await run.edit({ step, kind, ...chosen });
    this.go(step);
    await this.compute(run);
    const letters = run.log.answers.flatMap((byte, place) => (byte === before[place] ? [] : [place + 1]));
    const where = `row ${chosen.row}${held === undefined ? "" : `, which holds “${shown(held)}”,`}`;
    const deeds = {
      spoil: `Number ${chosen.number} of ${where} is spoiled before step ${step}`,
      empty: `${where} is empty from step ${step} on`.replace("r", "R"),
      reader: `Before step ${step} the read head is moved to row ${chosen.row}`,
    };
    const those = `${letters.slice(0, 12).join(", ")}${letters.length > 12 ? " …" : ""}`;
    const changed = letters.length ? `character${letters.length > 1 ? "s" : ""} ${those}` : "not one character";
    say(
      by("suffers"),
      `${deeds[kind]}: ${changed} of the answer change${letters.length > 1 ? "" : "s"}.`,
    );
    this.player.turn(!calm());
    if (calm()) this.go(run.plan.steps);
  }

  private async mend(): Promise<void> {
    await this.run?.mend();
    say(by("suffers"), "All is as it was.");
    this.go(Math.floor(this.at));
    if (this.run) await this.compute(this.run);
  }

  private click(x: number, y: number): void {
    const cell = this.cellAt(x, y);
    if (!cell) return;
    [row.value, number.value] = [String(cell.row), String(cell.number)];
    void this.disturb();
  }

  private redraw(): void {
    this.stale = true;
    if (!this.busy) void this.draw();
  }

  private async draw(): Promise<void> {
    this.busy = true;
    while (this.stale && this.run) {
      this.stale = false;
      const { run } = this;
      const done = Math.min(Math.floor(this.at), run.done);
      const state = await run.stateAt(done);
      if (run !== this.run || done > run.done) this.stale = true;
      else this.show(run, done, state);
    }
    this.busy = false;
  }

  private show(run: Run, done: number, state: State): void {
    const { log, plan, machine } = run;
    const { about } = machine;
    const near = nearby(log, done > plan.end ? log.readAt[done] : log.writeAt[done], memory);
    const chosen = { row: Number(row.value), number: Number(number.value) };
    drawCopy(copy, log, done, { near });
    this.cellAt = drawMemory(memory, log, state, near, { read: about.reader, write: about.writer }, chosen);
    number.max = String(state[0].dims[2] - 1);
    slider.value = String(done);
    slider.setAttribute("aria-valuetext", `${done} of ${plan.steps} steps`);
    by<HTMLButtonElement>("mend").disabled = !run.edits.length;
    const words = `${happening(log, about, done)} ${done === plan.steps ? verdict(log, done) : ""}`.trim();
    say(by("happening"), words);
    copy.setAttribute("aria-label", `The copy up to step ${done} of ${plan.steps}. ${words}`);
    if (!this.player.on || done === plan.steps) say(by("heard"), words); // not every step of a film
    spell(log.answers.slice(0, Math.max(0, done - plan.end - 1)), plan.payload);
  }
}

/** The answer as a text; characters with a wrong byte are marked. */
function spell(came: number[], sent: number[]): void {
  const whole = came.every((byte, place) => byte === sent[place]);
  const kind = (place: number) => (came[place] === sent[place] ? "" : "error");
  const marked = () => came.map((byte, place) => element("span", shown(byte).replace("␣", " "), kind(place)));
  by("out").replaceChildren(...(whole ? [new TextDecoder().decode(Uint8Array.from(came))] : marked()));
}
