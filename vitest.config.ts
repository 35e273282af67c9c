import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

const BROWSER = [
  'test/browser/**/*.test.ts',
  'test/reliability/browser/**/*.test.ts',
  'test/src/adapters/**/*.test.ts',
  // Of sources that nothing but a page can run.
  'test/src/graph/{node,output-track,track}.test.ts',
  'test/src/loading/assets.test.ts',
  'test/bench/bench.test.ts',
  'test/bench/compare/compare.test.ts',
  'test/examples/file/file.test.ts',
];
const PACKAGE = ['test/package/**/*.test.ts', 'test/bundlers/**/*.test.ts'];
const RELIABILITY = ['test/reliability/*.test.ts'];
/** More than some seconds each on a calm machine: whole recordings, processes, timings. All other tests are the daily loop. */
const SLOW = [
  'test/quality/**/*.test.ts',
  'test/speed/**/*.test.ts',
  'test/scripts/ci-tests.test.ts',
  'test/evaluation/ladder.test.ts',
  'test/examples/file/clean.test.ts',
  'test/assembly/signal/resampler.test.ts',
  'test/src/core/model.test.ts',
  'test/src/entries/cli-{raw,split}.test.ts',
  'test/src/files/output.test.ts',
  'test/src/offline/workers.test.ts',
];

const node = {
  setupFiles: ['test/helpers/coverage-setup.ts'],
  testTimeout: 60_000,
  hookTimeout: 180_000,
};

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'fast',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...SLOW, ...RELIABILITY, ...BROWSER, ...PACKAGE],
          ...node,
          // A process of its own for each of a hundred files takes longer than most of them do.
          isolate: false,
          setupFiles: [...node.setupFiles, 'test/helpers/leave-nothing.ts'],
          // Vitest leaves one core free, of two the half. What others measure is not to be disturbed: these have their turn alone.
          maxWorkers: availableParallelism(),
          sequence: { groupOrder: 1 },
        },
      },
      { test: { name: 'slow', include: SLOW, ...node } },
      { test: { name: 'reliability', include: RELIABILITY, ...node } },
      {
        test: {
          name: 'browser',
          include: BROWSER,
          globalSetup: ['test/browser/setup.ts'],
          // One audio thread at a time: timings of one file must not disturb those of another.
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'package',
          include: PACKAGE,
          globalSetup: ['test/package/setup.ts'],
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
