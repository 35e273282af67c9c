/**
 * Streaming band-limited resampler, any rate to any rate (8 to 192 kHz), windowed sinc in polyphase form.
 *
 * Contract
 * - Rates are whole hertz (rounded). The read position is a pair of integers, so a stream never drifts.
 * - After N inputs since the last reset exactly ceil(N * outRate / inRate) outputs have been written.
 * - Output j is the input at time j * inRate / outRate - delay, in input samples; delay is a whole number
 *   and constant. Pass band 0..0.9 of the lower Nyquist frequency within 0.01 dB, stop band from that Nyquist
 *   frequency on below -80 dB.
 * - Real-time safe: process, reset, pointers, delay. Not: create (allocates, computes the table). Memory of a
 *   destroyed resampler serves later ones, of other rates too: there are four lengths of blocks to an octave, so however many rates come
 *   and go, memory is bounded by what was in use at once.
 * - Input and output buffers never overlap; the input block is consumed by process and may be overwritten after it.
 */
import { giveBlock, NOTHING, reserve, takeBlock } from '../memory';
import {
  RESAMPLER_CUTOFF as CUTOFF,
  RESAMPLER_HALF_WIDTH as HALF_WIDTH,
  RESAMPLER_KAISER_BETA as KAISER_BETA,
} from '../settings';

/** Up to this many phases the table holds each one; 640 covers 11025 Hz -> 48 kHz. */
const MAX_EXACT_PHASES: i32 = 640;
/**
 * Phases of a table read with linear interpolation between neighbours: the error of linear interpolation,
 * (pi * CUTOFF / phases)^2 / 8, is -107 dB for 512.
 */
const INTERPOLATED_PHASES: i32 = 512;

export const MIN_RATE: f64 = 1000;
export const MAX_RATE: f64 = 768000;
const MAX_RESAMPLERS: i32 = 1024;
/** Values of a kernel's table, and of a block of output: 16 MiB each. Any rate to or from 48 kHz stays below. */
const MAX_VALUES: i64 = 1 << 22;
/** More than the objects of a resampler and its kernel take, lists included. */
const OBJECT_BYTES: i64 = 1 << 14;

function greatestCommonDivisor(a: i32, b: i32): i32 {
  while (b != 0) {
    const t = a % b;
    a = b;
    b = t;
  }
  return a;
}

/** Modified Bessel function I0 by its power series: sum over k of ((x/2)^k / k!)^2, to f64 precision for x < 20. */
function besselI0(x: f64): f64 {
  const q = x * x * 0.25;
  let term: f64 = 1;
  let sum: f64 = 1;
  for (let k: f64 = 1; term > sum * 1e-17; k++) {
    term *= q / (k * k);
    sum += term;
  }
  return sum;
}

const KAISER_PEAK: f64 = besselI0(KAISER_BETA);

/** Prototype low-pass at `t` input samples from its centre, zero outside +-half. */
function kernel(t: f64, half: f64, cutoff: f64): f64 {
  const u = t / half;
  if (u <= -1 || u >= 1) return 0;
  const window = besselI0(KAISER_BETA * Math.sqrt(1 - u * u)) / KAISER_PEAK;
  const x = Math.PI * cutoff * t;
  return (x == 0 ? cutoff : (cutoff * Math.sin(x)) / x) * window;
}

/** Width of the kernel: down-sampling, the lower Nyquist frequency is the output's, so it widens by the ratio. */
function widening(inRate: i32, outRate: i32): f64 {
  return Math.max(1, <f64>inRate / <f64>outRate);
}

/** Half width = delay, in input samples. */
function halfWidth(inRate: i32, outRate: i32): i32 {
  return <i32>Math.ceil((HALF_WIDTH * widening(inRate, outRate)) / 2) * 2;
}

/** Rows of the table: one per phase, or those that are interpolated and one more. */
function tableRows(inRate: i32, outRate: i32): i32 {
  const outStep = outRate / greatestCommonDivisor(inRate, outRate);
  if (outStep <= MAX_EXACT_PHASES) return outStep;
  // A wider kernel is smoother, so it needs fewer phases in proportion.
  return <i32>Math.ceil(INTERPOLATED_PHASES / widening(inRate, outRate)) + 1;
}

