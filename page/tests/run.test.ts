import { describe, expect, it } from "vitest";
import { Run } from "../src/run";
import { ABOUT, stub } from "./stub";
import { happening, verdict, wrongBits } from "../src/words";

const SENT = [...new TextEncoder().encode("turtle!")];
const whole = async (rows = 31) => (await Run.begin(stub().machine, SENT, rows)).finish();
const tape = async (run: Run, step: number) => [...((await run.stateAt(step))[0].data as Float32Array)];

describe("a run", () => {
  it("ends with the answer, and knows where heads were", async () => {
    const run = await whole();
    expect(run.done).toBe(16);
    expect(run.log.answers).toEqual(SENT);
    expect(run.log.writeAt.slice(0, 4)).toEqual([0, 1, 2, 3]);
    expect(run.log.readAt.slice(8, 12)).toEqual([0, 1, 2, 3]);
    expect(run.log.heldBy(4, 16)).toBe(SENT[2]);
    expect(run.log.heldBy(4, 3)).toBeUndefined();
    expect(run.log.heldBy(20, 16)).toBeUndefined();
  });

  it("goes back to any step, and gives the state that a run up to there has", async () => {
    const run = await whole();
    for (const step of [16, 3, 0, 11, 4, 4, 15]) {
      const other = await Run.begin(stub().machine, SENT, 31);
      while (other.done < step) await other.advance(0);
      expect(await tape(run, step)).toEqual(await tape(other, step));
    }
  });

  it("keeps few states of a long tape, and goes back all the same", async () => {
    const { machine, count } = stub();
    const long = await (await Run.begin(machine, SENT, 300_000)).finish();
    expect(count()).toBe(16);
    expect((await tape(long, 5)).slice(0, 15).filter((_, place) => place % 3 === 0)).toEqual([
      0,
      0,
      ...SENT.slice(0, 3),
    ]);
    expect(count()).toBeGreaterThan(16);
  });

  it("spoils one number, which one character suffers, and mends it", async () => {
    const run = await whole();
    await run.edit({ step: 9, kind: "spoil", row: 4, number: 0 });
    expect(run.done).toBe(9);
    expect((await tape(run, 9))[12]).toBe(-5);
    await run.finish();
    expect(run.log.answers.map((byte, place) => byte === SENT[place])).toEqual([
      true,
      true,
      false,
      true,
      true,
      true,
      true,
    ]);
    expect(verdict(run.log, 16)).toBe("1 of 7 characters came out wrong.");
    expect(wrongBits(run.log)).toBe(6); // r is 01110010, 5 is 00000101
    await run.mend();
    await run.finish();
    expect(run.log.answers).toEqual(SENT);
    expect(run.log.wrong.ink.some(Boolean)).toBe(false);
  });

  it("empties a row", async () => {
    const run = await whole();
    await run.edit({ step: 9, kind: "empty", row: 5, number: 0 });
    await run.finish();
    expect(run.log.answers[3]).toBe(0);
  });

  it("moves the read head, and the rest of the answer follows it", async () => {
    const run = await whole();
    await run.edit({ step: 11, kind: "reader", row: 5, number: 0 });
    await run.finish();
    expect(run.log.answers.slice(0, 4)).toEqual([SENT[0], SENT[1], SENT[4], SENT[5]]);
  });

  it("forgets edits that come later than a new one, and keeps earlier ones", async () => {
    const run = await whole();
    await run.edit({ step: 12, kind: "empty", row: 7, number: 0 });
    await run.edit({ step: 10, kind: "empty", row: 4, number: 0 });
    await run.edit({ step: 11, kind: "empty", row: 6, number: 0 });
    expect(run.edits.map(({ step }) => step)).toEqual([10, 11]);
    await run.finish();
    expect(run.log.answers.map((byte) => byte === 0)).toEqual([false, false, true, false, true, false, false]);
  });

  it("does one thing after the other", async () => {
    const run = await Run.begin(stub().machine, SENT, 31);
    const [, state] = await Promise.all([run.finish(), run.stateAt(0), run.stateAt(0)]);
    expect((state[0].data as Float32Array).some(Boolean)).toBe(false);
    expect(run.log.answers).toEqual(SENT);
  });
});

describe("words for what happens", () => {
  it("tells every kind of step", async () => {
    const { log } = await whole();
    expect(happening(log, ABOUT, 0)).toContain("Before the first step");
    expect(happening(log, ABOUT, 1)).toBe(
      "Step 0: the start marker goes in. The write head is on row 1, the read head on row 0.",
    );
    expect(happening(log, ABOUT, 2)).toContain("Step 1: “t” goes in.");
    expect(happening(log, ABOUT, 9)).toContain("the end marker goes in");
    expect(happening(log, ABOUT, 10)).toContain("Step 9: “t” comes out.");
    expect(verdict(log, 9)).toBe("");
    expect(verdict(log, 12)).toBe("All right so far.");
    expect(verdict(log, 16)).toBe("All 7 characters came back, every bit right.");
  });

  it("tells of a jump, with the gate, and of a wrong character", async () => {
    const run = await whole();
    await run.edit({ step: 4, kind: "reader", row: 20, number: 0 });
    await run.edit({ step: 9, kind: "spoil", row: 2, number: 0 });
    const { log } = await run.finish();
    expect(happening(log, ABOUT, 9)).toContain("jumps from row 20 to row 1 (gate 1.00)");
    expect(happening(log, ABOUT, 10)).toContain("“05” comes out instead of “t”: 4 bits wrong.");
  });
});
