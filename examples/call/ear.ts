/** The far end of one participant: what arrives from them, cleaned here or as it came, shown, and heard by choice. */
import { NoiseSuppressorNode } from 'percepnet-wasm';
import { levelOf } from '../shared/audio';
import { chosenNetwork } from '../shared/network';
import { element, showLevel } from '../shared/page';
import { ScrollingSpectrogram } from '../shared/spectrogram';

const FFT_SIZE = 2048;
const FADE_SECONDS = 0.015;
export const SHOWN_HERTZ = 20000;

export class Ear {
  /** Cleans what arrives, of this participant alone: their voice and their room. */
  private cleaner: NoiseSuppressorNode | null = null;
  private readonly source: MediaStreamAudioSourceNode;
  private readonly analyser: AnalyserNode;
  private readonly gain: GainNode;
  private readonly view: ScrollingSpectrogram;
  private readonly samples = new Float32Array(FFT_SIZE);

  constructor(
    private readonly context: AudioContext,
    stream: MediaStream,
    readonly side: string,
  ) {
    this.source = new MediaStreamAudioSourceNode(context, { mediaStream: stream });
    this.analyser = new AnalyserNode(context, { fftSize: FFT_SIZE, smoothingTimeConstant: 0 });
    this.gain = new GainNode(context, { gain: 0 });
    this.source.connect(this.analyser).connect(this.gain).connect(context.destination);
    this.view = new ScrollingSpectrogram(element<HTMLCanvasElement>(side), this.analyser);
    this.view.maxHertz = SHOWN_HERTZ;
  }

  /** @throws {NoiseSuppressorError} when the node does not start; what arrives is heard as it is then */
  async clean(on: boolean, timeoutMs: number): Promise<void> {
    const { context, source, analyser, cleaner } = this;
    if (on === (cleaner !== null)) return;
    if (on) this.cleaner = await NoiseSuppressorNode.create(context, { network: await chosenNetwork(), timeoutMs });
    else this.cleaner = null;
    source.disconnect();
    if (this.cleaner) source.connect(this.cleaner).connect(analyser);
    else source.connect(analyser);
    await cleaner?.destroy();
  }

  /** What the node takes of one core, 0..1; undefined without one. */
  async load(): Promise<number | undefined> {
    return (await this.cleaner?.getStats())?.load;
  }

  hear(on: boolean): void {
    this.gain.gain.setTargetAtTime(on ? 1 : 0, this.context.currentTime, FADE_SECONDS);
  }

  draw(now: number): void {
    this.view.draw(now);
    showLevel(`level-${this.side}`, levelOf(this.analyser, this.samples));
  }
}
