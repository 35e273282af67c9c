/** Feature detection. Nothing here reads the user agent's name, and everything may run on a server. */

import { isError } from '../shared/realm';

/** Why live suppression cannot work; 'cross-origin-frame' is a warning. */
export type UnsupportedReason =
  | 'no-audio-worklet'
  | 'insecure-context'
  | 'no-webassembly'
  | 'no-simd'
  | 'wasm-blocked-by-csp'
  | 'too-slow'
  | 'cross-origin-frame';

/** What the library can do here, and if not, why. */
export interface SupportReport {
  /** Whether live suppression can work. */
  readonly supported: boolean;
  /** Why not. 'cross-origin-frame' alone is a warning (browsers throttle such frames), not a refusal. */
  readonly reasons: readonly UnsupportedReason[];
  /** Time to process one second of audio, divided by one second. Present when measured. */
  readonly load?: number;
}

/** Share of real time above which a device counts as too slow for live use. */
const MAX_LOAD = 0.5;

/** (module (func (export "f") (param i32) (result i32) lane 0 of i32x4.dot_i16x8_s(splat x, splat x))) */
const SIMD_PROBE = bytes(
  '0061736d0100000001060160017f017f03020100070501016600000a120110002000fd102000fd10fdba01fd1b000b',
);

/**
 * (module (func (export "f") (param i32 i32) (result i32)
 *   lane 3 of i32x4.relaxed_dot_i8x16_i7x16_add_s(splat a, splat b, v128.const i32x4 1 2 3 4)))
 */
const RELAXED_PROBE = bytes(
  '0061736d0100000001070160027f7f017f03020100070501016600000a240122002000fd0f2001fd' +
    '0ffd0c01000000020000000300000004000000fd9302fd1b030b',
);

function bytes(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function hasSimd(): boolean {
  return typeof WebAssembly === 'object' && WebAssembly.validate(SIMD_PROBE);
}

let relaxed: boolean | undefined;

/** True when relaxed SIMD is there and its dot product sums right: some engines accept it and compute wrong. */
export function hasRelaxedSimd(): boolean {
  relaxed ??= testRelaxedSimd();
  return relaxed;
}

function testRelaxedSimd(): boolean {
  try {
    if (typeof WebAssembly !== 'object' || !WebAssembly.validate(RELAXED_PROBE)) return false;
    const { f } = new WebAssembly.Instance(new WebAssembly.Module(RELAXED_PROBE)).exports as {
      f(a: number, b: number): number;
    };
    // Four products and the 4 of lane 3; b is never above 127, so no engine may saturate or read a as unsigned.
    for (const [a, b] of [
      [-128, 127],
      [127, 127],
      [-127, 1],
      [5, 0],
    ] as const) {
      if (f(a, b) !== 4 * a * b + 4) return false;
    }
    return true;
  } catch {
    return false;
  }
}

function compileBlocked(): boolean {
  try {
    new WebAssembly.Module(SIMD_PROBE);
    return false;
  } catch (error) {
    // Want of memory is a RangeError, and no policy.
    return !isError(error, 'RangeError');
  }
}

/** Why live use cannot work, found without waiting. Empty when it can. */
export function unsupportedReasons(): UnsupportedReason[] {
  const reasons: UnsupportedReason[] = [];
  // An insecure page has no AudioWorklet either; naming the cause is more use than naming the effect.
  if (globalThis.isSecureContext === false) reasons.push('insecure-context');
  else if (typeof globalThis.AudioWorkletNode !== 'function') reasons.push('no-audio-worklet');
  if (typeof WebAssembly !== 'object') reasons.push('no-webassembly');
  else if (!hasSimd()) reasons.push('no-simd');
  else if (compileBlocked()) reasons.push('wasm-blocked-by-csp');
  return reasons;
}

/** True in a frame whose top page belongs to somebody else. */
function inCrossOriginFrame(): boolean {
  try {
    return typeof window === 'object' && window.top !== null && window.top !== window && !window.top.location.href;
  } catch {
    return true;
  }
}

/** All reasons, with a measured load when `measure` is given. */
export async function supportReport(measure?: () => Promise<number>): Promise<SupportReport> {
  const reasons = unsupportedReasons();
  let load: number | undefined;
  if (measure && reasons.length === 0) {
    load = await measure();
    if (load > MAX_LOAD) reasons.push('too-slow');
  }
  const supported = reasons.length === 0;
  if (inCrossOriginFrame()) reasons.push('cross-origin-frame');
  return load === undefined ? { supported, reasons } : { supported, reasons, load };
}
