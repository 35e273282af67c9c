/** The compare page: one recording through all suppressors, switched in place, seen under one another, judged without names. */
import { bufferOf, decode, mix, power, RATE, samples } from '../../examples/shared/audio';
import { showLoads } from '../../examples/shared/loading';
import { chosen, element, onChoice, onLayoutChange, setBadge } from '../../examples/shared/page';
import { Player, type Sound, soundOf } from '../../examples/shared/player';
import { explain, type Problem, showProblem } from '../../examples/shared/problems';
import { drawRecording } from '../../examples/shared/spectrogram';
import { checkSupport } from '../../examples/shared/support';
import { Transport } from '../../examples/shared/transport';
import { hasRelaxedSimd } from '../../src/loading/support';
import { loadSubjects, type Subject } from '../subjects';
import { beginning } from './beginning';
import { type Answer, BlindTest } from './blind';
import { type Recorder, record } from './record';
import { compared, through } from './versions';

/** Speech above noise in the example, in decibels. */
const EXAMPLE_SNR = 6;
/** Of a recording: more would be forgotten before the last version is heard. */
const MAX_SECONDS = 30;
const INPUT = 'input';
const SILENT: Problem = {
  what: `There is only silence in the first ${MAX_SECONDS} s of this recording.`,
  advice: 'Choose another one, or see that the microphone is not muted and record again.',
};

interface Version {
  readonly name: string;
  readonly label: string;
  readonly buffer: AudioBuffer;
}

const problem = element('problem');
const state = element('state');
const microphone = element<HTMLButtonElement>('microphone');
const file = element<HTMLInputElement>('file');
const matched = element<HTMLInputElement>('matched');
const range = element<HTMLSelectElement>('range');
const progress = element<HTMLProgressElement>('progress');

let versions: Version[] = [];
let player: Player<string> | undefined;
const transport = new Transport(() => player);
let recorder: Recorder | undefined;
let test: BlindTest<string> | undefined;
/** Counts what is compared: work on what nobody wants any more ends. */
let turn = 0;

async function compare(read: () => Promise<AudioBuffer>): Promise<void> {
  const mine = ++turn;
  close();
  showProblem(problem, null);
  setBadge(state, 'Reading', 'warn');
  progress.hidden = false;
  progress.value = 0;
  try {
    const input = monoOf(await read());
    if (mine !== turn) return;
    if (!input) {
      setBadge(state, 'Failed', 'bad');
      showProblem(problem, SILENT);
      return;
    }
    const subjects = compared(await loadSubjects(), hasRelaxedSimd());
    const made: Version[] = [{ name: INPUT, label: 'Not suppressed', buffer: input }];
    const failed: string[] = [];
    for (const [i, subject] of subjects.entries()) {
      if (mine !== turn) return;
      setBadge(state, `Through ${labelOf(subject)}`, 'warn');
      try {
        made.push({ name: subject.name, label: labelOf(subject), buffer: await through(subject, input) });
      } catch (error) {
        failed.push(`${labelOf(subject)}: ${error instanceof Error ? error.message : String(error)}`);
      }
      progress.value = (i + 1) / subjects.length;
    }
    if (mine !== turn) return;
    open(made);
    setBadge(state, 'Ready', 'good');
    if (failed.length > 0) showProblem(problem, { what: 'Not all could run here.', advice: failed.join('; ') });
  } catch (error) {
    if (mine !== turn) return;
    setBadge(state, 'Failed', 'bad');
    showProblem(problem, explain(error));
  } finally {
    if (mine === turn) progress.hidden = true;
  }
}

function labelOf({ name, label, kind }: Subject): string {
  return kind === 'percepnet' ? `PercepNet ${name}` : label.replace(', SIMD', '');
}

/** The louder channel, as long as is compared: all suppressors here take one. Undefined for silence. */
function monoOf(buffer: AudioBuffer): AudioBuffer | undefined {
  const channels = Array.from({ length: buffer.numberOfChannels }, (_, c) =>
    buffer.getChannelData(c).slice(0, MAX_SECONDS * RATE),
  );
  const powers = channels.map(power);
  const most = Math.max(...powers);
  return most > 0 ? bufferOf(channels[powers.indexOf(most)]!) : undefined;
}

function open(made: Version[]): void {
  versions = made;
  element('versions').replaceChildren(...versions.map(rowOf));
  onChoice('version', (name) => player?.listenTo(name));
  element('result').hidden = false;
  player = new Player<string>({
    sounds: Object.fromEntries(versions.map(({ name, buffer }) => [name, soundOf(buffer)])) as Record<string, Sound>,
    duration: versions[0]!.buffer.duration,
    sampleRate: RATE,
    heard: INPUT,
    onEnd: () => {
      // While it is judged it is played again and again.
      if (test) transport.start();
      else transport.show();
    },
    onError: (error) => showProblem(problem, explain(error)),
  });
  player.sameLoudness = matched.checked;
  showBlind();
  transport.show();
  draw();
}

