/**
 * Operations a module executes, counted instead of timed: the same on every machine under any load. A counter is added to at the head of each
 * run of code without a branch. Reads and writes of locals, constants and marks of blocks do not count: engines make no instructions of them,
 * or those that the operations around them need.
 */
import * as wasmparser from 'wasmparser';

/** Its enums are there at run time, but its types say they are not. */
const { BinaryReaderState: STATE } = wasmparser as unknown as { BinaryReaderState: Record<string, number> };

const COUNTER = 'operations';
const SECTION = { global: 6, export: 7, code: 10 };
const GLOBAL = 3;

/** What an engine makes no instruction of by itself. */
const FREE = /^(local\.|[fiv]\d+\.const$|(block|loop|else|end|drop|nop)$)/;
/** After these another run begins: they branch, or are branched to. */
const ENDS = /^(loop|if|else|end|br|br_if|br_table|return|unreachable)$/;

/** A run: where it begins in the module, and its operations. */
interface Run {
  readonly at: number;
  count: number;
}

/** What is read off a module before it is rewritten. */
interface Layout {
  /** Globals, imported ones included. */
  globals: number;
  readonly runs: Run[];
}

function layoutOf(wasm: Uint8Array): Layout {
  const reader = new wasmparser.BinaryReader();
  reader.setData(wasm.slice().buffer, 0, wasm.length);
  const layout: Layout = { globals: 0, runs: [] };
  let run: Run | null = null;
  while (reader.read()) {
    if (reader.state === STATE.IMPORT_SECTION_ENTRY) {
      if ((reader.result as { kind: number }).kind === GLOBAL) layout.globals++;
    } else if (reader.state === STATE.BEGIN_GLOBAL_SECTION_ENTRY) {
      layout.globals++;
    } else if (reader.state === STATE.BEGIN_FUNCTION_BODY) {
      run = { at: reader.position, count: 0 };
    } else if (reader.state === STATE.END_FUNCTION_BODY) {
      run = null;
    } else if (run && reader.state === STATE.CODE_OPERATOR) {
      // Those outside of functions are the values of globals.
      const name = wasmparser.OperatorCodeNames[(reader.result as { code: number }).code] ?? '';
      if (!FREE.test(name)) run.count++;
      if (!ENDS.test(name)) continue;
      if (run.count > 0) layout.runs.push(run);
      run = { at: reader.position, count: 0 };
    }
  }
  if (reader.error) throw reader.error;
  return layout;
}

/** LEB128 of a number without sign, or of a positive one with sign. */
function leb(value: number, signed = false): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < (signed ? 0x40 : 0x80)) return [...bytes, rest];
    bytes.push((rest & 0x7f) | 0x80);
  }
}

/** Reads LEB128 of a module. */
class Cursor {
  constructor(
    readonly bytes: Uint8Array,
    public at: number,
  ) {}

  u32(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.bytes[this.at++]!;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }
}

/** A vector of a section with one item more. */
function withItem(section: Uint8Array, item: readonly number[]): number[] {
  const cursor = new Cursor(section, 0);
  const count = cursor.u32();
  return [...leb(count + 1), ...section.subarray(cursor.at), ...item];
}

/** The functions of wasm[start .. end) with `add` before each run. */
function withCounts(wasm: Uint8Array, start: number, runs: readonly Run[], add: (count: number) => number[]): number[] {
  const cursor = new Cursor(wasm, start);
  const functions = cursor.u32();
  const out = leb(functions);
  let next = 0;
  for (let i = 0; i < functions; i++) {
    const size = cursor.u32();
    const end = cursor.at + size;
    const body: number[] = [];
    let from = cursor.at;
    for (; next < runs.length && runs[next]!.at < end; next++) {
      const { at, count } = runs[next]!;
      body.push(...wasm.subarray(from, at), ...add(count));
      from = at;
    }
    body.push(...wasm.subarray(from, end));
    out.push(...leb(body.length));
    for (const byte of body) out.push(byte);
    cursor.at = end;
  }
  return out;
}

/** The same module, which exports what it has executed as a global. */
function instrumented(wasm: Uint8Array): Uint8Array<ArrayBuffer> {
  const { globals, runs } = layoutOf(wasm);
  const counter = leb(globals);
  const add = (count: number): number[] => [0x23, ...counter, 0x41, ...leb(count, true), 0x6a, 0x24, ...counter];
  const name = [...new TextEncoder().encode(COUNTER)];
  const cursor = new Cursor(wasm, 8);
  const out = [...wasm.subarray(0, 8)];
  while (cursor.at < wasm.length) {
    const id = cursor.u32();
    const size = cursor.u32();
    const start = cursor.at;
    cursor.at += size;
    const section = wasm.subarray(start, cursor.at);
    let bytes: ArrayLike<number> & Iterable<number> = section;
    // i32, variable, 0.
    if (id === SECTION.global) bytes = withItem(section, [0x7f, 1, 0x41, 0, 0x0b]);
    if (id === SECTION.export) bytes = withItem(section, [...leb(name.length), ...name, GLOBAL, ...counter]);
    if (id === SECTION.code) bytes = withCounts(wasm, start, runs, add);
    out.push(id, ...leb(bytes.length));
    for (const byte of bytes) out.push(byte);
  }
  return Uint8Array.from(out);
}

/** A module's exports, and how many operations a call executes. */
export interface Counted<T> {
  readonly exports: T;
  count(call: () => void): number;
}

/** @param wasm a module with globals and exports */
export function counting<T>(wasm: Uint8Array, imports: WebAssembly.Imports): Counted<T> {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(instrumented(wasm)), imports);
  const counter = exports[COUNTER] as WebAssembly.Global<'i32'>;
  return {
    exports: exports as T,
    count(call) {
      counter.value = 0;
      call();
      return counter.value;
    },
  };
}
