/** The five stages of addressing on five slots, with sliders; the library's `address` computes them. */

import { by, element, redrawn, say } from "./dom";
import { addressing, json } from "./engine";
import { colours, fresh, heading } from "./picture";

interface Slots {
  memory: number[][];
  graph: string;
}

const SLIDERS = {
  key0: ["key, first number", -1, 1, 0], key1: ["key, second number", -1, 1, 1], key2: ["key, third number", -1, 1, 0],
  beta: ["β: how strictly", 0, 20, 5], g: ["g: by content 1, stay 0", 0, 1, 0.75], was: ["the head was on row", 0, 4, 4],
  back: ["shift backward", 0, 1, 0], stay: ["no shift", 0, 1, 0.2], forth: ["shift forward", 0, 1, 0.8],
  gamma: ["γ: how sharp", 1, 10, 3],
} as const;
type Name = keyof typeof SLIDERS;
const STAGES = { similarity: "1 compare", w_c: "2 find", w_g: "3 blend", w_s: "4 shift", w: "5 sharpen" } as const;

export async function stages(): Promise<void> {
  const slots = await json<Slots>("slots.json");
  const canvas = by<HTMLCanvasElement>("bars");
  const inputs = Object.fromEntries(Object.keys(SLIDERS).map((name) => [name, slider(name as Name)])) as Record<Name, HTMLInputElement>;
  let made: Record<string, number[]> = {};
  let waiting = false;
  const compute = async () => {
    if (waiting) return;
    waiting = true;
    await Promise.resolve(); // all events of one move together
    waiting = false;
    const value = (name: Name) => Number(inputs[name].value);
    const shares = (["back", "stay", "forth"] as const).map(value);
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
    draw(canvas, slots.memory, made, was);
    const best = made.w.indexOf(Math.max(...made.w));
    const used = made.s.map((one) => one.toFixed(2)).join(", ");
    say(by("focus"), `Most weight ends on row ${best}: ${made.w[best].toFixed(2)}. Shifts used: ${used} (backward, none, forward).`);
    canvas.setAttribute("aria-label", Object.entries(STAGES).map(([name, words]) => `${words}: ${made[name].map((one) => one.toFixed(2)).join(", ")}`).join("; "));
  };
  for (const input of Object.values(inputs)) input.addEventListener("input", () => void compute());
  redrawn(canvas, () => void compute());
  await compute();
}

function slider(name: Name): HTMLInputElement {
  const [words, low, high, start] = SLIDERS[name];
  const label = document.createElement("label");
  const input = Object.assign(document.createElement("input"), { type: "range", id: name });
  Object.assign(input, { min: low, max: high, step: high === 4 ? 1 : (high - low) / 100, value: start });
  const output = element("output", String(start));
  input.addEventListener("input", () => (output.textContent = input.value));
  label.append(element("span", words), input, output);
  by("sliders").append(label);
  return input;
}

function draw(canvas: HTMLCanvasElement, memory: number[][], made: Record<string, number[]>, was: number[]): void {
  const { pen, width, height } = fresh(canvas);
  const tint = colours();
  const names = Math.min(110, width * 0.24);
  const column = (width - names) / memory.length;
  const bar = (values: number[], row: number, y: number, tall: number, colour: string, share = 0.7) => {
    pen.fillStyle = colour;
    pen.fillRect(names + (row + 0.5 - share / 2) * column, y - values[row] * tall, share * column, values[row] * tall);
  };
  memory.forEach((numbers, row) => {
    heading(pen, tint.ink, `row ${row}`, names + (row + 0.28) * column, 10);
    numbers.forEach((value, place) => {
      pen.globalAlpha = Math.min(1, Math.abs(value) / 2);
      pen.fillStyle = value < 0 ? tint.minus : tint.plus;
      pen.fillRect(names + (row + 0.04) * column, 22 + place * 22, column * 0.92, 21);
      pen.globalAlpha = 1;
      middle(pen, tint.ink, String(value), names + (row + 0.5) * column, 33 + place * 22);
    });
  });
  heading(pen, tint.ink, "memory", 0, 55);
  const tall = (height - 100) / 5 - 34;
  Object.entries(STAGES).forEach(([name, words], stage) => {
    const base = 100 + (stage + 1) * (tall + 34) - (stage === 0 ? 14 : 2);
    heading(pen, tint.ink, words, 0, base - tall / 2);
    const before = made[Object.keys(STAGES)[stage - 1]];
    const scale = stage === 0 ? tall - 12 : tall;
    memory.forEach((_, row) => {
      if (name === "w_g") bar(was, row, base, scale, tint.pale, 0.86);
      bar(made[name], row, base, scale, stage ? tint.read : tint.ink);
      if (stage > 1) {
        pen.setLineDash([3, 3]);
        pen.strokeStyle = tint.ink;
        pen.strokeRect(names + (row + 0.15) * column, base - before[row] * scale, 0.7 * column, before[row] * scale);
        pen.setLineDash([]);
      }
      const top = Math.max(made[name][row], stage > 1 ? before[row] : 0, name === "w_g" ? was[row] : 0, 0);
      middle(pen, tint.ink, made[name][row].toFixed(2), names + (row + 0.5) * column, base - top * scale - 9);
    });
    pen.fillStyle = tint.ink;
    pen.fillRect(names, base, width - names, 1);
  });
}

function middle(pen: CanvasRenderingContext2D, colour: string, words: string, x: number, y: number): void {
  pen.font = "12px system-ui, sans-serif";
  pen.textAlign = "center";
  pen.fillStyle = colour;
  pen.fillText(words, x, y);
}
