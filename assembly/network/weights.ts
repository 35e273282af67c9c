/**
 * Layer descriptors: how a model lies in memory, and the checks it must pass before the network may read it.
 *
 * A descriptor is DESCRIPTOR_WORDS int32:
 *   0 kind     KIND_*
 *   1 rows     outputs, without padding
 *   2 columns  inputs, without padding
 *   3 weights  pointer, 16-byte aligned
 *   4 blocks   pointer to the block list of a sparse layer, or 0
 *   5 scales   pointer to one f32 per padded row: the value of weight 1 (0 for KIND_FLOAT, which has none)
 *   6 bias     pointer to one f32 per padded row
 *   7 extra    taps of a convolution, otherwise 0
 *
 * KIND_FLOAT: f32 weights [column][padded row]. All other kinds: int8 tiles of TILE_ROWS x TILE_COLUMNS. Rows are padded to 16 and
 * columns to 4 with zeros; a strip of 16 rows holds its tiles in ascending column order, 64 bytes each, row by row with
 * four columns per row. A sparse layer leaves tiles out; its block list is u16: the number of tiles of each strip, then the
 * column block (column / 4) of each tile in order of storage.
 */
import { BANDS, FEATURES, FINER_FEATURES, FINER_KERNEL, FINER_OUTPUTS, FINER_PLACES } from '../constants';
import {
  ERROR_LAYER_BLOCKS,
  ERROR_LAYER_COUNT,
  ERROR_LAYER_KIND,
  ERROR_LAYER_POINTER,
  ERROR_LAYER_SIZE,
} from '../errors';
import { allocateFloats, isAllocated } from '../memory';
import { LEVELS, RELAXED, ZERO_POINT } from './activations';

export const DESCRIPTOR_WORDS: i32 = 8;

export const KIND_FLOAT: i32 = 0;
export const KIND_DENSE: i32 = 1;
export const KIND_CONV: i32 = 2;
export const KIND_GRU_INPUT: i32 = 3;
export const KIND_GRU_RECURRENT: i32 = 4;

/** Order of the layers of a network. Each GRU is its input matrix and then its recurrent one. */
export const LAYER_DENSE: i32 = 0;
export const LAYER_CONV1: i32 = 1;
export const LAYER_CONV2: i32 = 2;
export const LAYER_GRU1: i32 = 3;
export const LAYER_GRU2: i32 = 5;
export const LAYER_GRU3: i32 = 7;
export const LAYER_GRU_GAIN: i32 = 9;
export const LAYER_GRU_STRENGTH: i32 = 11;
export const LAYER_GAIN_OUT: i32 = 13;
export const LAYER_STRENGTH_OUT: i32 = 14;
export const LAYER_COUNT: i32 = 15;

/** Order of the layers of a finer stage, which may follow those (network/finer.ts). */
export const FINER_ENTER: i32 = 0;
export const FINER_PLACE: i32 = 1;
export const FINER_CONTEXT: i32 = 2;
export const FINER_QRNN1: i32 = 3;
export const FINER_MIX: i32 = 4;
export const FINER_QRNN2: i32 = 5;
export const FINER_QRNN3: i32 = 6;
export const FINER_LEAVE: i32 = 7;
export const FINER_LAYERS: i32 = 8;

export const TILE_ROWS: i32 = 16;
export const TILE_COLUMNS: i32 = 4;
export const TILE_BYTES: i32 = TILE_ROWS * TILE_COLUMNS;

/** Outputs of the gain layer: the band gains and the speech probability. */
export const GAIN_ROWS: i32 = BANDS + 1;

/** Bounds that keep every size and every int32 sum far from overflow. */
const MAX_ROWS: i32 = 8192;
const MAX_COLUMNS: i32 = 16384;
export const MAX_TAPS: i32 = 16;
export const MAX_FINER_CHANNELS: i32 = 256;

/** More than a layer's object, its list of counts and the headers of its blocks take. */
const OBJECT_BYTES: i64 = 256 + (2 * MAX_ROWS) / TILE_ROWS;

