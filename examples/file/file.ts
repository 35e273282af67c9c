/** The file page: drop or choose, suppress one after the other, compare, save. */
import { bufferOf, decode, mix, samples } from '../shared/audio';
import { chosenNetwork, onNetwork } from '../shared/network';
import { chosen, element, onChoice, onLayoutChange, save, setBadge, strengthSlider } from '../shared/page';
import { Player, type Sound } from '../shared/player';
import { explain, showProblem } from '../shared/problems';
import { drawShades } from '../shared/spectrogram';
import { checkSupport } from '../shared/support';
import { Transport } from '../shared/transport';
import { drawWaveform, peakOf } from '../shared/waveform';
import type { Side, Source } from './file-worker';
import { type Deeds, Entry } from './queue';
import { FileWorker, type Recorded } from './worker-client';

/** Speech above noise in the example, in decibels. */
const EXAMPLE_SNR = 8;
const SIDES = ['before', 'after'] as const;
/** Why work is given up and begun anew. */
const CHANGED = new DOMException('the settings were changed', 'AbortError');

const problem = element('problem');
const state = element('state');
const drop = element('drop');
const input = element<HTMLInputElement>('file');
const loudness = element<HTMLInputElement>('loudness');
const range = element<HTMLSelectElement>('range');
const keepVideo = element<HTMLInputElement>('keep-video');
const strength = strengthSlider('strength');

let worker: FileWorker | undefined;
let entries: Entry[] = [];
let working: Entry | undefined;
let shown: Entry | undefined;
let player: Player<Side> | undefined;
const transport = new Transport(() => player);

const deeds: Deeds = {
  show,
  save({ name, recorded }) {
    if (recorded) save(recorded.file, `${name.replace(/\.[^.]*$/, '')}-denoised${recorded.extension}`);
  },
  cancel(entry) {
    if (entry === working) entry.abort?.abort();
    else set(entry, { is: 'cancelled' });
    showState();
  },
  again,
  remove(entry) {
    if (entry === shown) hide();
    entry.recorded?.close();
    entry.row.remove();
    entries = entries.filter((other) => other !== entry);
    showState();
    input.focus();
  },
};

function set(entry: Entry, next: Entry['state']): void {
  entry.set(next, entry === shown);
}

function add(name: string, source: () => Promise<Source>): void {
  const entry = new Entry(name, source, deeds);
  entries.push(entry);
  element('queue').append(entry.row);
  next();
}

/** What was cancelled or failed, or is to be made with other settings. */
function again(entry: Entry): void {
  set(entry, { is: 'waiting' });
  next();
}

/** The next one in the list, when none is being worked on. */
async function next(): Promise<void> {
  showState();
  if (working) return;
  const entry = entries.find((candidate) => candidate.state.is === 'waiting');
  if (!entry) return;
  working = entry;
  await work(entry);
  working = undefined;
  next();
}

async function work(entry: Entry): Promise<void> {
  const since = performance.now();
  const abort = new AbortController();
  entry.abort = abort;
  set(entry, { is: 'working', fraction: 0, since });
  showState();
  showProblem(problem, null);
  try {
    worker ??= new FileWorker();
    const how = {
      strength: Number(strength.value) / 100,
      network: await chosenNetwork(),
      keepVideo: keepVideo.checked,
    };
    const tell = (fraction: number): void => set(entry, { is: 'working', fraction, since });
    const recorded = await cleanAny(worker, entry, how, abort.signal, tell);
    entry.recorded?.close();
    entry.recorded = recorded;
    set(entry, { is: 'done', seconds: (performance.now() - since) / 1000 });
    if (!shown || shown === entry) show(entry);
  } catch (error) {
    if (abort.signal.aborted) {
      // Settings were changed, or it was cancelled.
      set(entry, { is: abort.signal.reason === CHANGED ? 'waiting' : 'cancelled' });
      return;
    }
    const told = explain(error);
    set(entry, { is: 'failed', problem: told });
    showProblem(problem, entries.length > 1 ? { ...told, what: `${entry.name}: ${told.what}` } : told);
  }
}

/** Bit by bit where the browser can, else as a whole. */
async function cleanAny(
  worker: FileWorker,
  { source }: Entry,
  how: Parameters<FileWorker['clean']>[1],
  signal: AbortSignal,
  tell: (fraction: number) => void,
): Promise<Recorded> {
  const given = await source();
  try {
    return await worker.clean(given, how, signal, tell);
  } catch (error) {
    const unread = error instanceof DOMException && error.name === 'EncodingError';
    if (!unread || !(given instanceof Blob) || signal.aborted) throw error;
    const recorded = await worker.clean(sourceOf(await decode(given)), how, signal, tell);
    const note = `Read as a whole, for this browser cannot read this format bit by bit. ${recorded.note}`;
    return { ...recorded, note: given.type.startsWith('video/') ? `${note} This is the sound alone.` : note };
  }
}