/** Table of one rate pair, shared by all its resamplers. Row p, tap i weighs input floor(t) - taps + 1 + i. */
class Kernel {
  half: i32 = 0;
  taps: i32 = 0;
  /** Outputs per `inStep` inputs, both reduced. */
  outStep: i32 = 0;
  inStep: i32 = 0;
  phases: i32 = 0;
  exact: bool = false;
  table: StaticArray<f32> = NOTHING;
  inRate: i32 = 0;
  outRate: i32 = 0;
  /** Resamplers in use that have it; without any, the table stays until another rate pair needs memory. */
  users: i32 = 0;

  /** Gives the table back. */
  clear(): void {
    giveBlock(this.table);
    this.table = NOTHING;
    this.inRate = 0;
  }

  /** For another rate pair from now on; `table` has room for it. */
  compute(inRate: i32, outRate: i32, table: StaticArray<f32>): void {
    this.inRate = inRate;
    this.outRate = outRate;
    const divisor = greatestCommonDivisor(inRate, outRate);
    this.inStep = inRate / divisor;
    this.outStep = outRate / divisor;
    this.half = halfWidth(inRate, outRate);
    this.taps = 2 * this.half;
    this.exact = this.outStep <= MAX_EXACT_PHASES;
    const half = <f64>this.half;
    const taps = this.taps;
    const rows = tableRows(inRate, outRate);
    this.phases = this.exact ? rows : rows - 1;
    const cutoff = CUTOFF / widening(inRate, outRate);
    this.table = table;
    for (let p = 0; p < rows; p++) {
      const fraction = <f64>p / <f64>this.phases;
      const row = p * taps;
      let sum: f64 = 0;
      for (let i = 0; i < taps; i++) sum += kernel(fraction - half + <f64>(taps - 1 - i), half, cutoff);
      // Unit gain at 0 Hz in every phase: no ripple of a constant input.
      for (let i = 0; i < taps; i++) {
        table[row + i] = <f32>(kernel(fraction - half + <f64>(taps - 1 - i), half, cutoff) / sum);
      }
    }
  }
}

/** Dot product of `n` f32 (a multiple of 4): the reference. */
export function dotProductScalar(a: usize, b: usize, n: i32): f32 {
  let sum: f32 = 0;
  for (let i = 0; i < n; i++) sum += load<f32>(a + ((<usize>i) << 2)) * load<f32>(b + ((<usize>i) << 2));
  return sum;
}

/** Dot product of `n` f32 (a multiple of 4), two running sums of four lanes. */
export function dotProduct(a: usize, b: usize, n: i32): f32 {
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  const end = a + ((<usize>n) << 2);
  const pairsEnd = a + ((<usize>(n & ~7)) << 2);
  while (a < pairsEnd) {
    s0 = f32x4.add(s0, f32x4.mul(v128.load(a), v128.load(b)));
    s1 = f32x4.add(s1, f32x4.mul(v128.load(a, 16), v128.load(b, 16)));
    a += 32;
    b += 32;
  }
  if (a < end) s0 = f32x4.add(s0, f32x4.mul(v128.load(a), v128.load(b)));
  return horizontalSum(f32x4.add(s0, s1));
}

/** Dot product of x with the row a + fraction (b - a). Same limits as dotProduct. */
export function dotProductInterpolated(x: usize, a: usize, b: usize, fraction: f32, n: i32): f32 {
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  const end = x + ((<usize>n) << 2);
  while (x < end) {
    const v = v128.load(x);
    s0 = f32x4.add(s0, f32x4.mul(v, v128.load(a)));
    s1 = f32x4.add(s1, f32x4.mul(v, v128.load(b)));
    x += 16;
    a += 16;
    b += 16;
  }
  const first = horizontalSum(s0);
  return first + fraction * (horizontalSum(s1) - first);
}

