/** Each reason of the support report, by taking away what it names. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { supportReport } from '../src/support';

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
