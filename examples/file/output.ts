/** What a result is written as: a WAV file, or the video it came from with its sound replaced. */
import {
  type AudioCodec,
  AudioSample,
  AudioSampleSource,
  EncodedPacketSink,
  EncodedVideoPacketSource,
  getFirstEncodableAudioCodec,
  type InputFormat,
  MkvOutputFormat,
  MovOutputFormat,
  MP4,
  Mp4OutputFormat,
  Output,
  type OutputFormat,
  QTFF,
  Quality,
  type Target,
  WavOutputFormat,
  WEBM,
  WebMOutputFormat,
} from 'mediabunny';
import type { Recording, Samples } from './recording';

/** Those that players of each format know, best first; raw samples in a video play hardly anywhere. */
const SOUND_OF_VIDEOS: AudioCodec[] = ['aac', 'opus', 'mp3'];
/** A WAV file of old counts its bytes in 32 bits. */
const MAX_WAV_BYTES = 2 ** 32 - 2 ** 16;

export interface Result {
  /** With its dot. */
  readonly extension: string;
  readonly mimeType: string;
  /** What the user should know of it. */
  readonly note: string;
  /** Short pieces: sound and picture are to lie beside one another. */
  write(samples: Samples): Promise<void>;
  finish(): Promise<void>;
  cancel(): Promise<void>;
}

interface Film {
  readonly format: OutputFormat;
  readonly codec: AudioCodec;
}

/** The format that a video keeps, or why it cannot. */
async function filmOf({ video, channels, sampleRate }: Recording): Promise<Film | string> {
  const format = sameFormat(video!.format);
  const codec = await video!.track.getCodec();
  if (!codec || !format.getSupportedVideoCodecs().includes(codec)) {
    return `The picture is left out: its codec (${codec ?? 'unknown'}) cannot be put into a new file. This is the sound alone.`;
  }
  const known = SOUND_OF_VIDEOS.filter((name) => format.getSupportedAudioCodecs().includes(name));
  const sound = await getFirstEncodableAudioCodec(known, { numberOfChannels: channels, sampleRate });
  if (!sound) {
    return 'The picture is left out: this browser cannot encode sound for a video (WebCodecs). This is the sound alone.';
  }
  return { format, codec: sound };
}

function sameFormat(format: InputFormat): OutputFormat {
  if (format === WEBM) return new WebMOutputFormat();
  if (format === MP4) return new Mp4OutputFormat({ fastStart: false });
  if (format === QTFF) return new MovOutputFormat({ fastStart: false });
  return new MkvOutputFormat();
}

export async function createResult(recording: Recording, keepVideo: boolean, target: Target): Promise<Result> {
  const film = recording.video && keepVideo ? await filmOf(recording) : '';
  return typeof film === 'string' ? soundAlone(recording, target, film) : withPicture(recording, target, film);
}

function soundAlone(recording: Recording, target: Target, note: string): Promise<Result> {
  const large = recording.length * recording.channels * 2 > MAX_WAV_BYTES;
  const output = new Output({ format: new WavOutputFormat({ large }), target });
  return resultOf(recording, output, new AudioSampleSource({ codec: 'pcm-s16' }), note);
}

async function withPicture(recording: Recording, target: Target, { format, codec }: Film): Promise<Result> {
  const { track, origin } = recording.video!;
  const output = new Output({ format, target });
  const audio = new AudioSampleSource({ codec, quality: new Quality('high') });
  const picture = new EncodedVideoPacketSource((await track.getCodec())!);
  output.addVideoTrack(picture, { rotation: await track.getRotation() });
  const packets = new EncodedPacketSink(track).packets();
  const decoderConfig = (await track.getDecoderConfig()) ?? undefined;
  let next = await packets.next();
  const note = `Picture kept as it is, sound as ${codec === 'aac' ? 'AAC' : codec === 'opus' ? 'Opus' : 'MP3'}.`;
  return resultOf(recording, output, audio, note, async (seconds) => {
    while (next.value && next.value.timestamp - origin <= seconds) {
      const packet = next.value.clone({ timestamp: next.value.timestamp - origin });
      await picture.add(packet, { decoderConfig });
      next = await packets.next();
    }
    if (seconds === Number.POSITIVE_INFINITY) picture.close();
  });
}

/** @param pictures copies what is to be seen until a time */
async function resultOf(
  { sampleRate, channels }: Recording,
  output: Output,
  audio: AudioSampleSource,
  note: string,
  pictures: (until: number) => Promise<void> = async () => {},
): Promise<Result> {
  output.addAudioTrack(audio);
  await output.start();
  let written = 0;
  return {
    extension: output.format.fileExtension,
    mimeType: output.format.mimeType,
    note,
    async write(samples) {
      const count = samples[0]!.length;
      if (count === 0) return;
      const data = new Float32Array(count * channels);
      for (const [c, channel] of samples.entries()) data.set(channel, c * count);
      const timestamp = written / sampleRate;
      using sample = new AudioSample({ data, format: 'f32-planar', numberOfChannels: channels, sampleRate, timestamp });
      await audio.add(sample);
      written += count;
      await pictures(written / sampleRate);
    },
    async finish() {
      audio.close();
      await pictures(Number.POSITIVE_INFINITY);
      await output.finalize();
    },
    cancel: () => output.cancel(),
  };
}
