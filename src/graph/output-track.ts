/** The tracks that go out in a microphone's place, and say of themselves what is true of it. */
import type { NoiseSuppressorNode } from './node';

/** What a microphone tells and its stand-in must tell too. */
const SOURCE_EVENTS = ['ended', 'mute', 'unmute'];
/** Nobody tells of stop() and `enabled` of another track: look so often, in milliseconds. */
const LOOK_INTERVAL_MS = 250;

/** The standard's `latency` is missing in TypeScript's own list. */
type Settings = MediaTrackSettings & { latency?: number };

/** Looks at a running context whose clock stands until it counts as silent: its frame is gone (Firefox), or its loudspeaker hangs. */
const STILL_LOOKS = 4;

/** What ours and their clones go out of; known to every copy of the library in the page. */
const OUTPUT = Symbol.for('percepnet-wasm output');
type Output = { readonly source: MediaStreamTrack };

function outputOf(track: MediaStreamTrack): Output | undefined {
  return (track as { [OUTPUT]?: Output })[OUTPUT];
}

/** The end of the graph: one track, and its clones. */
export class OutputTrack {
  readonly node: MediaStreamAudioDestinationNode;
  readonly stream: MediaStream;
  readonly track: MediaStreamTrack;
  /** Those nobody has stopped. */
  private readonly tracks = new Set<MediaStreamTrack>();
  private readonly told = { ended: false, muted: false };
  /** Of the context at the last look, and how often it was the same then. */
  private clock = -1;
  private still = 0;
  private readonly life = new AbortController();
  private watching = new AbortController();

  /**
   * @param channels of the tracks
   * @param unused called when the last track is stopped
   * @param lost called when the context is found closed: with the frame that it belonged to it goes without an event
   */
  constructor(
    private readonly context: AudioContext,
    private readonly channels: 1 | 2,
    public source: MediaStreamTrack,
    private readonly suppressor: NoiseSuppressorNode,
    private readonly unused: () => void,
    private readonly lost: () => void,
  ) {
    this.node = new MediaStreamAudioDestinationNode(context, { channelCount: channels, channelCountMode: 'explicit' });
    this.stream = this.node.stream;
    this.track = this.dress(this.stream.getAudioTracks()[0] as MediaStreamTrack);
    this.stream.clone = () => new MediaStream(this.stream.getTracks().map((track) => track.clone()));
    const { signal } = this.life;
    context.addEventListener('statechange', this.tell, { signal });
    const timer = setInterval(this.look, LOOK_INTERVAL_MS);
    // Whoever waits for the track can listen before it tells what happened meanwhile.
    const first = setTimeout(this.tell);
    const stop = (): void => {
      clearInterval(timer);
      clearTimeout(first);
    };
    signal.addEventListener('abort', stop, { once: true });
    hint(this.track, source);
    this.watch(source);
  }

  /** Whether a track is one of these, or made of one by whatever stages of ours: heard here, it would go round in a loop. */
  feeds(track: MediaStreamTrack): boolean {
    for (let from = outputOf(track); from; from = outputOf(from.source)) if (from === this) return true;
    return false;
  }

  /** Another microphone: its state is taken over, and what is new in it told. */
  follow(source: MediaStreamTrack): void {
    // A hint that the app has changed is its own.
    for (const track of this.tracks) {
      if (track.contentHint === this.source.contentHint) hint(track, source);
    }
    this.source = source;
    this.watch(source);
    this.tell();
  }

  /** Ends all tracks; `told`, with the event, unless it came already. Clones never asked for it: they are always told. */
  end(told: boolean): void {
    this.life.abort();
    this.watching.abort();
    for (const track of this.tracks) {
      Reflect.apply(MediaStreamTrack.prototype.stop, track, []);
      if ((told || track !== this.track) && !this.told.ended) track.dispatchEvent(new Event('ended'));
    }
    this.tracks.clear();
  }

  private get muted(): boolean {
    const { source, context, still } = this;
    return source.muted || !source.enabled || context.state !== 'running' || still >= STILL_LOOKS;
  }

  private watch(source: MediaStreamTrack): void {
    this.watching.abort();
    this.watching = new AbortController();
    for (const type of SOURCE_EVENTS) {
      // An unmuted source may be silent for another reason.
      const run = type === 'unmute' ? this.tell : () => this.say(type);
      source.addEventListener(type, run, { signal: this.watching.signal });
    }
  }

  private readonly look = (): void => {
    const { currentTime } = this.context;
    this.still = currentTime === this.clock ? this.still + 1 : 0;
    this.clock = currentTime;
    this.tell();
  };

  private readonly tell = (): void => {
    if (this.context.state === 'closed') {
      this.lost();
      return;
    }
    this.told.ended &&= this.source.readyState === 'ended';
    if (this.source.readyState === 'ended') this.say('ended');
    else this.say(this.muted ? 'mute' : 'unmute');
  };

  private say(type: string): void {
    const { told } = this;
    const muted = type === 'mute';
    if (told.ended || (type !== 'ended' && told.muted === muted)) return;
    if (type === 'ended') told.ended = true;
    else told.muted = muted;
    for (const track of [...this.tracks]) track.dispatchEvent(new Event(type));
  }

  /** Properties of its own in place of those that the browser keeps of the graph's end. */
  private dress(track: MediaStreamTrack): MediaStreamTrack {
    const { prototype } = MediaStreamTrack;
    const property = (get: () => unknown): PropertyDescriptor => ({ configurable: true, enumerable: true, get });
    const method = (value: unknown): PropertyDescriptor => ({ configurable: true, writable: true, value });
    Object.defineProperties(track, {
      label: property(() => this.source.label),
      muted: property(() => this.tracks.has(track) && this.muted),
      readyState: property(() => (this.tracks.has(track) ? this.source.readyState : 'ended')),
      getSettings: method(() => this.settings()),
      getConstraints: method(() => this.source.getConstraints()),
      applyConstraints: method((constraints?: MediaTrackConstraints) => this.source.applyConstraints(constraints)),
      // Firefox gives events of a script only to those who ask for untrusted ones, by an argument of its own.
      addEventListener: method((type: string, listener: never, options?: never) =>
        Reflect.apply(prototype.addEventListener, track, [type, listener, options, true]),
      ),
      stop: method(() => {
        Reflect.apply(prototype.stop, track, []);
        if (this.tracks.delete(track) && this.tracks.size === 0) this.unused();
      }),
      clone: method(() => this.copy(track)),
      [OUTPUT]: { value: this },
    });
    // Not in every browser.
    if ('getCapabilities' in this.source) {
      Object.defineProperty(
        track,
        'getCapabilities',
        method(() => this.source.getCapabilities()),
      );
    }
    this.tracks.add(track);
    return track;
  }

  private copy(track: MediaStreamTrack): MediaStreamTrack {
    const clone: MediaStreamTrack = Reflect.apply(MediaStreamTrack.prototype.clone, track, []);
    // One of a stopped track has ended, as that has.
    return this.tracks.has(track) ? this.dress(clone) : clone;
  }

  private settings(): Settings {
    const settings: Settings = { ...this.source.getSettings() };
    settings.channelCount = this.channels;
    settings.sampleRate = this.context.sampleRate;
    if (settings.latency !== undefined) settings.latency += this.suppressor.latency;
    return settings;
  }
}

function hint(track: MediaStreamTrack, source: MediaStreamTrack): void {
  // Not in every browser.
  if (source.contentHint !== undefined) track.contentHint = source.contentHint;
}
