// npm run ablate -- <clean folder> <noisy folder>: what each part of the suppressor earns, and what int8 costs.
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compile } from '../scripts/compile.mjs';
import { findPython, runStep } from '../scripts/python.mjs';
import { CORE_IMPORTS } from '../src/core/exports';
import { loadNetwork, parseModel } from '../src/core/model';
import { BANDS, DELAY as CORE_DELAY, FRAME } from '../src/core/shape';
import { Wav16 } from './peers/wav16.mjs';

const HELP = `Switches parts of the suppressor off and scores what is left, on a folder of 48 kHz mono WAV files and its references.

  npm run ablate -- [options] <clean folder> <noisy folder>

  whole            everything on, as it ships
  no-comb          strengths of 0: the comb filter is off
  postfilter       with the article's envelope post-filter
  no-wiener        the bands' gains alone, no filter of the bins
  bands            comb filter and gains alone
  no-gains         gains of 1: the comb filter alone

With --checkpoint also: float and rounded, the decisions of the network before export, in PyTorch, through the same core.

  --model FILE       network (default models/lite/model.safetensors)
  --checkpoint FILE  of python -m training train
  --variants A,B     only these (default all)
  --slices A,B       only these slices of metadata.csv beside the noisy folder
  --dnsmos FILE      DNSMOS P.835 model: score with it too
  --keep DIR         keep the sound there
  --json             JSON on standard output
  --jobs N           processes (default 2)
`;

const ROW = 2 * BANDS + 1;

/** Decisions [gains, strengths, speech] of one frame, changed in place. */
const VARIANTS = {
  whole: {},
  'no-comb': { strengths: 0 },
  postfilter: { postFilter: true },
  'no-wiener': { wiener: false },
  bands: { wiener: false },
  'no-gains': { wiener: false, gains: 1 },
};
/** Decisions made by `python -m training decide`. */
const PYTORCH = ['float', 'rounded'];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: 'string', default: 'models/lite/model.safetensors' },
    checkpoint: { type: 'string' },
    variants: { type: 'string' },
    slices: { type: 'string' },
    dnsmos: { type: 'string' },
    keep: { type: 'string' },
    json: { type: 'boolean', default: false },
    jobs: { type: 'string', default: '2' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const variants = values.variants?.split(',') ?? Object.keys(VARIANTS);
if (positionals.length !== 2 || variants.some((name) => !(name in VARIANTS))) {
  process.stderr.write(HELP);
  process.exit(2);
}
const [clean, noisy] = positionals;

class Ablation {
  static async load(model) {
    const { wasm } = await compile('assembly/entries/ablation.ts');
    const { instance } = await WebAssembly.instantiate(wasm, CORE_IMPORTS);
    return new Ablation(instance.exports, parseModel(readFileSync(model)));
  }

  constructor(core, model) {
    this.core = core;
    loadNetwork(core, model);
    this.hops = 0;
  }

  view(at, length) {
    return new Float32Array(this.core.memory.buffer, at, length);
  }

  /** @param {Float32Array} samples at 48 kHz */
  open(samples) {
    const hops = Math.ceil((samples.length + CORE_DELAY) / FRAME);
    if (hops > this.hops) {
      this.input = this.core.alloc(4 * hops * FRAME);
      this.output = this.core.alloc(4 * hops * FRAME);
      this.decisions = this.core.alloc(4 * hops * ROW);
    }
    this.hops = Math.max(hops, this.hops);
    this.length = samples.length;
    this.view(this.input, this.hops * FRAME)
      .fill(0)
      .set(samples);
    this.used = hops;
  }

  /** [hops, 69] f32 of the opened recording. */
  decide() {
    this.core.decide(this.input, this.used, this.decisions);
    return this.view(this.decisions, this.used * ROW).slice();
  }

  /** @returns as many samples as were opened, delay removed */
  apply(decisions, { postFilter = false, wiener = true } = {}) {
    this.view(this.decisions, this.used * ROW).set(decisions);
    const parts = [postFilter, wiener].map(Number);
    this.core.apply(this.input, this.decisions, this.used, ...parts, this.output);
    return this.view(this.output, this.used * FRAME).slice(CORE_DELAY, CORE_DELAY + this.length);
  }
}

/** Names of the WAV files of the wanted slices. */
function choose() {
  const files = readdirSync(noisy).filter((name) => name.endsWith('.wav'));
  if (!values.slices) return files;
  const wanted = new Set(values.slices.split(','));
  const rows = readFileSync(join(noisy, '..', 'metadata.csv'), 'utf8').split(/\r?\n/);
  const slice = new Map(rows.map((row) => row.split(',').slice(0, 2)));
  return files.filter((name) => wanted.has(slice.get(name)));
}

async function main(folder) {
  const torch = values.checkpoint ? ['torch', 'wasmtime'] : [];
  const python = findPython([
    ...['numpy', 'scipy', 'soundfile', 'pesq', 'pystoi', 'parselmouth', ...torch],
    ...(values.dnsmos ? ['onnxruntime'] : []),
  ]);
  const files = choose();
  const sets = ['noisy', ...variants, ...(values.checkpoint ? PYTORCH : [])];
  for (const set of ['clean', ...sets]) mkdirSync(join(folder, set), { recursive: true });
  if (values.checkpoint) {
    const paths = files.map((file) => join(noisy, file));
    runStep(python, ['training', 'decide', values.checkpoint, '--out', folder, ...paths], { stdio: ['ignore', 2, 2] });
  }
  const ablation = await Ablation.load(values.model);
  for (const file of files) {
    const wav = new Wav16(join(noisy, file));
    copyFileSync(join(noisy, file), join(folder, 'noisy', file));
    copyFileSync(join(clean, file), join(folder, 'clean', file));
    ablation.open(wav.read());
    const decisions = ablation.decide();
    for (const name of variants) {
      const { gains, strengths, ...parts } = VARIANTS[name];
      const changed = decisions.slice();
      for (let at = 0; at < changed.length; at += ROW) {
        if (gains !== undefined) changed.fill(gains, at, at + BANDS);
        if (strengths !== undefined) changed.fill(strengths, at + BANDS, at + 2 * BANDS);
      }
      wav.write(join(folder, name, file), ablation.apply(changed, parts));
    }
    for (const name of values.checkpoint ? PYTORCH : []) {
      const bytes = readFileSync(join(folder, name, file.replace(/\.wav$/, '.f32')));
      const given = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
      wav.write(join(folder, name, file), ablation.apply(given));
    }
  }
  const metadata = join(noisy, '..', 'metadata.csv');
  runStep(python, [
    ...['evaluation', 'score', '--harmonics', '--clean', join(folder, 'clean'), '--jobs', values.jobs],
    ...sets.flatMap((name) => ['--set', `${name}=${join(folder, name)}`]),
    ...(values.dnsmos ? ['--dnsmos', values.dnsmos] : []),
    ...(existsSync(metadata) && !values.slices ? ['--metadata', metadata] : []),
    ...(values.json ? ['--json'] : []),
  ]);
}

const folder = values.keep ?? mkdtempSync(join(tmpdir(), 'percepnet-'));
try {
  await main(folder);
} catch (error) {
  // Python has said what went wrong.
  if (error.status === undefined) console.error(`error: ${error.message}`);
  process.exitCode = 1;
} finally {
  if (!values.keep) rmSync(folder, { recursive: true, force: true });
}
