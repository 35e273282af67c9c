/** In the worker: AudioData of a track in, AudioData without its noise out. */
import { type DenoiseOptions, Denoiser } from 'percepnet-wasm/offline';

/** What insertable.ts sends. */
export interface Work {
  readable: ReadableStream<AudioData>;
  writable: WritableStream<AudioData>;
  options?: Omit<DenoiseOptions, 'sampleRate' | 'channels' | 'onProgress' | 'workers'>;
}

const MICROSECONDS = 1e6;

/** Sound of one rate and number of channels, timed from its first sample on. */
class Part {
  private given = 0;

  static async begin(data: AudioData, options: Work['options']): Promise<Part> {
    const { sampleRate, timestamp } = data;
    const sides = Math.min(2, data.numberOfChannels);
    const channels = sides === 2 ? 'stereo' : 'mono';
    return new Part(await Denoiser.create({ ...options, sampleRate, channels }), sides, timestamp);
  }

  private constructor(
    private readonly denoiser: Denoiser,
    private readonly sides: number,
    private readonly began: number,
  ) {}

  fits(data: AudioData): boolean {
    return data.sampleRate === this.denoiser.sampleRate && Math.min(2, data.numberOfChannels) === this.sides;
  }

  process(data: AudioData): AudioData | null {
    const planes = Array.from({ length: this.sides }, (_, planeIndex) => {
      const samples = new Float32Array(data.numberOfFrames);
      data.copyTo(samples, { planeIndex, format: 'f32-planar' });
      return samples;
    });
    return this.timed(this.denoiser.process(planes));
  }

  end(): AudioData | null {
    const rest = this.timed(this.denoiser.flush<Float32Array[]>());
    this.denoiser.destroy();
    return rest;
  }

  close(): void {
    this.denoiser.destroy();
  }

  /** In step with the input, so with its timestamps; null where nothing is ready. */
  private timed(planes: readonly Float32Array[]): AudioData | null {
    const { sampleRate } = this.denoiser;
    const numberOfFrames = planes[0]!.length;
    if (numberOfFrames === 0) return null;
    const data = new Float32Array(numberOfFrames * planes.length);
    for (const [c, samples] of planes.entries()) data.set(samples, c * numberOfFrames);
    const timestamp = Math.round(this.began + (this.given / sampleRate) * MICROSECONDS);
    this.given += numberOfFrames;
    return new AudioData({
      format: 'f32-planar',
      numberOfChannels: planes.length,
      numberOfFrames,
      sampleRate,
      timestamp,
      data,
    });
  }
}

/** Until the track ends. A microphone that changes its rate or its channels begins another part. */
export async function suppress({ readable, writable, options }: Work): Promise<void> {
  let part: Part | undefined;
  const through = new TransformStream<AudioData, AudioData>({
    async transform(data, out) {
      if (!part?.fits(data)) {
        give(part?.end(), out);
        part = await Part.begin(data, options);
      }
      give(part.process(data), out);
      data.close();
    },
    flush: (out) => give(part?.end(), out),
  });
  try {
    await readable.pipeThrough(through).pipeTo(writable);
  } finally {
    part?.close();
  }
}

function give(data: AudioData | null | undefined, out: TransformStreamDefaultController<AudioData>): void {
  if (data) out.enqueue(data);
}

// What goes wrong the page hears as an 'error' of the worker.
addEventListener('message', (event: MessageEvent<Work>) => void suppress(event.data).catch(reportError));
