/** The page's sequences are the library's: frames.json is written by `python -m research.live.frames`. */

import { describe, expect, it } from "vitest";
import * as draws from "../src/draws";
import * as frames from "../src/frames";
import library from "./frames.json";

type Made = { inputs: number[][]; targets: number[][]; mask: number[]; width?: number };

/** Every number of a sequence is the library's, and its parts lie one after the other, from the first step to the last. */
function isTheLibrarys(framed: frames.Framed, made: Made): void {
  expect(framed.inputs.map((one) => one.map(Math.fround))).toEqual(made.inputs.map((one) => one.map(Math.fround)));
  expect(framed.due.map((one) => Number(one !== undefined))).toEqual(made.mask);
  framed.due.forEach((one, step) => one && expect(one).toEqual(made.targets[step]));
  framed.from.forEach((step, at) => {
    if (step === undefined) return;
    expect(framed.inputs[step].slice(0, made.width)).toEqual(framed.due[at]!.slice(0, made.width));
  });
  const steps = framed.parts.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, at) => first + at));
  expect(steps).toEqual(made.mask.map((_, step) => step));
}

describe("a sequence is framed as by the library", () => {
  it.each(library.recall)("recall of $items.length items", (one) => {
    const framed = frames.frameRecall(one.items, one.asked, one.width);
    isTheLibrarys(framed, one);
    const named = framed.parts.find(({ name }) => name === `item ${one.asked + 2}`)!;
    expect(framed.inputs.slice(named.first + 1, named.last + 1).map((each) => each.slice(0, one.width))).toEqual(
      framed.due.filter(Boolean),
    );
  });
  it.each(library.repeat_copy)("repeat copy of $vectors.length vectors, $repeats times", (one) => {
    const framed = frames.frameRepeatCopy(one.vectors, one.repeats, one.width);
    isTheLibrarys(framed, one);
    expect(framed.parts.filter(({ name }) => name.startsWith("round"))).toHaveLength(one.repeats);
  });
  it.each(library.sort)("sort of $vectors.length vectors", (one) => {
    isTheLibrarys(frames.frameSort(one.vectors, one.priorities, one.width), one);
  });
  it.each(library.ngrams)("N-grams of context $context", (one) => {
    isTheLibrarys(frames.frameNgrams(one.bits, one.context), one);
  });
});

describe("N-grams", () => {
  it.each(library.ngrams)("of context $context have the library's table, bits, best estimate and cost", (one) => {
    const table = draws.table(one.forTable);
    table.forEach((chance, place) => expect(chance).toBeCloseTo(one.table[place], 12));
    expect(draws.bitsBy(table, one.forBits)).toEqual(one.bits);
    const chances = frames.bestChances(one.bits.slice(0, -1), one.context);
    expect(chances).toHaveLength(one.chances.length);
    chances.forEach((chance, place) => expect(chance).toBeCloseTo(one.chances[place], 6));
    expect(frames.cost(chances, one.bits.slice(one.context))).toBeCloseTo(one.cost, 3);
  });
});

describe("random inputs", () => {
  it("have no item twice", () => {
    const random = [0.9, 0.1, 0.9, 0.1, 0.2, 0.6]; // the second item is the first one again
    expect(draws.differentItems(2, 2, 3, () => random.shift()!)).toEqual([
      [7, 0],
      [1, 4],
    ]);
  });
  it("have no priority twice, from -1 to 1", () => {
    const random = [0, 0.9999, 0, 0.5];
    expect(draws.differentPriorities(3, () => random.shift()!)).toEqual([-1, 1, 0]);
  });
  it("have vectors of every bit", () => {
    expect(draws.vectors(3, 7, () => 0.9999)).toEqual([127, 127, 127]);
  });
});
