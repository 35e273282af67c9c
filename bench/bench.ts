/** The bench page: every subject in turn, how long it still takes, a table, bars, and what to paste into an issue or a message. */
import type { NoiseSuppressorNode } from 'percepnet-wasm';
import { element, save, setBadge } from '../examples/shared/page';
import { explain, showProblem } from '../examples/shared/problems';
import { checkSupport } from '../examples/shared/support';
import { hasRelaxedSimd } from '../src/loading/support';
import { driveInWorker } from './drive-client';
import { type Choices, Plan, type Step, spoken } from './plan';
import { createNode, prepare, source } from './render';
import { asJson, asText, cellsOf, type Row } from './report';
import { median } from './statistics';
import { loadSubjects, runsHere, type Subject } from './subjects';

const LIVE_SECONDS = 10;
/** How long an audio output may take to start. */
const LIVE_START_MS = 3000;
const FRAMES_PER_SECOND = 100;
const CLOCK_MS = 500;

const run = element<HTMLButtonElement>('run');
const cancel = element<HTMLButtonElement>('cancel');
const state = element('state');
const problem = element('problem');
const progress = element<HTMLProgressElement>('progress');
const time = element('time');
const exports = ['copy-text', 'copy', 'save'].map((id) => element<HTMLButtonElement>(id));
const controls = ['seconds', 'rounds', 'peers', 'live'].map((id) => element<HTMLInputElement>(id));

let subjects: Subject[] = [];
let rows: Row[] = [];
/** Seconds of audio, and whether the run came to its end, of the rows. */
let seconds = 0;
let complete = false;
/** How this computer compares to the typical one, once something was measured. */
let pace: number | undefined;
let running: AbortController | undefined;

function choices(): Choices {
  return {
    seconds: Number(element<HTMLSelectElement>('seconds').value),
    rounds: Number(element<HTMLSelectElement>('rounds').value),
    live: element<HTMLInputElement>('live').checked ? LIVE_SECONDS : 0,
  };
}

function chosenSubjects(): Subject[] {
  const relaxed = hasRelaxedSimd();
  const peers = element<HTMLInputElement>('peers').checked;
  return subjects.filter((subject) => runsHere(subject, relaxed) && (peers || subject.kind !== 'peer'));
}

function showGuess(): void {
  if (running || subjects.length === 0) return;
  const about = spoken(new Plan(chosenSubjects(), choices(), pace).left());
  time.textContent = `Takes about ${about}${pace === undefined ? ' on a laptop of today' : ' here'}.`;
}

async function runAll(signal: AbortSignal): Promise<void> {
  const chosen = choices();
  const taking = chosenSubjects();
  seconds = chosen.seconds;
  complete = false;
  rows = taking.map((subject) => ({ subject, rounds: [] }));
  if (!taking.some(({ kind }) => kind === 'percepnet')) {
    showProblem(problem, {
      what: 'No network is there to be measured.',
      advice: 'Build again with a network under models/; only the others are measured now.',
    });
  }
  const plan = new Plan(taking, chosen, pace);
  let began = performance.now();
  const since = (): number => (performance.now() - began) / 1000;
  const tell = (): void => {
    progress.value = plan.fraction(since());
    time.textContent = `About ${spoken(plan.left(since()))} left.`;
  };
  const clock = setInterval(tell, CLOCK_MS);
  try {
    for (const step of plan.steps) {
      began = performance.now();
      setBadge(state, nameOf(step, chosen), 'warn');
      tell();
      await take(step, signal);
      signal.throwIfAborted();
      plan.done(since());
      pace = plan.pace;
      show();
    }
    complete = true;
  } finally {
    clearInterval(clock);
  }
}

function nameOf({ kind, subject, round }: Step, { rounds }: Choices): string {
  return kind === 'round' ? `Round ${round} of ${rounds}: ${subject.label}` : `${subject.label}: ${kind}`;
}

async function take({ kind, subject }: Step, signal: AbortSignal): Promise<void> {
  const row = rows.find((candidate) => candidate.subject === subject)!;
  if (kind === 'callbacks') {
    row.driven = await driveInWorker(subject, seconds, signal);
  } else if (kind === 'round') {
    const rendering = await prepare(subject, seconds, signal);
    await rendering.warmUp();
    const { wall, audio } = await rendering.finish();
    row.rounds.push((wall * 1e6) / (audio * FRAMES_PER_SECOND));
    row.worklet = median(row.rounds);
  } else {
    try {
      row.live = await measureLive(subject, signal);
    } catch (error) {
      if (signal.aborted) return;
      row.note = error instanceof Error ? error.message : String(error);
    }
  }
}

