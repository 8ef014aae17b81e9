/** Start the page: the tape at once, the other parts when they come near the screen. */

import { by, say, whenNear } from "./dom";
import { type About, json, Machine } from "./engine";
import { failures } from "./failures";
import { Run } from "./run";
import { seeds } from "./seeds";
import { stages } from "./stages";
import { Tape } from "./tape";
import { training } from "./training";

/** Say what went wrong, and show pictures instead of a machine. */
function trouble(reason: unknown, part: HTMLElement = document.body): void {
  const words = reason instanceof Error ? reason.message : String(reason);
  say(by("trouble"), `No machine can run here: ${words}. Pictures stand in its place.`);
  part.classList.add("no-machine");
  for (const still of part.querySelectorAll("noscript")) {
    still.insertAdjacentHTML("afterend", still.textContent ?? ""); // with JavaScript its content is a text
  }
}

document.documentElement.classList.toggle("framed", window.parent !== window);

async function start(): Promise<void> {
  if (typeof WebAssembly !== "object") throw new Error("this browser has no WebAssembly");
  const machines = await json<About[]>("machines.json");
  let told = () => {};
  const tape = new Tape(machines, () => told());
  Object.assign(window, { ntm: { machines, tape, load: Machine.load, begin: Run.begin } }); // for tests and for the curious
  await tape.choose(machines[0].name);
  performance.mark("machine-ready");
  const part = (id: string, show: () => Promise<void>) =>
    whenNear(id, () => void show().catch((reason) => trouble(reason, by(id))));
  part("stages", stages);
  part("training", async () => void (told = await training(machines[0])));
  part("failures", () => failures(machines));
  part("seeds", seeds);
  part("programs", async () => (await import("./programs")).programs()); // a script of its own, so that the tape is there sooner
}

start().catch(trouble);