/** Rounds up to a multiple of TILE_ROWS. */
export function padRows(rows: i32): i32 {
  return (rows + TILE_ROWS - 1) & -TILE_ROWS;
}

function word(descriptor: usize, index: i32): i32 {
  return load<i32>(descriptor + ((<usize>index) << 2));
}

/** Whether count bytes at a 16-byte aligned pointer lie in the memory. */
function readable(pointer: i32, bytes: i64): bool {
  return pointer != 0 && (pointer & 15) == 0 && <i64>(<u32>pointer) + bytes <= (<i64>memory.size()) << 16;
}

/** Tiles of a layer whose rows, columns and counts per strip can be read. */
function tilesOf(descriptor: usize): i64 {
  const strips = padRows(word(descriptor, 1)) / TILE_ROWS;
  const counts = <usize>(<u32>word(descriptor, 4));
  if (counts == 0) return <i64>strips * (word(descriptor, 2) / TILE_COLUMNS);
  let tiles: i64 = 0;
  for (let strip = 0; strip < strips; strip++) tiles += load<u16>(counts + ((<usize>strip) << 1));
  return tiles;
}

function overlap(a: i64, aBytes: i64, b: i64, bBytes: i64): bool {
  return a < b + bBytes && b < a + aBytes;
}

/** Whether the weights, which a layer may rewrite, are apart from what must stay as it was checked: descriptors and block lists. */
function areApart(layers: usize, count: i32): bool {
  const stride = DESCRIPTOR_WORDS * 4;
  for (let i = 0; i < count; i++) {
    const layer = layers + <usize>(i * stride);
    if (word(layer, 0) == KIND_FLOAT) continue;
    const weights = <i64>(<u32>word(layer, 3));
    const bytes = tilesOf(layer) * TILE_BYTES;
    if (overlap(weights, bytes, layers as i64, <i64>count * stride)) return false;
    for (let j = 0; j < count; j++) {
      const other = layers + <usize>(j * stride);
      const blocks = <i64>(<u32>word(other, 4));
      if (blocks == 0 || word(other, 0) == KIND_FLOAT) continue;
      const strips: i64 = padRows(word(other, 1)) / TILE_ROWS;
      if (overlap(weights, bytes, blocks, (strips + tilesOf(other)) * 2)) return false;
    }
  }
  return true;
}

function checkBlocks(pointer: i32, strips: i32, columnBlocks: i32, tiles: usize): bool {
  const counts = <usize>(<u32>pointer);
  let list = counts + ((<usize>strips) << 1);
  for (let strip = 0; strip < strips; strip++) {
    const count = <i32>load<u16>(counts + ((<usize>strip) << 1));
    let previous = -1;
    for (let i = 0; i < count; i++) {
      const block = <i32>load<u16>(list);
      if (block <= previous || block >= columnBlocks) return false;
      previous = block;
      list += 2;
    }
  }
  return list == counts + ((<usize>strips) << 1) + (tiles << 1);
}

