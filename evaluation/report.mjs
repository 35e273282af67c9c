// npm run report -- --dev DIR --dnsmos FILE: hears the development set through every network and writes its tables.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { ensureBuild } from '../scripts/ensure-build.mjs';
import { findPython, runStep } from '../scripts/python.mjs';
import { FRAME_MS } from '../src/channel/timing';
import { DELAY, FRAME } from '../src/core/shape';
import { voiceActivity } from '../src/graph/node-options';
import { VoiceActivity } from '../worklet/voice-activity';
import { throughBlocks } from './peers/peer.mjs';
import { Wav16 } from './peers/wav16.mjs';

const HELP = `Writes a report: every network of models/, RNNoise and GTCRN side by side on the development set, slice by slice.
Sound and scores stay in the set's folder, and only what is new is heard and scored again.

  npm run report -- --dev DIR --dnsmos FILE [--calls DIR]

  --dev DIR      made by python -m evaluation devset
  --calls DIR    made by python -m evaluation devset --profile calls
  --dnsmos FILE  DNSMOS P.835 model (sig_bak_ovr.onnx)
  --out FILE     default DIR/report.md
  --jobs N       processes (default 2)
`;

const core = 'dist/core.wasm';
/** The indicator of voice activity as it is by default. */
const { holdMs, ...thresholds } = voiceActivity({});
const INDICATOR = { ...thresholds, holdFrames: Math.round(holdMs / FRAME_MS) };

const { values } = parseArgs({
  options: {
    dev: { type: 'string' },
    calls: { type: 'string' },
    dnsmos: { type: 'string' },
    out: { type: 'string' },
    jobs: { type: 'string', default: '2' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help || !values.dev || !values.dnsmos) {
  process[values.help ? 'stdout' : 'stderr'].write(HELP);
  process.exit(values.help ? 0 : 2);
}

const wavs = (folder) => (existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.wav')) : []);

/** Whether every file of `from` has a younger one of the same name in `to`, younger than `makers` too. */
function isDone(from, to, ...makers) {
  const made = Math.max(0, ...makers.map((path) => statSync(path).mtimeMs));
  return wavs(from).every((name) => {
    const path = join(to, name);
    return existsSync(path) && statSync(path).mtimeMs > Math.max(made, statSync(join(from, name)).mtimeMs);
  });
}

/** 48 kHz mono file in, 16-bit file out, delay removed. Returns the decisions of each frame on whether somebody speaks. */
function hear(denoiser, input, output) {
  const wav = new Wav16(input);
  const voice = new VoiceActivity(INDICATOR);
  const speech = new Float64Array(1);
  const [probability, speaking] = [[], []];
  denoiser.reset();
  const heard = throughBlocks(wav.read(), FRAME, denoiser.delay, (frame) => {
    speech[0] = denoiser.process(frame, frame);
    voice.update(speech);
    probability.push(Number(speech[0].toFixed(4)));
    speaking.push(voice.speaking ? 1 : 0);
  });
  wav.write(output, heard);
  return { probability, speaking };
}

async function main() {
  const python = findPython(['numpy', 'scipy', 'soundfile', 'pesq', 'pystoi', 'onnxruntime', 'matplotlib']);
  const { Denoiser } = await import(new URL('offline.js', ensureBuild()).href);
  const networks = ['lite', 'full'].filter((name) => existsSync(`models/${name}/model.safetensors`));
  for (const set of [values.dev, values.calls].filter(Boolean)) {
    for (const [from, suffix] of [
      ['noisy', ''],
      ['recordings', '-recordings'],
      ...(set === values.calls ? [['clean', '-clean']] : []),
    ]) {
      if (wavs(join(set, from)).length === 0) continue;
      for (const peer of ['rnnoise', 'gtcrn']) {
        const folder = join(set, `${peer}${suffix}`);
        if (isDone(join(set, from), folder)) continue;
        const script = fileURLToPath(new URL(`peers/${peer}.mjs`, import.meta.url));
        execFileSync(process.execPath, [script, join(set, from), folder], { stdio: ['ignore', 2, 2] });
      }
      for (const name of networks) {
        const model = `models/${name}/model.safetensors`;
        const folder = join(set, `${name}${suffix}`);
        if (isDone(join(set, from), folder, model, core) && existsSync(join(folder, 'activity.json'))) continue;
        console.error(`${name} hears ${join(set, from)}`);
        mkdirSync(folder, { recursive: true });
        const denoiser = await Denoiser.create({ assets: { model: pathToFileURL(model) } });
        const activity = {};
        for (const file of wavs(join(set, from))) {
          activity[file] = hear(denoiser, join(set, from, file), join(folder, file));
        }
        denoiser.destroy();
        writeFileSync(join(folder, 'activity.json'), JSON.stringify(activity));
      }
    }
  }
  const optional = [...(values.calls ? ['--calls', values.calls] : []), ...(values.out ? ['--out', values.out] : [])];
  const { start, stop, holdFrames } = INDICATOR;
  const indicator = ['--delay', DELAY / FRAME, '--indicator', start, stop, holdFrames].map(String);
  runStep(python, [
    ...['evaluation', 'report', '--dev', values.dev, '--networks', networks.join(','), '--dnsmos', values.dnsmos],
    ...[...indicator, '--jobs', values.jobs, ...optional],
  ]);
}

try {
  await main();
} catch (error) {
  // Python has said what went wrong.
  if (error.status === undefined) console.error(`error: ${error.message}`);
  process.exitCode = 1;
}
