/** What happens in a copy, in sentences. */

import type { About } from "./engine";
import type { Log } from "./log";
import { differing, shown } from "./text";

/** What the last of some steps did. */
export function happening(log: Log, about: About, done: number): string {
  const { plan } = log;
  if (done === 0) return `Before the first step the memory is as it always begins. ${heads(log, about, 0)}`;
  const step = done - 1;
  const [sent, due] = [plan.sent(step), plan.due(step)];
  let told = "the end marker goes in, and from here on nothing: the answer must come from the memory.";
  if (sent !== undefined) told = `“${shown(sent)}” goes in.`;
  else if (step < plan.first) told = "the start marker goes in.";
  else if (due !== undefined) told = outcome(log.answers[step - plan.end - 1], due);
  return `Step ${step}: ${told} ${heads(log, about, done)}`;
}

function outcome(came: number, due: number): string {
  if (came === due) return `“${shown(came)}” comes out.`;
  return `“${shown(came)}” comes out instead of “${shown(due)}”: ${count(differing(came, due), "bit")} wrong.`;
}

function heads(log: Log, about: About, done: number): string {
  const [read, write] = [log.readAt[done], log.writeAt[done]];
  if (about.single) return `The head, which reads and writes, is on row ${write}.`;
  const before = log.readAt[Math.max(0, done - 1)];
  const away = Math.abs(read - before);
  const jumps = Math.min(away, log.rows - away) > 1;
  const gate = jumps ? ` (gate ${log.gates[done - 1].toFixed(2)})` : "";
  return `The write head is on row ${write}, the read head ${jumps ? `jumps from row ${before} to` : "on"} row ${read}${gate}.`;
}

/** How much of the answer is right, so far. */
export function verdict(log: Log, done: number): string {
  const answers = log.answers.slice(0, Math.max(0, done - log.plan.end - 1));
  const wrong = answers.filter((byte, place) => byte !== log.plan.payload[place]).length;
  const whole = answers.length === log.plan.payload.length;
  if (!answers.length) return "";
  if (wrong) return `${wrong} of ${count(answers.length, "character")} came out wrong.`;
  return whole ? `All ${count(answers.length, "character")} came back, every bit right.` : "All right so far.";
}

export function wrongBits(log: Log): number {
  return log.answers.reduce((sum, byte, place) => sum + differing(byte, log.plan.payload[place]), 0);
}

export function count(number: number, thing: string): string {
  return `${number.toLocaleString("en")} ${thing}${number === 1 ? "" : "s"}`;
}
