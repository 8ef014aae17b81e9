/** The picture of a sequence: what goes in, where each head is, what comes out, and what should. */

import { type Answer, vectorWidth } from "./answer";
import { Layer } from "./log";
import { Pen } from "./pen";
import { nameRows } from "./picture";

const [TITLE, GAP, LEFT, RIGHT] = [18, 8, 34, 8];
const CHANNEL = 5; // pixels of a number that goes in or comes out
const CURVE = 90; // pixels of the chances of N-grams

/** A panel of a picture: its title, from which pixel on it stands, and how tall it is. */
type Panel = { name: string; y: number; tall: number };

/** What a picture shows beside the weightings: a step, steps like it, and chances of the best estimate. */
export type Look = { step: number; alike: number[]; best: (number | undefined)[] };

export function drawProgram(canvas: HTMLCanvasElement, answer: Answer, { step, alike, best }: Look): void {
  const pen = new Pen(canvas);
  const { tint } = pen;
  const { framed, about, shownRows } = answer;
  const steps = framed.inputs.length;
  const wide = pen.width - LEFT - RIGHT;
  const column = wide / steps;
  const x = (at: number) => LEFT + at * column;
  const box = ({ y, tall }: Panel): [number, number, number, number] => [LEFT, y, wide, tall];
  const all = panels(answer, pen.height);
  const [sent, ...rest] = all;
  const heads = rest.slice(0, about.heads.length);
  const answers = rest.slice(about.heads.length);
  const [top, bottom] = [sent.y, all.at(-1)!.y + all.at(-1)!.tall];

  bands(pen, answer, top, bottom, x);
  for (const { name, y } of all) pen.words(name, LEFT, y - TITLE / 2);
  partNames(pen, answer, x);

  const { bits, marks } = sentLayers(answer);
  pen.layer(bits, tint.ink, 1, box(sent), true);
  pen.layer(marks, tint.plus, 1, box(sent), true);
  heads.forEach((panel, head) => {
    const both = answer.reads(head) && answer.writes(head);
    pen.to.save();
    pen.to.beginPath();
    pen.to.rect(...box(panel));
    pen.to.clip(); // rows below those that are shown
    const whole: Panel = { ...panel, tall: (panel.tall * answer.rows) / shownRows };
    pen.layer(answer.layers[head], both ? tint.ink : answer.reads(head) ? tint.read : tint.write, 1, box(whole), true);
    pen.to.restore();
    nameRows(pen, answer, panel.y, panel.tall, { first: 0, count: shownRows });
  });
  const mark = (head: number, at: number, row: number) => {
    const line = heads[head].tall / shownRows;
    const high = Math.max(line, 5);
    const y = heads[head].y + (answer.placeOf(row) + 0.5) * line;
    pen.outline(x(at), y - high / 2, Math.max(column, 2), high, tint.target, 1.5);
  };
  const { route } = answer;
  route?.places.forEach((place) => mark(route.reader, place.step, place.row));
  for (const at of alike) {
    answer.at[at].forEach(({ row }, head) => answer.reads(head) && mark(head, at, row));
    answer.at[at + 1]?.forEach(({ row }, head) => answer.writes(head) && mark(head, at + 1, row));
  }

  if (about.task === "ngrams") curves(pen, answer, answers[0], best, x);
  else {
    const { came, wrong, due } = answerLayers(answer);
    pen.layer(came, tint.ink, 1, box(answers[0]), true);
    pen.layer(wrong, tint.error, 1, box(answers[0]));
    pen.layer(due, tint.target, 1, box(answers[1]), true);
  }
  for (const panel of all) pen.outline(...box(panel), tint.pale);
  pen.outline(x(step), top, Math.max(column, 2), bottom - top);
}

