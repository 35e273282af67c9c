/**
 * From the call to the first clean sample, ours and others, in headless Chromium:
 * node bench/start.mjs [--rounds=3] [--only=TEXT,...] [--json]
 * Wants a build (npm run build).
 *
 * cold: nothing is cached; second node: another in that page; warm: the page visited again. On this machine's loopback, and on a line of
 * 1.6 Mb/s with 300 ms of delay (Chromium's own emulation; it waits once a request). Files go out gzipped and may be kept for an hour.
 * Milliseconds, median of the rounds; subjects take turns. Ours is suppressNoise(), which comes back with the first frame. Others are started by the
 * shortest way there is: context, worklet and wasm at once, node, microphone, until its output is not zero any more; a second node has
 * their context, worklet and wasm. With its import a library begins to work, so that is not in it.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildSite } from '../scripts/site.mjs';
import { launchChromium, serveSmall } from './small-site.mjs';

const SITE = 'build/bench-site';
const LINES = {
  'this machine': null,
  '1.6 Mb/s, 300 ms': { offline: false, latency: 300, downloadThroughput: 1.6e6 / 8, uploadThroughput: 1.6e6 / 8 },
};
const PAGE = '<!doctype html><meta charset="utf-8"><title>start</title><script type="module" src="start.js"></script>';
const SCRIPT = `const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
const track = () => stream.getAudioTracks()[0].clone();
const ours = async (network) => {
  const clean = await suppressNoise(track(), { network });
  if (clean.error) throw clean.error;
};
const start = async ({ worklet, binaries = {} }) => {
  const context = new AudioContext({ sampleRate: 48000 });
  const names = Object.keys(binaries);
  const [, ...bytes] = await Promise.all([
    context.audioWorklet.addModule(worklet),
    ...names.map(async (name) => (await fetch(binaries[name])).arrayBuffer()),
  ]);
  return { context, bytes: Object.fromEntries(names.map((name, i) => [name, bytes[i]])) };
};
let started;
const theirs = async (subject) => {
  started ??= start(subject);
  const { context, bytes } = await started;
  const processorOptions = { ...subject.options, ...bytes };
  const node = new AudioWorkletNode(context, subject.processor, { processorOptions });
  const ears = new AnalyserNode(context, { fftSize: 2048 });
  new MediaStreamAudioSourceNode(context, { mediaStream: new MediaStream([track()]) }).connect(node).connect(ears).connect(context.destination);
  const heard = new Float32Array(ears.fftSize);
  for (;;) {
    ears.getFloatTimeDomainData(heard);
    if (heard.some((x) => x !== 0)) return;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
};
globalThis.begin = async (subject) => {
  const began = performance.now();
  await (subject.network ? ours(subject.network) : theirs(subject));
  return performance.now() - began;
};`;
/** Ours has the library besides: an app that takes another suppressor carries none of it. */
const OURS = `import { suppressNoise } from './index.js';
import './full.js';
${SCRIPT}`;

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const wanted = options.only?.split(',') ?? [''];

/** One visitor: cold, another node, and the second visit. */
async function visitor(browser, url, line, subject) {
  const context = await browser.newContext({ permissions: ['microphone'] });
  const visit = async () => {
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    await session.send('Network.enable');
    if (line) await session.send('Network.emulateNetworkConditions', line);
    await page.goto(`${url}${subject.network ? '' : 'theirs'}`);
    await page.waitForFunction(() => 'begin' in globalThis);
    return page;
  };
  const begin = (page) => page.evaluate((what) => globalThis.begin(what), subject);
  const first = await visit();
  const cold = await begin(first);
  const second = await begin(first);
  await first.close();
  const warm = await begin(await visit());
  await context.close();
  return { cold, second, warm };
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

await buildSite({ out: SITE, log: (message) => console.error(message) });
const own = ['lite', 'full'].map((network) => ({ label: `PercepNet ${network}`, network }));
const peers = JSON.parse(readFileSync(`${SITE}/bench/subjects.json`, 'utf8')).filter(({ kind }) => kind === 'peer');
const subjects = [...own, ...peers].filter(({ label }) => wanted.some((text) => label.includes(text)));
const server = await serveSmall(
  { '/': PAGE, '/theirs': PAGE.replace('start.js', 'theirs.js'), '/start.js': OURS, '/theirs.js': SCRIPT },
  (path) => (path.startsWith('/peers/') ? `${SITE}/bench${path}` : `dist${path}`),
);
const { browser, close } = await launchChromium(
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  // Never zero, as the browser's own is between two beeps.
  `--use-file-for-fake-audio-capture=${resolve('test/fixtures/noise.wav')}`,
);
const rows = [];
try {
  for (const [name, line] of Object.entries(LINES)) {
    const found = subjects.map(() => []);
    for (let round = 1; round <= Number(options.rounds); round++) {
      console.error(`${name}: round ${round} ...`);
      for (const [i, subject] of subjects.entries()) found[i].push(await visitor(browser, server.url, line, subject));
    }
    for (const [i, { label }] of subjects.entries()) {
      const of = (what) => Math.round(median(found[i].map((one) => one[what])));
      rows.push({ subject: label, line: name, cold: of('cold'), warm: of('warm'), secondNode: of('second') });
    }
  }
} finally {
  await close();
  server.close();
}
if (options.json) console.log(JSON.stringify(rows, null, 2));
else {
  console.log(`ms to the first clean sample, median of ${options.rounds}`);
  console.log(`${''.padEnd(22)}line                  cold    warm  second node`);
  for (const { subject, line, cold, warm, secondNode } of rows)
    console.log(
      `${subject.padEnd(22)}${line.padEnd(18)}${String(cold).padStart(8)}${String(warm).padStart(8)}${String(secondNode).padStart(13)}`,
    );
}
