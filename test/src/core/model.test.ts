import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { crc32, parseModel } from '../../../src/core/model';
import { NoiseSuppressorError } from '../../../src/shared/errors';
import { random } from '../../helpers/probe';

const file = Uint8Array.from(readFileSync(new URL('../../golden/tiny.safetensors', import.meta.url)));
const headerLength = new DataView(file.buffer).getUint32(0, true);
const dataStart = 8 + headerLength;
const seed = Number(process.env.SEED ?? Date.now() % 1e9);

type Header = Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }> & {
  __metadata__: Record<string, string>;
};

function readHeader(): Header {
  return JSON.parse(new TextDecoder().decode(file.subarray(8, dataStart))) as Header;
}

/** The file with another header or other data, its checksum made right again. */
function rebuild(change: (header: Header, data: Uint8Array) => void, tail = 0): Uint8Array {
  const header = readHeader();
  const data = new Uint8Array(file.length - dataStart + tail);
  data.set(file.subarray(dataStart).subarray(0, data.length));
  change(header, data);
  const blank = '"crc32":"00000000"';
  if (header.__metadata__?.crc32) header.__metadata__.crc32 = '00000000';
  let text = JSON.stringify(header);
  text = text.padEnd(Math.ceil((8 + text.length) / 16) * 16 - 8);
  const build = (content: string): Uint8Array => {
    const bytes = new Uint8Array(8 + content.length + data.length);
    new DataView(bytes.buffer).setUint32(0, content.length, true);
    bytes.set(new TextEncoder().encode(content), 8);
    bytes.set(data, 8 + content.length);
    return bytes;
  };
  return build(text.replace(blank, `"crc32":"${crc32(build(text)).toString(16).padStart(8, '0')}"`));
}

function codeOf(bytes: Uint8Array): string {
  try {
    parseModel(bytes);
  } catch (error) {
    if (error instanceof NoiseSuppressorError) return error.code;
    throw error;
  }
  return 'accepted';
}

