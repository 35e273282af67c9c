import { readFileSync } from 'node:fs';
import { compileProbe } from './compile-probe';
import { Probe } from './probe';

interface GoldenMatrix {
  weights: number[];
  scales: number[];
  bias: number[];
}

interface Golden {
  inputs: number;
  units: number;
  frames: number;
  taps: number;
  /** Levels, frame by frame. */
  x: number[];
  gru: { input: GoldenMatrix; recurrent: GoldenMatrix; states: number[] };
  conv: GoldenMatrix & { outputs: number[] };
}

/** Layers of PyTorch, what went in and what came out. Written by training/network/golden.py. */
export const golden = JSON.parse(readFileSync(new URL('../golden/layers.json', import.meta.url), 'utf8')) as Golden;

/** Levels that go in. */
export function frameOf(index: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(golden.x.slice(index * golden.inputs, (index + 1) * golden.inputs));
}

/** The layers of the plain build. */
export async function layerProbe(): Promise<Probe> {
  return new Probe(new WebAssembly.Module(await compileProbe(false)));
}

export function goldenLayer(
  probe: Probe,
  kind: number,
  rows: number,
  columns: number,
  matrix: GoldenMatrix,
  taps = 0,
): number {
  return probe.layer(kind, { rows, columns, ...matrix, weights: Int8Array.from(matrix.weights), taps });
}
