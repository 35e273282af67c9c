/**
 * Keeps a node in the rendered graph though nothing hears it; browsers may skip unconnected nodes.
 * @returns ends it; safe to call again
 */
export function pull(node: AudioNode): () => void {
  let silence: GainNode | null = new GainNode(node.context, { gain: 0 });
  node.connect(silence).connect(node.context.destination);
  return () => {
    if (!silence) return;
    try {
      node.disconnect(silence);
    } catch {
      // The app has disconnected everything already.
    }
    silence.disconnect();
    silence = null;
  };
}
