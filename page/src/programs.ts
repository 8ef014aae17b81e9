/** Other programs: machines for the paper's other tasks, on inputs that the reader makes. */

import { type Answer, answer, type Program } from "./answer";
import { by, options, redrawn, say } from "./dom";
import { json, Machine, rowsNeeded } from "./engine";
import * as frames from "./frames";
import { type Input, type Levels, type Maker, makers } from "./inputs";
import { Pen } from "./pen";
import { drawProgram } from "./program-picture";
import { drawn, greenMeans, looked, outcome, trainedOn, verdict } from "./program-words";

const NAMES: Record<Program["task"], string> = {
  recall: "associative recall",
  repeat_copy_ticks: "repeat copy",
  sort: "priority sort",
  ngrams: "N-grams",
};
const [picture, levelled] = [by<HTMLCanvasElement>("program"), by<HTMLCanvasElement>("levels")];
const [task, place] = [by<HTMLSelectElement>("task"), by<HTMLSelectElement>("place")];
const [look, level] = [by<HTMLInputElement>("look"), by<HTMLInputElement>("level")];

export async function programs(): Promise<void> {
  const found = await json<Program[]>("programs.json");
  Object.assign(window, { programs: { found, answer, frames } }); // for tests and for the curious
  await new Programs(found).choose(found[0].task);
}

class Programs {
  private readonly makers: Record<Program["task"], Maker>;
  private machine: Machine<Program> | undefined;
  private input: Input | undefined;
  private answer: Answer | undefined;
  private asked = 0; // answers that were asked for: only the last one counts

  constructor(private readonly abouts: Program[]) {
    this.makers = makers(abouts);
    options(
      task,
      abouts.map((one) => [one.task, NAMES[one.task]]),
    );
    task.addEventListener("change", () => void this.choose(task.value as Program["task"]));
    for (const id of ["items", "question", "letters", "vectors", "repeats", "sorted", "bits"])
      by(id).addEventListener("input", () => void this.begin());
    by("again").addEventListener("click", () => void this.begin());
    by("renew").addEventListener("click", () => {
      this.maker?.renew();
      void this.begin();
    });
    look.addEventListener("input", () => this.show());
    place.addEventListener("change", () => {
      level.blur(); // so that the number follows
      this.showLevels();
    });
    level.addEventListener("input", () => level.value && this.set(Number(place.value), Number(level.value)));
    for (const kind of ["pointerdown", "pointermove"] as const) levelled.addEventListener(kind, (event) => this.drag(event));
    redrawn(picture, () => this.show());
    redrawn(levelled, () => this.showLevels());
  }

  private get maker(): Maker | undefined {
    return this.machine && this.makers[this.machine.about.task];
  }

  async choose(name: Program["task"]): Promise<void> {
    const turn = ++this.asked;
    const about = this.abouts.find((one) => one.task === name)!;
    const machine = await Machine.load(about);
    if (turn !== this.asked) return;
    this.machine = machine;
    this.input = this.answer = undefined;
    for (const one of document.querySelectorAll<HTMLElement>("[data-task]"))
      one.hidden = !one.dataset.task!.split(" ").includes(name);
    const { about: told, renewing } = this.makers[name];
    say(by("task-about"), told);
    say(by("renew"), renewing);
    say(
      by("program-about"),
      `What to look at: ${about.shows}. The machine was trained with ${about.made}, ${trainedOn(about)}; the verdict on it: ${verdict(about)}.`,
    );
    say(by("outcome"), "The machine runs …");
    say(by("looked"), "");
    new Pen(picture); // empties it
    await this.begin();
  }

  /** Run the input as it stands; where it is none, say why, and leave the picture. */
  private async begin(): Promise<void> {
    const { machine } = this;
    const made = this.maker?.made();
    if (!machine || made === undefined) return;
    const turn = ++this.asked;
    say(by("program-note"), typeof made === "string" ? made : "");
    if (typeof made === "string") return;
    if (made.levels) this.nameLevels(made.levels);
    this.showLevels(made.levels);
    const rows = rowsNeeded(machine.about, ...made.size);
    const came = await answer(machine, made.framed, rows, () => turn === this.asked);
    if (!came) return;
    const another = this.answer?.framed.inputs.length !== made.framed.inputs.length;
    [this.input, this.answer] = [made, came];
    look.max = String(made.framed.inputs.length - 1);
    if (another) look.value = String(telling(made));
    say(by("outcome"), outcome(came, made));
    say(by("green"), greenMeans(came));
    say(by("drawn"), drawn(came));
    this.show();
  }

