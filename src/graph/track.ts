import { contextClosed, isClosed } from './closing';
import '../shared/disposable';
import { NoiseSuppressorError } from '../shared/errors';
import { DEFAULT_TIMEOUT_MS, limited } from '../shared/limited';
import { isObject, shown } from '../shared/realm';
import { keepAlive } from './keep-alive';
import { type ContextLease, leaseContext } from './lease';
import { NoiseSuppressorNode } from './node';
import { type AdapterOptions, checkLive } from './node-options';
import { OutputTrack } from './output-track';

/** What suppressNoise() takes. */
export interface SuppressNoiseOptions extends AdapterOptions {
  /**
   * Reuse the app's context, which is the app's to resume. Otherwise one shared context is created, resumed at a gesture when the
   * browser wants one, and suspended while unused (`handle.node.context.close()` frees it for good); if it does not run within
   * `timeoutMs`, the fallback is taken.
   * @defaultValue a context of the library
   * @throws 'context-closed' for one that is closed
   * @example `{ context }`
   */
  context?: AudioContext;
  /**
   * The source track is the handle's: it is stopped when the handle is destroyed or its output track stopped, as are those that
   * replaceSource() put in its place.
   * @defaultValue false
   * @example `{ stopSourceOnDestroy: true }`
   */
  stopSourceOnDestroy?: boolean;
  /**
   * Resolve with the untouched track, and the reason in its `error`, instead of rejecting when suppression cannot start.
   * @defaultValue true
   * @example `{ fallback: false }`
   */
  fallback?: boolean;
}

