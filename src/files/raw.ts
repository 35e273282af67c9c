/** Raw PCM: samples without a header, which the command line tells of. Node only. */
import { frameBytes, type WavFormat, type WavHeader } from './wav-header';

/** As ffmpeg and sox name them. */
const FORMATS: Readonly<Record<string, Pick<WavFormat, 'encoding' | 'bits' | 'bigEndian'>>> = {
  u8: { encoding: 'integer', bits: 8, bigEndian: false },
  s16le: { encoding: 'integer', bits: 16, bigEndian: false },
  s16be: { encoding: 'integer', bits: 16, bigEndian: true },
  s24le: { encoding: 'integer', bits: 24, bigEndian: false },
  s24be: { encoding: 'integer', bits: 24, bigEndian: true },
  s32le: { encoding: 'integer', bits: 32, bigEndian: false },
  s32be: { encoding: 'integer', bits: 32, bigEndian: true },
  f32le: { encoding: 'float', bits: 32, bigEndian: false },
  f32be: { encoding: 'float', bits: 32, bigEndian: true },
  f64le: { encoding: 'float', bits: 64, bigEndian: false },
  f64be: { encoding: 'float', bits: 64, bigEndian: true },
  alaw: { encoding: 'a-law', bits: 8, bigEndian: false },
  mulaw: { encoding: 'mu-law', bits: 8, bigEndian: false },
};

/** What --format takes. */
export const RAW_FORMATS: readonly string[] = Object.keys(FORMATS);

/** The format of raw samples; null for a name that is none. */
export function rawFormat(name: string, sampleRate: number, channels: number): WavFormat | null {
  const samples = Object.hasOwn(FORMATS, name) ? FORMATS[name] : undefined;
  return samples ? { ...samples, sampleRate, channels } : null;
}

/** What stands for the header that there is none of. */
export function rawHeader(format: WavFormat, size: number): WavHeader {
  const length = Math.floor(size / frameBytes(format));
  return { container: 'raw', format, formatChunk: Buffer.alloc(0), start: 0, length, patches: null };
}
