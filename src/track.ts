import { NoiseSuppressorError } from './errors';
import { DEFAULT_TIMEOUT_MS, limited } from './limited';
import { type CreateOptions, NoiseSuppressorNode } from './node';

export interface SuppressNoiseOptions extends CreateOptions {
  /**
   * Reuse the app's context, which is the app's to resume. Otherwise one shared context is created, resumed at a gesture when the
   * browser wants one, and closed when unused; if it does not run within `timeoutMs`, the fallback is taken.
   */
  context?: AudioContext;
  /** Stop the source track when the handle is destroyed. Default false. */
  stopSourceOnDestroy?: boolean;
  /** Resolve with the untouched track instead of rejecting when suppression cannot start. Default true. */
  fallback?: boolean;
}

export interface SuppressedTrack {
  /**
   * Stays the same object for life, also across replaceSource(): no renegotiation. When the source ends it gets an `ended` event,
   * falls silent and waits for the next source. After a fallback it is the source itself.
   */
  readonly track: MediaStreamTrack;
  readonly stream: MediaStream;
  /** null after a fallback. */
  readonly node: NoiseSuppressorNode | null;
  /** Why suppression could not start; null when it did. */
  readonly error: NoiseSuppressorError | null;
  readonly source: MediaStreamTrack;
  /** Mute after the suppressor, so speech events keep working. */
  enabled: boolean;
  /** Swaps the microphone under the same output track. Needs a node. */
  replaceSource(track: MediaStreamTrack): Promise<void>;
  /** Idempotent. */
  destroy(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Render quantum that needs no reframing at 48 kHz; browsers that do not know the option ignore it. */
const RENDER_QUANTUM = 480;

/**
 * A track with the noise of `track` suppressed, to be sent instead of it.
 * @throws {NoiseSuppressorError} 'invalid-input' when the track is no live audio track; 'aborted'; without `fallback` all of
 * NoiseSuppressorNode.create
 */
export async function suppressNoise(
  track: MediaStreamTrack,
  options: SuppressNoiseOptions = {},
): Promise<SuppressedTrack> {
  checkTrack(track);
  if (track.getSettings().noiseSuppression === true) {
    console.warn('percepnet-wasm: the browser suppresses noise on this track too; use recommendedConstraints()');
  }
  let lease: ContextLease | undefined;
  try {
    lease = leaseContext(options.context);
    const { timeoutMs = DEFAULT_TIMEOUT_MS, signal } = options;
    const deadline = performance.now() + timeoutMs;
    const node = await NoiseSuppressorNode.create(lease.context, options);
    if (!options.context) await untilRendering(node, deadline - performance.now(), signal);
    return new LiveTrack(track, node, lease, options);
  } catch (cause) {
    await lease?.release();
    const error =
      cause instanceof NoiseSuppressorError
        ? cause
        : new NoiseSuppressorError('unsupported', 'no audio context could be had', { cause });
    if (options.fallback === false || error.code === 'aborted') throw error;
    await setBrowserSuppression(track, true);
    return new UntouchedTrack(track, error, options);
  }
}

/**
 * Waits for the first frame. `create` does not in a suspended context, and one of ours may stay so, without a gesture or without
 * a loudspeaker (Firefox): the track it feeds would be silent.
 * @throws {NoiseSuppressorError} 'timeout', 'aborted'; the node is destroyed
 */
export async function untilRendering(
  node: NoiseSuppressorNode,
  timeoutMs = DEFAULT_TIMEOUT_MS,
  signal?: AbortSignal,
): Promise<void> {
  const started = new Promise<void>((resolve) => {
    const check = (): void => {
      if (node.state !== 'starting') resolve();
    };
    node.addEventListener('statechange', check);
    check();
  });
  const late =
    'the audio context stays suspended: call again after a click or a key, with a loudspeaker there; nothing was rendered';
  try {
    await limited([signal], timeoutMs, late, () => started);
  } catch (error) {
    node.destroy();
    throw error;
  }
}

/** echoCancellation on, noiseSuppression and voiceIsolation off, one channel; AGC left to the caller. */
export function recommendedConstraints(overrides: MediaTrackConstraints = {}): MediaTrackConstraints {
  const constraints: MediaTrackConstraints & { voiceIsolation?: ConstrainBoolean } = {
    echoCancellation: true,
    noiseSuppression: false,
    voiceIsolation: false,
    channelCount: 1,
    ...overrides,
  };
  return constraints;
}

function checkTrack(track: MediaStreamTrack): void {
  if (track?.kind !== 'audio' || track.readyState !== 'live') {
    throw new NoiseSuppressorError('invalid-input', 'a live audio track is needed');
  }
}

/**
 * The browser's own suppression: off where ours runs, on where ours cannot. Only where the browser has it and can switch a
 * live track; the promise never rejects.
 */
export async function setBrowserSuppression(track: MediaStreamTrack, on: boolean): Promise<void> {
  if (track.getSettings().noiseSuppression !== !on) return;
  try {
    await track.applyConstraints({ ...track.getConstraints(), noiseSuppression: on });
  } catch {
    // Not on this track.
  }
}

interface ContextLease {
  readonly context: AudioContext;
  release(): Promise<void>;
}

let shared: { context: AudioContext; users: number; stop: AbortController } | null = null;

function leaseContext(own?: AudioContext): ContextLease {
  if (own) return { context: own, release: async () => {} };
  if (!shared || shared.context.state === 'closed') {
    const options: AudioContextOptions & { renderSizeHint?: number } = {
      latencyHint: 'interactive',
      renderSizeHint: RENDER_QUANTUM,
    };
    const context = new AudioContext(options);
    shared = { context, users: 0, stop: new AbortController() };
    keepAwake(context, shared.stop.signal);
  }
  const lease = shared;
  lease.users++;
  let released = false;
  return {
    context: lease.context,
    async release() {
      if (released) return;
      released = true;
      if (--lease.users > 0) return;
      if (shared === lease) shared = null;
      lease.stop.abort();
      await lease.context.close();
    },
  };
}

/** Resumes a context that autoplay rules, a phone call or a hidden page have stopped. */
function keepAwake(context: AudioContext, signal: AbortSignal): void {
  const resume = (): void => {
    if (context.state !== 'running' && context.state !== 'closed') context.resume().catch(() => {});
  };
  resume();
  context.addEventListener('statechange', resume, { signal });
  if (typeof document !== 'object') return;
  for (const type of ['pointerdown', 'keydown', 'visibilitychange']) {
    document.addEventListener(type, resume, { signal, passive: true });
  }
}

/** What a microphone tells and its stand-in must tell too. */
const SOURCE_EVENTS = ['ended', 'mute', 'unmute'];

class LiveTrack implements SuppressedTrack {
  readonly track: MediaStreamTrack;
  readonly stream: MediaStream;
  readonly error = null;
  private input: MediaStreamAudioSourceNode;
  private readonly output: MediaStreamAudioDestinationNode;
  /** Where the microphone goes. */
  private target: AudioNode;
  private destroyed = false;

  constructor(
    private current: MediaStreamTrack,
    readonly node: NoiseSuppressorNode,
    private readonly lease: ContextLease,
    private readonly options: SuppressNoiseOptions,
  ) {
    const { context } = lease;
    this.output = new MediaStreamAudioDestinationNode(context, {
      channelCount: options.channels === 'stereo' ? 2 : 1,
      channelCountMode: 'explicit',
    });
    this.stream = this.output.stream;
    this.track = this.stream.getAudioTracks()[0] as MediaStreamTrack;
    this.target = node;
    this.input = sourceOf(context, current);
    this.input.connect(node).connect(this.output);
    this.watch(current);
    node.addEventListener('processorerror', this.onProcessorError);
  }

  get source(): MediaStreamTrack {
    return this.current;
  }

  get enabled(): boolean {
    return this.track.enabled;
  }

  set enabled(value: boolean) {
    this.track.enabled = value;
  }

  async replaceSource(track: MediaStreamTrack): Promise<void> {
    if (this.destroyed) throw new NoiseSuppressorError('destroyed', 'the track was destroyed');
    checkTrack(track);
    const input = sourceOf(this.lease.context, track);
    this.unwatch(this.current);
    this.input.disconnect();
    input.connect(this.target);
    this.input = input;
    this.current = track;
    this.watch(track);
    this.node.reset();
  }

  async destroy(): Promise<void> {
    if (this.destroyed) return;
    this.destroyed = true;
    this.unwatch(this.current);
    this.input.disconnect();
    this.node.destroy();
    this.track.stop();
    if (this.options.stopSourceOnDestroy) this.current.stop();
    await this.lease.release();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.destroy();
  }

  /** Browsers render a processor that threw as silence: lead the microphone around it. */
  private readonly onProcessorError = (): void => {
    this.target = this.output;
    this.input.disconnect();
    this.input.connect(this.output);
  };

  private watch(track: MediaStreamTrack): void {
    for (const type of SOURCE_EVENTS) track.addEventListener(type, this.relay);
  }

  private unwatch(track: MediaStreamTrack): void {
    for (const type of SOURCE_EVENTS) track.removeEventListener(type, this.relay);
  }

  /** The output is told, not stopped: a stopped track could not carry the next microphone. */
  private readonly relay = ({ type }: Event): void => {
    this.track.dispatchEvent(new Event(type));
  };
}

function sourceOf(context: AudioContext, track: MediaStreamTrack): MediaStreamAudioSourceNode {
  return new MediaStreamAudioSourceNode(context, { mediaStream: new MediaStream([track]) });
}

class UntouchedTrack implements SuppressedTrack {
  readonly stream: MediaStream;
  readonly node = null;
  private destroyed = false;

  constructor(
    readonly track: MediaStreamTrack,
    readonly error: NoiseSuppressorError,
    private readonly options: SuppressNoiseOptions,
  ) {
    this.stream = new MediaStream([track]);
  }

  get source(): MediaStreamTrack {
    return this.track;
  }

  get enabled(): boolean {
    return this.track.enabled;
  }

  set enabled(value: boolean) {
    this.track.enabled = value;
  }

  replaceSource(): Promise<void> {
    return Promise.reject(
      new NoiseSuppressorError('unsupported', 'suppression did not start: send the new track itself', {
        cause: this.error,
      }),
    );
  }

  async destroy(): Promise<void> {
    if (this.destroyed) return;
    this.destroyed = true;
    if (this.options.stopSourceOnDestroy) this.track.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.destroy();
  }
}
