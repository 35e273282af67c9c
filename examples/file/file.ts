/** The file page: drop or choose, denoise, compare, save. */
import { NoiseSuppressorError } from 'percepnet-wasm';
import { bufferOf, decode, mix, sample } from '../shared/audio';
import { chosenNetwork, onNetwork } from '../shared/network';
import { chosen, clock, element, onChoice, onLayoutChange, setBadge, strengthSlider } from '../shared/page';
import { Player } from '../shared/player';
import { explain, showProblem } from '../shared/problems';
import { drawRecording } from '../shared/spectrogram';
import { drawWaveform, peakOf } from '../shared/waveform';
import { FileWorker } from './worker-client';

/** Speech above noise in the example, in decibels. */
const EXAMPLE_SNR = 8;
const SIDES = ['before', 'after'] as const;

type Side = (typeof SIDES)[number];

const problem = element('problem');
const state = element('state');
const drop = element('drop');
const input = element<HTMLInputElement>('file');
const progress = element<HTMLProgressElement>('progress');
const play = element<HTMLButtonElement>('play');
const loudness = element<HTMLInputElement>('loudness');
const position = element<HTMLInputElement>('position');
const range = element<HTMLSelectElement>('range');
const strength = strengthSlider('strength');

interface Recording {
  readonly name: string;
  readonly buffers: Record<Side, AudioBuffer>;
  readonly player: Player<Side>;
}

let worker: FileWorker | undefined;
let decoded: { name: string; buffer: AudioBuffer } | undefined;
let recording: Recording | undefined;

function open(file: File | undefined): void {
  if (file) load(file.name, () => decode(file));
}

async function load(name: string, read: () => Promise<AudioBuffer>): Promise<void> {
  showProblem(problem, null);
  closeRecording();
  setBadge(state, 'Decoding', 'warn');
  try {
    decoded = { name, buffer: await read() };
  } catch (error) {
    decoded = undefined;
    setBadge(state, 'No file', 'quiet');
    showProblem(problem, explain(error));
    return;
  }
  await process();
}

async function process(): Promise<void> {
  if (!decoded) return;
  const { name, buffer } = decoded;
  const resumeAt = recording?.player.position ?? 0;
  const wasPlaying = recording?.player.playing ?? false;
  showProblem(problem, null);
  setBadge(state, 'Working', 'warn');
  progress.hidden = false;
  progress.value = 0;
  try {
    worker ??= new FileWorker();
    const began = performance.now();
    const how = { strength: Number(strength.value) / 100, network: await chosenNetwork() };
    const after = await worker.denoise(buffer, how, (fraction) => {
      progress.value = fraction;
    });
    const seconds = (performance.now() - began) / 1000;
    closeRecording();
    const buffers = { before: buffer, after };
    const player = new Player<Side>(buffers, side(), showPlaying);
    player.sameLoudness = loudness.checked;
    player.seek(resumeAt);
    recording = { name, buffers, player };
    position.max = String(player.duration);
    element('name').textContent = name;
    element('result').hidden = false;
    draw();
    showPosition();
    if (wasPlaying) togglePlay();
    setBadge(state, `Done in ${seconds.toFixed(1)} s`, 'good');
    progress.hidden = true;
  } catch (error) {
    // Another strength or network is being worked on already.
    if (error instanceof NoiseSuppressorError && error.code === 'aborted') return;
    progress.hidden = true;
    setBadge(state, 'Failed', 'bad');
    showProblem(problem, explain(error));
  }
}

function side(): Side {
  return chosen('side') === 'before' ? 'before' : 'after';
}

function closeRecording(): void {
  recording?.player.close();
  recording = undefined;
  element('result').hidden = true;
  showPlaying();
}

function draw(): void {
  if (!recording) return;
  const { buffers } = recording;
  const peak = peakOf(buffers.before.getChannelData(0));
  for (const name of SIDES) {
    const samples = buffers[name].getChannelData(0);
    drawWaveform(element<HTMLCanvasElement>(`wave-${name}`), samples, peak);
    drawRecording(
      element<HTMLCanvasElement>(`spectrum-${name}`),
      samples,
      buffers[name].sampleRate,
      Number(range.value),
    );
  }
}

function togglePlay(): void {
  if (!recording) return;
  const { player } = recording;
  if (player.playing) player.pause();
  else player.play();
  showPlaying();
  follow();
}

function seek(seconds: number): void {
  recording?.player.seek(seconds);
  showPosition();
}

function follow(): void {
  showPosition();
  if (recording?.player.playing) requestAnimationFrame(follow);
}

function showPlaying(): void {
  play.textContent = recording?.player.playing ? 'Pause' : 'Play';
  showPosition();
}

function showPosition(): void {
  const at = recording?.player.position ?? 0;
  const duration = recording?.player.duration ?? 1;
  position.value = String(at);
  const text = `${clock(at)} of ${clock(duration)}`;
  element('position-value').textContent = text;
  position.setAttribute('aria-valuetext', text);
  for (const cursor of document.querySelectorAll<HTMLElement>('.cursor')) {
    cursor.style.setProperty('--at', String(at / duration));
  }
}

async function download(): Promise<void> {
  if (!recording || !worker) return;
  try {
    const url = URL.createObjectURL(await worker.wav(recording.buffers.after));
    const link = document.createElement('a');
    link.href = url;
    link.download = `${recording.name.replace(/\.[^.]*$/, '')}-denoised.wav`;
    link.click();
    // The browser has begun to read it by then.
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  } catch (error) {
    showProblem(problem, explain(error));
  }
}

input.addEventListener('change', () => open(input.files?.[0]));
// Anywhere on the page: a file that misses the frame would replace the page.
addEventListener('dragover', (event) => {
  event.preventDefault();
  drop.classList.add('over');
});
addEventListener('dragleave', (event) => {
  if (!event.relatedTarget) drop.classList.remove('over');
});
addEventListener('drop', (event) => {
  event.preventDefault();
  drop.classList.remove('over');
  open(event.dataTransfer?.files[0]);
});
element('example').addEventListener('click', () =>
  load('words-in-the-rain', async () => {
    const [speech, rain] = await Promise.all([sample('speech', import.meta.url), sample('noise', import.meta.url)]);
    return bufferOf(mix(speech, rain, EXAMPLE_SNR));
  }),
);
onNetwork(() => process());
strength.addEventListener('change', () => process());
play.addEventListener('click', togglePlay);
loudness.addEventListener('change', () => {
  if (recording) recording.player.sameLoudness = loudness.checked;
});
onChoice('side', () => recording?.player.listenTo(side()));
position.addEventListener('input', () => seek(Number(position.value)));
for (const plot of document.querySelectorAll<HTMLElement>('.seek')) {
  plot.addEventListener('click', (event) => {
    if (recording) seek((event.offsetX / plot.clientWidth) * recording.player.duration);
  });
}
element('download').addEventListener('click', download);
range.addEventListener('change', draw);
onLayoutChange(draw);
