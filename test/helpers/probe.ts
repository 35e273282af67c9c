/**
 * The network's test entry (assembly/entries/testing.ts) and ways to feed it. Nothing of Node here: a page can run the same
 * checks against the same vectors.
 */

export interface ProbeExports {
  readonly memory: WebAssembly.Memory;
  alloc(bytes: number): number;
  activationBytes(): number;
  tanhAll(x: number, y: number, count: number): void;
  sigmoidAll(x: number, y: number, count: number): void;
  quantiseAll(x: number, activations: number, count: number): void;
  packLevels(levels: number, activations: number, count: number): void;
  unpackLevels(activations: number, levels: number, count: number): void;
  layerCreate(descriptor: number): number;
  runMatvec(layer: number, activations: number, sums: number): void;
  runMatvecPair(layer: number, first: number, second: number, sums: number): void;
  runMatvecScalar(layer: number, activations: number, sums: number): void;
  runDenseFloatTanh(layer: number, input: number, out: number): void;
  runDenseTanh(layer: number, activations: number, sums: number, out: number): void;
  runDenseSigmoid(layer: number, activations: number, sums: number, out: number): void;
  runShiftHistory(layer: number, history: number): number;
  runConvTanh(layer: number, history: number, sums: number, out: number): void;
  runGru(input: number, recurrent: number, x: number, state: number, hidden: number, sums: number): void;
  networkLoad(layers: number, count: number): number;
  stateCreate(network: number): number;
  stateReset(state: number): void;
  statePrepare(state: number): number;
  stateStep(state: number, features: number): number;
  stateGains(state: number): number;
  stateStrengths(state: number): number;
  finerCreate(network: number): number;
  finerReset(state: number): void;
  finerStep(state: number, features: number, context: number, outputs: number): void;
}

export const KIND_FLOAT = 0;
export const KIND_DENSE = 1;
export const KIND_CONV = 2;
export const KIND_GRU_INPUT = 3;
export const KIND_GRU_RECURRENT = 4;

export const TILE_ROWS = 16;
export const TILE_COLUMNS = 4;

/** An int8 layer as a plain matrix. */
export interface Matrix {
  rows: number;
  columns: number;
  /** Row by row. */
  weights: Int8Array;
  /** One per row; 1 if left out. */
  scales?: ArrayLike<number>;
  /** One per row; 0 if left out. */
  bias?: ArrayLike<number>;
  /** One flag per tile, strip by strip; left out = dense. Weights of tiles not kept must be 0. */
  kept?: readonly boolean[];
  taps?: number;
}

/** Uniform in 0..1, repeatable (mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export function padRows(rows: number): number {
  return Math.ceil(rows / TILE_ROWS) * TILE_ROWS;
}

/** The core's layout of a matrix: tiles, and the block list of a sparse one. */
export function tile(matrix: Matrix): { tiles: Int8Array; blocks: Uint16Array | undefined } {
  const strips = padRows(matrix.rows) / TILE_ROWS;
  const columnBlocks = matrix.columns / TILE_COLUMNS;
  const bytes: number[] = [];
  const counts: number[] = [];
  const list: number[] = [];
  for (let strip = 0; strip < strips; strip++) {
    let count = 0;
    for (let block = 0; block < columnBlocks; block++) {
      if (matrix.kept && !matrix.kept[strip * columnBlocks + block]) continue;
      count++;
      list.push(block);
      for (let row = strip * TILE_ROWS; row < (strip + 1) * TILE_ROWS; row++) {
        for (let column = block * TILE_COLUMNS; column < (block + 1) * TILE_COLUMNS; column++) {
          bytes.push(row < matrix.rows ? matrix.weights[row * matrix.columns + column]! : 0);
        }
      }
    }
    counts.push(count);
  }
  return { tiles: Int8Array.from(bytes), blocks: matrix.kept && Uint16Array.from([...counts, ...list]) };
}

