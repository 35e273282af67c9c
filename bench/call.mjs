/**
 * What an app pays: the whole browser's CPU in a call in which each participant is cleaned, in headless Chromium:
 * node bench/call.mjs [--participants=1,4,8] [--networks=lite,full] [--seconds=10] [--core=SHARE] [--json]
 * Wants a build (npm run build), and /proc.
 *
 * Each participant is a voice in noise through a pair of RTCPeerConnections (Opus) and plays in an element of the page; cleaned as in
 * examples/recipes/incoming.ts: one context, a node each. Both ends are in the page, so the row without suppression has the senders' part in it;
 * what suppression costs is the difference to it. All processes of the browser count: CPU of user and kernel, times that a thread has
 * gone to sleep (what wakes up a processor at rest), and cycles where perf can count them.
 *
 * --core=0.25: while it is measured its audio threads share a quarter of a core, and all others another one (a control group of Linux, as root).
 * One node more in the same context is then at strength 0, where what comes out is what goes in, late by the latency, in every state: the
 * largest difference tells whether sound is lost.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { parseArgs, promisify } from 'node:util';
import { family } from './engines.mjs';
import { launchChromium, serveSmall } from './small-site.mjs';

/** Of /proc, as everywhere on Linux. */
const TICKS_A_SECOND = 100;
const SETTLE_MS = 3000;
const GROUP = ['/sys/fs/cgroup/cpu', '/sys/fs/cgroup'].find((root) => existsSync(`${root}/cgroup.procs`));
const PERIOD_US = 100_000;

const PAGE = '<!doctype html><meta charset="utf-8"><title>call</title><script type="module" src="call.js"></script>';
/** Largest difference of two inputs, the second one subtracted by the graph. */
const PEAK = `registerProcessor('peak', class extends AudioWorkletProcessor {
  peak = 0;
  constructor() {
    super();
    this.port.onmessage = () => {
      this.port.postMessage(this.peak);
      this.peak = 0;
    };
  }
  process([[channel]]) {
    for (const x of channel ?? []) this.peak = Math.max(this.peak, Math.abs(x));
    return true;
  }
});`;
const SCRIPT = `import { NoiseSuppressorNode, suppressNoise } from './index.js';
import './full.js';
const far = new AudioContext({ sampleRate: 48000 });
const sound = async (path) => far.decodeAudioData(await (await fetch(path)).arrayBuffer());
const loops = await Promise.all(['/speech.wav', '/noise.wav'].map(sound));
const sender = () => {
  const out = new MediaStreamAudioDestinationNode(far, { channelCount: 1 });
  for (const [i, buffer] of loops.entries()) {
    const source = new AudioBufferSourceNode(far, { buffer, loop: true });
    source.connect(new GainNode(far, { gain: i ? 0.3 : 1 })).connect(out);
    source.start(0, Math.random() * buffer.duration);
  }
  return out.stream;
};
/** The track as it arrives. */
const called = async (stream) => {
  const [a, b] = [new RTCPeerConnection(), new RTCPeerConnection()];
  a.onicecandidate = ({ candidate }) => b.addIceCandidate(candidate);
  b.onicecandidate = ({ candidate }) => a.addIceCandidate(candidate);
  const arrived = new Promise((resolve) => { b.ontrack = ({ track }) => resolve(track); });
  a.addTrack(stream.getAudioTracks()[0], stream);
  await a.setLocalDescription();
  await b.setRemoteDescription(a.localDescription);
  await b.setLocalDescription();
  await a.setRemoteDescription(b.localDescription);
  return arrived;
};
const play = (stream, muted) => {
  const element = Object.assign(new Audio(), { srcObject: stream, muted });
  document.body.append(element);
  return element.play();
};
/** Of the core's own rate, whatever loudspeaker the machine has. */
const context = new AudioContext({ sampleRate: 48000 });
const nodes = [];
let meter;
globalThis.join = async (count, network, proof) => {
  for (let i = 0; i < count; i++) {
    const track = await called(sender());
    const arrived = new MediaStream([track]);
    if (!network) {
      await play(arrived, false);
      continue;
    }
    await play(arrived, true);
    const clean = await suppressNoise(track, { network, context });
    if (clean.error) throw clean.error;
    nodes.push(clean.node);
    await play(clean.stream, false);
  }
  if (proof) await prove(network);
};
/** One more of the same context, whose output must be its input, and what differs. */
const prove = async (network) => {
  await context.audioWorklet.addModule('/peak.js');
  const node = await NoiseSuppressorNode.create(context, { network, strength: 0 });
  meter = new AudioWorkletNode(context, 'peak', { channelCount: 1 });
  const source = new OscillatorNode(context, { frequency: 440 });
  source.connect(node).connect(meter);
  source.connect(new DelayNode(context, { delayTime: node.latency, maxDelayTime: 1 }))
    .connect(new GainNode(context, { gain: -1 }))
    .connect(meter);
  meter.connect(new GainNode(context, { gain: 0 })).connect(context.destination);
  source.start(context.currentTime + 0.5);
  nodes.push(node);
};
globalThis.stats = async () => {
  const all = await Promise.all(nodes.map((node) => node.getStats()));
  const peak = meter && await new Promise((resolve) => {
    meter.port.onmessage = ({ data }) => resolve(data);
    meter.port.postMessage(0);
  });
  const sum = (name) => all.reduce((total, one) => total + one[name], 0);
  return {
    frames: sum('framesProcessed') + sum('framesBypassed'), bypassed: sum('framesBypassed'), overloads: sum('overloads'),
    states: nodes.map(({ state }) => state), peak: peak ?? null,
  };
};
globalThis.ready = true;`;

