export interface Sizes {
  units: number;
  conv1: number;
  conv2: number;
  strengthUnits: number;
}
export const SIZES: { readonly lite: Sizes; readonly wide: Sizes };
export function randomModel(
  sizes: Sizes,
  options?: { density?: number; name?: string; seed?: number },
): Uint8Array<ArrayBuffer>;