/** 0, or the code of what is wrong with one descriptor. */
function checkLayer(descriptor: usize, kind: i32): i32 {
  if (word(descriptor, 0) != kind) return ERROR_LAYER_KIND;
  const rows = word(descriptor, 1);
  const columns = word(descriptor, 2);
  if (rows < 1 || rows > MAX_ROWS || columns < 1 || columns > MAX_COLUMNS) return ERROR_LAYER_SIZE;
  const padded = padRows(rows);
  if (!readable(word(descriptor, 6), <i64>padded * 4)) return ERROR_LAYER_POINTER;
  if (kind == KIND_FLOAT) {
    return readable(word(descriptor, 3), <i64>padded * columns * 4) ? 0 : ERROR_LAYER_POINTER;
  }
  if (!readable(word(descriptor, 5), <i64>padded * 4)) return ERROR_LAYER_POINTER;
  if ((columns & (TILE_COLUMNS - 1)) != 0) return ERROR_LAYER_SIZE;
  const strips = padded / TILE_ROWS;
  const columnBlocks = columns / TILE_COLUMNS;
  let tiles: i64 = <i64>strips * columnBlocks;
  const blocks = word(descriptor, 4);
  if (blocks != 0) {
    if (!readable(blocks, <i64>strips * 2)) return ERROR_LAYER_POINTER;
    tiles = tilesOf(descriptor);
    // The core's own memory changes: a list there would not stay as it is checked here.
    if (
      !readable(blocks, (<i64>strips + tiles) * 2) ||
      !isAllocated(<usize>(<u32>blocks), (<i64>strips + tiles + 1) / 2)
    )
      return ERROR_LAYER_POINTER;
    if (!checkBlocks(blocks, strips, columnBlocks, <usize>tiles)) return ERROR_LAYER_BLOCKS;
  }
  const weights = word(descriptor, 3);
  // A layer may rewrite its weights: they must be the caller's own.
  const own = isAllocated(<usize>(<u32>weights), tiles * (TILE_BYTES / 4));
  return own && readable(weights, tiles * TILE_BYTES) ? 0 : ERROR_LAYER_POINTER;
}

function checkGru(layers: usize, index: i32, inputs: i32, units: i32): i32 {
  const input = layers + <usize>(index * DESCRIPTOR_WORDS * 4);
  const recurrent = input + <usize>(DESCRIPTOR_WORDS * 4);
  let code = checkLayer(input, KIND_GRU_INPUT);
  if (code == 0) code = checkLayer(recurrent, KIND_GRU_RECURRENT);
  if (code != 0) return code;
  const fits =
    word(input, 1) == 3 * units &&
    word(input, 2) == inputs &&
    word(recurrent, 1) == 3 * units &&
    word(recurrent, 2) == units;
  return fits ? 0 : ERROR_LAYER_SIZE;
}

function checkConv(descriptor: usize, inputs: i32): i32 {
  const code = checkLayer(descriptor, KIND_CONV);
  if (code != 0) return code;
  const taps = word(descriptor, 7);
  if (taps < 1 || taps > MAX_TAPS || word(descriptor, 2) != taps * inputs) return ERROR_LAYER_SIZE;
  return word(descriptor, 1) % TILE_ROWS == 0 ? 0 : ERROR_LAYER_SIZE;
}

/** Float weights of so many rows and columns. */
function checkFloat(descriptor: usize, rows: i32, columns: i32): i32 {
  const code = checkLayer(descriptor, KIND_FLOAT);
  if (code != 0) return code;
  return word(descriptor, 1) == rows && word(descriptor, 2) == columns ? 0 : ERROR_LAYER_SIZE;
}

/** The layers of a finer stage behind bands whose gru_gain has so many units. */
function checkFiner(layers: usize, units: i32): i32 {
  const stride = DESCRIPTOR_WORDS * 4;
  const channels = word(layers, 1);
  if (channels < TILE_ROWS || channels > MAX_FINER_CHANNELS || channels % TILE_ROWS != 0) return ERROR_LAYER_SIZE;
  let code = checkFloat(layers + <usize>(FINER_ENTER * stride), channels, FINER_FEATURES * FINER_KERNEL);
  if (code == 0) code = checkFloat(layers + <usize>(FINER_PLACE * stride), channels, FINER_PLACES);
  if (code == 0) code = checkOut(layers + <usize>(FINER_CONTEXT * stride), channels, units);
  if (code == 0) code = checkOut(layers + <usize>(FINER_QRNN1 * stride), 2 * channels, 6 * channels);
  if (code == 0) code = checkFloat(layers + <usize>(FINER_MIX * stride), FINER_PLACES, FINER_PLACES);
  if (code == 0) code = checkOut(layers + <usize>(FINER_QRNN2 * stride), 2 * channels, 6 * channels);
  if (code == 0) code = checkOut(layers + <usize>(FINER_QRNN3 * stride), 2 * channels, 6 * channels);
  if (code == 0) code = checkOut(layers + <usize>(FINER_LEAVE * stride), FINER_OUTPUTS * FINER_KERNEL, 3 * channels);
  return code;
}

