import { describe, expect, it } from "vitest";
import { Answer, type Program, vectorWidth } from "../src/answer";
import { alike, type Framed, frameNgrams, frameRecall, frameRepeatCopy, frameSort } from "../src/frames";
import { drawn, greenMeans, looked, outcome, trainedOn, verdict } from "../src/program-words";

const ROWS = 13;

function about(more: Partial<Program>): Program {
  const heads = ["the read head", "the write head"];
  return { task: "recall", inputs: 5, outputs: 3, readHeads: 1, writeHeads: 1, rows: null, trained: [2], heads, ...more } as Program;
}

/** A machine that walks a row a step from row 3 on as it writes, and reads the row that each answer came in on, so many
 * steps early; its answers are right, but for one bit where `wrong` says so. */
function answered(told: Program, framed: Framed, early = 0, wrong?: number): Answer {
  const weights = (...rows: number[]) => {
    const all = new Float32Array(told.heads.length * ROWS);
    rows.forEach((row, head) => (all[head * ROWS + row] = 0.75));
    return all;
  };
  const answer = new Answer(told, framed, ROWS, weights(0, 3));
  framed.inputs.forEach((_, step) => {
    const came = framed.from[step + early];
    const bits = framed.due[step]?.map((bit, place) => Number((step === wrong && place === 0) !== Boolean(bit))) ?? [];
    const logits = Float32Array.from(bits.length ? bits : Array(told.outputs).fill(0), (bit) => 4 * bit - 2);
    answer.add(step, logits, weights(came === undefined ? 0 : (4 + came) % ROWS, (4 + step) % ROWS));
  });
  return answer;
}

const recalled = frameRecall([[5], [3]], 0, 3); // item, 5, item, 3, question, 5, question, blank

describe("an answer", () => {
  it("keeps where heads were, row 2, above the writer's first, at the top", () => {
    const answer = answered(about({}), recalled);
    expect(answer.at.map(([, { row }]) => row)).toEqual([4, 5, 6, 7, 8, 9, 10, 11]);
    expect(answer.at[7][0]).toEqual({ row: 7, weight: 0.75 });
    expect([2, 3, 1].map((row) => answer.placeOf(row))).toEqual([0, 1, 12]);
    expect([0, 1, 12].map((place) => answer.rowAt(place))).toEqual([2, 3, 1]);
    const inked = answer.layers[1].ink.findIndex(Boolean);
    expect([inked, answer.layers[1].columns]).toEqual([2 * 8, 8]); // step 0, row 4, which stands at place 2
  });
  it("leaves the rows of a machine that has its own where they are", () => {
    expect(answered(about({ rows: ROWS }), recalled).placeOf(5)).toBe(5);
  });
  it("has a picture down to the last row that a head points at", () => {
    const answer = answered(about({}), recalled);
    expect(answer.shownRows).toBe(13); // the reader waits on row 0, at place 11
    expect(drawn(answer)).toBe("");
    answer.at.forEach((heads) => heads.forEach((head) => (head.row = Math.max(head.row, 2))));
    expect(drawn(answer)).toBe("12 of 13 rows are drawn: no head points at the others.");
  });
  it.each([0, 1])("is read from where the writer was, %i steps early", (early) => {
    const framed = frameRepeatCopy([5, 3, 6], 2, 3);
    const told = about({ task: "repeat_copy_ticks", inputs: 6, outputs: 4, trained: [3, 1] });
    const { reader, early: found, places } = answered(told, framed, early).route!;
    expect([reader, found]).toEqual([0, early]);
    expect(places.map(({ row }) => row)).toEqual([5, 6, 7, 5, 6, 7]); // the vectors came in at steps 1 to 3
    expect(places[0].step).toBe(7 - early);
  });
  it("has no route where no reader comes to the rows of the writer", () => {
    const answer = answered(about({}), { ...recalled, from: Array(8).fill(undefined) });
    expect(answer.route).toBeUndefined();
    expect(greenMeans(answer)).toBe("the right answer");
  });
});

