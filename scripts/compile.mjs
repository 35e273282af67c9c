/** The one way assembly/ is compiled, with the options of asconfig.json: what ships, trains, is tested, measured and shown. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));

export async function compile(entry, { relaxed = false, source, options = [], change = (_, text) => text } = {}) {
  // Only now: who has a use for this file need not have one for the compiler.
  const { default: asc } = await import('assemblyscript/asc');
  const written = {};
  const read = {};
  const target = relaxed ? 'relaxed' : 'simd';
  const { error, stderr } = await asc.main([entry, '--target', target, ...options, '-o', 'core.wasm'], {
    readFile: async (file) => {
      const given = file === entry && source;
      const text = given || (await readFile(root + file, 'utf8').catch(() => null));
      if (!given) read[file] = text;
      return text !== null && file.endsWith('.ts') ? change(file, text) : text;
    },
    writeFile: (file, contents) => {
      written[file] = contents;
    },
    listFiles: () => [],
  });
  if (error || !written['core.wasm']) throw new Error(`${entry}: ${error?.message}\n${stderr}`);
  return { wasm: Uint8Array.from(written['core.wasm']), text: written['core.wat'], read };
}

/**
 * A `change` for compile(): takes the relaxed dot in two steps or in one, whatever the machine's own does (assembly/network/matvec.ts).
 * @throws {Error} where the decision is no longer in the source
 */
export function decidedDot(saturates) {
  const decision = /const SATURATES: bool =[^;]*;/;
  return (file, text) => {
    if (!file.endsWith('network/matvec.ts')) return text;
    if (!decision.test(text)) throw new Error(`${file}: the decision for two steps is no longer where it was`);
    return text.replace(decision, `const SATURATES: bool = ${saturates};`);
  };
}
