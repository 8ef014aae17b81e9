/** Small helpers for the elements of the page. */

export function by<Kind extends Element = HTMLElement>(id: string): Kind {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no element #${id}`);
  return found as unknown as Kind;
}

/** Set a text only where it changes, so that a screen reader hears it once. */
export function say(element: HTMLElement, words: string): void {
  if (element.textContent !== words) element.textContent = words;
}

export function options(select: HTMLSelectElement, names: readonly (readonly [value: string, words: string])[]): void {
  select.replaceChildren(...names.map(([value, words]) => new Option(words, value)));
}

export function element(tag: string, words: string, kind = ""): HTMLElement {
  const made = document.createElement(tag);
  made.textContent = words;
  made.className = kind;
  return made;
}

/** Call once when an element comes near the screen. */
export function whenNear(id: string, act: () => void): void {
  const watch = new IntersectionObserver(
    (seen) => {
      if (!seen.some((one) => one.isIntersecting)) return;
      watch.disconnect();
      act();
    },
    { rootMargin: "300px" },
  );
  watch.observe(by(id));
}

/** Draw now, and again when a canvas changes its size or the page its colours. */
export function redrawn(canvas: HTMLCanvasElement, draw: () => void): void {
  new ResizeObserver(draw).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
}

export function calm(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** Let a button play: `tick` is called with the seconds since the last frame until it says that it is over. */
export class Player {
  private before: number | undefined;
  on = false;

  constructor(
    private readonly button: HTMLButtonElement,
    private readonly tick: (seconds: number) => boolean,
  ) {
    button.addEventListener("click", () => this.turn(!this.on));
  }

  turn(on: boolean): void {
    this.on = on;
    this.before = undefined;
    this.button.textContent = on ? "Pause" : "Play";
    if (on) requestAnimationFrame((now) => this.frame(now));
  }

  private frame(now: number): void {
    if (!this.on) return;
    const seconds = this.before === undefined ? 0 : Math.min(0.25, (now - this.before) / 1000);
    if (this.tick(seconds)) return this.turn(false);
    this.before = now;
    requestAnimationFrame((next) => this.frame(next));
  }
}
