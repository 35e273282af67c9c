import type { AudioNodeSubgraph, AudioTransformDevice, Device } from 'amazon-chime-sdk-js';
import { keepAlive } from '../graph/keep-alive';
import { linked } from '../graph/linked';
import { NoiseSuppressorNode, rest } from '../graph/node';
import { type AdapterOptions, checkAdapter } from '../graph/node-options';
import { recommendedConstraints } from '../graph/track';
import { NoiseSuppressorError } from '../shared/errors';

/** The nodes in one context, on their way or there; undefined if they could not be made. */
interface Attempt {
  readonly context: AudioContext;
  readonly nodes: Promise<AudioNodeSubgraph | undefined>;
  readonly abort: AbortController;
}

/** What devices that share a suppressor share: nothing, an attempt, or its outcome. */
class Suppressor {
  node: NoiseSuppressorNode | null = null;
  error: NoiseSuppressorError | null = null;
  private attempt: Attempt | null = null;
  private muted = false;

  constructor(private options: AdapterOptions) {}

  /** The same nodes for the same context, unless they have died. */
  nodes(context: AudioContext): Promise<AudioNodeSubgraph | undefined> {
    const dead = this.node?.state === 'destroyed' || this.node?.state === 'failed';
    if (this.attempt?.context !== context || dead) {
      this.stop(null);
      const abort = linked(this.options.signal);
      this.attempt = { context, abort, nodes: this.start(context, abort) };
    }
    return this.attempt.nodes;
  }

  mute(muted: boolean): void {
    this.muted = muted;
    if (this.node) rest(this.node, muted);
  }

  /** What the app has set at the node goes on in the next. */
  stop(error: NoiseSuppressorError | null): void {
    const { attempt, node } = this;
    this.attempt = null;
    this.node = null;
    this.error = error;
    attempt?.abort.abort();
    if (!node) return;
    this.options = { ...this.options, bypass: node.bypass, strength: node.strength.value };
    node.destroy();
  }

  private async start(context: AudioContext, abort: AbortController): Promise<AudioNodeSubgraph | undefined> {
    const wanted = (): boolean => this.attempt?.abort === abort;
    const { keepAlive: kept, ...options } = this.options;
    try {
      const node = await NoiseSuppressorNode.create(context, { ...options, signal: abort.signal });
      if (!wanted()) {
        node.destroy();
        return undefined;
      }
      rest(node, this.muted);
      this.node = node;
      if (kept) {
        const end = keepAlive(context);
        node.addEventListener('statechange', () => node.state === 'destroyed' && end());
      }
      return aroundFailure(node);
    } catch (error) {
      abort.abort();
      if (!(error instanceof NoiseSuppressorError)) throw error;
      if (wanted()) this.stop(error);
      return undefined;
    }
  }
}

/**
 * An audio transform device of amazon-chime-sdk-js (3.x), for a device controller with enableWebAudio. When suppression cannot
 * start, the microphone is used as it is, with the browser's suppression, and `error` says why.
 * @example
 * ```ts
 * const device = new NoiseSuppressorTransformDevice(deviceId);
 * await session.audioVideo.startAudioInput(device);
 * if (device.error) console.warn(device.error.message);
 * ```
 */
export class NoiseSuppressorTransformDevice implements AudioTransformDevice {
  private suppressor: Suppressor;

  /** Whether live suppression can work here. */
  static async isSupported(): Promise<boolean> {
    return NoiseSuppressorNode.isSupported();
  }

  /**
   * Nothing is loaded before Chime starts the device.
   * @param options as NoiseSuppressorNode.create() has them, and `keepAlive`: track and context are Chime's
   * @throws {NoiseSuppressorError} 'invalid-input' for an option that is none, or a value that is none of its own
   */
  constructor(
    private readonly inner: Device,
    options: AdapterOptions = {},
  ) {
    checkAdapter(options);
    this.suppressor = new Suppressor({ ...options });
  }

  /** For strength, statistics and speech events; null before Chime has started the device. */
  get node(): NoiseSuppressorNode | null {
    return this.suppressor.node;
  }

  /** Why suppression does not run; null when it does or was not tried yet. */
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
    return this.suppressor.nodes(context);
  }

  /** Called by Chime. While muted the model rests; `bypass` and strength stay as they are. */
  async mute(muted: boolean): Promise<void> {
    this.suppressor.mute(muted);
  }

  /** Frees the suppressor, also of the devices made from this one, and one that is being made. Idempotent. */
  async stop(): Promise<void> {
    this.suppressor.stop(new NoiseSuppressorError('destroyed', 'the device was stopped'));
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

/** The node between two others, so that the sound can be led around it once it does nothing: a processor that threw is silent. */
function aroundFailure(node: NoiseSuppressorNode): AudioNodeSubgraph {
  const start = new GainNode(node.context);
  const end = new GainNode(node.context);
  start.connect(node).connect(end);
  const around = (): void => {
    start.disconnect();
    start.connect(end);
  };
  node.addEventListener('processorerror', around, { once: true });
  node.addEventListener('statechange', () => node.state === 'destroyed' && around());
  return { start, end };
}
