/**
 * Model files: safetensors (8-byte little-endian header length, JSON header, data) with a few rules on top, written by
 * training/export/model_file.py.
 *
 * The metadata says format "percepnet-wasm", formatVersion, name, version, lookahead and architecture (JSON: the sizes, from which
 * all names, types and shapes of tensors follow; with finerChannels there is a finer stage, and the format version is 2). Matrices are int8 tiles as assembly/network/weights.ts describes them.
 * crc32 is the CRC-32 (IEEE) of the whole file, length and header included, in eight hexadecimal digits, computed with
 * these digits written as 00000000: any single error burst of up to 32 bits is found for certain, others but for one in
 * four billion. It protects against damage, not against forgery; serve models from where you serve code.
 */

import { NoiseSuppressorError } from '../shared/errors';
import type { CoreExports } from './exports';
import { type Architecture, layerShapes } from './layers';
import {
  BANDS,
  DESCRIPTOR_WORDS,
  FEATURES,
  KIND_FLOAT,
  LOOKAHEAD,
  MAX_FINER_CHANNELS,
  MAX_TAPS,
  TILE_COLUMNS,
  TILE_ROWS,
} from './shape';

/** Newest file format this library reads. */
const MODEL_FORMAT_VERSION = 2;

const FORMAT = 'percepnet-wasm';
const ALIGNMENT = 16;
const LENGTH_BYTES = 8;
const MAX_HEADER_BYTES = 1 << 20;

const MAX_SIZE = 2048;

/** Larger scales, biases or float weights are no trained network, and could overflow f32. */
const MAX_MAGNITUDE = 1e4;

/** Offset of a descriptor that points nowhere. */
const NONE = -1;

/** Which network runs. */
export interface NetworkInfo {
  /** 'lite' or 'full', or what a file of your own calls itself. */
  readonly name: string;
  /** Of the weights, not of the library. */
  readonly version: string;
}

/** A checked model. Plain data: it can be posted to a worker or passed in processorOptions. */
export interface Model extends NetworkInfo {
  /** 8 words per layer, pointers as offsets into data, -1 for none. */
  readonly layers: Int32Array;
  /** The tensors, 16-byte aligned. */
  readonly data: Uint8Array;
  /** All entries of the file's metadata: where the model comes from and how it scored. */
  readonly metadata: Readonly<Record<string, string>>;
}

interface Tensor {
  dtype: string;
  shape: readonly number[];
  begin: number;
  end: number;
}

/**
 * Reads and checks a model file. Copies what it needs: the bytes may be reused.
 * @throws NoiseSuppressorError 'invalid-model' for anything but an intact model, 'version-mismatch' for one this library is too
 * old for. Takes some milliseconds per megabyte; not for the audio thread.
 */
export function parseModel(file: ArrayBuffer | Uint8Array): Model {
  // A plain view: slice() of Node's Buffer, a Uint8Array too, would share the memory instead of copying it.
  const bytes = ArrayBuffer.isView(file)
    ? new Uint8Array(file.buffer, file.byteOffset, file.byteLength)
    : new Uint8Array(file);
  const { header, dataStart } = readHeader(bytes);
  const metadata = readMetadata(header);
  checkFormat(metadata);
  checkChecksum(bytes, dataStart, metadata);
  const architecture = readArchitecture(metadata);
  const data = bytes.slice(dataStart);
  const tensors = readTensors(header, data.length);
  const layers = readLayers(architecture, tensors, data);
  return { name: metadata.name as string, version: metadata.version as string, layers, data, metadata };
}

/**
 * Copies a model into the core's memory and loads it. Grows the memory, so views on it must be taken again. Call it once per
 * core: the memory is never given back.
 * @returns the network's handle, for suppressorCreate
 * @throws NoiseSuppressorError 'wasm-rejected' when the memory cannot hold it, 'version-mismatch' when the core refuses it
 */
export function loadNetwork(core: Pick<CoreExports, 'memory' | 'alloc' | 'networkLoad'>, model: Model): number {
  const data = core.alloc(model.data.length);
  const descriptors = core.alloc(model.layers.byteLength);
  if (data <= 0 || descriptors <= 0) {
    throw new NoiseSuppressorError(
      'wasm-rejected',
      'The core has no memory for the model. Close other suppressors or use a smaller model.',
    );
  }
  new Uint8Array(core.memory.buffer, data, model.data.length).set(model.data);
  const layers = Int32Array.from(model.layers);
  for (let at = 0; at < layers.length; at += DESCRIPTOR_WORDS) {
    for (let word = 3; word <= 6; word++) {
      const offset = layers[at + word]!;
      layers[at + word] = offset === NONE ? 0 : data + offset;
    }
  }
  new Int32Array(core.memory.buffer, descriptors, layers.length).set(layers);
  const network = core.networkLoad(descriptors, layers.length / DESCRIPTOR_WORDS);
  if (network < 0) {
    throw new NoiseSuppressorError(
      'version-mismatch',
      `The core refused the model "${model.name}" ${model.version} (code ${network}). Use core and library of one release.`,
    );
  }
  return network;
}

