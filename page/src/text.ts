/** Between a text and the vectors of a copy: bytes, bits, markers, and characters to show. */

export const MOST_BYTES = 2000;

export interface Frame {
  width: number; // bits of a vector
  startMarker: boolean; // whether a start marker comes first
  inputs: number; // numbers of an input vector
}

/** The bytes of a text in UTF-8, as many as the page takes (none where a machine has too few bits for them), and what
 * its writer should know of how it goes in. */
export function encode(text: string, width: number): { bytes: number[]; note: string } {
  const whole = [...new TextEncoder().encode(text.slice(0, MOST_BYTES))];
  const bytes = whole.slice(0, MOST_BYTES);
  const many = text.length > MOST_BYTES || whole.length > MOST_BYTES;
  const notes = many ? [`The page takes ${MOST_BYTES.toLocaleString("en")} bytes at most: only those go in.`] : [];
  const wide = [...new Set(text.slice(0, MOST_BYTES))].filter((one) => one.codePointAt(0)! > 127);
  if (text === "") notes.push("There is nothing to copy: type at least one character.");
  if (wide.length && width < 8) {
    notes.push(`This machine has ${width} bits for a character, and “${wide[0]}” needs more: take letters of ASCII.`);
    return { bytes: [], note: notes.join(" ") };
  }
  if (wide.length) notes.push(`In UTF-8 ${wide.slice(0, 3).map(spelled).join("; ")}.`);
  return { bytes, note: notes.join(" ") };
}

function spelled(character: string): string {
  const bytes = [...new TextEncoder().encode(character)];
  return `“${character}” is ${bytes.length} bytes, ${bytes.map(hex).join(" ")}, so ${bytes.length} vectors`;
}

/** One byte as a character that can be printed, or as two hexadecimal digits. */
export function shown(byte: number): string {
  if (byte === 32) return "␣";
  return byte > 32 && byte < 127 ? String.fromCharCode(byte) : hex(byte);
}

export function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

/** Bit of a byte, the least significant first. */
export function bit(byte: number, place: number): number {
  return (byte >> place) & 1;
}

/** The byte that an answer's logits spell: a bit is 1 where its logit is above 0. */
export function answered(logits: ArrayLike<number>): number {
  return Array.from(logits).reduce((byte, logit, place) => byte + (logit > 0 ? 2 ** place : 0), 0);
}

/** How many bits of two bytes differ. */
export function differing(one: number, other: number): number {
  let count = 0;
  for (let rest = one ^ other; rest; rest &= rest - 1) count++;
  return count;
}

/** Steps of a copy: the start marker if there is one, the payload, the end marker, and blanks for the answer. */
export class Plan {
  readonly first: number; // step of the first vector
  readonly end: number; // step of the end marker
  readonly steps: number;

  constructor(
    readonly frame: Frame,
    readonly payload: number[],
  ) {
    this.first = Number(frame.startMarker);
    this.end = this.first + payload.length;
    this.steps = this.end + 1 + payload.length;
  }

  /** The input vector of a step. */
  input(step: number): Float32Array {
    const x = new Float32Array(this.frame.inputs);
    if (step < this.first) x[this.frame.width] = 1;
    else if (step < this.end)
      x.forEach((_, place) => (x[place] = place < this.frame.width ? bit(this.sent(step)!, place) : 0));
    else if (step === this.end) x[x.length - 1] = 1;
    return x;
  }

  /** The byte that goes in at a step. */
  sent(step: number): number | undefined {
    return step < this.first || step >= this.end ? undefined : this.payload[step - this.first];
  }

  /** The byte that should come out at a step. */
  due(step: number): number | undefined {
    return step <= this.end ? undefined : this.payload[step - this.end - 1];
  }
}