describe('model file', () => {
  it('reads name, version, layers and data', () => {
    const model = parseModel(file);
    expect(model.name).toBe('tiny');
    expect(model.version).toBe('0.0.0');
    expect(model.layers).toHaveLength(15 * 8);
    expect(model.data).toHaveLength(file.length - dataStart);
    expect(model.metadata.format).toBe('percepnet-wasm');
  });

  it('reads a finer stage behind the bands', () => {
    const model = parseModel(readFileSync(new URL('../../golden/finer.safetensors', import.meta.url)));
    expect(model.layers).toHaveLength((15 + 8) * 8);
    expect(model.metadata.formatVersion).toBe('2');
  });

  it('reads an ArrayBuffer and bytes at an odd offset alike', () => {
    const shifted = new Uint8Array(file.length + 3);
    shifted.set(file, 3);
    expect(parseModel(shifted.subarray(3))).toEqual(parseModel(file.buffer));
  });

  it('accepts what the test itself rebuilds', () => {
    expect(parseModel(rebuild(() => {})).layers).toEqual(parseModel(file).layers);
  });

  it('computes the usual CRC-32', () => {
    const digits = new TextEncoder().encode('123456789');
    expect(crc32(digits)).toBe(0xcbf43926);
    expect(crc32(digits.subarray(4), crc32(digits.subarray(0, 4)))).toBe(0xcbf43926);
  });

  it('refuses every truncation', () => {
    for (let length = 0; length < file.length; length += length < dataStart + 64 ? 1 : 97) {
      expect(codeOf(file.subarray(0, length)), `${length} bytes`).toBe('invalid-model');
    }
    expect(codeOf(file.subarray(0, -1))).toBe('invalid-model');
  });

  it('refuses bytes at its end', () => {
    const longer = new Uint8Array(file.length + 16);
    longer.set(file);
    expect(codeOf(longer)).toBe('invalid-model');
  });

  it('refuses every flipped bit of the header', () => {
    for (let bit = 0; bit < dataStart * 8; bit++) {
      const bytes = file.slice(0);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      const code = codeOf(bytes);
      // A flip can make the format version a newer one.
      expect(['invalid-model', 'version-mismatch'], `bit ${bit}`).toContain(code);
    }
  }, 120_000);

  it(`refuses flipped bits of the data, SEED=${seed}`, () => {
    const next = random(seed);
    for (let i = 0; i < 2000; i++) {
      const bit = dataStart * 8 + Math.floor(next() * (file.length - dataStart) * 8);
      const bytes = file.slice(0);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      expect(codeOf(bytes), `bit ${bit}`).toBe('invalid-model');
    }
  }, 60_000);

  it(`refuses noise, SEED=${seed}`, () => {
    const next = random(seed);
    for (let i = 0; i < 500; i++) {
      const bytes = Uint8Array.from({ length: Math.floor(next() * 300) }, () => Math.floor(next() * 256));
      expect(codeOf(bytes)).toBe('invalid-model');
    }
    expect(codeOf(new TextEncoder().encode('<!doctype html><title>404</title>'))).toBe('invalid-model');
  });

  it.each<[name: string, code: string, change: (header: Header, data: Uint8Array) => void, told?: RegExp]>([
    ['a foreign safetensors file', 'invalid-model', (h) => (h.__metadata__.format = 'pt')],
    ['no metadata', 'invalid-model', (h) => Reflect.deleteProperty(h, '__metadata__')],
    ['a newer format', 'version-mismatch', (h) => (h.__metadata__.formatVersion = '3')],
    ['no format version', 'invalid-model', (h) => Reflect.deleteProperty(h.__metadata__, 'formatVersion')],
    ['format version 0', 'invalid-model', (h) => (h.__metadata__.formatVersion = '0')],
    ['another look-ahead', 'invalid-model', (h) => (h.__metadata__.lookahead = '3')],
    ['no name', 'invalid-model', (h) => (h.__metadata__.name = '')],
    ['no checksum', 'invalid-model', (h) => Reflect.deleteProperty(h.__metadata__, 'crc32')],
    ['an architecture that is not JSON', 'invalid-model', (h) => (h.__metadata__.architecture = '{')],
    ['other features', 'invalid-model', (h) => edit(h, 'features', 68)],
    ['units not a multiple of 16', 'invalid-model', (h) => edit(h, 'units', 40)],
    ['a finer stage that is not there', 'invalid-model', (h) => edit(h, 'finerChannels', 16)],
    ['a finer stage of an odd size', 'invalid-model', (h) => edit(h, 'finerChannels', 24)],
    ['a finer stage of no size', 'invalid-model', (h) => edit(h, 'finerChannels', 0)],
    ['units of another model', 'invalid-model', (h) => edit(h, 'units', 48)],
    ['a size that is no number', 'invalid-model', (h) => edit(h, 'conv1', '48')],
    ['a huge size', 'invalid-model', (h) => edit(h, 'conv1', 1 << 20)],
    ['other taps', 'invalid-model', (h) => edit(h, 'conv1Taps', 4)],
    ['no taps', 'invalid-model', (h) => edit(h, 'conv1Taps', 0)],
    [
      'a missing tensor',
      'invalid-model',
      (h) => rename(h, 'gru2.input.bias', 'gru2.input.other'),
      /gru2.input.bias" is missing/,
    ],
    ['a wrong type', 'invalid-model', (h) => (h['conv1.weight']!.dtype = 'U8'), /is U8 /],
    ['a wrong shape', 'invalid-model', (h) => (h['conv1.weight']!.shape = [1, 2, 3]), /\[1,2,3\], but/],
    ['a shape that is no list', 'invalid-model', (h) => (h['conv1.weight']!.shape = 3 as never), /is not described/],
    ['negative offsets', 'invalid-model', (h) => (h['conv1.weight']!.data_offsets[0] -= 1e6), /is not described/],
    ['overlapping tensors', 'invalid-model', (h) => (h['conv1.weight']!.data_offsets[0] -= 16), /does not follow/],
    [
      'a tensor beyond the data',
      'invalid-model',
      (h) => (h['strength_out.bias']!.data_offsets[1] += 16),
      /bytes of data/,
    ],
    ['a scale that is not a number', 'invalid-model', (h, d) => poke(h, d, 'conv2.scale', Number.NaN), /holds NaN/],
    ['an infinite scale', 'invalid-model', (h, d) => poke(h, d, 'gru1.input.scale', Infinity), /holds Infinity/],
    ['a negative scale', 'invalid-model', (h, d) => poke(h, d, 'gain_out.scale', -0.01), /holds -0.0099/],
    ['a bias that is not a number', 'invalid-model', (h, d) => poke(h, d, 'gru3.recurrent.bias', Number.NaN)],
    ['a float weight that is infinite', 'invalid-model', (h, d) => poke(h, d, 'dense.weight', -Infinity)],
    ['a huge bias', 'invalid-model', (h, d) => poke(h, d, 'dense.bias', 1e20), /holds 1000000/],
    [
      'a block list with too many tiles',
      'invalid-model',
      (h, d) => d[begin(h, 'gru2.recurrent.blocks')]!++,
      /block list/,
    ],
    [
      'a block out of range',
      'invalid-model',
      (h, d) => (d[begin(h, 'gru2.recurrent.blocks') + 13] = 255),
      /block list/,
    ],
    ['a kind that is no text', 'invalid-model', (h) => (h['conv1.weight']!.dtype = 8 as never), /is not described/],
    ['offsets that are no pair', 'invalid-model', (h) => h['conv1.weight']!.data_offsets.push(0), /is not described/],
  ])('refuses %s', (_name, code, change, told = /./) => {
    const message = expect.stringMatching(told);
    expect(() => parseModel(rebuild(change))).toThrow(expect.objectContaining({ code, message }));
  });
});

function edit(header: Header, key: string, value: unknown): void {
  const sizes = JSON.parse(header.__metadata__.architecture!) as Record<string, unknown>;
  sizes[key] = value;
  header.__metadata__.architecture = JSON.stringify(sizes);
}

function rename(header: Header, from: string, to: string): void {
  header[to] = header[from]!;
  delete header[from];
}

function begin(header: Header, name: string): number {
  return header[name]!.data_offsets[0];
}

function poke(header: Header, data: Uint8Array, name: string, value: number): void {
  new DataView(data.buffer).setFloat32(begin(header, name) + 4, value, true);
}
