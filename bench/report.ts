/** What a run of the bench found: a row for each subject, and the whole as JSON or as text to paste into a message. */
import type { Driven } from './drive';
import type { Subject } from './subjects';

export interface Row {
  readonly subject: Subject;
  /** Microseconds per 10 ms, of each round. */
  readonly rounds: number[];
  /** Their median. */
  worklet?: number;
  driven?: Driven;
  /** Share of real time. */
  live?: number;
  /** Why there is no live load. */
  note?: string;
}

export interface Surroundings {
  readonly date: string;
  readonly userAgent: string;
  readonly cores: number;
  /** Of audio for each subject and round. */
  readonly seconds: number;
  /** False when it was cancelled. */
  readonly complete: boolean;
}

/** Microseconds of 10 ms that are one per cent of a core. */
const ONE_PERCENT = 100;

/** What the table shows of a row; '' where nothing was measured. */
export function cellsOf({ subject, worklet, driven, live, note }: Row): string[] {
  const kilobytes = subject.firstUseGzipBytes / 1000;
  return [
    worklet === undefined ? '' : `${worklet.toFixed(0)} µs`,
    worklet === undefined ? '' : `${(worklet / ONE_PERCENT).toFixed(2)} %`,
    driven === undefined ? '' : `${driven.peakCallbackUs.toFixed(0)} µs`,
    driven === undefined ? '' : `${(driven.wasmMemoryBytes / 2 ** 20).toFixed(1)} MiB`,
    live === undefined ? (note ?? '') : `${(100 * live).toFixed(1)} %`,
    `${kilobytes.toFixed(kilobytes < 10 ? 1 : 0)} kB`,
  ];
}

export function asJson(rows: readonly Row[], where: Surroundings): string {
  return JSON.stringify(
    {
      ...where,
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

/** Columns under one another in any font of fixed width: microseconds, share of a core, busiest callback, first use. */
export function asText(rows: readonly Row[], where: Surroundings): string {
  const lines = rows
    .filter(({ worklet }) => worklet !== undefined)
    .map((row) => {
      const [worklet = '', share = '', peak = '', , , bytes = ''] = cellsOf(row);
      return [row.subject.label, worklet, share, peak, bytes];
    });
  const table = [['', 'per 10 ms', 'of a core', 'busiest', 'first use'], ...lines];
  const widths = table[0]!.map((_, c) => Math.max(...table.map((line) => line[c]!.length)));
  const text = table.map(([name = '', ...cells]) =>
    [name.padEnd(widths[0]!), ...cells.map((cell, c) => cell.padStart(widths[c + 1]!))].join('  ').trimEnd(),
  );
  const versions = [...new Set(rows.map(({ subject }) => subject.package).filter(Boolean))];
  return [
    `Noise suppression, CPU time of the whole worklet${where.complete ? '' : ' (run cancelled)'}`,
    ...text,
    `${where.seconds} s of audio, ${where.date.slice(0, 10)}, ${where.cores} cores, ${where.userAgent}`,
    versions.join(', '),
  ].join('\n');
}
