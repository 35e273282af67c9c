import { expect, test } from 'vitest';
import { compile } from '../../scripts/compile.mjs';

test.each([
  ['assembly/pitch/refine.ts', 'MAX_PERIOD samples after the window'],
  ['assembly/enhance/finer.ts', 'two frames after the one in decision'],
])('%s is not compiled with a look-ahead that is too short for it', async (entry, reason) => {
  const change = (file: string, text: string) =>
    file.endsWith('assembly/constants.ts') ? text.replace('LOOKAHEAD: i32 = 2;', 'LOOKAHEAD: i32 = 1;') : text;
  await expect(compile(entry, { change, options: ['-O0'] })).rejects.toThrow(reason);
});