function close(): void {
  player?.close();
  player = undefined;
  test = undefined;
  versions = [];
  element('result').hidden = true;
}

function rowOf({ name, label }: Version): HTMLElement {
  const row = document.createElement('label');
  row.className = 'rung';
  const head = document.createElement('span');
  head.className = 'rung-head';
  const input = document.createElement('input');
  Object.assign(input, { type: 'radio', name: 'version', value: name, checked: name === INPUT });
  const title = document.createElement('strong');
  title.textContent = label;
  head.append(input, title);
  const plot = document.createElement('span');
  plot.className = 'plot';
  const canvas = document.createElement('canvas');
  canvas.id = `plot-${name}`;
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', `Spectrogram: ${label}`);
  const scale = document.createElement('span');
  scale.className = 'scale';
  scale.setAttribute('aria-hidden', 'true');
  const cursor = document.createElement('span');
  cursor.className = 'cursor';
  plot.append(canvas, scale, cursor);
  row.append(head, plot);
  return row;
}

/** One picture a task, so that the page answers in between. */
async function draw(): Promise<void> {
  const mine = turn;
  for (const { name, buffer } of versions) {
    if (mine !== turn || test) return;
    const canvas = element<HTMLCanvasElement>(`plot-${name}`);
    drawRecording(canvas, buffer.getChannelData(0), RATE, Number(range.value));
    await new Promise((resolve) => setTimeout(resolve));
  }
}

/** The blind test, or all versions with their names. */
function showBlind(): void {
  const pair = test?.pair;
  element('versions').hidden = test !== undefined;
  element('view').hidden = test !== undefined;
  element('blind').hidden = pair === undefined;
  element('begin').hidden = test !== undefined && pair !== undefined;
  element('found').hidden = test === undefined || pair !== undefined;
  matched.disabled = pair !== undefined;
  if (!player) return;
  // Louder is liked better, whoever it is.
  player.sameLoudness = pair !== undefined || matched.checked;
  if (!test) player.listenTo(chosen('version'));
  else if (pair) {
    element<HTMLInputElement>('hear-a').checked = true;
    element('round').textContent = `Pair ${test.round + 1} of ${test.pairs.length}`;
    player.listenTo(pair[0]);
  }
}

function begin(): void {
  test = new BlindTest(versions.map(({ name }) => name).filter((name) => name !== INPUT));
  showBlind();
  player?.seek(0);
  transport.start();
  element('hear-a').focus();
}

function answer(given: Answer): void {
  test?.answer(given);
  if (test && !test.pair) end();
  else showBlind();
}

function end(): void {
  const over = test;
  if (!over) return;
  const label = (name: string): string => versions.find((version) => version.name === name)?.label ?? name;
  const { preferred, standings, round } = over;
  test = undefined;
  showBlind();
  draw();
  element('found').hidden = round === 0;
  if (round === 0) return;
  element('preferred').textContent =
    preferred.length === 1
      ? `You preferred ${label(preferred[0]!)}.`
      : `You liked ${list(preferred.map(label))} alike.`;
  element('standings').replaceChildren(
    ...standings.map(({ name, points, pairs }) => {
      const item = document.createElement('li');
      item.textContent = `${label(name)}: ${points} of ${pairs}`;
      return item;
    }),
  );
  element('found').focus();
}

function list(names: string[]): string {
  return names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

async function toggleMicrophone(): Promise<void> {
  const ending = recorder;
  if (ending) {
    recorder = undefined;
    microphone.textContent = 'Record yourself';
    const recorded = ending.stop();
    await compare(async () => decode(await recorded));
    return;
  }
  showProblem(problem, null);
  microphone.disabled = true;
  try {
    const started = await record(() => started === recorder && toggleMicrophone());
    recorder = started;
    setBadge(state, 'Recording', 'bad');
    microphone.textContent = 'Stop recording';
    setTimeout(() => started === recorder && toggleMicrophone(), MAX_SECONDS * 1000);
  } catch (error) {
    showProblem(problem, explain(error));
  } finally {
    microphone.disabled = false;
  }
}

element('example').addEventListener('click', () =>
  compare(async () => {
    const { speech, rain } = await samples(import.meta.url);
    return bufferOf(mix(speech, rain, EXAMPLE_SNR));
  }),
);
file.addEventListener('change', () => {
  const chosenFile = file.files?.[0];
  if (chosenFile) compare(async () => decode(await beginning(chosenFile, MAX_SECONDS)));
  file.value = '';
});
microphone.addEventListener('click', toggleMicrophone);
matched.addEventListener('change', () => {
  if (player) player.sameLoudness = matched.checked;
});
range.addEventListener('change', draw);
onLayoutChange(draw);
element('begin').addEventListener('click', begin);
element('stop').addEventListener('click', end);
onChoice('side', (side) => {
  const pair = test?.pair;
  if (pair) player?.listenTo(pair[side === 'a' ? 0 : 1]);
});
for (const given of ['a', 'b', 'none'] as const)
  element(`prefer-${given}`).addEventListener('click', () => answer(given));
showLoads();
await checkSupport(problem);
