/** One training, moment by moment: the machine of each moment copies the reader's text. */

import { by, calm, Player, redrawn, say } from "./dom";
import { type About, json, Machine, rowsNeeded } from "./engine";
import { colours, drawCopy, fresh, heading } from "./picture";
import { Run } from "./run";
import { encode, shown } from "./text";
import { count, wrongBits } from "./words";

interface Recorded {
  recipe: string;
  seed: number;
  settledAt: number;
  verdict: string;
  moments: [update: number, sequences: number, loss: number][];
}

const SHOWN_BYTES = 24; // of the reader's text
const A_SECOND = 4; // moments, while it plays

/** Show the training; the shape of its machines is that of the first machine. Returns what to call on another text. */
export async function training(about: About): Promise<() => void> {
  const recorded = await json<Recorded>("training.json");
  const [copy, loss] = [by<HTMLCanvasElement>("lesson"), by<HTMLCanvasElement>("loss")];
  const slider = by<HTMLInputElement>("moment");
  const last = recorded.moments.length - 1;
  let [at, wanted] = [0, 0];
  let run: Run | undefined;
  slider.max = String(last);

  const draw = () => {
    if (run) drawCopy(copy, run.log, run.done);
    curve(loss, recorded, at);
  };
  const show = async (moment: number) => {
    const turn = ++wanted;
    const machine = await Machine.load(about, `weights/training-${String(moment).padStart(2, "0")}.bin`);
    const { bytes } = encode(by<HTMLTextAreaElement>("text").value || " ", about.width);
    const payload = bytes.slice(0, SHOWN_BYTES);
    const made = await (await Run.begin(machine, payload, rowsNeeded(about, payload.length))).finish();
    if (turn !== wanted) return;
    [run, at] = [made, moment];
    slider.value = String(moment);
    const [update, sequences, bits] = recorded.moments[moment];
    slider.setAttribute("aria-valuetext", `update ${update}`);
    const wrong = wrongBits(made.log);
    const told = wrong ? `${wrong} of ${payload.length * about.width} bits wrong, “${made.log.answers.map(shown).join("")}”` : "every bit right";
    const end = moment === last ? ` ${recorded.verdict}` : "";
    const words = `After ${count(update, "update")} (${sequences.toLocaleString("en")} sequences), loss ${bits.toFixed(3)} bits a bit: ${told}.${end}`;
    say(by("learned"), words);
    copy.setAttribute("aria-label", words);
    draw();
  };

  let clock = 0;
  const player = new Player(by("train"), (seconds) => {
    clock += seconds * A_SECOND;
    if (clock < 1) return false;
    clock = 0;
    if (at < last) void show(at + 1);
    return at >= last - 1;
  });
  by("train").addEventListener("click", () => {
    if (player.on && at === last) void show(0);
  });
  slider.addEventListener("input", () => {
    player.turn(false);
    void show(Number(slider.value));
  });
  for (const canvas of [copy, loss]) redrawn(canvas, draw);
  await show(calm() ? last : Math.floor(last / 4));
  return () => void show(at);
}

/** The loss over the updates, and where the training is. */
function curve(canvas: HTMLCanvasElement, { moments, settledAt }: Recorded, at: number): void {
  const { pen, width, height } = fresh(canvas);
  const [tint, left, top] = [colours(), 34, 44];
  const [wide, tall] = [width - left - 10, height - top - 30];
  const [end] = moments[moments.length - 1];
  const x = (update: number) => left + (update / end) * wide;
  const y = (bits: number) => top + (1 - Math.min(1, bits)) * tall;
  heading(pen, tint.ink, "loss: 1 is guessing, 0 is sure", left, 12);
  pen.fillStyle = tint.ink;
  for (const bits of [0, 0.5, 1]) pen.fillText(String(bits), 8, y(bits));
  pen.fillText("updates →", left, height - 12);
  pen.strokeStyle = tint.pale;
  pen.strokeRect(left, top, wide, tall);
  pen.setLineDash([3, 3]);
  pen.beginPath();
  pen.moveTo(x(settledAt), top);
  pen.lineTo(x(settledAt), top + tall);
  pen.stroke();
  pen.setLineDash([]);
  heading(pen, tint.ink, "learns", left + 4, top - 10);
  heading(pen, tint.ink, "settles", x(settledAt) + 4, top - 10);
  pen.strokeStyle = tint.ink;
  pen.lineWidth = 2;
  pen.beginPath();
  for (const [update, , bits] of moments) pen.lineTo(x(update), y(bits));
  pen.stroke();
  pen.fillStyle = tint.write;
  pen.beginPath();
  pen.arc(x(moments[at][0]), y(moments[at][2]), 6, 0, 7);
  pen.fill();
}
