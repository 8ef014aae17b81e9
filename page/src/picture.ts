/** Pictures of a copy and of its memory, drawn on canvases in the colours of the lessons' figures. */

import type { State } from "./engine";
import type { Layer, Log } from "./log";
import { shown } from "./text";

const [TITLE, LETTERS, BITS, GAP, LEFT] = [20, 18, 40, 12, 34];
/** Where rows of the memory begin in the picture of a copy, and what is left below them. */
const ABOVE = TITLE + LETTERS + BITS + GAP + TITLE;
const BELOW = GAP + TITLE + BITS + LETTERS;
const LEAST_LETTER = 8; // pixels a step from which on letters are drawn
const LEAST_ROW = 7; // pixels of a row of the memory that can be clicked

export type Colours = Record<"read" | "write" | "target" | "error" | "ink" | "pale" | "ground" | "plus" | "minus", string>;

const dark = matchMedia("(prefers-color-scheme: dark)");

export function colours(): Colours {
  const style = getComputedStyle(document.documentElement);
  const names = ["read", "write", "target", "error", "ink", "pale", "ground", "plus", "minus"] as const;
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()])) as Colours;
}

/** A canvas as sharp as the screen, empty, with its size in CSS pixels. */
export function fresh(canvas: HTMLCanvasElement): { pen: CanvasRenderingContext2D; width: number; height: number } {
  const { clientWidth: width, clientHeight: height } = canvas;
  const scale = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const pen = canvas.getContext("2d")!;
  pen.scale(scale, scale);
  pen.font = "13px system-ui, sans-serif";
  pen.textBaseline = "middle";
  return { pen, width, height };
}

const inked = new WeakMap<Layer, { colour: string; image: OffscreenCanvas }>();

function image(layer: Layer, colour: string): OffscreenCanvas {
  const before = inked.get(layer);
  if (before && before.colour === colour && !layer.changed) return before.image;
  const made = before?.image ?? new OffscreenCanvas(layer.columns, layer.rows);
  const pen = made.getContext("2d")!;
  pen.fillStyle = colour; // which reads it in any form, and gives it back in one
  const [red, green, blue] = [1, 3, 5].map((place) => parseInt(String(pen.fillStyle).slice(place, place + 2), 16));
  const pixels = pen.createImageData(layer.columns, layer.rows);
  const whole = new Uint32Array(pixels.data.buffer); // a pixel each: alpha, blue, green, red from the highest byte on
  const paint = (blue << 16) | (green << 8) | red;
  for (let cell = 0; cell < whole.length; cell++) whole[cell] = (layer.ink[cell] << 24) | paint;
  pen.putImageData(pixels, 0, 0);
  layer.changed = false;
  inked.set(layer, { colour, image: made });
  return made;
}

/** A copy from left to right: what goes in, where the heads are, what comes out, up to some steps. */
export function drawCopy(
  canvas: HTMLCanvasElement,
  log: Log,
  done: number,
  { ring, near }: { ring?: { step: number; row: number }; near?: Near } = {},
): void {
  const { pen, width, height } = fresh(canvas);
  const [tint, wide, tall] = [colours(), width - LEFT - 8, height - ABOVE - BELOW];
  const { plan } = log;
  const step = wide / plan.steps;
  const lay = (layer: Layer, colour: string, y: number, h: number, until: number) => {
    const share = until / plan.steps;
    pen.imageSmoothingEnabled = step * plan.steps < layer.columns || h < layer.rows;
    const cut = layer.columns * share;
    if (cut > 0) pen.drawImage(image(layer, colour), 0, 0, cut, layer.rows, LEFT, y, wide * share, h);
  };
  const frame = (y: number, h: number) => outline(pen, tint.pale, LEFT, y, wide, h, 1);
  const letter = (byte: number, at: number, y: number, colour: string) => {
    if (step < LEAST_LETTER) return;
    const text = shown(byte);
    pen.font = `${Math.min(15, text.length > 1 ? step / 1.5 : step * 1.4)}px ui-monospace, monospace`;
    pen.fillStyle = colour;
    pen.textAlign = "center";
    pen.fillText(text, LEFT + (at + 0.5) * step, y);
  };
  const outBits = ABOVE + tall + GAP + TITLE;

  heading(pen, tint.ink, "goes in", LEFT, TITLE / 2);
  plan.payload.forEach((byte, place) => {
    const at = plan.first + place;
    letter(byte, at, TITLE + LETTERS / 2, at < done ? tint.ink : tint.pale);
  });
  pen.globalAlpha = 0.25;
  lay(log.sent, tint.ink, TITLE + LETTERS, BITS, plan.steps);
  pen.globalAlpha = 1;
  lay(log.sent, tint.ink, TITLE + LETTERS, BITS, done);
  frame(TITLE + LETTERS, BITS);

  heading(pen, tint.ink, "the heads on the tape", LEFT, ABOVE - TITLE / 2);
  pen.globalCompositeOperation = dark.matches ? "screen" : "multiply"; // heads on one row show as both
  lay(log.write, log.single ? tint.ink : tint.write, ABOVE, tall, done);
  if (!log.single) lay(log.read, tint.read, ABOVE, tall, done);
  pen.globalCompositeOperation = "source-over";
  frame(ABOVE, tall);
  rowNames(pen, tint.ink, log, LEFT - 5, ABOVE, tall, { first: 0, count: log.rows });

  heading(pen, tint.ink, "comes out", LEFT, outBits - TITLE / 2);
  lay(log.came, tint.ink, outBits, BITS, done);
  lay(log.wrong, tint.error, outBits, BITS, done);
  frame(outBits, BITS);
  log.answers.slice(0, Math.max(0, done - plan.end - 1)).forEach((byte, place) => {
    const right = byte === plan.payload[place];
    letter(byte, plan.end + 1 + place, outBits + BITS + LETTERS / 2, right ? tint.target : tint.error);
  });

  outline(pen, tint.pale, LEFT + (plan.end + 0.5) * step, TITLE + LETTERS, 0, outBits + BITS - TITLE - LETTERS, 1);
  if (done > 0 && done < plan.steps) {
    outline(pen, tint.ink, LEFT + (done - 1) * step, TITLE + LETTERS, Math.max(step, 2), outBits + BITS - TITLE - LETTERS, 1);
  }
  if (near && near.count < log.rows) {
    outline(pen, tint.ink, LEFT - 2, ABOVE + (near.first / log.rows) * tall, wide + 4, (near.count / log.rows) * tall, 1);
  }
  if (ring) {
    pen.strokeStyle = tint.error;
    pen.lineWidth = 3;
    pen.beginPath();
    pen.arc(LEFT + (ring.step + 0.5) * step, ABOVE + ((log.placeOf(ring.row) + 0.5) / log.rows) * tall, 13, 0, 7);
    pen.stroke();
  }
}

