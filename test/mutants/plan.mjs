/** Which tests speak of which source, fast ones first: a mutant that one stage kills never sees the next. */
import { readFileSync } from 'node:fs';

const CORE = [
  ['test/core/dsp', 'test/core/viterbi'],
  ['test/core'],
  ['test/reliability/core', 'test/reliability/input', 'test/quality'],
];
const STAGES = {
  'assembly/network/': [['test/network'], ['test/core/pipeline', 'test/reliability/models']],
  'assembly/pitch/': CORE,
  'assembly/enhance/': CORE,
  'assembly/signal/fft': [['test/signal'], ...CORE],
  'assembly/signal/resampler': [['test/worklet/resampler'], ['test/reliability/input', 'test/reliability/core']],
  'assembly/signal/': CORE,
  'assembly/': CORE,
  'worklet/': [['test/worklet'], ['test/reliability/input', 'test/speed']],
  'src/wav': [['test/cli/wav'], ['test/cli', 'test/reliability/wav']],
  'src/': [
    ['test/import', 'test/stamp', 'test/support', 'test/network/model'],
    ['test/offline', 'test/cli', 'test/reliability/models'],
  ],
};
/** These know that the samples are those of before, not that they are right. */
export const HASHES = ['test/reliability/determinism', '-t', 'golden hashes'];

/** @returns {string[][]} arguments of vitest, stage by stage */
export function stagesOf(file) {
  const prefix = Object.keys(STAGES).find((start) => file.startsWith(start));
  return STAGES[prefix];
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
