/** All runs of all studies: a mark for each seed. */

import { by, options, redrawn, say } from "./dom";
import { json } from "./engine";
import { Pen } from "./pen";

export interface Arm {
  name: string;
  seeds: number[];
  sequences: number[];
  converged: string; // a digit for each seed
  stores: string; // a letter for each seed
  firstRow: (number | null)[];
  faults: string[];
  proved: Record<"exact" | "float32", (number | null)[]>; // up to so many bytes; 0: tried in vain, null: not tried
}

type Study = { name: string; question: string; arms: Arm[] };

const WAYS: Record<string, string> = {
  f: "walks forwards",
  b: "walks backwards",
  n: "writes in no order",
  o: "writes in one row",
  "-": "way not noted",
};
const CELL = 15; // pixels of a mark
const LINE = 24; // pixels of an arm's name

/** One run in a sentence. */
export function told(arm: Arm, place: number): string {
  const learned = arm.converged[place] === "1" ? "learned" : "did not learn";
  const row = arm.firstRow[place];
  const way = arm.stores[place] === "-" ? "" : `, ${WAYS[arm.stores[place]]}${row === null ? "" : ` from row ${row}`}`;
  const faults = arm.faults[place] && ` (${arm.faults[place]})`;
  const sequences = arm.sequences[place].toLocaleString("en");
  return `${arm.name}, seed ${arm.seeds[place]}: ${learned}${faults}, ${sequences} sequences${way}${proof(arm, place)}.`;
}

function proof({ proved }: Arm, place: number): string {
  const [exact, rounded] = [proved.exact[place], proved.float32[place]];
  if (exact === null) return "";
  if (exact === 0) return "; no proof was found";
  const also = rounded === exact ? ", also" : rounded ? `, up to ${rounded.toLocaleString("en")}` : ", but not";
  return `; proved for all texts up to ${exact.toLocaleString("en")} bytes${also} with float32's rounding`;
}

function isProved(arm: Arm, place: number): boolean {
  return !!arm.proved.exact[place];
}

/** Whether a run is one of those that are asked for. */
export function fits(arm: Arm, place: number, which: string): boolean {
  if (which === "proved") return isProved(arm, place);
  if (which === "converged" || which === "failed") return arm.converged[place] === (which === "converged" ? "1" : "0");
  return which === "all" || arm.stores[place] === which;
}

export async function seeds(): Promise<void> {
  const studies = await json<Study[]>("seeds.json");
  const [study, arm, which] = ["study", "arm", "which"].map((id) => by<HTMLSelectElement>(id));
  const [seed, canvas] = [by<HTMLInputElement>("seed"), by<HTMLCanvasElement>("dots")];
  let marks: { arm: Arm; place: number; x: number; y: number }[] = [];
  let chosen: { arm: Arm; place: number } | undefined;

  const arms = () => {
    const one = studies.find(({ name }) => name === study.value)!;
    return arm.value === "" ? one.arms : one.arms.filter(({ name }) => name === arm.value);
  };
  const lay = () => {
    const across = Math.max(1, Math.floor(canvas.clientWidth / CELL));
    let y = 0;
    marks = [];
    const names = arms().map((each) => {
      const places = each.seeds.map((_, place) => place).filter((place) => fits(each, place, which.value));
      const head = { name: `${each.name}: ${places.length} of ${each.seeds.length}`, y: y + LINE / 2 };
      y += LINE;
      places.forEach((place, index) => {
        marks.push({ arm: each, place, x: (index % across) * CELL, y: y + Math.floor(index / across) * CELL });
      });
      y += Math.ceil(places.length / across) * CELL;
      return head;
    });
    canvas.style.height = `${y + 8}px`;
    return names;
  };
  const draw = () => {
    const names = lay();
    const pen = new Pen(canvas);
    for (const { name, y } of names) pen.words(name, 0, y);
    const longest = new Map(arms().map((each) => [each, Math.max(...each.sequences)]));
    for (const { arm: each, place, x, y } of marks) {
      const size = 8 + (8 * each.sequences[place]) / longest.get(each)!;
      mark(pen, each, place, x + CELL / 2, y + CELL / 2, size);
      if (chosen?.arm === each && chosen.place === place)
        pen.outline(x + 1, y + 1, CELL - 2, CELL - 2, pen.tint.ink, 2);
    }
    canvas.setAttribute("aria-label", names.map(({ name }) => name).join("; "));
  };
  const tell = (one: { arm: Arm; place: number } | undefined) => {
    chosen = one;
    say(by("one"), one ? told(one.arm, one.place) : "No such seed here.");
    draw();
  };
  const find = () => tell(marks.find(({ arm: each, place }) => each.seeds[place] === Number(seed.value)));
  const list = () => {
    const one = studies.find(({ name }) => name === study.value)!;
    options(arm, [["", "all arms"], ...one.arms.map(({ name }) => [name, name] as const)]);
    say(by("asked"), one.question);
  };

  const names = studies.map(({ name }) => [name, name] as const);
  options(study, names);
  list();
  study.addEventListener("change", list);
  for (const select of [study, arm, which]) {
    select.addEventListener("change", () => {
      lay();
      find();
    });
  }
  seed.addEventListener("input", find);
  canvas.addEventListener("pointermove", ({ offsetX, offsetY }) => {
    const under = marks.find(({ x, y }) => offsetX >= x && offsetX < x + CELL && offsetY >= y && offsetY < y + CELL);
    if (under && (under.arm !== chosen?.arm || under.place !== chosen.place)) tell(under);
  });
  redrawn(canvas, draw);
  lay();
  find();
}

/** A triangle the way that a machine walks, a dot where nobody noted it, a cross where it did not learn. */
function mark(pen: Pen, arm: Arm, place: number, x: number, y: number, size: number): void {
  const learned = arm.converged[place] === "1";
  const glyph = learned ? ({ f: "▶", b: "◀" }[arm.stores[place]] ?? "●") : "✕";
  pen.words(glyph, x, y, learned ? pen.tint.target : pen.tint.error, size, "center");
  if (isProved(arm, place)) pen.outline(x - 6.5, y - 6.5, 13, 13);
}