function invalid(reason: string, options?: ErrorOptions): NoiseSuppressorError {
  return new NoiseSuppressorError('invalid-model', `Not a usable model file: ${reason}.`, options);
}

function damaged(reason: string): NoiseSuppressorError {
  return invalid(`${reason}; it is damaged or incomplete, fetch it again`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readHeader(bytes: Uint8Array): { header: Record<string, unknown>; dataStart: number } {
  if (bytes.length < LENGTH_BYTES) throw damaged(`it has only ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(0, true);
  if (view.getUint32(4, true) !== 0 || length > MAX_HEADER_BYTES || bytes[LENGTH_BYTES] !== 0x7b) {
    throw invalid('it is not in the safetensors format; check that the address leads to a model and not to a web page');
  }
  const dataStart = LENGTH_BYTES + length;
  if (dataStart > bytes.length) throw damaged('it ends within its header');
  if (dataStart % ALIGNMENT !== 0)
    throw invalid('its data is not aligned; write it with training/export/model_file.py');
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(LENGTH_BYTES, dataStart)));
  } catch (cause) {
    throw invalid('its header is not JSON; it is damaged, fetch it again', { cause });
  }
  if (!isObject(header)) throw damaged('its header is not an object');
  return { header, dataStart };
}

function readMetadata(header: Record<string, unknown>): Record<string, string> {
  const metadata = header.__metadata__;
  if (!isObject(metadata) || metadata.format !== FORMAT) {
    throw invalid(`it does not say "${FORMAT}"; models of other projects cannot be used`);
  }
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== 'string') throw damaged(`metadata "${key}" is not a string`);
  }
  return metadata as Record<string, string>;
}

function checkFormat(metadata: Record<string, string>): void {
  const version = metadata.formatVersion ?? '';
  if (!/^[1-9]\d{0,5}$/.test(version)) throw damaged('its format version is missing');
  if (Number(version) > MODEL_FORMAT_VERSION) {
    throw new NoiseSuppressorError(
      'version-mismatch',
      `The model has format ${version}, this library reads up to ${MODEL_FORMAT_VERSION}. Update the library.`,
    );
  }
  if (metadata.lookahead !== String(LOOKAHEAD)) {
    throw invalid(
      `it is trained for a look-ahead of ${metadata.lookahead} frames, not ${LOOKAHEAD}; use another model`,
    );
  }
  if (!metadata.name || !metadata.version) throw damaged('its name or version is missing');
}

function checkChecksum(bytes: Uint8Array, dataStart: number, metadata: Record<string, string>): void {
  const expected = metadata.crc32 ?? '';
  if (!/^[0-9a-f]{8}$/.test(expected)) throw damaged('its checksum is missing');
  const digits = find(bytes, `"crc32":"${expected}"`, dataStart) + '"crc32":"'.length;
  const blanked = bytes.slice(0, dataStart);
  blanked.fill(0x30, digits, digits + expected.length);
  const actual = crc32(bytes.subarray(dataStart), crc32(blanked));
  if (actual !== Number.parseInt(expected, 16)) throw damaged('its checksum does not match');
}

/** Where the only occurrence of an ASCII text begins. */
function find(bytes: Uint8Array, text: string, end: number): number {
  let found = NONE;
  for (let at = 0; at + text.length <= end; at++) {
    let i = 0;
    while (i < text.length && bytes[at + i] === text.charCodeAt(i)) i++;
    if (i < text.length) continue;
    if (found !== NONE) throw damaged('it has two checksums');
    found = at;
  }
  if (found === NONE) throw damaged('its checksum is written in an unknown way');
  return found;
}

/** CRC-32 (IEEE 802.3, reflected polynomial edb88320); previous continues an earlier result. */
export function crc32(bytes: Uint8Array, previous = 0): number {
  const table = new Int32Array(256);
  for (let i = 0; i < 256; i++) {
    let value = i;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    table[i] = value;
  }
  let crc = ~previous;
  for (let i = 0; i < bytes.length; i++) crc = table[(crc ^ bytes[i]!) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

function readArchitecture(metadata: Record<string, string>): Architecture {
  let sizes: unknown;
  try {
    sizes = JSON.parse(metadata.architecture ?? '');
  } catch (cause) {
    throw invalid('its architecture is not JSON', { cause });
  }
  if (!isObject(sizes)) throw invalid('its architecture is not an object');
  if (sizes.features !== FEATURES || sizes.bands !== BANDS) {
    throw invalid(`it is not made for ${FEATURES} features and ${BANDS} bands`);
  }
  const size = (key: keyof Architecture, unit: number, max: number): number => {
    const value = sizes[key];
    if (typeof value !== 'number' || !Number.isInteger(value) || value < unit || value > max || value % unit !== 0) {
      throw invalid(`its architecture has ${key} = ${value}, not a multiple of ${unit} up to ${max}`);
    }
    return value;
  };
  return {
    dense: size('dense', TILE_ROWS, MAX_SIZE),
    conv1: size('conv1', TILE_ROWS, MAX_SIZE),
    conv1Taps: size('conv1Taps', 1, MAX_TAPS),
    conv2: size('conv2', TILE_ROWS, MAX_SIZE),
    conv2Taps: size('conv2Taps', 1, MAX_TAPS),
    units: size('units', TILE_ROWS, MAX_SIZE),
    strengthUnits: size('strengthUnits', TILE_ROWS, MAX_SIZE),
    finerChannels: 'finerChannels' in sizes ? size('finerChannels', TILE_ROWS, MAX_FINER_CHANNELS) : 0,
  };
}

/** The tensors by name. They must lie one after the other and fill the data. */
function readTensors(header: Record<string, unknown>, dataLength: number): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const { dtype, shape, data_offsets: offsets } = isObject(entry) ? entry : {};
    const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
    if (
      typeof dtype !== 'string' ||
      !(Array.isArray(shape) && shape.every(isSize)) ||
      !(Array.isArray(offsets) && offsets.length === 2 && offsets.every(isSize))
    ) {
      throw invalid(`tensor "${name}" is not described as safetensors asks`);
    }
    tensors.set(name, { dtype, shape, begin: offsets[0], end: offsets[1] });
  }
  let end = 0;
  for (const [name, tensor] of [...tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end)) {
    if (tensor.begin !== end || tensor.end < end) throw invalid(`tensor "${name}" does not follow the one before it`);
    if (tensor.begin % ALIGNMENT !== 0) throw invalid(`tensor "${name}" is not aligned to ${ALIGNMENT} bytes`);
    end = tensor.end;
  }
  if (end !== dataLength) throw damaged(`it should have ${end} bytes of data and has ${dataLength}`);
  return tensors;
}

function readLayers(architecture: Architecture, tensors: Map<string, Tensor>, data: Uint8Array): Int32Array {
  const unused = new Map(tensors);
  const take = (name: string, dtype: string, bytesPerValue: number, shape: readonly number[]): Tensor => {
    const tensor = unused.get(name);
    if (!tensor) throw invalid(`tensor "${name}" is missing`);
    unused.delete(name);
    const values = shape.reduce((product, size) => product * size, 1);
    const fits = tensor.shape.length === shape.length && tensor.shape.every((size, i) => size === shape[i]);
    if (tensor.dtype !== dtype || !fits || tensor.end - tensor.begin !== values * bytesPerValue) {
      throw invalid(
        `tensor "${name}" is ${tensor.dtype} [${tensor.shape}], but the architecture asks for ${dtype} [${shape}]`,
      );
    }
    return tensor;
  };
  const takeFloats = (name: string, shape: readonly number[], min: number): number => {
    const { begin, end } = take(name, 'F32', 4, shape);
    for (const value of new Float32Array(data.buffer, data.byteOffset + begin, (end - begin) / 4)) {
      // Written so that NaN fails.
      if (!(value >= min && value <= MAX_MAGNITUDE)) throw invalid(`tensor "${name}" holds ${value}`);
    }
    return begin;
  };

  const words: number[] = [];
  for (const { name, kind, rows, columns, taps } of layerShapes(architecture)) {
    const padded = Math.ceil(rows / TILE_ROWS) * TILE_ROWS;
    let weights: number;
    let blocks = NONE;
    let scales = NONE;
    if (kind === KIND_FLOAT) {
      weights = takeFloats(`${name}.weight`, [columns, padded], -MAX_MAGNITUDE);
    } else {
      const strips = padded / TILE_ROWS;
      let tiles = strips * (columns / TILE_COLUMNS);
      const list = unused.get(`${name}.blocks`);
      if (list) {
        const length = list.shape[0] ?? 0;
        blocks = take(`${name}.blocks`, 'U16', 2, [length]).begin;
        tiles = checkBlocks(name, new Uint16Array(data.buffer, data.byteOffset + blocks, length), strips, columns);
      }
      weights = take(`${name}.weight`, 'I8', 1, [tiles, TILE_ROWS, TILE_COLUMNS]).begin;
      scales = takeFloats(`${name}.scale`, [padded], 0);
    }
    const bias = takeFloats(`${name}.bias`, [padded], -MAX_MAGNITUDE);
    words.push(kind, rows, columns, weights, blocks, scales, bias, taps);
  }
  for (const name of unused.keys()) throw invalid(`tensor "${name}" belongs to no layer`);
  return Int32Array.from(words);
}

/** Checks a block list (counts per strip, ascending column blocks, zeros to the alignment). Returns the number of tiles. */
function checkBlocks(name: string, list: Uint16Array, strips: number, columns: number): number {
  const wrong = (): NoiseSuppressorError => invalid(`the block list of "${name}" is out of order or range`);
  if (list.length < strips) throw wrong();
  let at = strips;
  for (let strip = 0; strip < strips; strip++) {
    let previous = -1;
    for (let i = list[strip]!; i > 0; i--) {
      const block = list[at++];
      if (block === undefined || block <= previous || block >= columns / TILE_COLUMNS) throw wrong();
      previous = block;
    }
  }
  const unit = ALIGNMENT / Uint16Array.BYTES_PER_ELEMENT;
  if (list.length !== Math.ceil(at / unit) * unit || list.subarray(at).some((value) => value !== 0)) throw wrong();
  return at - strips;
}
