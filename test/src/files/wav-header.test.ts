/** WAV headers as other programs write them, as they are damaged, and as nobody should write them. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import wavefile from 'wavefile';
import { WavReader, WavWriter } from '../../../src/files/wav';
import { chunk, extension, format, pcm16, ramp, riff } from '../../helpers/wav';

const FRAMES = 2400;
const samples = ramp(FRAMES);
const good = riff(pcm16, chunk('data', samples));

let folder: string;
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wav-headers-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function opened(content: Uint8Array): Promise<WavReader> {
  await writeFile(at('in.wav'), content);
  return WavReader.open(at('in.wav'));
}

async function refusal(content: Uint8Array): Promise<string> {
  const error = await opened(content).catch((e: unknown) => e);
  expect(error).toMatchObject({ name: 'NoiseSuppressorError', code: 'invalid-audio' });
  return (error as Error).message;
}

async function bitsOf(content: Uint8Array): Promise<number> {
  const reader = await opened(content);
  await reader.close();
  return reader.format.bits;
}

/** What comes out when nothing is done to the samples. */
async function copied(content: Uint8Array): Promise<Buffer> {
  const reader = await opened(content);
  const writer = await WavWriter.create(at('out.wav'), reader);
  for (let block = await reader.read(1000); block; block = await reader.read(1000)) await writer.write(block);
  await writer.finish();
  await reader.close();
  return readFile(at('out.wav'));
}

function withSizes(whole: number, data: number, rest: Buffer = Buffer.alloc(0)): Buffer {
  const file = Buffer.concat([good, rest]);
  file.writeUInt32LE(whole, 4);
  file.writeUInt32LE(data, 40);
  return file;
}

describe('WAV headers of recorders that could not know the length', () => {
  it.each([
    [0, 0],
    [36, 0],
    [36 + samples.length, 0],
    [0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffff00],
    [0xffffffbf, 0xffffff9b],
    [0x80000024, 0x80000000],
    [0x7fffffff, 0x7fffffdb],
    [0xffffffff, 0x7ffff000],
    [0x7fff0024, 0x7fff0000],
    [0x00000000, 0x7fffffff],
  ])('are read to the end of the file and written with true sizes: RIFF %i, data %i', async (whole, data) => {
    const reader = await opened(withSizes(whole, data));
    expect(reader.length).toBe(FRAMES);
    expect(reader.header.warning).toBeUndefined();
    await reader.close();
    expect(await copied(withSizes(whole, data))).toEqual(good);
  });

  it('are told from recordings that are empty', async () => {
    const list = chunk('LIST', Buffer.from('INFOISFT\x04\0\0\0made', 'latin1'));
    expect(await refusal(riff(pcm16, chunk('data', Buffer.alloc(0)), list))).toContain('holds no samples');
    expect(await refusal(riff(pcm16, chunk('data', Buffer.alloc(0))))).toContain('holds no samples');
  });

  it('are taken for placeholders in files that are longer, too', async () => {
    const size = 0x7ffff000;
    await writeFile(at('long.wav'), withSizes(0xffffffff, size));
    // Sparse: nothing but the header is read.
    await truncate(at('long.wav'), 44 + size + 96_000);
    const reader = await WavReader.open(at('long.wav'));
    expect(reader.length).toBe((size + 96_000) / 2);
    await reader.close();
    await rm(at('long.wav'));
  });

  it('may be cut off, which is told, in the middle of a sample as well', async () => {
    for (const missing of [10, 11]) {
      const reader = await opened(good.subarray(0, good.length - missing));
      expect(reader.length).toBe(FRAMES - Math.ceil(missing / 2));
      expect(reader.header.warning).toMatch(/cut short: it announces 4800 bytes of samples and holds 47(90|89)/);
      await reader.close();
      const out = await copied(good.subarray(0, good.length - missing));
      expect(out).toEqual(riff(pcm16, chunk('data', samples.subarray(0, 2 * (FRAMES - Math.ceil(missing / 2))))));
    }
  });

  it('keep a pad byte that is missing and a last frame that is half', async () => {
    const odd = riff(format(1, 1, 48000, 24), chunk('data', samples.subarray(0, 10)));
    expect(await copied(odd)).toEqual(odd);
    const unpadded = Buffer.from(riff(format(1, 1, 8000, 8), chunk('data', samples.subarray(0, 9)))).subarray(0, -1);
    expect(await copied(unpadded)).toEqual(unpadded);
  });
});

