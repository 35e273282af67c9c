/** A model file of random weights (format: training/export/model_file.py): speed depends on sizes and sparsity alone. */
import { crc32 } from 'node:zlib';
import { BANDS, FEATURES, LOOKAHEAD, TILE_COLUMNS, TILE_ROWS } from '../../src/core/shape';

const TILE_BYTES = TILE_ROWS * TILE_COLUMNS;
const ALIGNMENT = 16;
const DENSE = 128;
const CONV1_TAPS = 5;
const CONV2_TAPS = 3;

interface Sizes {
  units: number;
  conv1: number;
  conv2: number;
  strengthUnits: number;
}

interface Tensor {
  tensor: string;
  dtype: string;
  shape: number[];
  bytes: Uint8Array;
}

/** Bands of lite, and of 512 units: the widest that a core has run as it ships. */
export const SIZES = {
  lite: { units: 256, conv1: 256, conv2: 256, strengthUnits: 128 },
  wide: { units: 512, conv1: 512, conv2: 512, strengthUnits: 128 },
} satisfies Record<string, Sizes>;

/** Same numbers for the same seed, -1..1. */
function random(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  };
}

/**
 * @param density share of the 16 x 4 tiles that is kept
 * @returns bytes for parseModel
 */
export function randomModel(sizes: Sizes, { density = 1, name = 'random', seed = 1 } = {}): Uint8Array<ArrayBuffer> {
  const { units, conv1, conv2, strengthUnits } = sizes;
  const next = random(seed);
  const tensors: Tensor[] = [];
  const floats = (tensor: string, shape: number[], value: () => number) => {
    const values = Float32Array.from({ length: shape.reduce((product, n) => product * n, 1) }, value);
    tensors.push({ tensor, dtype: 'F32', shape, bytes: new Uint8Array(values.buffer) });
  };
  const matrix = (layer: string, rows: number, columns: number) => {
    const strips = Math.ceil(rows / TILE_ROWS);
    const blocks = columns / TILE_COLUMNS;
    const kept = Array.from({ length: strips }, () =>
      Array.from({ length: blocks }, (_, i) => i).filter(() => (next() + 1) / 2 < density),
    );
    const tiles = density < 1 ? kept.reduce((sum, strip) => sum + strip.length, 0) : strips * blocks;
    const weights = Int8Array.from({ length: tiles * TILE_BYTES }, () => Math.round(127 * next()));
    if (density < 1) {
      const list = [...kept.map((strip) => strip.length), ...kept.flat()];
      const padded = Math.ceil(list.length / (ALIGNMENT / 2)) * (ALIGNMENT / 2);
      const values = new Uint16Array(padded);
      values.set(list);
      tensors.push({ tensor: `${layer}.blocks`, dtype: 'U16', shape: [padded], bytes: new Uint8Array(values.buffer) });
    }
    const shape = [tiles, TILE_ROWS, TILE_COLUMNS];
    tensors.push({ tensor: `${layer}.weight`, dtype: 'I8', shape, bytes: new Uint8Array(weights.buffer) });
    // Sums of about unit size, so that no activation rests at its end.
    floats(`${layer}.scale`, [strips * TILE_ROWS], () => 1 / (127 * Math.sqrt(density * columns)));
    floats(`${layer}.bias`, [strips * TILE_ROWS], () => 0.1 * next());
  };
  floats('dense.weight', [FEATURES, DENSE], () => 0.2 * next());
  floats('dense.bias', [DENSE], () => 0.1 * next());
  matrix('conv1', conv1, CONV1_TAPS * DENSE);
  matrix('conv2', conv2, CONV2_TAPS * conv1);
  for (const [layer, inputs, outputs] of [
    ['gru1', conv2, units],
    ['gru2', units, units],
    ['gru3', units, units],
    ['gru_gain', units, units],
    ['gru_strength', units + conv2, strengthUnits],
  ] as const) {
    matrix(`${layer}.input`, 3 * outputs, inputs);
    matrix(`${layer}.recurrent`, 3 * outputs, outputs);
  }
  matrix('gain_out', BANDS + 1, conv2 + 4 * units);
  matrix('strength_out', BANDS, strengthUnits);
  return serialise(tensors, { name, sizes });
}

function serialise(tensors: Tensor[], { name, sizes }: { name: string; sizes: Sizes }): Uint8Array<ArrayBuffer> {
  const header: Record<string, object> = {
    __metadata__: {
      format: 'percepnet-wasm',
      formatVersion: '1',
      name,
      version: '0.0.0',
      architecture: JSON.stringify({
        features: FEATURES,
        bands: BANDS,
        dense: DENSE,
        conv1Taps: CONV1_TAPS,
        conv2Taps: CONV2_TAPS,
        ...sizes,
      }),
      lookahead: String(LOOKAHEAD),
      crc32: '00000000',
    },
  };
  let offset = 0;
  for (const { tensor, dtype, shape, bytes } of tensors) {
    header[tensor] = { dtype, shape, data_offsets: [offset, offset + bytes.length] };
    offset += bytes.length;
  }
  let text = JSON.stringify(header);
  text += ' '.repeat((ALIGNMENT - ((8 + text.length) % ALIGNMENT)) % ALIGNMENT);
  const file = new Uint8Array(8 + text.length + offset);
  new DataView(file.buffer).setUint32(0, text.length, true);
  file.set(Buffer.from(text, 'latin1'), 8);
  for (let at = 8 + text.length, i = 0; i < tensors.length; at += tensors[i++].bytes.length)
    file.set(tensors[i].bytes, at);
  const sum = crc32(file).toString(16).padStart(8, '0');
  file.set(Buffer.from(text.replace('"crc32":"00000000"', `"crc32":"${sum}"`), 'latin1'), 8);
  return file;
}
