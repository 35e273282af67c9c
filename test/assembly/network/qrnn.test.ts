/** The quasi-recurrent layer against its formula in double precision, frame after frame, in any number of places. */
import { beforeAll, expect, it } from 'vitest';
import { compileAssembly } from '../../helpers/assembly';
import { KIND_DENSE, Probe, type ProbeExports, random, tile } from '../../helpers/probe';

const [UNITS, COLUMNS] = [16, 24];
interface Core extends ProbeExports {
  retain(): number;
  make(descriptor: number): number;
  runQrnn(
    layer: number,
    places: number,
    x: number,
    stride: number,
    states: number,
    hidden: number,
    hiddenStride: number,
    sums: number,
  ): void;
}
const source = `
import { qrnn } from './assembly/network/qrnn';
import { Layer } from './assembly/network/weights';
import { FINER_RETAIN } from './assembly/settings';
export * from './assembly/entries/testing';
export function retain(): f32 { return FINER_RETAIN; }
const made: Layer[] = [];
export function make(descriptor: usize): i32 { return made.push(new Layer(descriptor)) - 1; }
export function runQrnn(layer: i32, places: i32, x: usize, stride: usize, states: usize, hidden: usize, hiddenStride: usize, sums: usize): void {
  qrnn(made[layer], places, x, stride, states, hidden, hiddenStride, sums);
}
`;

let probe: Probe;
let core: Core;
beforeAll(async () => {
  probe = new Probe(new WebAssembly.Module(await compileAssembly('probe.ts', { source })));
  core = probe.core as Core;
});

it.each([1, 2, 5])('follows its formula in %i places', (places) => {
  const next = random(places);
  const rows = 2 * UNITS;
  const weights = Int8Array.from({ length: rows * COLUMNS }, () => Math.floor(next() * 255) - 127);
  const scales = Float32Array.from({ length: rows }, () => next() * 0.004);
  // Gates that would hold for ever among them.
  const bias = Float32Array.from({ length: rows }, (_, row) => (row < 2 ? 12 : 2 * next() - 1));
  const pointers = [tile({ rows, columns: COLUMNS, weights }).tiles, scales, bias].map((values) => probe.write(values));
  const [w, s, b] = pointers as [number, number, number];
  const layer = core.make(probe.write(Int32Array.from([KIND_DENSE, rows, COLUMNS, w, 0, s, b, 0])));
  const states = probe.write(new Float32Array(places * UNITS));
  const stride = COLUMNS * probe.activationBytes;
  const hiddenStride = UNITS * probe.activationBytes;
  const hidden = probe.activations(places * UNITS + 16);
  const sums = core.alloc(4 * 2 * rows);

  const expected = new Float64Array(places * UNITS);
  for (let t = 0; t < 20; t++) {
    const levels = Uint8Array.from({ length: places * COLUMNS }, () => Math.floor(next() * 128));
    core.runQrnn(layer, places, probe.writeLevels(levels), stride, states, hidden, hiddenStride, sums);
    const product = (place: number, row: number): number => {
      let sum = 0;
      for (let c = 0; c < COLUMNS; c++) sum += weights[row * COLUMNS + c]! * (levels[place * COLUMNS + c]! - 64);
      return (sum * scales[row]!) / 63 + bias[row]!;
    };
    for (let place = 0; place < places; place++) {
      for (let u = 0; u < UNITS; u++) {
        const z = Math.min(core.retain(), 1 / (1 + Math.exp(-product(place, u))));
        const n = Math.tanh(product(place, UNITS + u));
        const at = place * UNITS + u;
        expected[at] = n + z * (expected[at]! - n);
      }
    }
    const told = probe.floats(states, places * UNITS);
    const off = Math.max(...told.map((h, i) => Math.abs(h - expected[i]!)));
    expect(off, `frame ${t}`).toBeLessThan(1e-4);
    // The copy that the next layer sees is the state in levels.
    probe.readLevels(hidden, places * UNITS).forEach((level, i) => {
      expect(Math.abs(level - (63 * told[i]! + 64)), `frame ${t}, ${i}`).toBeLessThan(0.5 + 0.001);
    });
  }
});