describe('WAV containers', () => {
  const ds64 = (data: number): Buffer => {
    const content = Buffer.alloc(28);
    content.writeBigUInt64LE(BigInt(80 + samples.length - 8), 0);
    content.writeBigUInt64LE(BigInt(data), 8);
    content.writeBigUInt64LE(BigInt(FRAMES), 16);
    return chunk('ds64', content);
  };
  const wide = (name: string, data: number): Buffer => {
    const file = riff(ds64(data), pcm16, chunk('data', samples));
    file.write(name, 'latin1');
    file.writeUInt32LE(0xffffffff, 4);
    file.writeUInt32LE(0xffffffff, 76);
    return file;
  };
  const w64 = (data: number): Buffer => {
    const tail = Buffer.from('f3acd3118cd100c04f8edb8a', 'hex');
    const part = (name: string, content: Buffer, size = 24 + content.length): Buffer => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64LE(BigInt(size));
      return Buffer.concat([Buffer.from(name), tail, bytes, content, Buffer.alloc(-content.length & 7)]);
    };
    const wave = Buffer.concat([Buffer.from('wave'), tail, part('junk', Buffer.alloc(5))]);
    const body = Buffer.concat([wave, part('fmt ', pcm16.subarray(8)), part('data', samples, data)]);
    const head = Buffer.from('riff2e91cf11a5d628db04c10000', 'latin1').subarray(0, 4);
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(24 + body.length));
    return Buffer.concat([head, Buffer.from('2e91cf11a5d628db04c10000', 'hex'), size, body]);
  };

  it.each([
    ['RF64', wide('RF64', samples.length)],
    ['BW64', wide('BW64', samples.length)],
    ['Wave64', w64(24 + samples.length)],
  ])('%s is read and written back byte for byte', async (_, file) => {
    const reader = await opened(file);
    expect(reader.length).toBe(FRAMES);
    expect((await reader.read(FRAMES))![0]![1]).toBeCloseTo(samples.readInt16LE(2) / 32768, 7);
    await reader.close();
    expect(await copied(file)).toEqual(file);
  });

  it('with sizes of 64 bits that were never written are read to their end, and get them', async () => {
    expect(await copied(wide('RF64', 0))).toEqual(wide('RF64', samples.length));
    for (const unknown of [0x7fffffffffffffffn, 0n, 24n]) {
      const file = w64(24 + samples.length);
      file.writeBigUInt64LE(unknown, file.length - samples.length - 8);
      expect(await copied(file)).toEqual(w64(24 + samples.length));
    }
  });

  it.each([0x7fffffffffffffffn, 0xffffffffffffffffn, 0n])(
    'with a size of %i are read to the end of a pipe, and nothing is missing',
    async (unknown) => {
      const file = w64(24 + samples.length);
      file.writeBigUInt64LE(unknown, file.length - samples.length - 8);
      execFileSync('mkfifo', [at(`pipe${unknown}`)]);
      const written = writeFile(at(`pipe${unknown}`), file);
      const reader = await WavReader.open(at(`pipe${unknown}`));
      let frames = 0;
      for (let block = await reader.read(1000); block; block = await reader.read(1000)) frames += block[0]!.length;
      await reader.close();
      await written;
      expect([frames, reader.warning]).toEqual([FRAMES, undefined]);
    },
  );

  it('RIFX is read and written back byte for byte', async () => {
    const wav = new wavefile.WaveFile();
    const values = Array.from({ length: FRAMES }, (_, i) => samples.readInt16LE(2 * i));
    for (const depth of ['16', '24', '32f', '64']) {
      wav.fromScratch(1, 44100, depth, depth.length > 2 || depth === '64' ? values.map((x) => x / 32768) : values, {
        container: 'RIFX',
      });
      const file = Buffer.from(wav.toBuffer());
      const reader = await opened(file);
      const scale = depth === '24' ? 2 ** 23 : 2 ** 15;
      expect((await reader.read(FRAMES))![0]![7]).toBeCloseTo(values[7]! / scale, 6);
      await reader.close();
      expect(await copied(file)).toEqual(file);
    }
  });

  // ITU-T G.711: the largest codes of both signs, and the middle.
  it.each([
    ['A-law', 6, { 170: 32256, 42: -32256, 213: 8, 85: -8 }],
    ['mu-law', 7, { 128: 32124, 0: -32124, 255: 0 }],
  ])('%s is read by G.711 and written back byte for byte', async (_, code, values) => {
    const codes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    // Mu-law has two zeros; both come back as the one that is used.
    const file = riff(
      format(code, 1, 8000, 8),
      chunk('data', code === 7 ? codes.map((c) => (c === 0x7f ? 0xff : c)) : codes),
    );
    const reader = await opened(file);
    const [channel] = (await reader.read(256))!;
    for (const [c, value] of Object.entries(values)) expect(channel![Number(c)]! * 32768).toBe(value);
    await reader.close();
    expect(await copied(file)).toEqual(file);
  });
});

