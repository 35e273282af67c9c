import { loadRnnoise, RnnoiseWorkletNode } from '@sapphi-red/web-noise-suppressor';
import url from '@sapphi-red/web-noise-suppressor/rnnoise.wasm?url';
import simdUrl from '@sapphi-red/web-noise-suppressor/rnnoise_simd.wasm?url';
import workletUrl from '@sapphi-red/web-noise-suppressor/rnnoiseWorklet.js?url';

export async function connect(source: AudioNode, destination: AudioNode): Promise<() => void> {
  // 48000 Hz, or the sound is another one.
  const context = source.context as AudioContext;
  const wasmBinary = await loadRnnoise({ url, simdUrl });
  await context.audioWorklet.addModule(workletUrl);
  const node = new RnnoiseWorkletNode(context, { wasmBinary, maxChannels: 1 });
  source.connect(node).connect(destination);
  return () => node.destroy();
}
