/** The near end before the call: a voice and a noise of choice, mixed into one track as a microphone would give it. */
import { recommendedConstraints } from 'percepnet-wasm';
import { loudness, sample } from '../shared/audio';
import { fan, keys } from './noises';

export type Voice = 'recording' | 'microphone';
export type Noise = 'none' | 'rain' | 'fan' | 'keys';

const FADE_SECONDS = 0.03;
/** Loudness of the voice as the mean square of its loud parts, dBFS: what a microphone with automatic gain gives. */
const VOICE_DB = -26;

const decibels = (db: number): number => 10 ** (db / 20);

export class Studio {
  private readonly out: MediaStreamAudioDestinationNode;
  private readonly voiceGain: GainNode;
  private readonly noiseGain: GainNode;
  private voice: AudioNode | null = null;
  private microphone: MediaStream | null = null;
  private noise: AudioBufferSourceNode | null = null;
  private readonly noises = new Map<Noise, Promise<AudioBuffer>>();
  private noiseLoudness = 1;
  private level = 0;

  constructor(private readonly context: AudioContext) {
    this.out = new MediaStreamAudioDestinationNode(context, { channelCount: 1, channelCountMode: 'explicit' });
    this.voiceGain = new GainNode(context);
    this.noiseGain = new GainNode(context, { gain: 0 });
    this.voiceGain.connect(this.out);
    this.noiseGain.connect(this.out);
  }

  get track(): MediaStreamTrack {
    return this.out.stream.getAudioTracks()[0] as MediaStreamTrack;
  }

  /** @throws {DOMException} as getUserMedia does, and the voice before stays */
  async speak(voice: Voice): Promise<void> {
    const { context } = this;
    let next: AudioNode;
    let microphone: MediaStream | null = null;
    let gain = 1;
    if (voice === 'microphone') {
      if (!navigator.mediaDevices) throw new DOMException('no microphone on insecure pages', 'NotFoundError');
      microphone = await navigator.mediaDevices.getUserMedia({ audio: recommendedConstraints() });
      next = new MediaStreamAudioSourceNode(context, { mediaStream: microphone });
    } else {
      const buffer = await sample('speech', import.meta.url);
      const source = new AudioBufferSourceNode(context, { buffer, loop: true });
      source.start();
      next = source;
      gain = decibels(VOICE_DB) / loudness(buffer);
    }
    this.silence();
    this.voice = next;
    this.microphone = microphone;
    this.voiceGain.gain.value = gain;
    next.connect(this.voiceGain);
  }

  async disturb(noise: Noise): Promise<void> {
    const buffer = noise === 'none' ? null : await this.bufferOf(noise);
    this.noise?.stop();
    this.noise?.disconnect();
    this.noise = null;
    if (!buffer) return;
    this.noise = new AudioBufferSourceNode(this.context, { buffer, loop: true });
    this.noise.connect(this.noiseGain);
    this.noise.start();
    this.noiseLoudness = loudness(buffer);
    this.setLevel(this.level);
  }

  /** Decibels above the voice. */
  setLevel(level: number): void {
    this.level = level;
    const gain = decibels(VOICE_DB + level) / this.noiseLoudness;
    this.noiseGain.gain.setTargetAtTime(gain, this.context.currentTime, FADE_SECONDS);
  }

  close(): void {
    this.silence();
    this.noise?.stop();
  }

  private silence(): void {
    this.voice?.disconnect();
    for (const track of this.microphone?.getTracks() ?? []) track.stop();
  }

  private bufferOf(noise: Noise): Promise<AudioBuffer> {
    let buffer = this.noises.get(noise);
    if (!buffer) {
      if (noise === 'rain') buffer = sample('noise', import.meta.url);
      else buffer = Promise.resolve(noise === 'fan' ? fan() : keys());
      this.noises.set(noise, buffer);
      buffer.catch(() => this.noises.delete(noise));
    }
    return buffer;
  }
}
