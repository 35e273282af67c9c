/** Cores that the nodes of a scope share: who gets room in which, and what becomes of it. */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parseModel } from '../../src/core/model';
import { acquireCore, discardCore, releaseCore, replaceCore } from '../../worklet/core';
import { coreBytes, tinyModel } from '../helpers/kit';

let wasm: ArrayBuffer;
let count = 0;
let key: string;
beforeAll(async () => {
  wasm = (await coreBytes()).buffer;
});
beforeEach(() => {
  key = `core ${count++}`;
});
const source = () => ({ key, wasm, model: parseModel(tinyModel()) });
/** As many channels as one instance holds. */
const ALL = 64;

describe('nodes of one key', () => {
  test('share an instance until it is full, and bring the files once', () => {
    const first = acquireCore(source(), 1);
    expect(first).toMatchObject({ network: 0, warm: false, taken: 1, broken: false });
    const second = acquireCore({ key }, ALL - 1);
    expect(second).toBe(first);
    const third = acquireCore({ key }, 1);
    expect(third).not.toBe(first);
    // What is given back is given away again, in the older one first.
    releaseCore(first, 1);
    expect(acquireCore({ key }, 1)).toBe(first);
    expect(acquireCore({ key }, 2)).toBe(third);
  });

  test('never share a pair between two instances', () => {
    const first = acquireCore(source(), ALL - 1);
    expect(acquireCore({ key }, 2)).not.toBe(first);
    expect(first.taken).toBe(ALL - 1);
  });

  test('keep the last instance though nobody is in it, and no other', () => {
    const first = acquireCore(source(), ALL);
    const second = acquireCore({ key }, 2);
    releaseCore(second, 2);
    expect(first.files.cores).toEqual([first]);
    releaseCore(first, ALL);
    expect(first.files.cores).toEqual([first]);
    expect(acquireCore({ key }, 1)).toBe(first);
  });

  test('get another where one is broken, and nobody that one', () => {
    const first = acquireCore(source(), 2);
    discardCore(first);
    discardCore(first);
    expect(first.broken).toBe(true);
    const second = replaceCore(first, 2);
    expect(second).not.toBe(first);
    expect(second.exports).not.toBe(first.exports);
    expect(acquireCore({ key }, 1)).toBe(second);
    releaseCore(first, 2);
    expect(second.files.cores).toEqual([second]);
  });
});

test('a key whose files did not come, or are none, is told, and may come again with good ones', () => {
  expect(() => acquireCore({ key }, 1)).toThrow('the core was not sent');
  expect(() => acquireCore({ ...source(), wasm: new ArrayBuffer(8) }, 1)).toThrow(WebAssembly.CompileError);
  expect(() => acquireCore({ key }, 1)).toThrow('the core was not sent');
  const model = { ...source().model, layers: new Int32Array(8) };
  expect(() => acquireCore({ ...source(), model }, 1)).toThrow();
  expect(acquireCore(source(), 1).taken).toBe(1);
});