function checkOut(descriptor: usize, rows: i32, inputs: i32): i32 {
  const code = checkLayer(descriptor, KIND_DENSE);
  if (code != 0) return code;
  return word(descriptor, 1) == rows && word(descriptor, 2) == inputs ? 0 : ERROR_LAYER_SIZE;
}

/**
 * Checks count descriptors at layers: kinds, sizes that fit each other, pointers, block lists. Values of weights, scales and
 * biases are the loader's business.
 * @returns 0 or an ERROR_* code. Not real-time safe.
 */
export function checkLayers(layers: usize, count: i32): i32 {
  if (count != LAYER_COUNT && count != LAYER_COUNT + FINER_LAYERS) return ERROR_LAYER_COUNT;
  const stride = DESCRIPTOR_WORDS * 4;
  if (!readable(<i32>layers, <i64>count * stride)) return ERROR_LAYER_POINTER;

  const dense = layers + <usize>(LAYER_DENSE * stride);
  let code = checkLayer(dense, KIND_FLOAT);
  if (code != 0) return code;
  const denseRows = word(dense, 1);
  if (word(dense, 2) != FEATURES || denseRows % TILE_ROWS != 0) return ERROR_LAYER_SIZE;

  const conv1 = layers + <usize>(LAYER_CONV1 * stride);
  const conv2 = layers + <usize>(LAYER_CONV2 * stride);
  code = checkConv(conv1, denseRows);
  if (code != 0) return code;
  code = checkConv(conv2, word(conv1, 1));
  if (code != 0) return code;

  const conv = word(conv2, 1);
  const units = word(layers + <usize>((LAYER_GRU1 + 1) * stride), 2);
  const strengthUnits = word(layers + <usize>((LAYER_GRU_STRENGTH + 1) * stride), 2);
  if (units < TILE_ROWS || units > MAX_ROWS / 3 || units % TILE_ROWS != 0) return ERROR_LAYER_SIZE;
  if (strengthUnits < TILE_ROWS || strengthUnits > MAX_ROWS / 3 || strengthUnits % TILE_ROWS != 0)
    return ERROR_LAYER_SIZE;

  code = checkGru(layers, LAYER_GRU1, conv, units);
  if (code == 0) code = checkGru(layers, LAYER_GRU2, units, units);
  if (code == 0) code = checkGru(layers, LAYER_GRU3, units, units);
  if (code == 0) code = checkGru(layers, LAYER_GRU_GAIN, units, units);
  if (code == 0) code = checkGru(layers, LAYER_GRU_STRENGTH, units + conv, strengthUnits);
  if (code == 0) code = checkOut(layers + <usize>(LAYER_GAIN_OUT * stride), GAIN_ROWS, conv + 4 * units);
  if (code == 0) code = checkOut(layers + <usize>(LAYER_STRENGTH_OUT * stride), BANDS, strengthUnits);
  if (code == 0 && count > LAYER_COUNT) code = checkFiner(layers + <usize>(LAYER_COUNT * stride), units);
  if (code == 0 && !areApart(layers, count)) code = ERROR_LAYER_POINTER;
  return code;
}

/**
 * A checked layer with what the kernels need beside the weights. Takes the memory of its descriptor for life: the weights must
 * stay where they are, and in the plain build they are rewritten, so a layer is made of them once. The constructor allocates.
 */
export class Layer {
  readonly rows: i32;
  readonly columns: i32;
  readonly taps: i32;
  readonly strips: i32;
  readonly weights: usize;
  readonly bias: usize;
  /** Value of 1 in an int32 sum, per padded row: scale / 63. 0 for KIND_FLOAT. */
  readonly gain: usize;
  /** Number of tiles of each strip, u16. 0 for KIND_FLOAT. */
  readonly counts: usize;
  /** Column block of each tile, u16. */
  readonly list: usize;
  /** Whether each strip has its own part of the list; a dense layer reads the same list for each. */
  readonly sparse: bool;
  /** Start of each int32 sum: -64 * sum of the row in the relaxed build, which sees q; 0 (none) in the plain one, which sees q - 64. */
  readonly start: usize;