/** The answer of suppressNoise(): the track to send, and the way to change and to end it. */
export interface SuppressedTrack {
  /**
   * Stays the same object for life, also across replaceSource(): no renegotiation. It behaves as the source does: `muted`,
   * `readyState`, their events, settings, capabilities and constraints are the source's; it is also muted while the source is not
   * enabled or the context does not run, by its clock too. When the source ends it has ended, until the next source. stop() frees everything, clone()
   * lives on its own. When the context is closed or the node destroyed it ends for good. After a fallback it is the source itself.
   */
  readonly track: MediaStreamTrack;
  /** The track's own stream, for addTrack(). */
  readonly stream: MediaStream;
  /** null after a fallback. */
  readonly node: NoiseSuppressorNode | null;
  /** Why suppression could not start; null when it did. */
  readonly error: NoiseSuppressorError | null;
  /** The microphone behind it. */
  readonly source: MediaStreamTrack;
  /** Mute after the suppressor, so speech events keep working. */
  enabled: boolean;
  /**
   * Swaps the microphone under the same output track, which takes over its state and tells what is new in it. Needs a node.
   * @throws {NoiseSuppressorError} 'invalid-input' when the track is no live audio track, or comes out of this very suppressor,
   * 'destroyed', 'unsupported'; the old microphone goes on
   */
  replaceSource(track: MediaStreamTrack): Promise<void>;
  /** Frees all of it. Idempotent. */
  destroy(): Promise<void>;
  /** As destroy(), for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * A track with the noise of `track` suppressed, to be sent instead of it.
 * @param track a live audio track, as getUserMedia gives it
 * @throws {NoiseSuppressorError} 'invalid-input' when the track is no live audio track; 'aborted'; without `fallback` all of
 * NoiseSuppressorNode.create
 * @example
 * ```ts
 * const microphone = await navigator.mediaDevices.getUserMedia({ audio: recommendedConstraints() });
 * const clean = await suppressNoise(microphone.getAudioTracks()[0], { strength: 0.9 });
 * connection.addTrack(clean.track, clean.stream);
 * if (clean.error) console.warn(clean.error.message);
 * ```
 */
export async function suppressNoise(
  track: MediaStreamTrack,
  options: SuppressNoiseOptions = {},
): Promise<SuppressedTrack> {
  checkTrack(track);
  if (track.getSettings().noiseSuppression === true) {
    console.warn('percepnet-wasm: the browser suppresses noise on this track too; use recommendedConstraints()');
  }
  try {
    checkLive(options);
    // What the app does to its own object later is for other calls.
    return await start(track, { ...options });
  } catch (cause) {
    const error =
      cause instanceof NoiseSuppressorError
        ? cause
        : new NoiseSuppressorError('unsupported', 'no audio context could be had', { cause });
    if (options?.fallback === false || error.code === 'aborted') throw error;
    await setBrowserSuppression(track, true);
    return new UntouchedTrack(track, error, options?.stopSourceOnDestroy === true);
  }
}

/** @param refused contexts of ours that do not take the track */
async function start(
  track: MediaStreamTrack,
  options: SuppressNoiseOptions,
  refused: readonly AudioContext[] = [],
): Promise<SuppressedTrack> {
  const { context, stopSourceOnDestroy, keepAlive: _, fallback, ...create } = options;
  const { timeoutMs = DEFAULT_TIMEOUT_MS, signal } = create;
  const lease = leaseContext(context, refused);
  const deadline = performance.now() + timeoutMs;
  let node: NoiseSuppressorNode | undefined;
  try {
    node = await NoiseSuppressorNode.create(lease.context, create);
    if (!context) await untilRendering(node, deadline - performance.now(), signal);
    return new LiveTrack(track, node, lease, options);
  } catch (error) {
    node?.destroy();
    const { code } = error as Partial<NoiseSuppressorError>;
    lease.release(code === 'timeout');
    // An older context of ours may have another rate than the microphone has now.
    if (node && code === 'unsupported' && !context && !lease.fresh) {
      return start(track, options, [...refused, lease.context]);
    }
    throw error;
  }
}

/**
 * Waits for the first frame. `create` does not in a suspended context, and one of ours may stay so, without a gesture or without
 * a loudspeaker (Firefox): the track it feeds would be silent.
 * @throws {NoiseSuppressorError} 'timeout', 'aborted', 'context-closed'; the node is destroyed
 */
export async function untilRendering(
  node: NoiseSuppressorNode,
  timeoutMs = DEFAULT_TIMEOUT_MS,
  signal?: AbortSignal | null,
): Promise<void> {
  const over = new AbortController();
  const started = new Promise<void>((resolve, reject) => {
    const check = (): void => {
      if (node.state === 'destroyed') reject(contextClosed());
      else if (node.state !== 'starting') resolve();
    };
    node.addEventListener('statechange', check, { signal: over.signal });
    check();
  });
  const late =
    'the audio context stays suspended: call again after a click or a key, with a loudspeaker there; nothing was rendered';
  try {
    await limited([signal], timeoutMs, late, () => started);
  } catch (error) {
    node.destroy();
    throw error;
  } finally {
    over.abort();
  }
}

/**
 * echoCancellation on, noiseSuppression and voiceIsolation off, one channel; AGC left to the caller.
 * @param overrides added to these, or in place of them
 * @throws {NoiseSuppressorError} 'invalid-input' when the overrides are no object
 * @example `getUserMedia({ audio: recommendedConstraints({ deviceId }) })`
 */
export function recommendedConstraints(overrides: MediaTrackConstraints = {}): MediaTrackConstraints {
  if (!isObject(overrides)) {
    const text = `constraints are an object, for example { deviceId: 'default' }, not ${shown(overrides)}`;
    throw new NoiseSuppressorError('invalid-input', text);
  }
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
  // Stand-ins of tests have the fields, and not the methods.
  if (track?.kind !== 'audio' || track.readyState !== 'live' || typeof track.getSettings !== 'function') {
    throw new NoiseSuppressorError('invalid-input', 'a live audio track is needed');
  }
}

/**
 * The browser's own suppression: off where ours runs, on where ours cannot. Only where the browser has it and can switch a
 * live track; the promise never rejects.
 */
export async function setBrowserSuppression(track: MediaStreamTrack, on: boolean): Promise<void> {
  try {
    if (track.getSettings().noiseSuppression !== !on) return;
    await track.applyConstraints({ ...track.getConstraints(), noiseSuppression: on });
  } catch {
    // Not on this track.
  }
}

class LiveTrack implements SuppressedTrack {
  readonly error = null;
  private input: MediaStreamAudioSourceNode;
  private readonly output: OutputTrack;
  /** Where the microphone goes. */
  private target: AudioNode;
  private ending: Promise<void> | null = null;
  /** Those of this handle that nobody has stopped. */
  private readonly sources = new Set<MediaStreamTrack>();
  /** Aborted at the end: takes the listeners along. */
  private readonly life = new AbortController();

