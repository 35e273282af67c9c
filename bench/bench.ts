/** The bench page: every subject in turn, a table, bars and a JSON to paste into an issue. */
import { NoiseSuppressorNode } from 'percepnet-wasm';
import { explain, showProblem } from '../examples/shared/problems';
import { hasRelaxedSimd } from '../src/loading/support';
import type { Driven } from './drive';
import { driveInWorker } from './drive-client';
import { createNode, prepare, source } from './render';
import { median } from './statistics';
import { loadSubjects, runsHere, type Subject } from './subjects';

const LIVE_SECONDS = 10;
/** How long an audio output may take to start. */
const LIVE_START_MS = 3000;
const FRAMES_PER_SECOND = 100;
/** Microseconds of 10 ms that are one per cent of a core. */
const ONE_PERCENT = 100;

interface Row {
  subject: Subject;
  rounds: number[];
  /** Microseconds per 10 ms. */
  worklet?: number;
  driven?: Driven;
  /** Share of real time. */
  live?: number;
  note?: string;
}

function element<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no element #${id}`);
  return found as T;
}

const run = element<HTMLButtonElement>('run');
const copy = element<HTMLButtonElement>('copy');
const state = element('state');
const problem = element('problem');
const progress = element<HTMLProgressElement>('progress');

let rows: Row[] = [];

function say(text: string, tone: string): void {
  state.textContent = text;
  state.dataset.tone = tone;
}

async function runAll(): Promise<void> {
  const seconds = Number(element<HTMLSelectElement>('seconds').value);
  const rounds = Number(element<HTMLSelectElement>('rounds').value);
  const peers = element<HTMLInputElement>('peers').checked;
  const live = element<HTMLInputElement>('live').checked;
  const relaxed = hasRelaxedSimd();
  const subjects = (await loadSubjects()).filter(
    (subject) => runsHere(subject, relaxed) && (peers || subject.kind !== 'peer'),
  );
  rows = subjects.map((subject) => ({ subject, rounds: [] }));
  const ours = rows.filter(({ subject }) => subject.kind === 'percepnet');
  if (ours.length === 0) {
    showProblem(problem, {
      what: 'No network is there to be measured.',
      advice: 'Build again with a network under models/; only the others are measured now.',
    });
  }
  const steps = (rounds + 1) * rows.length + (live ? ours.length : 0);
  let done = 0;
  const step = async (text: string, work: () => Promise<void>): Promise<void> => {
    say(text, 'warn');
    await work();
    progress.value = ++done / steps;
    show();
  };
  for (const row of rows) {
    await step(`${row.subject.label}: callbacks`, async () => {
      row.driven = await driveInWorker(row.subject, seconds);
    });
  }
  for (let round = 1; round <= rounds; round++) {
    for (const row of rows) {
      await step(`Round ${round} of ${rounds}: ${row.subject.label}`, async () => {
        const rendering = await prepare(row.subject, seconds);
        await rendering.warmUp();
        const { wall, audio } = await rendering.finish();
        row.rounds.push((wall * 1e6) / (audio * FRAMES_PER_SECOND));
        row.worklet = median(row.rounds);
      });
    }
  }
  if (!live) return;
  for (const row of ours) {
    await step(`${row.subject.label}: live`, async () => {
      try {
        row.live = await measureLive(row.subject);
      } catch (error) {
        row.note = error instanceof Error ? error.message : String(error);
      }
    });
  }
}

/** Mean of the load the node reports, over ten seconds of real time. */
async function measureLive(subject: Subject): Promise<number> {
  const context = new AudioContext({ sampleRate: 48000 });
  try {
    const running = context.resume().then(() => true);
    const late = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), LIVE_START_MS));
    if (!(await Promise.race([running, late]))) throw new Error('no audio output');
    const node = (await createNode(context, subject)) as NoiseSuppressorNode;
    const silence = new GainNode(context, { gain: 0 });
    source(context).connect(node).connect(silence).connect(context.destination);
    const loads: number[] = [];
    for (let second = 0; second < LIVE_SECONDS; second++) {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      // The first window has the start in it.
      if (second > 0) loads.push((await node.getStats()).load);
    }
    node.destroy();
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
  const { subject, worklet, driven, live, note } = row;
  const line = document.createElement('tr');
  const head = document.createElement('th');
  head.scope = 'row';
  head.append(subject.label);
  if (subject.package) {
    const small = document.createElement('small');
    small.textContent = subject.package;
    head.append(small);
  }
  const cells = [
    worklet === undefined ? '' : `${worklet.toFixed(0)} µs`,
    worklet === undefined ? '' : `${(worklet / ONE_PERCENT).toFixed(2)} %`,
    driven === undefined ? '' : `${driven.peakCallbackUs.toFixed(0)} µs`,
    driven === undefined ? '' : `${(driven.wasmMemoryBytes / 2 ** 20).toFixed(1)} MiB`,
    live === undefined ? (note ?? '') : `${(100 * live).toFixed(1)} %`,
    `${(subject.firstUseGzipBytes / 1000).toFixed(subject.firstUseGzipBytes < 10_000 ? 1 : 0)} kB`,
  ];
  line.append(head, ...cells.map((text) => Object.assign(document.createElement('td'), { textContent: text })));
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

function report(): string {
  return JSON.stringify(
    {
      date: new Date().toISOString(),
      userAgent: navigator.userAgent,
      cores: navigator.hardwareConcurrency,
      seconds: Number(element<HTMLSelectElement>('seconds').value),
      rows: rows.map(({ subject, rounds, worklet, driven, live }) => ({
        name: subject.name,
        package: subject.package,
        build: subject.build,
        usPer10ms: worklet,
        rounds,
        peakCallbackUs: driven?.peakCallbackUs,
        wasmMemoryBytes: driven?.wasmMemoryBytes,
        liveLoad: live,
        firstUseGzipBytes: subject.firstUseGzipBytes,
      })),
    },
    null,
    2,
  );
}

run.addEventListener('click', async () => {
  run.disabled = true;
  copy.disabled = true;
  progress.hidden = false;
  progress.value = 0;
  showProblem(problem, null);
  try {
    if (!NoiseSuppressorNode.isSupported()) throw new Error('This browser cannot run the suppressor: update it.');
    await runAll();
    say('Done', 'good');
    copy.disabled = false;
  } catch (error) {
    say('Failed', 'bad');
    showProblem(problem, explain(error));
  } finally {
    run.disabled = false;
    progress.hidden = true;
  }
});

copy.addEventListener('click', async () => {
  try {
    await navigator.clipboard.writeText(report());
    say('Copied', 'good');
  } catch {
    // No permission for the clipboard: the text is shown, to be copied by hand.
    const text = document.createElement('pre');
    text.textContent = report();
    text.tabIndex = 0;
    element('results').append(text);
    getSelection()?.selectAllChildren(text);
  }
});
