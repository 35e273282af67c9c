/** Hours of sound through the worklet's chain, faster than real time: nothing drifts, nothing grows. */
import { beforeAll, describe, expect, it } from 'vitest';
import { loadNetwork, parseModel } from '../../src/core/model';
import { Pipeline } from '../../worklet/pipeline';
import { amount, coreBytes, fixture, instantiate, record, shippedModel } from '../helpers/kit';

const RATE = 48_000;
const BLOCK = 480;
/** One round of the input: quiet noise, speech over noise, loud noise, silence. A whole number of blocks. */
const ROUND_SECONDS = 12;
/** Minutes after which the long form stops where it is, for a machine with little time. */
const MINUTES = Number(process.env.SOAK_MINUTES ?? Number.POSITIVE_INFINITY);
/** Decibels by which the level of a round may differ from that of the second: a network settles on what it hears. */
const SETTLING_DB = 0.5;
const HOUR = 3600 / ROUND_SECONDS;
/** Rounds of an hour, after which it has: no unit remembers longer than minutes (RETAIN in assembly/network/gru.ts). */
const SETTLED = HOUR;
/** Decibels by which an hour may then differ from the first one after. */
const DRIFT_DB = 0.02;

let module: WebAssembly.Module;

beforeAll(async () => {
  module = new WebAssembly.Module(await coreBytes());
});

function round(): Float32Array {
  const [speech, noise] = [fixture('speech'), fixture('noise')];
  return Float32Array.from({ length: ROUND_SECONDS * RATE }, (_, n) => {
    const x = noise[n % noise.length] as number;
    const second = n / RATE;
    if (second < 2) return 0.1 * x;
    if (second < 8) return 0.3 * x + (speech[(n - 2 * RATE) % speech.length] as number);
    if (second < 11) return x;
    return 0;
  });
}

describe.each(['lite', 'full'] as const)('soak of %s', (name) => {
  const file = shippedModel(name);

  it.skipIf(!file)(
    `hours of sound through the chain${file ? '' : ` (skipped: models/${name} is not there)`}`,
    { timeout: 8 * 3_600_000 },
    (context) => {
      const core = instantiate(module);
      const model = parseModel(file as Uint8Array);
      const network = loadNetwork(core, model);
      const pipeline = new Pipeline(core, network, RATE, 1, BLOCK, { frameStart() {}, frameEnd() {} }, false);
      const input = round();
      const output = new Float32Array(input.length);
      const latency = pipeline.latency;
      const delay = Math.round(latency * RATE);
      const memory = core.memory.buffer.byteLength;
      const hours = amount(1 / 60, 24);
      const planned = Math.max(4, Math.round((hours * 3600) / ROUND_SECONDS));
      const deadline = Date.now() + MINUTES * 60_000;
      let rounds = 0;
      const one = Float32Array.of(1);
      const zero = Float32Array.of(0);
      const play = (strength: Float32Array): void => {
        for (let at = 0; at < input.length; at += BLOCK) {
          pipeline.process([input.subarray(at, at + BLOCK)], [output.subarray(at, at + BLOCK)], BLOCK, strength, false);
        }
      };
      const level = (): number => {
        let sum = 0;
        for (const x of output) sum += x * x;
        return 10 * Math.log10(sum / output.length);
      };
      let reference = 0;
      let settling = 0;
      /** Mean level of each whole hour after settling. */
      const hourly: number[] = [];
      let sum = 0;
      let heap = 0;
      let heapGrowth = 0;
      const started = process.cpuUsage();
      for (let k = 0; k < planned && Date.now() < deadline; k++) {
        rounds++;
        play(one);
        const db = level();
        // A sum with one NaN or infinity in it is not finite.
        if (!Number.isFinite(db)) expect.fail(`round ${k}: ${db}`);
        if (k === 1) reference = db;
        if (k > 1) settling = Math.max(settling, Math.abs(db - reference));
        if (k >= SETTLED) sum += db / HOUR;
        if (k >= SETTLED && (k - SETTLED) % HOUR === HOUR - 1) {
          hourly.push(sum);
          sum = 0;
        }
        if (k % 100 === 50) {
          globalThis.gc?.();
          const used = process.memoryUsage().heapUsed;
          if (heap === 0) heap = used;
          heapGrowth = Math.max(heapGrowth, used - heap);
        }
      }
      const drift = hourly.reduce((most, db) => Math.max(most, Math.abs(db - (hourly[0] as number))), 0);
      // Soft: each finding is told, whatever the others say.
      expect.soft(settling).toBeLessThan(SETTLING_DB);
      expect.soft(drift, `level of each hour: ${hourly.map((db) => db.toFixed(3)).join(' ')}`).toBeLessThan(DRIFT_DB);
      expect.soft(pipeline.latency).toBe(latency);
      expect.soft(pipeline.underruns).toBe(0);
      expect.soft(core.memory.buffer.byteLength).toBe(memory);
      // Garbage that waits for its collection is no leak; a byte per frame would be 8 MB after 24 h.
      expect.soft(heapGrowth).toBeLessThan(64 << 20);
      // The delay at the end: strength 0 is the input, bit for bit. The first round fades over.
      play(zero);
      play(zero);
      let wrong = 0;
      for (let n = delay; n < output.length; n++) if (output[n] !== input[n - delay]) wrong++;
      expect.soft(wrong).toBe(0);
      const { user } = process.cpuUsage(started);
      const seconds = rounds * ROUND_SECONDS;
      record(
        context,
        `${name} ${model.version} (CRC-32 ${model.metadata.crc32}): ${(seconds / 3600).toFixed(2)} h of ${hours.toFixed(2)} in ${rounds} equal rounds (CPU time 1/${Math.round(seconds / (user / 1e6))} of it): finite, level of a round within ${settling.toFixed(4)} dB of the second, ${hourly.length} hours after the first within ${drift.toFixed(4)} dB of their first, delay ${delay} samples bit for bit at the end, no underrun, wasm memory ${(memory / 2 ** 20).toFixed(2)} MiB throughout, JS heap up ${(heapGrowth / 2 ** 20).toFixed(1)} MiB at most`,
      );
    },
  );
});
