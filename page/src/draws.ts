/** Random inputs of the paper's other tasks, drawn as for the machines' trainings. */

import { contextAt } from "./frames";

/** A number from 0 to 1, without 1 itself. */
export type Random = () => number;

export function draws(count: number, random: Random = Math.random): number[] {
  return Array.from({ length: count }, random);
}

export function vectors(count: number, width: number, random?: Random): number[] {
  return draws(count, random).map((one) => Math.floor(one * 2 ** width));
}

/** Items of some vectors each, of which no two are equal; an item that was there before is drawn anew. */
export function differentItems(count: number, size: number, width: number, random?: Random): number[][] {
  const items = new Map<string, number[]>();
  while (items.size < count) {
    const item = vectors(size, width, random);
    items.set(item.join(), item);
  }
  return [...items.values()];
}

/** Priorities from -1 to 1, in hundredths so that they can be typed; no two are equal. */
export function differentPriorities(count: number, random: Random = Math.random): number[] {
  const found = new Set<number>();
  while (found.size < count) found.add(Math.floor(random() * 201) - 100);
  return [...found].map((hundredths) => hundredths / 100);
}

/** The chance of a 1 after each context, Beta(1/2, 1/2), from numbers of 0 to 1. */
export function table(drawn: number[]): number[] {
  return drawn.map((one) => Math.sin((one * Math.PI) / 2) ** 2);
}

/** Bits by a table from numbers of 0 to 1: fair ones for as long as a context, then as the table says. */
export function bitsBy(chances: number[], drawn: number[]): number[] {
  const context = Math.log2(chances.length);
  const bits: number[] = [];
  drawn.forEach((one, step) => {
    const chance = step < context ? 0.5 : chances[contextAt(bits, step - 1, context)];
    bits.push(Number(one < chance));
  });
  return bits;
}
