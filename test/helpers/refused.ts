import { expect } from 'vitest';

/** An error of ours that names the option. */
export const refused = (name: string): object => ({
  name: 'NoiseSuppressorError',
  code: 'invalid-input',
  message: expect.stringContaining(name),
});
