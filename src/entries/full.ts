/**
 * The network with a finer stage. Importing this makes `network: 'full'` work, and bundlers carry its 1.1 MB, which they do for no app that does not;
 * nothing is fetched before it is asked for. In a worker of its own bundle, import it there too.
 */
import { beside } from '../loading/beside';
import { offer } from '../loading/networks';

offer('full', () => beside(() => new URL('./model-full.safetensors', import.meta.url)));

/**
 * What to give as `network`.
 * @example `suppressNoise(track, { network: full })`
 */
export const full = 'full';
