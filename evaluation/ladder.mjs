// npm run ladder -- <clean.wav> <noisy.wav>: the article's ladder from ideal gains per bin to the network, to hear, see and score.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import wavefile from 'wavefile';
import { compile } from '../scripts/compile.mjs';
import { ensureBuild } from '../scripts/ensure-build.mjs';
import { findPython, runStep } from '../scripts/python.mjs';
import { CORE_IMPORTS } from '../src/core/exports';
import { DELAY as CORE_DELAY, SAMPLE_RATE as CORE_RATE, FRAME } from '../src/core/shape';
import { WavReader } from '../src/files/wav';

const HELP = `Takes noisy speech up the five steps of PercepNet's article, with the gains of its clean recording for the first four.

  npm run ladder -- [options] <clean.wav> <noisy.wav>

  1 bins         every frequency's true magnitude, the noisy phase
  2 bands        34 true band gains
  3 comb         the same and the comb filter, with true strengths
  4 postfilter   the same and the envelope post-filter
  5 network      the network in place of the truth

Writes a WAV file and a spectrogram of each, and of clean and noisy, at 48 kHz mono, and prints their scores.

  --out DIR      where to (default build/ladder)
  --model FILE   another network
  --dnsmos FILE  DNSMOS P.835 model: score with it too
  --json         JSON on standard output
`;

/** The steps as recordingLadder in assembly/entries/recording.ts numbers them; 5 is not the core's. */
const STEPS = ['noisy', 'bins', 'bands', 'comb', 'postfilter', 'network'];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: 'string', default: 'build/ladder' },
    model: { type: 'string' },
    dnsmos: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
if (positionals.length !== 2) {
  process.stderr.write(HELP);
  process.exit(2);
}

/** Samples of a channel that are read at once. */
const BLOCK = 48000;

/** All of a file as one channel at the core's rate. */
async function read(core, path) {
  const reader = await WavReader.open(path);
  try {
    const mono = [];
    for (let block = await reader.read(BLOCK); block; block = await reader.read(BLOCK)) {
      for (let i = 0; i < block[0].length; i++) {
        mono.push(block.reduce((sum, channel) => sum + channel[i], 0) / block.length);
      }
    }
    return resample(core, Float32Array.from(mono), reader.format.sampleRate);
  } finally {
    await reader.close();
  }
}

function resample(core, samples, rate) {
  if (rate === CORE_RATE) return samples;
  const block = 1024;
  const handle = core.resamplerCreate(rate, CORE_RATE, block);
  const out = new Float32Array(Math.ceil((samples.length * CORE_RATE) / rate));
  // Both files of a pair have one rate and so one delay: a fraction of a sample left over does no harm.
  let at = -Math.round((core.resamplerDelay(handle) * CORE_RATE) / rate);
  for (let from = 0; at < out.length; from += block) {
    const input = new Float32Array(core.memory.buffer, core.resamplerInput(handle), block);
    input.fill(0).set(samples.subarray(from, from + block));
    const count = core.resamplerProcess(handle, block);
    const output = new Float32Array(core.memory.buffer, core.resamplerOutput(handle), count);
    for (let i = 0; i < count; i++, at++) if (at >= 0 && at < out.length) out[at] = output[i];
  }
  return out;
}

/** The core's oracle steps, each in place of the input. */
function climb(core, clean, noisy) {
  const hops = Math.ceil((noisy.length + CORE_DELAY) / FRAME);
  const [noisyAt, cleanAt, outAt] = [0, 0, 0].map(() => core.alloc(hops * FRAME * 4));
  const view = (at) => new Float32Array(core.memory.buffer, at, hops * FRAME);
  return STEPS.slice(1, 5).map((_, i) => {
    view(noisyAt).fill(0).set(noisy);
    view(cleanAt).fill(0).set(clean);
    const code = core.recordingLadder(noisyAt, cleanAt, hops, i + 1, outAt);
    if (code !== 0) throw new Error(`the core refused step ${i + 1} (${code})`);
    return view(outAt).slice(CORE_DELAY, CORE_DELAY + noisy.length);
  });
}

async function main(scratch) {
  const python = findPython([
    ...['numpy', 'scipy', 'soundfile', 'pesq', 'pystoi', 'matplotlib'],
    ...(values.dnsmos ? ['onnxruntime'] : []),
  ]);
  const dist = ensureBuild();
  // The library as built: it takes no core of another version, and the sources have none.
  const { denoise } = await import(new URL('offline.js', dist));
  const { wasm } = await compile('assembly/entries/recording.ts');
  const core = (await WebAssembly.instantiate(wasm, CORE_IMPORTS)).instance.exports;
  let [clean, noisy] = [await read(core, positionals[0]), await read(core, positionals[1])];
  const length = Math.min(clean.length, noisy.length);
  if (clean.length !== noisy.length) console.error(`the files differ in length: the first ${length} samples are taken`);
  clean = clean.subarray(0, length);
  noisy = noisy.subarray(0, length);
  const model = values.model ? pathToFileURL(resolve(values.model)) : new URL('model.safetensors', dist);
  const network = await denoise(noisy, { sampleRate: CORE_RATE, assets: { wasm, model } });
  const sounds = {
    clean,
    ...Object.fromEntries([noisy, ...climb(core, clean, noisy), network].map((s, i) => [`${i}-${STEPS[i]}`, s])),
  };

  mkdirSync(values.out, { recursive: true });
  for (const [name, samples] of Object.entries(sounds)) {
    const file = new wavefile.WaveFile();
    file.fromScratch(1, CORE_RATE, '32f', samples);
    const path = join(values.out, `${name}.wav`);
    writeFileSync(path, file.toBuffer());
    mkdirSync(join(scratch, name));
    writeFileSync(join(scratch, name, 'speech.wav'), file.toBuffer());
  }
  const paths = Object.keys(sounds).map((name) => join(values.out, `${name}.wav`));
  runStep(python, ['evaluation', 'spectrogram', ...paths]);
  const sets = Object.keys(sounds)
    .filter((name) => name !== 'clean')
    .flatMap((name) => ['--set', `${name}=${join(scratch, name)}`]);
  const extra = [...(values.dnsmos ? ['--dnsmos', values.dnsmos] : []), ...(values.json ? ['--json'] : [])];
  runStep(python, ['evaluation', 'score', '--clean', join(scratch, 'clean'), ...sets, ...extra]);
  console.error(`sound and spectrograms are in ${values.out}`);
}

const scratch = mkdtempSync(join(tmpdir(), 'percepnet-'));
try {
  await main(scratch);
} catch (error) {
  // Python has said what went wrong.
  if (error.status === undefined) console.error(`error: ${error.message}`);
  process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
