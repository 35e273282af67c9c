/** Who does the work on files: this thread, or worker threads, one file or part of one at a time in each. Node only. */
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { CORE_CHANNELS } from '../core/exports';
import { acquireCore, type SharedCore } from '../offline/cores';
import type { DenoiseOptions } from '../offline/options';
import { NoiseSuppressorError, type NoiseSuppressorErrorCode } from '../shared/errors';
import { denoiseFile, denoiseInParts, type FileResult, type PartTask } from './denoise-files';
import { keepFor, type PartialNote, tellPartials } from './output';
import type { FileTask } from './plan';
import type { WavFormat } from './wav';

/** What all files of a call have in common; a worker gets a copy. */
export interface Work {
  readonly assets: Pick<NonNullable<DenoiseOptions['assets']>, 'network' | 'wasm'> & { readonly model?: string };
  readonly strength: number;
  /** What the samples are where there is no header. */
  readonly raw?: WavFormat;
}

export interface Runner {
  /** @throws what denoiseFile throws */
  run(task: FileTask | PartTask, onProgress: (fraction: number) => void): Promise<FileResult>;
  close(): void;
}

/** In a worker's data, so that a thread of somebody else's that imports the command line stays his. */
const MARK = 'percepnet-wasm files';

interface Started {
  readonly mark: typeof MARK;
  readonly work: Work;
}

/** From a worker: how far it is, that it is done, that it failed; and notes of partial files. */
type Report =
  | { readonly progress: number }
  | { readonly result: FileResult }
  | { readonly failure: string; readonly code?: NoiseSuppressorErrorCode }
  | PartialNote;

/**
 * Files in this thread. A core that breaks is replaced for the next file.
 * @throws {NoiseSuppressorError} as acquireCore does
 */
export async function localRunner({ assets, strength, raw }: Work): Promise<Runner> {
  let core: SharedCore = await acquireCore(assets, CORE_CHANNELS);
  return {
    async run(task, onProgress) {
      try {
        return await denoiseFile(core, task, strength, raw, onProgress);
      } finally {
        if (core.broken) core = core.renew();
      }
    },
    close: () => core.release(),
  };
}

/**
 * Files in a worker thread, which starts with the first. One that dies fails its file alone.
 * @param program the module that calls serve()
 */
export function workerRunner(program: URL, work: Work): Runner {
  let worker: Worker | null = null;
  const stop = async (): Promise<unknown> => worker?.terminate();
  const files = keepFor(stop);
  return {
    run(task, onProgress) {
      const workerData: Started = { mark: MARK, work };
      // What lives is large and few: collected sooner, two threads take 23 MB less, at no cost.
      worker ??= new Worker(program, { workerData, resourceLimits: { maxYoungGenerationSizeMb: 2 } });
      const thread = worker;
      return new Promise((resolve, reject) => {
        const onExit = (): void => onError(new Error('its thread ended before it was done'));
        const onError = (error: unknown): void => {
          worker = null;
          settle();
          reject(error);
        };
        const onMessage = (report: Report): void => {
          if ('partial' in report) files.note(report);
          else if ('progress' in report) onProgress(report.progress);
          else {
            settle();
            if ('result' in report) resolve(report.result);
            else
              reject(report.code ? new NoiseSuppressorError(report.code, report.failure) : new Error(report.failure));
          }
        };
        const settle = (): void => {
          thread.off('message', onMessage).off('error', onError).off('exit', onExit);
        };
        thread.on('message', onMessage).on('error', onError).on('exit', onExit);
        thread.postMessage(task);
      });
    },
    close() {
      files.done();
      void stop();
    },
  };
}

/**
 * One file at a time in as many parts as there are runners, each in another of them.
 * @param raw what the samples are where there is no header
 */
export function partsRunner(runners: readonly Runner[], raw?: WavFormat): Runner {
  const all = runners.map(({ run }) => run);
  return {
    run: (task, onProgress) => denoiseInParts(all, task, raw, onProgress),
    close() {},
  };
}

/** Does what a workerRunner asks, if one has started this thread. */
export function serve(): void {
  const port = parentPort;
  if (!port || (workerData as Partial<Started> | null)?.mark !== MARK) return;
  const { work } = workerData as Started;
  const runner = localRunner(work);
  const report = (what: Report): void => port.postMessage(what);
  tellPartials(report);
  // One at a time: the next task comes after the last report.
  port.on('message', async (task: FileTask | PartTask) => {
    try {
      report({ result: await (await runner).run(task, (progress) => report({ progress })) });
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error);
      report({ failure, ...(error instanceof NoiseSuppressorError && { code: error.code }) });
    }
  });
}
