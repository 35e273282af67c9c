/** Which tests speak of which source, fast ones first: a mutant that one stage kills never sees the next. */
import { readFileSync } from 'node:fs';

const unit = (...tests) => ['--project', 'unit', ...tests.map((test) => `test/${test}`)];
const browser = (...tests) => ['--project', 'browser', ...tests.map((test) => `test/${test}`)];

const DSP = unit('core/dsp');
const CORE = [unit('core'), unit('reliability/core', 'reliability/input', 'quality')];
const LOADS = [
  unit('shared-loads', 'integrity', 'offline/loads', 'offline/faults'),
  browser('browser/loads', 'browser/errors'),
];
const TRACKS = [browser('browser/track', 'browser/output'), browser('browser/left', 'browser/suspended')];
const FILES = [unit('cli'), unit('reliability/wav')];
const OFFLINE = [unit('offline'), unit('reliability/input')];
/** By the beginning of the file's name; the first that fits. */
const STAGES = {
  'assembly/network/matvec': [unit('network/matvec'), unit('network'), unit('core/pipeline')],
  'assembly/network/weights': [unit('network/layers'), unit('network'), unit('reliability/models')],
  'assembly/network/percepnet': [
    unit('network/percepnet'),
    unit('network'),
    unit('core/pipeline', 'reliability/models'),
  ],
  'assembly/network/activations': [unit('network/activations'), unit('network')],
  'assembly/network/': [unit('network/layers'), unit('network'), unit('core/pipeline', 'reliability/models')],
  'assembly/enhance/link': [unit('core/link'), unit('offline/two-channels'), ...CORE],
  'assembly/enhance/mix': [unit('core/make-up'), DSP, ...CORE],
  'assembly/enhance/': [DSP, ...CORE],
  'assembly/pitch/viterbi': [unit('core/viterbi'), DSP, ...CORE],
  'assembly/pitch/': [DSP, ...CORE],
  'assembly/signal/fft': [unit('signal'), ...CORE],
  'assembly/signal/resampler': [unit('worklet/resampler'), unit('reliability/input', 'reliability/core')],
  'assembly/signal/': [DSP, ...CORE],
  'assembly/suppressor': [unit('core/pipeline', 'core/make-up'), ...CORE],
  'assembly/entries/index': [unit('core'), unit('reliability/core', 'worklet', 'offline')],
  'assembly/settings': [unit('core/viterbi', 'core/make-up'), DSP, ...CORE],
  'assembly/': CORE,
  'src/channel/channels': [unit('worklet/pipeline'), unit('worklet'), ...OFFLINE],
  'src/channel/fold': [unit('worklet/fold'), unit('worklet'), unit('reliability/input')],
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
  'src/files/wav': [unit('cli/wav'), ...FILES],
  'src/entries/cli': FILES,
  'src/files/copy-assets': FILES,
  'src/files/denoise-files': FILES,
  'src/files/output': FILES,
  'src/files/paths': FILES,
  'src/files/bytes': [unit('cli', 'offline'), unit('reliability/wav')],
  'src/loading/stamp': [unit('stamp')],
  'src/core/model': [unit('network/model'), unit('reliability/models')],
  'src/loading/support': [unit('support', 'import'), browser('browser/node')],
  'src/offline': OFFLINE,
  'src/adapters/chime': [browser('adapters/chime')],
  'src/adapters/livekit': [browser('adapters/livekit')],
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
  'src/': [unit('options', 'import', 'support', 'offline'), browser('browser/node', 'browser/options')],
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
