/** What a value is, wherever it was made: instanceof knows only this realm's classes, not an iframe's or those of Node's vm. */

/** 'Float32Array', 'Null', 'Object' … */
export function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

/** An object with members of its own, which a list is not. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** By its name: every realm has errors of its own. */
export function isError(value: unknown, name: string): boolean {
  return isObject(value) && value.name === name;
}

/** What an error says, or whatever else was thrown. */
export function messageOf(thrown: unknown): string {
  return isObject(thrown) && typeof thrown.message === 'string' ? thrown.message : String(thrown);
}

export function isFloat32Array(value: unknown): value is Float32Array {
  return ArrayBuffer.isView(value) && kindOf(value) === 'Float32Array';
}

export function isInt16Array(value: unknown): value is Int16Array {
  return ArrayBuffer.isView(value) && kindOf(value) === 'Int16Array';
}

/** Whether an array or buffer has lost its memory, transferred to somebody else or shrunk under it: it looks as if it were empty. */
export function isGone(memory: ArrayBuffer | Float32Array | Int16Array | Uint8Array): boolean {
  if (memory.byteLength > 0) return false;
  try {
    memory.slice(0);
    return false;
  } catch {
    return true;
  }
}

/** For error texts: the value where it is short, its kind where it is not. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'object' && value !== null)
    return `${/^[aeiou]/i.test(kindOf(value)) ? 'an' : 'a'} ${kindOf(value)}`;
  return typeof value === 'function' ? 'a function' : String(value);
}
