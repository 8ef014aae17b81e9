/** Machines that fail: a copy for each fault, the guilty step ringed, its cause and its cure. */

import { by, element, options } from "./dom";
import { type About, json } from "./engine";
import { Still } from "./still";
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
  right: [step: number, row: number][];
}

export async function failures(abouts: About[]): Promise<void> {
  const cases = await json<Case[]>("failures.json");
  const [choice, canvas] = [by<HTMLSelectElement>("fault"), by<HTMLCanvasElement>("broken")];
  const still = new Still(canvas);
  const show = async (fault: string) => {
    const one = cases.find((each) => each.fault === fault)!;
    const about = abouts.find(({ name }) => name === one.machine)!;
    const run = await still.show(about, one.payload, one.rows, { marks: { ring: one, right: one.right } });
    if (!run) return;
    const bits = one.payload.length * about.width;
    const told = {
      "What it means": one.meaning,
      "What happened": `${one.sentence} In all ${count(wrongBits(run.log), "bit")} of ${bits} came out wrong.`,
      "What mends it": one.cure,
      Machine: `${one.machine.replaceAll("_", " ")}, on ${one.rows} rows`,
    };
    by("cause").replaceChildren(
      ...Object.entries(told).flatMap(([name, words]) => [element("dt", name), element("dd", words)]),
    );
    canvas.setAttribute("aria-label", `A copy of ${one.payload.length} vectors. ${told["What happened"]}`);
  };
  options(
    choice,
    cases.map(({ fault }) => [fault, fault]),
  );
  choice.addEventListener("change", () => void show(choice.value));
  await show(cases[0].fault);
}
