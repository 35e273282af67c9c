// One of our networks, through the built library, over a folder of 48 kHz WAV files of 16 bits, its delay removed.
//   node evaluation/peers/ours.mjs <noisy folder> <output folder> <model.safetensors>
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { coreSizes } from '../../scripts/core-shape.mjs';
import { ensureBuild } from '../../scripts/ensure-build.mjs';
import { overFolder, throughBlocks } from './peer.mjs';

const { Denoiser } = await import(new URL('offline.js', ensureBuild()).href);
const { FRAME } = coreSizes();
const denoiser = await Denoiser.create({ assets: { model: pathToFileURL(resolve(process.argv[4])) } });
await overFolder((samples) => {
  denoiser.reset();
  return throughBlocks(samples, FRAME, denoiser.delay, (frame) => denoiser.process(frame, frame));
});
denoiser.destroy();
