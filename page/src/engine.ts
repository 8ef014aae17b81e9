/** The library's own graphs in onnxruntime-web: the page computes no equation of a machine itself. */

import * as ort from "onnxruntime-web/wasm";
import type { Frame } from "./text";

ort.env.wasm.numThreads = 1; // more need headers that a plain file server does not send
ort.env.logLevel = "error";

/** A trained machine for any task. */
export interface Trained {
  name: string;
  shows: string;
  made: string;
  inputs: number; // numbers of an input vector
  readHeads: number;
  writeHeads: number;
  single: boolean; // one weighting reads and writes
  rows: number | null; // null: any number
  rowsFor: number[]; // rows that any sequence needs, and how many more for each one more of the numbers of its size
  weights: string;
  shapes: number[][];
  step: string;
  start: string;
}

/** A machine that copies. */
export interface About extends Trained, Frame {
  fault: string;
  backwards: boolean;
  reader: number; // the read head that reads the answer
  writer: number; // the place, among all heads, of the write head that writes it
}

export type State = ort.Tensor[]; // memory (1, N, M), weights (1, A, N), reads, and a controller's own

export type Step = { logits: Float32Array; gates: Float32Array; state: State };

const sessions = new Map<string, Promise<ort.InferenceSession>>();

/** A file of the page's data; an error that names it where it cannot be had. */
async function file(name: string): Promise<Response> {
  const response = await fetch(new URL(`data/${name}`, document.baseURI));
  if (!response.ok) throw new Error(`${name} cannot be loaded (${response.status}): reload the page`);
  return response;
}

export async function json<T>(name: string): Promise<T> {
  return (await file(name)).json() as Promise<T>;
}

function session(graph: string): Promise<ort.InferenceSession> {
  if (!sessions.has(graph)) {
    const loading = file(graph).then(async (one) => ort.InferenceSession.create(await one.bytes()));
    sessions.set(graph, loading);
    loading.catch(() => sessions.delete(graph)); // so that it can be tried again
  }
  return sessions.get(graph)!;
}

/** A trained machine: the graph that many share, and the weights that are its own. */
export class Machine<Kind extends Trained = About> {
  private constructor(
    readonly about: Kind,
    private readonly stepping: ort.InferenceSession,
    private readonly starting: ort.InferenceSession,
    private readonly weights: Record<string, ort.Tensor>,
  ) {}

  /** The machine that a file of weights makes; without a name the file is its own. */
  static async load<Kind extends Trained>(about: Kind, weights = about.weights): Promise<Machine<Kind>> {
    const [stepping, starting, one] = await Promise.all([session(about.step), session(about.start), file(weights)]);
    const numbers = await one.arrayBuffer();
    let place = 0;
    const tensors = about.shapes.map((shape) => {
      const size = shape.reduce((product, axis) => product * axis, 1);
      const values = new Float32Array(numbers, 4 * place, size);
      place += size;
      return new ort.Tensor("float32", values, shape);
    });
    const named = Object.fromEntries(tensors.map((tensor, index) => [stepping.inputNames[index], tensor]));
    return new Machine(about, stepping, starting, named);
  }

  /** The state before the first step, over a tape of some rows. */
  async start(rows: number): Promise<State> {
    const tape = new ort.Tensor("float32", new Float32Array(rows), [rows]);
    const made = await this.starting.run({ ...this.weights, tape });
    return this.starting.outputNames.map((name) => made[name]);
  }

  /** One time step: an input vector and a state -> logits, gates, and the next state. */
  async step(x: Float32Array, state: State): Promise<Step> {
    const feeds: Record<string, ort.Tensor> = { ...this.weights, x: new ort.Tensor("float32", x, [1, x.length]) };
    const names = this.stepping.inputNames.slice(-state.length);
    names.forEach((name, place) => (feeds[name] = state[place]));
    const made = await this.stepping.run(feeds);
    const [logits, ...rest] = this.stepping.outputNames.map((name) => made[name]);
    const gates = rest.pop()!;
    return { logits: logits.data as Float32Array, gates: gates.data as Float32Array, state: rest };
  }
}

/** The stages of one addressing over some slots, computed by the library's `address`. */
export async function addressing(
  graph: string,
  told: Record<string, { values: number[]; shape: number[] }>,
): Promise<Record<string, number[]>> {
  const one = await session(graph);
  const feeds = Object.entries(told).map(([name, { values, shape }]) => [
    name,
    new ort.Tensor("float32", Float32Array.from(values), shape),
  ]);
  const made = await one.run(Object.fromEntries(feeds));
  return Object.fromEntries(Object.entries(made).map(([name, tensor]) => [name, [...(tensor.data as Float32Array)]]));
}

/** Rows for a sequence of some size: a length, or several numbers. */
export function rowsNeeded({ rows, rowsFor: [least, ...more] }: Trained, ...size: number[]): number {
  return rows ?? size.reduce((sum, number, place) => sum + more[place] * number, least);
}

/** A copy of a state of which the numbers can be changed. */
export function copied(state: State): State {
  return state.map((part) => new ort.Tensor("float32", Float32Array.from(part.data as Float32Array), part.dims));
}
