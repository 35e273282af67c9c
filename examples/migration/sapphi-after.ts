import { NoiseSuppressorNode } from 'percepnet-wasm';

export async function connect(source: AudioNode, destination: AudioNode): Promise<() => void> {
  // Any rate.
  const node = await NoiseSuppressorNode.create(source.context);
  source.connect(node).connect(destination);
  return () => node.destroy();
}