function horizontalSum(v: v128): f32 {
  return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 2) + (f32x4.extract_lane(v, 1) + f32x4.extract_lane(v, 3));
}

/** Most samples a block of maxInput can become. */
function maxOutput(inRate: i32, outRate: i32, maxInput: i32): i64 {
  return <i64>Math.ceil((<f64>maxInput * <f64>outRate) / <f64>inRate) + 1;
}

/** Of resamplers that have none. */
const NO_KERNEL = new Kernel();

/** One stream. */
export class Resampler {
  inUse: bool = false;
  kernel: Kernel = NO_KERNEL;
  maxInput: i32 = 0;
  /** taps - 1 past samples, then the block of up to maxInput new ones. */
  private history: StaticArray<f32> = NOTHING;
  private result: StaticArray<f32> = NOTHING;
  /** Read position relative to the next block: whole input samples, and the rest in 1/outStep. */
  private position: i32 = 0;
  private remainder: i32 = 0;

  /** For another rate pair or length from now on; the blocks have room for it. */
  open(kernel: Kernel, maxInput: i32, history: StaticArray<f32>, result: StaticArray<f32>): void {
    this.kernel = kernel;
    this.maxInput = maxInput;
    this.history = history;
    this.result = result;
  }

  /** Gives the blocks back. */
  clear(): void {
    giveBlock(this.history);
    giveBlock(this.result);
    this.open(NO_KERNEL, 0, NOTHING, NOTHING);
  }

  /** Where the caller writes the next block: maxInput f32. */
  get input(): usize {
    return changetype<usize>(this.history) + ((<usize>(this.kernel.taps - 1)) << 2);
  }

  /** Where process leaves its samples. */
  get output(): usize {
    return changetype<usize>(this.result);
  }

  /** Consumes `count` (0..maxInput) samples at `input`; returns how many it left at `output`. Real-time safe. */
  process(count: i32): i32 {
    const kernel = this.kernel;
    const taps = kernel.taps;
    const rowBytes = (<usize>taps) << 2;
    const start = changetype<usize>(this.history);
    const table = changetype<usize>(kernel.table);
    const outStep = kernel.outStep;
    const wholeStep = kernel.inStep / outStep;
    const restStep = kernel.inStep % outStep;
    const scale = <f64>kernel.phases / <f64>outStep;
    let position = this.position;
    let remainder = this.remainder;
    let out = this.output;
    while (position < count) {
      const x = start + ((<usize>position) << 2);
      if (kernel.exact) {
        store<f32>(out, dotProduct(x, table + <usize>remainder * rowBytes, taps));
      } else {
        const phase = <f64>remainder * scale;
        const p = <i32>phase;
        const row = table + <usize>p * rowBytes;
        store<f32>(out, dotProductInterpolated(x, row, row + rowBytes, <f32>(phase - <f64>p), taps));
      }
      out += 4;
      position += wholeStep;
      remainder += restStep;
      if (remainder >= outStep) {
        remainder -= outStep;
        position++;
      }
    }
    this.position = position - count;
    this.remainder = remainder;
    memory.copy(start, start + ((<usize>count) << 2), (<usize>(taps - 1)) << 2);
    return <i32>((out - this.output) >> 2);
  }

  /** Back to the state after construction: zero history, first output at the first input. Real-time safe. */
  reset(): void {
    memory.fill(changetype<usize>(this.history), 0, (<usize>(this.kernel.taps - 1 + this.maxInput)) << 2);
    this.position = 0;
    this.remainder = 0;
  }
}

/** Makes the memory of all that is not in use free for other rates and lengths. */
function clearUnused(): void {
  for (let i = 0; i < resamplers.length; i++) if (!resamplers[i].inUse) resamplers[i].clear();
  for (let i = 0; i < kernels.length; i++) if (kernels[i].users == 0) kernels[i].clear();
}

const kernels: Array<Kernel> = [];
const resamplers: Array<Resampler> = [];

function resamplerAt(handle: i32): Resampler | null {
  if (handle < 0 || handle >= resamplers.length) return null;
  const resampler = resamplers[handle];
  return resampler.inUse ? resampler : null;
}

