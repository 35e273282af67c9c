/**
 * npm run bench -- --scaling: how cost grows, in Node: with streams in one core, which is what all nodes of a context share, with channels,
 * rates, and the length of a recording. Wants a build (npm run build). Microseconds are CPU time of the process; a figure is the least of
 * some rounds, in which all sizes take turns.
 *
 *   --json              only a JSON array on standard output
 *   --network=full      lite by default
 *   --chart=FILE.svg    also draws it
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { coreSizes } from '../scripts/core-shape.mjs';
import { barChart } from './chart.mjs';

const STREAMS = [1, 2, 4, 8, 16, 32, 64];
const CHANNELS = [1, 2, 4, 8];
const RATES = [8000, 16_000, 44_100, 48_000, 96_000];
const MINUTES = [0.5, 1, 2, 4];
/** Frames of a round of all streams together. */
const FRAMES = 1280;
const WARM_UP = 20;
const SECONDS = 10;
const ROUNDS = 3;

const { values: options } = parseArgs({
  options: {
    scaling: { type: 'boolean' },
    json: { type: 'boolean', default: false },
    network: { type: 'string', default: 'lite' },
    chart: { type: 'string' },
  },
});

const { denoise, Denoiser } = await import('../dist/offline.js');
await import('../dist/full.js');
const { SAMPLE_RATE, FRAME } = coreSizes();
const FRAMES_A_SECOND = SAMPLE_RATE / FRAME;

/** A tone complex in noise: nothing may find silence to skip. */
function sound(seconds, rate) {
  let seed = 1;
  return Float32Array.from({ length: Math.round(seconds * rate) }, (_, n) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
    return 0.1 * Math.sin((2 * Math.PI * 150 * n) / rate) + (0.03 * seed) / 2 ** 31;
  });
}

async function microseconds(work) {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** Streams that share a core: microseconds of 10 ms of all of them. */
async function streams(count) {
  const list = await Promise.all(Array.from({ length: count }, () => Denoiser.create({ network: options.network })));
  const input = sound(1, SAMPLE_RATE).subarray(0, FRAME);
  const block = new Float32Array(FRAME);
  const rounds = (frames) => {
    for (let i = 0; i < frames; i++) {
      for (const stream of list) {
        block.set(input);
        stream.process(block, block);
      }
    }
  };
  rounds(WARM_UP);
  const frames = Math.ceil(FRAMES / count);
  const spent = (await microseconds(() => rounds(frames))) / frames;
  for (const stream of list) stream.destroy();
  return { size: count, us: spent, each: spent / count };
}

/** A recording: microseconds of 10 ms of all its channels. */
async function recording(size, seconds, rate, channels) {
  const input = Array.from({ length: channels }, () => sound(seconds, rate));
  const spent = await microseconds(() => denoise(input, { sampleRate: rate, network: options.network }));
  const us = spent / (seconds * FRAMES_A_SECOND);
  return { size, us, each: us / channels };
}

const GROUPS = [
  ['streams in one core', 'streams', STREAMS, streams],
  ['channels of a recording', 'channels', CHANNELS, (count) => recording(count, SECONDS, SAMPLE_RATE, count)],
  ['rates of a recording', 'Hz', RATES, (rate) => recording(rate, SECONDS, rate, 1)],
  ['lengths of a recording', 'minutes', MINUTES, (minutes) => recording(minutes, 60 * minutes, SAMPLE_RATE, 1)],
];

await denoise(sound(2, SAMPLE_RATE), { sampleRate: SAMPLE_RATE, network: options.network });
const groups = [];
for (const [title, unit, sizes, measure] of GROUPS) {
  console.error(`${title} ...`);
  const rows = sizes.map((size) => ({ size, us: Number.POSITIVE_INFINITY, each: 0 }));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, size] of sizes.entries()) {
      const row = await measure(size);
      if (row.us < rows[i].us) rows[i] = row;
    }
  }
  groups.push({ title, unit, rows });
}
if (options.json) console.log(JSON.stringify(groups, null, 2));
else {
  console.log(`Node ${process.version}, ${options.network}: us of CPU per 10 ms`);
  for (const { title, unit, rows } of groups) {
    console.log(`\n${title}\n${unit.padStart(9)}       all      each`);
    for (const { size, us, each } of rows)
      console.log(`${String(size).padStart(9)}${us.toFixed(0).padStart(10)}${each.toFixed(1).padStart(10)}`);
  }
}
if (options.chart) {
  const bars = groups.map(({ title, unit, rows }) => ({
    title: `${title}: us per 10 ms, each`,
    bars: rows.map(({ size, each }) => ({ label: `${size} ${unit}`, value: each, ours: true })),
  }));
  writeFileSync(options.chart, barChart(bars));
}
