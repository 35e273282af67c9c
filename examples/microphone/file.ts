/** The recording part of the page: drop or choose, denoise, compare, save. */
import { NoiseSuppressorError } from 'percepnet-wasm';
import { explain, showProblem } from '../problems';
import { element, setBadge, strengthSlider } from './page';
import { decode, FileWorker, noisyExample, Player, type Side } from './recording';
import { drawRecording } from './spectrogram';

const problem = element('file-problem');
const state = element('file-state');
const drop = element('drop');
const input = element<HTMLInputElement>('file');
const progress = element<HTMLProgressElement>('progress');
const play = element<HTMLButtonElement>('play');
const loudness = element<HTMLInputElement>('loudness');
const position = element<HTMLInputElement>('position');
const strength = strengthSlider('file-strength');

interface Recording {
  name: string;
  before: AudioBuffer;
  after: AudioBuffer;
  player: Player;
}

let worker: FileWorker | undefined;
let decoded: { name: string; buffer: AudioBuffer } | undefined;
let recording: Recording | undefined;

export function setUpFile(range: HTMLSelectElement): void {
  input.addEventListener('change', () => {
    const file = input.files?.[0];
    if (file) open(file);
  });
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
    const file = event.dataTransfer?.files[0];
    if (file) open(file);
  });
  strength.addEventListener('change', () => {
    if (decoded) process();
  });
  play.addEventListener('click', togglePlay);
  loudness.addEventListener('change', () => {
    if (recording) recording.player.sameLoudness = loudness.checked;
  });
  for (const radio of sides()) radio.addEventListener('change', () => recording?.player.listenTo(side()));
  position.addEventListener('input', () => seek(Number(position.value)));
  for (const plot of document.querySelectorAll<HTMLElement>('.seek')) {
    plot.addEventListener('click', (event) => {
      if (recording) seek((event.offsetX / plot.clientWidth) * recording.player.duration);
    });
  }
  element('download').addEventListener('click', () => download());
  const redraw = (): void => {
    if (recording) drawBoth(recording, Number(range.value));
  };
  range.addEventListener('change', redraw);
  let resized: ReturnType<typeof setTimeout>;
  addEventListener('resize', () => {
    clearTimeout(resized);
    resized = setTimeout(redraw, 200);
  });

  element('example').addEventListener('click', () => load('example', noisyExample));

  function open(file: File): Promise<void> {
    return load(file.name, () => decode(file));
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
      const after = await worker.denoise(buffer, Number(strength.value) / 100, (fraction) => {
        progress.value = fraction;
      });
      const seconds = (performance.now() - began) / 1000;
      closeRecording();
      const player = new Player(buffer, after, () => showPlaying());
      player.listenTo(side());
      player.sameLoudness = loudness.checked;
      player.seek(resumeAt);
      recording = { name, before: buffer, after, player };
      position.max = String(player.duration);
      element('result').hidden = false;
      drawBoth(recording, Number(range.value));
      showPosition();
      if (wasPlaying) togglePlay();
      setBadge(state, `Done in ${seconds.toFixed(1)} s`, 'good');
      progress.hidden = true;
    } catch (error) {
      // Another strength is being worked on already.
      if (error instanceof NoiseSuppressorError && error.code === 'aborted') return;
      progress.hidden = true;
      setBadge(state, 'Failed', 'bad');
      showProblem(problem, explain(error));
    }
  }
}

function sides(): NodeListOf<HTMLInputElement> {
  return document.querySelectorAll<HTMLInputElement>('input[name="side"]');
}

function side(): Side {
  return [...sides()].find(({ checked }) => checked)?.value === 'before' ? 'before' : 'after';
}

function closeRecording(): void {
  recording?.player.close();
  recording = undefined;
  element('result').hidden = true;
  showPlaying();
}

function drawBoth({ before, after }: Recording, maxHertz: number): void {
  for (const [id, buffer] of [
    ['file-before', before],
    ['file-after', after],
  ] as const) {
    drawRecording(element<HTMLCanvasElement>(id), buffer.getChannelData(0), buffer.sampleRate, maxHertz);
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

function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

async function download(): Promise<void> {
  if (!recording || !worker) return;
  try {
    const url = URL.createObjectURL(await worker.wav(recording.after));
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
