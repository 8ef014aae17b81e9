/** Pictures of a copy and of its memory. */

import type { State } from "./engine";
import type { Layer, Log } from "./log";
import { Pen } from "./pen";
import { shown } from "./text";

const [TITLE, LETTERS, BITS, GAP, LEFT] = [20, 18, 40, 12, 34];
/** Where rows of the memory begin in the picture of a copy, and what is left below them. */
const ABOVE = TITLE + LETTERS + BITS + GAP + TITLE;
const BELOW = GAP + TITLE + BITS + LETTERS;
const LEAST_LETTER = 8; // pixels a step from which on letters are drawn
const LEAST_ROW = 7; // pixels of a row of the memory that can be clicked
const ROUND = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000]; // rows between two that are named

/** Rows of the memory that are drawn: places from the top, not row numbers. */
export type Near = { first: number; count: number };

/** A number in the memory. */
export type Cell = { row: number; number: number };

/** A step and row in which something happened, steps and rows where the read head should be, and rows drawn larger. */
export type Marks = { ring?: { step: number; row: number }; right?: [step: number, row: number][]; near?: Near };

/** A copy from left to right: what goes in, where the heads are, what comes out, up to some steps. */
export function drawCopy(canvas: HTMLCanvasElement, log: Log, done: number, { ring, right = [], near }: Marks = {}): void {
  const pen = new Pen(canvas);
  const { tint } = pen;
  const { plan } = log;
  const [wide, tall] = [pen.width - LEFT - 8, pen.height - ABOVE - BELOW];
  const [step, line] = [wide / plan.steps, tall / log.rows];
  const [top, bottom] = [TITLE + LETTERS, ABOVE + tall + GAP + TITLE];
  const lay = (layer: Layer, colour: string, y: number, high: number, until = done) =>
    pen.layer(layer, colour, until / plan.steps, [LEFT, y, wide, high], high === tall);
  const letter = (byte: number, at: number, y: number, colour: string) => {
    const text = shown(byte);
    const size = Math.min(15, text.length > 1 ? step / 1.5 : step * 1.4);
    if (step >= LEAST_LETTER) pen.words(text, LEFT + (at + 0.5) * step, y, colour, size, "center");
  };

  pen.words("goes in", LEFT, TITLE / 2);
  plan.payload.forEach((byte, place) => {
    const at = plan.first + place;
    letter(byte, at, TITLE + LETTERS / 2, at < done ? tint.ink : tint.pale);
  });
  pen.to.globalAlpha = 0.25; // what is still to come
  lay(log.sent, tint.ink, top, BITS, plan.steps);
  pen.to.globalAlpha = 1;
  lay(log.sent, tint.ink, top, BITS);

  pen.words("the heads on the tape", LEFT, ABOVE - TITLE / 2);
  lay(log.write, log.single ? tint.ink : tint.write, ABOVE, tall);
  if (!log.single) lay(log.read, tint.read, ABOVE, tall);
  nameRows(pen, log, ABOVE, tall, { first: 0, count: log.rows });

  pen.words("comes out", LEFT, bottom - TITLE / 2);
  lay(log.came, tint.ink, bottom, BITS);
  lay(log.wrong, tint.error, bottom, BITS);
  log.answers.slice(0, Math.max(0, done - plan.end - 1)).forEach((byte, place) => {
    const right = byte === plan.payload[place];
    letter(byte, plan.end + 1 + place, bottom + BITS + LETTERS / 2, right ? tint.target : tint.error);
  });

  for (const [y, high] of [
    [top, BITS],
    [ABOVE, tall],
    [bottom, BITS],
  ])
    pen.outline(LEFT, y, wide, high, tint.pale);
  pen.outline(LEFT + (plan.end + 0.5) * step, top, 0, bottom + BITS - top, tint.pale);
  const now = LEFT + (done - 1) * step;
  if (done > 0 && done < plan.steps) pen.outline(now, top, Math.max(step, 2), bottom + BITS - top);
  if (near && near.count < log.rows) pen.outline(LEFT - 2, ABOVE + near.first * line, wide + 4, near.count * line);
  for (const [at, row] of right) {
    pen.outline(LEFT + at * step, ABOVE + (log.placeOf(row) + 0.5) * line - 3, step, 6, tint.target, 1.5);
  }
  if (ring) pen.ring(LEFT + (ring.step + 0.5) * step, ABOVE + (log.placeOf(ring.row) + 0.5) * line);
}

