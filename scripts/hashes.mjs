/**
 * npm run hashes [-- --write]: what comes out of every entry, as hashes of real speech, compared with test/golden/entries.json.
 *
 * For changes that must not move a bit: the core by itself, its recordings and ablations, the worklet's pipeline, denoise(), Denoiser and
 * the command line, with all networks, in both builds, at odd rates, in stereo, with bypass and steps of strength. A hash that differs
 * says which. The relaxed build needs Node 24 (`npm ci --prefix .ci/node` brings one) and is left out, and told so, where there is none.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CORE_IMPORTS } from '../src/core/exports';
import { loadNetwork, parseModel } from '../src/core/model';
import { BANDS, BINS, FEATURES, FRAME, TRAINING_BINS } from '../src/core/shape';
import { run as runCli } from '../src/entries/cli';
import { denoise } from '../src/entries/offline';
import { hasRelaxedSimd } from '../src/loading/support';
import { Denoiser } from '../src/offline/denoiser';
import { Pipeline } from '../worklet/pipeline';
import { compile } from './compile.mjs';
import { fixture } from './fixture.mjs';

const REFERENCE = 'test/golden/entries.json';
const NEWER_NODE = '.ci/node/node_modules/.bin/node';
const ENTRIES = {
  core: 'assembly/entries/index.ts',
  recordings: 'assembly/entries/recording.ts',
  ablation: 'assembly/entries/ablation.ts',
  shapes: 'assembly/entries/article.ts',
};
const NETWORKS = {
  tiny: 'test/golden/tiny.safetensors',
  lite: 'models/lite/model.safetensors',
  full: 'models/full/model.safetensors',
  finer: 'test/golden/finer.safetensors',
};
/** Of recordingFeatures: five a band, and a level. */
const STATISTICS = 5 * BANDS + 1;
const SPECTRA = 2 * TRAINING_BINS;
const SECONDS = 2;

const { values } = parseArgs({
  options: { write: { type: 'boolean', default: false }, build: { type: 'string' } },
});

const [speech, fricatives, rain] = ['speech', 'fricatives', 'noise'].map(fixture);
const length = SECONDS * 100 * FRAME;
const mixed = (voice, from, noise, level) =>
  Float32Array.from({ length }, (_, n) => voice[n + from] + level * noise[(n + from) % noise.length]);
const clean = speech.slice(48_000, 48_000 + length);
const noisy = mixed(speech, 48_000, rain, 0.25);
/** The same voice a little later under other noise: what a second microphone hears. */
const beside = mixed(speech, 47_990, rain.slice(9000), 0.4);
const others = mixed(fricatives, 0, rain, 0.1);
/** What no sound should hold. */
const broken = noisy.map((x, n) =>
  n % 9001 === 0 ? Number.NaN : n % 7001 === 0 ? 1e35 : n % 5003 === 0 ? -2e3 : n > length / 2 ? 1e-17 : x,
);
const STEPS = [1, 0.7, 0, 0.3, Number.NaN, 0.05, 2, 1];
const stepped = (hop) => STEPS[(hop >> 3) % STEPS.length];

/** Hash of what is put in, piece by piece. */
class Digest {
  #hash = createHash('sha256');
  add(samples) {
    this.#hash.update(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength));
    return this;
  }
  get text() {
    return this.#hash.digest('hex').slice(0, 20);
  }
}
const hash = (samples) => new Digest().add(samples).text;

async function instantiate(wasm) {
  return (await WebAssembly.instantiate(wasm, CORE_IMPORTS)).instance.exports;
}

const floats = (core, at, count) => new Float32Array(core.memory.buffer, at, count);

