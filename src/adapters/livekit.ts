import type { AudioProcessorOptions, Track, TrackProcessor } from 'livekit-client';
import { isClosed } from '../graph/closing';
import { linked } from '../graph/linked';
import { NoiseSuppressorNode } from '../graph/node';
import { type AdapterOptions, checkAdapter } from '../graph/node-options';
import { type SuppressedTrack, setBrowserSuppression, suppressNoise, untilRendering } from '../graph/track';
import { NoiseSuppressorError } from '../shared/errors';
import { BOOLEAN, checkOptions } from '../shared/options';

/** What a call asks for: a suppressor on this microphone, a new one or the same. */
interface Wish {
  readonly track: MediaStreamTrack;
  readonly context: AudioContext | undefined;
  readonly anew: boolean;
}

/**
 * A track processor of livekit-client, for one LocalAudioTrack at a time. It works on the track's own audio context, or on one of
 * ours where that is closed. Calls may overlap in any order: the last one decides what is left running.
 * @example
 * ```ts
 * const processor = new NoiseSuppressorProcessor({ strength: 0.9 });
 * await microphoneTrack.setProcessor(processor);
 * await processor.setEnabled(false); // and the sound passes
 * ```
 */
export class NoiseSuppressorProcessor implements TrackProcessor<Track.Kind.Audio, AudioProcessorOptions> {
  /** By which LiveKit tells processors apart. */
  readonly name = 'percepnet-noise-suppressor';
  private readonly options: AdapterOptions;
  private handle: SuppressedTrack | null = null;
  private context: AudioContext | undefined;
  private enabled: boolean;
  private strength: number | undefined;
  private failure: NoiseSuppressorError | null = null;
  /** What the last call asks for; null is nothing at all. */
  private wish: Wish | null = null;
  /** Leads from what is to what is wished, however often that changes on the way. */
  private settling: Promise<void> | null = null;
  /** Ends a start that nobody wishes any more. */
  private starting = new AbortController();

  /** Whether live suppression can work here. Cheap, synchronous, safe on a server. */
  static isSupported(): boolean {
    return NoiseSuppressorNode.isSupported();
  }

  /**
   * Nothing is loaded before init().
   * @param options as NoiseSuppressorNode.create() has them, and `keepAlive`: track and context are LiveKit's
   * @throws {NoiseSuppressorError} 'invalid-input' for an option that is none, or a value that is none of its own
   */
  constructor(options: AdapterOptions = {}) {
    checkAdapter(options);
    // Checked once: what the app does to its own object later is not.
    this.options = { ...options };
    this.enabled = !options.bypass;
    this.strength = options.strength;
  }

  /**
   * The track LiveKit sends: the same object until destroy(), across mutes and changes of the device. undefined before init(), after
   * destroy(), and when a restart failed: LiveKit then sends the microphone itself.
   */
  get processedTrack(): MediaStreamTrack | undefined {
    return this.handle?.track;
  }

  /** For strength, statistics and speech events; undefined before init() and after destroy(). */
  get node(): NoiseSuppressorNode | undefined {
    return this.handle?.node ?? undefined;
  }

  /** Why the last init() or restart() failed; null when it did not. */
  get error(): NoiseSuppressorError | null {
    return this.failure;
  }

  /**
   * Called by LiveKit. The browser's own suppression is turned off where it can be; LiveKit restores it afterwards.
   * @throws {NoiseSuppressorError} as NoiseSuppressorNode.create, and 'destroyed' after a destroy() meanwhile; LiveKit goes on with
   * the untouched track
   */
  async init({ track, audioContext }: AudioProcessorOptions): Promise<void> {
    this.context = audioContext;
    await this.become({ track, context: audioContext, anew: true });
    if (this.failure) throw this.failure;
    if (!this.wish) throw new NoiseSuppressorError('destroyed', 'the processor was destroyed while it started');
  }

  /**
   * Called by LiveKit with a new microphone track after unmuting or a change of the device. Never rejects: LiveKit would be left
   * without a track. When it fails, LiveKit goes on with the untouched one, and `error` says why.
   */
  async restart({ track, audioContext }: AudioProcessorOptions): Promise<void> {
    // Some versions give no context here.
    this.context = audioContext ?? this.context;
    await this.become({ track, context: this.context, anew: false });
  }

  /** Idempotent. The microphone itself is LiveKit's to stop. */
  async destroy(): Promise<void> {
    await this.become(null);
  }

  /**
   * false lets the sound through at the same delay, without a new negotiation. Valid at any time.
   * @throws {NoiseSuppressorError} 'invalid-input' for what is neither true nor false
   */
  async setEnabled(enabled: boolean): Promise<void> {
    checkOptions({ enabled }, { enabled: BOOLEAN });
    this.enabled = enabled;
    this.apply();
  }

  /** Whether sound is suppressed now, or will be once it runs. */
  isEnabled(): boolean {
    return this.node ? !this.node.bypass : this.enabled;
  }

  private apply(): void {
    if (this.node) this.node.bypass = !this.enabled;
  }

  private become(wish: Wish | null): Promise<void> {
    this.wish = wish;
    this.starting.abort();
    this.settling ??= this.settle();
    return this.settling;
  }

  private async settle(): Promise<void> {
    let wish: Wish | null;
    try {
      do {
        wish = this.wish;
        this.failure = null;
        if (!wish) await this.free();
        else if (wish.anew || !this.usable(wish.context)) await this.start(wish);
        else await this.move(wish);
      } while (this.wish !== wish);
    } finally {
      this.settling = null;
    }
  }

  /** Whether the suppressor there is can take another microphone. */
  private usable(context: AudioContext | undefined): boolean {
    const { node } = this;
    if (!node || node.state === 'destroyed' || node.state === 'failed') return false;
    return !context || isClosed(context) || context === node.context;
  }

  private async start(wish: Wish): Promise<void> {
    const starting = linked(this.options.signal);
    this.starting = starting;
    await this.free();
    const { signal } = starting;
    const { track, context } = wish;
    // Of what is no track suppressNoise() tells.
    const suppressed = track?.getSettings?.().noiseSuppression === true;
    let handle: SuppressedTrack | undefined;
    try {
      await setBrowserSuppression(track, false);
      handle = await suppressNoise(track, {
        ...this.options,
        strength: this.strength,
        bypass: !this.enabled,
        context: context && isClosed(context) ? undefined : context,
        signal,
        fallback: false,
      });
      await untilRendering(handle.node as NoiseSuppressorNode, this.options.timeoutMs, signal);
      this.handle = handle;
      // It may have changed while we waited.
      this.apply();
    } catch (error) {
      this.failure = error as NoiseSuppressorError;
      starting.abort();
      await handle?.destroy();
      // Where ours cannot run the browser's is to; where it is wished no more, all is as it was.
      await setBrowserSuppression(track, this.wish === wish || suppressed);
    }
  }

  private async move(wish: Wish): Promise<void> {
    try {
      await setBrowserSuppression(wish.track, false);
      await this.handle?.replaceSource(wish.track);
    } catch {
      if (this.wish === wish) await this.start(wish);
    }
  }

  /** What the app has set at the node goes on in the next. */
  private async free(): Promise<void> {
    const { handle, node } = this;
    if (node) {
      this.enabled = !node.bypass;
      this.strength = node.strength.value;
    }
    this.handle = null;
    await handle?.destroy();
  }
}