  constructor(
    private current: MediaStreamTrack,
    readonly node: NoiseSuppressorNode,
    private readonly lease: ContextLease,
    private readonly options: SuppressNoiseOptions,
  ) {
    const { signal } = this.life;
    // First what may be refused, so that nothing is left behind.
    this.input = sourceOf(lease.context, current);
    const channels = options.channels === 'stereo' ? 2 : 1;
    this.output = new OutputTrack(
      lease.context,
      channels,
      current,
      node,
      () => this.destroy(),
      () => this.end(true),
    );
    if (options.keepAlive) signal.addEventListener('abort', keepAlive(lease.context), { once: true });
    this.target = node;
    this.sources.add(current);
    this.input.connect(node).connect(this.output.node);
    node.addEventListener('processorerror', this.onProcessorError, { signal });
    // With its node, or the context of that, a track ends as one whose microphone is gone.
    node.addEventListener('statechange', () => node.state === 'destroyed' && this.end(true), { signal });
  }

  get track(): MediaStreamTrack {
    return this.output.track;
  }

  get stream(): MediaStream {
    return this.output.stream;
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
    if (this.ending || this.node.state === 'destroyed') {
      throw new NoiseSuppressorError('destroyed', 'the track was destroyed');
    }
    checkTrack(track);
    if (this.output.feeds(track)) {
      throw new NoiseSuppressorError('invalid-input', 'this track comes out of the same suppressor: give a microphone');
    }
    const input = sourceOf(this.lease.context, track);
    this.input.disconnect();
    input.connect(this.target);
    this.input = input;
    this.current = track;
    for (const source of this.sources) if (source.readyState === 'ended') this.sources.delete(source);
    this.sources.add(track);
    this.node.reset();
    this.output.follow(track);
  }

  destroy(): Promise<void> {
    return this.end(false);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.destroy();
  }

  private end(told: boolean): Promise<void> {
    this.ending ??= this.free(told);
    return this.ending;
  }

  private async free(told: boolean): Promise<void> {
    this.life.abort();
    this.input.disconnect();
    this.node.destroy();
    if (this.options.stopSourceOnDestroy) for (const source of this.sources) source.stop();
    this.output.end(told);
    this.lease.release();
  }

  /** Browsers render a processor that threw as silence: lead the microphone around it. */
  private readonly onProcessorError = (): void => {
    this.target = this.output.node;
    this.input.disconnect();
    this.input.connect(this.target);
  };
}

/** @throws {NoiseSuppressorError} 'unsupported', 'context-closed' */
function sourceOf(context: AudioContext, track: MediaStreamTrack): MediaStreamAudioSourceNode {
  try {
    return new MediaStreamAudioSourceNode(context, { mediaStream: new MediaStream([track]) });
  } catch (cause) {
    if (isClosed(context)) throw contextClosed(cause);
    // Firefox: one of another rate than the context's.
    throw new NoiseSuppressorError(
      'unsupported',
      `the audio context refuses this track: use one of the microphone's sample rate, not ${context.sampleRate} Hz`,
      { cause },
    );
  }
}

class UntouchedTrack implements SuppressedTrack {
  readonly stream: MediaStream;
  readonly node = null;
  private destroyed = false;

  constructor(
    readonly track: MediaStreamTrack,
    readonly error: NoiseSuppressorError,
    private readonly owned: boolean,
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
    if (this.owned) this.track.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.destroy();
  }
}
