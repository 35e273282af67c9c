/** The graph of the microphone demo: microphone -> suppressor -> (listen) -> loudspeakers, with a look before and after. */
import { type NetworkName, NoiseSuppressorNode, recommendedConstraints } from 'percepnet-wasm';
import { levelOf } from '../shared/audio';

/** Samples of one spectrum. */
const FFT_SIZE = 2048;
/** Render quantum that needs no reframing at 48 kHz; browsers that do not know the option ignore it. */
const RENDER_QUANTUM = 480;
const LISTEN_FADE_SECONDS = 0.02;
/** Slow devices with cold caches may start too. */
const START_MS = 30_000;

export interface LiveOptions {
  deviceId?: string;
  strength: number;
  network: NetworkName;
  bypass: boolean;
  /** The microphone went away by itself: unplugged, or permission taken back. */
  onLost: () => void;
}

export class Live {
  static async start({ deviceId, strength, network, bypass, onLost }: LiveOptions): Promise<Live> {
    const overrides: MediaTrackConstraints = deviceId ? { deviceId: { exact: deviceId } } : {};
    if (!navigator.mediaDevices) throw new DOMException('no microphone on insecure pages', 'NotFoundError');
    const stream = await navigator.mediaDevices.getUserMedia({ audio: recommendedConstraints(overrides) });
    const init: AudioContextOptions & { renderSizeHint?: number } = {
      latencyHint: 'interactive',
      renderSizeHint: RENDER_QUANTUM,
    };
    const context = new AudioContext(init);
    try {
      // Not awaited: a machine without an audio output would wait for ever. create() has a time limit.
      context.resume().catch(() => {});
      const node = await NoiseSuppressorNode.create(context, { strength, network, bypass, timeoutMs: START_MS });
      return new Live(context, node, stream, onLost);
    } catch (error) {
      for (const track of stream.getTracks()) track.stop();
      await context.close();
      throw error;
    }
  }

  readonly before: AnalyserNode;
  readonly after: AnalyserNode;
  private readonly monitor: GainNode;
  private readonly samples = new Float32Array(FFT_SIZE);

  private constructor(
    readonly context: AudioContext,
    readonly node: NoiseSuppressorNode,
    readonly stream: MediaStream,
    onLost: () => void,
  ) {
    const analyser = { fftSize: FFT_SIZE, smoothingTimeConstant: 0 };
    this.before = new AnalyserNode(context, analyser);
    this.after = new AnalyserNode(context, analyser);
    this.monitor = new GainNode(context, { gain: 0 });
    const source = new MediaStreamAudioSourceNode(context, { mediaStream: stream });
    // The untouched side waits as long as the suppressor does, so that the two pictures show the same moment.
    const aligned = new DelayNode(context, { delayTime: node.latency, maxDelayTime: 1 });
    source.connect(aligned).connect(this.before);
    source.connect(node).connect(this.after).connect(this.monitor).connect(context.destination);
    this.track.addEventListener('ended', onLost);
  }

  get track(): MediaStreamTrack {
    return this.stream.getAudioTracks()[0] as MediaStreamTrack;
  }

  set strength(value: number) {
    this.node.strength.setTargetAtTime(value, this.context.currentTime, LISTEN_FADE_SECONDS);
  }

  set listening(value: boolean) {
    this.monitor.gain.setTargetAtTime(value ? 1 : 0, this.context.currentTime, LISTEN_FADE_SECONDS);
  }

  /** Level in dBFS (mean square) of the last 40 ms. */
  level(analyser: AnalyserNode): number {
    return levelOf(analyser, this.samples);
  }

  async stop(): Promise<void> {
    for (const track of this.stream.getTracks()) track.stop();
    this.node.destroy();
    await this.context.close();
  }
}
