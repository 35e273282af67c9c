/** The article page: one short recording, everything else worked out by the core. */
import { bufferOf, mix, RATE, samples } from '../shared/audio';
import { chosenNetwork, onNetwork } from '../shared/network';
import { chosen, element, onChoice, onLayoutChange, setBadge } from '../shared/page';
import { Player, type Sound, soundOf } from '../shared/player';
import { explain, showProblem } from '../shared/problems';
import { drawRecording } from '../shared/spectrogram';
import { checkSupport } from '../shared/support';
import { Transport } from '../shared/transport';
import { Core } from './core';
import type { Ladder } from './core-worker';
import { describeBand, drawBands, drawComb, drawTrack } from './drawings';

const TRACK_HERTZ = 1000;

const RUNGS = [
  ['noisy', 'Noisy', 'What the microphone hears.'],
  ['bins', '1 Bins', 'The true loudness of each of 481 frequencies; only the phase is still noisy.'],
  ['bands', '2 Bands', 'One true gain for each of 34 bands: noise between the harmonics comes back as a roughness.'],
  ['comb', '3 Comb filter', 'The same gains, and a filter tuned to the pitch, as strong as it should be in each band.'],
  [
    'postfilter',
    '4 Post-filter',
    'Bands that are mostly noise are taken down further, the whole is turned up to match.',
  ],
  ['network', '5 Network', 'Gains and strengths estimated from the noisy sound alone: what an app gets.'],
  ['clean', 'Clean', 'The voice before the rain.'],
] as const;

type Rung = (typeof RUNGS)[number][0];

const problem = element('problem');
const state = element('state');
const play = element<HTMLButtonElement>('play');
const position = element<HTMLInputElement>('position');
const snr = element<HTMLSelectElement>('snr');
const range = element<HTMLSelectElement>('range');
const band = element<HTMLInputElement>('band');
const log = element<HTMLInputElement>('log');
const pitch = element<HTMLInputElement>('pitch');

const core = new Core();
let recordings: ReturnType<typeof samples> | undefined;
let sounds: Record<Rung, Float32Array<ArrayBuffer>> | undefined;
let player: Player<Rung> | undefined;
const transport = new Transport(() => player);
let tracks: Ladder['pitch'] | undefined;
let shapes: Float32Array[] | undefined;
let taps: { weights: Float32Array; period: number } | undefined;

function buildRungs(): void {
  element('rungs').append(
    ...RUNGS.map(([name, title, words]) => {
      const rung = document.createElement('label');
      rung.className = 'rung';
      const input = document.createElement('input');
      Object.assign(input, { type: 'radio', name: 'rung', value: name, checked: name === 'noisy' });
      const head = document.createElement('span');
      head.className = 'rung-head';
      const strong = document.createElement('strong');
      strong.textContent = title;
      const score = document.createElement('span');
      score.className = 'number';
      score.id = `score-${name}`;
      head.append(input, strong, score);
      const text = document.createElement('span');
      text.className = 'hint';
      text.textContent = words;
      const plot = document.createElement('span');
      plot.className = 'plot';
      const canvas = document.createElement('canvas');
      canvas.id = `rung-${name}`;
      canvas.setAttribute('role', 'img');
      canvas.setAttribute('aria-label', `Spectrogram: ${title}`);
      const cursor = document.createElement('span');
      cursor.className = 'cursor';
      plot.append(canvas, cursor);
      rung.append(head, text, plot);
      return rung;
    }),
  );
  onChoice('rung', (name) => player?.listenTo(name as Rung));
}

