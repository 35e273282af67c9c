/** Model files as an attacker or a bad disk would make them: refused with a typed error, or bit-exact, or at least harmless. */
import { beforeAll, describe, expect, it } from 'vitest';
import { crc32, loadNetwork, type Model, parseModel } from '../../src/core/model';
import { FRAME } from '../../src/core/shape';
import { NoiseSuppressorError } from '../../src/shared/errors';
import {
  amount,
  coreBytes,
  type FullExports,
  instantiate,
  type Random,
  random,
  record,
  SEED,
  tinyModel,
} from '../helpers/kit';

const GUARD_BYTES = 256;
const original = tinyModel();
const dataStart = 8 + new DataView(original.buffer).getUint32(0, true);

let module: WebAssembly.Module;

beforeAll(async () => {
  module = new WebAssembly.Module(await coreBytes());
});

/** One to four wounds of the kinds that disks, caches, proxies and people make. */
function mutate(next: Random): Uint8Array<ArrayBuffer> {
  let bytes = original.slice();
  // Half of the wounds in the header, which is a twentieth of the file.
  const place = (): number => (next() < 0.5 ? next.below(dataStart) : next.below(bytes.length));
  for (let wounds = 1 + next.below(4); wounds > 0; wounds--) {
    const at = Math.min(place(), Math.max(0, bytes.length - 1));
    const length = 1 + next.below(next.pick([4, 64, 4096]));
    switch (next.below(7)) {
      case 0:
        bytes[at]! ^= 1 << next.below(8);
        break;
      case 1:
        for (let i = at; i < at + length && i < bytes.length; i++) bytes[i] = next.below(256);
        break;
      case 2:
        bytes.fill(next.pick([0, 255, 0x30]), at, at + length);
        break;
      case 3:
        bytes = bytes.slice(0, at);
        break;
      case 4:
        bytes = joined(bytes.slice(0, at), bytes.slice(at + length));
        break;
      case 5:
        bytes = joined(bytes.slice(0, at), bytes.slice(at, at + length), bytes.slice(at));
        break;
      default:
        bytes.copyWithin(at, place(), place());
    }
  }
  return bytes;
}

