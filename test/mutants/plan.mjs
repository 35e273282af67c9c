/** Which tests speak of which source, fast ones first: a mutant that one stage kills never sees the next. */
import { readFileSync } from 'node:fs';

const unit = (...tests) => ['--project', 'unit', ...tests.map((test) => `test/${test}`)];
const browser = (...tests) => ['--project', 'browser', ...tests.map((test) => `test/${test}`)];

const DSP = unit('assembly/signal', 'assembly/pitch', 'assembly/enhance');
const CORE = [unit('assembly'), unit('reliability/core', 'reliability/input', 'quality')];
const LOADS = [
  unit('src/loading', 'src/offline/loads', 'src/offline/cores'),
  browser('browser/loads', 'browser/errors'),
];
const TRACKS = [browser('browser/track', 'browser/output'), browser('browser/left', 'browser/suspended')];
const FILES = [unit('src/files', 'src/entries/cli'), unit('reliability/wav')];
const OFFLINE = [unit('src/offline'), unit('reliability/input')];
/** By the beginning of the file's name; the first that fits. */
const STAGES = {
  'assembly/network/matvec': [unit('assembly/network/matvec'), unit('assembly/network'), unit('assembly/suppressor')],
  'assembly/network/weights': [unit('assembly/network/layers'), unit('assembly/network'), unit('reliability/models')],
  'assembly/network/percepnet': [
    unit('assembly/network/percepnet'),
    unit('assembly/network'),
    unit('assembly/suppressor', 'reliability/models'),
  ],
  'assembly/network/activations': [unit('assembly/network/activations'), unit('assembly/network')],
  'assembly/network/': [
    unit('assembly/network/layers'),
    unit('assembly/network'),
    unit('assembly/suppressor', 'reliability/models'),
  ],
  'assembly/enhance/link': [unit('assembly/enhance/link'), unit('src/offline/two-channels'), ...CORE],
  'assembly/enhance/mix': [unit('assembly/enhance/mix'), DSP, ...CORE],
  'assembly/enhance/': [DSP, ...CORE],
  'assembly/pitch/viterbi': [unit('assembly/pitch/viterbi'), DSP, ...CORE],
  'assembly/pitch/': [DSP, ...CORE],
  'assembly/signal/fft': [unit('assembly/signal/fft'), ...CORE],
  'assembly/signal/resampler': [unit('assembly/signal/resampler'), unit('reliability/input', 'reliability/core')],
  'assembly/signal/': [DSP, ...CORE],
  'assembly/suppressor': [unit('assembly/suppressor', 'assembly/enhance/mix'), ...CORE],
  'assembly/entries/index': [unit('assembly'), unit('reliability/core', 'worklet', 'src/offline')],
  'assembly/settings': [unit('assembly/pitch/viterbi', 'assembly/enhance/mix'), DSP, ...CORE],
  'assembly/': CORE,
  'src/channel/channels': [unit('worklet/pipeline'), unit('worklet'), ...OFFLINE],
  'src/channel/fold': [unit('src/channel/fold'), unit('worklet'), unit('reliability/input')],
  'worklet/meter': [unit('worklet/meter'), unit('worklet')],
  'worklet/overload': [unit('worklet/overload'), unit('worklet')],
  'worklet/voice-activity': [unit('worklet/overload'), unit('worklet')],
  'worklet/pipeline': [
    unit('worklet/pipeline'),
    unit('worklet/processor'),
    unit('worklet'),
    unit('reliability/input', 'speed'),
  ],
  'worklet/': [unit('worklet/processor'), unit('worklet'), unit('reliability/input', 'speed')],
  'src/files/wav': [unit('src/files/wav'), ...FILES],
  'src/entries/cli': FILES,
  'src/files/copy-assets': FILES,
  'src/files/denoise-files': FILES,
  'src/files/output': FILES,
  'src/files/paths': FILES,
  'src/files/bytes': [unit('src/files', 'src/entries/cli', 'src/offline'), unit('reliability/wav')],
  'src/loading/stamp': [unit('src/loading/stamp')],
  'src/core/model': [unit('src/core/model'), unit('reliability/models')],
  'src/loading/support': [unit('src/loading/support', 'src/entries/index'), browser('browser/node')],
  'src/offline': OFFLINE,
  'src/adapters/chime': [browser('src/adapters/chime')],
  'src/adapters/livekit': [browser('src/adapters/livekit')],
  'src/graph/closing': TRACKS,
  'src/graph/lease': TRACKS,
  'src/graph/linked': TRACKS,
  'src/graph/output-track': TRACKS,
  'src/graph/pull': TRACKS,
  'src/graph/track': TRACKS,
  'src/loading/assets': LOADS,
  'src/loading/fetch-file': LOADS,
  'src/loading/integrity': LOADS,
  'src/shared/limited': LOADS,
  'src/loading/loading': LOADS,
  'src/graph/registration': LOADS,
  'src/loading/shared-loads': LOADS,
  'src/': [
    unit('src/shared/options', 'src/entries/index', 'src/loading/support', 'src/offline'),
    browser('browser/node', 'browser/options'),
  ],
};
/** These know that the samples are those of before, not that they are right. */
export const HASHES = [...unit('reliability/determinism'), '-t', 'golden hashes'];

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
