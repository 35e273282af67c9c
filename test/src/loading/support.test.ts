/** Each reason of the support report, by taking away what it names. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { supportReport } from '../../../src/loading/support';

beforeEach(() => {
  vi.stubGlobal('isSecureContext', true);
  vi.stubGlobal('AudioWorkletNode', class {});
});

afterEach(() => {
  vi.unstubAllGlobals();
});

/** WebAssembly with some of it replaced. */
function assembly(changes: object): void {
  vi.stubGlobal('WebAssembly', { ...members(WebAssembly), ...changes });
}

function members(object: object): object {
  return Object.fromEntries(Object.getOwnPropertyNames(object).map((name) => [name, Reflect.get(object, name)]));
}

describe('support', () => {
  test('where all is there', async () => {
    expect(await supportReport()).toEqual({ supported: true, reasons: [] });
    expect(await supportReport(async () => 0.01)).toEqual({ supported: true, reasons: [], load: 0.01 });
  });

  test.each([
    ['insecure-context', () => vi.stubGlobal('isSecureContext', false)],
    ['no-audio-worklet', () => vi.stubGlobal('AudioWorkletNode', undefined)],
    ['no-webassembly', () => vi.stubGlobal('WebAssembly', undefined)],
    ['no-simd', () => assembly({ validate: () => false })],
    [
      'wasm-blocked-by-csp',
      () =>
        assembly({
          Module: class {
            constructor() {
              throw new WebAssembly.CompileError('refused');
            }
          },
        }),
    ],
  ])('%s', async (reason, takeAway) => {
    takeAway();
    let measured = false;
    const report = await supportReport(async () => {
      measured = true;
      return 0.01;
    });
    expect(report).toEqual({ supported: false, reasons: [reason] });
    expect(measured).toBe(false);
  });

  test('too-slow', async () => {
    expect(await supportReport(async () => 0.9)).toEqual({ supported: false, reasons: ['too-slow'], load: 0.9 });
  });

  test('cross-origin-frame is told, and no refusal', async () => {
    const top = {};
    Object.defineProperty(top, 'location', {
      get() {
        throw new DOMException('not yours', 'SecurityError');
      },
    });
    vi.stubGlobal('window', { top });
    expect(await supportReport()).toEqual({ supported: true, reasons: ['cross-origin-frame'] });
  });
});

describe('relaxed SIMD is taken only where its dot product', () => {
  type Dot = (a: number, b: number) => number;
  const exact: Dot = (a, b) => 4 * a * b + 4;

  async function taken(dot: Dot, valid = true): Promise<boolean> {
    vi.resetModules();
    assembly({
      validate: () => valid,
      Module: class {},
      Instance: class {
        exports = { f: dot };
      },
    });
    return (await import('../../../src/loading/support')).hasRelaxedSimd();
  }

  test.each<[string, boolean, Dot]>([
    ['is exact', true, exact],
    ['is there at all', false, () => Number.NaN],
    ['reads the first operand as signed', false, (a, b) => exact(a & 255, b)],
    ['adds the third operand', false, (a, b) => 4 * a * b],
    ['adds the third operand also to zero', false, (a, b) => (b === 0 ? 0 : exact(a, b))],
    ['gets the sign of a product right', false, (a, b) => (a < 0 ? exact(-a, b) : exact(a, b))],
    ['sums at the highest levels', false, (a, b) => (a === 127 ? exact(a, b) - 1 : exact(a, b))],
  ])('%s: %s', async (_, expected, dot) => {
    expect(await taken(dot)).toBe(expected);
    expect(await taken(exact, false)).toBe(false);
  });
});
