/** For the Amazon Chime SDK: `await audioVideo.startAudioInput(new NoiseSuppressorTransformDevice(deviceId))`. */
import type { AudioNodeSubgraph, AudioTransformDevice, Device } from 'amazon-chime-sdk-js';
import { NoiseSuppressorError } from './errors';
import { type CreateOptions, NoiseSuppressorNode } from './node';
import { recommendedConstraints } from './track';

export { NoiseSuppressorError, type NoiseSuppressorErrorCode } from './errors';
export type { CreateOptions, NoiseSuppressorNode } from './node';

/** What devices that share a suppressor share. */
interface Suppressor {
  readonly options: CreateOptions;
  node: NoiseSuppressorNode | null;
  subgraph: AudioNodeSubgraph | null;
  error: NoiseSuppressorError | null;
}

/**
 * An audio transform device of amazon-chime-sdk-js (3.x), for a device controller with enableWebAudio. When suppression cannot
 * start, the microphone is used as it is, with the browser's suppression, and `error` says why.
 */
export class NoiseSuppressorTransformDevice implements AudioTransformDevice {
  private suppressor: Suppressor;

  /** Whether live suppression can work here. */
  static async isSupported(): Promise<boolean> {
    return NoiseSuppressorNode.isSupported();
  }

  constructor(
    private readonly inner: Device,
    options: CreateOptions = {},
  ) {
    this.suppressor = { options, node: null, subgraph: null, error: null };
  }

  /** For strength, statistics and speech events; null before Chime has started the device. */
  get node(): NoiseSuppressorNode | null {
    return this.suppressor.node;
  }

  /** Why suppression could not start; null when it did or was not tried yet. */
  get error(): NoiseSuppressorError | null {
    return this.suppressor.error;
  }

  /** Called by Chime: the microphone, with recommendedConstraints() where constraints can be given. A stream stays as it is. */
  async intrinsicDevice(): Promise<Device> {
    const { inner } = this;
    if (this.suppressor.error || (typeof inner === 'object' && 'getAudioTracks' in inner)) return inner;
    if (typeof inner === 'string') return recommendedConstraints({ deviceId: { exact: inner } });
    return recommendedConstraints(inner);
  }

  /** Called by Chime. The same nodes again in the same context; undefined when suppression cannot start. */
  async createAudioNode(context: AudioContext): Promise<AudioNodeSubgraph | undefined> {
    const { suppressor } = this;
    if (suppressor.subgraph?.start.context === context) return suppressor.subgraph;
    suppressor.node?.destroy();
    try {
      const node = await NoiseSuppressorNode.create(context, suppressor.options);
      suppressor.node = node;
      suppressor.error = null;
      suppressor.subgraph = aroundFailure(node);
      return suppressor.subgraph;
    } catch (error) {
      if (!(error instanceof NoiseSuppressorError)) throw error;
      Object.assign(suppressor, { node: null, subgraph: null, error });
      return undefined;
    }
  }

  /** Called by Chime. While muted the model rests. */
  async mute(muted: boolean): Promise<void> {
    const { node, options } = this.suppressor;
    if (node) node.bypass = muted || (options.bypass ?? false);
  }

  /** Frees the suppressor, also of the devices made from this one. Idempotent. */
  async stop(): Promise<void> {
    const { suppressor } = this;
    suppressor.node?.destroy();
    suppressor.node = null;
    suppressor.subgraph = null;
  }

  /** A device for another microphone that takes over this one's suppressor: use one of the two at a time. */
  withInnerDevice(inner: Device): NoiseSuppressorTransformDevice {
    if (inner === this.inner) return this;
    const device = new NoiseSuppressorTransformDevice(inner);
    device.suppressor = this.suppressor;
    this.suppressor.node?.reset();
    return device;
  }
}

/** The node between two others, so that the sound can be led around a processor that threw, which is rendered as silence. */
function aroundFailure(node: NoiseSuppressorNode): AudioNodeSubgraph {
  const start = new GainNode(node.context);
  const end = new GainNode(node.context);
  start.connect(node).connect(end);
  node.addEventListener('processorerror', () => start.connect(end));
  return { start, end };
}
