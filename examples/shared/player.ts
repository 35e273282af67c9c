/** Plays several versions of one recording at once; only who is heard changes, so switching loses no word. */
import { loudness, RATE } from './audio';

const SWITCH_SECONDS = 0.015;
/** Most that equal loudness may turn a quiet version up. */
const MAX_MAKE_UP = 8;

interface Version {
  readonly buffer: AudioBuffer;
  readonly gain: GainNode;
  /** What makes it as loud as the first version. */
  readonly makeUp: number;
}

export class Player<Name extends string> {
  private readonly context = new AudioContext({ sampleRate: RATE });
  private readonly versions = new Map<Name, Version>();
  private sources: AudioBufferSourceNode[] = [];
  private startedAt = 0;
  private offset = 0;
  private heard: Name;
  private matched = false;
  readonly duration: number;
  playing = false;

  /** All buffers have one length; `heard` is the one to begin with. */
  constructor(
    buffers: Record<Name, AudioBuffer>,
    heard: Name,
    private readonly onEnd: () => void,
  ) {
    this.heard = heard;
    const entries = Object.entries(buffers) as [Name, AudioBuffer][];
    const first = entries[0]![1];
    this.duration = first.duration;
    for (const [name, buffer] of entries) {
      const gain = new GainNode(this.context, { gain: name === heard ? 1 : 0 });
      gain.connect(this.context.destination);
      this.versions.set(name, { buffer, gain, makeUp: Math.min(MAX_MAKE_UP, loudness(first) / loudness(buffer)) });
    }
  }

  /** Seconds. */
  get position(): number {
    if (!this.playing) return this.offset;
    return Math.min(this.duration, this.offset + Math.max(0, this.context.currentTime - this.startedAt));
  }

  play(): void {
    this.halt();
    const { context } = this;
    context.resume().catch(() => {});
    if (this.offset >= this.duration - 0.01) this.offset = 0;
    this.startedAt = context.currentTime + 0.02;
    for (const { buffer, gain } of this.versions.values()) {
      const source = new AudioBufferSourceNode(context, { buffer });
      source.connect(gain);
      source.start(this.startedAt, this.offset);
      this.sources.push(source);
    }
    this.playing = true;
    const [first] = this.sources;
    if (first) {
      first.onended = () => {
        this.halt();
        this.offset = 0;
        this.onEnd();
      };
    }
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

  private setGains(): void {
    for (const [name, { gain, makeUp }] of this.versions) {
      const target = name === this.heard ? (this.matched ? makeUp : 1) : 0;
      gain.gain.setTargetAtTime(target, this.context.currentTime, SWITCH_SECONDS / 3);
    }
  }

  private halt(): void {
    for (const source of this.sources) {
      source.onended = null;
      source.stop();
      source.disconnect();
    }
    this.sources = [];
    this.playing = false;
  }
}