/** SUM w (q - 64) per row, by definition. */
export function expectedSums(matrix: Matrix, levels: Uint8Array): Int32Array {
  const sums = new Int32Array(padRows(matrix.rows));
  for (let row = 0; row < matrix.rows; row++) {
    let sum = 0;
    for (let column = 0; column < matrix.columns; column++) {
      sum += matrix.weights[row * matrix.columns + column]! * (levels[column]! - 64);
    }
    sums[row] = sum;
  }
  return sums;
}

/** One instance of the test entry. */
export class Probe {
  readonly core: ProbeExports;
  readonly activationBytes: number;

  constructor(module: WebAssembly.Module) {
    const abort = (): never => {
      throw new Error('abort');
    };
    this.core = new WebAssembly.Instance(module, { env: { abort } }).exports as unknown as ProbeExports;
    this.activationBytes = this.core.activationBytes();
  }

  /** Copies values to fresh memory. */
  write(values: Int8Array | Uint8Array | Uint16Array | Int32Array | Float32Array): number {
    const pointer = this.core.alloc(values.byteLength);
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    new Uint8Array(this.core.memory.buffer, pointer, bytes.length).set(bytes);
    return pointer;
  }

  bytes(pointer: number, count: number): Uint8Array {
    return new Uint8Array(this.core.memory.buffer, pointer, count).slice();
  }

  integers(pointer: number, count: number): Int32Array {
    return new Int32Array(this.core.memory.buffer, pointer, count).slice();
  }

  floats(pointer: number, count: number): Float32Array {
    return new Float32Array(this.core.memory.buffer, pointer, count).slice();
  }

  /** Room for count activations. */
  activations(count: number): number {
    return this.core.alloc(count * this.activationBytes);
  }

  writeLevels(levels: Uint8Array): number {
    const pointer = this.activations(levels.length);
    this.core.packLevels(this.write(levels), pointer, levels.length);
    return pointer;
  }

  readLevels(activations: number, count: number): Uint8Array {
    const pointer = this.core.alloc(count);
    this.core.unpackLevels(activations, pointer, count);
    return this.bytes(pointer, count);
  }

  layer(kind: number, matrix: Matrix): number {
    const { tiles, blocks } = tile(matrix);
    const padded = padRows(matrix.rows);
    const perRow = (values: ArrayLike<number> | undefined, fallback: number): Float32Array =>
      Float32Array.from({ length: padded }, (_, row) => (row < matrix.rows ? (values?.[row] ?? fallback) : 0));
    const weights = this.write(tiles);
    const list = blocks ? this.write(blocks) : 0;
    const scales = this.write(perRow(matrix.scales, 1));
    const bias = this.write(perRow(matrix.bias, 0));
    const words = [kind, matrix.rows, matrix.columns, weights, list, scales, bias, matrix.taps ?? 0];
    return this.core.layerCreate(this.write(Int32Array.from(words)));
  }

  floatLayer(rows: number, columns: number, weights: Float32Array, bias: Float32Array): number {
    const words = [KIND_FLOAT, rows, columns, this.write(weights), 0, 0, this.write(bias), 0];
    return this.core.layerCreate(this.write(Int32Array.from(words)));
  }

  /** Sums of the SIMD kernel (or its scalar twin), checked for writes behind them. */
  sums(layer: number, rows: number, activations: number, scalar = false): Int32Array {
    const padded = padRows(rows);
    const canary = 0x5ca1ab1e;
    const pointer = this.write(new Int32Array(padded + 4).fill(canary));
    if (scalar) this.core.runMatvecScalar(layer, activations, pointer);
    else this.core.runMatvec(layer, activations, pointer);
    const result = this.integers(pointer, padded + 4);
    if (result.subarray(padded).some((value) => value !== canary)) throw new Error('the kernel wrote behind the sums');
    return result.subarray(0, padded);
  }
}

