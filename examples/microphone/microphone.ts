/** The microphone demo: what the elements of the page do. */
import { showLoads } from '../shared/loading';
import { chosenNetwork, onNetwork } from '../shared/network';
import { element, percent, setBadge, setMeter, showLevel, strengthSlider } from '../shared/page';
import { explain, showProblem } from '../shared/problems';
import { labelScale, ScrollingSpectrogram } from '../shared/spectrogram';
import { checkSupport } from '../shared/support';
import { Live } from './live';

/** A microphone below this level for so long is called silent. */
const SILENT_LEVEL = -95;
const SILENT_SECONDS = 4;
const STATS_INTERVAL_MS = 1000;
/** Of the load read-out: audio threads have a clock of 1 ms only, so single seconds say little. */
const LOAD_SECONDS = 10;

const start = element<HTMLButtonElement>('start');
const state = element('state');
const speaking = element('speaking');
const problem = element('live-problem');
const device = element<HTMLSelectElement>('device');
const listen = element<HTMLInputElement>('listen');
const bypass = element<HTMLInputElement>('bypass');
const range = element<HTMLSelectElement>('range');
const strength = strengthSlider('strength');

let live: Live | null = null;
let starting = false;
let views: ScrollingSpectrogram[] = [];
let lastSound = 0;
let lastStats = 0;
let loads: number[] = [];

async function begin(deviceId?: string): Promise<void> {
  if (starting) return;
  starting = true;
  start.disabled = true;
  showProblem(problem, null);
  setBadge(state, 'Waiting for the microphone', 'warn');
  try {
    await end();
    live = await Live.start({
      deviceId,
      strength: Number(strength.value) / 100,
      network: await chosenNetwork(),
      bypass: bypass.checked,
      onLost: () => {
        end();
        showProblem(problem, {
          what: 'The microphone was disconnected.',
          advice: 'Plug it in again, or allow it again, and press start.',
        });
      },
    });
    connect(live);
    start.textContent = 'Stop';
    listen.disabled = false;
    await listDevices(live);
  } catch (error) {
    setBadge(state, 'Stopped', 'quiet');
    showProblem(problem, explain(error));
  } finally {
    starting = false;
    start.disabled = false;
  }
}

async function end(): Promise<void> {
  const ending = live;
  live = null;
  start.textContent = 'Start microphone';
  listen.checked = false;
  listen.disabled = true;
  speaking.hidden = true;
  if (!starting) setBadge(state, 'Stopped', 'quiet');
  await ending?.stop();
}

function connect(session: Live): void {
  const { node } = session;
  node.addEventListener('statechange', () => showState(session));
  node.addEventListener('speechstart', () => setBadge(speaking, 'Speaking', 'good'));
  node.addEventListener('speechend', () => setBadge(speaking, 'Not speaking', 'quiet'));
  node.addEventListener('error', (event) => showProblem(problem, explain(event.error)));
  node.addEventListener('overload', () =>
    showProblem(problem, {
      what: 'This computer does not keep up: the microphone is let through as it is for a while.',
      advice: 'Close busy programs or plug in the charger. It tries again by itself.',
    }),
  );
  session.context.addEventListener('statechange', () => showState(session));
  showState(session);
  setBadge(speaking, 'Not speaking', 'quiet');
  speaking.hidden = false;
  views = [
    new ScrollingSpectrogram(element<HTMLCanvasElement>('before'), session.before),
    new ScrollingSpectrogram(element<HTMLCanvasElement>('after'), session.after),
  ];
  setRange();
  element('rate').textContent = `${session.context.sampleRate / 1000} kHz`;
  lastSound = performance.now();
  lastStats = 0;
  loads = [];
  requestAnimationFrame(draw);
}