const { values: options } = parseArgs({
  options: {
    participants: { type: 'string', default: '1,4,8' },
    networks: { type: 'string', default: 'lite,full' },
    seconds: { type: 'string', default: '10' },
    core: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const seconds = Number(options.seconds);
if (!(seconds > 0)) throw new Error(`--seconds is a number above 0, not ${options.seconds}`);

const share = options.core === undefined ? null : Number(options.core);
if (share !== null && !(share > 0 && share <= 1)) throw new Error(`--core is above 0 and up to 1, not ${options.core}`);

/** CPU seconds and voluntary switches so far of these processes. */
function usage(processes) {
  let [cpu, sleeps] = [0, 0];
  for (const id of processes) {
    try {
      const fields = readFileSync(`/proc/${id}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ');
      cpu += (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
      for (const task of readdirSync(`/proc/${id}/task`)) {
        const status = readFileSync(`/proc/${id}/task/${task}/status`, 'utf8');
        sleeps += Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1] ?? 0);
      }
    } catch {
      // A process or thread that has just ended.
    }
  }
  return { cpu, sleeps };
}

/** Cycles of these processes in so many seconds; null where perf cannot count them. */
async function cycles(processes, time) {
  const args = ['stat', '-x', ',', '-e', 'cycles', '-p', processes.join(','), '--', 'sleep', String(time)];
  try {
    const { stderr } = await promisify(execFile)('perf', args);
    const count = Number(stderr.trim().split('\n').at(-1).split(',')[0]);
    return Number.isFinite(count) ? count : null;
  } catch {
    return null;
  }
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Holds processes in that share of a core; gives what lets them go. */
function throttle(processes) {
  if (!GROUP) throw new Error('--core needs the control groups of Linux');
  const quotaUs = Math.round(share * PERIOD_US);
  const group = `${GROUP}/percepnet-wasm-bench`;
  mkdirSync(group, { recursive: true });
  if (existsSync(`${group}/cpu.cfs_quota_us`)) {
    // Audio threads are of the other kind where the browser may make them so.
    for (const [kind, quota] of Object.entries({ cfs: 'quota', rt: 'runtime' })) {
      if (!existsSync(`${group}/cpu.${kind}_period_us`)) continue;
      writeFileSync(`${group}/cpu.${kind}_period_us`, `${PERIOD_US}`);
      writeFileSync(`${group}/cpu.${kind}_${quota}_us`, `${quotaUs}`);
    }
  } else writeFileSync(`${group}/cpu.max`, `${quotaUs} ${PERIOD_US}`);
  for (const id of processes) writeFileSync(`${group}/cgroup.procs`, `${id}`);
  return () => {
    for (const id of readFileSync(`${group}/cgroup.procs`, 'utf8').split('\n').filter(Boolean))
      writeFileSync(`${GROUP}/cgroup.procs`, id);
    rmdirSync(group);
  };
}

/** A call of so many, in a browser of its own. */
async function call(url, count, network) {
  const { browser, pid, close } = await launchChromium();
  try {
    const page = await browser.newPage();
    page.on('pageerror', (error) => console.error(String(error)));
    await page.goto(url);
    await page.waitForFunction(() => 'ready' in globalThis);
    await page.evaluate((who) => globalThis.join(...who), [count, network, share !== null]);
    await sleep(SETTLE_MS);
    const processes = family(pid);
    const before = await page.evaluate(() => globalThis.stats());
    const release = share !== null ? throttle(processes) : () => {};
    let [start, end, spent, counted] = [];
    try {
      start = usage(processes);
      const began = performance.now();
      [counted] = await Promise.all([cycles(processes, seconds), sleep(1000 * seconds)]);
      spent = (performance.now() - began) / 1000;
      end = usage(processes);
    } finally {
      release();
    }
    const after = await page.evaluate(() => globalThis.stats());
    return {
      participants: count,
      network,
      cpuMsPerSecond: (1000 * (end.cpu - start.cpu)) / spent,
      wakeUpsPerSecond: (end.sleeps - start.sleeps) / spent,
      megacyclesPerSecond: counted === null ? null : counted / spent / 1e6,
      // Of 100 a second, each node.
      framesPerSecond: network ? (after.frames - before.frames) / spent / after.states.length : null,
      ...(share !== null && {
        overloads: after.overloads,
        bypassed: after.bypassed,
        states: after.states,
        peak: after.peak,
      }),
    };
  } finally {
    await close();
  }
}

const server = await serveSmall({ '/': PAGE, '/call.js': SCRIPT, '/peak.js': PEAK }, (path) =>
  path.endsWith('.wav') ? `test/fixtures${path}` : `dist${path}`,
);
const rows = [];
try {
  for (const count of options.participants.split(',').map(Number)) {
    for (const network of share !== null ? options.networks.split(',') : [null, ...options.networks.split(',')]) {
      console.error(`${count} participants, ${network ?? 'without'} ...`);
      rows.push(await call(server.url, count, network));
    }
  }
} finally {
  server.close();
}
if (options.json) console.log(JSON.stringify(rows, null, 2));
else {
  const shown = (value, digits = 0) => (typeof value === 'number' ? value.toFixed(digits) : '-').padStart(14);
  console.log(`Chromium, all processes, of each second of sound${share === null ? '' : `, in ${share} of a core`}`);
  console.log('participants  network         CPU ms      wake-ups     Mcycles   frames a node');
  for (const row of rows) {
    const { participants, network, cpuMsPerSecond, wakeUpsPerSecond, megacyclesPerSecond, framesPerSecond } = row;
    console.log(
      `${String(participants).padEnd(14)}${(network ?? 'without').padEnd(8)}${shown(cpuMsPerSecond)}${shown(wakeUpsPerSecond)}${shown(megacyclesPerSecond)}${shown(framesPerSecond, 1)}`,
    );
    if (row.states)
      console.log(
        `              overloads ${row.overloads}, frames bypassed ${row.bypassed}, largest difference ${row.peak?.toExponential(1)}, ${row.states.join(' ')}`,
      );
  }
}
