/**
 * The numbers of the core, read off a module compiled of assembly/entries/shape.ts, so that nobody else has to know them:
 *
 *   build/shape.json      sizes, codes and layouts by the file that has them, and the functions of the core
 *   build/settings.json   what was chosen: assembly/settings.ts
 *   src/core/shape.ts     sizes, codes and layouts once more, for the library and its worklet; committed, a test compares it
 */
import { readFile, writeFile } from 'node:fs/promises';
import { compile } from './compile.mjs';

const ENTRY = 'assembly/entries/shape.ts';
const MODULE = 'src/core/shape.ts';
/** Files of which the library has no use, and the one setting that it works with. */
const NOT_ITS_OWN = ['activations', 'erb', 'oracle', 'settings'];
const ITS_OWN = ['RESAMPLER_HALF_WIDTH'];

/**
 * @param {Uint8Array} core the module that ships
 * @returns {Promise<{ shape: object, settings: Record<string, number>, module: string }>}
 */
export async function describeCore(core) {
  const { wasm } = await compile(ENTRY, { options: ['-O0'] });
  const { exports } = (await WebAssembly.instantiate(wasm, { env: { abort() {} } })).instance;
  const shape = {};
  const documented = [];
  for (const [, names, file] of (await readFile(ENTRY, 'utf8')).matchAll(/export (\{[^}]*\}|\*) from '([^']*)'/g)) {
    const part = file.split('/').pop();
    const text = await readFile(new URL(`${file}.ts`, `file:///${ENTRY}`).pathname.slice(1), 'utf8');
    const wanted = names === '*' ? null : names.match(/\w+/g);
    shape[part] = {};
    for (const [, comment = '', name] of text.matchAll(/(\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?export const (\w+)/g)) {
      if (wanted && !wanted.includes(name)) continue;
      shape[part][name] = numberOf(name, exports);
      const wantedThere = !NOT_ITS_OWN.includes(part) || ITS_OWN.includes(name);
      if (wantedThere) documented.push(`${comment}export const ${name} = ${shape[part][name]};`);
    }
  }
  const { settings, ...rest } = shape;
  const functions = await functionsOf(core);
  return { shape: { ...rest, functions }, settings, module: moduleOf(documented, functions) };
}

/** A number, or the numbers of an array of i32. Those of f32 as they were written: the shortest decimal that gives the same f32. */
function numberOf(name, exports) {
  const { value } = exports[name];
  if (name === 'CENTRES') {
    const bytes = new Uint32Array(exports.memory.buffer)[(value >> 2) - 1];
    return [...new Int32Array(exports.memory.buffer, value, bytes >> 2)];
  }
  // No f32, or one that is short as it is.
  if (Math.fround(value) !== value || String(value).length < 14) return value;
  for (let digits = 1; ; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
}

/** Functions that a core exports, with how many numbers each takes. */
async function functionsOf(core) {
  const { instance } = await WebAssembly.instantiate(core, { env: { abort() {} } });
  const functions = Object.entries(instance.exports).filter(([, value]) => typeof value === 'function');
  return Object.fromEntries(functions.map(([name, { length }]) => [name, length]));
}

function moduleOf(documented, functions) {
  const arities = Object.entries(functions).map(([name, count]) => `  ${name}: ${count},\n`);
  return `/** The core's numbers as others must know them. Written by scripts/shape.mjs (npm run build:core): change assembly/ instead. */

${documented.join('\n')}

/** Functions of the core, and how many numbers each takes. */
export const CORE_FUNCTIONS = {
${arities.join('')}} as const;
`;
}

/** Writes all three; the module only where it has changed, so that its time tells. */
export async function writeShape(core) {
  const { shape, settings, module } = await describeCore(core);
  await writeFile('build/shape.json', `${JSON.stringify(shape, null, 1)}\n`);
  await writeFile('build/settings.json', `${JSON.stringify(settings, null, 1)}\n`);
  if ((await readFile(MODULE, 'utf8').catch(() => '')) !== module) await writeFile(MODULE, module);
}
