/** Inputs of the paper's other tasks, made by hand or at random with the controls of the page. */

import type { Program } from "./answer";
import { by } from "./dom";
import * as draws from "./draws";
import * as frames from "./frames";

/** A text typed for a repeat copy, or vectors drawn at random, has at most so many vectors, and so many repeats. */
const MOST_VECTORS = 20;
const VECTORS_OF_AN_ITEM = 3; // as in the paper

/** Numbers that a reader moves, one for each of some places: priorities of vectors, or chances after contexts. */
export interface Levels {
  place: string; // what a place is called
  level: string; // what its number is called
  low: number;
  high: number;
  names: string[]; // of the places
  values: number[]; // which are changed where a reader moves them
}

/** A task's input as it stands. */
export interface Input {
  size: number[];
  framed: frames.Framed;
  levels?: Levels;
  letters?: boolean; // of a repeat copy: its vectors are letters that were typed
  best?: (number | undefined)[]; // of N-grams: the best estimate's chances, by step
  bits?: number[]; // of N-grams
}

/** Makes the input of a task: `renew` draws all of it anew, `made` is the input, or words that say why there is none. */
export interface Maker {
  about: string; // what comes in, and what is asked for
  renewing: string; // what the button says
  renew(): void;
  made(): Input | string;
}

/** The whole number of a control, or words where it is none from its least to its most. */
function whole(id: string): number | string {
  const { value, min, max, labels } = by<HTMLInputElement>(id);
  const number = Number(value);
  const fits = value !== "" && Number.isInteger(number) && number >= Number(min) && number <= Number(max);
  return fits ? number : `“${labels![0].textContent!.trim()}” is a whole number from ${min} to ${max}.`;
}

export class Recall implements Maker {
  readonly about =
    "Items of three vectors come in, and then one of them again, between two markers: the item that came after it is asked for.";
  readonly renewing = "New random items";
  private items: number[][] = [];

  constructor(private readonly width: number) {}

  renew(): void {
    this.items = [];
  }

  made(): Input | string {
    const count = whole("items");
    if (typeof count === "string") return count;
    by<HTMLInputElement>("question").max = String(count - 1); // the last item has no next
    const asked = whole("question");
    if (typeof asked === "string") return asked;
    if (this.items.length !== count) this.items = draws.differentItems(count, VECTORS_OF_AN_ITEM, this.width);
    return { size: [count], framed: frames.frameRecall(this.items, asked - 1, this.width) };
  }
}

export class RepeatCopy implements Maker {
  readonly about =
    "Vectors come in, and a tick for each repeat: the vectors are asked for so many times, and then an end marker.";
  readonly renewing = "New random vectors";
  private vectors: number[] = [];

  constructor(private readonly width: number) {
    const text = by<HTMLInputElement>("letters");
    by("vectors").addEventListener("input", () => (text.value = "")); // heard before the section, which asks for `made`
  }

  renew(): void {
    by<HTMLInputElement>("letters").value = "";
    this.vectors = [];
  }

  made(): Input | string {
    const typed = [...new TextEncoder().encode(by<HTMLInputElement>("letters").value)].slice(0, MOST_VECTORS);
    if (typed.length) by<HTMLInputElement>("vectors").value = String(typed.length);
    const [count, repeats] = [whole("vectors"), whole("repeats")];
    if (typeof count === "string") return count;
    if (typeof repeats === "string") return repeats;
    if (typed.length) this.vectors = typed;
    else if (this.vectors.length !== count) this.vectors = draws.vectors(count, this.width);
    const framed = frames.frameRepeatCopy(this.vectors, repeats, this.width);
    return { size: [count, repeats], framed, letters: typed.length > 0 };
  }
}

export class Sort implements Maker {
  readonly about = "Vectors come in, each with a priority: four of five are asked for, those of the highest priority first.";
  readonly renewing = "New random vectors and priorities";
  private vectors: number[] = [];
  private priorities: number[] = [];

  constructor(private readonly width: number) {}

  renew(): void {
    this.vectors = [];
  }

  made(): Input | string {
    const count = whole("sorted");
    if (typeof count === "string") return count;
    if (this.vectors.length !== count) {
      this.vectors = draws.vectors(count, this.width);
      this.priorities = draws.differentPriorities(count);
    }
    return {
      size: [count],
      framed: frames.frameSort(this.vectors, this.priorities, this.width),
      levels: {
        place: "vector",
        level: "priority",
        low: -1,
        high: 1,
        names: this.vectors.map((_, place) => `${place + 1}`),
        values: this.priorities,
      },
    };
  }
}

export class Ngrams implements Maker {
  readonly about =
    "Bits come in, each drawn by a hidden table: the chance of a 1 after each context of five bits. At every step the chance that the next bit is 1 is asked for.";
  readonly renewing = "New random table";
  private table: number[] = [];
  private drawn: number[] = [];

  constructor(private readonly context: number) {
    this.renew();
    by("again").addEventListener("click", () => (this.drawn = [])); // heard before the section, which asks for `made`
  }

  renew(): void {
    this.table = draws.table(draws.draws(2 ** this.context));
    this.drawn = [];
  }

  made(): Input | string {
    const count = whole("bits");
    if (typeof count === "string") return count;
    if (this.drawn.length !== count) this.drawn = draws.draws(count);
    const bits = draws.bitsBy(this.table, this.drawn);
    return {
      size: [count],
      bits,
      framed: frames.frameNgrams(bits, this.context),
      best: [...Array(this.context - 1).fill(undefined), ...frames.bestChances(bits.slice(0, -1), this.context)],
      levels: {
        place: "context",
        level: "chance of a 1",
        low: 0,
        high: 1,
        names: this.table.map((_, place) => frames.bitsOf(place, this.context).join("")),
        values: this.table,
      },
    };
  }
}

/** The makers of all tasks, for machines of their widths. */
export function makers(programs: Program[]): Record<Program["task"], Maker> {
  const of = (task: Program["task"]) => programs.find((one) => one.task === task)!;
  return {
    recall: new Recall(of("recall").outputs),
    repeat_copy_ticks: new RepeatCopy(of("repeat_copy_ticks").outputs - 1), // the last output is the answer's end marker
    sort: new Sort(of("sort").outputs),
    ngrams: new Ngrams(of("ngrams").trained[1]),
  };
}
