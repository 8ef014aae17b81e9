import { describe, expect, it } from "vitest";
import { Layer } from "../src/log";
import { Run } from "../src/run";
import { ABOUT, stub } from "./stub";
import { type Arm, fits, told } from "../src/seeds";

describe("a layer of ink", () => {
  it("has a cell for each step and place while there are few", () => {
    const layer = new Layer(7, 5);
    layer.mark(6, 4, 1);
    layer.mark(0, 1, 0.5);
    expect([layer.columns, layer.rows, layer.ink[34], layer.ink[7], layer.ink[0]]).toEqual([7, 5, 255, 128, 0]);
  });
  it("keeps the darkest of many steps and places", () => {
    const layer = new Layer(4000, 4000);
    layer.mark(0, 0, 0.9);
    layer.mark(1, 1, 0.2);
    layer.mark(3999, 3999, 1);
    expect(layer.ink[0]).toBe(230);
    expect(layer.ink.at(-1)).toBe(255);
    expect(layer.ink.filter(Boolean)).toHaveLength(2);
  });
  it("forgets from a step on", () => {
    const layer = new Layer(7, 3);
    for (let step = 0; step < 7; step++) layer.mark(step, 1, 1);
    layer.cutTo(4);
    expect([...layer.ink].map((ink, cell) => (ink ? cell : -1)).filter((cell) => cell >= 0)).toEqual([7, 8, 9, 10]);
    layer.cutTo(7);
    expect(layer.ink.filter(Boolean)).toHaveLength(4);
  });
});

describe("rows in a picture", () => {
  it("begin at the write head's first row, or end there for a machine that stores backwards", async () => {
    const forwards = (await Run.begin(stub().machine, [65], 11)).log;
    expect([forwards.placeOf(0), forwards.placeOf(10), forwards.rowAt(1)]).toEqual([1, 0, 0]);
    const { machine } = stub();
    Object.assign(machine, { about: { ...ABOUT, backwards: true } });
    const backwards = (await Run.begin(machine, [65], 11)).log;
    expect([backwards.placeOf(0), backwards.placeOf(1), backwards.placeOf(2)]).toEqual([9, 10, 0]);
  });
});

describe("a seed", () => {
  const arm: Arm = {
    name: "reliable",
    seeds: [3, 8],
    sequences: [1600, 20000],
    converged: "10",
    stores: "b-",
    firstRow: [126, null],
    faults: ["", "blur"],
    proved: { exact: [1000, null], float32: [1000, null] },
  };
  it("is told in a sentence", () => {
    expect(told(arm, 0)).toBe(
      "reliable, seed 3: learned, 1,600 sequences, walks backwards from row 126; proved for all texts up to 1,000 bytes, also with float32's rounding.",
    );
    expect(told(arm, 1)).toBe("reliable, seed 8: did not learn (blur), 20,000 sequences.");
  });
  it("says which proofs were found", () => {
    const proof = (exact: number | null, float32: number | null) =>
      told({ ...arm, proved: { exact: [exact], float32: [float32] } }, 0).split("; ")[1];
    expect(proof(1000, 120)).toBe("proved for all texts up to 1,000 bytes, up to 120 with float32's rounding.");
    expect(proof(1000, 0)).toBe("proved for all texts up to 1,000 bytes, but not with float32's rounding.");
    expect(proof(0, 0)).toBe("no proof was found.");
    expect(proof(null, null)).toBeUndefined();
    expect(fits({ ...arm, proved: { exact: [0], float32: [0] } }, 0, "proved")).toBe(false);
  });
  it("is found by what it did", () => {
    const which = ["all", "converged", "failed", "b", "f", "proved"];
    expect(which.map((one) => fits(arm, 0, one))).toEqual([true, true, false, true, false, true]);
    expect(which.map((one) => fits(arm, 1, one))).toEqual([true, false, true, false, false, false]);
  });
});
