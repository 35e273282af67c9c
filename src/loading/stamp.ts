/**
 * What the build writes at the end of a core: a custom section "percepnet-wasm" with the version, the flavour and a checksum,
 * "0.1.0 relaxed 89abcdef". The checksum is the CRC-32 of all bytes before the section, so damage and stale files are found
 * before anything runs; against forgery it protects no more than that of a model does.
 */
import { crc32 } from '../core/model';

const SECTION = 'percepnet-wasm';
/** Section id 0, then two lengths of one byte each: a stamp is far below 128 bytes. */
const FRAMING = 3;

export interface Stamp {
  readonly version: string;
  readonly relaxedSimd: boolean;
  /** Whether the checksum fits. */
  readonly intact: boolean;
}

/** A copy of a core with a stamp at its end. */
export function writeStamp(wasm: Uint8Array, version: string, relaxedSimd: boolean): Uint8Array<ArrayBuffer> {
  const checksum = crc32(wasm).toString(16).padStart(8, '0');
  const name = new TextEncoder().encode(SECTION);
  const text = new TextEncoder().encode(`${version} ${relaxedSimd ? 'relaxed' : 'plain'} ${checksum}`);
  const section = [0, 1 + name.length + text.length, name.length, ...name, ...text];
  const stamped = new Uint8Array(wasm.length + section.length);
  stamped.set(wasm);
  stamped.set(section, wasm.length);
  return stamped;
}

/** The stamp of a core; null when it has none. */
export function readStamp(module: WebAssembly.Module, wasm: ArrayBuffer): Stamp | null {
  const payload = WebAssembly.Module.customSections(module, SECTION).at(-1);
  if (!payload) return null;
  const [version = '', flavour, checksum] = new TextDecoder().decode(payload).split(' ');
  const end = wasm.byteLength - FRAMING - SECTION.length - payload.byteLength;
  const intact = end > 0 && crc32(new Uint8Array(wasm, 0, end)) === Number.parseInt(checksum ?? '', 16);
  return { version, relaxedSimd: flavour === 'relaxed', intact };
}