/** One stream of the core, hop by hop; hashes of all that it tells. */
function stream(core, network, samples, step) {
  const handle = core.suppressorCreate(network);
  const digests = Object.fromEntries(
    ['output', 'features', 'gains', 'strengths', 'numbers'].map((k) => [k, new Digest()]),
  );
  for (let hop = 0; (hop + 1) * FRAME <= samples.length; hop++) {
    floats(core, core.suppressorInput(handle), FRAME).set(samples.subarray(hop * FRAME, (hop + 1) * FRAME));
    const speech = step(handle, hop) ?? -1;
    digests.output.add(floats(core, core.suppressorOutput(handle), FRAME));
    digests.features.add(floats(core, core.suppressorFeatures(handle), FEATURES));
    digests.gains.add(floats(core, core.suppressorGains(handle), BANDS));
    digests.strengths.add(floats(core, core.suppressorStrengths(handle), BANDS));
    digests.numbers.add(Float64Array.of(speech, core.suppressorPeriod(handle)));
  }
  core.suppressorDestroy(handle);
  return Object.fromEntries(Object.entries(digests).map(([name, digest]) => [name, digest.text]));
}

function linked(core, network) {
  const sides = [core.suppressorCreate(network), core.suppressorCreate(network)];
  const digest = new Digest();
  for (let hop = 0; hop < length / FRAME; hop++) {
    [noisy, hop < 100 ? beside : others].forEach((x, i) => {
      floats(core, core.suppressorInput(sides[i]), FRAME).set(x.subarray(hop * FRAME, (hop + 1) * FRAME));
    });
    const speech = core.suppressorProcessLinked(...sides, stepped(hop));
    for (const side of sides) {
      digest.add(floats(core, core.suppressorOutput(side), FRAME)).add(floats(core, core.suppressorGains(side), BANDS));
    }
    digest.add(Float64Array.of(speech));
  }
  for (const side of sides) core.suppressorDestroy(side);
  return digest.text;
}

async function coreAlone(wasm, model) {
  const core = await instantiate(wasm);
  const network = model ? loadNetwork(core, parseModel(model)) : -1;
  const at = (strength) => (handle, hop) => core.suppressorProcess(handle, strength(hop));
  return {
    whole: stream(
      core,
      network,
      noisy,
      at(() => 1),
    ),
    // The same stream, from the free list.
    again: stream(
      core,
      network,
      noisy,
      at(() => 1),
    ),
    fricatives: stream(
      core,
      network,
      others,
      at(() => 1),
    ),
    'strength 0.6': stream(
      core,
      network,
      noisy,
      at(() => 0.6),
    ),
    steps: stream(core, network, noisy, at(stepped)),
    broken: stream(
      core,
      network,
      broken,
      at(() => 1),
    ),
    prepared: stream(core, network, noisy, (handle, hop) => {
      for (let i = 0; i < hop % 4; i++) core.suppressorPrepare(handle);
      return core.suppressorProcess(handle, 1);
    }),
    bypass: stream(core, network, noisy, (handle, hop) =>
      hop % 23 > 16 || hop % 71 === 40 ? core.suppressorBypass(handle) : core.suppressorProcess(handle, stepped(hop)),
    ),
    linked: linked(core, network),
  };
}

async function recordings(wasm) {
  const core = await instantiate(wasm);
  const hops = length / FRAME;
  const place = (samples) => {
    const at = core.alloc(4 * length);
    floats(core, at, length).set(samples);
    return at;
  };
  const [noisyAt, cleanAt] = [place(noisy), place(clean)];
  const result = (name, width, ...args) => {
    const out = core.alloc(4 * hops * width);
    const code = core[name](...args, out);
    if (code !== 0) throw new Error(`${name}: ${code}`);
    return hash(floats(core, out, hops * width));
  };
  return {
    features: result('recordingFeatures', FEATURES + STATISTICS, noisyAt, cleanAt, hops),
    ladder: [0, 1, 2, 3, 4].map((step) => result('recordingLadder', FRAME, noisyAt, cleanAt, hops, step)),
    pitch: result('recordingPitch', 2, noisyAt, hops),
    spectra: result('recordingSpectra', 2 * SPECTRA, noisyAt, hops),
  };
}

async function ablations(wasm, model) {
  const core = await instantiate(wasm);
  loadNetwork(core, parseModel(model));
  const hops = length / FRAME;
  const row = 2 * BANDS + 1;
  const [input, decisions, output] = [FRAME, row, FRAME].map((width) => core.alloc(4 * hops * width));
  floats(core, input, length).set(noisy);
  core.decide(input, hops, decisions);
  return {
    decisions: hash(floats(core, decisions, hops * row)),
    applied: [0, 1].flatMap((postFilter) =>
      [0, 1].map((wiener) => {
        core.apply(input, decisions, hops, postFilter, wiener, output);
        return hash(floats(core, output, length));
      }),
    ),
  };
}

