import { describe, expect, it } from "vitest";
import { answered, bit, differing, encode, MOST_BYTES, Plan, shown } from "../src/text";

const FRAME = { width: 8, startMarker: true, inputs: 10 };

describe("a text becomes bytes", () => {
  it("takes letters as they are, without a note", () => {
    expect(encode("tape", 8)).toEqual({ bytes: [116, 97, 112, 101], note: "" });
  });
  it("spells a character beyond one byte, and says so", () => {
    const { bytes, note } = encode("é", 8);
    expect(bytes).toEqual([0xc3, 0xa9]);
    expect(note).toContain("“é” is 2 bytes, c3 a9, so 2 vectors");
  });
  it("takes a character outside of the basic plane whole", () => {
    expect(encode("🐢", 8).bytes).toEqual([0xf0, 0x9f, 0x90, 0xa2]);
    expect(encode("🐢", 8).note).toContain("4 bytes");
  });
  it("asks for a character where there is none", () => {
    expect(encode("", 8)).toEqual({ bytes: [], note: "There is nothing to copy: type at least one character." });
  });
  it("cuts a long text and names the limit", () => {
    const { bytes, note } = encode("x".repeat(100_000), 8);
    expect(bytes).toHaveLength(MOST_BYTES);
    expect(note).toContain("2,000 bytes at most");
    expect(encode("x".repeat(MOST_BYTES), 8).note).toBe("");
    expect(encode("é".repeat(MOST_BYTES), 8).bytes).toHaveLength(MOST_BYTES);
  });
  it("refuses what a machine of seven bits has no room for", () => {
    expect(encode("é", 7).bytes).toEqual([]);
    expect(encode("é", 7).note).toContain("7 bits");
    expect(encode("e", 7).bytes).toEqual([101]);
  });
});

describe("bits and bytes", () => {
  it("has the least significant bit first", () => {
    expect([0, 1, 2, 3, 4, 5, 6, 7].map((place) => bit(0b11010010, place))).toEqual([0, 1, 0, 0, 1, 0, 1, 1]);
  });
  it("reads a byte from the signs of logits", () => {
    expect(answered([-3, 2, -1, -0.1, 7, 0, 1e-9, 5])).toBe(0b11010010);
  });
  it("counts bits that differ", () => {
    expect(differing(0b1011, 0b0110)).toBe(3);
    expect(differing(255, 0)).toBe(8);
    expect(differing(77, 77)).toBe(0);
  });
  it("shows spaces and bytes that are no letters", () => {
    expect([32, 65, 10, 0xe2].map(shown)).toEqual(["␣", "A", "0a", "e2"]);
  });
});

describe("the plan of a copy", () => {
  it("has markers before and after, and blanks while the answer is due", () => {
    const plan = new Plan(FRAME, [0b101, 0b10]);
    const inputs = Array.from({ length: plan.steps }, (_, step) => [...plan.input(step)].join(""));
    expect(inputs).toEqual(["0000000010", "1010000000", "0100000000", "0000000001", "0000000000", "0000000000"]);
    expect([0, 1, 2, 3, 4, 5].map((step) => plan.sent(step))).toEqual([
      undefined,
      5,
      2,
      undefined,
      undefined,
      undefined,
    ]);
    expect([0, 1, 2, 3, 4, 5].map((step) => plan.due(step))).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      5,
      2,
    ]);
  });
  it("leaves the start marker out for a machine that has none", () => {
    const plan = new Plan({ width: 7, startMarker: false, inputs: 8 }, [1]);
    expect(Array.from({ length: plan.steps }, (_, step) => [...plan.input(step)].join(""))).toEqual([
      "10000000",
      "00000001",
      "00000000",
    ]);
  });
});
