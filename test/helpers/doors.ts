/** What options are checked by, at every door that makes nodes of them. */
import { expect } from 'vitest';
import { type NoiseSuppressionOptions, Session } from '../../src/adapters/react-session';
import { NoiseSuppressorTransformDevice } from '../../src/entries/chime';
import { NoiseSuppressorProcessor } from '../../src/entries/livekit';
import { checkCreate, checkLive, checkSupportOptions } from '../../src/graph/node-options';
import { refused } from './refused';

/** What useNoiseSuppression() says of its options. */
export function checkSession(options: object): void {
  const session = new Session(() => {});
  session.set(options as NoiseSuppressionOptions);
  const { refused: error } = session as unknown as { refused: Error | null };
  if (error) throw error;
}
export const livekit = (options: object): unknown => new NoiseSuppressorProcessor(options);
export const chime = (options: object): unknown => new NoiseSuppressorTransformDevice('default', options);

/** All that load for a context. */
export const LOADING: readonly ((options: object) => unknown)[] = [
  checkCreate,
  checkLive,
  livekit,
  chime,
  checkSupportOptions,
];

/** A network is named beside the files or among them, or a file is given in its place; nothing says both. */
export function takesOneNetwork(check: (options: object) => unknown): void {
  check({ network: 'lite' });
  check({ network: 'full', assets: { network: 'full' } });
  check({ network: 'full', assets: { base: '/percepnet/' } });
  for (const options of [
    { network: 'full', assets: { network: 'lite' } },
    { network: 'lite', assets: { model: '/own.safetensors' } },
    { assets: { network: 'full', model: new Uint8Array(4) } },
    { network: 'huge' },
  ]) {
    expect(() => check(options)).toThrow(expect.objectContaining(refused('network')));
  }
}