async function shapes(wasm) {
  const core = await instantiate(wasm);
  const digest = new Digest();
  for (let band = 0; band < BANDS; band++) digest.add(floats(core, core.bandShape(band), BINS));
  for (const period of [60, 100, 333, 479, 480, 481, 800]) digest.add(floats(core, core.combTaps(period), 7));
  return digest.text;
}

async function worklet(wasm, model) {
  const hashes = {};
  for (const [rate, quantum, channels] of [
    [48_000, 128, 1],
    [48_000, 480, 2],
    [44_100, 128, 2],
    [16_000, 100, 1],
    [22_050, 441, 1],
    [96_000, 2048, 1],
  ]) {
    const core = await instantiate(wasm);
    const observer = { frameStart() {}, frameEnd() {} };
    const pipeline = new Pipeline(core, loadNetwork(core, parseModel(model)), rate, channels, quantum, observer, false);
    const inputs = [noisy, beside].slice(0, channels);
    const output = inputs.map(() => new Float32Array(quantum));
    const digest = new Digest();
    for (let n = 0; (n + 1) * quantum <= length / 2; n++) {
      const block = inputs.map((x) => x.subarray(n * quantum, (n + 1) * quantum));
      const strength = Float32Array.of(Math.min(1, STEPS[(n >> 4) % STEPS.length] || 1));
      pipeline.process(block, output, quantum, strength, n % 97 > 80);
      for (const samples of output) digest.add(samples);
      digest.add(Float64Array.of(pipeline.probability));
    }
    hashes[`${rate} Hz, ${channels} x ${quantum}`] = digest.add(Float64Array.of(pipeline.latency)).text;
  }
  return hashes;
}

async function offline(wasm, model) {
  const hashes = {};
  for (const [sampleRate, strength] of [
    [48_000, 1],
    [48_000, 0.5],
    [44_100, 1],
    [16_000, 0.8],
    [11_025, 1],
    [192_000, 1],
  ]) {
    const options = { sampleRate, strength, assets: { wasm, model } };
    hashes[`denoise() at ${sampleRate} Hz, strength ${strength}`] = hash(await denoise(noisy, options));
    const pair = await denoise([noisy, beside], options);
    hashes[`denoise() at ${sampleRate} Hz, strength ${strength}, stereo`] = new Digest().add(pair[0]).add(pair[1]).text;
  }
  for (const channels of ['mono', 'stereo']) {
    const denoiser = await Denoiser.create({ channels, assets: { wasm, model } });
    const digest = new Digest();
    const width = channels === 'stereo' ? 2 : 1;
    const sizes = [480, 960, 480, 100, 1000, 479, 1];
    for (let at = 0, n = 0; at + 1000 <= length; n++) {
      const size = sizes[n % sizes.length];
      denoiser.strength = Math.min(1, STEPS[(n >> 2) % STEPS.length] || 1);
      const block = new Float32Array(width * size);
      block.set(noisy.subarray(at, at + size));
      if (width === 2) block.set(beside.subarray(at, at + size), size);
      const probability = denoiser.process(block, block);
      digest.add(block).add(Float64Array.of(probability));
      at += size;
    }
    hashes[`Denoiser, ${channels}`] = digest.text;
    denoiser.destroy();
  }
  return hashes;
}

function wav(channels, rate) {
  const frames = length / 2;
  const data = Buffer.alloc(44 + 2 * channels.length * frames);
  data.write('RIFF', 0, 'latin1');
  data.writeUInt32LE(data.length - 8, 4);
  data.write('WAVEfmt ', 8, 'latin1');
  data.writeUInt32LE(16, 16);
  data.writeUInt16LE(1, 20);
  data.writeUInt16LE(channels.length, 22);
  data.writeUInt32LE(rate, 24);
  data.writeUInt32LE(2 * channels.length * rate, 28);
  data.writeUInt16LE(2 * channels.length, 32);
  data.writeUInt16LE(16, 34);
  data.write('data', 36, 'latin1');
  data.writeUInt32LE(data.length - 44, 40);
  for (let n = 0, at = 44; n < frames; n++) {
    for (const x of channels) at = data.writeInt16LE(Math.max(-32768, Math.min(32767, Math.round(32768 * x[n]))), at);
  }
  return data;
}