  /** Bytes of its outputs, f32 or int32. */
  static outputBytes(descriptor: usize): i64 {
    return <i64>padRows(word(descriptor, 1)) * 4;
  }

  /** Most the constructor allocates. */
  static bytes(descriptor: usize): i64 {
    return 2 * Layer.outputBytes(descriptor) + <i64>word(descriptor, 2) + OBJECT_BYTES;
  }

  /** The layer of one of several descriptors. */
  static at(layers: usize, index: i32): Layer {
    return new Layer(layers + <usize>(index * DESCRIPTOR_WORDS * 4));
  }

  constructor(descriptor: usize) {
    this.rows = word(descriptor, 1);
    this.columns = word(descriptor, 2);
    this.weights = <usize>(<u32>word(descriptor, 3));
    this.bias = <usize>(<u32>word(descriptor, 6));
    this.taps = word(descriptor, 7);
    const padded = padRows(this.rows);
    this.strips = padded / TILE_ROWS;
    const tiled = word(descriptor, 0) != KIND_FLOAT;
    const columnBlocks = tiled ? this.columns / TILE_COLUMNS : 0;
    const blocks = <usize>(<u32>word(descriptor, 4));
    this.sparse = tiled && blocks != 0;
    if (this.sparse) {
      this.counts = blocks;
      this.list = blocks + ((<usize>this.strips) << 1);
    } else {
      this.counts = heap.alloc((<usize>this.strips) << 1);
      this.list = heap.alloc((<usize>columnBlocks) << 1);
      for (let i = 0; i < this.strips; i++) store<u16>(this.counts + ((<usize>i) << 1), <u16>columnBlocks);
      for (let i = 0; i < columnBlocks; i++) store<u16>(this.list + ((<usize>i) << 1), <u16>i);
    }
    this.gain = tiled ? makeGains(<usize>(<u32>word(descriptor, 5)), padded) : 0;
    this.start = tiled && RELAXED ? makeStarts(this.weights, this.counts, this.strips) : 0;
    if (tiled && !RELAXED) offsetEvenColumns(this.weights, this.counts, this.strips);
  }
}

/** A copy of the scales, divided by the levels per unit of an activation. */
function makeGains(scales: usize, rows: i32): usize {
  const gains = allocateFloats(rows);
  for (let row: usize = 0; row < <usize>rows; row++) {
    store<f32>(gains + (row << 2), load<f32>(scales + (row << 2)) / LEVELS);
  }
  return gains;
}

/** Adds 128 to the weights of columns 0 and 2 of each tile, for the plain kernel (matvec.ts). */
function offsetEvenColumns(weights: usize, counts: usize, strips: i32): void {
  let tiles: usize = 0;
  for (let strip = 0; strip < strips; strip++) tiles += load<u16>(counts + ((<usize>strip) << 1));
  const end = weights + tiles * TILE_BYTES;
  for (let at = weights; at < end; at += 16) v128.store(at, v128.xor(v128.load(at), i16x8.splat(0x80)));
}

/** -64 * sum of each row. */
function makeStarts(weights: usize, counts: usize, strips: i32): usize {
  const starts = allocateFloats(strips * TILE_ROWS);
  let tile = weights;
  for (let strip = 0; strip < strips; strip++) {
    for (let i = <i32>load<u16>(counts + ((<usize>strip) << 1)); i > 0; i--) {
      for (let cell = 0; cell < TILE_BYTES; cell++) {
        const start = starts + ((<usize>(strip * TILE_ROWS + cell / TILE_COLUMNS)) << 2);
        store<i32>(start, load<i32>(start) - ZERO_POINT * <i32>load<i8>(tile + <usize>cell));
      }
      tile += TILE_BYTES;
    }
  }
  return starts;
}
