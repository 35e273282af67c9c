/** @param core the module that ships */
export function describeCore(core: Uint8Array<ArrayBuffer>): Promise<{
  /** Numbers by file and name, and the functions with how many numbers each takes. */
  shape: Record<string, Record<string, number | number[]>>;
  settings: Record<string, number>;
  /** The text of src/core/shape.ts. */
  module: string;
}>;
export function writeShape(core: Uint8Array<ArrayBuffer>): Promise<void>;
