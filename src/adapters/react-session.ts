/** React's: suppression that follows wishes which change at any time, as those of a component do. What is left running is what was wished last. */

import type { NoiseSuppressorNode, NoiseSuppressorState } from '../graph/node';
import { checkLive, LIVE_RULES } from '../graph/node-options';
import { recommendedConstraints, type SuppressedTrack, type SuppressNoiseOptions, suppressNoise } from '../graph/track';
import { NoiseSuppressorError } from '../shared/errors';
import { aborted, orAborted } from '../shared/limited';
import { BOOLEAN, checkOptions, OBJECT, type Rules } from '../shared/options';
import { isError, isObject } from '../shared/realm';

/** What is suppressed, and how. Lists and objects are compared by what is in them: they may be made anew for each render. */
export interface NoiseSuppressionOptions
  extends Omit<SuppressNoiseOptions, 'signal' | 'stopSourceOnDestroy' | 'timeoutMs'> {
  /**
   * The app's own microphone track, which stays the app's to stop; null is none yet. A change moves the suppressor to the new one, under
   * the same output track. Without it the hook takes a microphone, and gives it back.
   * @defaultValue none: a microphone by `constraints`
   * @example `{ track: stream.getAudioTracks()[0] }`
   */
  track?: MediaStreamTrack | null;
  /**
   * What to ask of the microphone, in addition to recommendedConstraints(). A change takes another one, under the same output track.
   * @defaultValue none: the default microphone
   * @throws what getUserMedia() rejects with: 'NotAllowedError', 'NotFoundError' and others, by their `name`
   * @example `{ constraints: { deviceId } }`
   */
  constraints?: MediaTrackConstraints;
  /**
   * Begin by itself, with the component; otherwise start() does, for example at a click.
   * @defaultValue true
   * @example `{ autoStart: false }`
   */
  autoStart?: boolean;
  /**
   * How long to wait for the files and the first frame, once the microphone is there.
   * @defaultValue 10000
   * @throws 'timeout'
   * @example `{ timeoutMs: 30000 }`
   */
  timeoutMs?: number;
}

/**
 * 'idle' without a track, or stopped; 'starting' until there is a track to send; 'untouched' where suppression could not start and the
 * microphone goes out as it is; 'failed' where there is nothing to send; the others are the node's.
 */
export type NoiseSuppressionState = 'idle' | 'untouched' | NoiseSuppressorState;

/** What there is now. Another object whenever something of it has changed. */
export interface Snapshot {
  readonly track: MediaStreamTrack | null;
  readonly stream: MediaStream | null;
  readonly node: NoiseSuppressorNode | null;
  readonly state: NoiseSuppressionState;
  readonly error: Error | null;
}

export const IDLE: Snapshot = { track: null, stream: null, node: null, state: 'idle', error: null };

/** All that decides whether what runs can stay. */
interface Wish {
  /** The app's, or what to ask for. */
  readonly source: MediaStreamTrack | MediaTrackConstraints;
  /** What a node cannot change once it is made. */
  readonly create: SuppressNoiseOptions;
}

const { signal: _signal, stopSourceOnDestroy: _stop, ...SHARED } = LIVE_RULES;
export const SESSION_RULES: Rules<NoiseSuppressionOptions> = {
  ...SHARED,
  track: ['a MediaStreamTrack, or null for none yet', (value) => value === null || isTrack(value)],
  constraints: OBJECT,
  autoStart: BOOLEAN,
};

export class Session {
  private snapshot = IDLE;
  private options: NoiseSuppressionOptions = {};
  /** Why the options cannot be. */
  private refused: Error | null = null;
  private mounted = false;
  private started: boolean | undefined;
  private bypassed = false;
  private handle: SuppressedTrack | null = null;
  /** A microphone that was taken here. */
  private microphone: MediaStreamTrack | null = null;
  /** What runs, as it was wished. */
  private made: Wish | null = null;
  /** Null is nothing at all. */
  private wish: Wish | null = null;
  /** Leads from what is to what is wished, however often that changes on the way. */
  private settling: Promise<void> | null = null;
  /** Ends a start that nobody wishes any more. */
  private starting = new AbortController();
  /** Aborted with the handle: takes its listeners along. */
  private running = new AbortController();
  /** Aborted at the end: takes the listeners for devices along. */
  private life = new AbortController();