describe('WAV formats', () => {
  const data = chunk('data', samples);
  const patched = (fmt: Buffer, offset: number, value: number): Buffer => {
    const copy = Buffer.from(fmt);
    copy.writeUInt16LE(value, 8 + offset);
    return copy;
  };
  const ambisonic = extension(1, 16, 1);
  Buffer.from('010000002107d3118644c8c1ca000000', 'hex').copy(ambisonic, 8);

  it.each<[string, Buffer, RegExp]>([
    ['65 channels', riff(format(1, 65, 48000, 16), data), /has 65 channels; up to 64/],
    ['65535 channels', riff(patched(pcm16, 2, 65535), data), /has 65535 channels/],
    ['no channel', riff(patched(pcm16, 2, 0), data), /0 channels/],
    ['a foreign GUID', riff(format(0xfffe, 1, 48000, 16, ambisonic), data), /extensible format 010000002107d311/],
    ['half an extension', riff(format(0xfffe, 1, 48000, 16, extension(1, 16, 1).subarray(0, 10)), data), /incomplete/],
    ['Microsoft ADPCM', riff(format(2, 1, 48000, 8), data), /Microsoft ADPCM, WAV format 2/],
    ['MP3', riff(format(85, 1, 48000, 8), data), /MP3, WAV format 85/],
    ['floats of 16 bits', riff(format(3, 1, 48000, 16), data), /float samples of 16 bits.*32, 64 bits are possible/],
    ['integers of 64 bits', riff(format(1, 1, 48000, 64), data), /integer samples of 64 bits/],
    ['a rate of 0', riff(format(1, 1, 0, 16), data), /rate of 0 Hz/],
    ['a rate of 4 GHz', riff(format(1, 1, 0, 16).fill(0xff, 12, 16), data), /rate of 4294967295 Hz/],
    ['a format after the samples', riff(data, pcm16), /before a format/],
  ])('with %s are refused by name', async (_, file, reason) => {
    expect(await refusal(file)).toMatch(reason);
  });

  it('with two fmt chunks are read by the first', async () => {
    const reader = await opened(riff(pcm16, format(1, 2, 8000, 8), data));
    expect(reader.format).toMatchObject({ sampleRate: 48000, channels: 1, bits: 16 });
    await reader.close();
  });

  it('with up to 64 channels are read', async () => {
    const reader = await opened(riff(format(1, 64, 48000, 16), data));
    expect(reader.length).toBe(Math.floor(FRAMES / 64));
    await reader.close();
  });

  it.each([0, 1, 4, 65535])('whose block align lies (%i) are read by their bits and byte rate', async (lie) => {
    const reader = await opened(riff(patched(pcm16, 12, lie), data));
    expect(reader.format.bits).toBe(16);
    expect(reader.length).toBe(FRAMES);
    await reader.close();
  });

  it.each([
    [0, 16, 16],
    [1, 16, 16],
    [4, 16, 16],
    [0, 24, 24],
    [4, 24, 32],
    [6, 24, 24],
    [0, 12, 16],
  ])('whose block align (%i) and byte rate lie together are read by their bits (%i)', async (lie, declared, bits) => {
    const both = patched(patched(pcm16, 12, lie), 14, declared);
    both.writeUInt32LE(48000 * lie, 16);
    expect(await bitsOf(riff(both, data))).toBe(bits);
  });

  it('with fewer valid bits than they take are left-justified', async () => {
    const twelve = riff(format(0xfffe, 1, 48000, 16, extension(1, 12, 1)), data);
    expect(await bitsOf(twelve)).toBe(16);
    expect(await copied(twelve)).toEqual(twelve);
    const plain = riff(patched(pcm16, 14, 12), data);
    const reader = await opened(plain);
    expect((await reader.read(1))![0]![0]).toBe(samples.readInt16LE(0) / 32768);
    await reader.close();
    expect(await copied(plain)).toEqual(plain);
    // 20 bits in 4 bytes, as the byte rate says.
    const twenty = patched(format(1, 1, 48000, 32), 14, 20);
    expect(await bitsOf(riff(twenty, data))).toBe(32);
  });
});

