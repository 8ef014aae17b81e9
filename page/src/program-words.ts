/** What happens in a sequence of the paper's other tasks, in sentences. */

import { type Answer, type Program, vectorWidth } from "./answer";
import { alike, cost } from "./frames";
import type { Input } from "./inputs";
import { shown } from "./text";
import { count } from "./words";

const MARKERS: Record<Program["task"], string[]> = {
  recall: ["the marker of an item", "the marker of the question"],
  repeat_copy_ticks: ["the start marker", "the end marker", "a tick"],
  sort: ["the start marker", "the end marker"],
  ngrams: [],
};

/** The largest size that a machine was trained on. */
export function trainedOn({ task, trained: [size, more] }: Program): string {
  if (task === "recall") return `on up to ${size} items`;
  if (task === "repeat_copy_ticks") return `on up to ${size} vectors and ${more} repeats`;
  return task === "sort" ? `on up to ${size} vectors` : `on ${size} bits at a time`;
}

/** How a machine was judged at the end of its training. */
export function verdict({ task, verdict }: Program): string {
  const why = task === "ngrams" ? ", because some sequences cost more than a bit above the best estimate" : "";
  return verdict === "healthy" ? verdict : verdict + why;
}

/** What green frames stand for in the picture. */
export function greenMeans({ about, route }: Answer): string {
  if (about.task === "ngrams")
    return "where the heads were after the same bits as at the step looked at, the writer a step later";
  const row = `the row where the vector was written that is due ${route?.early ? "a step later" : "in this step"}`;
  return route ? `${row}; the right answer` : "the right answer";
}

/** How much of the memory the picture shows. */
export function drawn({ rows, shownRows }: Answer): string {
  return shownRows < rows ? `${shownRows} of ${rows} rows are drawn: no head points at the others.` : "";
}

/** How right an answer is. */
export function outcome(answer: Answer, input: Input): string {
  const { bits, best, size } = input;
  const { task, trained } = answer.about;
  const beyond = size.some((number, place) => number > trained[place]) ? " This size is beyond those of its training." : "";
  const due = answer.framed.due.flatMap((one, step) => (one ? [step] : []));
  if (task === "ngrams") {
    const came = due.map((step) => bits![step + 1]);
    const paid = cost(
      due.map((step) => answer.chance(step)),
      came,
    );
    const least = cost(
      due.map((step) => best![step]!),
      came,
    );
    return `The machine's chances cost ${paid.toFixed(1)} bits, those of the best estimate ${least.toFixed(1)}.${beyond}`;
  }
  const all = due.length * answer.about.outputs;
  const told = answer.wrong ? `${answer.wrong} of ${count(all, "bit")} came out wrong` : `All ${count(all, "bit")} of the answer are right`;
  const letters = task === "repeat_copy_ticks" && input.letters;
  const came = due.slice(0, -1).map((step) => shown(byte(answer.came(step).slice(0, -1))));
  return `${told}.${beyond}${letters ? ` Came out: ${came.join("")}` : ""}`;
}

/** What happens at a step. */
export function looked(answer: Answer, input: Input, step: number): string {
  const { about, framed } = answer;
  const part = framed.parts.find(({ first, last }) => step >= first && step <= last)?.name;
  const sentences = [`Step ${step}${part && about.task !== "ngrams" ? `, ${part}` : ""}: ${goesIn(answer, step)}`];
  sentences.push(comesOut(answer, input, step), heads(answer, step));
  return sentences.filter(Boolean).join(" ");
}

function goesIn({ about, framed }: Answer, step: number): string {
  const x = framed.inputs[step];
  if (about.task === "ngrams") return `${x[0]} goes in.`;
  if (framed.due[step]) return "nothing goes in.";
  const markers = MARKERS[about.task];
  const width = vectorWidth(about);
  const marker = x.slice(width).findIndex(Boolean);
  if (marker >= 0 && marker < markers.length) return `${markers[marker]} goes in.`;
  const priority = about.task === "sort" ? `, priority ${x.at(-1)!.toFixed(2)},` : "";
  return `${x.slice(0, width).join("")}${priority} goes in.`;
}

function comesOut(answer: Answer, { bits, best }: Input, step: number): string {
  const { about, framed } = answer;
  const due = framed.due[step];
  if (!due) return "";
  if (about.task === "ngrams") {
    const context = about.trained[1];
    const now = bits!.slice(step - context + 1, step + 1).join("");
    const before = alike(bits!, step, context).indexOf(step);
    const chances = `chance of a 1: ${answer.chance(step).toFixed(2)}, by the best estimate ${best![step]!.toFixed(2)}`;
    return `The last ${context} bits are ${now}, which ${before ? `came ${count(before, "time")}` : "never came"} before; ${chances}.`;
  }
  const wrong = answer.wrongAt(step);
  const came = answer.came(step).join("");
  return wrong ? `${came} comes out instead of ${due.join("")}: ${count(wrong, "bit")} wrong.` : `${came} comes out, which is right.`;
}

function heads({ about, at }: Answer, step: number): string {
  const told = at[step].map(({ row, weight }, head) => {
    const name = about.heads[head];
    return `${name} ${weight < 0.5 ? `is spread, with ${weight.toFixed(2)} of its weight` : "is"} on row ${row}`;
  });
  const words = `${told.slice(0, -1).join(", ")} and ${told.at(-1)}.`;
  return words[0].toUpperCase() + words.slice(1);
}

function byte(bits: number[]): number {
  return bits.reduce((sum, one, place) => sum + one * 2 ** place, 0);
}
