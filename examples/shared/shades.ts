/** Colours of the spectrograms. */

/** Decibels shown as black and as the brightest colour. */
const DARKEST = -105;
const BRIGHTEST = -25;
/** Red, green, blue at equal steps from dark to bright: night blue, violet, red, orange, pale yellow. */
const ANCHORS = [
  [7, 10, 19],
  [28, 18, 68],
  [84, 24, 110],
  [146, 40, 108],
  [203, 66, 80],
  [241, 116, 45],
  [252, 182, 63],
  [252, 250, 200],
] as const;

export const COLOURS = colourTable();

function colourTable(): Uint32Array {
  const table = new Uint32Array(256);
  for (let i = 0; i < 256; i++) {
    const at = (i / 255) * (ANCHORS.length - 1);
    const low = Math.min(Math.floor(at), ANCHORS.length - 2);
    const part = at - low;
    const [r, g, b] = [0, 1, 2].map((c) => {
      const from = ANCHORS[low]![c]!;
      return Math.round(from + part * (ANCHORS[low + 1]![c]! - from));
    }) as [number, number, number];
    // Canvas pixels are RGBA bytes; every platform with WebAssembly SIMD browsers is little-endian.
    table[i] = (255 << 24) | (b << 16) | (g << 8) | r;
  }
  return table;
}

/** 0 black .. 255 brightest. */
export function shade(decibels: number): number {
  const index = Math.round((255 * (decibels - DARKEST)) / (BRIGHTEST - DARKEST));
  return Math.max(0, Math.min(255, index || 0));
}

/** As a pixel of a canvas. */
export function colour(decibels: number): number {
  return COLOURS[shade(decibels)]!;
}
