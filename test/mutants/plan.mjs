/** Which tests speak of which source, fast ones first: a mutant that one stage kills never sees the next. */
import { existsSync, readFileSync } from 'node:fs';

const of = (...projects) => projects.flatMap((name) => ['--project', name]);
const unit = (...tests) => [...of('fast', 'slow', 'reliability'), ...tests.map((test) => `test/${test}`)];
const browser = (...tests) => [...of('browser'), ...tests.map((test) => `test/${test}`)];

/** Where any test is found by its name. */
export const ALL = of('fast', 'slow', 'reliability', 'browser');

const CORE = [unit('assembly'), unit('reliability/core', 'reliability/input', 'quality')];
const FILES = [unit('src/files', 'src/entries/cli'), unit('reliability/wav')];
/** After the test of the same path, where there is one. By the beginning of the file's name; the first that fits. */
const STAGES = {
  'assembly/network/': [unit('assembly/network'), unit('assembly/suppressor', 'reliability/models')],
  'assembly/enhance/': [unit('assembly/enhance'), unit('quality/two-channels'), ...CORE],
  'assembly/signal/resampler': [unit('reliability/input', 'reliability/core')],
  'assembly/signal/': [unit('assembly/signal', 'assembly/pitch', 'assembly/enhance'), ...CORE],
  'assembly/pitch/': [unit('assembly/pitch'), ...CORE],
  'assembly/settings': [unit('assembly/pitch', 'assembly/enhance'), ...CORE, unit('worklet', 'src/offline')],
  'assembly/': [...CORE, unit('worklet', 'src/offline')],
  'worklet/': [unit('worklet'), unit('reliability/input', 'speed')],
  'src/channel/': [unit('src/channel', 'worklet'), unit('src/offline'), unit('reliability/input')],
  'src/core/': [unit('src/core'), unit('reliability/models')],
  'src/files/': FILES,
  'src/entries/cli': FILES,
  'src/offline/': [unit('src/offline'), unit('reliability/input')],
  'src/adapters/': [browser('src/adapters')],
  'src/loading/': [
    unit('src/loading', 'src/offline/denoise-loads', 'src/offline/cores'),
    browser('browser/loads', 'browser/errors', 'src/graph/node'),
  ],
  'src/graph/': [
    browser('src/graph/node', 'browser/options'),
    browser('src/graph/track', 'src/graph/output-track'),
    browser('browser/left', 'browser/suspended'),
  ],
  'src/': [unit('src'), browser('src/graph/node', 'browser/options')],
};
/** These know that the samples are those of before, not that they are right. */
export const HASHES = [...unit('reliability/determinism'), '-t', 'golden hashes'];

/** Of files without a test of the same path, or with one that needs a page: the tests that speak of them first of all. */
const NEAREST = {
  'assembly/network/matvec_scalar': ['assembly/network/matvec'],
  'src/loading/assets': ['src/offline/denoise-loads', 'src/offline/cores'],
  'src/offline/lasting': ['src/offline/denoiser'],
};

/** Whose test of the same path needs a page. */
const IN_A_PAGE = /^src\/(adapters\/|graph\/(node|output-track|track)$)/;

/** @returns {string[][]} arguments of vitest, stage by stage */
export function stagesOf(file) {
  const prefix = Object.keys(STAGES).find((start) => file.startsWith(start));
  const own = file.replace(/\.ts$/, '');
  const nearest = NEAREST[own] ?? (existsSync(`test/${own}.test.ts`) ? [own] : null);
  if (!nearest) return STAGES[prefix];
  const first = IN_A_PAGE.test(own) ? browser(...nearest) : unit(...nearest);
  return [first, ...STAGES[prefix]];
}

/** Files that assembly/entries/index.ts reaches: the core that ships. */
export function coreFiles() {
  const files = new Set(['assembly/entries/index.ts']);
  for (const file of files) {
    for (const [, name] of readFileSync(file, 'utf8').matchAll(/from '(\.[^']*)'/g)) {
      files.add(new URL(`${name}.ts`, `file:///${file}`).pathname.slice(1));
    }
  }
  return [...files].sort();
}