  private show(): void {
    const { answer, input } = this;
    if (!answer || !input) return;
    const step = Number(look.value);
    const words = looked(answer, input, step);
    say(by("looked"), words);
    look.setAttribute("aria-valuetext", words);
    picture.setAttribute("aria-label", `${answer.framed.inputs.length} steps. ${outcome(answer, input)} ${words}`);
    const same = input.bits ? frames.alike(input.bits, step, answer.about.trained[1]) : [];
    drawProgram(picture, answer, { step, alike: same, best: input.best ?? [] });
  }

  private nameLevels({ place: placeName, level: levelName, low, high, names }: Levels): void {
    say(by("place-name"), placeName);
    say(by("level-name"), levelName);
    if (place.options.length !== names.length || place.options[0].text !== names[0]) {
      options(
        place,
        names.map((name, at) => [`${at}`, name]),
      );
    }
    [level.min, level.max] = [`${low}`, `${high}`];
  }

  private get levels(): Levels | undefined {
    const made = this.maker?.made();
    return typeof made === "object" ? made.levels : undefined;
  }

  private drag(event: PointerEvent): void {
    const { levels } = this;
    if (!levels || !(event.buttons & 1)) return;
    event.preventDefault();
    level.blur(); // so that the number follows
    levelled.setPointerCapture(event.pointerId);
    const { x, y, wide, tall } = box(levelled);
    const at = Math.floor(((event.offsetX - x) / wide) * levels.values.length);
    const share = 1 - (event.offsetY - y) / tall;
    if (at < 0 || at >= levels.values.length) return;
    place.value = String(at);
    this.set(at, levels.low + Math.max(0, Math.min(1, share)) * (levels.high - levels.low));
  }

  private set(at: number, value: number): void {
    const { levels } = this;
    if (!levels) return;
    if (!(value >= levels.low && value <= levels.high)) {
      return say(by("program-note"), `“${levels.level}” is a number from ${levels.low} to ${levels.high}.`);
    }
    levels.values[at] = Math.round(100 * value) / 100;
    void this.begin();
  }

  private showLevels(levels = this.levels): void {
    if (!levels) return;
    const at = Math.max(0, Number(place.value));
    const value = levels.values[at];
    if (document.activeElement !== level) level.value = String(Math.round(100 * value) / 100);
    drawLevels(levelled, levels, at);
    const told = levels.names.map((name, one) => `${name}: ${levels.values[one].toFixed(2)}`).join(", ");
    levelled.setAttribute("aria-label", `${levels.level} by ${levels.place}: ${told}`);
  }
}

/** The step that a reader looks at first: the first of an answer, or, where all have one, one with much behind it. */
function telling({ bits, framed }: Input): number {
  return bits ? framed.due.length - 2 : framed.due.findIndex(Boolean);
}

function box(canvas: HTMLCanvasElement): { x: number; y: number; wide: number; tall: number } {
  return { x: 34, y: 24, wide: canvas.clientWidth - 42, tall: canvas.clientHeight - 46 };
}

/** A bar for each number, from the middle of its range or from 0 on. */
function drawLevels(canvas: HTMLCanvasElement, levels: Levels, chosen: number): void {
  const pen = new Pen(canvas);
  const { tint } = pen;
  const { x, y, wide, tall } = box(canvas);
  const { low, high, values, names } = levels;
  const column = wide / values.length;
  const at = (value: number) => y + ((high - value) / (high - low)) * tall;
  const letters = Math.max(...names.map((name) => name.length));
  const every = [1, 2, 4, 8].find((some) => some * column > 7 * letters) ?? 16; // places between two that are named
  pen.words(`${levels.level}, by ${levels.place}`, x, 10);
  for (const value of [low, (low + high) / 2, high]) pen.words(`${value}`, x - 5, at(value), tint.ink, 11, "right");
  values.forEach((value, place) => {
    pen.to.fillStyle = place === chosen ? tint.ink : tint.plus;
    const [top, foot] = [Math.min(at(value), at(0)), Math.max(at(value), at(0))];
    pen.to.fillRect(x + (place + 0.12) * column, Math.min(top, foot - 2), 0.76 * column, Math.max(2, foot - top));
    if (place % every === 0) pen.words(names[place], x + (place + 0.5) * column, y + tall + 12, tint.ink, 10, "center");
  });
  pen.outline(x, y, wide, tall, tint.pale);
}
