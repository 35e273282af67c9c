/** Samples between a WAV file's bytes and f32 channels, packed and unpacked by the wavefile library. Node only. */
import * as wavefile from 'wavefile';
import { frameBytes, type WavFormat } from './wav-header';

// Node sees the library's CommonJS file, bundlers its module.
const library: { default?: unknown; WaveFile?: unknown } = wavefile;
const { WaveFile } = (library.default ?? library) as typeof wavefile;

/** The library's names of what it packs; A-law and mu-law go through 16 bits there. */
function bitDepth({ bits, encoding }: WavFormat): string {
  if (encoding === 'a-law') return '8a';
  if (encoding === 'mu-law') return '8m';
  return encoding === 'float' && bits === 32 ? '32f' : String(bits);
}

/** Range and zero of the numbers that the library takes and gives. */
function scaling({ bits, encoding }: WavFormat): { scale: number; zero: number } {
  if (encoding === 'float') return { scale: 1, zero: 0 };
  if (encoding !== 'integer') return { scale: 2 ** 15, zero: 0 };
  return { scale: 2 ** (bits - 1), zero: bits === 8 ? 128 : 0 };
}

/** Whole frames of a file, full scale +-1. */
export function unpack(format: WavFormat, bytes: Buffer): Float32Array[] {
  const { channels, sampleRate, encoding } = format;
  const wav = new WaveFile();
  wav.fromScratch(channels, sampleRate, bitDepth(format), [], { container: format.bigEndian ? 'RIFX' : 'RIFF' });
  (wav as unknown as { data: { samples: Uint8Array } }).data.samples = bytes;
  if (encoding === 'a-law') wav.fromALaw();
  if (encoding === 'mu-law') wav.fromMuLaw();
  const samples = wav.getSamples(true, Float64Array as never) as unknown as Float64Array;
  const { scale, zero } = scaling(format);
  const count = bytes.length / frameBytes(format);
  return Array.from({ length: channels }, (_, channel) => {
    const out = new Float32Array(count);
    for (let i = 0; i < count; i++) out[i] = (samples[i * channels + channel]! - zero) / scale;
    return out;
  });
}

/** Samples in +-1 as the file has them; integers are rounded and clipped. */
export function pack(format: WavFormat, channels: readonly Float32Array[]): Uint8Array {
  const { sampleRate, encoding } = format;
  const count = channels[0]?.length ?? 0;
  const samples = new Float64Array(count * channels.length);
  const { scale, zero } = scaling(format);
  for (const [channel, values] of channels.entries()) {
    for (let i = 0; i < count; i++) {
      const x = values[i]! * scale;
      samples[i * channels.length + channel] =
        encoding === 'float' ? x : Math.max(-scale, Math.min(scale - 1, Math.round(x))) + zero;
    }
  }
  const law = encoding === 'a-law' || encoding === 'mu-law';
  const wav = new WaveFile();
  const container = format.bigEndian ? 'RIFX' : 'RIFF';
  wav.fromScratch(channels.length, sampleRate, law ? '16' : bitDepth(format), samples as never, { container });
  if (encoding === 'a-law') wav.toALaw();
  if (encoding === 'mu-law') wav.toMuLaw();
  const { data } = wav as unknown as { data: { samples: Uint8Array } };
  // The library pads odd lengths to even ones.
  return data.samples.subarray(0, count * frameBytes(format));
}