function panels({ about }: Answer, height: number): Panel[] {
  const answers: [string, number][] =
    about.task === "ngrams"
      ? [["chance of a 1 (dashed: the best estimate)", CURVE]]
      : [
          ["comes out", CHANNEL * about.outputs],
          ["should come out", CHANNEL * about.outputs],
        ];
  const sent: [string, number] = ["goes in", Math.max(12, CHANNEL * about.inputs)];
  const fixed = [sent, ...answers].reduce((sum, [, tall]) => sum + tall, 0);
  const count = about.heads.length;
  const left = height - fixed - TITLE - (count + 1 + answers.length) * (TITLE + GAP);
  const role = about.single ? ", which reads and writes" : "";
  const heads = about.heads.map((name): [string, number] => [name + role, left / count]);
  let y = TITLE; // for the names of parts
  return [sent, ...heads, ...answers].map(([name, tall]) => {
    const panel = { name, y: y + TITLE, tall };
    y += TITLE + tall + GAP;
    return panel;
  });
}

/** Every second part of a sequence on a grey ground. */
function bands(pen: Pen, { framed }: Answer, top: number, bottom: number, x: (at: number) => number): void {
  pen.to.globalAlpha = 0.2;
  pen.to.fillStyle = pen.tint.pale;
  framed.parts.forEach(({ first, last }, place) => {
    if (place % 2) pen.to.fillRect(x(first), top, x(last + 1) - x(first), bottom - top);
  });
  pen.to.globalAlpha = 1;
}

/** The name of each part above it; numbers alone where one of the parts with a number has no room for its name. */
function partNames(pen: Pen, { framed }: Answer, x: (at: number) => number): void {
  pen.words("", 0, 0, pen.tint.ink, 11); // by whose size the widths are measured
  const parts = framed.parts.map(({ name, first, last }) => {
    const room = x(last + 1) - x(first);
    const fits = (words: string) => pen.to.measureText(words).width < room - 2;
    return { name, number: name.match(/\d+$/)?.[0], middle: x(first) + room / 2, fits };
  });
  const short = parts.some(({ name, number, fits }) => number && !fits(name));
  for (const { name, number, middle, fits } of parts) {
    const words = short && number ? number : name;
    if (fits(words)) pen.words(words, middle, TITLE / 2, pen.tint.ink, 11, "center");
  }
}

/** Bits of the vectors that go in; markers, ticks and priorities below them. */
function sentLayers({ framed, about }: Answer): { bits: Layer; marks: Layer } {
  const width = vectorWidth(about);
  const [bits, marks] = [0, 1].map(() => new Layer(framed.inputs.length, about.inputs));
  framed.inputs.forEach((one, step) =>
    one.forEach((number, place) => {
      if (place < width) bits.mark(step, place, number);
      else if (number) marks.mark(step, place, number === 1 ? 1 : 0.15 + 0.85 * ((number + 1) / 2)); // a priority from -1
    }),
  );
  return { bits, marks };
}

function answerLayers(answer: Answer): { came: Layer; wrong: Layer; due: Layer } {
  const { framed, about } = answer;
  const [came, wrong, due] = [0, 1, 2].map(() => new Layer(framed.inputs.length, about.outputs));
  framed.due.forEach((right, step) =>
    right?.forEach((bit, place) => {
      const out = answer.came(step)[place];
      came.mark(step, place, out);
      due.mark(step, place, bit);
      wrong.mark(step, place, Number(out !== bit));
    }),
  );
  return { came, wrong, due };
}

/** The chance that a machine names at each step, and that of the best estimate. */
function curves(
  pen: Pen,
  answer: Answer,
  { y, tall }: Panel,
  best: (number | undefined)[],
  x: (at: number) => number,
): void {
  const curve = (chances: (number | undefined)[], colour: string, dashes: number[]) => {
    pen.to.beginPath();
    chances.forEach((chance, step) => {
      if (chance !== undefined) pen.to.lineTo(x(step + 0.5), y + (1 - chance) * tall);
    });
    pen.to.setLineDash(dashes);
    [pen.to.strokeStyle, pen.to.lineWidth] = [colour, 1.5];
    pen.to.stroke();
    pen.to.setLineDash([]);
  };
  for (const chance of [0, 1]) pen.words(`${chance}`, LEFT - 5, y + (1 - chance) * tall, pen.tint.ink, 11, "right");
  curve(answer.framed.due.map((one, step) => one && answer.chance(step)), pen.tint.ink, []);
  curve(best, pen.tint.target, [4, 3]);
}
