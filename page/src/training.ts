/** One training, moment by moment: the machine of each moment copies the reader's text. */

import { by, calm, Player, say } from "./dom";
import { type About, json, rowsNeeded } from "./engine";
import { Still } from "./still";
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
  const copy = by<HTMLCanvasElement>("lesson");
  const slider = by<HTMLInputElement>("moment");
  const last = recorded.moments.length - 1;
  const still = new Still(copy);
  let at = 0;
  slider.max = String(last);

  const mark = curve(recorded);
  const show = async (moment: number) => {
    const { bytes } = encode(by<HTMLTextAreaElement>("text").value || " ", about.width);
    const payload = bytes.slice(0, SHOWN_BYTES);
    const weights = `weights/training-${String(moment).padStart(2, "0")}.bin`;
    const run = await still.show(about, payload, rowsNeeded(about, payload.length), { weights });
    if (!run) return;
    at = moment;
    slider.value = String(moment);
    const [update, sequences, bits] = recorded.moments[moment];
    slider.setAttribute("aria-valuetext", `update ${update}`);
    const wrong = wrongBits(run.log);
    const told = wrong
      ? `${wrong} of ${payload.length * about.width} bits wrong, “${run.log.answers.map(shown).join("")}”`
      : "every bit right";
    const end = moment === last ? ` ${recorded.verdict}` : "";
    const words = `After ${count(update, "update")} (${sequences.toLocaleString("en")} sequences), loss ${bits.toFixed(3)} bits a bit: ${told}.${end}`;
    say(by("learned"), words);
    copy.setAttribute("aria-label", words);
    mark(moment);
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
  await show(calm() ? last : Math.floor(last / 4));
  return () => void show(at);
}

/** Draw the loss over the updates into an SVG; returns what moves the mark to a moment. */
function curve({ moments, settledAt }: Recorded): (moment: number) => void {
  const [end] = moments[moments.length - 1];
  const at = ([update, , bits]: Recorded["moments"][number]) => [(300 * update) / end, 200 * (1 - Math.min(1, bits))];
  by("losses").setAttribute("points", moments.map((one) => at(one).join()).join(" "));
  by("settled").setAttribute("transform", `translate(${(300 * settledAt) / end})`);
  return (moment) => by("now").setAttribute("transform", `translate(${at(moments[moment]).join()})`);
}
