/** The call page: near end, connection and far end, and what its elements do. */
import { type SuppressedTrack, suppressNoise } from 'percepnet-wasm';
import { levelOf } from '../shared/audio';
import { showLoads } from '../shared/loading';
import { chosenNetwork, onNetwork } from '../shared/network';
import { chosen, element, onChoice, percent, setBadge, showLevel, strengthSlider } from '../shared/page';
import { explain, showProblem } from '../shared/problems';
import { labelScale, ScrollingSpectrogram } from '../shared/spectrogram';
import { checkSupport } from '../shared/support';
import { Peers } from './peers';
import { type Noise, Studio, type Voice } from './studio';

const FFT_SIZE = 2048;
const SHOWN_HERTZ = 20000;
const STATS_INTERVAL_MS = 1000;
const FADE_SECONDS = 0.015;
/** Slow devices with cold caches may start too. */
const START_MS = 30_000;
/** The two tracks in the order they are sent. */
const SIDES = ['without', 'with'] as const;

const problem = element('problem');
const state = element('state');
const start = element<HTMLButtonElement>('start');
const level = element<HTMLInputElement>('level');
const strength = strengthSlider('strength');

interface Ear {
  readonly analyser: AnalyserNode;
  readonly gain: GainNode;
  readonly view: ScrollingSpectrogram;
  readonly samples: Float32Array<ArrayBuffer>;
}

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
  private lastStats = 0;

  private constructor(
    private readonly context: AudioContext,
    readonly studio: Studio,
    readonly clean: SuppressedTrack,
    private readonly peers: Peers,
    streams: readonly MediaStream[],
  ) {
    this.ears = streams.map((stream, i) => {
      const analyser = new AnalyserNode(context, { fftSize: FFT_SIZE, smoothingTimeConstant: 0 });
      const gain = new GainNode(context, { gain: 0 });
      new MediaStreamAudioSourceNode(context, { mediaStream: stream }).connect(analyser).connect(gain);
      gain.connect(context.destination);
      const view = new ScrollingSpectrogram(element<HTMLCanvasElement>(SIDES[i]!), analyser);
      view.maxHertz = SHOWN_HERTZ;
      return { analyser, gain, view, samples: new Float32Array(FFT_SIZE) };
    });
    this.listenTo(chosen('heard'));
  }

  listenTo(side: string): void {
    for (const [i, { gain }] of this.ears.entries()) {
      gain.gain.setTargetAtTime(SIDES[i] === side ? 1 : 0, this.context.currentTime, FADE_SECONDS);
    }
  }

  draw(now: number): void {
    for (const [i, { view, analyser, samples }] of this.ears.entries()) {
      view.draw(now);
      showLevel(`level-${SIDES[i]}`, levelOf(analyser, samples));
    }
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
