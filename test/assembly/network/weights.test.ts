/** What the core loads as a network: none whose layers are of another kind, size or place than they must be. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadNetwork, type Model, parseModel } from '../../../src/core/model';
import {
  ERROR_LAYER_BLOCKS as BLOCKS,
  ERROR_LAYER_COUNT as COUNT,
  ERROR_LAYER_KIND as KIND,
  ERROR_LAYER_POINTER as POINTER,
  ERROR_LAYER_SIZE as SIZE,
  DESCRIPTOR_WORDS as words,
} from '../../../src/core/shape';
import { compileProbe } from '../../helpers/compile-probe';
import { Probe } from '../../helpers/probe';

describe('networkLoad refuses', () => {
  const model: Model = parseModel(readFileSync(new URL('../../golden/tiny.safetensors', import.meta.url)));
  let plain: Uint8Array<ArrayBuffer>;
  beforeAll(async () => {
    plain = await compileProbe(false);
  });

  const corrupt = (change: (layers: Int32Array) => void): Model => {
    const layers = model.layers.slice();
    change(layers);
    return { ...model, layers };
  };
  /** With another list of blocks of the first sparse layer: what changes it is given its counts by strip, and the list. */
  const blocks = (change: (counts: Uint16Array, list: Uint16Array) => void): Model => {
    const data = model.data.slice();
    const at = data.byteOffset + model.layers[sparse + 4]!;
    const strips = Math.ceil(model.layers[sparse + 1]! / 16);
    change(new Uint16Array(data.buffer, at, strips), new Uint16Array(data.buffer, at + 2 * strips, 4));
    return { ...model, data };
  };
  /** The first layer with a list of blocks. */
  const sparse = model.layers.findIndex((offset, i) => i % words === 4 && offset !== -1) - 4;
  it.each<[string, number, Model]>([
    ['too few layers', COUNT, { ...model, layers: model.layers.slice(0, -words) }],
    ['no layers', COUNT, { ...model, layers: new Int32Array(0) }],
    ['a foreign kind', KIND, corrupt((layers) => (layers[words] = 9))],
    ['a kind out of order', KIND, corrupt((layers) => (layers[words] = 1))],
    ['another number of features', SIZE, corrupt((layers) => (layers[2] = 71))],
    ['no rows', SIZE, corrupt((layers) => (layers[words + 1] = 0))],
    ['negative rows', SIZE, corrupt((layers) => (layers[words + 1] = -16))],
    ['huge rows', SIZE, corrupt((layers) => (layers[words + 1] = 0x7ffffff0))],
    ['one row more than there may be', SIZE, corrupt((layers) => (layers[words + 1] = 8193))],
    ['no columns', SIZE, corrupt((layers) => (layers[words + 2] = 0))],
    ['one column more than there may be', SIZE, corrupt((layers) => (layers[words + 2] = 16385))],
    ['huge columns', SIZE, corrupt((layers) => (layers[words + 2] = 0x7ffffffc))],
    ['columns that do not fit the taps', SIZE, corrupt((layers) => (layers[words + 7] = 4))],
    ['no taps', SIZE, corrupt((layers) => (layers[words + 7] = 0))],
    ['an unaligned pointer', POINTER, corrupt((layers) => (layers[words + 3]! += 4))],
    ['a pointer outside the memory', POINTER, corrupt((layers) => (layers[words + 5] = 0x7ffffff0 - 0x100000))],
    ['a null pointer', POINTER, corrupt((layers) => (layers[words + 6] = -1))],
    ['a block list of other data', POINTER, corrupt((layers) => (layers[words + 4] = layers[words + 3]!))],
    ['weights over its own list of blocks', POINTER, corrupt((layers) => (layers[sparse + 3] = layers[sparse + 4]!))],
    [
      "weights over another layer's list",
      POINTER,
      corrupt((layers) => (layers[layers.length - words + 3] = layers[sparse + 4]!)),
    ],
    ['a block that is told twice', BLOCKS, blocks((_, list) => (list[1] = list[0]!))],
    ['blocks out of order', BLOCKS, blocks((_, list) => list.subarray(0, 2).reverse())],
    ['a block beyond the columns', BLOCKS, blocks((counts, list) => (list[counts[0]! - 1] = 16384 / 4))],
  ])('%s', (_name, code, bad) => {
    const fresh = new Probe(new WebAssembly.Module(plain));
    const error = { code: 'version-mismatch', message: expect.stringContaining(`${code}`) };
    expect(() => loadNetwork(fresh.core, bad)).toThrow(expect.objectContaining(error));
  });
});
