/** The heap's edge: what is given, what is refused, and what counts as the caller's own. */
import { beforeEach, describe, expect, it } from 'vitest';
import { CORE_IMPORTS } from '../../src/core/exports';
import { compileAssembly } from '../helpers/assembly';

interface Memory {
  readonly memory: WebAssembly.Memory;
  allocate(bytes: number): number;
  allocateFloats(count: number): number;
  owns(pointer: number, count: number): number;
  reserves(bytes: number): number;
  take(count: number): number;
  lengthOf(block: number): number;
  addressOf(block: number): number;
  give(block: number): void;
}

const source = `
import { allocate, allocateFloats, giveBlock, isAllocated, reserve, takeBlock } from './assembly/memory';
export { allocate, allocateFloats };
const taken: StaticArray<f32>[] = [];
export function owns(pointer: usize, count: f64): bool { return isAllocated(pointer, count as i64); }
export function reserves(bytes: f64): bool { return reserve(bytes as i64); }
export function take(count: i32): i32 { return taken.push(takeBlock(count)) - 1; }
export function lengthOf(block: i32): i32 { return taken[block].length; }
export function addressOf(block: i32): usize { return changetype<usize>(taken[block]); }
export function give(block: i32): void { giveBlock(taken[block]); }
`;
const module = compileAssembly('probe.ts', { source }).then((bytes) => new WebAssembly.Module(bytes));

let core: Memory;
beforeEach(async () => {
  core = new WebAssembly.Instance(await module, CORE_IMPORTS).exports as unknown as Memory;
});

describe('allocate', () => {
  it.each([0, -1, -(2 ** 31), 2 ** 28 + 1, 2 ** 31 - 1])('refuses %d bytes', (bytes) => {
    const before = core.memory.buffer.byteLength;
    expect(core.allocate(bytes)).toBe(0);
    expect(core.memory.buffer.byteLength).toBe(before);
  });

  it('gives blocks for SIMD that do not touch one another', () => {
    const blocks = [1, 16, 17, 100_000, 3, 2 ** 20].map((bytes) => ({ at: core.allocate(bytes), bytes }));
    for (const { at, bytes } of blocks) {
      expect(at % 16).toBe(0);
      expect(at).toBeGreaterThan(0);
      expect(at + bytes).toBeLessThanOrEqual(core.memory.buffer.byteLength);
    }
    blocks.sort((a, b) => a.at - b.at);
    for (const [i, { at }] of blocks.slice(1).entries())
      expect(at).toBeGreaterThanOrEqual(blocks[i]!.at + blocks[i]!.bytes);
  });

  it('is asked 512 times at most', () => {
    for (let i = 0; i < 512; i++) expect(core.allocate(16)).toBeGreaterThan(0);
    expect(core.allocate(16)).toBe(0);
  });
});

describe('what is the caller’s own', () => {
  it('lies in one block from its first byte to its last', () => {
    const at = core.allocate(400);
    const other = core.allocate(400);
    const table: [pointer: number, count: number, own: boolean][] = [
      [at, 100, true],
      [at, 101, false],
      [at + 4, 99, true],
      [at + 4, 100, false],
      [at, 0, true],
      [at + 400, 0, true],
      [at + 404, 0, false],
      [at - 4, 1, false],
      [at + 2, 1, false],
      [at, -1, false],
      [other, 100, true],
      // Not both together, though nothing but a header lies between.
      [at, (other - at) / 4 + 100, false],
      [at, 2 ** 30, false],
      [0, 1, false],
      [0xffff_fffc, 1, false],
    ];
    for (const [pointer, count, own] of table)
      expect(core.owns(pointer, count), `${pointer}, ${count}`).toBe(own ? 1 : 0);
  });

  it('is not what the core takes for itself', () => {
    expect(core.owns(core.allocateFloats(100), 1)).toBe(0);
  });
});

it('floats of the core are zeros, and for SIMD', () => {
  const at = core.allocateFloats(1000);
  expect(at % 16).toBe(0);
  expect(new Float32Array(core.memory.buffer, at, 1000).every((x) => x === 0)).toBe(true);
});

it('reserve grows to what is needed, once, and says no to what cannot be', () => {
  const before = core.memory.buffer.byteLength;
  expect(core.reserves(2 ** 40)).toBe(0);
  expect(core.memory.buffer.byteLength).toBe(before);
  expect(core.reserves(before + 2 ** 20)).toBe(1);
  const grown = core.memory.buffer.byteLength;
  expect(grown).toBeGreaterThan(2 ** 20 + before);
  expect(grown).toBeLessThan(2 ** 20 + 2 * before + 2 * 2 ** 16);
  expect(core.reserves(before + 2 ** 20)).toBe(1);
  expect(core.memory.buffer.byteLength).toBe(grown);
});

describe('blocks that are given back', () => {
  it('are at most a quarter longer than asked for', () => {
    for (const count of [1, 2, 3, 7, 8, 9, 15, 16, 17, 63, 65, 1000, 1023, 1025, 12_345, 100_000]) {
      const length = core.lengthOf(core.take(count));
      expect(length, `${count}`).toBeGreaterThanOrEqual(count);
      expect(length, `${count}`).toBeLessThanOrEqual(1.25 * count);
    }
  });

  it('are used again for the same length, and for no other', () => {
    const [a, b] = [core.take(1000), core.take(5000)];
    core.give(a);
    core.give(b);
    expect(core.addressOf(core.take(2000))).not.toBe(core.addressOf(a));
    const again = core.take(1000);
    expect(core.addressOf(again)).toBe(core.addressOf(a));
    // It is held again.
    expect(core.addressOf(core.take(1000))).not.toBe(core.addressOf(a));
    expect(core.addressOf(core.take(5000))).toBe(core.addressOf(b));
  });

  it('and what there is no memory for is nothing, which may be given back too', () => {
    const none = core.take(2 ** 30);
    expect(core.lengthOf(none)).toBe(0);
    core.give(none);
    expect(core.lengthOf(core.take(16))).toBeGreaterThanOrEqual(16);
  });
});