  constructor(private readonly changed: () => void) {}

  get current(): Snapshot {
    return this.snapshot;
  }

  /** What is wished from now on. Never throws: what cannot be is told as an error. */
  set(options: NoiseSuppressionOptions): void {
    if (same(options, this.options)) return;
    const { bypass } = this.options;
    this.options = options;
    try {
      this.refused = null;
      check(options);
    } catch (error) {
      this.refused = error as Error;
    }
    if (options.bypass !== bypass) this.bypassed = options.bypass === true;
    this.become();
    this.apply();
  }

  /** Lives. What was wished before counts again. */
  mount(): void {
    this.mounted = true;
    this.life = new AbortController();
    const { signal } = this.life;
    if (typeof navigator === 'object') {
      navigator.mediaDevices?.addEventListener?.('devicechange', this.onDevices, { signal });
    }
    this.become();
  }

  /** Frees all, unless it is mounted again before the task ends. */
  unmount(): void {
    this.mounted = false;
    this.life.abort();
    this.become();
  }

  /** Resolves when nothing is left to be done. */
  start(): Promise<void> {
    this.started = true;
    // Again, where it failed.
    if (!this.handle) this.wish = null;
    return this.become();
  }

  stop(): Promise<void> {
    this.started = false;
    return this.become();
  }

  /** @throws {NoiseSuppressorError} 'invalid-input' for what is neither true nor false */
  bypass(on: boolean): void {
    checkOptions({ bypass: on }, { bypass: BOOLEAN });
    this.bypassed = on;
    this.apply();
  }

  private become(): Promise<void> {
    const next = this.wanted();
    if (!same(next, this.wish)) {
      this.wish = next;
      this.starting.abort();
    }
    // After this task: a component that is unmounted and mounted in one, as under StrictMode, has changed nothing.
    this.settling ??= Promise.resolve().then(() => this.settle());
    return this.settling;
  }

  private wanted(): Wish | null {
    const { mounted, refused, options } = this;
    const { track, constraints, autoStart = true, strength, bypass, ...create } = options;
    const source = track === undefined ? (constraints ?? {}) : track;
    if (!mounted || refused || !(this.started ?? autoStart) || source === null) return null;
    return { source, create };
  }

  private async settle(): Promise<void> {
    let wish: Wish | null;
    try {
      do {
        wish = this.wish;
        try {
          if (!wish) {
            await this.free();
            this.show(this.refused ? { ...IDLE, state: 'failed', error: this.refused } : IDLE);
          } else if (!this.fits(wish)) await this.begin(wish);
          else if (!this.hears(wish)) await this.move(wish);
        } catch (error) {
          if (this.wish !== wish) continue;
          await this.free();
          this.show({ ...IDLE, state: 'failed', error: error as Error });
        }
      } while (this.wish !== wish);
    } finally {
      this.settling = null;
    }
  }

  /** Whether what runs can be moved to the source that is wished. */
  private fits(wish: Wish): boolean {
    const { handle, made } = this;
    const state = handle?.node?.state;
    if (!state || state === 'destroyed' || state === 'failed') return false;
    return same(wish.create, made?.create);
  }

  private hears(wish: Wish): boolean {
    return same(wish.source, this.made?.source) && (isTrack(wish.source) || this.microphone?.readyState === 'live');
  }

  private async begin(wish: Wish): Promise<void> {
    await this.free();
    this.show({ ...IDLE, state: 'starting' });
    this.starting = new AbortController();
    const { signal } = this.starting;
    const source = await this.source(wish, signal);
    try {
      const { strength } = this.options;
      const handle = await suppressNoise(source, { ...wish.create, strength, bypass: this.bypassed, signal });
      if (signal.aborted) {
        await handle.destroy();
        throw aborted(signal);
      }
      this.handle = handle;
    } catch (error) {
      if (source !== wish.source) source.stop();
      throw error;
    }
    this.made = wish;
    this.hold(source, wish);
    this.apply();
    const { node } = this.handle;
    node?.addEventListener('statechange', () => this.tell(), { signal: this.running.signal });
    this.tell();
  }

