/** Whole recordings in one call: pitch tracks, spectra, the article's ladder. */
import { beforeAll, describe, expect, it } from 'vitest';
import { CORE_IMPORTS } from '../../../src/core/exports';
import { DELAY, FRAME } from '../../../src/core/shape';
import { coreBytes, type FullExports } from '../../helpers/kit';
import { blocked, noise, rms, voice } from '../../helpers/signals';

let bytes: Uint8Array<ArrayBuffer>;
beforeAll(async () => {
  bytes = await coreBytes('recording.wasm');
});

async function start(): Promise<FullExports> {
  const { instance } = await WebAssembly.instantiate(bytes, CORE_IMPORTS);
  return instance.exports as unknown as FullExports;
}

describe('pitch', () => {
  // White noise at 5 dB covers all but one or two harmonics of a 700 Hz voice: only the lower ones are asked of it.
  const cases = [70, 100, 150, 220, 350, 500, 700].flatMap((hz) =>
    [40, ...(hz < 600 ? [5] : [])].map((snr) => ({ hz, snr })),
  );
  it.each(cases)('finds $hz Hz at $snr dB', async ({ hz, snr }) => {
    const core = await start();
    const hops = 120;
    const x = voice(hops * FRAME, hz);
    const n = noise(hops * FRAME, hz);
    const gain = (rms(x) / rms(n)) * 10 ** (-snr / 20);
    const noisy = core.alloc(4 * hops * FRAME);
    const out = core.alloc(8 * hops);
    new Float32Array(core.memory.buffer, noisy, hops * FRAME).set(x.map((v, i) => v + gain * n[i]!));
    expect(core.recordingPitch(noisy, hops, out)).toBe(0);
    const track = new Float32Array(core.memory.buffer, out, 2 * hops);
    let right = 0;
    for (let i = 20; i < hops; i++) if (Math.abs((track[2 * i]! * hz) / 48000 - 1) < 0.03) right++;
    expect(right / (hops - 20)).toBeGreaterThan(0.95);
  });
});

describe('spectra of a recording', () => {
  it('are those of the window in decision, and the comb filter keeps a voice whose period it knows', async () => {
    const core = await start();
    const hops = 80;
    const bins = 200;
    // 150 Hz: a period of 320 samples, so that the comb filter needs no fraction of one.
    const x = voice(hops * FRAME, 150);
    const noisy = core.alloc(4 * x.length);
    const out = core.alloc(4 * hops * 4 * bins);
    new Float32Array(core.memory.buffer, noisy, x.length).set(x);
    expect(core.recordingSpectra(noisy, hops, out)).toBe(0);
    const spectra = new Float32Array(core.memory.buffer, out, hops * 4 * bins);
    const reference = blocked(x);
    const hop = 60;
    const from = (hop - 3) * FRAME;
    let [error, energy, combed] = [0, 0, 0];
    for (let k = 0; k < bins; k++) {
      let [re, im] = [0, 0];
      for (let n = 0; n < 2 * FRAME; n++) {
        const window = Math.sin((Math.PI / 2) * Math.sin((Math.PI * (n + 0.5)) / 960) ** 2);
        re += window * reference[from + n]! * Math.cos((2 * Math.PI * k * n) / 960);
        im -= window * reference[from + n]! * Math.sin((2 * Math.PI * k * n) / 960);
      }
      const y = hop * 4 * bins + 2 * k;
      const p = y + 2 * bins;
      error += (spectra[y]! - re) ** 2 + (spectra[y + 1]! - im) ** 2;
      combed += (spectra[p]! - re) ** 2 + (spectra[p + 1]! - im) ** 2;
      energy += re ** 2 + im ** 2;
    }
    expect(10 * Math.log10(error / energy)).toBeLessThan(-90);
    expect(10 * Math.log10(combed / energy)).toBeLessThan(-40);
  });
});

describe('ladder', () => {
  it('rises with the comb filter on a voice in noise, and returns clean speech untouched', async () => {
    const core = await start();
    const hops = 200;
    const length = hops * FRAME;
    const clean = voice(length, 140);
    const level = rms(clean);
    const n = noise(length, 9).map((v) => v * level);
    const place = (x: Float32Array) => {
      const pointer = core.alloc(4 * length);
      new Float32Array(core.memory.buffer, pointer, length).set(x);
      return pointer;
    };
    const cleanAt = place(clean);
    const noisyAt = place(clean.map((v, i) => v + n[i]!));
    const outAt = core.alloc(4 * length);
    const reference = blocked(clean);
    const snr = (noisy: number, step: number) => {
      expect(core.recordingLadder(noisy, cleanAt, hops, step, outAt)).toBe(0);
      const y = new Float32Array(core.memory.buffer, outAt, length);
      let signal = 0;
      let error = 0;
      for (let i = 24000; i < length; i++) {
        signal += reference[i - DELAY]! ** 2;
        error += (y[i]! - reference[i - DELAY]!) ** 2;
      }
      return 10 * Math.log10(signal / error);
    };
    const noisy = snr(noisyAt, 0);
    const bins = snr(noisyAt, 1);
    const bands = snr(noisyAt, 2);
    const comb = snr(noisyAt, 3);
    expect(bands).toBeGreaterThan(noisy + 3);
    expect(bins).toBeGreaterThan(bands);
    expect(comb).toBeGreaterThan(bands + 2);
    for (const step of [0, 1, 2]) expect(snr(cleanAt, step)).toBeGreaterThan(90);
    expect(snr(cleanAt, 3)).toBeGreaterThan(60);
  });
});

it('refuses recordings that are not there', async () => {
  const core = await start();
  for (const pointer of [0, 1e9, -4, 3]) {
    expect(core.recordingPitch(pointer, 1000, pointer)).toBeLessThan(0);
    expect(core.recordingSpectra(pointer, 1000, pointer)).toBeLessThan(0);
  }
  for (const hops of [-1, 0x7fffffff]) {
    expect(core.recordingPitch(16, hops, 16)).toBeLessThan(0);
    expect(core.recordingSpectra(16, hops, 16)).toBeLessThan(0);
  }
});

it('are not in the core that ships', async () => {
  const names = WebAssembly.Module.exports(new WebAssembly.Module(await coreBytes()));
  expect(names.filter(({ name }) => name.startsWith('recording'))).toEqual([]);
});
