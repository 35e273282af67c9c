/**
 * One subject in Node, in a process of its own: `node bench/node.mjs SITE SUBJECT SECONDS` prints what bench/drive.ts measured as
 * JSON. The processor and its scope are the browsers'; the sums are CPU time where Node tells it, else wall time.
 */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [site, id, seconds] = process.argv.slice(2);
const base = pathToFileURL(`${resolve(site, 'bench')}/`);
const { drive } = await import(new URL('drive.js', base));
const subject = JSON.parse(await readFile(new URL('subjects.json', base), 'utf8')).find((one) => one.id === id);
const messages = console.log;
// Some peers write to the console.
console.log = () => {};
// Emscripten builds for browsers look for one.
const inBrowser = { location: { href: base.href }, WorkerGlobalScope: class {} };
for (const [key, value] of Object.entries(inBrowser)) globalThis[key] ??= value;
const driven = await drive(subject, Number(seconds), {
  now: () => performance.now(),
  async read(path) {
    const bytes = await readFile(new URL(path, base));
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  },
  load: (path) => import(new URL(path, base)),
});
messages(JSON.stringify(driven));
process.exit(0);
