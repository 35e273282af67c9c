/** Reads, suppresses and writes recordings off the main thread, a piece at a time; and reads what is to be played. */
import { type Loads, watchLoads } from '../shared/loading';
import { clean, type How } from './clean';
import { createResult } from './output';
import { type Picture, PictureMaker } from './picture';
import { openRecording, Reader, type Recording, recordingOf, type Samples } from './recording';
import { type Place, place } from './store';

export type Side = 'before' | 'after';

/** A file, or what the page has decoded of one that cannot be read bit by bit. */
export type Source = File | { readonly channels: Samples; readonly sampleRate: number };

/** Of a job: its own id counts from 1, as that of everything which is asked. */
export type FileJob =
  | { type: 'clean'; id: number; source: Source; how: How; keepVideo: boolean }
  | { type: 'cancel'; id: number }
  /** Of what the job with the id `of` made. */
  | { type: 'read'; id: number; of: number; side: Side; first: number; count: number }
  | { type: 'forget'; id: number };

export interface Cleaned {
  readonly file: Blob;
  readonly extension: string;
  readonly note: string;
  readonly sampleRate: number;
  /** Samples. */
  readonly length: number;
  readonly pictures: Record<Side, Picture>;
}

export type FileAnswer =
  | ({ type: 'load' } & Loads)
  | { type: 'progress'; id: number; fraction: number }
  | { type: 'cleaned'; id: number; cleaned: Cleaned }
  | { type: 'samples'; id: number; channels: Samples }
  | { type: 'error'; id: number; code: string; name: string; message: string };

// Pages and workers have one type of global here.
const scope = self as unknown as {
  onmessage: ((event: MessageEvent<FileJob>) => void) | null;
  postMessage(answer: FileAnswer, transfer?: Transferable[]): void;
};

const PROGRESS_MS = 100;

watchLoads((loads) => scope.postMessage({ type: 'load', ...loads }));

interface Made {
  readonly sides: Record<Side, Reader>;
  close(): void;
}

const running = new Map<number, AbortController>();
const made = new Map<number, Made>();

scope.onmessage = async ({ data: job }) => {
  const { id } = job;
  try {
    if (job.type === 'clean') await cleanAll(job);
    else if (job.type === 'read') {
      const channels = (await made.get(job.of)?.sides[job.side].read(job.first, job.count)) ?? [];
      scope.postMessage(
        { type: 'samples', id, channels },
        channels.map(({ buffer }) => buffer),
      );
    } else if (job.type === 'cancel') running.get(id)?.abort();
    else {
      made.get(id)?.close();
      made.delete(id);
    }
  } catch (error) {
    const { code, name, message } = error as { code?: unknown; name?: string; message?: string };
    const text = typeof code === 'string' ? code : '';
    scope.postMessage({ type: 'error', id, code: text, name: name ?? '', message: message ?? String(error) });
  }
};

async function cleanAll({ id, source, how, keepVideo }: FileJob & { type: 'clean' }): Promise<void> {
  const abort = new AbortController();
  running.set(id, abort);
  const opened: Recording[] = [];
  let room: Place | undefined;
  try {
    const recording =
      source instanceof Blob ? await openRecording(source) : recordingOf(source.channels, source.sampleRate);
    opened.push(recording);
    abort.signal.throwIfAborted();
    room = await place();
    const { file, extension, note, after, before } = await work(id, recording, how, keepVideo, room, abort.signal);
    const result = await openRecording(file);
    opened.push(result);
    const { sampleRate, length } = recording;
    const stored = room;
    made.set(id, {
      sides: { before: new Reader(recording), after: new Reader(result) },
      close() {
        for (const one of opened) one.close();
        stored.remove().catch(() => {});
      },
    });
    const cleaned = { file, extension, note, sampleRate, length, pictures: { before, after } };
    scope.postMessage({ type: 'cleaned', id, cleaned });
  } catch (error) {
    for (const one of opened) one.close();
    await room?.remove().catch(() => {});
    // What is closed in the middle of reading fails in many ways.
    throw abort.signal.aborted ? abort.signal.reason : error;
  } finally {
    running.delete(id);
  }
}

async function work(
  id: number,
  recording: Recording,
  how: How,
  keepVideo: boolean,
  room: Place,
  signal: AbortSignal,
): Promise<Pick<Cleaned, 'file' | 'extension' | 'note'> & Record<Side, Picture>> {
  const { sampleRate, length } = recording;
  const before = new PictureMaker(length, sampleRate);
  const after = new PictureMaker(length, sampleRate);
  async function* seen(): AsyncGenerator<Samples> {
    for await (const piece of recording.pieces()) {
      before.push(piece[0]!);
      yield piece;
    }
  }
  let told = Number.NEGATIVE_INFINITY;
  let done = 0;
  const result = await createResult(recording, keepVideo, room.target);
  try {
    for await (const samples of clean(recording, seen(), how, signal)) {
      after.push(samples[0]!);
      await result.write(samples);
      done += samples[0]!.length;
      if (performance.now() - told < PROGRESS_MS) continue;
      told = performance.now();
      scope.postMessage({ type: 'progress', id, fraction: done / length });
    }
    await result.finish();
  } catch (error) {
    await result.cancel().catch(() => {});
    throw error;
  }
  const { extension, note } = result;
  const written = await room.file();
  // With its type, which a file of the browser's own store has not: the bytes stay where they are.
  const file = written.slice(0, written.size, result.mimeType);
  return { file, extension, note, before: before.finish(), after: after.finish() };
}
