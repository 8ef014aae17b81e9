/** Sequences of the paper's other tasks, step by step, framed as the library frames them; page/tests compares both. */

import { bit } from "./text";

/** Steps of a sequence that belong together. */
export type Part = { name: string; first: number; last: number };

export interface Framed {
  inputs: number[][]; // of every step
  due: (number[] | undefined)[]; // the right answer of a step; undefined: none is asked for
  from: (number | undefined)[]; // the step in which the right answer of a step came in; undefined: in none
  parts: Part[];
}

/** Bits of a vector and its markers as the numbers of an input. */
function input(width: number, vector: number, ...markers: number[]): number[] {
  return [...bitsOf(vector, width), ...markers];
}

export function bitsOf(vector: number, width: number): number[] {
  return Array.from({ length: width }, (_, place) => bit(vector, place));
}

/** Items of some vectors behind a marker each, then one of them between two other markers: the next item is due. */
export function frameRecall(items: number[][], asked: number, width: number): Framed {
  const [item, question, blank] = [input(width, 0, 1, 0), input(width, 0, 0, 1), input(width, 0, 0, 0)];
  const vectors = items[0].length;
  const shown = items.map((one) => [item, ...one.map((vector) => input(width, vector, 0, 0))]);
  const again = [question, ...items[asked].map((vector) => input(width, vector, 0, 0)), question];
  const inputs = [...shown.flat(), ...again, ...items[asked].map(() => blank)];
  const begin = items.length * (vectors + 1);
  return {
    inputs,
    due: [...none(inputs.length - vectors), ...items[asked + 1].map((one) => bitsOf(one, width))],
    from: [...none(inputs.length - vectors), ...items[asked].map((_, place) => (asked + 1) * (vectors + 1) + 1 + place)],
    parts: [
      ...items.map((_, place) => ({ name: `item ${place + 1}`, ...steps(place * (vectors + 1), vectors + 1) })),
      { name: "question", ...steps(begin, vectors + 2) },
      { name: "answer", ...steps(begin + vectors + 2, vectors) },
    ],
  };
}

/** Vectors after a start marker, a tick for each repeat, and an end marker: the vectors are due so many times, and then
 * an end marker. */
export function frameRepeatCopy(vectors: number[], repeats: number, width: number): Framed {
  const [start, tick, end, blank] = [
    input(width, 0, 1, 0, 0),
    input(width, 0, 0, 0, 1),
    input(width, 0, 0, 1, 0),
    input(width, 0, 0, 0, 0),
  ];
  const shown = [start, ...vectors.map((vector) => input(width, vector, 0, 0, 0)), ...Array(repeats).fill(tick), end];
  const round = vectors.map((vector) => [...bitsOf(vector, width), 0]);
  const due = [...Array.from({ length: repeats }, () => round).flat(), [...bitsOf(0, width), 1]];
  return {
    inputs: [...shown, ...due.map(() => blank)],
    due: [...none(shown.length), ...due],
    from: [...none(shown.length), ...due.map((_, at) => (at < due.length - 1 ? 1 + (at % vectors.length) : undefined))],
    parts: [
      { name: "vectors", ...steps(0, 1 + vectors.length) },
      { name: "ticks", ...steps(1 + vectors.length, repeats + 1) },
      ...Array.from({ length: repeats }, (_, place) => ({
        name: `round ${place + 1}`,
        ...steps(shown.length + place * vectors.length, vectors.length + Number(place === repeats - 1)),
      })),
    ],
  };
}

/** Vectors with priorities between two markers: those of the highest priorities are due, four of five, highest first. */
export function frameSort(vectors: number[], priorities: number[], width: number): Framed {
  const numbers = priorities.map(Math.fround); // as the machine gets them: two may be equal that differ a little
  const order = vectors.map((_, place) => place).sort((one, other) => numbers[other] - numbers[one]);
  const asked = order.slice(0, answersOf(vectors.length));
  const due = asked.map((place) => bitsOf(vectors[place], width));
  const shown = vectors.map((vector, place) => input(width, vector, 0, 0, numbers[place]));
  const blank = input(width, 0, 0, 0, 0);
  return {
    inputs: [input(width, 0, 1, 0, 0), ...shown, input(width, 0, 0, 1, 0), ...due.map(() => blank)],
    due: [...none(vectors.length + 2), ...due],
    from: [...none(vectors.length + 2), ...asked.map((place) => 1 + place)],
    parts: [
      { name: "vectors with priorities", ...steps(0, vectors.length + 2) },
      { name: "answer", ...steps(vectors.length + 2, due.length) },
    ],
  };
}

/** How many of some vectors a sort asks for. */
export function answersOf(vectors: number): number {
  return Math.max(1, Math.floor((4 * vectors) / 5));
}

/** All bits but the last, one a step: from the first whole context on the next bit is due. */
export function frameNgrams(bits: number[], context: number): Framed {
  const last = bits.length - 1;
  return {
    inputs: bits.slice(0, last).map((one) => [one]),
    due: bits.slice(1).map((one, step) => (step < context - 1 ? undefined : [one])),
    from: none(last),
    parts: [{ name: "bits, one at a step", ...steps(0, last) }],
  };
}

function none(count: number): undefined[] {
  return Array(count).fill(undefined);
}

function steps(first: number, count: number): { first: number; last: number } {
  return { first, last: first + count - 1 };
}

/** The number of the context that ends at a bit; its oldest bit counts 1, the next one 2, then 4. */
export function contextAt(bits: number[], step: number, context: number): number {
  return bits.slice(step - context + 1, step + 1).reduce((sum, one, place) => sum + one * 2 ** place, 0);
}

/** Steps at which the same context ends as at a step, all but the last bit's; none where no whole context ends there. */
export function alike(bits: number[], step: number, context: number): number[] {
  if (step < context - 1) return [];
  const now = contextAt(bits, step, context);
  const steps = Array.from({ length: bits.length - context }, (_, place) => place + context - 1);
  return steps.filter((one) => contextAt(bits, one, context) === now);
}

/** The best estimate of the next bit's chance to be 1, after each bit that ends a context (Eq. 10). */
export function bestChances(bits: number[], context: number): number[] {
  const seen = Array.from({ length: 2 ** context }, () => [0, 0]); // zeros and ones that followed each context so far
  const chances = [];
  for (let step = context - 1; step < bits.length; step++) {
    const [zeros, ones] = seen[contextAt(bits, step, context)];
    chances.push((ones + 0.5) / (zeros + ones + 1));
    if (step + 1 < bits.length) seen[contextAt(bits, step, context)][bits[step + 1]]++;
  }
  return chances;
}

/** How many bits it costs to have named these chances of a 1 before these bits came. */
export function cost(chances: number[], bits: number[]): number {
  return chances.reduce((sum, chance, place) => sum - Math.log2(bits[place] ? chance : 1 - chance), 0);
}