/** What is left above and below the memory: beside a copy its rows stand beside the copy's, below it there is room. */
function edges(canvas: HTMLCanvasElement): [above: number, below: number] {
  return canvas.clientWidth > 0.6 * canvas.parentElement!.clientWidth ? [TITLE, 4] : [ABOVE, BELOW];
}

/** As many rows as can be told apart on a canvas, round the row in the middle of what happens. */
export function nearby(log: Log, row: number, canvas: HTMLCanvasElement): Near {
  const [above, below] = edges(canvas);
  const count = Math.min(log.rows, Math.max(1, Math.floor((canvas.clientHeight - above - below) / LEAST_ROW)));
  return { first: Math.max(0, Math.min(log.rows - count, log.placeOf(row) - Math.floor(count / 2))), count };
}

/** The memory: a line of cells a row, with both heads; returns which cell stands under a point. */
export function drawMemory(
  canvas: HTMLCanvasElement,
  log: Log,
  [memory, weights]: State,
  near: Near,
  heads: { read: number; write: number },
  chosen: Cell,
): (x: number, y: number) => Cell | undefined {
  const pen = new Pen(canvas);
  const { tint } = pen;
  const [above, below] = edges(canvas);
  const [numbers, left] = [memory.dims[2], LEFT + 16];
  const [wide, tall] = [pen.width - left - 16, pen.height - above - below];
  const [cell, line] = [wide / numbers, tall / near.count];
  const tape = memory.data as Float32Array;
  const reach = tape.reduce((most, value) => Math.max(most, Math.abs(value)), 0.5);
  const rows = Array.from({ length: near.count }, (_, place) => log.rowAt(near.first + place));
  pen.words("the memory", left, above - TITLE / 2);
  rows.forEach((row, place) => {
    for (let number = 0; number < numbers; number++) {
      const value = tape[row * numbers + number];
      pen.to.globalAlpha = Math.min(1, Math.abs(value) / Math.min(reach, 2));
      pen.to.fillStyle = value > 0 ? tint.plus : tint.minus;
      pen.to.fillRect(left + number * cell, above + place * line, cell + 0.3, line + 0.3);
    }
  });
  for (const kind of ["write", "read"] as const) {
    const [glyph, x] = kind === "write" ? ["▶", left - 15] : ["◀", left + wide + 2];
    rows.forEach((row, place) => {
      const weight = (weights.data as Float32Array)[heads[kind] * log.rows + row];
      pen.to.globalAlpha = weight < 0.02 ? 0 : Math.sqrt(weight);
      pen.words(glyph, x, above + (place + 0.5) * line, tint[kind]);
      pen.outline(left, above + place * line, wide, line, tint[kind], 2);
    });
  }
  pen.to.globalAlpha = 1;
  pen.outline(left, above, wide, tall, tint.pale);
  nameRows(pen, log, above, tall, near);
  const place = rows.indexOf(chosen.row);
  if (place >= 0) pen.outline(left + chosen.number * cell, above + place * line, cell, line, tint.ink, 2);
  return (x, y) => {
    const [row, number] = [rows[Math.floor((y - above) / line)], Math.floor((x - left) / cell)];
    return row === undefined || number < 0 || number >= numbers ? undefined : { row, number };
  };
}

/** Write the numbers of some rows of the memory beside them. */
export function nameRows(
  pen: Pen,
  log: Pick<Log, "rowAt">,
  y: number,
  tall: number,
  { first, count }: Near,
): void {
  const every = ROUND.find((rows) => (rows * tall) / count >= 16) ?? 10_000;
  let last = -Infinity; // where a row was named: the last row of the memory and row 0 may stand too close for both
  for (let place = 0; place < count; place++) {
    const row = log.rowAt(first + place);
    const middle = y + ((place + 0.5) * tall) / count;
    if (row % every !== 0 || middle - last < 11) continue;
    pen.words(`${row}`, LEFT - 5, middle, pen.tint.ink, 11, "right");
    last = middle;
  }
}