describe("words for other programs", () => {
  it("tell every kind of step of a recall", () => {
    const answer = answered(about({}), recalled);
    const input = { size: [2], framed: recalled };
    expect(looked(answer, input, 0)).toBe(
      "Step 0, item 1: the marker of an item goes in. The read head is on row 0 and the write head is on row 4.",
    );
    expect(looked(answer, input, 3)).toContain("Step 3, item 2: 110 goes in.");
    expect(looked(answer, input, 4)).toContain("the marker of the question goes in.");
    expect(looked(answer, input, 7)).toContain("Step 7, answer: nothing goes in. 110 comes out, which is right.");
    answer.at[7][0].weight = 0.31;
    expect(looked(answer, input, 7)).toContain("The read head is spread, with 0.31 of its weight on row 7");
    expect(outcome(answer, input)).toBe("All 3 bits of the answer are right.");
    expect(greenMeans(answer)).toBe("the row where the vector was written that is due in this step; the right answer");
  });
  it("count wrong bits", () => {
    const answer = answered(about({}), recalled, 0, 7);
    const input = { size: [2], framed: recalled };
    expect(outcome(answer, input)).toBe("1 of 3 bits came out wrong.");
    expect(looked(answer, input, 7)).toContain("010 comes out instead of 110: 1 bit wrong.");
  });
  it("spell what was typed, and say what lies beyond a training", () => {
    const framed = frameRepeatCopy([104, 111], 3, 7);
    const told = about({ task: "repeat_copy_ticks", inputs: 10, outputs: 8, trained: [2, 2] });
    const answer = answered(told, framed);
    const input = { size: [2, 3], framed, letters: true };
    expect(outcome(answer, input)).toBe(
      "All 56 bits of the answer are right. This size is beyond those of its training. Came out: hohoho",
    );
    expect(looked(answer, input, 3)).toContain("Step 3, ticks: a tick goes in.");
    expect(looked(answer, input, 6)).toContain("Step 6, ticks: the end marker goes in.");
  });
  it("name a priority", () => {
    const framed = frameSort([5, 2, 7], [-0.5, 0.25, 0], 3);
    const answer = answered(about({ task: "sort", inputs: 6, trained: [7] }), framed);
    expect(looked(answer, { size: [3], framed }, 1)).toContain("101, priority -0.50, goes in.");
    expect(looked(answer, { size: [3], framed }, 5)).toContain("010 comes out, which is right.");
  });
  it("weigh chances against the best estimate's", () => {
    const bits = [0, 1, 1, 0, 1, 1, 1];
    const framed = frameNgrams(bits, 2);
    const told = about({ task: "ngrams", inputs: 1, outputs: 1, rows: ROWS, trained: [6, 2] });
    const answer = answered(told, framed);
    const best = [undefined, ...Array(5).fill(0.5)];
    const input = { size: [7], framed, bits, best };
    expect(alike(bits, 4, 2)).toEqual([1, 4]); // both end in 0, 1
    expect(alike(bits, 0, 2)).toEqual([]);
    expect(looked(answer, input, 4)).toContain(
      "Step 4: 1 goes in. The last 2 bits are 01, which came 1 time before; chance of a 1: 0.88, by the best estimate 0.50.",
    );
    expect(looked(answer, input, 1)).toContain("which never came before");
    const cost = 5 * Math.log2(1 + Math.exp(-2)); // of five answers with a logit of 2 for the bit that comes
    expect(outcome(answer, input)).toBe(
      `The machine's chances cost ${cost.toFixed(1)} bits, those of the best estimate 5.0. This size is beyond those of its training.`,
    );
  });
  it("say what a machine was trained on, and how it was judged", () => {
    expect(trainedOn(about({ task: "recall", trained: [6] }))).toBe("on up to 6 items");
    expect(trainedOn(about({ task: "repeat_copy_ticks", trained: [7, 11] }))).toBe("on up to 7 vectors and 11 repeats");
    expect(verdict(about({ task: "sort", verdict: "wrong bits" }))).toBe("wrong bits");
    expect(verdict(about({ task: "ngrams", verdict: "wrong bits" }))).toContain("more than a bit above the best");
  });
  it("know how wide a vector is", () => {
    const tasks = ["recall", "repeat_copy_ticks", "sort", "ngrams"] as const;
    expect(tasks.map((task) => vectorWidth(about({ task, inputs: 11 })))).toEqual([9, 8, 8, 11]);
  });
});