/** Mean of the load the node reports, over ten seconds of real time. */
async function measureLive(subject: Subject, signal: AbortSignal): Promise<number> {
  const context = new AudioContext({ sampleRate: 48000 });
  try {
    const resumed = context.resume().then(() => true);
    const late = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), LIVE_START_MS));
    if (!(await Promise.race([resumed, late]))) throw new Error('no audio output');
    const node = (await createNode(context, subject)) as NoiseSuppressorNode;
    const silence = new GainNode(context, { gain: 0 });
    source(context).connect(node).connect(silence).connect(context.destination);
    const loads: number[] = [];
    for (let second = 0; second < LIVE_SECONDS && !signal.aborted; second++) {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      // The first window has the start in it.
      if (second > 0) loads.push((await node.getStats()).load);
    }
    node.destroy();
    signal.throwIfAborted();
    return loads.reduce((sum, load) => sum + load, 0) / loads.length;
  } finally {
    await context.close();
  }
}

function show(): void {
  element('results').hidden = false;
  element('rows').replaceChildren(...rows.map(tableRow));
  const largest = Math.max(...rows.map(({ worklet }) => worklet ?? 0));
  element('chart').replaceChildren(
    ...rows.filter(({ worklet }) => worklet !== undefined).map((row) => bar(row, largest)),
  );
}

function tableRow(row: Row): HTMLTableRowElement {
  const { subject } = row;
  const line = document.createElement('tr');
  const head = document.createElement('th');
  head.scope = 'row';
  head.append(subject.label);
  if (subject.package) {
    const small = document.createElement('small');
    small.textContent = subject.package;
    head.append(small);
  }
  const cells = cellsOf(row).map((text) => Object.assign(document.createElement('td'), { textContent: text }));
  line.append(head, ...cells);
  return line;
}

function bar({ subject, worklet = 0 }: Row, largest: number): HTMLLIElement {
  const item = document.createElement('li');
  if (subject.kind === 'percepnet') item.className = 'ours';
  const name = document.createElement('span');
  name.textContent = subject.label;
  const track = document.createElement('span');
  track.className = 'track';
  const filled = document.createElement('i');
  filled.style.setProperty('--value', String(worklet / largest));
  const value = document.createElement('span');
  value.className = 'value';
  value.textContent = `${worklet.toFixed(0)} µs`;
  track.append(filled, value);
  item.append(name, track);
  return item;
}

function exported(as: typeof asJson): string {
  return as(rows, {
    date: new Date().toISOString(),
    userAgent: navigator.userAgent,
    cores: navigator.hardwareConcurrency,
    seconds,
    complete,
  });
}

async function copy(text: string): Promise<void> {
  const shown = element<HTMLTextAreaElement>('text');
  shown.hidden = true;
  try {
    await navigator.clipboard.writeText(text);
    setBadge(state, 'Copied', 'good');
  } catch {
    // No permission for the clipboard: the text is shown, to be copied by hand.
    shown.value = text;
    shown.hidden = false;
    shown.select();
  }
}

run.addEventListener('click', async () => {
  running = new AbortController();
  const { signal } = running;
  run.hidden = true;
  cancel.hidden = false;
  cancel.focus();
  for (const control of [...controls, ...exports]) control.disabled = true;
  element('text').hidden = true;
  progress.hidden = false;
  progress.value = 0;
  showProblem(problem, null);
  try {
    await runAll(signal);
    setBadge(state, 'Done', 'good');
  } catch (error) {
    if (signal.aborted) {
      setBadge(state, 'Cancelled', 'quiet');
    } else {
      setBadge(state, 'Failed', 'bad');
      showProblem(problem, explain(error));
    }
  } finally {
    running = undefined;
    progress.hidden = true;
    cancel.hidden = true;
    run.hidden = false;
    run.focus();
    for (const control of controls) control.disabled = false;
    for (const button of exports) button.disabled = !rows.some(({ worklet }) => worklet !== undefined);
    showGuess();
  }
});
cancel.addEventListener('click', () => running?.abort());
for (const control of controls) control.addEventListener('change', showGuess);
element('copy-text').addEventListener('click', () => copy(exported(asText)));
element('copy').addEventListener('click', () => copy(exported(asJson)));
element('save').addEventListener('click', () => {
  save(new Blob([exported(asJson)], { type: 'application/json' }), 'percepnet-bench.json');
});

try {
  subjects = await loadSubjects();
  if (await checkSupport(problem)) {
    run.disabled = false;
    showGuess();
  }
} catch (error) {
  showProblem(problem, explain(error));
}