/** Rows of the memory that are drawn: places from the top, not row numbers. */
export interface Near {
  first: number;
  count: number;
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

/** The memory: a line of cells a row, with both heads; returns which row and number stand under a point. */
export function drawMemory(
  canvas: HTMLCanvasElement,
  log: Log,
  [memory, weights]: State,
  near: Near,
  heads: { read: number; write: number },
  chosen: { row: number; number: number },
): (x: number, y: number) => { row: number; number: number } | undefined {
  const { pen, width, height } = fresh(canvas);
  const [tint, numbers, margin] = [colours(), memory.dims[2], 16];
  const [above, below] = edges(canvas);
  const [wide, tall] = [width - LEFT - 2 * margin, height - above - below];
  const [cell, line, left] = [wide / numbers, tall / near.count, LEFT + margin];
  const tape = memory.data as Float32Array;
  const reach = tape.reduce((most, value) => Math.max(most, Math.abs(value)), 0.5);
  heading(pen, tint.ink, "the memory", left, above - TITLE / 2);
  for (let place = 0; place < near.count; place++) {
    const row = log.rowAt(near.first + place);
    for (let number = 0; number < numbers; number++) {
      const value = tape[row * numbers + number];
      pen.globalAlpha = Math.min(1, Math.abs(value) / Math.min(reach, 2));
      pen.fillStyle = value > 0 ? tint.plus : tint.minus;
      pen.fillRect(left + number * cell, above + place * line, cell + 0.3, line + 0.3);
    }
  }
  pen.globalAlpha = 1;
  outline(pen, tint.pale, left, above, wide, tall, 1);
  rowNames(pen, tint.ink, log, LEFT - 5, above, tall, near);
  for (const [kind, colour] of [["write", tint.write], ["read", tint.read]] as const) {
    for (let place = 0; place < near.count; place++) {
      const weight = (weights.data as Float32Array)[heads[kind] * log.rows + log.rowAt(near.first + place)];
      if (weight < 0.02) continue;
      pen.globalAlpha = Math.sqrt(weight);
      const y = above + (place + 0.5) * line;
      const [glyph, x] = kind === "write" ? ["▶", left - 15] : ["◀", left + wide + 2];
      heading(pen, colour, glyph, x, y);
      outline(pen, colour, left, y - line / 2, wide, line, 2);
    }
  }
  pen.globalAlpha = 1;
  const place = log.placeOf(chosen.row) - near.first;
  if (place >= 0 && place < near.count) {
    outline(pen, tint.ink, left + chosen.number * cell, above + place * line, cell, line, 2);
  }
  return (x, y) => {
    const [at, number] = [Math.floor((y - above) / line), Math.floor((x - left) / cell)];
    if (at < 0 || at >= near.count || number < 0 || number >= numbers) return undefined;
    return { row: log.rowAt(near.first + at), number };
  };
}

export function heading(pen: CanvasRenderingContext2D, colour: string, words: string, x: number, y: number): void {
  pen.font = "13px system-ui, sans-serif";
  pen.textAlign = "left";
  pen.fillStyle = colour;
  pen.fillText(words, x, y);
}

function rowNames(
  pen: CanvasRenderingContext2D, colour: string, log: Log, x: number, y: number, tall: number, { first, count }: Near,
): void {
  pen.font = "11px system-ui, sans-serif";
  pen.textAlign = "right";
  pen.fillStyle = colour;
  const every = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000].find((one) => (one * tall) / count >= 16) ?? 5000;
  for (let place = 0; place < count; place++) {
    const row = log.rowAt(first + place);
    if (row % every === 0) pen.fillText(String(row), x, y + ((place + 0.5) * tall) / count);
  }
}

export function outline(
  pen: CanvasRenderingContext2D, colour: string, x: number, y: number, wide: number, tall: number, line: number,
): void {
  pen.strokeStyle = colour;
  pen.lineWidth = line;
  pen.strokeRect(x, y, wide, tall);
}
