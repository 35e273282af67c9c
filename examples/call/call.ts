/** The call page: near end, connection and far end, and what its elements do. */
import { type SuppressedTrack, suppressNoise } from 'percepnet-wasm';
import { showLoads } from '../shared/loading';
import { chosenNetwork, onNetwork } from '../shared/network';
import { chosen, element, onChoice, percent, setBadge, strengthSlider } from '../shared/page';
import { explain, showProblem } from '../shared/problems';
import { labelScale } from '../shared/spectrogram';
import { checkSupport } from '../shared/support';
import { Ear, SHOWN_HERTZ } from './ear';
import { Peers } from './peers';
import { type Noise, Studio, type Voice } from './studio';

const STATS_INTERVAL_MS = 1000;
/** Slow devices with cold caches may start too. */
const START_MS = 30_000;
/** The two tracks in the order they are sent. */
const SIDES = ['without', 'with'] as const;

const problem = element('problem');
const state = element('state');
const start = element<HTMLButtonElement>('start');
const level = element<HTMLInputElement>('level');
const strength = strengthSlider('strength');
const incoming = element<HTMLInputElement>('incoming');

class Call {
  static async start(): Promise<Call> {
    const context = new AudioContext();
    const studio = new Studio(context);
    let clean: SuppressedTrack | undefined;
    let peers: Peers | undefined;
    try {
      context.resume().catch(() => {});
      await studio.speak(chosen('voice') as Voice);
      studio.setLevel(Number(level.value));
      await studio.disturb(chosen('noise') as Noise);
      clean = await suppressNoise(studio.track, {
        context,
        strength: Number(strength.value) / 100,
        network: await chosenNetwork(),
        fallback: false,
        timeoutMs: START_MS,
      });
      peers = new Peers(lost);
      const streams = await peers.connect([studio.track, clean.track]);
      return new Call(context, studio, clean, peers, streams);
    } catch (error) {
      peers?.close();
      studio.close();
      await clean?.destroy();
      await context.close();
      throw error;
    }
  }

  private readonly ears: Ear[];
  /** One change of what arrives after the other. */
  private cleaned: Promise<unknown> = Promise.resolve();
  private lastStats = 0;

  private constructor(
    private readonly context: AudioContext,
    readonly studio: Studio,
    readonly clean: SuppressedTrack,
    private readonly peers: Peers,
    streams: readonly MediaStream[],
  ) {
    this.ears = streams.map((stream, i) => new Ear(context, stream, SIDES[i]!));
    this.listenTo(chosen('heard'));
  }

  listenTo(side: string): void {
    for (const ear of this.ears) ear.hear(ear.side === side);
  }

  /** The far end's own suppression of what arrives, a node for each participant. */
  cleanIncoming(on: boolean): Promise<unknown> {
    const change = (): Promise<unknown> => Promise.all(this.ears.map((ear) => ear.clean(on, START_MS)));
    this.cleaned = this.cleaned.then(change, change);
    return this.cleaned;
  }

  draw(now: number): void {
    for (const ear of this.ears) ear.draw(now);
    if (now - this.lastStats < STATS_INTERVAL_MS) return;
    this.lastStats = now;
    this.showStats().catch(() => {});
  }

  async end(): Promise<void> {
    this.peers.close();
    this.studio.close();
    await this.clean.destroy();
    await this.context.close();
  }

  private async showStats(): Promise<void> {
    const [stats, traffic] = await Promise.all([this.clean.node!.getStats(), this.peers.traffic()]);
    element('network').textContent = `${stats.network.name} ${stats.network.version}`;
    element('latency').textContent = `${(stats.latency * 1000).toFixed(1)} ms`;
    element('attenuation').textContent = `${Math.max(0, stats.attenuation).toFixed(0)} dB`;
    element('load').textContent = percent(stats.load, 1);
    const loads = (await Promise.all(this.ears.map((ear) => ear.load()))).filter((load) => load !== undefined);
    const total = loads.reduce((sum, load) => sum + load, 0);
    element('incoming-load').textContent = loads.length > 0 ? `${loads.length} nodes, ${percent(total, 1)}` : '-';
    element('codec').textContent = traffic.codec || '-';
    for (const [i, side] of SIDES.entries()) {
      const rate = traffic.rates[i];
      element(`rate-${side}`).textContent = rate === undefined ? '-' : `${(rate / 1000).toFixed(0)} kbit/s`;
    }
  }
}

let call: Call | null = null;
let busy = false;

async function toggle(): Promise<void> {
  if (busy) return;
  busy = true;
  start.disabled = true;
  showProblem(problem, null);
  try {
    if (call) await hangUp();
    else {
      setBadge(state, 'Calling', 'warn');
      call = await Call.start();
      if (incoming.checked) await cleanIncoming();
      setBadge(state, 'In a call', 'good');
      start.textContent = 'Hang up';
      requestAnimationFrame(draw);
    }
  } catch (error) {
    setBadge(state, 'No call', 'quiet');
    showProblem(problem, explain(error));
  } finally {
    busy = false;
    start.disabled = false;
  }
}

async function hangUp(): Promise<void> {
  const ending = call;
  call = null;
  start.textContent = 'Start the call';
  setBadge(state, 'No call', 'quiet');
  await ending?.end();
}

async function cleanIncoming(): Promise<void> {
  const asked = call;
  try {
    await asked?.cleanIncoming(incoming.checked);
  } catch (error) {
    // A call that has ended takes its nodes along.
    if (asked !== call) return;
    incoming.checked = false;
    await asked?.cleanIncoming(false);
    showProblem(problem, explain(error));
  }
}

function lost(): void {
  hangUp();
  showProblem(problem, {
    what: 'The two ends lost each other.',
    advice: 'A firewall or a browser extension may block WebRTC on this computer. Press start to try again.',
  });
}

function draw(now: number): void {
  if (!call) return;
  call.draw(now);
  requestAnimationFrame(draw);
}

function showNoiseLevel(): void {
  const text = `${Number(level.value) > 0 ? '+' : ''}${level.value} dB`;
  element('level-value').textContent = text;
  level.setAttribute('aria-valuetext', text);
}

start.addEventListener('click', toggle);
onChoice('voice', async (voice) => {
  const microphone = voice === 'microphone';
  element('howl').hidden = !microphone;
  if (microphone) element<HTMLInputElement>('hear-nothing').click();
  try {
    await call?.studio.speak(voice as Voice);
    showProblem(problem, null);
  } catch (error) {
    showProblem(problem, explain(error));
  }
});
onChoice('noise', (noise) => {
  call?.studio.disturb(noise as Noise).catch((error) => showProblem(problem, explain(error)));
});
onNetwork(async () => {
  if (!call) return;
  await toggle();
  await toggle();
});
onChoice('heard', (side) => call?.listenTo(side));
incoming.addEventListener('change', cleanIncoming);
level.addEventListener('input', () => {
  showNoiseLevel();
  call?.studio.setLevel(Number(level.value));
});
strength.addEventListener('input', () => {
  if (call) call.clean.node!.strength.value = Number(strength.value) / 100;
});
showNoiseLevel();
for (const side of SIDES) labelScale(element<HTMLCanvasElement>(side), SHOWN_HERTZ);
showLoads();
await checkSupport(problem);