/**
 * Handle >= 0 of a stream from inRate to outRate (Hz) in blocks of up to maxInput samples, or -1 when a rate, a size
 * or the memory does not allow it. Not real-time safe.
 */
export function resamplerCreate(inRate: f64, outRate: f64, maxInput: i32): i32 {
  if (!(inRate >= MIN_RATE && inRate <= MAX_RATE && outRate >= MIN_RATE && outRate <= MAX_RATE)) return -1;
  if (maxInput < 1 || maxInput > 1 << 20) return -1;
  const from = <i32>Math.round(inRate);
  const to = <i32>Math.round(outRate);
  for (let i = 0; i < resamplers.length; i++) {
    const r = resamplers[i];
    if (!r.inUse && r.kernel.inRate == from && r.kernel.outRate == to && r.maxInput == maxInput) return use(i);
  }
  const taps = 2 * (halfWidth(from, to) as i64);
  const rows = tableRows(from, to) * taps;
  const output = maxOutput(from, to, maxInput);
  if (rows > MAX_VALUES || output > MAX_VALUES || !reserve(OBJECT_BYTES)) return -1;
  clearUnused();
  let kernel: Kernel | null = null;
  for (let i = 0; i < kernels.length; i++) {
    if (kernels[i].inRate == from && kernels[i].outRate == to) kernel = kernels[i];
  }
  let handle = 0;
  while (handle < resamplers.length && resamplers[handle].inUse) handle++;
  if (handle == MAX_RESAMPLERS) return -1;
  const history = takeBlock((taps as i32) - 1 + maxInput);
  const result = takeBlock(output as i32);
  const table = kernel ? NOTHING : takeBlock(rows as i32);
  if (history.length == 0 || result.length == 0 || (!kernel && table.length == 0)) {
    giveBlock(history);
    giveBlock(result);
    giveBlock(table);
    return -1;
  }
  if (!kernel) {
    let i = 0;
    while (i < kernels.length && kernels[i].users > 0) i++;
    if (i == kernels.length) kernels.push(new Kernel());
    kernel = kernels[i];
    kernel.compute(from, to, table);
  }
  if (handle == resamplers.length) resamplers.push(new Resampler());
  resamplers[handle].open(kernel, maxInput, history, result);
  return use(handle);
}

function use(handle: i32): i32 {
  const resampler = resamplers[handle];
  resampler.reset();
  resampler.inUse = true;
  resampler.kernel.users++;
  return handle;
}

/** Pointer to maxInput f32, stable for the stream's life; 0 for a bad handle. */
export function resamplerInput(handle: i32): usize {
  const resampler = resamplerAt(handle);
  return resampler ? resampler.input : 0;
}

/** Pointer to ceil(maxInput * outRate / inRate) + 1 f32, stable for the stream's life; 0 for a bad handle. */
export function resamplerOutput(handle: i32): usize {
  const resampler = resamplerAt(handle);
  return resampler ? resampler.output : 0;
}

/** Consumes `count` (0..maxInput) samples of the input; returns the samples written, or -1. Real-time safe. */
export function resamplerProcess(handle: i32, count: i32): i32 {
  const resampler = resamplerAt(handle);
  if (!resampler || count < 0 || count > resampler.maxInput) return -1;
  return resampler.process(count);
}

/** Delay in input samples, a whole number; -1 for a bad handle. */
export function resamplerDelay(handle: i32): i32 {
  const resampler = resamplerAt(handle);
  return resampler ? resampler.kernel.half : -1;
}

/** Forgets the past. 0, or -1 for a bad handle. Real-time safe. */
export function resamplerReset(handle: i32): i32 {
  const resampler = resamplerAt(handle);
  if (!resampler) return -1;
  resampler.reset();
  return 0;
}

/** Gives the stream's memory back for a later create. 0, or -1 for a bad handle. */
export function resamplerDestroy(handle: i32): i32 {
  const resampler = resamplerAt(handle);
  if (!resampler) return -1;
  resampler.inUse = false;
  resampler.kernel.users--;
  return 0;
}