/** What is wrong with the sums of two vectors at once, or undefined. */
export function checkMatvecPair(probe: Probe, { matrix, levels }: MatvecVector): string | undefined {
  const other = levels.map((_, i) => levels[(7 * i + 3) % levels.length]!);
  const expected = [...expectedSums(matrix, levels), ...expectedSums(matrix, other)];
  const sums = probe.write(new Int32Array(expected.length + 4));
  const [first, second] = [probe.writeLevels(levels), probe.writeLevels(other)];
  probe.core.runMatvecPair(probe.layer(KIND_DENSE, matrix), first, second, sums);
  const actual = probe.integers(sums, expected.length + 4);
  const row = actual.findIndex((value, i) => value !== (expected[i] ?? 0));
  return row < 0 ? undefined : `sum ${row}: ${actual[row]} instead of ${expected[row] ?? 'nothing'}`;
}

/** Shapes and densities of the equality test: tails in rows, one block, several chunks, empty strips. */
export const MATVEC_CASES: readonly { rows: number; columns: number; density: number; extreme?: 0 | 127 }[] = [
  { rows: 1, columns: 4, density: 1 },
  { rows: 16, columns: 4, density: 1 },
  { rows: 35, columns: 52, density: 1 },
  { rows: 48, columns: 640, density: 1 },
  { rows: 96, columns: 1028, density: 1 },
  { rows: 16, columns: 4096, density: 1, extreme: 0 },
  { rows: 35, columns: 2560, density: 1, extreme: 127 },
  { rows: 16, columns: 8, density: 0 },
  { rows: 48, columns: 512, density: 0.4 },
  { rows: 33, columns: 128, density: 0.05 },
  { rows: 64, columns: 4096, density: 0.9, extreme: 127 },
];

export interface MatvecVector {
  name: string;
  matrix: Matrix;
  levels: Uint8Array;
  sums: Int32Array;
}

/** The test vectors of the matrix kernels, for any engine. extreme: all weights -128 and one level, where sums overflow first. */
export function matvecVectors(seed: number): MatvecVector[] {
  const next = random(seed);
  return MATVEC_CASES.map(({ rows, columns, density, extreme }) => {
    const columnBlocks = columns / TILE_COLUMNS;
    const kept = Array.from({ length: (padRows(rows) / TILE_ROWS) * columnBlocks }, () => next() < density);
    const weights = Int8Array.from({ length: rows * columns }, (_, i) => {
      const strip = Math.floor(i / columns / TILE_ROWS);
      const block = Math.floor((i % columns) / TILE_COLUMNS);
      if (!kept[strip * columnBlocks + block]) return 0;
      // -128 never leaves the exporter, but the kernels take it.
      return extreme !== undefined ? -128 : Math.floor(next() * 255) - 127;
    });
    const levels = Uint8Array.from({ length: columns }, () => extreme ?? Math.floor(next() * 128));
    const matrix: Matrix = density < 1 ? { rows, columns, weights, kept } : { rows, columns, weights };
    const name = `${rows} x ${columns}, density ${density}${extreme === undefined ? '' : `, weights -128, levels ${extreme}`}`;
    return { name, matrix, levels, sums: expectedSums(matrix, levels) };
  });
}

/** Runs one vector in SIMD and scalar; returns what is wrong, or undefined. */
export function checkMatvec(probe: Probe, { matrix, levels, sums }: MatvecVector): string | undefined {
  const layer = probe.layer(KIND_DENSE, matrix);
  const activations = probe.writeLevels(levels);
  for (const scalar of [false, true]) {
    const actual = probe.sums(layer, matrix.rows, activations, scalar);
    const row = actual.findIndex((value, i) => value !== sums[i]);
    if (row >= 0) return `${scalar ? 'scalar' : 'SIMD'} row ${row}: ${actual[row]} instead of ${sums[row]}`;
  }
  return undefined;
}

/** Whether the engine's relaxed dot product is the one the kernels need: the library's own start-up test in small. */
export function relaxedDotWorks(probe: Probe): boolean {
  return matvecVectors(1).every((vector) => checkMatvec(probe, vector) === undefined);
}
