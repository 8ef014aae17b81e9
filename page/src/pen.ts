/** A pen for a canvas: sharp on any screen, in the colours of the lessons' figures. */

import type { Layer } from "./log";

const COLOURS = ["read", "write", "target", "error", "ink", "pale", "plus", "minus"] as const;
export type Colours = Record<(typeof COLOURS)[number], string>;

const inked = new WeakMap<Layer, { colour: string; image: OffscreenCanvas }>();

export class Pen {
  readonly to: CanvasRenderingContext2D;
  readonly tint: Colours;
  readonly width: number; // in CSS pixels
  readonly height: number;

  /** Empties the canvas. */
  constructor(canvas: HTMLCanvasElement) {
    const style = getComputedStyle(document.documentElement);
    this.tint = Object.fromEntries(
      COLOURS.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]),
    ) as Colours;
    [this.width, this.height] = [canvas.clientWidth, canvas.clientHeight];
    const scale = window.devicePixelRatio || 1;
    [canvas.width, canvas.height] = [Math.round(this.width * scale), Math.round(this.height * scale)];
    this.to = canvas.getContext("2d")!;
    this.to.scale(scale, scale);
    this.to.textBaseline = "middle";
  }

  words(text: string, x: number, y: number, colour = this.tint.ink, size = 13, align: CanvasTextAlign = "left"): void {
    this.to.font = `${size}px system-ui, sans-serif`;
    this.to.textAlign = align;
    this.to.fillStyle = colour;
    this.to.fillText(text, x, y);
  }

  outline(x: number, y: number, wide: number, tall: number, colour = this.tint.ink, line = 1): void {
    [this.to.strokeStyle, this.to.lineWidth] = [colour, line];
    this.to.strokeRect(x, y, wide, tall);
  }

  ring(x: number, y: number): void {
    [this.to.strokeStyle, this.to.lineWidth] = [this.tint.error, 3];
    this.to.beginPath();
    this.to.arc(x, y, 13, 0, 7);
    this.to.stroke();
  }

  /** Draw the first part of a layer into a box that the whole layer fills; `mixed`: over others, both are seen. */
  layer(layer: Layer, colour: string, share: number, box: [number, number, number, number], mixed = false): void {
    const [[x, y, wide, tall], cut] = [box, layer.columns * share];
    if (cut === 0) return;
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    this.to.globalCompositeOperation = mixed ? (dark ? "screen" : "multiply") : "source-over";
    this.to.imageSmoothingEnabled = wide < layer.columns || tall < layer.rows;
    this.to.drawImage(image(layer, colour), 0, 0, cut, layer.rows, x, y, wide * share, tall);
    this.to.globalCompositeOperation = "source-over";
  }
}

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
