/** Machines that fail: a copy for each fault, the guilty step ringed, its cause and its cure. */

import { by, element, options, redrawn } from "./dom";
import { type About, json, Machine } from "./engine";
import { drawCopy } from "./picture";
import { Run } from "./run";
import { count, wrongBits } from "./words";

interface Case {
  fault: string;
  machine: string;
  payload: number[];
  rows: number;
  meaning: string;
  sentence: string;
  cure: string;
  step: number;
  row: number;
}

export async function failures(abouts: About[]): Promise<void> {
  const cases = await json<Case[]>("failures.json");
  const [choice, canvas] = [by<HTMLSelectElement>("fault"), by<HTMLCanvasElement>("broken")];
  let shown: { run: Run; one: Case } | undefined;
  let turns = 0;
  const draw = () => {
    if (shown) drawCopy(canvas, shown.run.log, shown.run.done, { ring: shown.one });
  };
  const show = async (fault: string) => {
    const turn = ++turns;
    const one = cases.find((each) => each.fault === fault)!;
    const machine = await Machine.load(abouts.find(({ name }) => name === one.machine)!);
    const run = await (await Run.begin(machine, one.payload, one.rows)).finish();
    if (turn !== turns) return;
    shown = { run, one };
    const bits = one.payload.length * machine.about.width;
    const told = {
      "What it means": one.meaning,
      "What happened": `${one.sentence} In all ${count(wrongBits(run.log), "bit")} of ${bits} came out wrong.`,
      "What mends it": one.cure,
      Machine: `${one.machine.replaceAll("_", " ")}, on ${one.rows} rows`,
    };
    by("cause").replaceChildren(...Object.entries(told).flatMap(([name, words]) => [element("dt", name), element("dd", words)]));
    canvas.setAttribute("aria-label", `A copy of ${one.payload.length} vectors. ${told["What happened"]}`);
    draw();
  };
  options(choice, cases.map(({ fault }) => [fault, fault]));
  choice.addEventListener("change", () => void show(choice.value));
  redrawn(canvas, draw);
  await show(cases[0].fault);
}