async function commandLine(wasm, model) {
  const folder = mkdtempSync(join(tmpdir(), 'percepnet-'));
  const hashes = {};
  try {
    for (const [rate, sides, strength] of [
      [48_000, 1, '1'],
      [44_100, 2, '0.7'],
      [8_000, 1, '1'],
    ]) {
      const [from, to] = ['in.wav', 'out.wav'].map((name) => join(folder, name));
      writeFileSync(from, wav([noisy, beside].slice(0, sides), rate));
      let said = '';
      const io = { out: () => {}, err: (text) => (said += text), isTerminal: false };
      const args = ['--quiet', '--strength', strength, '--model', model, from, to];
      if ((await runCli(args, io, wasm)) !== 0) throw new Error(said);
      hashes[`${rate} Hz, ${sides} channels, strength ${strength}`] = hash(readFileSync(to));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return hashes;
}

async function hashesOf(relaxed) {
  const wasm = {};
  const compiled = {};
  for (const [name, entry] of Object.entries(ENTRIES)) {
    compiled[entry] ??= (await compile(entry, { relaxed })).wasm;
    wasm[name] = compiled[entry];
  }
  const found = { recordings: await recordings(wasm.recordings), shapes: await shapes(wasm.shapes) };
  found['core without a network'] = await coreAlone(wasm.core, null);
  for (const [name, file] of Object.entries(NETWORKS)) {
    const model = Uint8Array.from(readFileSync(file));
    found[name] = {
      core: await coreAlone(wasm.core, model),
      ablation: await ablations(wasm.ablation, model),
      worklet: await worklet(wasm.core, model),
      offline: await offline(wasm.core, model),
      'command line': await commandLine(wasm.core, file),
    };
  }
  return found;
}

/** In this process, or in a newer Node where this one has no relaxed SIMD; null where there is none. */
function relaxedHashes() {
  if (hasRelaxedSimd()) return hashesOf(true);
  if (!existsSync(NEWER_NODE)) return null;
  const tsx = fileURLToPath(new URL('../node_modules/tsx/dist/cli.mjs', import.meta.url));
  const args = [tsx, fileURLToPath(import.meta.url), '--build', 'relaxed'];
  return JSON.parse(execFileSync(NEWER_NODE, args, { maxBuffer: 1 << 24, stdio: ['ignore', 'pipe', 'inherit'] }));
}

function leaves(found) {
  return typeof found === 'object' ? Object.values(found).reduce((sum, part) => sum + leaves(part), 0) : 1;
}

/** Paths of leaves that differ. */
function differences(before, now, path = []) {
  if (typeof before !== 'object' || typeof now !== 'object') return before === now ? [] : [path.join(' > ')];
  const names = new Set([...Object.keys(before), ...Object.keys(now)]);
  return [...names].flatMap((name) => differences(before[name], now[name], [...path, name]));
}

async function main() {
  if (values.build) {
    process.stdout.write(JSON.stringify(await hashesOf(values.build === 'relaxed')));
    return;
  }
  const found = { plain: await hashesOf(false) };
  const relaxed = await relaxedHashes();
  if (relaxed) found.relaxed = relaxed;
  else
    console.error('no relaxed SIMD here: its hashes are left out (npm ci --prefix .ci/node brings a Node that has it)');
  if (values.write) {
    if (!relaxed) throw new Error('both builds are needed to write');
    writeFileSync(REFERENCE, `${JSON.stringify(found, null, 1)}\n`);
    return;
  }
  const known = JSON.parse(readFileSync(REFERENCE, 'utf8'));
  if (!relaxed) delete known.relaxed;
  const moved = differences(known, found);
  for (const path of moved) console.error(`differs: ${path}`);
  const count = leaves(found);
  console.log(moved.length === 0 ? `all ${count} hashes hold` : `${moved.length} of ${count} hashes differ`);
  if (moved.length > 0) process.exitCode = 1;
}

await main();
