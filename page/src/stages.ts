/** The five stages of addressing on five slots, with sliders; the library's `address` computes them. */

import { by, element, say } from "./dom";
import { addressing, json } from "./engine";

type Slots = { memory: number[][]; graph: string };

const SLIDERS = {
  key0: ["key, first number", -1, 1, 0],
  key1: ["key, second number", -1, 1, 1],
  key2: ["key, third number", -1, 1, 0],
  beta: ["β: how strictly", 0, 20, 5],
  g: ["g: by content 1, stay 0", 0, 1, 0.75],
  was: ["the head was on row", 0, 4, 4],
  backward: ["shift backward", 0, 1, 0],
  none: ["no shift", 0, 1, 0.2],
  forward: ["shift forward", 0, 1, 0.8],
  gamma: ["γ: how sharp", 1, 10, 3],
} as const;
type Name = keyof typeof SLIDERS;
const STAGES = { similarity: "1 compare", w_c: "2 find", w_g: "3 blend", w_s: "4 shift", w: "5 sharpen" } as const;

export async function stages(): Promise<void> {
  const slots = await json<Slots>("slots.json");
  const table = by("bars");
  const inputs = Object.fromEntries(Object.keys(SLIDERS).map((name) => [name, slider(name as Name)])) as Record<
    Name,
    HTMLInputElement
  >;
  let made: Record<string, number[]> = {};
  let waiting = false;
  const compute = async () => {
    if (waiting) return;
    waiting = true;
    await Promise.resolve(); // all events of one move together
    waiting = false;
    const value = (name: Name) => Number(inputs[name].value);
    const shares = (["backward", "none", "forward"] as const).map(value);
    const was = slots.memory.map((_, row) => Number(row === value("was")));
    made = await addressing(slots.graph, {
      memory: { values: slots.memory.flat(), shape: [1, 5, 3] },
      w_previous: { values: was, shape: [1, 1, 5] },
      key: { values: (["key0", "key1", "key2"] as const).map(value), shape: [1, 1, 3] },
      beta: { values: [value("beta")], shape: [1, 1] },
      g: { values: [value("g")], shape: [1, 1] },
      shares: { values: shares.some(Boolean) ? shares : [0, 1, 0], shape: [1, 1, 3] }, // no shift where none is asked for
      gamma: { values: [value("gamma")], shape: [1, 1] },
    });
    draw(table, slots.memory, made, was);
    const best = made.w.indexOf(Math.max(...made.w));
    const used = made.s.map(rounded).join(", ");
    say(
      by("focus"),
      `Most weight ends on row ${best}: ${rounded(made.w[best])}. Shifts used: ${used} (backward, none, forward).`,
    );
    const told = Object.entries(STAGES).map(([name, words]) => `${words}: ${made[name].map(rounded).join(", ")}`);
    table.setAttribute("aria-label", told.join("; "));
  };
  for (const input of Object.values(inputs)) input.addEventListener("input", () => void compute());
  await compute();
}

const rounded = (value: number) => value.toFixed(2);

function slider(name: Name): HTMLInputElement {
  const [words, low, high, start] = SLIDERS[name];
  const label = document.createElement("label");
  const input = Object.assign(document.createElement("input"), { type: "range", id: name });
  Object.assign(input, { min: low, max: high, step: high === 4 ? 1 : high > 4 ? 0.1 : 0.01, value: start });
  const output = element("output", String(start));
  input.addEventListener("input", () => (output.textContent = input.value));
  label.append(element("span", words), input, output);
  by("sliders").append(label);
  return input;
}

/** A line of bars for each stage, over the memory; dashed the stage before, grey where the head was. */
function draw(table: HTMLElement, memory: number[][], made: Record<string, number[]>, was: number[]): void {
  const line = (name: string, cells: HTMLElement[]) => [element("span", name), ...cells];
  const names = memory.map((_, row) => element("span", `row ${row}`, "name"));
  const numbers = memory[0].map((_, place) => memory.map((row) => cell(row[place])));
  const bars = Object.entries(STAGES).map(([stage, words], index) => {
    const before = index > 1 ? made[Object.keys(STAGES)[index - 1]] : undefined;
    return line(
      words,
      made[stage].map((value, row) => {
        const bar = element("span", rounded(value), `bar ${stage}`);
        const heights = {
          value: Math.max(0, value),
          below: Math.max(0, -value),
          before: before?.[row] ?? 0,
          was: stage === "w_g" ? was[row] : 0,
        };
        for (const [name, height] of Object.entries(heights)) bar.style.setProperty(`--${name}`, String(height));
        return bar;
      }),
    );
  });
  table.replaceChildren(
    ...line("", names),
    ...numbers.flatMap((cells, place) => line(place === 1 ? "memory" : "", cells)),
    ...bars.flat(),
  );
}

function cell(value: number): HTMLElement {
  const made = element("span", String(Math.round(100 * value) / 100), value < 0 ? "cell below" : "cell above");
  made.style.setProperty("--shade", `${Math.min(100, Math.abs(value) * 50)}%`);
  return made;
}