describe('WAV headers as large as their writer likes', () => {
  it('cost linear time: half a million chunks that are empty', async () => {
    const empty = chunk('JUNK', Buffer.alloc(0));
    const file = riff(Buffer.alloc(8 * 500_000, empty), pcm16, chunk('data', samples));
    await writeFile(at('empty.wav'), file);
    const before = process.cpuUsage();
    const reader = await WavReader.open(at('empty.wav'));
    const { user, system } = process.cpuUsage(before);
    expect(reader.length).toBe(FRAMES);
    await reader.close();
    expect((user + system) / 1e6).toBeLessThan(6);
  });

  it('cost flat memory: a chunk of 256 MiB before the samples', async () => {
    const junk = 256 << 20;
    const head = Buffer.from('RIFF\0\0\0\0WAVEJUNK\0\0\0\0', 'latin1');
    head.writeUInt32LE(junk, 16);
    const file = await open(at('junk.wav'), 'w');
    await file.write(head, 0, 20, 0);
    const tail = Buffer.concat([pcm16, chunk('data', samples)]);
    await file.write(tail, 0, tail.length, 20 + junk);
    await file.close();
    const before = process.memoryUsage().arrayBuffers;
    let highest = 0;
    const watch = setInterval(() => {
      highest = Math.max(highest, process.memoryUsage().arrayBuffers - before);
    }, 1);
    const reader = await WavReader.open(at('junk.wav'));
    const writer = await WavWriter.create(at('junk-out.wav'), reader);
    highest = Math.max(highest, process.memoryUsage().arrayBuffers - before);
    clearInterval(watch);
    expect((await stat(at('junk.wav'))).size).toBe(20 + junk + tail.length);
    await writer.discard();
    await reader.close();
    await rm(at('junk.wav'));
    expect(highest).toBeLessThan(100 << 20);
  });

  it('that claim chunks past the end are refused', async () => {
    const file = riff(pcm16, chunk('data', samples));
    file.writeUInt32LE(0xffffffff, 16);
    expect(await refusal(file)).toContain('without a data chunk');
  });
});