async function climb(): Promise<void> {
  setBadge(state, 'Working', 'warn');
  showProblem(problem, null);
  try {
    recordings ??= samples(import.meta.url);
    const { speech, rain } = await recordings;
    const clean = speech.getChannelData(0).slice();
    const noisy = mix(speech, rain, Number(snr.value));
    const ladder = await core.ladder(noisy, clean, await chosenNetwork());
    const [bins, bands, comb, postfilter, network] = ladder.steps as [
      Float32Array<ArrayBuffer>,
      Float32Array<ArrayBuffer>,
      Float32Array<ArrayBuffer>,
      Float32Array<ArrayBuffer>,
      Float32Array<ArrayBuffer>,
    ];
    sounds = { noisy, bins, bands, comb, postfilter, network, clean };
    tracks = ladder.pitch;
    const at = player?.position ?? 0;
    const playing = player?.playing ?? false;
    player?.close();
    const versions = Object.fromEntries(RUNGS.map(([name]) => [name, soundOf(bufferOf(sounds![name]))]));
    player = new Player<Rung>({
      sounds: versions as Record<Rung, Sound>,
      duration: clean.length / RATE,
      sampleRate: RATE,
      heard: chosen('rung') as Rung,
      onEnd: () => transport.show(),
      onError: (error) => showProblem(problem, explain(error)),
    });
    player.seek(at);
    if (playing) player.play();
    play.disabled = false;
    position.disabled = false;
    for (const [name] of RUNGS) {
      if (name !== 'clean') element(`score-${name}`).textContent = `${siSdr(sounds[name], clean).toFixed(1)} dB`;
    }
    drawSounds();
    transport.show();
    setBadge(state, 'Ready', 'good');
  } catch (error) {
    recordings = undefined;
    setBadge(state, 'Failed', 'bad');
    showProblem(problem, explain(error));
  }
}

/** Scale-invariant signal-to-distortion ratio: ||a x||^2 / ||y - a x||^2 with the best a, in decibels. */
function siSdr(heard: Float32Array, clean: Float32Array): number {
  let product = 0;
  let power = 0;
  for (const [n, x] of clean.entries()) {
    product += x * heard[n]!;
    power += x * x;
  }
  const scale = product / power;
  let error = 0;
  for (const [n, x] of clean.entries()) error += (heard[n]! - scale * x) ** 2;
  return 10 * Math.log10((scale * scale * power) / error);
}

function drawSounds(): void {
  if (!sounds || !tracks) return;
  for (const [name] of RUNGS) {
    drawRecording(element<HTMLCanvasElement>(`rung-${name}`), sounds[name], RATE, Number(range.value));
  }
  drawPitch();
}

function drawPitch(): void {
  if (!sounds || !tracks) return;
  const tracked = chosen('tracked') === 'clean' ? 'clean' : 'noisy';
  drawRecording(element<HTMLCanvasElement>('track-spectrum'), sounds[tracked], RATE, TRACK_HERTZ);
  drawTrack(element<HTMLCanvasElement>('track'), tracks[tracked], TRACK_HERTZ);
}

function showBand(): void {
  if (!shapes) return;
  const text = `${band.value}: ${describeBand(shapes[Number(band.value) - 1]!)}`;
  element('band-value').textContent = text;
  band.setAttribute('aria-valuetext', text);
  drawBands(element('bands'), shapes, Number(band.value) - 1, log.checked);
}

async function tunePitch(): Promise<void> {
  const hertz = Number(pitch.value);
  element('pitch-value').textContent = `${hertz} Hz`;
  pitch.setAttribute('aria-valuetext', `${hertz} hertz`);
  const period = Math.round(RATE / hertz);
  const weights = await core.comb(period);
  // The slider may have moved on meanwhile.
  if (Number(pitch.value) !== hertz) return;
  taps = { weights, period };
  showComb();
}

function showComb(): void {
  if (!taps) return;
  const { weights, period } = taps;
  const middle = (weights.length - 1) / 2;
  const count = (from: number, to: number): number => [...weights.subarray(from, to)].filter((w) => w > 0).length;
  element('taps').textContent = `${count(middle + 1, weights.length)} and ${count(0, middle)}`;
  // White noise passes with the power SUM w^2.
  const passed = weights.reduce((sum, w) => sum + w * w, 0);
  element('passes').textContent = `${(10 * Math.log10(passed)).toFixed(1)} dB`;
  drawComb(element('comb'), weights, period);
}

buildRungs();
snr.addEventListener('change', () => climb());
onNetwork(() => climb());
range.addEventListener('change', drawSounds);
onChoice('tracked', drawPitch);
band.addEventListener('input', showBand);
log.addEventListener('change', showBand);
pitch.addEventListener('input', () => tunePitch().catch((error) => showProblem(problem, explain(error))));
onLayoutChange(() => {
  drawSounds();
  showBand();
  showComb();
});
async function begin(): Promise<void> {
  if (!(await checkSupport(problem, false))) {
    setBadge(state, 'Not here', 'bad');
    return;
  }
  try {
    shapes = await core.bands();
    showBand();
    await tunePitch();
  } catch (error) {
    showProblem(problem, explain(error));
  }
  await climb();
}

await begin();
