/** What programs of Node know of the core: from one place, and nothing of it stands in them again. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { coreSizes } from '../../scripts/core-shape.mjs';
import * as shape from '../../src/core/shape';

const built = existsSync('build/shape.json');

test.skipIf(!built)(
  `the sizes are those of the library${built ? '' : ' (skipped: no build/shape.json, npm run build:core)'}`,
  () => {
    const sizes = coreSizes();
    expect(sizes).toMatchObject({ FRAME: 480, SAMPLE_RATE: 48_000 });
    expect(shape).toMatchObject(sizes);
  },
);

/** Numbers of others that happen to be ours. */
const OTHERS = [
  'bench/worklets/jitsi.js: FRAME',
  'bench/worklets/shiguredo.js: FRAME',
  'evaluation/ladder.mjs: BLOCK',
  'evaluation/peers/rnnoise.mjs: DELAY',
  'evaluation/peers/rnnoise.mjs: FRAME',
  'evaluation/peers/wav16.mjs: RATE',
];

test('no program has a size of the core as a constant of its own', () => {
  const { SAMPLE_RATE, FRAME, WINDOW, BINS, DELAY } = shape;
  const sizes = new Set([SAMPLE_RATE, FRAME, WINDOW, BINS, DELAY]);
  const found = ['bench', 'evaluation', 'scripts'].flatMap((folder) =>
    (readdirSync(folder, { recursive: true }) as string[])
      .filter((name) => /\.m?js$/.test(name))
      .map((name) => join(folder, name))
      .flatMap((file) =>
        [...readFileSync(file, 'utf8').matchAll(/^\s*(?:export )?const (\w+) = ([\d_]+);/gm)]
          .filter(([, , number = '']) => sizes.has(Number(number.replaceAll('_', '')) as never))
          .map(([, name]) => `${file}: ${name}`),
      ),
  );
  expect(found.sort()).toEqual(OTHERS);
});
