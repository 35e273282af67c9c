/** For LiveKit: `await microphoneTrack.setProcessor(new NoiseSuppressorProcessor())`. */
import type { AudioProcessorOptions, Track, TrackProcessor } from 'livekit-client';
import { type CreateOptions, NoiseSuppressorNode } from './node';
import { type SuppressedTrack, setBrowserSuppression, suppressNoise, untilRendering } from './track';

export type { CreateOptions, NoiseSuppressorNode } from './node';

/** A track processor of livekit-client, for one LocalAudioTrack at a time. It works on the track's own audio context. */
export class NoiseSuppressorProcessor implements TrackProcessor<Track.Kind.Audio, AudioProcessorOptions> {
  readonly name = 'percepnet-noise-suppressor';
  /** The track LiveKit sends: the same object until destroy(), across mutes and changes of the device. */
  processedTrack?: MediaStreamTrack;
  private handle: SuppressedTrack | null = null;
  private context: AudioContext | null = null;
  private enabled: boolean;

  /** Whether live suppression can work here. Cheap, synchronous, safe on a server. */
  static isSupported(): boolean {
    return NoiseSuppressorNode.isSupported();
  }

  constructor(private readonly options: CreateOptions = {}) {
    this.enabled = !options.bypass;
  }

  /** For strength, statistics and speech events; undefined before init() and after destroy(). */
  get node(): NoiseSuppressorNode | undefined {
    return this.handle?.node ?? undefined;
  }

  /**
   * Called by LiveKit. The browser's own suppression is turned off where it can be; LiveKit restores it afterwards.
   * @throws {NoiseSuppressorError} as NoiseSuppressorNode.create; LiveKit goes on with the untouched track
   */
  async init({ track, audioContext }: AudioProcessorOptions): Promise<void> {
    await this.destroy();
    await setBrowserSuppression(track, false);
    try {
      this.handle = await suppressNoise(track, {
        ...this.options,
        bypass: !this.enabled,
        context: audioContext,
        fallback: false,
      });
      await untilRendering(this.handle.node as NoiseSuppressorNode, this.options.timeoutMs, this.options.signal);
    } catch (error) {
      await this.destroy();
      await setBrowserSuppression(track, true);
      throw error;
    }
    // It may have changed while we waited.
    this.apply();
    this.context = audioContext;
    this.processedTrack = this.handle.track;
  }

  /** Called by LiveKit with a new microphone track after unmuting or a change of the device. */
  async restart(options: AudioProcessorOptions): Promise<void> {
    // Some versions give no context here.
    const audioContext = options.audioContext ?? this.context;
    if (!this.handle || this.handle.track.readyState === 'ended' || audioContext !== this.context) {
      return this.init({ ...options, audioContext });
    }
    await setBrowserSuppression(options.track, false);
    await this.handle.replaceSource(options.track);
  }

  /** Idempotent. The microphone itself is LiveKit's to stop. */
  async destroy(): Promise<void> {
    const { handle } = this;
    this.handle = null;
    this.processedTrack = undefined;
    await handle?.destroy();
  }

  /** false lets the sound through at the same delay, without a new negotiation. Valid at any time. */
  async setEnabled(enabled: boolean): Promise<void> {
    this.enabled = enabled;
    this.apply();
  }

  isEnabled(): boolean {
    return this.enabled;
  }

  private apply(): void {
    if (this.node) this.node.bypass = !this.enabled;
  }
}
