/** Plays several versions of one recording at once; only who is heard changes, so switching loses no word. */
import { loudness } from './audio';

const SWITCH_SECONDS = 0.015;
/** Most that equal loudness may turn a quiet version up. */
const MAX_MAKE_UP = 8;
/** What is read at a time, and how long before it is needed the next is asked for. */
const CHUNK_SECONDS = 4;
const AHEAD_SECONDS = 3;
/** From the order to play until the first sample: the sources of all versions are to be there by then. */
const LEAD_SECONDS = 0.02;

/** A version: as long as all others, at the rate of the player. */
export interface Sound {
  /** Root mean square of its loud parts. */
  readonly loudness: number;
  /** Seconds; what lies behind the end is left out. Null when there is nothing. */
  read(from: number, seconds: number): AudioBuffer | Promise<AudioBuffer | null> | null;
}

/** One that is in memory. */
export function soundOf(buffer: AudioBuffer): Sound {
  const { sampleRate, numberOfChannels } = buffer;
  return {
    loudness: loudness(buffer),
    read(from, seconds) {
      const first = Math.round(from * sampleRate);
      const length = Math.min(buffer.length, Math.round((from + seconds) * sampleRate)) - first;
      if (length <= 0) return null;
      const part = new AudioBuffer({ length, numberOfChannels, sampleRate });
      for (let c = 0; c < numberOfChannels; c++) {
        part.copyToChannel(buffer.getChannelData(c).subarray(first, first + length), c);
      }
      return part;
    },
  };
}

interface Version {
  readonly sound: Sound;
  readonly gain: GainNode;
  /** What makes it as loud as the first version. */
  readonly makeUp: number;
}

export interface PlayerOptions<Name extends string> {
  readonly sounds: Record<Name, Sound>;
  /** Seconds. */
  readonly duration: number;
  readonly sampleRate: number;
  /** The one to begin with. */
  readonly heard: Name;
  /** It has come to its end. */
  onEnd(): void;
  onError(error: unknown): void;
}

export class Player<Name extends string> {
  private readonly context: AudioContext;
  private readonly versions = new Map<Name, Version>();
  private readonly sources = new Set<AudioBufferSourceNode>();
  /** Time of the context at which the recording began, or would have. */
  private zero = 0;
  private offset = 0;
  private heard: Name;
  private matched = false;
  /** Counts what is played: a play that is over reads no further. */
  private turn = 0;
  readonly duration: number;
  playing = false;

  constructor(private readonly options: PlayerOptions<Name>) {
    const { sounds, duration, sampleRate, heard } = options;
    this.context = new AudioContext({ sampleRate });
    this.heard = heard;
    this.duration = duration;
    const entries = Object.entries(sounds) as [Name, Sound][];
    const first = entries[0]![1];
    for (const [name, sound] of entries) {
      const gain = new GainNode(this.context, { gain: name === heard ? 1 : 0 });
      gain.connect(this.context.destination);
      this.versions.set(name, { sound, gain, makeUp: Math.min(MAX_MAKE_UP, first.loudness / sound.loudness) });
    }
  }

  /** Seconds. */
  get position(): number {
    if (!this.playing) return this.offset;
    return Math.max(this.offset, Math.min(this.duration, this.context.currentTime - this.zero));
  }

  play(): void {
    this.halt();
    this.context.resume().catch(() => {});
    if (this.offset >= this.duration - 0.01) this.offset = 0;
    this.playing = true;
    // Until the first chunk is there.
    this.zero = Number.POSITIVE_INFINITY;
    const turn = ++this.turn;
    this.run(turn).catch((error) => {
      if (turn !== this.turn) return;
      this.pause();
      this.options.onError(error);
    });
  }

  pause(): void {
    this.offset = this.position;
    this.halt();
  }

  seek(seconds: number): void {
    const { playing } = this;
    this.halt();
    this.offset = Math.max(0, Math.min(this.duration, seconds));
    if (playing) this.play();
  }

  listenTo(name: Name): void {
    this.heard = name;
    this.setGains();
  }

  set sameLoudness(value: boolean) {
    this.matched = value;
    this.setGains();
  }

  close(): void {
    this.halt();
    this.context.close().catch(() => {});
  }

  private async run(turn: number): Promise<void> {
    const { context } = this;
    for (let at = this.offset; at < this.duration; at += CHUNK_SECONDS) {
      const versions = [...this.versions.values()];
      const buffers = await Promise.all(versions.map(({ sound }) => sound.read(at, CHUNK_SECONDS)));
      if (turn !== this.turn) return;
      // Where reading was slower than playing, all goes on later, and in step.
      const soonest = context.currentTime + LEAD_SECONDS;
      const due = at === this.offset ? soonest : Math.max(this.zero + at, soonest);
      this.zero = due - at;
      for (const [i, buffer] of buffers.entries()) {
        if (!buffer) continue;
        const source = new AudioBufferSourceNode(context, { buffer });
        source.connect(versions[i]!.gain);
        source.start(due);
        source.onended = () => this.sources.delete(source);
        this.sources.add(source);
      }
      await this.until(Math.min(this.duration, at + CHUNK_SECONDS - AHEAD_SECONDS), turn);
    }
    await this.until(this.duration, turn);
    if (turn !== this.turn) return;
    this.halt();
    this.offset = 0;
    this.options.onEnd();
  }

  /** Waits for a moment of the recording; the context may be suspended for long. */
  private async until(seconds: number, turn: number): Promise<void> {
    while (turn === this.turn && this.context.currentTime < this.zero + seconds) {
      const wait = this.context.state === 'running' ? this.zero + seconds - this.context.currentTime : 0.2;
      await new Promise((resolve) => setTimeout(resolve, Math.max(0.01, Math.min(wait, 0.5)) * 1000));
    }
  }

  private setGains(): void {
    for (const [name, { gain, makeUp }] of this.versions) {
      const target = name === this.heard ? (this.matched ? makeUp : 1) : 0;
      gain.gain.setTargetAtTime(target, this.context.currentTime, SWITCH_SECONDS / 3);
    }
  }

  private halt(): void {
    this.turn++;
    for (const source of this.sources) {
      source.onended = null;
      source.stop();
      source.disconnect();
    }
    this.sources.clear();
    this.playing = false;
  }
}