function joined(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** A file whose checksum is right although numbers of its header, or bytes of its data, are not: what CRC-32 cannot stop. */
function forge(next: Random): Uint8Array<ArrayBuffer> {
  let header = new TextDecoder()
    .decode(original.subarray(8, dataStart))
    .replace(/"crc32":"[0-9a-f]{8}"/, '"crc32":"00000000"');
  const data = original.slice(dataStart);
  for (let wounds = 1 + next.below(3); wounds > 0; wounds--) {
    if (next() < 0.6) {
      const numbers = [...header.matchAll(/-?\d+/g)].filter(
        ({ index }) => !header.slice(index - 9, index).includes('crc32'),
      );
      const number = next.pick(numbers);
      const value = Number(number[0]);
      const other = next.pick([
        value + 1,
        value - 1,
        value + 16,
        value * 2,
        -value,
        0,
        2 ** 31,
        2 ** 53,
        1e300,
        next.below(1e6),
      ]);
      header = header.slice(0, number.index) + String(other) + header.slice(number.index + number[0].length);
    } else {
      const at = next.below(data.length);
      for (let i = at; i < at + next.pick([1, 4, 64]) && i < data.length; i++)
        data[i] = next.pick([0, 127, 128, 255, next.below(256)]);
    }
  }
  const text = header.trimEnd();
  const padded = text.padEnd(Math.ceil((8 + text.length) / 16) * 16 - 8);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setUint32(0, padded.length, true);
  const build = (content: string): Uint8Array<ArrayBuffer> => joined(length, new TextEncoder().encode(content), data);
  const sum = crc32(build(padded)).toString(16).padStart(8, '0');
  return build(padded.replace('"crc32":"00000000"', `"crc32":"${sum}"`));
}

/** The output of a few frames of noise through a model, in a core with guards around it. Null when the core refuses it. */
function run(model: Model): Float32Array | null {
  const core = instantiate(module);
  const guards: number[] = [];
  const guard = (): void => {
    const at = core.alloc(GUARD_BYTES);
    new Uint8Array(core.memory.buffer, at, GUARD_BYTES).fill(0xa5);
    guards.push(at);
  };
  guard();
  let network: number;
  try {
    network = loadNetwork(core, model);
  } catch (error) {
    if (error instanceof NoiseSuppressorError) return null;
    throw error;
  }
  guard();
  const output = frames(core, core.suppressorCreate(network));
  guard();
  for (const at of guards) {
    expect(new Uint8Array(core.memory.buffer, at, GUARD_BYTES).every((byte) => byte === 0xa5)).toBe(true);
  }
  return output;
}

function frames(core: FullExports, suppressor: number): Float32Array {
  const next = random(1);
  const output = new Float32Array(6 * FRAME);
  for (let at = 0; at < output.length; at += FRAME) {
    const input = new Float32Array(core.memory.buffer, core.suppressorInput(suppressor), FRAME);
    for (let i = 0; i < FRAME; i++) input[i] = next() - 0.5;
    core.suppressorProcess(suppressor, 1);
    output.set(new Float32Array(core.memory.buffer, core.suppressorOutput(suppressor), FRAME), at);
  }
  return output;
}

/** The code of the refusal, or the model. Anything else thrown fails the test. */
function parse(bytes: Uint8Array, what: string): string | Model {
  try {
    return parseModel(bytes);
  } catch (error) {
    if (error instanceof NoiseSuppressorError) return error.code;
    throw new Error(`${what}: an untyped error`, { cause: error });
  }
}

describe('hostile model files', () => {
  it('damaged files are refused, or do what the undamaged one does, bit for bit', { timeout: 3_600_000 }, (context) => {
    const expected = run(parseModel(original));
    const files = amount(400, 10_000);
    const codes = new Map<string, number>();
    let exact = 0;
    for (let i = 0; i < files; i++) {
      const what = `SEED=${SEED}, file ${i}`;
      const result = parse(mutate(random(SEED + i)), what);
      if (typeof result === 'string') {
        expect(['invalid-model', 'version-mismatch'], what).toContain(result);
        codes.set(result, (codes.get(result) ?? 0) + 1);
      } else {
        expect(run(result), what).toEqual(expected);
        exact++;
      }
    }
    const refused = files - exact;
    expect(refused).toBeGreaterThan(files / 2);
    const list = [...codes].map(([code, count]) => `${count} ${code}`).join(', ');
    record(context, `${files} files: ${refused} refused (${list}), ${exact} bit-exact (SEED=${SEED})`);
  });

  it('forged files with a right checksum are refused or run within their bounds', { timeout: 3_600_000 }, (context) => {
    const files = amount(400, 10_000);
    let ran = 0;
    let refusedByCore = 0;
    for (let i = 0; i < files; i++) {
      const what = `SEED=${SEED}, file ${i}`;
      const result = parse(forge(random(SEED ^ (i * 2654435761))), what);
      if (typeof result === 'string') {
        expect(['invalid-model', 'version-mismatch'], what).toContain(result);
        continue;
      }
      const output = run(result);
      if (!output) {
        refusedByCore++;
        continue;
      }
      ran++;
      expect(output.every(Number.isFinite), what).toBe(true);
    }
    expect(ran).toBeGreaterThan(0);
    expect(ran).toBeLessThan(files);
    record(
      context,
      `${files} files: ${files - ran - refusedByCore} refused by the loader, ${refusedByCore} by the core, ${ran} run: output finite, guards intact, no trap (SEED=${SEED})`,
    );
  });

  it("layers past the loader: the core's own checks refuse them, or they stay within their memory", {
    timeout: 3_600_000,
  }, (context) => {
    const good = parseModel(original);
    const tries = amount(400, 10_000);
    let refused = 0;
    for (let i = 0; i < tries; i++) {
      const next = random(SEED ^ (i * 2654435761));
      const layers = good.layers.slice();
      const data = good.data.slice();
      for (let wounds = 1 + next.below(2); wounds > 0; wounds--) {
        const at = next.below(layers.length);
        const value = layers[at] as number;
        const list = layers[(at & ~7) + 4] as number;
        if (list >= 0 && next() < 0.3) data[list + next.below(40)]! ^= 1 << next.below(8);
        else
          layers[at] = next.pick([
            value + next.pick([1, -1, 4, 16, -16, 64]),
            value * 2,
            -value,
            next.pick([0, -1, 15, 0x7fffffff, -0x80000000]),
            next.below(2 ** 20),
            layers[next.below(layers.length)] as number,
          ]);
      }
      const kept = next() < 0.95 ? layers : layers.subarray(0, 8 * next.below(layers.length / 8));
      if (run({ ...good, layers: kept, data }) === null) refused++;
    }
    expect(refused).toBeGreaterThan(tries / 2);
    expect(refused).toBeLessThan(tries);
    record(
      context,
      `${tries} tries: ${refused} refused by the core, ${tries - refused} run: guards intact, no trap (SEED=${SEED})`,
    );
  });
});