function sourceOf(buffer: AudioBuffer): Source {
  const channels = Array.from({ length: buffer.numberOfChannels }, (_, c) => buffer.getChannelData(c));
  return { channels, sampleRate: buffer.sampleRate };
}

function showState(): void {
  const count = (is: Entry['state']['is']): number => entries.filter((entry) => entry.state.is === is).length;
  const open = count('waiting') + count('working');
  if (entries.length === 0) setBadge(state, 'No file', 'quiet');
  else if (open === 0) showEnd(count('failed'), count('cancelled'));
  else if (entries.length === 1) setBadge(state, 'Working', 'warn');
  else setBadge(state, `Working on ${entries.length - open + 1} of ${entries.length}`, 'warn');
}

function showEnd(failed: number, cancelled: number): void {
  const done = entries.length - failed - cancelled;
  if (failed > 0) setBadge(state, entries.length === 1 ? 'Failed' : `${failed} of ${entries.length} failed`, 'bad');
  else if (done === 0) setBadge(state, 'Cancelled', 'quiet');
  else setBadge(state, entries.length === 1 ? 'Done' : `Done: ${done} of ${entries.length}`, 'good');
}

function show(entry: Entry): void {
  const { recorded, name } = entry;
  if (!recorded) return;
  const same = shown === entry ? player : undefined;
  const at = same?.position ?? 0;
  const playing = same?.playing ?? false;
  hide();
  shown = entry;
  entry.draw(true);
  player = new Player<Side>({
    sounds: { before: soundOf(recorded, 'before'), after: soundOf(recorded, 'after') },
    duration: recorded.length / recorded.sampleRate,
    sampleRate: recorded.sampleRate,
    heard: side(),
    onEnd: () => transport.show(),
    onError: (error) => {
      transport.show();
      showProblem(problem, explain(error));
    },
  });
  player.sameLoudness = loudness.checked;
  player.seek(at);
  element('name').textContent = name;
  element('note').textContent = recorded.note;
  element('note').hidden = recorded.note === '';
  element('download').textContent = `Download ${recorded.extension.slice(1).toUpperCase()}`;
  element('result').hidden = false;
  draw();
  if (playing) transport.start();
  else transport.show();
}

function hide(): void {
  player?.close();
  player = undefined;
  const before = shown;
  shown = undefined;
  before?.draw(false);
  element('result').hidden = true;
}

function soundOf({ sampleRate, pictures, read }: Recorded, side: Side): Sound {
  return {
    loudness: pictures[side].loudness,
    async read(from, seconds) {
      const channels = await read(side, Math.round(from * sampleRate), Math.round(seconds * sampleRate));
      const length = channels[0]?.length ?? 0;
      if (length === 0) return null;
      const buffer = new AudioBuffer({ length, numberOfChannels: channels.length, sampleRate });
      for (const [c, channel] of channels.entries()) buffer.copyToChannel(channel, c);
      return buffer;
    },
  };
}

function side(): Side {
  return chosen('side') === 'before' ? 'before' : 'after';
}

function draw(): void {
  const pictures = shown?.recorded?.pictures;
  if (!pictures) return;
  const peak = peakOf(pictures.before.low, pictures.before.high);
  for (const name of SIDES) {
    const { low, high, shades, sampleRate } = pictures[name];
    drawWaveform(element<HTMLCanvasElement>(`wave-${name}`), low, high, peak);
    const canvas = element<HTMLCanvasElement>(`spectrum-${name}`);
    drawShades(canvas, shades, low.length, sampleRate, Number(range.value));
  }
}

/** What is being worked on begins anew; what is shown is made again, and goes on playing until it is there. */
function change(): void {
  working?.abort?.abort(CHANGED);
  if (shown && shown !== working) again(shown);
}

function addFiles(files: FileList | null | undefined): void {
  for (const file of files ?? []) add(file.name, async () => file);
}

input.addEventListener('change', () => {
  addFiles(input.files);
  // The same one may be chosen again.
  input.value = '';
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
  addFiles(event.dataTransfer?.files);
});
element('example').addEventListener('click', () =>
  add('words-in-the-rain.wav', async () => {
    const { speech, rain } = await samples(import.meta.url);
    return sourceOf(bufferOf(mix(speech, rain, EXAMPLE_SNR)));
  }),
);
onNetwork(change);
strength.addEventListener('change', change);
keepVideo.addEventListener('change', change);
loudness.addEventListener('change', () => {
  if (player) player.sameLoudness = loudness.checked;
});
onChoice('side', () => player?.listenTo(side()));
for (const plot of document.querySelectorAll<HTMLElement>('.seek')) {
  plot.addEventListener('click', (event) => {
    if (player) transport.seek((event.offsetX / plot.clientWidth) * player.duration);
  });
}
element('download').addEventListener('click', () => shown && deeds.save(shown));
range.addEventListener('change', draw);
onLayoutChange(draw);
await checkSupport(problem, false);
