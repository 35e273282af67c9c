/** What the library's source may not hold: code from strings, storage, channels to the outside. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { record } from '../helpers/kit';

const FORBIDDEN: Record<string, RegExp> = {
  'code from a string':
    /\beval\s*\(|\bnew\s+Function\b|\bFunction\s*\(|\bset(Timeout|Interval)\s*\(\s*['"`]|javascript:/,
  'markup from a string': /\.(inner|outer)HTML\b|insertAdjacentHTML|document\.write/,
  'storage of the page': /\b(local|session)Storage\b|\bindexedDB\b|document\.cookie|\bcaches\./,
  'a channel to the outside':
    /\bWebSocket\b|\bXMLHttpRequest\b|sendBeacon|\bEventSource\b|\bRTCPeerConnection\b|WebTransport/,
  'a recorder': /\bMediaRecorder\b/,
  'an address of somebody': /https?:\/\/(?!localhost)/,
};

describe('security', () => {
  it('the source holds no dynamic code, storage, recorder, or channel to the outside', (context) => {
    const files = ['src', 'worklet'].flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .map((name) => `${folder}/${name}`),
    );
    const found: string[] = [];
    for (const file of files) {
      const lines = readFileSync(file, 'utf8').split('\n');
      for (const [i, line] of lines.entries()) {
        // What a comment says is not done.
        const code = line.replace(/^\s*(\/\*\*|\*|\/\/).*/, '').replace(/\s\/\/ .*/, '');
        for (const [what, pattern] of Object.entries(FORBIDDEN)) {
          if (pattern.test(code)) found.push(`${file}:${i + 1}: ${what}: ${line.trim()}`);
        }
      }
    }
    expect(found).toEqual([]);
    expect(files.length).toBeGreaterThan(15);
    // The patterns find what they are for.
    expect(FORBIDDEN['code from a string']?.test("new Function('a', 'return a')")).toBe(true);
    record(context, `${files.length} files, ${Object.keys(FORBIDDEN).length} kinds of pattern: none found`);
  });

  it('the core imports nothing but its abort hook', async (context) => {
    const { coreBytes } = await import('../helpers/kit');
    const module = new WebAssembly.Module(await coreBytes());
    const imports = WebAssembly.Module.imports(module).map(({ module: from, name }) => `${from}.${name}`);
    expect(imports.filter((name) => name !== 'env.abort')).toEqual([]);
    record(context, imports.join(', ') || 'no import at all');
  }, 120_000);
});
