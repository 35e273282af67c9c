import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [
            'test/browser/**',
            'test/reliability/browser/**',
            'test/src/adapters/**',
            'test/package/**',
            'test/bundlers/**',
          ],
          setupFiles: ['test/helpers/coverage-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: 'browser',
          include: [
            'test/browser/**/*.test.ts',
            'test/reliability/browser/**/*.test.ts',
            'test/src/adapters/**/*.test.ts',
          ],
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
          include: ['test/package/**/*.test.ts', 'test/bundlers/**/*.test.ts'],
          globalSetup: ['test/package/setup.ts'],
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
