/** A recording as pieces of samples, whatever it is kept in: no more of it is in memory than what is asked for. */
import {
  ALL_FORMATS,
  type AudioSample,
  AudioSampleSink,
  BlobSource,
  Input,
  type InputAudioTrack,
  type InputFormat,
  type InputVideoTrack,
} from 'mediabunny';

export type Samples = Float32Array<ArrayBuffer>[];

export interface Recording {
  readonly sampleRate: number;
  readonly channels: number;
  /** Samples a channel. */
  readonly length: number;
  /** Its picture, in a file that has one. */
  readonly video?: { readonly track: InputVideoTrack; readonly format: InputFormat; readonly origin: number };
  /** From this sample on: one array a channel, of any length up to about a second. They are the taker's. */
  pieces(from?: number): AsyncGenerator<Samples>;
  close(): void;
}

/** Of a recording in memory, and of silence. */
const PIECE_SAMPLES = 48_000;
/** Of a file, kept while it is open. */
const CACHE_BYTES = 2 ** 21;
/** Seconds between what is due and what comes that count as a gap, or as sound that comes twice. Less is rounding of times. */
const GAP_SECONDS = 0.02;

/** What a page has decoded. */
export function recordingOf(channels: Samples, sampleRate: number): Recording {
  const length = channels[0]!.length;
  return {
    sampleRate,
    channels: channels.length,
    length,
    async *pieces(from = 0) {
      for (let at = from; at < length; at += PIECE_SAMPLES)
        yield channels.map((channel) => channel.slice(at, at + PIECE_SAMPLES));
    },
    close() {},
  };
}

function silent(): DOMException {
  return new DOMException('no sound track, or nothing in it', 'DataError');
}

/**
 * A file of any format that can be read bit by bit.
 * @throws {DOMException} 'EncodingError' when this browser has no way to do so, 'DataError' when there is no sound in it
 */
export async function openRecording(file: Blob): Promise<Recording> {
  const input = new Input({ source: new BlobSource(file, { maxCacheSize: CACHE_BYTES }), formats: ALL_FORMATS });
  try {
    if (!(await input.canRead())) throw new DOMException('an unknown format', 'EncodingError');
    const track = await input.getPrimaryAudioTrack();
    if (!track) throw silent();
    if (!(await track.canDecode())) throw new DOMException(`no decoder of ${await track.getCodec()}`, 'EncodingError');
    return await open(input, track);
  } catch (error) {
    input.dispose();
    // Bytes that are no such file lead beyond their end.
    throw error instanceof RangeError ? new DOMException(error.message, 'EncodingError') : error;
  }
}

async function open(input: Input, track: InputAudioTrack): Promise<Recording> {
  // Sound before time 0 is a codec's run-up, not part of the recording.
  const origin = Math.max(0, await input.getFirstTimestamp());
  const sink = new AudioSampleSink(track);
  // Codecs may give another rate than the file tells.
  const samples = sink.samples();
  const first = await samples.next();
  await samples.return();
  if (!first.value) throw silent();
  const { sampleRate, numberOfChannels } = first.value;
  first.value.close();
  const length = Math.round(((await track.computeDuration()) - origin) * sampleRate);
  if (length <= 0) throw silent();
  const picture = await input.getPrimaryVideoTrack();
  return {
    sampleRate,
    channels: numberOfChannels,
    length,
    video: picture ? { track: picture, format: await input.getFormat(), origin } : undefined,
    async *pieces(from = 0) {
      let due = from;
      for await (using sample of sink.samples(origin + from / sampleRate)) {
        const at = Math.round((sample.timestamp - origin) * sampleRate);
        const off = at - due;
        const gap = Math.abs(off) > GAP_SECONDS * sampleRate ? off : 0;
        // The first one may begin before what was asked for.
        const skip = due === from ? Math.max(0, -off) : Math.max(0, -gap);
        if (gap > 0 && due < length) {
          const count = Math.min(gap, length - due);
          yield* silence(numberOfChannels, count);
          due += count;
        }
        const count = Math.min(sample.numberOfFrames - skip, length - due);
        if (count <= 0) continue;
        yield channelsOf(sample, numberOfChannels, skip, count);
        due += count;
      }
      // What the file's times promised, but for rounding, comes as silence.
      yield* silence(numberOfChannels, length - due);
    },
    close: () => input.dispose(),
  };
}

function* silence(channels: number, length: number): Generator<Samples> {
  for (let left = length; left > 0; left -= PIECE_SAMPLES)
    yield Array.from({ length: channels }, () => new Float32Array(Math.min(PIECE_SAMPLES, left)));
}

function channelsOf(sample: AudioSample, channels: number, frameOffset: number, frameCount: number): Samples {
  return Array.from({ length: channels }, (_, c) => {
    const samples = new Float32Array(frameCount);
    const planeIndex = Math.min(c, sample.numberOfChannels - 1);
    sample.copyTo(samples, { planeIndex, format: 'f32-planar', frameOffset, frameCount });
    return samples;
  });
}

/** Reads what is to be played, in order or from anywhere. */
export class Reader {
  private source: AsyncGenerator<Samples> | undefined;
  private at = -1;
  private rest: Samples | undefined;
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly recording: Recording) {}

  /** Samples first to first + count, fewer at the end. One call waits for the other. */
  read(first: number, count: number): Promise<Samples> {
    const reading = this.last.then(() => this.take(first, count));
    this.last = reading.catch(() => {});
    return reading;
  }

  private async take(first: number, count: number): Promise<Samples> {
    const { recording } = this;
    if (first !== this.at || !this.source) {
      await this.source?.return(undefined);
      this.source = recording.pieces(first);
      this.rest = undefined;
      this.at = first;
    }
    const length = Math.max(0, Math.min(count, recording.length - first));
    const out = Array.from({ length: recording.channels }, () => new Float32Array(length));
    let filled = 0;
    while (filled < length) {
      const piece = this.rest ?? (await this.source.next()).value;
      if (!piece) break;
      const used = Math.min(length - filled, piece[0]!.length);
      for (const [c, channel] of piece.entries()) out[c]!.set(channel.subarray(0, used), filled);
      this.rest =
        used < piece[0]!.length ? piece.map((channel: Float32Array<ArrayBuffer>) => channel.slice(used)) : undefined;
      filled += used;
    }
    this.at = first + length;
    return out;
  }
}
