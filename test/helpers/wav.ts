/** WAV files by hand, chunk by chunk: what writers write, and what they should not. */

/** One chunk with its pad byte. */
export function chunk(id: string, content: Uint8Array): Buffer {
  const head = Buffer.alloc(8);
  head.write(id, 'latin1');
  head.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, content, Buffer.alloc(content.length & 1)]);
}

export function riff(...chunks: Buffer[]): Buffer {
  return chunk('RIFF', Buffer.concat([Buffer.from('WAVE'), ...chunks]));
}

export function format(
  code: number,
  channels: number,
  rate: number,
  bits: number,
  extra: Uint8Array = new Uint8Array(),
): Buffer {
  const fmt = Buffer.alloc(16);
  fmt.writeUInt16LE(code, 0);
  fmt.writeUInt16LE(channels, 2);
  fmt.writeUInt32LE(rate, 4);
  fmt.writeUInt32LE((rate * channels * bits) / 8, 8);
  fmt.writeUInt16LE((channels * bits) / 8, 12);
  fmt.writeUInt16LE(bits, 14);
  return chunk('fmt ', Buffer.concat([fmt, extra]));
}

/** What follows a format of code 0xFFFE; `bits` of each sample are valid. */
export function extension(code: number, bits: number, channels: number): Buffer {
  const extra = Buffer.from('1600000000000000' + '0100000000001000800000aa00389b71', 'hex');
  extra.writeUInt16LE(22, 0);
  extra.writeUInt16LE(bits, 2);
  extra.writeUInt32LE(channels === 2 ? 3 : 4, 4);
  extra.writeUInt16LE(code, 8);
  return extra;
}

/** 48 kHz, mono, 16 bits. */
export const pcm16 = format(1, 1, 48000, 16);

/** 16-bit samples without a byte that is a letter at both ends, so that they never look like a chunk. */
export function ramp(count: number): Buffer {
  const bytes = Buffer.alloc(2 * count);
  for (let i = 0; i < count; i++) bytes.writeInt16LE(((i * 257) % 30000) - 15000, 2 * i);
  return bytes;
}
