import { Denoiser } from 'percepnet-wasm/offline';

const denoiser = await Denoiser.create();

/** Any number of samples, in place, `denoiser.delay` later. Gives the probability of speech. */
export function denoiseFrame(samples: Float32Array): number {
  return denoiser.process(samples, samples);
}