  /** Another microphone under the same track. */
  private async move(wish: Wish): Promise<void> {
    this.starting = new AbortController();
    const source = await this.source(wish, this.starting.signal);
    const { microphone } = this;
    try {
      await this.handle?.replaceSource(source);
    } catch (error) {
      if (source !== wish.source) source.stop();
      // Firefox: of another rate than the context.
      if ((error as Partial<NoiseSuppressorError>).code === 'unsupported') return this.begin(wish);
      throw error;
    }
    microphone?.stop();
    this.made = wish;
    this.hold(source, wish);
  }

  /** The app's track, or a new microphone. */
  private async source({ source }: Wish, signal: AbortSignal): Promise<MediaStreamTrack> {
    if (isTrack(source)) return source;
    const { mediaDevices } = navigator;
    if (!mediaDevices) {
      throw new NoiseSuppressorError('insecure-context', 'microphones need a secure page: https, or localhost');
    }
    const asked = mediaDevices.getUserMedia({ audio: recommendedConstraints(source) });
    try {
      const stream = await orAborted(asked, signal);
      return stream.getAudioTracks()[0] as MediaStreamTrack;
    } catch (error) {
      // A question to the user stays open when nobody waits for the answer any more.
      asked.then(
        (stream) => {
          for (const track of stream.getTracks()) track.stop();
        },
        () => {},
      );
      throw error;
    }
  }

  private hold(source: MediaStreamTrack, wish: Wish): void {
    this.microphone = source === wish.source ? null : source;
    this.microphone?.addEventListener('ended', this.onLost, { signal: this.running.signal });
  }

  private async free(): Promise<void> {
    const { handle, microphone } = this;
    this.handle = null;
    this.microphone = null;
    this.made = null;
    this.running.abort();
    this.running = new AbortController();
    await handle?.destroy();
    microphone?.stop();
  }

  /** The microphone was pulled out: the next one that fits. */
  private readonly onLost = (): void => {
    this.settling ??= Promise.resolve().then(() => this.settle());
  };

  /** There was none, and now there may be. */
  private readonly onDevices = (): void => {
    if (!isError(this.snapshot.error, 'NotFoundError')) return;
    this.wish = null;
    void this.become();
  };

  /** What can be changed on the way. */
  private apply(): void {
    const { node } = this.handle ?? {};
    if (!node || this.refused) return;
    node.strength.value = this.options.strength ?? 1;
    node.bypass = this.bypassed;
  }

  private tell(): void {
    const { handle } = this;
    if (!handle) return;
    const { track, stream, node, error } = handle;
    this.show({ track, stream, node, error, state: node?.state ?? 'untouched' });
  }

  private show(snapshot: Snapshot): void {
    if (same(snapshot, this.snapshot)) return;
    this.snapshot = snapshot;
    this.changed();
  }
}

/** @throws {NoiseSuppressorError} 'invalid-input' */
function check(options: NoiseSuppressionOptions): void {
  checkOptions(options, SESSION_RULES);
  const { track, constraints, autoStart, ...live } = options;
  if (track !== undefined && constraints !== undefined) {
    throw new NoiseSuppressorError('invalid-input', 'track and constraints both say which microphone: leave one out');
  }
  checkLive(live);
}

/** Not instanceof: one of an iframe is taken. */
function isTrack(value: unknown): value is MediaStreamTrack {
  return isObject(value) && value.kind === 'audio' && typeof value.stop === 'function';
}

/** Lists and plain objects by what is in them, others by what they are. */
function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((x, i) => same(x, b[i]));
  if (!isPlain(a) || !isPlain(b)) return false;
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => same(a[name], b[name]));
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return isObject(value) && [Object.prototype, null].includes(Object.getPrototypeOf(value));
}
