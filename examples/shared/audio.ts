/** Sounds of the pages: decoding files, the bundled samples, mixing, levels. */

/** Hertz. */
export const RATE = 48000;
/** A longer recording would not fit the memory of a page as a whole. */
const MAX_SECONDS = 1200;
/** Share of the loudest frames that loudness is compared by, and their length in seconds: pauses must not count. */
const LOUD_SHARE = 0.2;
export const LOUD_FRAME_SECONDS = 0.1;

/**
 * The sound of an audio or video file, at 48 kHz.
 * @throws {DOMException} 'EncodingError' when the browser knows no way to decode it
 */
export async function decode(file: Blob): Promise<AudioBuffer> {
  const context = new OfflineAudioContext(1, 1, RATE);
  const buffer = await context.decodeAudioData(await file.arrayBuffer());
  if (buffer.length === 0) throw new DOMException('empty', 'EncodingError');
  if (buffer.duration > MAX_SECONDS) {
    throw new Error(
      `This format can only be read as a whole here, up to ${MAX_SECONDS / 60} minutes: save it as WAV, MP3, M4A or WebM first.`,
    );
  }
  return buffer;
}

/** A file of the site's samples folder; `base` is the address of the asking module. */
export async function sample(name: 'speech' | 'noise', base: string): Promise<AudioBuffer> {
  const response = await fetch(new URL(`../samples/${name}.wav`, base));
  if (!response.ok) throw new Error(`The example is missing on the server (HTTP ${response.status}).`);
  return decode(await response.blob());
}

/** Both: a voice, and rain to go under it. */
export async function samples(base: string): Promise<{ speech: AudioBuffer; rain: AudioBuffer }> {
  const [speech, rain] = await Promise.all([sample('speech', base), sample('noise', base)]);
  return { speech, rain };
}

export function bufferOf(samples: Float32Array<ArrayBuffer>): AudioBuffer {
  const buffer = new AudioBuffer({ length: samples.length, sampleRate: RATE });
  buffer.copyToChannel(samples, 0);
  return buffer;
}

/** Speech with noise under it, repeated as often as needed, `snr` decibels below its loud parts. */
export function mix(speech: AudioBuffer, noise: AudioBuffer, snr: number): Float32Array<ArrayBuffer> {
  const gain = loudness(speech) / loudness(noise) / 10 ** (snr / 20);
  const under = noise.getChannelData(0);
  return speech.getChannelData(0).map((x, n) => x + gain * under[n % under.length]!);
}

/** Root mean square of the loudest frames: that of the voice, when there is one. */
export function loudness(buffer: AudioBuffer): number {
  const samples = buffer.getChannelData(0);
  const length = Math.round(LOUD_FRAME_SECONDS * buffer.sampleRate);
  const powers: number[] = [];
  for (let start = 0; start < samples.length; start += length)
    powers.push(power(samples.subarray(start, start + length)));
  return loudnessOf(powers);
}

/** Mean square. */
export function power(samples: Float32Array): number {
  return samples.reduce((sum, x) => sum + x * x, 0) / samples.length;
}

/** The same of the powers of all frames, which are sorted. */
export function loudnessOf(powers: number[]): number {
  powers.sort((a, b) => b - a);
  const loud = powers.slice(0, Math.ceil(powers.length * LOUD_SHARE));
  return Math.sqrt(loud.reduce((sum, power) => sum + power, 0) / Math.max(1, loud.length)) + 1e-6;
}

/** Level in dBFS (mean square) of what an analyser heard last. */
export function levelOf(analyser: AnalyserNode, scratch: Float32Array<ArrayBuffer>): number {
  analyser.getFloatTimeDomainData(scratch);
  let sum = 0;
  for (const x of scratch) sum += x * x;
  return 10 * Math.log10(sum / scratch.length + 1e-12);
}