function showState(session: Live): void {
  if (session !== live && live !== null) return;
  const { node, context } = session;
  if (context.state !== 'running') {
    if (context.state !== 'closed') setBadge(state, 'Paused by the browser: click to go on', 'warn');
    return;
  }
  switch (node.state) {
    case 'running':
      setBadge(state, 'Running', 'good');
      if (!problem.hidden) showProblem(problem, null);
      break;
    case 'bypassed':
      setBadge(state, 'Bypassed', 'warn');
      break;
    case 'overloaded':
      setBadge(state, 'Overloaded', 'bad');
      break;
    case 'failed':
      setBadge(state, 'Failed', 'bad');
      break;
  }
}

async function listDevices(session: Live): Promise<void> {
  const devices = (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === 'audioinput');
  const used = session.track.getSettings().deviceId;
  device.replaceChildren(
    ...devices.map(({ deviceId, label }, i) => {
      const option = new Option(label || `Microphone ${i + 1}`, deviceId);
      option.selected = deviceId === used;
      return option;
    }),
  );
  element('device-field').hidden = devices.length < 2;
}

function draw(now: number): void {
  const session = live;
  if (!session) return;
  for (const view of views) view.draw(now);
  const before = session.level(session.before);
  showLevel('level-before', before);
  showLevel('level-after', session.level(session.after));
  watchForSilence(before, now);
  const probability = session.node.state === 'running' ? session.node.speechProbability : 0;
  setMeter(element('probability'), probability);
  element('probability-value').textContent = percent(probability);
  if (now - lastStats >= STATS_INTERVAL_MS) {
    lastStats = now;
    showStats(session).catch(() => {});
  }
  requestAnimationFrame(draw);
}

function watchForSilence(level: number, now: number): void {
  if (level > SILENT_LEVEL) {
    if (lastSound === Number.POSITIVE_INFINITY) showProblem(problem, null);
    lastSound = now;
    return;
  }
  if (now - lastSound < SILENT_SECONDS * 1000 || !problem.hidden) return;
  showProblem(problem, {
    what: 'The microphone gives only silence.',
    advice: 'Check its mute switch, its level in the system settings, and whether another device should be chosen.',
  });
  lastSound = Number.POSITIVE_INFINITY;
}

async function showStats({ node }: Live): Promise<void> {
  const stats = await node.getStats();
  loads = [...loads, stats.load].slice(-LOAD_SECONDS);
  element('load').textContent = percent(loads.reduce((sum, load) => sum + load, 0) / loads.length, 1);
  element('latency').textContent = `${(stats.latency * 1000).toFixed(1)} ms`;
  // The statistics keep what was measured while the network ran; aside, nothing is taken away.
  const attenuation = node.state === 'running' ? Math.max(0, stats.attenuation) : 0;
  element('attenuation').textContent = `${attenuation.toFixed(0)} dB`;
  element('late').textContent = String(stats.lateCallbacks);
  const { name, version } = stats.network;
  element('versions').textContent = `${name} ${version}, ${stats.coreVersion}${stats.relaxedSimd ? ' relaxed' : ''}`;
}

function setRange(): void {
  for (const view of views) view.maxHertz = Number(range.value);
  for (const id of ['before', 'after']) labelScale(element<HTMLCanvasElement>(id), Number(range.value));
}

start.addEventListener('click', () => (live ? end() : begin()));
device.addEventListener('change', () => begin(device.value));
onNetwork(() => {
  if (live) begin(live.track.getSettings().deviceId);
});
strength.addEventListener('input', () => {
  if (live) live.strength = Number(strength.value) / 100;
});
bypass.addEventListener('change', () => {
  if (live) live.node.bypass = bypass.checked;
});
listen.addEventListener('change', () => {
  if (live) live.listening = listen.checked;
});
range.addEventListener('change', setRange);
// A phone call or another tab can pause the audio; browsers let it go on after a gesture.
document.addEventListener('pointerdown', () => live?.context.resume().catch(() => {}));
navigator.mediaDevices?.addEventListener('devicechange', () => {
  if (live) listDevices(live).catch(() => {});
});

setRange();
showLoads();
await checkSupport(problem);
