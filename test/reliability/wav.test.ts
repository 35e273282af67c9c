/** The WAV reader under mutated files: a format it can read to the end, or 'invalid-audio'; never much memory, never long. */
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import wavefile from 'wavefile';
import { WavReader } from '../../src/files/wav';
import { frameBytes } from '../../src/files/wav-header';
import { NoiseSuppressorError } from '../../src/shared/errors';
import { amount, type Random, random, record, SEED } from '../helpers/kit';

const { WaveFile } = wavefile;

/** Values that sizes and counts of a header are most often wrong by. */
const NASTY = [0, 1, 2, 3, 7, 8, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];

let folder: string;
let path: string;
let file: number;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wav-fuzz-'));
  path = join(folder, 'file.wav');
  file = openSync(path, 'w');
});

afterAll(() => {
  closeSync(file);
  rmSync(folder, { recursive: true });
});

/** A small good file of each kind the reader knows. */
function corpus(): Buffer[] {
  const files = ['8', '16', '24', '32', '32f', '64', '16 RIFX', '8a', '8m'].flatMap((kind) =>
    [1, 2, 6].map((channels) => {
      const [depth, container] = kind.split(' ') as [string, string?];
      const wav = new WaveFile();
      const samples = Array.from({ length: channels }, (_, c) =>
        Float64Array.from({ length: 40 }, (_, n) => Math.sin(n * (c + 1)) / 2),
      );
      const content = channels === 1 ? (samples[0] as Float64Array) : (samples as never);
      wav.fromScratch(channels, 48000, depth, content, container ? { container } : {});
      return Buffer.from(wav.toBuffer());
    }),
  );
  const rf64 = Buffer.from(files[3] as Buffer);
  const ds64 = Buffer.alloc(36);
  ds64.write('ds64', 'latin1');
  ds64.writeUInt32LE(28, 4);
  ds64.writeBigUInt64LE(80n, 16);
  rf64.write('RF64', 'latin1');
  const data = rf64.indexOf('data');
  rf64.writeUInt32LE(0xffffffff, data + 4);
  return [...files, Buffer.concat([rf64.subarray(0, 12), ds64, rf64.subarray(12)]), wave64(files[3] as Buffer)];
}

/** The format and samples of a RIFF file in a Wave64 one. */
function wave64(riff: Buffer): Buffer {
  const chunk = (id: string, tail: string, size: number, content: Buffer): Buffer => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(size));
    const guid = Buffer.concat([Buffer.from(id, 'latin1'), Buffer.from(tail, 'hex')]);
    return Buffer.concat([guid, bytes, content, Buffer.alloc(-content.length & 7)]);
  };
  const tail = 'f3acd3118cd100c04f8edb8a';
  const [format, samples] = [riff.subarray(20, 36), riff.subarray(riff.indexOf('data') + 8)];
  const chunks = Buffer.concat([
    Buffer.concat([Buffer.from('wave', 'latin1'), Buffer.from(tail, 'hex')]),
    chunk('fmt ', tail, 24 + format.length, format),
    chunk('data', tail, 24 + samples.length, samples),
  ]);
  return chunk('riff', '2e91cf11a5d628db04c10000', 24 + chunks.length, chunks);
}

function mutate(good: Buffer, next: Random): Buffer {
  let bytes = Buffer.from(good);
  for (let wounds = 1 + next.below(4); wounds > 0 && bytes.length > 8; wounds--) {
    // Most of the file is its header; that is where the questions are.
    const at = next.below(Math.min(bytes.length - 4, next.pick([64, 64, bytes.length])));
    switch (next.below(6)) {
      case 0:
        bytes[at]! ^= 1 << next.below(8);
        break;
      case 1:
        bytes.writeUInt32LE(next.pick(NASTY), at & ~1);
        break;
      case 2:
        bytes.writeUInt16LE(next.pick(NASTY) & 0xffff, at & ~1);
        break;
      case 3:
        bytes = bytes.subarray(0, at);
        break;
      case 4:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + next.below(40))]);
        break;
      default:
        bytes = Buffer.concat([
          bytes.subarray(0, at),
          bytes.subarray(next.below(at + 1), at + next.below(60)),
          bytes.subarray(at),
        ]);
    }
  }
  return bytes;
}

describe('hostile WAV files', () => {
  it('are read or refused with invalid-audio, in bounded memory and time', { timeout: 7_200_000 }, async (context) => {
    const good = corpus();
    const files = amount(1500, 100_000);
    const reasons = new Map<string, number>();
    let readable = 0;
    let slowest = 0;
    let highest = 0;
    const before = process.memoryUsage();
    for (let i = 0; i < files; i++) {
      const next = random(SEED + i);
      const what = `SEED=${SEED}, file ${i}`;
      const bytes = mutate(next.pick(good), next);
      ftruncateSync(file, 0);
      writeSync(file, bytes, 0, bytes.length, 0);
      const started = process.cpuUsage();
      try {
        const reader = await WavReader.open(path);
        try {
          const { format, length } = reader;
          expect(format.sampleRate >= 8000 && format.sampleRate <= 192000, what).toBe(true);
          expect(length * frameBytes(format), what).toBeLessThanOrEqual(bytes.length);
          const channels = (await reader.read(length))!;
          expect(channels[0]!.length, what).toBe(length);
          expect(channels.length, what).toBe(format.channels);
          if (format.encoding !== 'float') {
            for (const x of channels.flatMap((channel) => [...channel]))
              if (!(Math.abs(x) <= 1)) expect(x, what).toBe(0);
          }
          readable++;
        } finally {
          await reader.close();
        }
      } catch (error) {
        if (!(error instanceof NoiseSuppressorError)) throw new Error(`${what}: an untyped error`, { cause: error });
        expect(error.code, what).toBe('invalid-audio');
        const reason = error.message.replace(path, '').replace(/[\d(].*/, '');
        reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      }
      const { user, system } = process.cpuUsage(started);
      slowest = Math.max(slowest, (user + system) / 1000);
      if (i % 100 === 0) highest = Math.max(highest, process.memoryUsage().arrayBuffers - before.arrayBuffers);
    }
    expect(readable).toBeGreaterThan(0);
    expect(reasons.size).toBeGreaterThan(4);
    // Files of a kilobyte: 64 MiB would be a header that was believed.
    expect(highest).toBeLessThan(64 << 20);
    // Milliseconds; a header that were walked byte by byte, or for ever, would take longer.
    expect(slowest).toBeLessThan(2000);
    record(
      context,
      `${files} files: ${readable} readable, ${files - readable} refused for ${reasons.size} reasons; most CPU time of one ${slowest.toFixed(0)} ms, most buffers held ${(highest / 2 ** 20).toFixed(1)} MiB (SEED=${SEED})`,
    );
  });
});
